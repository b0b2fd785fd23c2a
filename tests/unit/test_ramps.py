"""Margin rates that move: who may let them, how they move, and whom they leave alone."""

from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.actions import FLAG_SELL, PlaceOrder, Poke, SetLeverage, SetMargin, SetMarketState
from statemachine.events import RatesChanged
from statemachine.identity.signing import address_of
from statemachine.risk.margin import margin_of
from statemachine.risk.ramps import ramp_of, rate_at
from statemachine.rules import Rules
from statemachine.states import STATE_SETTLED
from statemachine.units import Lots, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

PRICE = 6_000_000
NOTICE = 100_000
STEP = 10_000


def world_of(**changes: Any) -> World:
    """Return an open world with a guardian, whose ramps take 100 s in steps of 10 s."""
    rules = replace(
        world_rules(2),
        markets=(market_rules(0, **changes), market_rules(1)),
        guardian=address_of(trader_key(0)),
        ramp_notice_ms=NOTICE,
        ramp_step_ms=STEP,
    )
    world = World(rules)
    world.open(traders=3, price=PRICE)
    return world


def rates(world: World, market: int = 0) -> tuple[int, int]:
    found = world.market(market)
    return found.initial_ppm, found.maintenance_ppm


def args_of(world: World) -> tuple[int, ...]:
    """Return the arguments of the last block's first receipt."""
    assert world.last is not None
    found: tuple[int, ...] = world.last.receipts[0].args
    return found


def pass_time(world: World, milliseconds: int) -> None:
    """Let time pass with prices that stay fresh, one block a second."""
    for _ in range(milliseconds // 1_000):
        world.run(world.prices(0, PRICE), world.prices(1, PRICE), advance=1_000)
        audit(world.store.values, world.rules)


@pytest.mark.parametrize(
    ("target", "half"),
    [
        ((90_001, 45_000), (70_000, 37_500)),  # 70,000.5 on the line
        ((20_000, 9_999), (35_000, 19_999)),  # 19,999.5
        ((40_000, 40_000), (45_000, 35_000)),
        ((50_000, 1), (50_000, 15_000)),  # 15,000.5
    ],
)
def test_rates_move_in_a_straight_line_to_the_target(
    target: tuple[int, int], half: tuple[int, int]
) -> None:
    world = world_of()
    assert rates(world) == (50_000, 30_000)
    assert world.act(0, SetMargin(0, *target)) == "OK"
    start = world.now
    assert args_of(world) == (50_000, 30_000, start + NOTICE)
    assert rates(world) == (50_000, 30_000), "nothing moves at once"
    pass_time(world, 50_000)
    assert rates(world) == half
    assert rates(world, 1) == (50_000, 30_000), "another market's stay"
    pass_time(world, 49_000)
    assert rates(world) != target
    pass_time(world, 1_000)
    assert rates(world) == target
    assert ramp_of(world.state, 0) is None
    # And the way is free for the next.
    assert world.act(0, SetMargin(0, 50_000, 30_000)) == "OK"
    pass_time(world, NOTICE + 1_000)
    assert rates(world) == (50_000, 30_000)


@given(
    st.integers(1, 1_000_000),
    st.integers(1, 1_000_000),
    st.integers(0, 1_000),
    st.integers(1, 1_000),
)
def test_a_rate_on_its_way_is_the_floor_of_the_line(
    source: int, target: int, passed: int, whole: int
) -> None:
    share = min(Fraction(1), Fraction(passed, whole))
    assert rate_at(source, target, passed, whole) == floor(source + (target - source) * share)


def test_each_step_is_told() -> None:
    world = world_of()
    assert world.act(0, SetMargin(0, 60_000, 30_000)) == "OK"
    told = []
    for _ in range(11):
        world.run(world.prices(0, PRICE), advance=STEP)
        assert world.last is not None
        told += [e for e in world.last.events if isinstance(e, RatesChanged)]
    assert [e.initial for e in told] == [50_000 + 1_000 * n for n in range(1, 11)]
    assert {(e.initial_to, e.maintenance_to) for e in told} == {(60_000, 30_000)}


def test_an_outage_is_caught_up_with_in_one_step() -> None:
    world = world_of()
    assert world.act(0, SetMargin(0, 60_000, 30_000)) == "OK"
    world.run(advance=73_000)
    assert rates(world) == (57_300, 30_000)
    # On with the steps that were announced, at multiples from the start.
    world.run(advance=6_999)
    assert rates(world) == (57_300, 30_000)
    world.run(advance=1)
    assert rates(world) == (58_000, 30_000)


def test_the_last_step_is_in_time_whatever_the_width() -> None:
    world = world_of()
    world.rules = replace(world.rules, ramp_notice_ms=25_000)
    assert world.act(0, SetMargin(0, 60_000, 30_000)) == "OK"
    for passed, initial in ((10_000, 54_000), (20_000, 58_000), (25_000, 60_000)):
        world.run(world.prices(0, PRICE), advance=5_000 if passed == 25_000 else 10_000)
        assert rates(world) == (initial, 30_000)


def test_only_the_guardian_may_and_only_within_bounds() -> None:
    world = world_of(tiers=((1_000 * USDC, 80_000, 60_000),))
    assert world.act(1, SetMargin(0, 60_000, 30_000)) == "GUARDIAN"
    assert world.act(0, SetMargin(9, 60_000, 30_000)) == "MARKET_UNKNOWN"
    for wrong in ((60_000, 0), (60_000, 60_001), (80_001, 30_000), (80_000, 60_001), (0, 0)):
        assert world.act(0, SetMargin(0, *wrong)) == "FIELD", wrong
    assert args_of(world) == (80_000, 60_000)
    assert world.act(0, SetMargin(1, 1_000_001, 30_000)) == "FIELD"
    assert world.act(0, SetMargin(0, 50_000, 30_000)) == "NOTHING_TO_DO"
    assert world.act(0, SetMargin(0, 80_000, 60_000)) == "OK"
    end = world.now + NOTICE
    assert world.act(0, SetMargin(0, 50_000, 30_000)) == "RAMP"
    assert args_of(world) == (end,)
    assert world.act(0, SetMargin(1, 60_000, 30_000)) == "OK", "markets move apart"
    assert world.act(0, SetMarketState(1, STATE_SETTLED)) == "OK"
    assert world.act(0, SetMargin(1, 50_000, 30_000)) == "MARKET_STATE"


def test_the_rates_in_force_are_what_is_asked() -> None:
    """Margin, the largest leverage and the way to liquidation follow the leaf, not the rules."""
    world = world_of()
    order = PlaceOrder(0, 0, 0, Price(PRICE), Lots(1_000))
    assert world.act(1, replace(order, flags=FLAG_SELL)) == "OK"
    assert world.act(2, order) == "OK"
    state = world.state
    notional = 1_000 * PRICE
    margin = margin_of(state, world.portfolio(2))
    assert (margin.initial, margin.maintenance) == (notional // 20, notional * 3 // 100)
    assert world.act(2, SetLeverage(0, 0, 20)) == "OK"
    assert world.act(0, SetMargin(0, 100_000, 90_000)) == "OK"
    pass_time(world, NOTICE + 1_000)
    margin = margin_of(world.state, world.portfolio(2))
    assert (margin.initial, margin.maintenance) == (notional // 10, notional * 9 // 100)
    # A leverage chosen before stays, and asks for less than the market does now.
    assert world.act(2, SetLeverage(0, 0, 11)) == "LEVERAGE"
    assert world.act(2, SetLeverage(0, 0, 5)) == "OK"


def test_who_adds_margin_in_time_is_not_liquidated() -> None:
    world = world_of()
    order = PlaceOrder(0, 0, 0, Price(PRICE), Lots(1_000))
    assert world.act(1, replace(order, flags=FLAG_SELL)) == "OK"
    assert world.act(2, order) == "OK"
    poke = Poke(world.account(2), 0)
    assert world.act(0, SetMargin(0, 1_000_000, 1_000_000)) == "OK"
    for _ in range(NOTICE // STEP + 1):
        pass_time(world, STEP)
        assert world.act(1, poke) == "HEALTHY", "its collateral covers all of it"
    assert rates(world) == (1_000_000, 1_000_000)


@pytest.mark.parametrize("changes", [{"ramp_step_ms": 0}, {"ramp_notice_ms": -1}])
def test_rules_that_could_not_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="need ramp_notice_ms"):
        replace(world_rules(), **changes)


def test_without_notice_rates_move_with_the_next_block() -> None:
    rules: Rules = replace(
        world_rules(), guardian=address_of(trader_key(0)), ramp_notice_ms=0, ramp_step_ms=1
    )
    world = World(rules)
    world.open(traders=3, price=PRICE)
    assert world.act(0, SetMargin(0, 60_000, 40_000)) == "OK"
    world.run()
    assert rates(world) == (60_000, 40_000)
