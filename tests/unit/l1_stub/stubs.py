"""A stub in this process, on ports of its own, and ways to talk to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from devnet.l1.chain import ChainSettings
from devnet.l1.server import Stub, StubSettings
from node.l1.adapter import GrpcL1
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.rules import ContractRules
from prover.entry import encode_entry
from tests.l1_worlds import BOND, deployment, judge_by_truth

ENTRY = encode_entry([b"frame"])
WAIT_SECONDS = 20


class Bench:
    """A stub under test, and ways to talk to it."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.target = f"127.0.0.1:{stub.port}"
        self.channel = grpc.aio.insecure_channel(self.target)
        self.dev_channel = grpc.aio.insecure_channel(f"127.0.0.1:{stub.dev_port}")
        self.service = l1_pb2_grpc.L1Stub(self.channel)
        self.dev = l1_pb2_grpc.L1DevStub(self.dev_channel)
        self.adapters: list[GrpcL1] = []

    def adapter(self, key: bytes = b"") -> GrpcL1:
        self.adapters.append(GrpcL1(self.target, key, patience_seconds=WAIT_SECONDS))
        return self.adapters[-1]

    async def fund(self, *addresses: bytes) -> None:
        for address in addresses:
            request = l1_pb2.L1FaucetRequest(
                address=address, eth_gwei=10 * BOND, token_micros=100_000_000
            )
            await self.dev.Faucet(request)

    async def close(self) -> None:
        for adapter in self.adapters:
            await adapter.close()
        await self.channel.close(None)
        await self.dev_channel.close(None)


@asynccontextmanager
async def running(
    path: Path,
    rules: ContractRules | None = None,
    block_ms: int = 0,
    final_blocks: int = 2,
    retention_ms: int = 0,
) -> AsyncIterator[Bench]:
    """Run a stub on ports of its own; by default it makes a block for each call."""
    chain = ChainSettings(final_blocks=final_blocks, retention_ms=retention_ms)
    settings = StubSettings(datadir=path, port=0, dev_port=0, block_ms=block_ms, chain=chain)
    stub = Stub(settings, rules or deployment(), judge_by_truth)
    await stub.start()
    work = asyncio.create_task(stub.run())
    bench = Bench(stub)
    try:
        yield bench
    finally:
        await bench.close()
        stub.stop()
        await work


def on_stub(path: Path, story: Callable[[Bench], Awaitable[None]], **options: Any) -> None:
    """Run a story against a stub in this process."""

    async def run() -> None:
        async with running(path, **options) as bench:
            await asyncio.wait_for(story(bench), WAIT_SECONDS)

    asyncio.run(run())


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the machine's name for what went wrong."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type] # stubs know no aio call
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "sextant"
    return str(info.reason)


async def refusal_of(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """Return the status and the reason with which a call fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), reason_of(caught.value)
