"""Limits: leverage, isolated portfolios, caps, states, the index's guards, agents' budgets."""

from dataclasses import replace
from typing import Any

from statemachine.actions import (
    Action,
    ApproveAgent,
    Bulk,
    Kind,
    SetLeverage,
    SetMargin,
    SetMarketState,
    Transfer,
)
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.units import Micros, Millis
from tests.exchange_vectors.scene import (
    MAKER,
    MID,
    OTHER,
    POST,
    SELL,
    TRADER,
    Shown,
    Stage,
    do,
    open_world,
    place,
    ready,
    says,
    show,
    signed,
)
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

STAGE = Stage()
AGENT = trader_key(40)
GUARDIAN = address_of(trader_key(OTHER))
ISOLATED = 128


def limited(**changes: Any) -> World:
    """Return a ready world whose market 0 has some rules of its own."""
    markets = tuple(replace(market, **changes) for market in world_rules(1).markets)
    return ready(markets=1, guardian=GUARDIAN) if not changes else rebuilt(markets)


def rebuilt(markets: tuple[Any, ...]) -> World:
    """Return a ready world of these markets."""
    world = open_world(replace(world_rules(len(markets)), markets=markets, guardian=GUARDIAN))
    world.open(3, MID, 1_000 * USDC)
    return world


def two_markets() -> World:
    """Return a world with two markets, and an order in an isolated portfolio."""
    world = rebuilt((market_rules(0), market_rules(1)))
    return do(
        world, TRADER, Transfer(0, ISOLATED, Micros(100 * USDC)), place(flags=POST, sub=ISOLATED)
    )


def traded(**changes: Any) -> World:
    """Return a world in which the trader is 60 lots long."""
    world = limited(**changes)
    do(world, MAKER, place(60, flags=SELL))
    return do(world, TRADER, place(60))


def approve(notional: int, loss: int) -> World:
    """Return a world with an agent on a budget."""
    world = ready()
    kinds = 1 << Kind.ORDER | 1 << Kind.BULK
    expiry = Millis(world.now + 60_000)
    terms = ApproveAgent(address_of(AGENT), expiry, kinds, 0, Micros(notional), Micros(loss))
    return do(world, TRADER, terms)


def lever(number: int, *, market: int = 0, sub: int = 0) -> Action:
    return SetLeverage(sub, market, number)


# Leverage

STAGE.add(
    "set_leverage",
    Code.OK,
    "flat",
    "kept while there is no position",
    ready,
    signed(TRADER, lever(5)),
)
STAGE.add(
    "set_leverage",
    Code.OK,
    "given_up",
    "0 frees the place among the portfolio's markets",
    lambda: do(ready(), TRADER, lever(5)),
    signed(TRADER, lever(0)),
)
STAGE.add(
    "set_leverage",
    Code.MARKET_UNKNOWN,
    "market",
    "no such market",
    ready,
    signed(TRADER, lever(5, market=7)),
)
STAGE.add(
    "set_leverage",
    Code.MARGIN,
    "no_portfolio",
    "an empty sub-account",
    ready,
    signed(TRADER, lever(5, sub=9)),
)
STAGE.add(
    "set_leverage",
    Code.ISOLATED,
    "second_market",
    "one market each from 128 on",
    two_markets,
    signed(TRADER, lever(5, market=1, sub=ISOLATED)),
)
STAGE.add(
    "set_leverage",
    Code.LEVERAGE,
    "too_much",
    "more than the first tier gives",
    ready,
    signed(TRADER, lever(21)),
)


@STAGE.shows("set_leverage", Code.MARGIN, "not_covered", "equity covers 20 times, not once")
def not_covered() -> Shown:
    world = traded()
    do(world, TRADER, Transfer(0, 1, Micros(900 * USDC)))
    return show(world, world.sign(TRADER, lever(1)))


# Orders against limits

STAGE.add(
    "order",
    Code.ISOLATED,
    "second_market",
    "one market each from 128 on",
    two_markets,
    signed(TRADER, place(market=1, sub=ISOLATED)),
)
STAGE.add(
    "order",
    Code.OPEN_INTEREST,
    "cap",
    "60 of 100 lots are open, 41 more would open",
    lambda: traded(open_interest_max=100),
    signed(OTHER, place(41)),
)
STAGE.add(
    "order",
    Code.OK,
    "within_cap",
    "closing 60 and opening 40 the other way",
    lambda: traded(open_interest_max=100),
    signed(TRADER, place(100, flags=SELL)),
)
STAGE.add(
    "order",
    Code.MARGIN,
    "leverage",
    "a leverage of one's own",
    lambda: do(ready(), TRADER, lever(1)),
    signed(TRADER, place(200)),
)
STAGE.add(
    "order",
    Code.MARGIN,
    "tier",
    "6,000 USDC at 5%, the rest at 50%",
    lambda: limited(tiers=((6_000 * USDC, 500_000, 250_000),)),
    signed(TRADER, place(1_300)),
)
STAGE.add(
    "order",
    Code.MARGIN,
    "crowd",
    "what it opens counts in its own crowd",
    lambda: limited(open_interest_lower=6_000 * USDC, open_interest_upper=9_000 * USDC),
    signed(TRADER, place(1_300)),
)


# States

STAGE.add(
    "set_market_state",
    Code.OK,
    "paused",
    "the guardian pauses a market",
    limited,
    signed(OTHER, SetMarketState(0, 4)),
)
STAGE.add(
    "set_market_state",
    Code.OK,
    "resumed",
    "liquidations wait a grace from now on",
    lambda: do(limited(), OTHER, SetMarketState(0, 4)),
    signed(OTHER, SetMarketState(0, 1)),
)
STAGE.add(
    "set_market_state",
    Code.GUARDIAN,
    "another",
    "anyone else",
    limited,
    signed(TRADER, SetMarketState(0, 4)),
)
STAGE.add(
    "set_market_state",
    Code.MARKET_UNKNOWN,
    "market",
    "no such market",
    limited,
    signed(OTHER, SetMarketState(9, 4)),
)
STAGE.add(
    "set_market_state",
    Code.MARKET_STATE,
    "settled",
    "settled for good",
    lambda: do(limited(), OTHER, SetMarketState(0, 5)),
    signed(OTHER, SetMarketState(0, 1)),
)
STAGE.add(
    "order",
    Code.MARKET_STATE,
    "post_only",
    "a market that takes only what rests",
    lambda: do(limited(), OTHER, SetMarketState(0, 2)),
    signed(TRADER, place()),
)

# Margin rates


def announced(**changes: Any) -> World:
    """Return a world in which rates are on their way from 5% and 3% to 8% and 4%."""
    return do(limited(**changes), OTHER, SetMargin(0, 80_000, 40_000))


STAGE.add(
    "set_margin",
    Code.OK,
    "announced",
    "both rates start to move; the arguments: those in force, and when the new ones are",
    limited,
    signed(OTHER, SetMargin(0, 80_000, 40_000)),
)
STAGE.add(
    "set_margin",
    Code.GUARDIAN,
    "another",
    "anyone else",
    limited,
    signed(TRADER, SetMargin(0, 80_000, 40_000)),
)
STAGE.add(
    "set_margin",
    Code.MARKET_UNKNOWN,
    "market",
    "no such market",
    limited,
    signed(OTHER, SetMargin(9, 80_000, 40_000)),
)
STAGE.add(
    "set_margin",
    Code.MARKET_STATE,
    "settled",
    "a settled market asks no margin any more",
    lambda: do(limited(), OTHER, SetMarketState(0, 5)),
    signed(OTHER, SetMargin(0, 80_000, 40_000)),
)
STAGE.add(
    "set_margin",
    Code.FIELD,
    "above_a_tier",
    "more than the first size tier's",
    lambda: limited(tiers=((1_000 * USDC, 70_000, 50_000),)),
    signed(OTHER, SetMargin(0, 80_000, 40_000)),
)
STAGE.add(
    "set_margin",
    Code.FIELD,
    "reversed",
    "maintenance above initial",
    limited,
    signed(OTHER, SetMargin(0, 40_000, 80_000)),
)
STAGE.add(
    "set_margin",
    Code.RAMP,
    "moving",
    "one ramp at a time",
    announced,
    signed(OTHER, SetMargin(0, 50_000, 30_000)),
)
STAGE.add(
    "set_margin",
    Code.NOTHING_TO_DO,
    "same",
    "the rates that are in force",
    limited,
    signed(OTHER, SetMargin(0, 50_000, 30_000)),
)


def due_ramp(passed: int) -> World:
    """Return a world on the eve of a ramp's step, ``passed`` ms after its start."""
    world = announced()
    world.now += passed
    return world


@STAGE.shows("due_ramp", Code.OK, "step", "ten minutes on, floored: 5.0029% and 3.0009%")
def ramp_step() -> Shown:
    world = due_ramp(600_000)
    return show(world, world.prices(0, MID))


@STAGE.shows("due_ramp", Code.OK, "end", "the last step is the target exactly")
def ramp_end() -> Shown:
    world = due_ramp(world_rules().ramp_notice_ms)
    return show(world, world.prices(0, MID))


# Guards


@STAGE.shows("oracle", Code.OK, "jump_waits", "beyond the band: taken note of, not believed")
def jump_waits() -> Shown:
    world = limited(index_band_ppm=50_000)
    jump = MID * 106 // 100
    return show(world, says(world, (0, jump, 0), (1, jump, 0)))


@STAGE.shows("oracle", Code.OK, "jump_confirmed", "both publishers say it again")
def jump_confirmed() -> Shown:
    world = limited(index_band_ppm=50_000)
    jump = MID * 106 // 100
    world.run(says(world, (0, jump, 0), (1, jump, 0)))
    return show(world, says(world, (0, jump, 0), (1, jump + 10, 0)))


@STAGE.shows("oracle", Code.OK, "far_from_average", "more than five times its hourly mean")
def far_from_average() -> Shown:
    world = limited()
    return show(world, says(world, (0, MID * 6, 0), (1, MID * 6, 0)))


# Budgets

STAGE.add(
    "authority",
    Code.AGENT_NOTIONAL,
    "bulk",
    "101 lots of a budget of 100",
    lambda: approve(600 * USDC, 0),
    signed(AGENT, Bulk(0, (place(100), place(1)))),
)
STAGE.add(
    "authority",
    Code.OK,
    "agent_budget",
    "the day's first order opens the day's account",
    lambda: approve(600 * USDC, USDC),
    signed(AGENT, place(100)),
)


@STAGE.shows("authority", Code.AGENT_LOSS, "lost", "the price fell by more than the budget")
def lost() -> Shown:
    world = approve(0, USDC)
    do(world, MAKER, place(60, flags=SELL))
    do(world, AGENT, place(60))
    world.run(world.prices(0, MID - 20_000))
    return show(world, world.sign(AGENT, place(10, MID - 20_000)))
