"""Fees: tiers by volume, the ramp, builders and referrers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from statemachine.actions import (
    TRIGGER_FALL,
    ApproveBuilder,
    Bracket,
    Bulk,
    Modify,
    PlaceOrder,
    SetReferrer,
    Terms,
)
from statemachine.errors import Code
from statemachine.units import Lots, Price
from tests.exchange_vectors.scene import (
    IOC,
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
from tests.worlds import USDC, World, market_rules, world_rules

STAGE = Stage()
DAY = 86_400_000
BUILDER = 3
"""The account of trader number 2, who trades under the name of OTHER."""
TIERS = ((500 * USDC, 500_000, 800_000), (2_000 * USDC, 250_000, 700_000))


def built(rate: int, builder: int = BUILDER, size: int = 100, **terms: Any) -> PlaceOrder:
    """Return an order that was sent by a builder, to whom ``rate`` ppm go."""
    order = place(size, MID + 50)
    return replace(order, terms=Terms(builder=builder, builder_ppm=rate, **terms))


def resting(**rules: Any) -> World:
    """Return a world with an ask of 100 lots at MID, and one of 50 a tick above."""
    world = ready(fee_tiers=TIERS, **rules)
    return do(world, MAKER, place(flags=SELL), place(50, MID + 10, SELL))


def approved(rate: int = 300) -> World:
    """Return the same world, in which the trader lets the builder ask for ``rate`` ppm."""
    return do(resting(), TRADER, ApproveBuilder(BUILDER, rate))


def after(days: int, world: World) -> World:
    """Let days pass, and publishers speak again."""
    world.now += days * DAY
    world.run(world.prices(0, MID))
    world.now += 3_600_000
    world.run(world.prices(0, MID))
    return world


def traded(*volumes: int) -> World:
    """Return a world in which trader and maker traded ``volumes`` USDC, each on a day of its own.

    A day has passed since, and an ask of 100 lots rests.
    """
    world = ready(fee_tiers=TIERS, fee_ramp_factor=1)
    for side, volume in enumerate(volumes):
        lots = volume * USDC // MID
        do(world, MAKER, place(lots, MID, 1 - side % 2))
        do(world, TRADER, place(lots, MID, side % 2 | IOC))
        after(1, world)
    return world


# Who may ask for what

STAGE.add(
    "approve_builder",
    Code.OK,
    "new",
    "300 ppm at most",
    ready,
    signed(TRADER, ApproveBuilder(BUILDER, 300)),
)
STAGE.add(
    "approve_builder",
    Code.OK,
    "ended",
    "nothing is left of it",
    approved,
    signed(TRADER, ApproveBuilder(BUILDER, 0)),
)
STAGE.add(
    "approve_builder",
    Code.OK,
    "changed",
    "another rate",
    approved,
    signed(TRADER, ApproveBuilder(BUILDER, 200)),
)
STAGE.add(
    "approve_builder",
    Code.FIELD,
    "unknown",
    "there is no account 9",
    ready,
    signed(TRADER, ApproveBuilder(9, 300)),
)
STAGE.add(
    "approve_builder",
    Code.BUILDER,
    "too_much",
    "no builder gets more than 0.1%",
    ready,
    signed(TRADER, ApproveBuilder(BUILDER, 1_001)),
)
STAGE.add(
    "approve_builder",
    Code.ACCOUNT_SELF,
    "himself",
    "to pay oneself",
    ready,
    signed(OTHER, ApproveBuilder(BUILDER, 300)),
)
STAGE.add(
    "set_referrer",
    Code.OK,
    "once",
    "account 3 brought account 1",
    ready,
    signed(TRADER, SetReferrer(0, BUILDER)),
)
STAGE.add(
    "set_referrer",
    Code.REFERRER,
    "again",
    "it stays who it is",
    lambda: do(ready(), TRADER, SetReferrer(0, BUILDER)),
    signed(TRADER, SetReferrer(0, 2)),
)
STAGE.add(
    "set_referrer",
    Code.REFERRER,
    "himself",
    "nobody brings himself",
    ready,
    signed(OTHER, SetReferrer(0, BUILDER)),
)
STAGE.add(
    "set_referrer",
    Code.REFERRER,
    "unknown",
    "there is no account 9",
    ready,
    signed(TRADER, SetReferrer(0, 9)),
)

# Shares of what an order pays


def shows(code: Code, name: str, about: str, action: PlaceOrder, setting: Any = approved) -> None:
    """Register an order of the trader's."""
    STAGE.add("order", code, name, about, setting, signed(TRADER, action))


shows(Code.OK, "builder_paid", "once, for both fills: floor of each", built(300, size=130))
shows(Code.OK, "builder_named", "who asks for nothing needs no leave", built(0, 2), resting)
shows(Code.BUILDER, "not_approved", "nobody let him", built(1), resting)
shows(Code.BUILDER, "asks_more", "301 of 300 ppm", built(301))
shows(Code.FEE_MAX, "builder_on_top", "500 + 300 ppm in all", built(300, max_fee_ppm=799))
shows(
    Code.BUILDER,
    "stop_not_approved",
    "said at once, not when it fires",
    built(301, trigger=TRIGGER_FALL, trigger_price=Price(MID - 10_000)),
)
shows(
    Code.OK,
    "referrer_paid",
    "a tenth of the exchange's part, floored, of 130 lots in all",
    place(130, MID + 10),
    lambda: do(resting(), TRADER, SetReferrer(0, BUILDER)),
)


@STAGE.shows("order", Code.OK, "both_paid_over_steps", "two steps, and each is paid once")
def both_paid_over_steps() -> Shown:
    world = do(resting(step_visits_max=1), TRADER, ApproveBuilder(BUILDER, 333))
    do(world, TRADER, SetReferrer(0, 2))
    return show(world, world.sign(TRADER, built(333, size=130)))


@STAGE.shows("bulk", Code.OK, "builder_paid_per_leg", "each leg is an order of its own")
def builder_paid_per_leg() -> Shown:
    world = approved()
    return show(world, world.sign(TRADER, Bulk(0, (built(300, size=7), built(300, size=11)))))


@STAGE.shows("modify", Code.OK, "no_builder", "a changed order is nobody's but its owner's")
def no_builder() -> Shown:
    order = built(300, size=20)
    order = replace(order, price=Price(MID - 50))
    world = do(approved(), TRADER, order)
    number = world.state.ledger().next_sequence - 1
    return show(world, world.sign(TRADER, Modify(0, 0, 0, number, Price(MID), Lots(20))))


@STAGE.shows("bracket", Code.FIELD, "exit_built", "exits are the exchange's to send")
def exit_built() -> Shown:
    world = approved()
    exit_order = replace(
        built(300, trigger=TRIGGER_FALL, trigger_price=Price(MID - 10_000)), flags=SELL
    )
    return show(world, world.sign(TRADER, Bracket(0, place(50), (exit_order,))))


@STAGE.shows("trigger", Code.OK, "builder_paid", "a stop pays whoever sent it, once it fires")
def stop_pays() -> Shown:
    world = do(approved(), OTHER, place(100, MID - 20_010))
    stop = built(300, trigger=TRIGGER_FALL, trigger_price=Price(MID - 10_000))
    do(world, TRADER, replace(stop, flags=SELL | IOC, price=Price(MID - 20_010)))
    world.run(advance=1_000)
    world.now += 100
    return show(world, world.prices(0, MID - 12_000), advance=0)


@STAGE.shows("order", Code.OK, "rebate_before_shares", "a rebate comes first: nothing to share")
def rebate_before_shares() -> Shown:
    rules = replace(world_rules(1), markets=(market_rules(0, maker_ppm=-500),))
    world = open_world(rules)
    world.open(3, MID, 1_000 * USDC)
    do(world, TRADER, SetReferrer(0, BUILDER))
    do(world, MAKER, place(flags=SELL))
    return show(world, world.sign(TRADER, place()))


# Tiers


def tier(name: str, about: str, *volumes: int) -> Callable[[], Shown]:
    """Register an order after days of trading."""

    def play() -> Shown:
        world = do(traded(*volumes), MAKER, place(10, MID, SELL))
        return show(world, world.sign(TRADER, place(10)))

    return STAGE.shows("order", Code.OK, name, about)(play)


tier("tier_below", "498 of 500 USDC: the base rates", 498)
tier("tier_first", "504 USDC traded the day before: 400 and 50 ppm", 504)
tier("tier_second", "1,002 USDC on each of two days", 1_002, 1_002)


@STAGE.shows("order", Code.OK, "tier_lost", "15 days later nothing counts")
def tier_lost() -> Shown:
    world = do(after(14, traded(504)), MAKER, place(10, MID, SELL))
    return show(world, world.sign(TRADER, place(10)))


@STAGE.shows("order", Code.OK, "tier_of_today", "what is traded today counts tomorrow")
def tier_of_today() -> Shown:
    world = do(ready(fee_tiers=TIERS), MAKER, place(200, MID, SELL))
    do(world, TRADER, place(100))
    return show(world, world.sign(TRADER, place(100)))


# The ramp


def jumped(wait: int = 0) -> World:
    """Return a world whose index has jumped by 1%, ``wait`` ms ago, and an ask of 100 lots."""
    rules = replace(
        world_rules(1, fee_ramp_ms=4_000), markets=(market_rules(0, index_band_ppm=5_000),)
    )
    world = open_world(rules)
    world.open(3, MID, 1_000 * USDC)
    higher = MID * 101 // 100
    for _ in range(2):
        world.run(says(world, (0, higher, 0), (1, higher, 0), (2, higher, 0)))
    if wait:
        world.run(advance=wait)
    return do(world, MAKER, place(100, higher, SELL))


def ramp(code: Code, name: str, about: str, wait: int, most: int = 1_000_000) -> None:
    """Register an order after a jump."""
    order = replace(place(10, MID * 101 // 100), terms=Terms(max_fee_ppm=most))
    shows(code, name, about, order, lambda: jumped(wait))


ramp(Code.OK, "ramp_begins", "nearly three times the fee, the excess to insurance", 0)
ramp(Code.OK, "ramp_midway", "about twice the fee", 1_900)
ramp(Code.OK, "ramp_over", "the plain fee", 4_000)
ramp(Code.FEE_MAX, "ramp", "the signed bound holds", 0, 1_000)


@STAGE.shows("order", Code.OK, "ramp_spares_makers", "what rests pays no ramp")
def ramp_spares_makers() -> Shown:
    world = jumped()
    order = replace(place(10, MID, POST), terms=Terms(max_fee_ppm=100))
    return show(world, world.sign(TRADER, order))


@STAGE.shows("oracle", Code.OK, "jump", "confirmed: takers pay more for a while")
def jump() -> Shown:
    rules = replace(world_rules(1), markets=(market_rules(0, index_band_ppm=5_000),))
    world = open_world(rules)
    world.open(3, MID, 1_000 * USDC)
    higher = MID * 101 // 100
    world.run(says(world, (0, higher, 0), (1, higher, 0), (2, higher, 0)))
    return show(world, says(world, (0, higher, 0), (1, higher, 0), (2, higher, 0)))
