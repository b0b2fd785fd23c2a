"""A fee spike on L1 while the rollup works: posting goes on, and says what it pays."""

import asyncio
from pathlib import Path

import grpc.aio
import pytest

from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from tests.e2e.processes import ASK_SECONDS, Rollup, until

pytestmark = pytest.mark.e2e

SPIKE = 3_000_000
"""Gwei per million gas: out of nothing, to a hundred times what the bond was made for."""
HELD_BLOCKS = 12


async def play(rollup: Rollup) -> None:
    """Let a batch wait, make gas dear, and see batches come into blocks."""

    async def posted() -> int:
        return (await rollup.status()).safe_head.height

    rollup.start("l1", "sequencer", "poster")
    await rollup.fund(1)
    async with (
        grpc.aio.insecure_channel(rollup.address("l1_dev")) as dev_channel,
        grpc.aio.insecure_channel(rollup.address("l1")) as channel,
    ):
        dev, l1 = l1_pb2_grpc.L1DevStub(dev_channel), l1_pb2_grpc.L1Stub(channel)
        await dev.SetMempool(l1_pb2.L1SetMempoolRequest(delay_blocks=HELD_BLOCKS))

        async def waits() -> bool:
            page = await l1.ListMempool(l1_pb2.L1ListMempoolRequest(), timeout=ASK_SECONDS)
            return "Append" in {call.kind for call in page.calls}

        await until(waits)
        spike = l1_pb2.L1SetGasPriceRequest(gas_price=SPIKE, hold_blocks=1_000_000)
        await dev.SetGasPrice(spike)
        before = await posted()

        async def is_further() -> bool:
            return await posted() > before + 2

        await until(is_further)
        heads = await l1.GetHeads(l1_pb2.L1GetHeadsRequest(), timeout=ASK_SECONDS)
        assert heads.gas_price == SPIKE, "it goes on while gas is dear"
    said = rollup.log("poster")
    assert "the bid of a call to L1 is raised" in said
    assert f'"base_fee": {SPIKE}' in said
    assert rollup.terminate("poster") == 0


def test_posting_goes_on_through_a_fee_spike(tmp_path: Path) -> None:
    async def whole() -> None:
        rollup = Rollup(tmp_path)
        try:
            await play(rollup)
        finally:
            await rollup.close()

    asyncio.run(whole())
