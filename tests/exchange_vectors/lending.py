"""The lending pool: supplied and redeemed, interest, and what is lost."""

from typing import Any

from statemachine.actions import (
    ClosePosition,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    Transfer,
    Withdraw,
)
from statemachine.errors import Code
from statemachine.units import Lots, Micros, Price
from tests.exchange_vectors.scene import (
    MAKER,
    MID,
    OTHER,
    SELL,
    TRADER,
    Shown,
    Stage,
    do,
    open_world,
    show,
    signed,
)
from tests.worlds import USDC, World, world_rules

STAGE = Stage()
LENDER = 3
LOTS = 2_000
LOW, HIGH = MID * 8 // 10, MID * 12 // 10
DAY_MS = 86_400_000
RATES = {"loan_rate_base_ppm": 100_000, "loan_slope_above_ppm": 10_000_000}


def moved(world: World, first: int, second: int) -> World:
    """Return the world once two markets have come to their prices."""
    for _ in range(2):
        world.run(world.prices(0, first), world.prices(1, second), advance=500)
    return world


def hedged(**rules: Any) -> World:
    """Return a world whose trader, with 2,000 USDC, gained in one market what he lost in one."""
    changes = {"grace_ms": 0, "grace_updates_min": 0, **RATES, **rules}
    world = open_world(world_rules(2, **changes))
    world.deposit(TRADER, 2_000 * USDC)
    for trader in (MAKER, OTHER, LENDER):
        world.deposit(trader, 100_000 * USDC)
    moved(world, MID, MID)
    for market in (0, 1):
        do(world, MAKER, PlaceOrder(0, market, SELL, Price(MID), Lots(LOTS)))
        do(world, TRADER, PlaceOrder(0, market, 0, Price(MID), Lots(LOTS)))
    return moved(world, LOW, HIGH)


def supply(amount: int, sub: int = 0) -> PoolSupply:
    return PoolSupply(sub, Micros(amount))


def lending(amount: int = 1_000 * USDC, **rules: Any) -> World:
    """Return such a world with somebody who lends."""
    return do(hedged(**rules), LENDER, supply(amount))


def borrowed(amount: int = 1_000 * USDC, **rules: Any) -> World:
    """Return the world after the loss was realised: the trader owes some 400 USDC."""
    world = lending(amount, **rules)
    do(world, MAKER, PlaceOrder(0, 0, 0, Price(LOW), Lots(LOTS)))
    return do(world, TRADER, ClosePosition(0, 0, Price(LOW)))


def a_day_later(world: World) -> World:
    """Return the world a day later, its prices fresh."""
    world.run(advance=DAY_MS)
    return moved(world, LOW, HIGH)


def owing() -> World:
    """Return the world in which a day's interest is due."""
    return a_day_later(borrowed())


def shows(code: Code, name: str, about: str, action: Any, setting: Any) -> None:
    """Register an action of the lender's, under the name of its kind."""
    kind = "pool_supply" if isinstance(action, PoolSupply) else "pool_redeem"
    STAGE.add(kind, code, name, about, setting, signed(LENDER, action))


# Shares

shows(Code.OK, "first", "as many shares as micros", supply(1_000 * USDC), hedged)
shows(Code.OK, "again", "a day's interest makes shares dearer", supply(1_000 * USDC), owing)
shows(Code.AMOUNT, "small", "less than the least", supply(USDC - 1), hedged)
shows(Code.BALANCE, "more", "more than is free", supply(100_001 * USDC), hedged)
shows(Code.BALANCE, "never_opened", "an empty sub-account", supply(USDC, sub=9), hedged)
shows(Code.OK, "some", "at what they are worth", PoolRedeem(0, 100 * USDC), owing)
shows(Code.OK, "all", "0 asks for all", PoolRedeem(0, 0), lending)
shows(Code.OK, "elsewhere", "paid to a new sub-account", PoolRedeem(7, USDC), lending)
shows(Code.SHARES, "more", "more than it has", PoolRedeem(0, 1_000 * USDC + 1), lending)
shows(Code.SHARES, "none", "nobody who supplied", PoolRedeem(0, 0), hedged)
shows(Code.POOL_SHORT, "lent", "what is lent cannot leave", PoolRedeem(0, 0), borrowed)


@STAGE.shows("pool_supply", Code.SHARES, "few", "too few for what they cost")
def dearer() -> Shown:
    world = a_day_later(borrowed(401 * USDC, pool_supply_min=1))
    return show(world, world.sign(OTHER, supply(1_000)))


@STAGE.shows("pool_supply", Code.LIQUIDATING, "flagged", "a portfolio that is being closed")
def supply_of_the_flagged() -> Shown:
    world = moved(borrowed(), LOW, MID * 105 // 100)
    do(world, OTHER, Poke(world.account(TRADER), 0))
    return show(world, world.sign(TRADER, supply(USDC)))


@STAGE.shows("pool_supply", Code.ORACLE_STALE, "stale", "its own positions have no fresh price")
def supply_without_prices() -> Shown:
    world = hedged()
    world.run(advance=61_000)
    return show(world, world.sign(TRADER, supply(USDC)))


# Loans


def by_trader(handler: str, code: Code, name: str, about: str, action: Any, setting: Any) -> None:
    """Register an action of the one who owes."""
    STAGE.add(handler, code, name, about, setting, signed(TRADER, action))


by_trader(
    "close", Code.OK, "into_debt", "a loss beyond the balance is lent",
    ClosePosition(0, 0, Price(LOW)),
    lambda: do(lending(), MAKER, PlaceOrder(0, 0, 0, Price(LOW), Lots(LOTS))),
)  # fmt: skip
by_trader(
    "close", Code.OK, "out_of_debt", "a gain pays interest and loan",
    ClosePosition(0, 1, Price(HIGH)),
    lambda: do(owing(), MAKER, PlaceOrder(0, 1, 0, Price(HIGH), Lots(LOTS))),
)  # fmt: skip
by_trader(
    "withdraw", Code.BALANCE, "in_debt", "no profit leaves a loan behind",
    Withdraw(0, Micros(USDC)), borrowed,
)  # fmt: skip
by_trader(
    "transfer", Code.BALANCE, "in_debt", "nor goes elsewhere",
    Transfer(0, 1, Micros(USDC)), borrowed,
)  # fmt: skip


@STAGE.shows("deposit", Code.OK, "repays", "a deposit repays a loan, its interest first")
def repay() -> Shown:
    world = owing()
    world.deposit(OTHER, USDC)
    consumed = len(world.inbox)
    world.deposit(TRADER, 10 * USDC)
    assert consumed < len(world.inbox)
    return show(world)


@STAGE.shows("place", Code.MARGIN, "loan", "a loan asks for margin of its own")
def loan_needs_margin() -> Shown:
    world = borrowed(loan_initial_ppm=1_000_000)
    return show(world, world.sign(TRADER, PlaceOrder(0, 1, 0, Price(HIGH), Lots(4_000))))


# Losses


def bankrupt(amount: int = 1_000 * USDC, **rules: Any) -> World:
    """Return the world after the gain that stood behind the loan is lost, too."""
    world = borrowed(amount, rank_notional_min=1 << 62, slice_ppm=1_000_000, **rules)
    fallen = MID * 98 // 100
    moved(world, LOW, fallen)
    return do(world, MAKER, PlaceOrder(0, 1, 0, Price(fallen), Lots(LOTS)))


def poked(world: World) -> Shown:
    return show(world, world.sign(OTHER, Poke(world.account(TRADER), 0)))


@STAGE.shows("poke", Code.OK, "pool_bears", "suppliers bear what they had lent, a market the rest")
def pool_bears() -> Shown:
    return poked(bankrupt())


@STAGE.shows("poke", Code.OK, "pool_is_void", "of more lent than there is, all; it starts again")
def pool_is_void() -> Shown:
    return poked(bankrupt(200 * USDC))
