"""Reorgs: what is not final is taken back, and told again."""

from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from proto.sextant.v1 import l1_pb2
from tests.l1_worlds import SEQUENCER, SEQUENCER_KEY, USER, USER_KEY
from tests.unit.l1_stub.stubs import ENTRY, Bench, on_stub, refusal_of


def test_a_reorg_takes_back_what_is_not_final(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        state = bench.stub.host.chain.contract.state
        before, first = state.digest(), await bench.adapter().head()
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        user = bench.adapter(USER_KEY)
        await user.deposit(USER, 0, 1_000_000)
        old = await bench.adapter().head()
        assert old.latest.number == first.latest.number + 2
        answer = await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2, drop_calls=True))
        assert answer.fork_block == first.latest.number
        assert bench.stub.host.chain.contract.state.digest() == before
        new = await bench.adapter().head()
        assert new.latest.number == old.latest.number + 1
        replaced = await bench.service.GetBlock(l1_pb2.L1GetBlockRequest(number=old.latest.number))
        assert replaced.ref.hash != old.latest.hash
        assert await bench.adapter().log_entries(0) == []
        # The nonces went back with the blocks.
        assert (await bench.adapter(USER_KEY).deposit(USER, 0, 2_000_000)).value == 0
        deep = bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=3))
        assert await refusal_of(deep) == (grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID")
        none = bench.dev.Reorg(l1_pb2.L1ReorgRequest())
        assert await refusal_of(none) == (grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID")

    on_stub(tmp_path, story)


def test_calls_of_blocks_taken_back_are_in_the_new_ones(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        user = bench.adapter(USER_KEY)
        made = [await user.deposit(USER, n, 1_000_000) for n in range(2)]
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2))
        items = await bench.adapter().inbox_items(0)
        assert [queued.item.sub for queued in items] == [0, 1]
        [again] = {queued.block for queued in items}
        assert again == made[0].block, "both are in the first block of the new fork"
        receipt = await bench.service.AwaitCall(l1_pb2.L1AwaitCallRequest(hash=made[1].hash))
        assert (receipt.block, receipt.value) == (again, 1)

    on_stub(tmp_path, story)


def test_a_feed_begins_again_after_the_fork(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        told: list[l1_pb2.L1BlockEvents] = []
        feed = bench.service.FollowBlocks(l1_pb2.L1FollowBlocksRequest(from_block=0))
        async for news in feed:
            told.append(news)
            if len(told) == 3:
                await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
            if len(told) == 5:
                await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2))
            if len(told) == 8:
                break
        numbers = [news.block.number for news in told]
        assert numbers == [0, 1, 2, 3, 4, 3, 4, 5]
        known = {news.block.hash for news in told}
        assert all(news.parent_hash in known for news in told[1:])
        assert len(known) == len(told)

    on_stub(tmp_path, story)


def test_a_reorg_survives_a_restart(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        await bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000)
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))
        facts.append((bench.stub.host.chain.contract.state.digest(), await bench.adapter().head()))

    async def after(bench: Bench) -> None:
        assert bench.stub.host.chain.contract.state.digest() == facts[0][0]
        assert await bench.adapter().head() == facts[0][1]
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2))
        assert len(await bench.adapter().inbox_items(0)) == 1

    facts: list[tuple[bytes, Any]] = []
    on_stub(tmp_path, before)
    on_stub(tmp_path, after)
