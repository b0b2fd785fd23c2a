"""The end of a fund that lost everything, and how it begins again."""

from statemachine.actions import Poke
from statemachine.fund_events import FUND_LOST, FUND_VOID
from statemachine.keys import BUY
from statemachine.risk.funds import fund_of, void_fund
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
    fund,
    invest,
    number,
    opened,
    order,
    sell,
    stake,
    told,
    wait,
)
from tests.worlds import USDC, World

RUINOUS = {"slice_ppm": 1_000_000, "grace_ms": 0, "grace_updates_min": 0, "victims_max": 0}
"""Closed at once, on the book, whatever it leaves behind."""


def ruin(world: World) -> None:
    """Let the fund lose everything."""
    invest(world, 4_800)
    wait(world, LOCK)
    fallen = PRICE - 400_000
    wait(world, 500, fallen)
    wait(world, 500, fallen)
    assert order(world, MAKER, BUY, 5_000, fallen) == "OK"
    assert act(world, BOB, Poke(world.account(LEADER), SUB)).name == "OK"


def test_a_fund_that_lost_everything_ends_its_shares_and_begins_again() -> None:
    world = opened(**RUINOUS)
    buy(world, ANN, 500 * USDC)
    ruin(world)
    assert FUND_VOID in told(world)
    ended = fund(world)
    assert (ended.shares, ended.epoch) == (0, 1)
    assert world.portfolio(LEADER, SUB).balance == 0
    assert sell(world, ANN).name == "SHARES"
    # The leader begins again; what others had is forgotten.
    assert buy(world, ANN, 10 * USDC).name == "LEADER_SHARE"
    assert buy(world, LEADER, 100 * USDC).filled == 100 * USDC
    assert buy(world, ANN, 10 * USDC).filled == 10 * USDC
    mine = stake(world, ANN)
    assert (mine.shares, mine.basis, mine.epoch) == (10 * USDC, 10 * USDC, 1)


def test_shares_that_waited_are_lost_with_the_rest() -> None:
    world = opened(**RUINOUS)
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    sell(world, ANN)
    fallen = PRICE - 400_000
    wait(world, 500, fallen)
    wait(world, 500, fallen)
    assert order(world, MAKER, BUY, 5_000, fallen) == "OK"
    act(world, BOB, Poke(world.account(LEADER), SUB))
    assert fund(world).epoch == 1
    wait(world, 1_000, fallen)
    assert told(world) == [FUND_LOST]
    assert stake(world, ANN).shares == 0


def test_a_fund_that_has_a_position_has_something_left() -> None:
    world = opened()
    invest(world, 10)
    state = world.state
    portfolio = state.portfolio(number(world))
    assert portfolio is not None
    portfolio.balance = 0
    void_fund(state, portfolio)
    assert fund(world).shares == 1_000 * USDC
    kept = fund_of(state, portfolio.portfolio)
    assert kept is not None
    assert (kept.shares, kept.epoch) == (1_000 * USDC, 0)


def test_crumbs_of_a_fund_are_its_holders_still() -> None:
    world = opened(**{**RUINOUS, "victims_max": 8})
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    for _ in range(2):
        wait(world, 500, PRICE - 400_000)
    act(world, BOB, Poke(world.account(LEADER), SUB))  # deleveraged, to the favour of the fund
    left = world.portfolio(LEADER, SUB).balance
    assert 0 < left < 10_000
    assert FUND_VOID not in told(world)
    assert sell(world, ANN).notional == left // 3
    assert sell(world, LEADER).notional == left - left // 3
    assert world.portfolio(LEADER, SUB).balance == fund(world).shares == 0
    assert buy(world, LEADER, 50 * USDC).filled == 50 * USDC
