"""Deadlines that shrink under delay: by what, how far, and how they grow back."""

from dataclasses import replace

import pytest

from statemachine.cursor import Cursor
from statemachine.delay import deadline_least, deadline_of, note_delay
from statemachine.inbox import InboxItem, InboxKind
from statemachine.transition import apply_block
from statemachine.units import Micros, Millis
from tests.exchange_vectors.scene import show_without_inbox
from tests.worlds import World, world_rules

RULES = world_rules()
HOUR, DAY = 3_600_000, 86_400_000
START = 1_700_000_000_000
SPENT = 5 * HOUR - RULES.inbox_delay_free_ms


def item_at(time: int) -> InboxItem:
    return InboxItem(InboxKind.FORCED_CANCEL_ALL, bytes(range(20)), 0, Micros(0), Millis(time))


def fresh() -> Cursor:
    cursor = Cursor(stored=False)
    cursor.time = cursor.inbox_counted = START
    return cursor


def consume(cursor: Cursor, waited: int, after: int) -> None:
    """Consume an item that has waited, so long after what was counted last."""
    cursor.time = cursor.inbox_counted + after
    note_delay(RULES, cursor, item_at(cursor.time - waited))


def test_items_taken_in_good_time_leave_the_deadline_whole() -> None:
    cursor = fresh()
    for _ in range(100):
        consume(cursor, RULES.inbox_delay_free_ms, 10 * HOUR)
    assert cursor.inbox_spent == 0
    assert deadline_of(RULES, cursor) == RULES.inbox_deadline_ms == DAY


def test_a_delay_shortens_what_may_follow_down_to_the_least() -> None:
    cursor = fresh()
    consume(cursor, 5 * HOUR, 5 * HOUR)
    assert deadline_of(RULES, cursor) == DAY - SPENT
    consume(cursor, DAY, DAY)
    assert deadline_of(RULES, cursor) == deadline_least(RULES) == 1_800_000
    assert cursor.inbox_spent <= DAY, "nobody owes more than all of it"


def test_many_items_that_waited_together_waited_once() -> None:
    one, many = fresh(), fresh()
    consume(one, 5 * HOUR, 5 * HOUR)
    consume(many, 5 * HOUR, 5 * HOUR)
    for _ in range(50):
        consume(many, 5 * HOUR, 0)
    assert one.inbox_spent == many.inbox_spent == SPENT


@pytest.mark.parametrize(
    ("after", "left"), [(0, SPENT), (25 * HOUR, SPENT - HOUR), (150 * HOUR, 0)]
)
def test_time_without_delay_gives_back(after: int, left: int) -> None:
    cursor = fresh()
    consume(cursor, 5 * HOUR, 5 * HOUR)
    consume(cursor, 0, after)
    assert cursor.inbox_spent == left


def test_where_the_nominal_deadline_is_short_it_stays() -> None:
    rules = replace(RULES, inbox_deadline_ms=60_000)
    cursor = fresh()
    cursor.inbox_spent = 60_000
    assert deadline_of(rules, cursor) == deadline_least(rules) == 60_000


def test_a_sequencer_that_names_nothing_is_patient_once() -> None:
    """The first item waits a day; the second, asked for right after it, half an hour."""
    world = World(world_rules(1))
    world.open()
    for patience in (DAY, 1_800_000):
        world.inbox.append(item_at(world.now))
        before = world.cursor.inbox_index
        for advance, consumed in ((patience - 1, 0), (1, 1)):
            block = show_without_inbox(world, advance=advance).block
            world.store.apply(apply_block(world.store, world.rules, block).writes)
            assert world.cursor.inbox_index == before + consumed
