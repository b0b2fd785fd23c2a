"""A fund that lets somebody wait for too long sells, slice by slice, whatever its leader wants."""

from statemachine.actions import ClosePosition, PlaceOrder, SetLeverage
from statemachine.events import OrderRemoved
from statemachine.fund_events import (
    FUND_EXITING,
    FUND_PAID,
    FUND_RELEASED,
    FUND_WAITS,
    REMOVED_EXITING,
)
from statemachine.keys import BUY, SELL
from statemachine.units import Lots, Price
from tests.unit.funds.scene import (
    ANN,
    BOB,
    LEADER,
    LOCK,
    MAKER,
    PRICE,
    SUB,
    act,
    buy,
    closing,
    fund,
    invest,
    opened,
    order,
    sell,
    stake,
    told,
    wait,
)
from tests.worlds import USDC, World


def test_nobody_is_locked_in_by_a_leader() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    resting = order(world, LEADER, SELL, 100, PRICE + 60_000)
    assert resting == "OK"
    wait(world, LOCK)
    sell(world, ANN)
    before = world.portfolio(ANN).balance
    assert order(world, MAKER, BUY, 4_500, PRICE - 10_000) == "OK"
    for _ in range(61):
        wait(world, 1_000)
    assert closing(world)
    # His orders are gone, and all he can do is reduce, at once.
    assert world.portfolio(LEADER, SUB).open_orders == 0
    refused = act(world, LEADER, PlaceOrder(SUB, 0, BUY, Price(PRICE), Lots(1)))
    assert (refused.name, refused.args) == ("LIQUIDATING", (1,))
    assert act(world, LEADER, SetLeverage(SUB, 0, 1)).args == (1,)
    refused = buy(world, BOB, 10 * USDC)
    assert (refused.name, refused.args) == ("LIQUIDATING", (1,))
    assert act(world, LEADER, ClosePosition(SUB, 0, Price(PRICE + 10))).name == "IOC_UNFILLED"
    # A fifth each pause, no worse than 0.25% from mark, until it fits.
    slices = 0
    while closing(world):
        held = world.position(LEADER, 0, SUB)
        assert held is not None
        wait(world, 1_000)
        now = world.position(LEADER, 0, SUB)
        assert now is not None
        assert held.size - now.size in (0, -(-held.size // 5))
        slices += held.size != now.size
        assert slices < 20
    assert told(world) == [FUND_PAID, FUND_RELEASED]
    assert 400 * USDC < world.portfolio(ANN).balance - before < 500 * USDC
    assert order(world, LEADER, BUY, 1) == "OK"


def test_a_fund_that_makes_room_says_so_and_sells_no_worse_than_the_backstop() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    assert order(world, LEADER, SELL, 100, PRICE + 60_000) == "OK"
    wait(world, LOCK)
    sell(world, ANN)
    assert order(world, MAKER, BUY, 4_500, PRICE * 9_974 // 10_000 // 10 * 10) == "OK"
    wait(world, 59_000)
    wait(world, 1_100)
    assert told(world) == [FUND_EXITING, FUND_WAITS]
    assert world.last is not None
    removed = [e.reason for e in world.last.events if isinstance(e, OrderRemoved)]
    assert removed == [REMOVED_EXITING]
    for _ in range(5):
        wait(world, 1_000)
    held = world.position(LEADER, 0, SUB)
    assert held is not None
    assert held.size == 4_500  # nobody buys within 0.25% of mark
    assert closing(world)


def test_asking_for_more_begins_the_notice_anew() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    sell(world, ANN, 300 * USDC)
    for _ in range(61):
        wait(world, 1_000)
    assert closing(world)
    assert stake(world, ANN).overdue == fund(world).overdue == 1
    assert sell(world, ANN, 100 * USDC).name == "OK"
    assert FUND_RELEASED in told(world)
    assert not closing(world)
    assert stake(world, ANN).overdue == 0
    wait(world, 59_000)
    assert not closing(world)
    wait(world, 2_000)
    wait(world, 1_000)
    assert closing(world)


def test_orders_of_a_fund_that_makes_room_go_when_they_are_met() -> None:
    world = opened(step_visits_max=2)
    buy(world, ANN, 500 * USDC)
    invest(world, 4_400)
    for place in range(5):
        assert order(world, LEADER, SELL, 10, PRICE + 10_000 + 10 * place) == "OK"
    wait(world, LOCK)
    sell(world, ANN)
    wait(world, 59_000)
    # One step cancels two; the next ones follow at once, and only then something is sold.
    wait(world, 1_100)
    assert closing(world)
    assert world.portfolio(LEADER, SUB).open_orders < 5
    assert order(world, MAKER, BUY, 50, PRICE + 20_000, flags=2) == "IOC_UNFILLED"
    assert world.portfolio(LEADER, SUB).open_orders == 0


def exiting_with_two() -> World:
    """Return a world in which ANN waits for 100 USDC and BOB for 900, for too long."""
    world = opened()
    buy(world, ANN, 100 * USDC)
    buy(world, BOB, 900 * USDC)
    invest(world, 6_500)
    wait(world, LOCK)
    for trader in (ANN, BOB):
        assert sell(world, trader).notional == 0
    for _ in range(61):
        wait(world, 1_000)
    assert fund(world).overdue == 2
    return world


def test_two_who_wait_have_one_slice_sold_each_pause() -> None:
    world = exiting_with_two()
    assert order(world, MAKER, BUY, 6_500, PRICE - 10_000) == "OK"
    held = world.position(LEADER, 0, SUB)
    assert held is not None
    wait(world, 1_000)
    now = world.position(LEADER, 0, SUB)
    assert now is not None
    assert held.size - now.size == held.size // 5


def test_the_leader_is_free_once_all_who_waited_too_long_are_paid() -> None:
    world = exiting_with_two()
    assert order(world, MAKER, BUY, 1_300, PRICE - 10_000) == "OK"
    for _ in range(3):
        wait(world, 1_000)
    assert stake(world, ANN).shares == 0
    assert stake(world, BOB).shares == 900 * USDC
    assert fund(world).overdue == 1
    assert closing(world)
