"""A taker who meets nothing but entries of brackets pays for all that he touches."""

from dataclasses import replace

import pytest

from statemachine.actions import FLAG_IOC, TRIGGER_FALL, TRIGGER_RISE, Bracket, PlaceOrder
from statemachine.block import Block
from statemachine.costs import COST_MAX
from statemachine.storage import MemoryStore
from statemachine.transition import apply_segment
from statemachine.units import DAY_MS, Lots, Price
from tests.counting import CountingStore
from tests.unit.test_conditional import MID, SELL, when
from tests.worlds import World, world_rules

DEPTH = 16
SELLER, TAKER = DEPTH, DEPTH + 1
ASKED = MID + 1_000


def place(size: int, price: int, flags: int = 0, client_id: bytes = b"") -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size), client_id)


def tomorrow(world: World) -> None:
    """Go on a day later, when everybody reports what he traded."""
    world.now += DAY_MS
    for _ in range(2):
        world.run(world.prices(0, MID))


def world_of_brackets() -> World:
    """Return a world with 16 makers who are long, and short once their entries are filled."""
    world = World(world_rules(1))
    world.open(DEPTH + 2)
    low, high = MID * 98 // 100, MID * 102 // 100
    exits = (
        when(TRIGGER_RISE, high, 20, high + 10_000, FLAG_IOC),
        when(TRIGGER_FALL, low, 20, low, 0),
    )
    for maker in range(DEPTH):
        assert world.act(SELLER, place(10, MID, SELL)) == "OK"
        assert world.act(maker, place(10, MID)) == "OK"
    tomorrow(world)
    for maker in range(DEPTH):
        entry = place(20, ASKED, SELL, bytes([maker + 1]) * 16)
        assert world.act(maker, Bracket(0, entry, exits)) == "OK"
    tomorrow(world)
    return world


def steps_of(world: World, block: Block) -> list[tuple[int, int]]:
    """Return what each step touches and what it costs."""
    before = MemoryStore(world.store.values.items())
    single = replace(world.rules, segment_steps_max=1)
    found = []
    while True:
        counting = CountingStore(before)
        segment = apply_segment(counting, single, block)
        touched = counting.touched | set(segment.writes)
        units = sum(1 + len(before.get(key) or b"") // 129 for key in touched)
        written = sum(1 + len(value or b"") // 129 for value in segment.writes.values())
        found.append((max(units, written), segment.cost))
        before.apply(segment.writes)
        if segment.ended:
            return found


@pytest.mark.parametrize("sleeps", [False, True])
def test_a_sweep_of_entries_pays_for_their_brackets(*, sleeps: bool) -> None:
    world = world_of_brackets()
    if sleeps:
        woken = when(TRIGGER_RISE, MID + 10, 20 * DEPTH, ASKED, 0)
        assert world.act(TAKER, woken) == "OK"
        block = world.block([world.prices(0, MID + 10)])
    else:
        block = world.block([world.sign(TAKER, place(20 * DEPTH, ASKED))])
    steps = steps_of(world, block)
    assert max(touched for touched, _ in steps) > 150
    assert all(touched <= cost <= COST_MAX for touched, cost in steps)
