"""What a follower does beside a poster: it appends, claims the truth, and comes back."""

import asyncio

import pytest

from node.derivation import claimant, derived
from node.derivation.keepalive import KeepAlive
from node.derivation.steps import Step
from prover.contract.claims import kill, orphan_descendants
from prover.contract.context import Context, Moment
from prover.contract.reach import overdue_ms_max
from prover.contract.records import ClaimStatus
from statemachine.keys import CURSOR_KEY, signer_key
from statemachine.merkle.tree import PartialTree
from tests.simulation.memory_l1 import FINAL_BLOCKS, MemoryL1
from tests.unit.node.posting.story import USER, WINDOW_MS, Story, Tell


def test_a_follower_appends_for_an_overdue_item_when_nobody_else_does(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        rules = story.contract.rules
        story.make_blocks(1)
        await story.post()
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        queued = story.l1.contract.state.inbox[0].item
        await story.follow()
        adapter = MemoryL1(story.l1, USER)
        keeper = KeepAlive(adapter, story.follower.deriver, story.contract)
        story.l1.mine(step_ms=rules.inbox_deadline_ms - 1_000)
        assert await keeper.act() is False, "the item is not overdue"
        story.l1.mine()
        assert story.l1.time - queued.time >= rules.inbox_deadline_ms
        assert await keeper.act() is False, "the log is not silent for long enough"
        story.l1.mine(step_ms=story.contract.liveness_ms_max)
        assert await keeper.act() is True
        await story.follow()
        assert story.follower.store.get(signer_key(USER)) is not None
        keeper.paused_until = 0
        assert await keeper.act() is False, "there is nothing left to do"
        assert story.l1.data[-1] == b""

    tell(plot)


def test_a_follower_appends_until_a_full_inbox_is_empty(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        rules = story.contract.rules
        story.make_blocks(1)
        await story.post()
        adapter = MemoryL1(story.l1, USER)
        for _ in range(2 * rules.inbox_items_max + 1):
            await adapter.force_withdraw(0, 0)
        await story.follow()
        story.l1.mine(step_ms=rules.inbox_deadline_ms + overdue_ms_max(story.contract) + 1)
        keeper = KeepAlive(adapter, story.follower.deriver, story.contract)
        for _ in range(3):
            assert await keeper.act() is True
            await story.follow()
        assert await keeper.act() is False, "there is nothing left to do"
        assert story.follower.chain.head.inbox_index == len(story.l1.contract.state.inbox)

    tell(plot)


def convict(story: Story, number: int) -> None:
    """Kill a claim as a proved fault would."""
    state = story.l1.contract.state
    moment = Moment(story.l1.block, story.l1.time)
    context = Context(story.contract, state, b"", moment, story.l1.contract.judge)
    kill(context, state.claims[number], ClaimStatus.CONVICTED)
    orphan_descendants(context, state.claims[number])


def test_a_lie_lives_until_it_is_caught_and_the_follower_states_the_truth(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        for _ in range(3):
            story.make_blocks(2)
            await story.post()
        assert story.poster.corrupt_next_claim("segment-root", None) == 1
        for _ in range(3):
            await story.claim()
        claims = story.l1.contract.state.claims
        assert [claim.parent for claim in claims] == [0, 0, 1, 2]
        assert await story.follow() is False  # it is patient
        right = story.follower.chain.output_at(1)
        assert right is not None
        assert claims[1].output.post_root != right.post_root
        convict(story, 1)
        assert [status.is_dead for status in story.statuses] == [False, True, True, True]
        story.l1.mine()
        assert await story.follow() is True  # a dead claim ends its patience
        assert claims[4].output.hash == right.hash
        story.l1.mine()
        await story.claim()
        await story.claim()
        assert [claim.parent for claim in claims[4:]] == [0, 4, 5]
        assert claims[5].output.hash == getattr(story.poster.chain.output_at(2), "hash", b"")

    monkeypatch.setattr(claimant, "REMORSE_SECONDS", 1e9)
    tell(plot)


async def followed(story: Story, entries: int) -> list[bytes]:
    """Post so many entries and have them followed; return the roots before, and after each."""
    roots = [story.tree.root]
    for _ in range(entries):
        story.make_blocks(1)
        await story.post()
        roots.append(story.tree.root)
    await story.follow()
    return roots


def test_a_follower_comes_back_where_it_stood_and_proves_old_states(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        roots = await followed(story, 4)
        story.follower.close()
        story.follower = story.open_follower()
        assert story.follower.chain.head.log_index == 4
        for log_index in (4, 2, 0):
            proof = story.follower.prove([CURSOR_KEY], log_index)
            assert proof is not None
            root, witness = proof
            assert root == roots[log_index]
            assert PartialTree.decode(witness).root == root
            assert PartialTree.decode(witness).get(CURSOR_KEY) is not None
        assert story.follower.prove([CURSOR_KEY], 9) is None

    tell(plot)


def test_settled_claims_are_not_read_again_and_the_final_one_is_known(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        for _ in range(3):
            story.make_blocks(1)
            await story.post()
            await story.claim()
        story.l1.mine(1, step_ms=WINDOW_MS)
        assert await story.poster.deriver.refresh()
        story.poster.deriver.settle()
        before = story.poster.deriver.book
        assert story.statuses[3] is ClaimStatus.FINAL
        assert before.unsettled == 0
        assert story.poster.chain.step(1) is not None, "L1 may still take it back"
        story.l1.mine(FINAL_BLOCKS)
        assert await story.poster.deriver.refresh()
        story.poster.deriver.settle()
        assert before.final is not None
        assert (before.final.number, before.unsettled) == (3, 3)
        story.poster.close()
        story.poster = story.open_poster()
        story.poster.doubt()
        after = story.poster.deriver.book
        assert after.unsettled == 3
        assert await story.poster.deriver.refresh()
        assert after.final == before.final
        assert story.poster.chain.step(3) is not None
        assert story.poster.chain.step(2) is None
        story.make_blocks(1)
        await story.post()
        await story.claim()
        assert story.l1.contract.state.claims[4].parent == 3

    tell(plot)


def test_old_states_are_found_from_trees_on_the_way_and_none_of_another_fork(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "TREES_EVERY", 3)

    async def plot(story: Story) -> None:
        roots = await followed(story, 8)
        story.follower.close()
        story.follower = story.open_follower()
        chain = story.follower.chain
        undone: list[int] = []
        step_of = chain.kept_step

        def kept_step(log_index: int) -> Step | None:
            undone.append(log_index)
            return step_of(log_index)

        monkeypatch.setattr(chain, "kept_step", kept_step)
        # On a thread, as nodes ask: entries are derived on another.
        for log_index in (1, 2, 4):
            undone.clear()
            found = await asyncio.to_thread(chain.prove, [CURSOR_KEY], log_index)
            assert found is not None
            assert found[0] == roots[log_index]
            assert len(undone) <= (8 if log_index == 1 else 3)
        assert sorted(chain.trees) == [1, 2, 3, 4, 6, 8]
        chain.trees[3] = chain.trees[4]  # as after steps of two forks
        del chain.trees[2]
        assert chain.prove([CURSOR_KEY], 2) is None
        assert 2 not in chain.trees
        story.follower.close()
        assert chain.prove([CURSOR_KEY], 0) is None, "and does not ask a closed store"

    tell(plot)
