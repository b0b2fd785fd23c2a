"""What a node believes of L1 while L1 changes its mind: items, entries, claims."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from node.l1.claimbook import ClaimBook
from node.l1.view import L1View
from proto.sextant.v1 import l1_pb2
from prover.contract.records import ClaimStatus, QueuedItem
from prover.l1 import L1, still_has
from tests.l1_worlds import (
    GENESIS_MS,
    PROPOSER,
    PROPOSER_KEY,
    SEQUENCER,
    SEQUENCER_KEY,
    USER,
    USER_KEY,
    WINDOW_MS,
    deployment,
    true_output,
)
from tests.simulation.memory_l1 import FINAL_BLOCKS, MemoryChain, MemoryL1
from tests.unit.l1_stub.stubs import ENTRY, Bench, on_stub

ETH = 10**10


class Scene:
    """An L1 in memory, and a view of it."""

    def __init__(self) -> None:
        self.chain = MemoryChain(deployment(), GENESIS_MS)
        for who in (SEQUENCER, PROPOSER, USER):
            self.chain.contract.mint(who, ETH, 10**9)
        self.chain.mine(5)
        self.view = L1View(MemoryL1(self.chain), 0)

    async def deposit(self, amount: int) -> None:
        assert (await MemoryL1(self.chain, USER).deposit(USER, 0, amount)).ok

    async def append(self) -> None:
        index = len(self.chain.contract.state.log)
        assert (await MemoryL1(self.chain, SEQUENCER).append(index, ENTRY)).ok

    @property
    def items(self) -> list[QueuedItem]:
        return list(self.chain.contract.state.inbox)


def play(plot: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        await plot(Scene())

    asyncio.run(run())


@pytest.mark.parametrize("longer_by", [-1, 0, 1, 2])
def test_an_item_that_vanished_is_never_final(longer_by: int) -> None:
    async def plot(scene: Scene) -> None:
        await scene.deposit(5_000_000)
        await scene.view.refresh()
        scene.chain.reorganise(2)
        scene.chain.mine(1 + longer_by)
        if longer_by >= 0:
            await scene.deposit(7_000_000)
        await scene.view.refresh()
        assert scene.view.pending_items == scene.items
        scene.chain.mine(FINAL_BLOCKS)
        await scene.view.refresh()
        assert scene.view.take_final_items() == (0, [queued.item for queued in scene.items])

    play(plot)


def test_an_item_that_came_again_has_its_new_time() -> None:
    async def plot(scene: Scene) -> None:
        await scene.deposit(5_000_000)
        await scene.view.refresh()
        [old] = scene.items
        scene.chain.reorganise(1, again=True)
        scene.chain.mine(FINAL_BLOCKS)
        [new] = scene.items
        assert old.item.time < new.item.time
        await scene.view.refresh()
        assert scene.view.take_final_items() == (0, [new.item])

    play(plot)


def test_a_fork_that_was_seen_between_two_answers_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def plot(scene: Scene) -> None:
        await scene.deposit(5_000_000)
        true = MemoryL1.inbox_items

        async def of_another_fork(l1: MemoryL1, from_index: int) -> list[QueuedItem]:
            page = await true(l1, from_index)
            return [replace(q, item=replace(q.item, sub=9), accumulator=b"?" * 32) for q in page]

        monkeypatch.setattr(MemoryL1, "inbox_items", of_another_fork)
        await scene.view.refresh()
        monkeypatch.setattr(MemoryL1, "inbox_items", true)
        scene.chain.mine(FINAL_BLOCKS)
        await scene.view.refresh()
        assert scene.view.take_final_items() == (0, [scene.items[0].item])

    play(plot)


def test_entries_of_a_longer_fork_are_read_again() -> None:
    async def plot(scene: Scene) -> None:
        await scene.append()
        await scene.append()
        await scene.view.refresh()
        scene.chain.reorganise(1, again=True)
        await scene.view.refresh()
        log = await MemoryL1(scene.chain).log_entries(0)
        assert [entry for entry, _ in scene.view.entries] == log
        posting = scene.view.postings.find(2)
        assert posting is not None
        assert posting.time == log[1].time
        scene.chain.reorganise(1)
        scene.chain.mine(3)
        await scene.view.refresh()
        assert scene.view.safe_mark.log_index == 1
        assert scene.view.postings.find(2) is None

    play(plot)


async def propose_first(l1: L1) -> int:
    """Claim the output of the first log entry; return the claim's number."""
    output, trace = true_output(deployment().genesis)
    receipt = await l1.propose(0, output, trace)
    assert receipt.ok, receipt.message
    return receipt.value


def test_claims_that_a_reorg_took_back_are_forgotten() -> None:
    async def plot(scene: Scene) -> None:
        l1 = MemoryL1(scene.chain, PROPOSER)
        book = ClaimBook(l1)
        await scene.append()
        assert await propose_first(l1) == 1
        scene.chain.mine(1, WINDOW_MS)
        await book.refresh(await l1.head())
        assert [claim.status.name for claim in book.claims.values()] == ["FINAL", "FINAL"]
        assert book.final is not None
        assert book.final.number == 0
        scene.chain.reorganise(1)
        scene.chain.time = scene.chain.headers[-1].time
        scene.chain.mine(2)
        await book.refresh(await l1.head())
        assert [claim.status.name for claim in book.claims.values()] == ["FINAL", "PENDING"]
        scene.chain.reorganise(3)
        scene.chain.mine(4)
        await book.refresh(await l1.head())
        assert sorted(book.claims) == [0]

    play(plot)


def test_a_claim_is_final_once_its_window_ended_before_a_final_block() -> None:
    async def plot(scene: Scene) -> None:
        l1 = MemoryL1(scene.chain, PROPOSER)
        book = ClaimBook(l1)
        await scene.append()
        await propose_first(l1)
        scene.chain.mine(FINAL_BLOCKS + 1)
        scene.chain.mine(1, WINDOW_MS)
        for blocks, final in ((0, 0), (FINAL_BLOCKS - 1, 0), (1, 1)):
            scene.chain.mine(blocks)
            await book.refresh(await l1.head())
            assert book.final is not None
            assert (book.final.number, book.unsettled) == (final, final)
        scene.chain.reorganise(FINAL_BLOCKS)
        scene.chain.mine()
        assert scene.chain.contract.state.claims[1].status is ClaimStatus.FINAL
        await book.refresh(await l1.head())
        assert book.final is not None
        assert book.final.number == 1
        assert sorted(book.claims) == [1]

    play(plot)


def test_the_stub_says_whether_it_still_has_a_block(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        l1 = bench.adapter()
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
        seen = (await l1.head()).latest
        assert await l1.block(seen.number) == seen
        assert await l1.block(seen.number + 1) is None
        whole = await bench.service.GetBlock(l1_pb2.L1GetBlockRequest(number=seen.number))
        short = await bench.service.GetBlock(
            l1_pb2.L1GetBlockRequest(number=seen.number, ref_only=True)
        )
        assert (short.ref, short.parent_hash) == (whole.ref, whole.parent_hash)
        assert not short.events
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))
        assert (await l1.head()).latest.number > seen.number
        assert not await still_has(l1, seen)
        before = await l1.block(seen.number - 1)
        assert before is not None
        assert await still_has(l1, before)

    on_stub(tmp_path, story)


def test_on_the_stub_an_item_that_vanished_is_never_final(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        user, view = bench.adapter(USER_KEY), L1View(bench.adapter(), 0)
        await user.deposit(USER, 0, 5_000_000)
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        await view.refresh()
        assert [queued.item.amount for queued in view.pending_items] == [5_000_000]
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2, drop_calls=True))
        await user.deposit(USER, 0, 7_000_000)
        await view.refresh()
        assert view.entries == []
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
        await view.refresh()
        [item] = view.take_final_items()[1]
        assert item.amount == 7_000_000
        await user.deposit(USER, 0, 1_000_000)
        await view.refresh()
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
        await view.refresh()
        _, again = await view.l1.inbox_items(0)
        assert view.take_final_items() == (1, [again.item])

    on_stub(tmp_path, story)


def test_on_the_stub_claims_that_a_reorg_took_back_are_forgotten(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, PROPOSER)
        proposer = bench.adapter(PROPOSER_KEY)
        book = ClaimBook(proposer)
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        await propose_first(proposer)
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=WINDOW_MS))
        await book.refresh(await proposer.head())
        assert [claim.status.name for claim in book.claims.values()] == ["FINAL", "FINAL"]
        assert book.final is not None
        assert book.final.number == 0
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2, drop_calls=True))
        await book.refresh(await proposer.head())
        assert sorted(book.claims) == [0]

    on_stub(tmp_path, story)
