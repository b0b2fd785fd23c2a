"""Re-orgs: what L1 takes back is taken back, and derived again from what came instead."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from node.derivation import deriver
from node.derivation.derived import DerivedChain
from node.ledger.feed import Lagging
from node.posting.frames import RootedFrame
from proto.sextant.v1 import l1_pb2
from prover.contract.records import ClaimStatus, QueuedItem
from prover.contract.rules import ContractRules
from prover.entry import encode_entry
from statemachine.errors import StorageCorrupt
from statemachine.identity.signing import address_of
from tests.e2e.processes import POSTER_KEY
from tests.simulation.memory_l1 import FINAL_BLOCKS, MemoryL1
from tests.unit.l1_stub.stubs import Bench, on_stub
from tests.unit.node.posting.story import USER, WINDOW_MS, Story, Tell, as_a_newcomer_sees_it


def test_an_entry_that_l1_replaced_is_taken_back(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(1)
        await story.post()
        story.make_blocks(1)
        await story.post()
        await story.follow()
        before = story.follower.chain.output_at(1)
        story.l1.reorganise(1)
        garbage = encode_entry([b"no frame", b"at all"])
        await MemoryL1(story.l1, address_of(POSTER_KEY)).append(1, garbage)
        story.l1.mine()
        await story.follow()
        chain = story.follower.chain
        assert chain.output_at(1) == before
        assert (chain.head.log_index, chain.head.height) == (2, 3)
        times = [entry.time for entry in story.l1.contract.state.log]
        for height, log_index in ((1, 1), (2, 2), (3, 2)):
            posting = story.follower.posted(height)
            assert posting is not None
            assert (posting.log_index, posting.time) == (log_index, times[log_index - 1])
        block = story.follower.block(3)
        assert block is not None
        assert block.hashes == []
        assert chain.trees[2].root == chain.head.post_root

    tell(plot)


def test_the_same_bytes_at_another_time_are_derived_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        await story.post()
        await story.follow()
        before = story.follower.chain.head
        story.l1.time += story.contract.rules.receipt_deadline_ms
        story.l1.reorganise(1, again=True)
        await story.follow()
        assert await story.poster.deriver.refresh()
        after = await as_a_newcomer_sees_it(story)
        assert after != before, "the frames came too late in the other block"
        assert story.follower.chain.head == story.poster.chain.head == after

    tell(plot)


def test_an_entry_that_changed_below_one_that_did_not_is_noticed(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        posted = []
        for _ in range(3):
            story.make_blocks(1)
            await story.post()
            posted.append(story.l1.data[-1])
        await story.follow()
        times = [entry.time for entry in story.l1.contract.state.log]
        story.l1.reorganise(2)
        poster = MemoryL1(story.l1, address_of(POSTER_KEY))
        for index, data in ((1, encode_entry([b"no frame"])), (2, posted[2])):
            story.l1.time = times[index] - 1_000
            assert (await poster.append(index, data)).ok
        await story.follow()
        assert story.l1.contract.state.log[2].time == times[2]
        assert story.follower.chain.head == await as_a_newcomer_sees_it(story)

    tell(plot)


def test_inbox_items_that_l1_replaced_are_not_derived_from(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        user = MemoryL1(story.l1, USER)
        story.make_blocks(1)
        await story.post()
        for amount in (5_000_000, 6_000_000):
            await user.deposit(USER, 0, amount)
        await story.follow()
        story.make_blocks(1)
        await story.post()
        await story.follow()
        assert len(story.follower.chain.replica.inbox) == 2
        story.l1.reorganise(3)
        await user.deposit(USER, 0, 7_000_000)
        story.l1.mine(3)
        [queued] = story.l1.contract.state.inbox
        story.core.observe(0, [queued.item], 1 << 60)
        await story.post()
        story.source.ready.clear()
        heights = range(story.poster.chain.head.height + 1, story.core.cursor.height + 1)
        for height in heights:
            source = story.disk.journal.read(height)
            assert source is not None
            frame = RootedFrame(height, source.time, source.frame, story.roots[height])
            story.source.ready.append(frame)
        story.make_blocks(1)
        await story.post()
        await story.follow()
        assert story.follower.chain.replica.inbox == [queued.item]
        assert story.follower.chain.head.post_root == story.tree.root
        story.follower.close()
        story.follower = story.open_follower()
        assert story.follower.chain.replica.inbox == [queued.item], "nor are they on disk"

    tell(plot)


def test_nothing_is_derived_from_answers_of_two_forks(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        story.make_blocks(1)
        await story.post()
        true = MemoryL1.inbox_items

        async def of_another_fork(l1: MemoryL1, from_index: int) -> list[QueuedItem]:
            page = await true(l1, from_index)
            return [replace(queued, item=replace(queued.item, sub=9)) for queued in page]

        monkeypatch.setattr(MemoryL1, "inbox_items", of_another_fork)
        assert await story.follower.deriver.refresh() is False
        assert story.follower.chain.head == story.contract.genesis
        monkeypatch.setattr(MemoryL1, "inbox_items", true)
        await story.follow()
        assert story.follower.chain.head == story.poster.chain.head

    tell(plot)


def test_what_l1_took_back_while_nobody_looked_is_taken_back(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        for _ in range(2):
            story.make_blocks(1)
            await story.post()
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        await story.follow()
        story.follower.close()
        story.l1.time += story.contract.rules.receipt_deadline_ms
        story.l1.reorganise(2)
        poster = MemoryL1(story.l1, address_of(POSTER_KEY))
        await poster.append(1, encode_entry([b"no frame"]))
        story.l1.mine(FINAL_BLOCKS)
        story.follower = story.open_follower()
        await story.follow()
        assert story.follower.chain.head == await as_a_newcomer_sees_it(story)
        assert story.follower.chain.replica.inbox == []

    tell(plot)


def test_a_follower_stands_at_the_fork_point_until_the_log_grows_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        for _ in range(2):
            story.make_blocks(1)
            await story.post()
        await story.follow()
        story.l1.reorganise(1)
        story.l1.mine(2)
        await story.follow()
        status = story.follower.status()
        assert (status.safe.height, status.safe.log_index) == (1, 1)
        assert story.follower.cursor.height == 1
        assert story.follower.block(2) is None
        assert story.follower.posted(2) is None
        assert story.follower.audience.rooted_height == 1

    tell(plot)


def test_who_listens_is_cut_off_when_other_blocks_come_and_only_then(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        blocks = story.follower.subscribe()
        news = asyncio.ensure_future(anext(blocks))
        await asyncio.sleep(0)
        for _ in range(2):
            story.make_blocks(1)
            await story.post()
            await story.follow()
        story.l1.reorganise(1, again=True)
        await story.follow()
        heard = [(await news).height, *[(await anext(blocks)).height for _ in range(2)]]
        assert heard == [1, 2, 2], "the same block again"
        story.l1.reorganise(2)
        garbage = encode_entry([b"no frame"])
        await MemoryL1(story.l1, address_of(POSTER_KEY)).append(1, garbage)
        story.l1.mine(2)
        await story.follow()
        assert (await anext(blocks)).height == 2
        with pytest.raises(Lagging, match="on a fork"):
            await asyncio.wait_for(anext(blocks), 5)

    tell(plot)


def test_a_reorg_as_deep_as_l1_allows_is_undone_though_claims_were_final(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.l1.final_blocks = 10
        story.l1.mine(10)
        for _ in range(3):
            story.make_blocks(1)
            await story.post()
            await story.claim_at_once()
        story.l1.mine(1, step_ms=WINDOW_MS)
        await story.follow()
        story.follower.deriver.settle()
        assert await story.poster.deriver.refresh()
        story.poster.deriver.settle()
        assert story.statuses == [ClaimStatus.FINAL] * 4
        story.l1.reorganise(10)
        story.l1.mine(11)
        await story.follow()
        assert await story.poster.deriver.refresh()
        genesis = story.contract.genesis
        assert story.follower.chain.head == story.poster.chain.head == genesis
        assert story.follower.status().final.log_index == 0

    tell(plot)


def test_an_l1_that_changes_what_was_final_is_not_followed(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(1)
        await story.post()
        story.l1.mine(FINAL_BLOCKS)
        await story.follow()
        story.l1.reorganise(FINAL_BLOCKS + 1)
        story.l1.mine(FINAL_BLOCKS + 2)
        with pytest.raises(StorageCorrupt, match="after it was final"):
            await story.follow()

    tell(plot)


def test_on_the_stub_an_entry_in_another_block_is_derived_again(
    tmp_path: Path, contract: ContractRules
) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(address_of(POSTER_KEY))
        poster = bench.adapter(POSTER_KEY)
        chain = DerivedChain(tmp_path / "chain", "test", contract)
        follower = deriver.Deriver(bench.adapter(), chain, lambda _derived, _blocks: None)
        for index in range(2):
            await poster.append(index, encode_entry([b"no frame"]))
            assert await follower.refresh()
        before = chain.head
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))
        assert await follower.refresh()
        newcomer = DerivedChain(tmp_path / "newcomer", "test", contract)
        await deriver.Deriver(poster, newcomer, lambda _derived, _blocks: None).refresh()
        assert chain.head == newcomer.head
        assert chain.head != before, "an empty block has L1's time"
        chain.close()
        newcomer.close()

    on_stub(tmp_path / "stub", story, rules=contract)


def test_on_the_stub_a_reorg_below_a_claim_that_was_final_is_undone(
    tmp_path: Path, contract: ContractRules
) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(address_of(POSTER_KEY))
        poster = bench.adapter(POSTER_KEY)
        chain = DerivedChain(tmp_path / "chain", "test", contract)
        follower = deriver.Deriver(poster, chain, lambda _derived, _blocks: None)
        for index in range(2):
            await poster.append(index, encode_entry([b"no frame"]))
            assert await follower.refresh()
            step = chain.step(index + 1)
            assert step is not None
            assert (await poster.propose(index, step.output, step.trace)).ok
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=contract.window_ms))
        assert await follower.refresh()
        follower.settle()
        assert follower.book.claims[2].status is ClaimStatus.FINAL
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=5, drop_calls=True))
        assert await follower.refresh()
        assert chain.head == contract.genesis
        chain.close()

    settings = {"rules": contract, "final_blocks": 8}
    on_stub(tmp_path / "stub", story, **settings)
