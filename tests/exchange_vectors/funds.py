"""Funds: opened, joined, left; and what else may not move their money."""

from collections.abc import Callable

from statemachine.actions import (
    Action,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    PlaceOrder,
    Poke,
    Send,
    SetLeverage,
    Transfer,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Lots, Micros, Millis, Price
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
    place,
    show,
    signed,
)
from tests.worlds import USDC, World, trader_key, world_rules

STAGE = Stage()
SUB, PLAIN = 64, 65
LOCK = 5_000
LEADER, HOLDER = TRADER, OTHER
RULES = {
    "fund_lock_ms_min": 1_000,
    "fund_notice_ms": 10_000,
    "slice_interval_ms": 1_000,
    "grace_ms": 0,
    "grace_updates_min": 0,
}


def led(stake: int = 500 * USDC, **rules: int) -> World:
    """Return a world in which the leader's fund is open, with ``stake`` micros of his."""
    world = open_world(world_rules(2, **{**RULES, **rules}))
    world.open(3, MID, 10_000 * USDC)
    world.deposit(LEADER, stake, sub=SUB)
    world.deposit(LEADER, 100 * USDC, sub=PLAIN)
    world.run()
    return do(world, LEADER, CreateFund(SUB, 200_000, Millis(LOCK)))


def joined(**rules: int) -> World:
    """Return such a world in which the holder has half of the fund."""
    return do(led(**rules), HOLDER, buys(500 * USDC))


def later(world: World, milliseconds: int = LOCK, price: int = MID) -> World:
    """Return the world some time later, at fresh prices."""
    world.run(*(world.prices(m.market, price) for m in world.rules.markets), advance=milliseconds)
    return world


def free(**rules: int) -> World:
    """Return such a world after the lock."""
    return later(joined(**rules))


def invested(size: int = 3_100, **rules: int) -> World:
    """Return such a world in which the fund is long: 18,600 USDC on 1,000."""
    world = do(free(**rules), MAKER, place(size, flags=SELL))
    return do(world, LEADER, place(size, sub=SUB))


def asked(**rules: int) -> World:
    """Return such a world in which the holder waits to be paid."""
    return do(invested(**rules), HOLDER, leaves(0))


def exiting(**rules: int) -> World:
    """Return such a world in which he has waited for too long."""
    world = asked(**rules)
    for _ in range(11):
        later(world, 1_000)
    return world


def buys(amount: int, *, fund: int = SUB, sub: int = 0) -> FundDeposit:
    return FundDeposit(1, fund, sub, Micros(amount))


def leaves(shares: int, *, fund: int = SUB, sub: int = 0) -> FundWithdraw:
    return FundWithdraw(1, fund, sub, shares)


def shows(
    handler: str,
    code: Code,
    name: str,
    about: str,
    action: Action,
    setting: Callable[[], World],
    trader: int,
) -> None:
    """Register an action in a setting."""
    STAGE.add(handler, code, name, about, setting, signed(trader, action))


# Opening


def opens(code: Code, name: str, about: str, *, sub: int, terms: tuple[int, int]) -> None:
    """Register what the leader would make a fund of."""
    action = CreateFund(sub, terms[0], Millis(terms[1]))

    def setting() -> World:
        world = do(led(), LEADER, Transfer(0, 66, Micros(9 * USDC)))
        do(world, LEADER, Transfer(0, 67, Micros(20 * USDC)), Transfer(0, 2, Micros(20 * USDC)))
        return do(world, LEADER, place(2, MID - 60_000, sub=67))

    shows("create_fund", code, name, about, action, setting, LEADER)


GOOD = (100_000, LOCK)
opens(
    Code.OK, "opens", "all that is in it is the leader's: shares and micros", sub=PLAIN, terms=GOOD
)
opens(Code.FIELD, "profit", "a larger part than the rules allow", sub=PLAIN, terms=(200_001, LOCK))
opens(Code.FIELD, "lock", "a shorter lock than the rules allow", sub=PLAIN, terms=(0, 999))
opens(Code.BALANCE, "small", "less than the least deposit", sub=66, terms=GOOD)
opens(Code.BALANCE, "never_opened", "nothing there", sub=99, terms=GOOD)
opens(Code.FUND, "place", "a sub-account below 64", sub=2, terms=GOOD)
opens(Code.FUND, "already", "it is one", sub=SUB, terms=GOOD)
opens(Code.FUND, "busy", "it has an order", sub=67, terms=GOOD)


def flagged_plain() -> World:
    """Return a world in which a sub-account that is no fund is being closed."""
    world = do(led(), MAKER, place(300, flags=SELL))
    do(world, LEADER, place(300, sub=PLAIN))
    later(later(world, 1_000, MID - 250_000), 1_000, MID - 250_000)
    return do(world, HOLDER, Poke(1, PLAIN))


shows(
    "create_fund",
    Code.LIQUIDATING,
    "flagged",
    "it is being closed",
    CreateFund(PLAIN, 0, Millis(LOCK)),
    flagged_plain,
    LEADER,
)


# Coming in

action: Action
setting: Callable[[], World]


def ruined() -> World:
    """Return a world in which the fund is being closed."""
    world = later(later(invested(), 1_000, MID - 250_000), 1_000, MID - 250_000)
    return do(world, MAKER, Poke(1, SUB))


def short() -> World:
    """Return a world in which the fund is below its initial margin."""
    return later(later(invested(), 1_000, MID - 60_000), 1_000, MID - 60_000)


def gained() -> World:
    """Return a world in which a share of the fund is worth more than it was."""
    return later(later(invested(), 1_000, MID + 100_000), 1_000, MID + 100_000)


def blind() -> World:
    """Return a world in which nobody knows what the fund's position is worth."""
    world = invested()
    world.run(advance=61_000)
    return world


for code, name, about, action, setting in (
    (Code.OK, "first", "as many shares as micros", buys(500 * USDC), led),
    (Code.OK, "dearer", "shares at the higher value, floored", buys(333_333_333), gained),
    (Code.OK, "to_the_last", "the leader keeps a twentieth, to the unit", buys(9_500 * USDC), led),
    (Code.BALANCE, "never_opened", "an empty sub-account", buys(10 * USDC, sub=9), led),
    (Code.BALANCE, "more", "more than is free", buys(10_001 * USDC), led),
    (Code.ORACLE_STALE, "minute", "a price of the fund's is too old", buys(10 * USDC), blind),
    (Code.LIQUIDATING, "fund", "the fund is being closed", buys(10 * USDC), ruined),
    (Code.LIQUIDATING, "exiting", "others have waited for too long", buys(10 * USDC), exiting),
    (Code.AMOUNT, "small", "less than the least", buys(10 * USDC - 1), led),
    (Code.VAULT_SHORT, "below_margin", "nobody joins what is short", buys(10 * USDC), short),
    (Code.LEADER_SHARE, "leader", "he would hold too little", buys(9_500 * USDC + 1), led),
    (Code.FUND, "none", "there is no such fund", buys(10 * USDC, fund=PLAIN), led),
):
    shows("fund_deposit", code, name, about, action, setting, HOLDER)
shows(
    "fund_deposit",
    Code.FUND,
    "out_of_a_fund",
    "a fund buys no shares",
    buys(10 * USDC, sub=SUB),
    led,
    LEADER,
)


shows(
    "fund_deposit",
    Code.SHARES,
    "few",
    "so few shares that rounding could take a part of them",
    buys(9_999),
    lambda: led(fund_deposit_min=1),
    HOLDER,
)


# Leaving

for code, name, about, action, setting in (
    (Code.OK, "paid", "at once: it fits", leaves(0), free),
    (Code.OK, "some", "some of them, to another sub-account", leaves(7 * USDC, sub=3), free),
    (Code.OK, "waits", "its margin is in use", leaves(0), invested),
    (
        Code.OK,
        "waits_for_more",
        "asked for more: the notice begins anew",
        leaves(1),
        lambda: do(invested(), HOLDER, leaves(400 * USDC)),
    ),
    (Code.SHARES, "more", "more than it has", leaves(500 * USDC + 1), free),
    (Code.SHARES, "asked", "asked for already", leaves(0), asked),
    (Code.LOCKED, "early", "before the lock ends", leaves(0), joined),
    (Code.FUND, "none", "there is no such fund", leaves(0, fund=PLAIN), free),
):
    shows("fund_withdraw", code, name, about, action, setting, HOLDER)
for code, name, about, action, setting in (
    (Code.OK, "leader", "he owes himself nothing", leaves(400 * USDC), free),
    (Code.LEADER_SHARE, "leader", "he would hold too little", leaves(500 * USDC - 1), free),
    (Code.FUND, "into_a_fund", "not into a fund", leaves(1, sub=SUB), free),
):
    shows("fund_withdraw", code, name, about, action, setting, LEADER)


@STAGE.shows("fund_withdraw", Code.OK, "profit", "a fifth of what it made is the leader's, ceiled")
def profit() -> Shown:
    world = gained()
    do(world, MAKER, place(3_100, MID + 100_000))
    do(world, LEADER, place(3_100, MID + 100_000, SELL, sub=SUB))
    return show(world, world.sign(HOLDER, leaves(123_456_789)))


@STAGE.shows("fund_withdraw", Code.OK, "last", "the last share takes what there is")
def last() -> Shown:
    world = do(free(), HOLDER, leaves(0))
    return show(world, world.sign(LEADER, leaves(0)))


@STAGE.shows("due_fund_exit", Code.OK, "waits", "still no room: tried again after a pause")
def still_waits() -> Shown:
    world = asked()
    world.run(advance=800)
    return show(world, advance=200)


@STAGE.shows("due_fund_exit", Code.OK, "paid", "the leader made room")
def made_room() -> Shown:
    world = asked()
    do(world, MAKER, place(3_000))
    do(world, LEADER, place(3_000, MID, SELL, sub=SUB))
    world.run(advance=700)
    return show(world, advance=200)


@STAGE.shows("due_fund_exit", Code.OK, "exiting", "too long: his orders go, then a slice is sold")
def makes_room() -> Shown:
    world = asked()
    do(world, MAKER, place(5_000, MID - 10_000))
    do(world, LEADER, place(3, MID + 60_000, SELL, sub=SUB))
    for _ in range(9):
        later(world, 1_000)
    return show(world, advance=1_000)


@STAGE.shows("due_fund_exit", Code.OK, "orders_left", "two of five orders a step, then nothing")
def orders_left() -> Shown:
    world = asked(step_visits_max=2)
    for _ in range(5):
        do(world, LEADER, place(3, MID + 60_000, SELL, sub=SUB))
    for _ in range(9):
        later(world, 1_000)
    return show(world, advance=1_000)


@STAGE.shows("due_fund_exit", Code.OK, "released", "room enough: paid, and the leader is free")
def released() -> Shown:
    world = do(exiting(), MAKER, place(5_000, MID - 10_000))
    later(world, 1_000)
    return show(world, advance=1_000)


def bankrupt() -> World:
    """Return a world in which the fund owes more than it has, and somebody buys."""
    world = asked(slice_ppm=1_000_000, victims_max=0)
    for _ in range(2):
        later(world, 500, MID - 360_000)
    return do(world, MAKER, place(4_000, MID - 360_000))


@STAGE.shows("due_fund_exit", Code.OK, "lost", "the fund lost everything meanwhile")
def lost() -> Shown:
    world = do(bankrupt(), MAKER, Poke(1, SUB))
    world.run(advance=600)
    return show(world, advance=200)


shows("poke", Code.OK, "ends_a_fund", "a debt: its shares are void", Poke(1, SUB), bankrupt, MAKER)


# What else may not move its money

PEER = address_of(trader_key(HOLDER))
CHIEF = address_of(trader_key(LEADER))
ONE = Micros(USDC)
for handler, name, action, trader in (
    ("withdraw", "fund", Withdraw(SUB, ONE), LEADER),
    ("transfer", "out_of_a_fund", Transfer(SUB, 0, ONE), LEADER),
    ("transfer", "into_a_fund", Transfer(0, SUB, ONE), LEADER),
    ("send", "out_of_a_fund", Send(PEER, SUB, 0, ONE), LEADER),
    ("send", "into_a_fund", Send(CHIEF, 0, SUB, ONE), HOLDER),
    ("vault_deposit", "out_of_a_fund", VaultDeposit(SUB, 0, Micros(10 * USDC)), LEADER),
):
    about = "a fund's money moves only against shares"
    shows(handler, Code.FUND, name, about, action, joined, trader)


@STAGE.shows("vault_withdraw", Code.FUND, "into_a_fund", "an exit is not paid into a fund")
def vault_into_a_fund() -> Shown:
    world = do(joined(), LEADER, VaultDeposit(0, 0, Micros(10 * USDC)))
    return show(world, world.sign(LEADER, VaultWithdraw(SUB, 0, 0)))


def queued(kind: InboxKind) -> Shown:
    """Show a block that consumes one item about the fund."""
    world = joined()
    world.inbox.append(InboxItem(kind, CHIEF, SUB, Micros(5 * USDC), Millis(world.now)))
    return show(world)


@STAGE.shows("forced_withdrawal", Code.FUND, "fund", "not even this way")
def forced_from_a_fund() -> Shown:
    return queued(InboxKind.FORCED_WITHDRAW)


@STAGE.shows("deposit", Code.OK, "for_a_fund", "it is its owner's, in his sub-account 0")
def deposited_for_a_fund() -> Shown:
    return queued(InboxKind.DEPOSIT)


@STAGE.shows("due_exit", Code.OK, "comes_home", "what was to be paid into a fund by now")
def comes_home() -> Shown:
    world = do(led(vault_notice_ms=1_000), LEADER, VaultDeposit(0, 0, Micros(10 * USDC)))
    do(world, LEADER, VaultWithdraw(PLAIN, 0, 0), CreateFund(PLAIN, 0, Millis(LOCK)))
    world.run(advance=700)
    return show(world, advance=300)


more = PlaceOrder(SUB, 0, 0, Price(MID), Lots(10))
shows("order", Code.LIQUIDATING, "exiting", "it may only reduce", more, exiting, LEADER)
shows(
    "order",
    Code.OK,
    "exiting_reduces",
    "and does",
    PlaceOrder(SUB, 0, SELL | 2 | 8, Price(MID - 20_000), Lots(10)),
    lambda: do(exiting(), MAKER, place(10, MID - 20_000)),
    LEADER,
)
shows(
    "set_leverage",
    Code.LIQUIDATING,
    "exiting",
    "it may only reduce",
    SetLeverage(SUB, 0, 1),
    exiting,
    LEADER,
)
