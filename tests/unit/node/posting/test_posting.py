"""What the poster posts, when, and what stops it."""

from dataclasses import replace

import pytest

from node.posting import poster as poster_module
from node.posting.frames import RootedFrame
from node.posting.poster import RootMismatch
from prover.contract.records import ClaimStatus
from prover.l1 import CallReceipt, L1Held, L1Refused, L1Unreachable
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import signer_key
from statemachine.merkle.tree import Tree
from statemachine.units import Micros, Millis
from tests.simulation.memory_l1 import FINAL_BLOCKS, MemoryL1
from tests.unit.node.posting.story import USER, WINDOW_MS, Story, Tell


def test_what_is_posted_is_derived_claimed_and_final(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        item = InboxItem(InboxKind.DEPOSIT, USER, 0, Micros(5_000_000), Millis(story.l1.time))
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        queued = story.l1.contract.state.inbox[0].item
        assert (queued.owner, queued.amount) == (item.owner, item.amount)
        story.core.observe(0, [queued], 1 << 60)
        story.make_blocks(3)
        await story.post()
        assert not story.source.ready
        await story.claim()
        assert story.statuses == [ClaimStatus.FINAL, ClaimStatus.PENDING]
        story.l1.mine(1, step_ms=WINDOW_MS)
        await story.follow()
        assert story.statuses[1] is ClaimStatus.FINAL
        status = story.follower.status()
        assert (status.safe.height, status.final.height) == (3, 0), "L1 may still take it back"
        story.l1.mine(FINAL_BLOCKS)
        await story.follow()
        story.follower.note_final()
        status = story.follower.status()
        assert (status.safe.height, status.final.height) == (3, 3)
        assert story.follower.chain.head.post_root == story.tree.root
        assert story.follower.store.get(signer_key(USER)) is not None

    tell(plot)


def test_posting_and_claiming_go_on_while_gas_becomes_dearer(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        began = story.l1.block
        story.l1.wait_blocks = 5
        story.l1.price_at = lambda block: 1_000 * 3 ** min((block - began) // 2, 6)
        for height in (1, 2, 3):
            story.make_blocks(1)
            await story.post()
            await story.claim()
            assert story.poster.chain.head.height == height
        assert story.statuses == [ClaimStatus.FINAL, *[ClaimStatus.PENDING] * 3]
        assert story.l1.raised

    tell(plot)


def test_wrong_roots_of_the_sequencer_stop_the_poster(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        good = story.make_blocks(2)
        story.source.ready[1] = replace(good[1], roots=[bytes(32)])
        with pytest.raises(RootMismatch, match="segment 1"):
            await story.post()
        assert not story.l1.data

    tell(plot)


def test_a_poster_that_dies_after_an_append_does_not_append_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        story.l1.lose_answers = 1
        with pytest.raises(L1Unreachable, match="lost"):
            await story.post()
        story.poster.close()
        story.poster = story.open_poster()
        assert await story.poster.deriver.refresh()
        assert story.poster.chain.head.height == 2
        story.poster.doubt()
        story.make_blocks(1)
        await story.post()
        assert [call for call in story.l1.data if call] == story.l1.data
        assert len(story.l1.data) == 2
        assert story.poster.chain.head.post_root == story.tree.root

    tell(plot)


@pytest.mark.parametrize("answers", [True, False], ids=["held", "unreachable"])
def test_a_batch_that_waits_on_l1_is_waited_for_and_no_second_one_queues(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, *, answers: bool
) -> None:
    async def plot(story: Story) -> None:
        poster, asked = story.poster, list[tuple[int, bytes, int]]()
        append = poster.l1.append

        async def give_up(index: int, data: bytes, version: int) -> CallReceipt:
            asked.append((index, data, version))
            raise L1Held("Append is in no block") if answers else L1Unreachable("no answer")

        monkeypatch.setattr(poster.l1, "append", give_up)
        story.make_blocks(2)
        for _ in range(3):
            assert await poster.deriver.refresh()
            batch = poster.next_batch()
            assert [frame.height for frame in batch] == [1, 2], "what was sent, and no more"
            assert not await poster.try_post(batch)
            story.make_blocks(1)
        assert len(set(asked)) == 1, "the same call, which L1 may have"
        monkeypatch.setattr(poster.l1, "append", append)
        await story.post()
        assert poster.chain.head.height == 2
        await story.post()
        assert poster.chain.head.height == 5
        assert len(story.l1.data) == 2
        assert poster.chain.head.post_root == story.tree.root

    tell(plot)


def test_a_batch_that_l1_has_not_is_made_anew(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def plot(story: Story) -> None:
        poster = story.poster

        async def refuse(index: int, data: bytes, version: int) -> CallReceipt:
            del index, data, version
            raise L1Refused("GAS_FUNDS: no ETH")

        with monkeypatch.context() as patch:
            patch.setattr(poster.l1, "append", refuse)
            story.make_blocks(1)
            assert await poster.deriver.refresh()
            assert not await poster.try_post(poster.next_batch())
        story.make_blocks(1)
        await story.post()
        assert (poster.chain.head.height, len(story.l1.data)) == (2, 1)

    tell(plot)


def test_blocks_that_do_not_follow_the_log_are_not_posted(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        story.source.ready.popleft()
        await story.post()
        assert not story.l1.data
        assert not story.source.ready
        assert story.source.next_height == 1

    tell(plot)


def test_nothing_is_posted_until_the_sequencer_has_what_others_appended(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        await story.post()
        story.l1.mine(step_ms=story.contract.liveness_ms_max)
        receipt = await MemoryL1(story.l1, USER).append_empty(1)
        assert receipt.ok, receipt.message
        story.make_blocks(2)  # of the old chain, and late enough to look valid after it
        for _ in range(2):
            await story.post()
        assert story.poster.chain.head.height == 3
        assert len(story.l1.data) == 2
        taken = story.disk.rollback(2)
        assert taken == []
        story.core.rewind()
        story.core.observe(0, [], 1 << 60)
        entry = (await MemoryL1(story.l1).log_entries(1))[0]
        story.tree = Tree.from_items(sorted(story.disk.state.memory.values.items()))
        for height in (3, 4):
            del story.frames[height]
        adopted = story.core.adopt(entry.data, entry.facts)
        assert adopted.block.signature == b""
        story.disk.commit(adopted, lambda _done, _redo: None)
        roots = [story.tree.update(writes) for writes in adopted.segments]
        story.frames[3] = RootedFrame(3, adopted.source.time, adopted.source.frame, roots)
        story.make_blocks(1)
        await story.post()
        await story.follow()
        assert story.follower.chain.head == story.poster.chain.head
        assert story.follower.chain.head.height == 4
        assert story.follower.chain.head.post_root == story.tree.root

    tell(plot)


def test_a_wrong_root_of_the_last_block_stops_a_poster_that_comes_back(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        await story.post()
        story.frames[2] = replace(story.frames[2], roots=[bytes(32)])
        story.poster.doubt()
        with pytest.raises(RootMismatch, match="block 2"):
            await story.post()

    tell(plot)


def test_blocks_that_are_too_late_are_not_posted(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        story.l1.time += story.contract.rules.receipt_deadline_ms + 1
        await story.post()
        assert not story.l1.data
        assert story.source.restart

    tell(plot)


def test_a_batch_has_no_more_segments_than_a_claim_can_carry(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        assert await story.poster.deriver.refresh()
        made = story.make_blocks(5)
        segments = sum(len(frame.roots) for frame in made[:2])
        monkeypatch.setattr(poster_module, "SEGMENTS_MAX", segments)
        assert story.poster.next_batch() == made[:2]
        monkeypatch.setattr(poster_module, "SEGMENTS_MAX", 0)
        assert story.poster.next_batch() == made[:1], "a block by itself is posted in any case"

    tell(plot)


def test_a_block_larger_than_a_batch_may_be_goes_by_itself(tell: Tell) -> None:
    """It would be the end of posting otherwise, and of the sequencer's bond in time."""

    async def plot(story: Story) -> None:
        story.poster.batch_bytes_max = 1
        story.make_blocks(2)
        for height in (1, 2):
            await story.post()
            assert story.poster.chain.head.height == height

    tell(plot)
