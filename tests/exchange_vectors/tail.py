"""The tail: vaults, who is deleveraged, velocity, deficits shared, grace."""

from typing import Any

from statemachine.actions import (
    PlaceOrder,
    Poke,
    SetMarketState,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.states import STATE_PAUSED
from statemachine.units import Lots, Micros, Millis, Price
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
    open_world,
    place,
    ready,
    show,
    signed,
)
from tests.worlds import USDC, World, trader_address, trader_key, world_rules

STAGE = Stage()
BACKER = 3
LOTS = 3_000
FALLEN, BANKRUPT = MID - 300_000, MID - 450_000


def leveraged(**rules: Any) -> World:
    """Return a world in which the trader is long 3,000 lots for 18,000 USDC with 1,000."""
    changes = {"grace_ms": 0, "grace_updates_min": 0, "vault_notice_ms": 10_000, **rules}
    world = open_world(world_rules(1, **changes))
    world.deposit(TRADER, 1_000 * USDC)
    for trader in (MAKER, OTHER, BACKER):
        world.deposit(trader, 100_000 * USDC)
    world.run(world.prices(0, MID))
    do(world, MAKER, PlaceOrder(0, 0, SELL, Price(MID), Lots(LOTS)))
    return do(world, TRADER, PlaceOrder(0, 0, 0, Price(MID), Lots(LOTS)))


def backed(amount: int = 50_000 * USDC, **rules: Any) -> World:
    """Return such a world with money behind its market."""
    return do(leveraged(**rules), BACKER, deposit(amount))


def fallen(world: World, price: int = FALLEN) -> World:
    """Return the world after its price fell."""
    world.run(world.prices(0, MID))
    world.run(advance=500)
    world.run(world.prices(0, price))
    return world


def deposit(amount: int, *, market: int = 0, sub: int = 0) -> VaultDeposit:
    return VaultDeposit(sub, market, Micros(amount))


def shows(code: Code, name: str, about: str, action: Any, setting: Any) -> None:
    """Register an action of the backer's, under the name of its kind."""
    kind = "vault_deposit" if isinstance(action, VaultDeposit) else "vault_withdraw"
    STAGE.add(kind, code, name, about, setting, signed(BACKER, action))


# Vaults

shows(Code.OK, "first", "as many shares as micros", deposit(50_000 * USDC), leveraged)
shows(Code.OK, "again", "shares at the same value", deposit(10_000 * USDC), backed)
shows(Code.MARKET_UNKNOWN, "market", "no such market", deposit(USDC, market=9), leveraged)
shows(Code.AMOUNT, "small", "less than the least", deposit(USDC), leveraged)
shows(Code.BALANCE, "more", "more than is free", deposit(100_001 * USDC), leveraged)
shows(Code.BALANCE, "never_opened", "an empty sub-account", deposit(10 * USDC, sub=9), leveraged)
shows(Code.OK, "some", "on notice", VaultWithdraw(0, 0, 10_000 * USDC), backed)
shows(Code.OK, "all", "0 asks for all", VaultWithdraw(0, 0, 0), backed)
shows(Code.MARKET_UNKNOWN, "market", "no such market", VaultWithdraw(0, 9, 1), backed)
shows(Code.SHARES, "more", "more than it has", VaultWithdraw(0, 0, 50_000 * USDC + 1), backed)
shows(Code.SHARES, "few", "too few to leave with", VaultWithdraw(0, 0, 9_999), backed)
shows(Code.SHARES, "few_stay", "too few to stay", VaultWithdraw(0, 0, 50_000 * USDC - 1), backed)
shows(Code.SHARES, "none", "nobody who deposited", VaultWithdraw(0, 0, 0), leveraged)


@STAGE.shows("vault_deposit", Code.ORACLE_STALE, "minute", "the market's index is too old")
def vault_stale() -> Shown:
    world = leveraged()
    world.run(advance=61_000)
    return show(world, world.sign(BACKER, deposit(50 * USDC)))


@STAGE.shows("poke", Code.OK, "backstop", "the vault takes the whole position, at mark")
def backstop() -> Shown:
    world = fallen(backed())
    return show(world, world.sign(OTHER, Poke(1, 0)))


@STAGE.shows("poke", Code.OK, "backstop_too_small", "the vault would be below its own margin")
def backstop_too_small() -> Shown:
    world = fallen(backed(100 * USDC))
    return show(world, world.sign(OTHER, Poke(1, 0)))


def holding() -> World:
    """Return a world in which the vault has taken a position over."""
    return do(fallen(backed(2_000 * USDC)), OTHER, Poke(1, 0))


@STAGE.shows("due_unwind", Code.OK, "slice", "a fifth of it, no worse than 0.25% from the mark")
def unwinds() -> Shown:
    world = do(holding(), MAKER, place(5_000, FALLEN - 10_000))
    world.run(world.prices(0, FALLEN), advance=29_000)
    return show(world, advance=1_000)


@STAGE.shows(
    "vault_deposit", Code.VAULT_SHORT, "below_margin", "nobody joins a vault that is short"
)
def vault_short() -> Shown:
    world = holding()
    world.run(world.prices(0, MID - 900_000), advance=1_000)
    return show(world, world.sign(BACKER, deposit(50 * USDC)))


@STAGE.shows("due_exit", Code.OK, "paid", "at the value when the notice is over")
def exit_paid() -> Shown:
    world = do(backed(), BACKER, VaultWithdraw(0, 0, 0))
    world.run(world.prices(0, MID), advance=9_000)
    return show(world, advance=1_000)


@STAGE.shows("due_exit", Code.OK, "waits", "the vault's margin is in use: tried again later")
def exit_waits() -> Shown:
    world = do(holding(), BACKER, VaultWithdraw(0, 0, 0))
    world.run(world.prices(0, FALLEN), advance=9_000)
    return show(world, advance=1_000)


# Deleveraging


@STAGE.shows(
    "poke", Code.OK, "deleverages", "who sold it to him buys it back, for what he had left"
)
def deleverages() -> Shown:
    world = fallen(leveraged(), BANKRUPT)
    return show(world, world.sign(OTHER, Poke(1, 0)))


@STAGE.shows("poke", Code.OK, "deleverages_two", "the higher entry first, each for what he holds")
def deleverages_two() -> Shown:
    world = leveraged()
    do(world, OTHER, place(1_000, MID - 1_000))
    do(world, BACKER, place(1_000, MID - 1_000, SELL))
    do(world, OTHER, place(2_500, MID + 1_000, SELL))
    do(world, MAKER, place(2_500, MID + 1_000))
    return show(fallen(world, BANKRUPT), world.sign(OTHER, Poke(1, 0)))


# Grace


@STAGE.shows("poke", Code.GRACE, "outage", "prices and time are waited for")
def grace() -> Shown:
    world = fallen(leveraged(grace_ms=60_000, grace_updates_min=3))
    world.run(advance=62_000)
    world.run(world.prices(0, FALLEN), advance=10)
    return show(world, world.sign(OTHER, Poke(1, 0)))


@STAGE.shows("poke", Code.OK, "outage_orders", "what could add to a position does not wait")
def grace_orders() -> Shown:
    world = leveraged(grace_ms=60_000, grace_updates_min=3)
    do(world, TRADER, PlaceOrder(0, 0, 0, Price(FALLEN - 100), Lots(100)))
    world = fallen(world)
    world.run(advance=62_000)
    world.run(world.prices(0, FALLEN), advance=10)
    return show(world, world.sign(OTHER, Poke(1, 0)))


def half_halted(halted: int, price: int, lots: int = LOTS) -> World:
    """Return a world in which the trader is long in two markets; one is halted, one falls."""
    world = open_world(world_rules(2, guardian=trader_address(OTHER), grace_updates_min=0))
    world.deposit(TRADER, 1_000 * USDC)
    for trader in (MAKER, OTHER):
        world.deposit(trader, 100_000 * USDC)
    world.run(world.prices(0, MID), world.prices(1, MID))
    for market, size in ((0, lots), (1, halted)):
        do(world, MAKER, PlaceOrder(0, market, SELL, Price(MID), Lots(size)))
        do(world, TRADER, PlaceOrder(0, market, 0, Price(MID), Lots(size)))
    do(world, OTHER, SetMarketState(1, STATE_PAUSED))
    for _ in range(3):
        world.run(world.prices(0, price), advance=30_000)
    return do(world, OTHER, PlaceOrder(0, 0, 0, Price(price), Lots(10 * LOTS)))


@STAGE.shows("poke", Code.OK, "halted_crumb", "who is short elsewhere is closed there")
def halted_crumb() -> Shown:
    world = half_halted(1, FALLEN)
    return show(world, world.sign(OTHER, Poke(1, 0)))


@STAGE.shows("poke", Code.OK, "halted_largest", "the larger position is in the market that waits")
def halted_largest() -> Shown:
    world = half_halted(1_600, MID - 780_000, 1_400)
    return show(world, world.sign(OTHER, Poke(1, 0)))


@STAGE.shows(
    "poke", Code.GRACE, "halted_half", "with the halted half as well as can be he is not short"
)
def halted_half() -> Shown:
    world = half_halted(1_500, BANKRUPT, 1_500)
    return show(world, world.sign(OTHER, Poke(1, 0)))


@STAGE.shows("order", Code.MARGIN, "reduces_to_a_friend", "below MM, at the edge of the fill band")
def reduces_to_a_friend() -> Shown:
    world = fallen(leveraged())
    worst = FALLEN - FALLEN * 3 // 100
    do(world, OTHER, PlaceOrder(0, 0, 0, Price(worst), Lots(LOTS)))
    order = PlaceOrder(0, 0, SELL | REDUCE, Price(worst), Lots(LOTS))
    return show(world, world.sign(TRADER, order))


@STAGE.shows("vault_deposit", Code.LOCKED, "void_notice", "void shares of his are on notice")
def void_notice() -> Shown:
    world = backed(1_000 * USDC, rank_notional_min=1 << 62, vault_notice_ms=3_600_000)
    fallen(world)
    do(world, OTHER, Poke(1, 0))
    low = MID - 900_000
    fallen(world, low)
    do(world, MAKER, PlaceOrder(0, 0, 0, Price(low - 10_000), Lots(10 * LOTS)))
    do(world, OTHER, Poke(0, 0))
    do(world, BACKER, VaultWithdraw(0, 0, 10_000))
    while world.state.vault(0).epoch == 0:
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
    return show(world, world.sign(BACKER, deposit(50 * USDC)))


# Leaving

SLOW = {"velocity_min": 100 * USDC, "velocity_ppm": 0, "velocity_period_ms": 60_000}


@STAGE.shows("withdraw", Code.VELOCITY, "too_fast", "more than may leave in a minute")
def too_fast() -> Shown:
    world = do(ready(**SLOW), TRADER, Withdraw(0, Micros(60 * USDC)))
    return show(world, world.sign(TRADER, Withdraw(0, Micros(41 * USDC))))


@STAGE.shows("withdraw", Code.VELOCITY, "never", "more than may ever leave at once")
def never() -> Shown:
    world = ready(**SLOW)
    return show(world, world.sign(TRADER, Withdraw(0, Micros(101 * USDC))))


@STAGE.shows("forced_withdrawal", Code.OK, "as_fast_as_may_be", "the rest can be asked for again")
def as_fast() -> Shown:
    world = ready(**SLOW)
    owner = address_of(trader_key(TRADER))
    item = InboxItem(InboxKind.FORCED_WITHDRAW, owner, 0, Micros(0), Millis(world.now))
    world.inbox.append(item)
    return show(world)


@STAGE.shows("withdraw", Code.OK, "haircut", "a debt that nobody covers is everybody's")
def haircut() -> Shown:
    world = leveraged(victims_max=0)
    do(world, OTHER, place(5_000, BANKRUPT - 20_000))
    fallen(world, BANKRUPT)
    do(world, OTHER, Poke(1, 0))
    for _ in range(40):
        world.run(world.prices(0, BANKRUPT), advance=30_000)
    return show(world, world.sign(MAKER, Withdraw(0, Micros(1_000 * USDC))))
