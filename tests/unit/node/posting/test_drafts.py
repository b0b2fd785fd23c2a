"""Drafts: what was found before an entry was on L1 stands only if nothing that matters changed."""

from dataclasses import replace

import pytest

from node.derivation.drafts import stands
from prover.derivation import PostedEntry
from prover.entry import encode_entry
from prover.replica import Derived
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis
from tests.e2e.processes import POSTER_KEY
from tests.simulation.memory_l1 import MemoryL1
from tests.unit.node.posting.story import USER, Story, Tell, as_a_newcomer_sees_it


def test_a_draft_stands_only_if_l1_noted_nothing_that_matters(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        batch = story.make_blocks(2)
        assert await story.poster.deriver.refresh()
        draft = await story.poster.draft(batch)
        derived = story.poster.chain.preview(draft)
        rules, time = story.contract.rules, derived.blocks[-1].block.time
        late = InboxItem(InboxKind.DEPOSIT, USER, 0, Micros(1), Millis(time))
        overdue = replace(late, time=Millis(time - rules.inbox_deadline_ms))
        assert stands(rules, derived, draft, [])
        assert stands(rules, derived, replace(draft, time=draft.time + 1_000), [])
        assert stands(rules, derived, replace(draft, inbox_count=1), [late])
        assert not stands(rules, derived, replace(draft, inbox_count=1), [overdue])
        assert not stands(rules, derived, replace(draft, index=1), [])
        assert not stands(rules, derived, replace(draft, data=draft.data + b"\0"), [])
        late_by = draft.time + rules.receipt_deadline_ms + 1
        assert not stands(rules, derived, replace(draft, time=late_by), [])
        early_by = time - rules.drift_ms - 1
        assert not stands(rules, derived, replace(draft, time=early_by), [])
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        draft = await story.poster.draft(batch)
        derived = story.poster.chain.preview(draft)
        [known] = story.poster.chain.replica.inbox
        assert stands(rules, derived, draft, [known])
        assert not stands(rules, derived, draft, [late])

    tell(plot)


def test_what_a_draft_was_found_to_do_is_not_executed_again(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(3)
        assert await story.poster.deriver.refresh()
        assert story.poster.is_followed()
        await story.poster.post(story.poster.next_batch())
        fed: list[int] = []
        feed = story.poster.chain.replica.feed

        def count(entry: PostedEntry) -> Derived:
            fed.append(entry.index)
            return feed(entry)

        monkeypatch.setattr(story.poster.chain.replica, "feed", count)
        assert await story.poster.deriver.refresh()
        assert fed == []
        await story.follow()
        assert story.poster.chain.head == story.follower.chain.head
        assert story.poster.chain.replica.tree.root == story.tree.root
        story.make_blocks(1)
        await story.post()
        assert fed == [1]
        assert story.poster.chain.replica.tree.root == story.tree.root

    tell(plot)


def test_a_draft_after_another_parent_is_derived_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(1)
        await story.post()
        draft = await story.poster.draft(story.make_blocks(1))
        story.poster.chain.preview(draft)
        story.l1.reorganise(1)
        poster = MemoryL1(story.l1, address_of(POSTER_KEY))
        for index, data in enumerate((encode_entry([b"no frame"]), draft.data)):
            assert (await poster.append(index, data)).ok
        assert await story.poster.deriver.refresh()
        assert story.poster.chain.head == await as_a_newcomer_sees_it(story)

    tell(plot)
