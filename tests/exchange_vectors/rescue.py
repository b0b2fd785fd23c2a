"""Liquidation: what a poke answers, and each rung of the ladder."""

from statemachine.actions import Poke
from statemachine.errors import Code
from tests.exchange_vectors.scene import (
    MAKER,
    MID,
    OTHER,
    REDUCE,
    SELL,
    TRADER,
    Shown,
    Stage,
    do,
    fall_to,
    place,
    ready,
    show,
)
from tests.worlds import USDC, World

STAGE = Stage()
LOTS = 3_000
SHORT_OF_IM = MID - 60_000
SHORT_OF_MM = MID - 200_000
BANKRUPT = MID - 360_000
INSURED = MID - 335_000
"""Below zero by less than the fund that a fee has filled."""


def leveraged(markets: int = 1, **rules: int) -> World:
    """Return a world in which the trader is long 18,000 USDC on 1,000."""
    world = ready(1, 1_000 * USDC, markets, **rules)
    for trader in (MAKER, OTHER):
        world.deposit(trader, 1_000_000 * USDC)
    world.run()
    do(world, TRADER, place(LOTS))
    return do(world, MAKER, place(LOTS, flags=SELL))


def flagged() -> World:
    """Return a world in which the trader is being closed, and nobody buys."""
    world = fall_to(leveraged(), SHORT_OF_MM)
    return do(world, OTHER, Poke(1, 0))


def poked(world: World, *, account: int = 1, sub: int = 0) -> Shown:
    """Show a block in which somebody pokes the trader."""
    return show(world, world.sign(OTHER, Poke(account, sub)))


@STAGE.shows("poke", Code.HEALTHY, "above_initial", "equity covers the initial margin")
def healthy() -> Shown:
    return poked(leveraged())


@STAGE.shows("poke", Code.HEALTHY, "never_opened", "there is no such portfolio")
def nobody() -> Shown:
    return poked(leveraged(), sub=9)


@STAGE.shows("poke", Code.NOTHING_TO_DO, "no_orders", "short of IM, but nothing could add to it")
def nothing() -> Shown:
    return poked(fall_to(leveraged(), SHORT_OF_IM))


@STAGE.shows("poke", Code.NOTHING_TO_DO, "flagged", "it is being closed already")
def already() -> Shown:
    return poked(flagged())


@STAGE.shows("poke", Code.OK, "cancels_risky", "short of IM: what could add to a position goes")
def cancels_risky() -> Shown:
    world = leveraged(2)
    do(world, TRADER, place(2, MID - 50_000), place(3, MID + 50_000, SELL))
    do(world, TRADER, place(4, MID + 60_000, SELL | REDUCE), place(5, MID, SELL, market=1))
    return poked(fall_to(world, SHORT_OF_IM))


@STAGE.shows("poke", Code.OK, "cancels_over_steps", "20 orders, 16 a step")
def cancels_over_steps() -> Shown:
    world = leveraged()
    for _ in range(20):
        do(world, TRADER, place(1, MID - 50_000))
    return poked(fall_to(world, SHORT_OF_IM))


@STAGE.shows("poke", Code.OK, "flags", "short of MM: flagged; nobody buys, so the slice waits")
def flags() -> Shown:
    return poked(fall_to(leveraged(), SHORT_OF_MM))


@STAGE.shows("poke", Code.OK, "slices", "a fifth is sold; reward and insurance out of the fee")
def slices() -> Shown:
    world = fall_to(leveraged(), SHORT_OF_MM)
    do(world, MAKER, place(LOTS, SHORT_OF_MM))
    return poked(world)


@STAGE.shows("poke", Code.OK, "at_the_zero_price", "a buyer at the zero price: no fee")
def at_the_zero_price() -> Shown:
    world = fall_to(leveraged(), SHORT_OF_MM)
    # E = 398.2, MM = 522: 5,800,000 * (1 - 0.03 * 398.2 / 522), up to the tick.
    do(world, MAKER, place(LOTS, 5_667_270))
    return poked(world)


@STAGE.shows("poke", Code.OK, "below_the_zero_price", "a buyer one tick below it is not met")
def below_the_zero_price() -> Shown:
    world = fall_to(leveraged(), SHORT_OF_MM)
    do(world, MAKER, place(LOTS, 5_667_260))
    return poked(world)


@STAGE.shows("poke", Code.OK, "closes_orders_first", "17 orders cost a step; then a slice")
def closes_orders_first() -> Shown:
    world = leveraged()
    for _ in range(17):
        do(world, TRADER, place(1, MID - 100_000))
    fall_to(world, SHORT_OF_MM)
    do(world, MAKER, place(LOTS, SHORT_OF_MM, 4))
    return poked(world)


@STAGE.shows("poke", Code.OK, "rescued", "one slice is enough: released at once")
def rescued() -> Shown:
    world = fall_to(leveraged(slice_ppm=900_000), SHORT_OF_MM)
    do(world, MAKER, place(LOTS, SHORT_OF_MM))
    return poked(world)


@STAGE.shows("poke", Code.OK, "deficit", "closed below zero: no insurance, so a deficit stands")
def deficit() -> Shown:
    world = fall_to(leveraged(slice_ppm=1_000_000), BANKRUPT)
    do(world, MAKER, place(LOTS, BANKRUPT))
    return poked(world)


def insured(slice_ppm: int, sold: int) -> World:
    """Return a world in which somebody else's liquidation has left a fee to insurance."""
    world = leveraged(slice_ppm=slice_ppm)
    world.deposit(3, 1_000 * USDC)
    world.run()
    do(world, 3, place(LOTS))
    do(world, MAKER, place(LOTS, flags=SELL))
    fall_to(world, SHORT_OF_MM)
    do(world, MAKER, place(sold, SHORT_OF_MM))
    return do(world, OTHER, Poke(4, 0))


@STAGE.shows("poke", Code.OK, "insurance", "closed below zero: the fund that a fee filled pays")
def insurance() -> Shown:
    world = insured(slice_ppm=1_000_000, sold=LOTS)
    fall_to(world, BANKRUPT)
    do(world, MAKER, place(LOTS, BANKRUPT))
    return poked(world)


@STAGE.shows("poke", Code.OK, "insured_slice", "a slice below zero: insurance pays its share")
def insured_slice() -> Shown:
    world = insured(slice_ppm=500_000, sold=LOTS // 2)
    fall_to(world, INSURED)
    do(world, MAKER, place(LOTS, INSURED))
    return poked(world)


@STAGE.shows("due_slice", Code.OK, "next_slice", "30 s later another fifth, with no reward")
def next_slice() -> Shown:
    world = flagged()
    world.run(world.prices(0, SHORT_OF_MM), advance=29_000)
    do(world, MAKER, place(LOTS, SHORT_OF_MM))
    return show(world, advance=1_000)


@STAGE.shows("due_slice", Code.OK, "recovered", "the price came back: released")
def recovered() -> Shown:
    world = flagged()
    world.run(world.prices(0, MID), advance=29_900)
    return show(world)


@STAGE.shows("due_slice", Code.OK, "orders_left", "cancelled before the slice, 2 of 5 here")
def orders_left() -> Shown:
    world = leveraged(step_visits_max=2, step_continuations_max=1)
    for _ in range(5):
        do(world, TRADER, place(1, MID - 100_000))
    fall_to(world, SHORT_OF_MM)
    do(world, OTHER, Poke(1, 0))
    return show(world)
