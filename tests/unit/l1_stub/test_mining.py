"""Blocks: when they are made, how they are followed, and calls that wait or are lost."""

import asyncio
from itertools import pairwise
from pathlib import Path

from proto.sextant.v1 import l1_pb2
from prover.contract.events import ClaimFinal, ClaimProposed, EntryAppended
from prover.l1 import BlockEvents
from tests.l1_worlds import (
    CHEAT,
    CHEAT_KEY,
    SEQUENCER,
    SEQUENCER_KEY,
    USER,
    USER_KEY,
    WINDOW_MS,
    deployment,
    true_output,
)
from tests.unit.l1_stub.stubs import ENTRY, Bench, on_stub
from tests.waiting import until


def test_blocks_are_followed_past_ones_first(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, CHEAT)
        sequencer = bench.adapter(SEQUENCER_KEY)
        await sequencer.append(0, ENTRY)
        seen: list[BlockEvents] = []
        output, trace = true_output(deployment().genesis)
        async for news in bench.adapter().events(0):
            seen.append(news)
            kinds = [type(event) for event in news.events]
            if EntryAppended in kinds:
                await bench.adapter(CHEAT_KEY).propose(0, output, trace)
            if ClaimProposed in kinds:
                await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=WINDOW_MS))
            if ClaimFinal in kinds:
                break
        numbers = [news.block.number for news in seen]
        assert numbers == list(range(len(numbers)))
        assert all(a.block.time < b.block.time for a, b in pairwise(seen))
        assert seen[-1].heads.clock_offset_ms == WINDOW_MS

    on_stub(tmp_path, story)


def test_nothing_is_mined_until_it_is_asked_for(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=False))
        before = (await bench.adapter().head()).latest
        send = asyncio.create_task(bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000))
        await until(lambda: bool(bench.stub.host.chain.mempool))
        assert (await bench.adapter().head()).latest == before
        await bench.dev.Mine(l1_pb2.L1MineRequest())
        assert (await send).block == before.number + 1

    on_stub(tmp_path, story)


def test_calls_can_be_held_up_and_lost(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetMempool(l1_pb2.L1SetMempoolRequest(delay_blocks=2))
        user = bench.adapter(USER_KEY)
        sent = asyncio.create_task(user.deposit(USER, 0, 1_000_000))
        start = (await bench.adapter().head()).latest.number
        await until(lambda: bench.stub.host.chain.latest.number > start)
        assert len(bench.stub.host.chain.mempool) == 1
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
        assert (await sent).block == start + 3
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=False))
        waits = asyncio.create_task(user.deposit(USER, 0, 1_000_000))
        await until(lambda: bool(bench.stub.host.chain.mempool))
        lost = await bench.dev.SetMempool(l1_pb2.L1SetMempoolRequest(drop_calls=True))
        assert lost.dropped_calls == 1
        assert not bench.stub.host.chain.mempool
        # Its sender notices, and sends the same bytes again.
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=True))
        await bench.dev.Mine(l1_pb2.L1MineRequest())
        assert (await waits).ok

    on_stub(tmp_path, story)
