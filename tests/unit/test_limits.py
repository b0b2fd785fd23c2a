"""Isolated portfolios, leverage, caps on open interest, market states."""

from dataclasses import replace
from typing import Any

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    Cancel,
    PlaceOrder,
    Poke,
    SetLeverage,
    SetMarketState,
    Transfer,
    Twap,
    Withdraw,
)
from statemachine.identity.signing import address_of
from statemachine.risk.margin import margin_of
from statemachine.states import (
    STATE_ACTIVE,
    STATE_CANCEL_ONLY,
    STATE_PAUSED,
    STATE_POST_ONLY,
    STATE_SETTLED,
)
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

PRICE = 6_000_000
ISOLATED = 128


def world_of(**changes: Any) -> World:
    """Return an open world whose market 0 has some other rules."""
    rules = replace(
        world_rules(2),
        markets=(market_rules(0, **changes), market_rules(1)),
        guardian=address_of(trader_key(0)),
    )
    world = World(rules)
    world.open(traders=3, price=PRICE)
    return world


def order(size: int, flags: int = 0, *, sub: int = 0, market: int = 0) -> PlaceOrder:
    return PlaceOrder(sub, market, flags, Price(PRICE), Lots(size))


def trade(world: World, buyer: int, seller: int, size: int) -> None:
    """Let two traders trade ``size`` lots at ``PRICE``."""
    assert world.act(seller, order(size, FLAG_SELL)) == "OK"
    assert world.act(buyer, order(size)) == "OK"


# Isolated portfolios


def test_an_isolated_portfolio_holds_one_market() -> None:
    world = world_of()
    assert world.act(0, Transfer(0, ISOLATED, Micros(1_000 * USDC))) == "OK"
    assert world.act(0, order(10, FLAG_POST_ONLY, sub=ISOLATED)) == "OK"
    assert world.act(0, order(10, sub=ISOLATED, market=1)) == "ISOLATED"
    assert world.act(0, SetLeverage(ISOLATED, 1, 2)) == "ISOLATED"
    slow = Twap(ISOLATED, 1, 0, Price(PRICE), Lots(10), 2, Millis(60_000))
    assert world.act(0, slow) == "ISOLATED"
    assert world.act(0, order(10, sub=ISOLATED)) == "OK", "the same market once more"
    audit(world.store.values, world.rules)


def test_an_isolated_portfolio_is_free_again_once_it_is_empty() -> None:
    world = world_of()
    world.act(0, Transfer(0, ISOLATED, Micros(1_000 * USDC)))
    world.act(0, order(10, FLAG_POST_ONLY, sub=ISOLATED))
    sequence = world.state.ledger().next_sequence - 1
    assert world.act(0, Cancel(ISOLATED, 0, sequence)) == "OK"
    assert world.act(0, order(10, sub=ISOLATED, market=1)) == "OK"


def test_only_its_own_collateral_is_behind_an_isolated_position() -> None:
    world = world_of()
    world.act(0, Transfer(0, ISOLATED, Micros(10 * USDC)))
    assert world.act(0, order(100, sub=ISOLATED)) == "MARGIN"
    assert world.act(0, order(10, sub=ISOLATED)) == "OK"
    assert world.act(0, Transfer(ISOLATED, 0, Micros(10 * USDC))) == "BALANCE"
    assert world.act(0, Transfer(0, ISOLATED, Micros(90 * USDC))) == "OK"
    assert world.act(0, order(100, sub=ISOLATED)) == "OK"


# Leverage


def test_leverage_only_raises_the_requirement() -> None:
    world = world_of()
    trade(world, 0, 1, 100)
    need = margin_of(world.state, world.portfolio(0))
    assert need.initial == 100 * PRICE * 5 // 100
    assert world.act(0, SetLeverage(0, 0, 5)) == "OK"
    after = margin_of(world.state, world.portfolio(0))
    assert after.initial == 100 * PRICE // 5
    assert after.maintenance == need.maintenance
    assert world.act(0, SetLeverage(0, 0, 20)) == "OK"
    assert margin_of(world.state, world.portfolio(0)).initial == need.initial
    assert world.act(0, SetLeverage(0, 0, 21)) == "LEVERAGE"


def test_leverage_that_equity_does_not_cover_is_refused() -> None:
    world = world_of()
    trade(world, 0, 1, 2_000)
    assert world.act(0, Withdraw(0, Micros(99_300 * USDC))) == "OK"
    assert world.act(0, SetLeverage(0, 0, 15)) == "MARGIN"
    position = world.position(0)
    assert position is not None
    assert position.leverage == 0


def test_leverage_stays_while_the_position_is_flat() -> None:
    world = world_of()
    assert world.act(0, SetLeverage(0, 0, 3)) == "OK"
    trade(world, 0, 1, 10)
    trade(world, 1, 0, 10)
    position = world.position(0)
    assert position is not None
    assert (position.size, position.leverage) == (0, 3)
    audit(world.store.values, world.rules)
    assert world.act(0, SetLeverage(0, 0, 0)) == "OK"
    assert world.position(0) is None
    assert world.act(0, SetLeverage(0, 1, 0)) == "OK"
    assert world.position(0, 1) is None
    assert world.act(0, SetLeverage(7, 0, 2)) == "MARGIN"
    assert world.act(0, SetLeverage(0, 9, 2)) == "MARKET_UNKNOWN"


def test_leverage_holds_back_what_may_leave() -> None:
    world = world_of()
    trade(world, 0, 1, 100)
    world.act(0, SetLeverage(0, 0, 1))
    free = margin_of(world.state, world.portfolio(0))
    assert world.act(0, Withdraw(0, Micros(free.equity - free.initial + 1))) == "BALANCE"
    assert world.act(0, Withdraw(0, Micros(free.equity - free.initial))) == "OK"


# Tiers and crowds, in the engine


def test_a_large_position_needs_its_tiers_margin() -> None:
    world = world_of(tiers=((600 * USDC, 100_000, 60_000),))
    trade(world, 0, 1, 200)
    margin = margin_of(world.state, world.portfolio(0))
    assert margin.initial == (600 * 50_000 + 600 * 100_000) * USDC // 1_000_000
    assert margin.maintenance == (600 * 30_000 + 600 * 60_000) * USDC // 1_000_000


def test_a_taker_is_margined_for_the_crowd_he_joins() -> None:
    # 600 USDC of open interest a hundred lots; from 6,000 to 12,000 the rate rises to 100%.
    world = world_of(open_interest_lower=6_000 * USDC, open_interest_upper=12_000 * USDC)
    trade(world, 0, 1, 1_000)
    assert margin_of(world.state, world.portfolio(0)).initial == 300 * USDC
    world.act(2, Transfer(0, 1, Micros(1_000 * USDC)))
    world.act(1, order(1_000, FLAG_SELL))
    # Alone, 800 lots need 240 USDC; with what they add to the crowd, 88% of 4,800.
    assert world.act(2, order(800, sub=1)) == "MARGIN"
    assert world.act(2, order(200, sub=1)) == "OK"
    assert margin_of(world.state, world.portfolio(2, 1)).initial == 1_200 * USDC * 24 // 100


# Caps


def test_no_order_takes_open_interest_beyond_its_cap() -> None:
    world = world_of(open_interest_max=100)
    trade(world, 0, 1, 60)
    assert world.act(2, order(41)) == "OPEN_INTEREST"
    assert world.act(2, order(41, FLAG_SELL | FLAG_IOC)) == "OPEN_INTEREST"
    assert world.act(2, order(50, FLAG_POST_ONLY)) == "OK", "what rests opens nothing by itself"
    # A taker who closes may meet a maker who opens: nothing grows.
    assert world.act(0, order(50, FLAG_SELL | FLAG_REDUCE_ONLY | FLAG_IOC)) == "OK"
    assert world.market().open_interest == 60
    # Turning around counts what is opened.
    assert world.act(1, order(101, FLAG_IOC)) == "OPEN_INTEREST"
    audit(world.store.values, world.rules)


# States


@pytest.mark.parametrize(
    ("state", "rests", "takes", "reduces"),
    [
        (STATE_POST_ONLY, "OK", "MARKET_STATE", "MARKET_STATE"),
        (STATE_CANCEL_ONLY, "MARKET_STATE", "MARKET_STATE", "MARKET_STATE"),
        (STATE_PAUSED, "MARKET_STATE", "MARKET_STATE", "MARKET_STATE"),
        (STATE_SETTLED, "MARKET_STATE", "MARKET_STATE", "MARKET_STATE"),
    ],
)
def test_what_each_state_allows(state: int, rests: str, takes: str, reduces: str) -> None:
    world = world_of()
    trade(world, 2, 1, 10)
    assert world.act(1, order(5, FLAG_POST_ONLY)) == "OK"
    sequence = world.state.ledger().next_sequence - 1
    assert world.act(0, SetMarketState(0, state)) == "OK"
    assert world.act(2, order(1, FLAG_POST_ONLY)) == rests
    assert world.act(2, order(1)) == takes
    assert world.act(2, order(1, FLAG_SELL | FLAG_REDUCE_ONLY | FLAG_IOC)) == reduces
    assert world.act(2, order(1, market=1)) == "OK"
    # A settled market's orders have gone by then.
    gone = "ORDER_UNKNOWN" if state == STATE_SETTLED else "OK"
    assert world.act(1, Cancel(0, 0, sequence)) == gone
    assert world.act(2, Withdraw(0, Micros(USDC))) == "OK"


def test_only_the_guardian_moves_a_market() -> None:
    world = world_of()
    assert world.act(1, SetMarketState(0, STATE_PAUSED)) == "GUARDIAN"
    assert world.act(0, SetMarketState(9, STATE_PAUSED)) == "MARKET_UNKNOWN"
    for wrong in (0, STATE_ACTIVE, 6, 255):
        assert world.act(0, SetMarketState(0, wrong)) == "MARKET_STATE"
    assert world.act(0, SetMarketState(0, STATE_PAUSED)) == "OK"
    assert world.act(0, SetMarketState(0, STATE_ACTIVE)) == "OK"
    assert world.act(0, SetMarketState(0, STATE_SETTLED)) == "OK"
    assert world.act(0, SetMarketState(0, STATE_ACTIVE)) == "MARKET_STATE", "settled for good"


def test_rules_without_a_guardian_have_none() -> None:
    world = World()
    world.open()
    assert world.act(0, SetMarketState(0, STATE_PAUSED)) == "GUARDIAN"


def test_liquidations_wait_while_a_market_is_paused() -> None:
    world = world_of()
    trade(world, 2, 1, 3_000)
    assert world.act(2, Withdraw(0, Micros(99_000 * USDC))) == "OK"
    assert world.act(0, SetMarketState(0, STATE_PAUSED)) == "OK"
    world.run(world.prices(0, PRICE * 96 // 100))
    poke = Poke(world.account(2), 0)
    world.act(0, poke)
    position = world.position(2)
    assert position is not None
    assert position.size == 3_000
    for _ in range(3):
        world.run(world.prices(0, PRICE * 96 // 100), advance=30_000)
    position = world.position(2)
    assert position is not None
    assert position.size == 3_000
