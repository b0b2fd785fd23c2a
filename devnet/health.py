"""Readiness by the standard gRPC health service."""

import asyncio
import time
from typing import Final

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

ASK_SECONDS_MAX: Final = 1.0
PAUSE_S: Final = 0.05


async def is_serving(channel: grpc.aio.Channel) -> bool:
    """Return whether the server behind ``channel`` says SERVING."""
    try:
        answer = await health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service=""), timeout=ASK_SECONDS_MAX
        )
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def wait_serving(address: str, seconds: float) -> bool:
    """Wait until the server at ``address`` says SERVING; return whether it did in time."""
    until = time.monotonic() + seconds
    options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        while time.monotonic() < until:
            if await is_serving(channel):
                return True
            await asyncio.sleep(PAUSE_S)
    return False
