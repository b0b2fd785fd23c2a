"""Liquidation prices: the published formula, and tiers."""

from typing import Any

import pytest

from statemachine import keys
from statemachine.records import Portfolio, Position
from statemachine.risk.balances import credit
from statemachine.risk.exposure import liquidation_price, nearest_liquidation_price
from statemachine.risk.margin import Margin, margin_of
from statemachine.risk.tiers import maintenance_of
from statemachine.rules import MarketRules
from statemachine.state import State
from tests.worlds import USDC, World, market_rules, world_rules

PRICE = 6_000_000


def held(size: int, balance: int, **changes: Any) -> tuple[State, Position, Margin]:
    """Return a state in which a portfolio holds ``size`` lots bought at ``PRICE``."""
    world = World(world_rules(1))
    world.open(price=PRICE)
    state = world.state
    state.market_rules[0] = market_rules(0, **changes)
    market, rules = state.market(0), state.market_rules[0]
    market.graded = bool(changes.get("tiers"))
    market.initial_ppm, market.maintenance_ppm = rules.initial_ppm, rules.maintenance_ppm
    portfolio = Portfolio(keys.portfolio_key(9 << 8), False, 9 << 8)
    portfolio.balance = balance
    position = state.open_position(portfolio, 0)
    position.size = size
    position.cost = size * PRICE
    return state, position, margin_of(state, portfolio)


@pytest.mark.parametrize("leverage", [3, 10, 20])
@pytest.mark.parametrize("side", [1, -1])
def test_liquidation_price_is_that_of_hyperliquids_formula(side: int, leverage: int) -> None:
    # Source: hyperliquid.gitbook.io/hyperliquid-docs/trading/liquidations:
    # price - side * margin_available / position_size / (1 - l * side), l = 1 / maintenance leverage
    size, maintenance_ppm = 1_000, 25_000
    balance = size * PRICE // leverage
    state, position, margin = held(side * size, balance, maintenance_ppm=maintenance_ppm)
    rate = maintenance_ppm / 1_000_000
    available = balance - size * PRICE * rate
    published = PRICE - side * available / size / (1 - rate * side)
    assert abs(liquidation_price(state, position, margin) - published) <= 2


@pytest.mark.parametrize("size", [1_000, -1_000, 400, -400])
@pytest.mark.parametrize("balance", [200 * USDC, 700 * USDC, 2_000 * USDC])
def test_with_tiers_it_is_where_equity_meets_maintenance(size: int, balance: int) -> None:
    tiers = ((3_000 * USDC, 100_000, 50_000), (7_000 * USDC, 200_000, 100_000))
    state, position, margin = held(size, balance, tiers=tiers)
    rules: MarketRules = state.market_rules[0]
    price = liquidation_price(state, position, margin)
    rate = rules.maintenance_ppm
    assert price == nearest_liquidation_price(state, position, PRICE, rate, margin)

    def spare(mark: int) -> int:
        kept = maintenance_of(rules, rules.maintenance_ppm, abs(size) * mark)
        return balance + size * (mark - PRICE) - kept

    assert price > 0
    inward = 1 if size > 0 else -1
    assert spare(price) < 0 <= spare(price + inward)


@pytest.mark.parametrize("size", [1_000, -1_000])
@pytest.mark.parametrize(("gain", "balance"), [(900, 100), (500, -100), (3_000, -2_500)])
def test_with_a_loan_it_is_where_equity_meets_what_both_ask_for(
    size: int, gain: int, balance: int
) -> None:
    """Another market's gain stands behind what this one may lose beyond the balance."""
    world = World(world_rules(2, loan_initial_ppm=100_000, loan_maintenance_ppm=100_000))
    world.open(price=PRICE)
    state = world.state
    portfolio = Portfolio(keys.portfolio_key(9 << 8), False, 9 << 8)
    credit(state, portfolio, balance * USDC)
    position, other = (state.open_position(portfolio, market) for market in (0, 1))
    position.size, position.cost = size, size * PRICE
    other.size, other.cost = 10, 10 * PRICE - gain * USDC
    price = liquidation_price(state, position, margin_of(state, portfolio))

    def spare(mark: int) -> int:
        state.market(0).mark = mark
        found = margin_of(state, portfolio)
        return found.equity - found.maintenance

    inward = 1 if size > 0 else -1
    assert spare(price) < 0 <= spare(price + inward)


def test_what_no_price_liquidates_has_none() -> None:
    state, position, margin = held(100, 1_000 * USDC, tiers=((3_000 * USDC, 100_000, 50_000),))
    assert liquidation_price(state, position, margin) == 0
