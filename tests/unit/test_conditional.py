"""Orders that act later: stops, brackets, TWAPs, and the dead-man's switch."""

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    MARKET_EVERY,
    TRIGGER_FALL,
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_RISE,
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    CancelAt,
    PlaceOrder,
    Terms,
    Twap,
)
from statemachine.events import REMOVED_REFUSED, OrderAwake
from statemachine.keys import LANE_USER, TABLE_DUE, TABLE_GROUP
from statemachine.units import Lots, Millis, Price
from tests.worlds import World, world_rules

MID = 6_000_000
CID = b"0123456789abcdef"
SELL = FLAG_SELL
STOP = FLAG_IOC | FLAG_REDUCE_ONLY


@pytest.fixture
def world() -> World:
    made = World()
    made.open(3)
    return made


def place(size: int, price: int, flags: int = 0) -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size))


def when(
    trigger: int, at: int, size: int, price: int, flags: int, client_id: bytes = b""
) -> PlaceOrder:
    terms = Terms(trigger=trigger, trigger_price=Price(at))
    return PlaceOrder(0, 0, flags, Price(price), Lots(size), client_id, terms)


def size_of(world: World, trader: int) -> int:
    position = world.position(trader)
    return 0 if position is None else position.size


def go_long(world: World, size: int = 10) -> None:
    world.act(1, place(size, MID, SELL))
    assert world.act(0, place(size, MID)) == "OK"


def to(world: World, price: int) -> None:
    """Move every price source but *last* to ``price``, and let a block fire."""
    world.run(world.prices(0, price), advance=1_000)


def test_a_stop_sleeps_until_its_price(world: World) -> None:
    go_long(world)
    low = MID * 99 // 100
    stop = when(TRIGGER_FALL, low, 10, MID * 97 // 100, SELL | STOP)
    assert world.act(0, stop) == "OK"
    assert world.book() == ([], []), "it rests nowhere"
    assert world.portfolio(0).open_orders == 1
    world.act(2, place(10, MID * 98 // 100))
    to(world, low + 1_000)
    assert size_of(world, 0) == 10
    to(world, low)
    assert size_of(world, 0) == 0
    assert world.portfolio(0).open_orders == 0
    assert world.portfolio(0).markets == []


@pytest.mark.parametrize(
    ("trigger", "at", "code"),
    [
        (TRIGGER_RISE, MID, "TRIGGER"),
        (TRIGGER_FALL, MID, "TRIGGER"),
        (TRIGGER_RISE, MID + 10, "OK"),
        (TRIGGER_FALL, MID - 10, "OK"),
        (TRIGGER_INDEX + TRIGGER_FALL, MID, "TRIGGER"),
        (TRIGGER_LAST + TRIGGER_FALL, MID, "OK"),
        (TRIGGER_RISE, MID + 15, "TICK"),
    ],
)
def test_a_trigger_must_lie_ahead(world: World, trigger: int, at: int, code: str) -> None:
    assert world.act(0, when(trigger, at, 10, MID, 0)) == code


def test_sleeping_orders_are_cancelled_like_others(world: World) -> None:
    assert world.act(0, when(TRIGGER_RISE, MID + 500, 10, MID, 0, CID)) == "OK"
    assert world.act(0, when(TRIGGER_RISE, MID + 500, 10, MID, 0, CID)) == "CLIENT_ID_EXISTS"
    assert world.act(0, Cancel(0, 0, CID)) == "OK"
    assert world.act(0, when(TRIGGER_RISE, MID + 500, 10, MID, 0)) == "OK"
    assert world.act(0, CancelAll(0, MARKET_EVERY)) == "OK"
    assert world.portfolio(0).open_orders == 0
    assert world.state.ledger().sleepers == 0


def test_a_wick_of_one_lot_wakes_nobody(world: World) -> None:
    go_long(world)
    far = MID * 98 // 100
    assert world.act(0, when(TRIGGER_LAST + TRIGGER_FALL, far, 10, far, SELL | STOP)) == "OK"
    world.act(2, place(1, far))
    assert world.act(1, place(1, far, SELL)) == "OK"
    assert world.market().last == far
    world.run(advance=1_000)
    assert size_of(world, 0) == 10, "last counts only near the index"


def test_a_woken_order_may_be_refused(world: World) -> None:
    assert world.act(0, when(TRIGGER_RISE, MID + 500, 5_000_000, MID, 0)) == "OK"
    to(world, MID + 500)
    assert world.last is not None
    awake = [event for event in world.last.events if isinstance(event, OrderAwake)]
    assert [event.reason for event in awake] == [REMOVED_REFUSED]
    assert world.portfolio(0).markets == []


def test_blocks_wake_a_bounded_number_in_order_of_price() -> None:
    world = World(world_rules(1, triggers_max=2))
    world.open(2)
    for i in range(5):
        assert (
            world.act(0, when(TRIGGER_RISE, MID + 50 - 10 * i, 1, MID - 1_000 - 10 * i, 0)) == "OK"
        )
    to(world, MID + 100)
    assert world.book()[0] == [(MID - 1_030, 1), (MID - 1_040, 1)]
    world.run(advance=100)
    world.run(advance=100)
    assert len(world.book()[0]) == 5


def test_a_woken_order_that_needs_many_visits_wakes_again() -> None:
    world = World(world_rules(1, step_visits_max=2))
    world.open(3)
    go_long(world, 7)
    assert world.act(0, when(TRIGGER_FALL, MID - 100, 7, MID - 5_000, SELL | STOP)) == "OK"
    for _ in range(9):
        world.act(2, place(1, MID - 1_000))
    to(world, MID - 100)
    assert size_of(world, 0) == 0
    assert world.state.ledger().sleepers == 0


def exits(
    size: int = 10, low: int = MID * 99 // 100, high: int = MID * 101 // 100
) -> tuple[PlaceOrder, ...]:
    stop = when(TRIGGER_FALL, low, size, MID * 97 // 100, SELL | STOP)
    profit = when(TRIGGER_RISE, high, size, high, SELL | FLAG_REDUCE_ONLY)
    return stop, profit


def test_a_bracket_arms_its_exits_once_the_entry_is_done(world: World) -> None:
    assert world.act(0, Bracket(0, place(10, MID), exits())) == "OK"
    assert world.state.ledger().sleepers == 0
    world.act(1, place(4, MID, SELL))
    world.run(advance=100)
    assert world.state.ledger().sleepers == 0, "the entry still rests"
    world.act(1, place(6, MID, SELL))
    world.run(advance=100)
    assert world.state.ledger().sleepers == 2
    world.act(2, place(10, MID * 98 // 100))
    to(world, MID * 99 // 100)
    assert size_of(world, 0) == 0
    world.run(advance=100)
    assert world.state.ledger().sleepers == 0, "one exit fired, the other is gone"
    assert world.portfolio(0).markets == []


def test_an_entry_cancelled_half_filled_arms_exits_of_half_the_size(world: World) -> None:
    world.act(0, Bracket(0, place(10, MID), exits()))
    world.act(1, place(4, MID, SELL))
    assert world.act(0, CancelAll(0, 0, 0)) == "OK"
    world.run(advance=100)
    sleepers = [k for k in world.store.values if k[0] == 0x33]
    state = world.state
    sizes = [sleeper.size for key in sleepers if (sleeper := state.sleeper(key))]
    assert sizes == [4, 4]


def test_an_entry_that_never_traded_leaves_nothing(world: World) -> None:
    world.act(0, Bracket(0, place(10, MID), exits()))
    world.act(0, CancelAll(0, MARKET_EVERY))
    world.run(advance=100)
    assert world.portfolio(0).markets == []
    assert not [key for key in world.store.values if key[0] in (0x33, 0x34)]


def test_a_refused_entry_leaves_nothing(world: World) -> None:
    assert world.act(0, Bracket(0, place(10, MID, FLAG_IOC), exits())) == "IOC_UNFILLED"
    assert world.act(0, Bracket(0, place(10_000_000, MID), exits())) == "MARGIN"
    world.run(advance=100)
    assert not [key for key in world.store.values if key[0] in (0x33, 0x34)]


def test_an_entry_filled_at_once_arms_its_exits(world: World) -> None:
    world.act(1, place(10, MID, SELL))
    assert world.act(0, Bracket(0, place(10, MID), exits())) == "OK"
    world.run(advance=100)
    assert world.state.ledger().sleepers == 2


def test_two_exits_end_each_other(world: World) -> None:
    assert world.act(0, Bracket(0, None, exits())) == "REDUCE_ONLY"
    go_long(world)
    assert world.act(0, Bracket(0, None, exits())) == "OK"
    world.run(advance=100)
    assert world.state.ledger().sleepers == 2
    assert world.act(0, CancelAll(0, 0)) == "OK"
    world.run(advance=100)
    assert world.state.ledger().sleepers == 0


@pytest.mark.parametrize("flags", [0, 4, 16])
def test_exits_are_opposed_and_plain(world: World, flags: int) -> None:
    wrong = when(TRIGGER_FALL, MID - 100, 10, MID - 200, flags | (SELL if flags else 0))
    assert world.act(0, Bracket(0, place(10, MID), (wrong,))) == "FIELD"


def test_twap_trades_slice_by_slice_and_catches_up(world: World) -> None:
    twap = Twap(0, 0, 0, Price(MID), Lots(10), 5, Millis(1_000))
    assert world.act(0, twap) == "OK"
    for _ in range(3):
        world.run(world.prices(0, MID), advance=1_000)
    assert size_of(world, 0) == 0, "nothing to take"
    world.act(1, place(50, MID, SELL))
    world.run(world.prices(0, MID), advance=1_000)
    assert size_of(world, 0) == 6, "three slices' worth at most"
    world.run(world.prices(0, MID), advance=1_000)
    assert size_of(world, 0) == 10
    assert world.portfolio(0).open_orders == 0


def test_twap_is_cancelled_like_an_order(world: World) -> None:
    world.act(0, Twap(0, 0, 0, Price(MID), Lots(10), 5, Millis(1_000)))
    assert world.last is not None
    number = world.last.receipts[0].order_id
    assert world.act(0, Cancel(0, 0, number)) == "OK"
    world.act(1, place(50, MID, SELL))
    world.run(advance=5_000)
    assert size_of(world, 0) == 0


@pytest.mark.parametrize(
    ("twap", "code"),
    [
        (Twap(0, 9, 0, Price(MID), Lots(10), 5, Millis(1_000)), "MARKET_UNKNOWN"),
        (Twap(0, 0, 4, Price(MID), Lots(10), 5, Millis(1_000)), "FIELD"),
        (Twap(0, 0, 0, Price(MID), Lots(10), 1, Millis(1_000)), "FIELD"),
        (Twap(0, 0, 0, Price(MID), Lots(10), 5, Millis(999)), "TIME_PAST"),
        (Twap(0, 0, 0, Price(MID), Lots(0), 5, Millis(1_000)), "SIZE_RANGE"),
        (Twap(0, 0, 0, Price(MID + 5), Lots(10), 5, Millis(1_000)), "TICK"),
    ],
)
def test_twap_codes(world: World, twap: Twap, code: str) -> None:
    assert world.act(0, twap) == code


def test_the_switch_cancels_everything_unless_it_is_moved(world: World) -> None:
    world.act(0, place(10, MID - 100))
    world.act(0, when(TRIGGER_RISE, MID + 500, 10, MID, 0))
    assert world.act(0, CancelAt(0, Millis(world.now))) == "TIME_PAST"
    assert world.act(0, CancelAt(0, Millis(world.now + 1_000))) == "OK"
    assert world.act(0, CancelAt(0, Millis(world.now + 5_000))) == "OK"
    world.run(advance=2_000)
    assert world.portfolio(0).open_orders == 2
    world.run(advance=4_000)
    assert world.portfolio(0).open_orders == 0
    world.act(0, place(10, MID - 100))
    world.act(0, CancelAt(0, Millis(world.now + 1_000)))
    assert world.act(0, CancelAt(0, Millis(0))) == "OK"
    world.run(advance=2_000)
    assert world.portfolio(0).open_orders == 1


def waiting(world: World) -> int:
    """Return how many items of users' due work there are."""
    return len([key for key in world.store.values if key[:2] == bytes([TABLE_DUE, LANE_USER])])


def test_a_switch_that_moves_has_one_item_of_due_work(world: World) -> None:
    for seconds in range(1, 20):
        assert world.act(0, CancelAt(0, Millis(world.now + 5_000 * seconds))) == "OK"
    assert waiting(world) == 1
    assert world.act(0, CancelAt(0, Millis(0))) == "OK"
    assert world.act(0, CancelAt(0, Millis(0))) == "OK"
    assert waiting(world) == 0


def test_nothing_that_ended_is_left_in_the_queue(world: World) -> None:
    for _ in range(3):
        world.act(0, Twap(0, 0, 0, Price(MID), Lots(10), 5, Millis(60_000)))
    world.run()
    assert waiting(world) == 3
    assert world.act(0, CancelAll(0, 0)) == "OK"
    assert waiting(world) == 0
    assert world.act(0, Bracket(0, place(10, MID, FLAG_IOC), exits())) == "IOC_UNFILLED"
    assert waiting(world) == 0
    go_long(world)
    world.act(0, Bracket(0, None, exits()))
    world.run()
    # Both exits go, and the bracket hears of it once.
    assert world.act(0, CancelAll(0, 0)) == "OK"
    assert waiting(world) == 1


def test_the_switch_of_many_orders_takes_many_steps() -> None:
    world = World(world_rules(1, step_visits_max=2))
    world.open(1)
    for i in range(7):
        world.act(0, place(1, MID - 10 * i))
    world.act(0, CancelAt(0, Millis(world.now + 1_000)))
    world.run(advance=2_000)
    assert world.portfolio(0).open_orders == 0


def test_a_stop_wakes_though_its_portfolio_has_as_many_orders_as_it_may() -> None:
    world = World(world_rules(1, orders_per_portfolio_max=2))
    world.open(3)
    go_long(world)
    low = MID * 99 // 100
    assert world.act(0, when(TRIGGER_FALL, low, 10, MID * 97 // 100, SELL | STOP)) == "OK"
    assert world.act(0, place(1, MID - 200_000)) == "OK"
    world.act(2, place(10, MID * 98 // 100))
    to(world, low)
    assert size_of(world, 0) == 0


def entered_and_left(world: World) -> None:
    """Let trader 0 enter market 0 with a bracket, and leave it in the same block."""
    world.act(1, place(10, MID, SELL))
    world.act(1, place(10, MID - 10))
    stop = when(TRIGGER_FALL, MID - 90_000, 10, MID - 100_000, SELL | STOP)
    enter = world.sign(0, Bracket(0, place(10, MID, FLAG_IOC), (stop,)))
    leave = world.sign(0, place(10, MID - 10, SELL | FLAG_IOC))
    assert world.codes(enter, leave) == ["OK", "OK"]


def test_exits_of_a_market_that_was_left_are_not_armed() -> None:
    world = World(world_rules(17))
    world.open(3)
    entered_and_left(world)
    # Were they armed, the portfolio would be in one market more than it may be.
    elsewhere = [PlaceOrder(0, m, 4, Price(MID - 10), Lots(1)) for m in range(1, 17)]
    assert world.codes(world.sign(0, Bulk(0, tuple(elsewhere)))) == ["OK"] * 16
    assert world.portfolio(0).markets == list(range(1, 17))
    assert not [key for key in world.store.values if key[0] == TABLE_GROUP]


def test_exits_without_room_are_not_armed() -> None:
    world = World(world_rules(1, orders_per_portfolio_max=2))
    world.open(2)
    world.act(1, place(10, MID, SELL))
    exits = tuple(
        when(trigger, at, 10, MID - 100_000, SELL | STOP)
        for trigger, at in ((TRIGGER_FALL, MID - 90_000), (TRIGGER_RISE, MID + 90_000))
    )
    enter = world.sign(0, Bracket(0, place(10, MID, FLAG_IOC), exits))
    assert world.codes(enter, world.sign(0, place(1, MID - 10))) == ["OK", "OK"]
    world.run()
    assert world.portfolio(0).open_orders == 1
    assert not [key for key in world.store.values if key[0] == TABLE_GROUP]
