"""Room: how many orders a portfolio may have open, by what it has settled."""

import pytest

from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    TRIGGER_FALL,
    TRIGGER_RISE,
    Action,
    Bracket,
    Modify,
    PlaceOrder,
    Terms,
    Twap,
    Withdraw,
)
from statemachine.book.room import has_room, orders_limit
from statemachine.records import Portfolio
from statemachine.units import Lots, Micros, Millis, Price
from tests.worlds import USDC, World, world_rules

MID = 6_000_000


def place(price: int = MID - 100, flags: int = 0, size: int = 1) -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size))


def stop(at: int = MID - 60_000, size: int = 1) -> PlaceOrder:
    terms = Terms(trigger=TRIGGER_FALL, trigger_price=Price(at))
    flags = FLAG_SELL | FLAG_IOC | FLAG_REDUCE_ONLY
    return PlaceOrder(0, 0, flags, Price(MID - 100_000), Lots(size), b"", terms)


def world_of(**rules: int) -> World:
    world = World(world_rules(1, orders_free_max=1, order_equity=50_000 * USDC, **rules))
    world.open(3)
    return world


@pytest.mark.parametrize(
    ("balance", "limit"),
    [(0, 4), (9, 4), (10, 5), (19, 5), (20, 6), (59, 9), (60, 10), (1_000, 10), (-1, 4), (-99, 4)],
)
def test_the_limit_follows_the_balance(balance: int, limit: int) -> None:
    rules = world_rules(1, orders_free_max=4, order_equity=10, orders_per_portfolio_max=10)
    portfolio = Portfolio(b"", False, 1 << 8)
    portfolio.balance = balance
    assert orders_limit(rules, portfolio) == limit
    portfolio.open_orders = limit - 2
    assert [has_room(rules, portfolio, orders) for orders in (1, 2, 3)] == [True, True, False]


def test_a_bound_that_no_balance_lifts() -> None:
    rules = world_rules(1, orders_free_max=64, orders_per_portfolio_max=2)
    assert orders_limit(rules, Portfolio(b"", False, 1 << 8)) == 2


@pytest.mark.parametrize(("free", "equity"), [(-1, 1), (0, 0)])
def test_rules_that_could_not_work(free: int, equity: int) -> None:
    with pytest.raises(ValueError, match="orders_free_max"):
        world_rules(1, orders_free_max=free, order_equity=equity)


@pytest.mark.parametrize(
    "action",
    [
        place(),
        stop(),
        Twap(0, 0, 0, Price(MID), Lots(10), 5, Millis(1_000)),
        Bracket(0, place(), (stop(),)),
    ],
    ids=lambda action: type(action).__name__,
)
def test_all_that_waits_asks_for_room(action: Action) -> None:
    world = world_of()
    for _ in range(3):
        assert world.act(0, place()) == "OK", "one is free, two are paid for"
    assert world.act(0, action) == "ORDERS_MAX"
    assert world.last is not None
    assert world.last.receipts[0].args == (3,)
    assert world.act(1, action) == "OK"


def test_a_pair_of_exits_asks_for_two_places() -> None:
    world = world_of()
    world.act(1, place(MID, FLAG_SELL, 10))
    assert world.act(0, place(MID, size=10)) == "OK"
    assert world.act(0, place()) == "OK"
    rise = Terms(trigger=TRIGGER_RISE, trigger_price=Price(MID + 60_000))
    profit = PlaceOrder(0, 0, FLAG_SELL, Price(MID + 60_000), Lots(10), b"", rise)
    # The fee took the second place: 99,999 USDC pay for one only.
    assert world.act(0, Bracket(0, None, (stop(), profit))) == "ORDERS_MAX"


@pytest.mark.parametrize("flags", [FLAG_IOC, FLAG_FOK, FLAG_FOK | FLAG_IOC])
def test_what_ends_at_once_needs_no_room(flags: int) -> None:
    world = world_of()
    world.act(1, place(MID, FLAG_SELL, 10))
    for _ in range(3):
        assert world.act(0, place()) == "OK"
    assert world.act(0, place(MID, flags)) == "OK"


def test_orders_stay_when_the_balance_goes_and_keep_their_places() -> None:
    world = world_of()
    world.act(1, place(MID, FLAG_SELL, 10))
    assert world.act(0, place(MID, size=10)) == "OK"
    assert world.act(0, stop(MID - 60_000, 10)) == "OK"
    assert world.act(0, place()) == "OK"
    assert world.last is not None
    number = world.last.receipts[0].order_id
    assert world.act(0, Withdraw(0, Micros(99_000 * USDC))) == "OK"
    assert orders_limit(world.rules, world.portfolio(0)) == 1
    assert world.portfolio(0).open_orders == 2
    assert world.act(0, place()) == "ORDERS_MAX"
    assert world.act(0, Modify(0, 0, 0, number, Price(MID - 80_000), Lots(1))) == "OK"
    # The stop has its place: it wakes, and sells.
    world.act(2, place(MID - 70_000, size=10))
    world.run(world.prices(0, MID - 60_000), advance=1_000)
    position = world.position(0)
    assert position is not None
    assert (position.size, position.orders) == (0, 1)
