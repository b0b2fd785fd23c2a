"""A node's gRPC server in this process, on a free port, for one test at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc.aio

from node.process.metrics import Metrics
from node.service.server import NodeServer
from node.settings import DevSettings, GrpcSettings, Settings
from proto.sextant.v1 import query_pb2_grpc, sequencer_pb2_grpc, stream_pb2_grpc
from tests.exchange import Exchange
from tests.worlds import World

TIMEOUT_S = 20.0


def quick_settings(**changes: Any) -> Settings:
    """Return settings with free ports, the developer's port on, and no grace."""
    base = Settings(grpc=GrpcSettings(port=0, grace_ms=100), dev=DevSettings(enabled=True, port=0))
    return replace(base, **changes)


class Served:
    """A served exchange, and stubs that call it."""

    def __init__(self, exchange: Exchange, server: NodeServer, channel: grpc.aio.Channel) -> None:
        self.exchange = exchange
        self.world = exchange.world
        self.server = server
        self.channel = channel
        self.sequencer = sequencer_pb2_grpc.SequencerStub(channel)
        self.query = query_pb2_grpc.QueryStub(channel)
        self.stream = stream_pb2_grpc.StreamStub(channel)


@asynccontextmanager
async def serve(
    settings: Settings | None = None,
    *,
    traders: int = 2,
    sequences: bool = True,
    world: World | None = None,
) -> AsyncIterator[Served]:
    """Serve an exchange with funded traders and prices, or a ``world`` with a history."""
    if world is None:
        world = World()
        world.open(traders)
    exchange = Exchange(world)
    server = NodeServer(
        exchange,
        settings or quick_settings(),
        Metrics(),
        gateway=exchange if sequences else None,
        controls=exchange,
    )
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield Served(exchange, server, channel)
    finally:
        await server.stop()


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine, for a bounded time."""

    async def bounded() -> None:
        await asyncio.wait_for(story(), TIMEOUT_S)

    asyncio.run(bounded())


async def code_of(call: Any) -> tuple[grpc.StatusCode, str]:
    """Return the status and the reason with which a call is refused."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return error.code(), (error.details() or "").partition(":")[0]
    raise AssertionError(f"not refused: {answer}")


async def next_of(call: Any) -> Any:
    """Return the next message of a stream."""
    return await call.read()
