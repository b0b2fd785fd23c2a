"""A stub that starts again, and one that is not there."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devnet.l1.server import DeploymentDiffers, Stub, StubSettings
from node.l1.adapter import GrpcL1
from proto.sextant.v1 import l1_pb2
from prover.l1 import L1Unreachable
from tests.l1_worlds import SEQUENCER, SEQUENCER_KEY, USER, USER_KEY, deployment, judge_by_truth
from tests.unit.l1_stub.stubs import ENTRY, WAIT_SECONDS, Bench, on_stub
from tests.waiting import until


def test_a_stub_continues_where_it_was(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        await bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000)
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=5_000))
        facts.append((bench.stub.host.chain.contract.state.digest(), await bench.adapter().head()))

    async def after(bench: Bench) -> None:
        assert bench.stub.host.chain.contract.state.digest() == facts[0][0]
        assert await bench.adapter().head() == facts[0][1]
        [entry] = await bench.adapter().log_entries(0)
        assert entry.data == ENTRY
        assert (await bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000)).value == 1
        numbers = [bench.stub.host.journal.need_block(n).block.number for n in range(6)]
        assert numbers == list(range(6))

    facts: list[tuple[bytes, Any]] = []
    on_stub(tmp_path, before)
    on_stub(tmp_path, after)
    with pytest.raises(DeploymentDiffers):
        on_stub(tmp_path, after, rules=deployment(bond_gwei=1, gas_price_max=0))
    on_stub(tmp_path, lambda bench: bench.fund(USER))


def test_an_absent_l1_is_unreachable() -> None:
    async def story() -> None:
        adapter = GrpcL1("127.0.0.1:9", patience_seconds=0.2)
        try:
            with pytest.raises(L1Unreachable):
                await adapter.head()
        finally:
            await adapter.close()

    asyncio.run(story())


def test_an_adapter_survives_a_restart_of_its_l1(tmp_path: Path) -> None:
    """The mempool is lost with the process; the same bytes are sent again."""

    async def story() -> None:
        settings = StubSettings(datadir=tmp_path, port=0, dev_port=None, block_ms=3_600_000)
        first = Stub(settings, deployment(), judge_by_truth)
        first.host.chain.mint(USER, 0, 5_000_000)
        await first.start()
        adapter = GrpcL1(f"127.0.0.1:{first.port}", USER_KEY, patience_seconds=WAIT_SECONDS)
        send = asyncio.create_task(adapter.deposit(USER, 0, 1_000_000))
        await until(lambda: bool(first.host.chain.mempool))
        port = first.port
        await first.close()
        second = Stub(replace(settings, port=port, block_ms=50), deployment(), judge_by_truth)
        await second.start()
        work = asyncio.create_task(second.run())
        receipt = await asyncio.wait_for(send, WAIT_SECONDS)
        assert receipt.ok
        assert (await adapter.account(USER)).token == 4_000_000
        await adapter.close()
        second.stop()
        await work

    asyncio.run(story())
