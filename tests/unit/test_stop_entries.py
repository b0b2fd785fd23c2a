"""Brackets whose entry sleeps: it enters once its price has come, and only then has exits."""

from dataclasses import replace

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_SELL,
    TRIGGER_FALL,
    TRIGGER_RISE,
    Bracket,
    Cancel,
    CancelAll,
    PlaceOrder,
    Terms,
)
from statemachine.keys import TABLE_DUE, TABLE_GROUP, TABLE_SLEEPER
from statemachine.units import Lots, Millis, Price
from tests.worlds import World, world_rules

MID = 6_000_000
HIGH = MID + 60_000
CID = b"0123456789abcdef"


@pytest.fixture
def world() -> World:
    made = World(world_rules(1, step_visits_max=2))
    made.open(3)
    return made


def place(size: int, price: int, flags: int = 0) -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size))


def bracket(size: int = 10, flags: int = 0, expires_at: int = 0) -> Bracket:
    """Return an entry that buys above HIGH, with a stop below MID."""
    terms = Terms(Millis(expires_at), trigger=TRIGGER_RISE, trigger_price=Price(HIGH))
    entry = PlaceOrder(0, 0, flags, Price(HIGH + 10_000), Lots(size), CID, terms)
    fall = Terms(trigger=TRIGGER_FALL, trigger_price=Price(MID))
    stop = PlaceOrder(0, 0, FLAG_SELL | FLAG_IOC, Price(MID - 60_000), Lots(size), b"", fall)
    return Bracket(0, entry, (stop,))


def rise(world: World, price: int = HIGH) -> None:
    world.run(world.prices(0, price), advance=1_000)


def asleep(world: World) -> list[int]:
    """Return the sizes of what sleeps."""
    state = world.state
    found = [state.sleeper(key) for key in world.store.values if key[0] == TABLE_SLEEPER]
    return [sleeper.size for sleeper in found if sleeper]


def groups(world: World) -> int:
    return len([key for key in world.store.values if key[0] == TABLE_GROUP])


def held(world: World) -> int:
    position = world.position(0)
    return 0 if position is None else position.size


def test_exits_are_armed_once_the_entry_woke_and_filled(world: World) -> None:
    assert world.act(0, bracket()) == "OK"
    assert (asleep(world), groups(world)) == ([10], 1)
    world.act(1, place(10, HIGH, FLAG_SELL))
    rise(world)
    assert held(world) == 10
    assert (asleep(world), groups(world)) == ([10], 1), "the exit sleeps now"
    world.act(2, place(10, MID - 50_000))
    rise(world, MID)
    assert held(world) == 0
    world.run()
    assert (asleep(world), groups(world), world.portfolio(0).markets) == ([], 0, [])


def test_what_rests_after_waking_has_not_ended(world: World) -> None:
    world.act(0, bracket())
    world.act(1, place(4, HIGH, FLAG_SELL))
    rise(world)
    assert (held(world), asleep(world)) == (4, []), "six lots rest, no exit yet"
    assert world.book()[0] == [(HIGH + 10_000, 6)]
    assert world.act(0, CancelAll(0, 0)) == "OK"
    world.run()
    assert asleep(world) == [4]


def test_an_ioc_entry_half_filled_has_exits_of_half_the_size(world: World) -> None:
    world.act(0, bracket(flags=FLAG_IOC))
    world.act(1, place(4, HIGH, FLAG_SELL))
    rise(world)
    assert asleep(world) == [4]


def test_fills_of_several_wakings_add_up(world: World) -> None:
    """Two visits a waking: it wakes three times, and its exit has all five lots."""
    world.act(0, bracket(5))
    for _ in range(5):
        world.act(1, place(1, HIGH, FLAG_SELL))
    rise(world)
    assert (held(world), asleep(world)) == (5, [5])


def test_one_cancelled_between_wakings_exits_what_it_has(world: World) -> None:
    world = World(world_rules(1, step_visits_max=2, triggers_max=1))
    world.open(3)
    world.act(0, bracket(5))
    for _ in range(5):
        world.act(1, place(1, HIGH, FLAG_SELL))
    rise(world)
    assert (held(world), asleep(world)) == (2, [3])
    cancel = world.sign(0, Cancel(0, 0, CID))
    world.run(cancel, advance=1)
    assert (held(world), asleep(world)) == (4, []), "it woke once more before it was cancelled"
    world.run(advance=1)
    assert asleep(world) == [4]


@pytest.mark.parametrize("how", ["cancelled", "expired", "refused"])
def test_an_entry_that_never_filled_takes_its_exits_along(world: World, how: str) -> None:
    size = 10_000_000 if how == "refused" else 10
    expiry = world.now + 500 if how == "expired" else 0
    assert world.act(0, bracket(size, expires_at=expiry)) == "OK"
    if how == "cancelled":
        assert world.act(0, Cancel(0, 0, CID)) == "OK"
    rise(world)
    world.run()
    assert (held(world), asleep(world), groups(world)) == (0, [], 0)
    assert world.portfolio(0).markets == []
    assert not [key for key in world.store.values if key[0] == TABLE_DUE and key[1] == 1]


def test_a_refused_bracket_leaves_nothing(world: World) -> None:
    wrong = bracket()
    assert wrong.entry is not None
    there = replace(wrong.entry.terms, trigger_price=Price(MID))
    assert world.act(0, replace(wrong, entry=replace(wrong.entry, terms=there))) == "TRIGGER"
    assert world.act(0, bracket(0)) == "SIZE_RANGE"
    world.act(0, bracket())
    assert world.act(0, bracket()) == "CLIENT_ID_EXISTS"
    assert groups(world) == 1
