"""Assets beyond USDC: in and out, what they count for, and who buys them of a debtor."""

from dataclasses import replace
from typing import Any

from statemachine.actions import (
    BuyCollateral,
    Poke,
    SetMarketState,
    Transfer,
    TransferAsset,
    VaultDeposit,
    Withdraw,
    WithdrawAsset,
)
from statemachine.assets import AssetRules
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.states import STATE_ACTIVE, STATE_PAUSED
from statemachine.units import Micros, Millis, Price
from tests.exchange_vectors.scene import (
    MAKER,
    MID,
    OTHER,
    SELL,
    TRADER,
    Shown,
    Stage,
    do,
    fall_to,
    open_world,
    place,
    show,
    signed,
)
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

STAGE = Stage()
ORACLE_ONLY = 2
STAKED, COIN = 1, 2
FALLEN = MID - 1_200_000
LOT = 100
"""Units of the staked asset that are worth a lot: 6 USDC at MID."""
HELD = 100 * LOT
LENT = 100 * MID * 8 // 10
OWNER, NEW = address_of(trader_key(TRADER)), address_of(trader_key(30))


def staked_rules(asset: int, market: int = ORACLE_ONLY, **changes: Any) -> AssetRules:
    """Return an asset: nine tenths count, eight against initial margin; 4% below in a sale."""
    named: dict[str, Any] = {
        "asset": asset,
        "symbol": b"A%d" % asset,
        "decimals": 6,
        "market": market,
        "lot_units": LOT,
        "weight_ppm": 900_000,
        "initial_weight_ppm": 800_000,
        "penalty_ppm": 40_000,
        "cap": 10**12,
    }
    return AssetRules(**named | changes)


def deposit_asset(
    world: World, amount: int, asset: int = STAKED, sub: int = 0, trader: int = TRADER
) -> None:
    """Queue a deposit of an asset; the next block takes it."""
    owner = address_of(trader_key(trader))
    kind = InboxKind.DEPOSIT
    world.inbox.append(InboxItem(kind, owner, sub, Micros(amount), Millis(world.now), asset))


MARKETS = (market_rules(0), market_rules(ORACLE_ONLY, collateral_only=1))
ASSETS = (
    staked_rules(STAKED),
    staked_rules(COIN, 0, decimals=4, lot_units=1),
    *(staked_rules(number) for number in (3, 4, 5)),
)


def holding(usdc: int = 10 * USDC, amount: int = HELD, **rules: Any) -> World:
    """Return a world in which the trader has little USDC, and 100 lots' worth of an asset."""
    named: dict[str, Any] = {"grace_ms": 0, "grace_updates_min": 0}
    named |= {"guardian": address_of(trader_key(MAKER))}
    world = open_world(replace(world_rules(**named | rules), markets=MARKETS, assets=ASSETS))
    world.deposit(TRADER, usdc)
    for trader in (MAKER, OTHER):
        world.deposit(trader, 1_000_000 * USDC)
    deposit_asset(world, amount)
    world.run(*(world.prices(market.market, MID) for market in MARKETS))
    return world


def levered(usdc: int = 10 * USDC, **rules: Any) -> World:
    """Return the same, the trader long 1,500 lots, with 450 USDC to keep of 490."""
    world = holding(usdc, **rules)
    do(world, TRADER, place(1_500))
    return do(world, MAKER, place(1_500, flags=SELL))


def indebted(**rules: Any) -> World:
    """Return a world in which the trader has lost 460 USDC, more than his assets count for."""
    world = levered(slice_ppm=1_000_000, **rules)
    do(world, OTHER, VaultDeposit(0, ORACLE_ONLY, Micros(100_000 * USDC)))
    fall_to(world, MID - 300_000)
    do(world, MAKER, place(1_500, MID - 300_000))
    do(world, TRADER, place(1_500, MID - 300_000, SELL | 8))
    fall_to(world, FALLEN, ORACLE_ONLY)
    return world


def account_of(world: World) -> int:
    """Return the trader's account."""
    return world.account(TRADER)


# In


def deposits(
    code: Code,
    name: str,
    about: str,
    owner: bytes = OWNER,
    *,
    amount: int = LOT,
    asset: int = STAKED,
) -> None:
    """Register a deposit of an asset."""

    def play() -> Shown:
        world = holding()
        kind = InboxKind.DEPOSIT
        time = Millis(world.now)
        world.inbox.append(InboxItem(kind, owner, 0, Micros(amount), time, asset))
        return show(world)

    STAGE.shows("deposit", code, name, about)(play)


deposits(Code.OK, "asset", "units of an asset are added to what is held")
deposits(Code.OK, "asset_opens_account", "an asset gives an account as USDC does", NEW)
deposits(Code.OK, "second_asset", "another asset, priced by a market that trades", asset=COIN)
deposits(Code.ASSET_UNKNOWN, "asset", "an asset that the rules do not have", asset=8)
deposits(Code.AMOUNT, "no_asset", "nothing of an asset", amount=0)


@STAGE.shows("deposit", Code.OVERFLOW, "all_of_an_asset", "all deposits of it would reach 2**64")
def all_of_an_asset() -> Shown:
    world = holding()
    deposit_asset(world, 2**63 - 1, COIN, trader=MAKER)
    world.run()
    deposit_asset(world, 2**63 - 1, COIN, trader=MAKER)
    world.run()
    deposit_asset(world, 2, COIN)
    return show(world)


@STAGE.shows("deposit", Code.OK, "fifth_asset", "there is no room for it: held, not counted")
def fifth_asset() -> Shown:
    world = holding()
    for asset in (2, 3, 4):
        deposit_asset(world, LOT, asset)
    world.run()
    deposit_asset(world, LOT, 5)
    return show(world)


# Out


def leaves(code: Code, name: str, about: str, amount: int, **change: Any) -> None:
    """Register a withdrawal, a transfer and a forced withdrawal of what a trader needs."""
    asset, sub = change.get("asset", STAKED), change.get("sub", 0)

    def setting() -> World:
        world: World = change.get("setting", levered)()
        return world

    withdrawal, transfer = WithdrawAsset(sub, asset, amount), TransferAsset(sub, 7, asset, amount)
    for handler, action in (("withdraw_asset", withdrawal), ("transfer_asset", transfer)):
        STAGE.add(handler, code, name, about, setting, signed(TRADER, action))


def stale() -> World:
    """Return a world a minute after the last price of either market."""
    world = levered()
    world.run(advance=60_001)
    return world


def flagged() -> World:
    """Return a world in which the trader is being closed, and nobody buys."""
    world = fall_to(levered(), MID - 200_000)
    return do(world, OTHER, Poke(account_of(world), 0))


# IM is 450 USDC; USDC is 10 less a fee of 0.9; LENT is 480.
SPARE = LENT + 10 * USDC - 900_000 - 450 * USDC
FREE = SPARE * LOT * 10 // (MID * 8)
leaves(Code.OK, "all_that_is_free", "down to the margin, to the unit", FREE)
leaves(Code.BALANCE, "margin", "one unit of margin", FREE + 1)
leaves(Code.OK, "all", "without positions all of it", HELD, setting=holding)
leaves(Code.BALANCE, "more", "one unit more than is held", HELD + 1, setting=holding)
leaves(Code.BALANCE, "never_opened", "a sub-account that does not exist", 1, sub=9)
leaves(Code.AMOUNT, "nothing", "nothing of it", 0)
leaves(Code.ASSET_UNKNOWN, "number", "an asset that the rules do not have", 1, asset=8)
leaves(Code.ASSET_UNKNOWN, "usdc", "USDC is no asset of this kind", 1, asset=0)
leaves(Code.ORACLE_STALE, "position", "no fresh price for a market it is in", 1, setting=stale)
leaves(Code.LIQUIDATING, "flagged", "nothing leaves what is being closed", 1, setting=flagged)


@STAGE.shows("withdraw_asset", Code.VELOCITY, "worth", "it is worth more than may leave now")
def too_fast() -> Shown:
    world = holding(velocity_min=100 * USDC, velocity_ppm=0)
    return show(world, world.sign(TRADER, WithdrawAsset(0, STAKED, HELD // 2)))


@STAGE.shows("withdraw_asset", Code.OK, "uncounted", "what does not count may leave at any margin")
def uncounted() -> Shown:
    world = levered()
    for asset in (2, 3, 4, 5):
        deposit_asset(world, 1, asset)
    world.run()
    return show(world, world.sign(TRADER, WithdrawAsset(0, 5, 1)))


@STAGE.shows("withdraw_asset", Code.OK, "stale", "a stale asset lends nothing: it may leave")
def stale_asset() -> Shown:
    world = levered(10_000 * USDC)
    world.run(advance=30_000)
    world.run(world.prices(0, MID), advance=30_001)
    return show(world, world.sign(TRADER, WithdrawAsset(0, STAKED, HELD)))


@STAGE.shows("withdraw", Code.BALANCE, "stale_collateral", "nor is USDC let out against it")
def stale_collateral() -> Shown:
    world = levered()
    world.run(advance=30_000)
    world.run(world.prices(0, MID), advance=30_001)
    return show(world, world.sign(TRADER, Withdraw(0, Micros(USDC))))


@STAGE.shows("order", Code.MARGIN, "slow_price", "an hour's mean lends, not a price of today")
def slow_price() -> Shown:
    world = holding()
    fall_to(world, 2 * MID, ORACLE_ONLY)
    fall_to(world, 2 * MID, ORACLE_ONLY)
    return show(world, world.sign(TRADER, place(2_000)))


@STAGE.shows("order", Code.OK, "on_collateral", "most of its margin is an asset")
def on_collateral() -> Shown:
    world = holding()
    return show(world, world.sign(TRADER, place(1_500)))


@STAGE.shows("order", Code.MARKET_STATE, "collateral_only", "a market that only prices an asset")
def collateral_only() -> Shown:
    world = holding()
    return show(world, world.sign(TRADER, place(market=ORACLE_ONLY)))


@STAGE.shows("market_state", Code.MARKET_STATE, "collateral_only", "nor will it ever take orders")
def never_active() -> Shown:
    world = holding()
    return show(world, world.sign(MAKER, SetMarketState(ORACLE_ONLY, STATE_ACTIVE)))


@STAGE.shows("transfer_asset", Code.ACCOUNT_SELF, "same", "from a sub-account to itself")
def to_itself() -> Shown:
    world = holding()
    return show(world, world.sign(TRADER, TransferAsset(0, 0, STAKED, 1)))


@STAGE.shows("transfer_asset", Code.ASSETS_MAX, "full", "the target counts four others")
def full() -> Shown:
    world = holding()
    for asset in (2, 3, 4, 5):
        deposit_asset(world, LOT, asset, sub=1)
    world.run()
    return show(world, world.sign(TRADER, TransferAsset(0, 1, STAKED, 1)))


def forces(code: Code, name: str, about: str, amount: int, **change: Any) -> None:
    """Register a forced withdrawal of an asset."""

    def play() -> Shown:
        world: World = change.get("setting", levered)()
        owner, asset = change.get("owner", OWNER), change.get("asset", STAKED)
        kind = InboxKind.FORCED_WITHDRAW
        item = InboxItem(kind, owner, 0, Micros(amount), Millis(world.now), asset)
        world.inbox.append(item)
        return show(world)

    STAGE.shows("forced_withdrawal", code, name, about)(play)


forces(Code.OK, "asset", "all of an asset that may leave", 0)
forces(Code.OK, "some_of_an_asset", "as much as was asked for", 5)
forces(Code.SIGNER_UNKNOWN, "asset", "an address that owns nothing", 0, owner=NEW)
forces(Code.ASSET_UNKNOWN, "asset", "an asset that the rules do not have", 0, asset=8)
forces(Code.BALANCE, "asset", "none of it", 0, asset=COIN)


def small_capacity() -> World:
    """Return a world out of which little may go."""
    return holding(velocity_min=7 * USDC, velocity_ppm=0)


forces(Code.OK, "asset_capacity", "what the capacity lets out", 0, setting=small_capacity)


# Sales


@STAGE.shows("poke", Code.HEALTHY, "collateral", "an asset keeps it above its margin")
def healthy() -> Shown:
    world = fall_to(levered(), MID - 10_000)
    return show(world, world.sign(OTHER, Poke(account_of(world), 0)))


@STAGE.shows(
    "poke", Code.OK, "sells_collateral", "a debt and no position: a slice of an asset goes"
)
def sells_collateral() -> Shown:
    world = indebted()
    return show(world, world.sign(OTHER, Poke(account_of(world), 0)))


@STAGE.shows("poke", Code.OK, "no_vault_for_collateral", "nobody to sell to: it waits, flagged")
def no_vault() -> Shown:
    world = levered(slice_ppm=1_000_000)
    fall_to(world, MID - 300_000)
    do(world, MAKER, place(1_500, MID - 300_000))
    do(world, TRADER, place(1_500, MID - 300_000, SELL | 8))
    fall_to(world, FALLEN, ORACLE_ONLY)
    return show(world, world.sign(OTHER, Poke(account_of(world), 0)))


@STAGE.shows(
    "due_slice", Code.OK, "last_of_the_collateral", "what is left is insurance's, or a deficit"
)
def last_collateral() -> Shown:
    world = indebted()
    fall_to(world, MID // 2, ORACLE_ONLY)
    do(world, OTHER, Poke(account_of(world), 0))
    return show(world, advance=30_000)


def offered() -> World:
    """Return a world in which a vault has bought a debtor's asset."""
    world = indebted()
    do(world, OTHER, Poke(account_of(world), 0))
    return world


PRICE = -(-(FALLEN) * 98 // 100)
"""What a lot's worth is offered at: half of the penalty below the index."""


def buys(code: Code, name: str, about: str, amount: int = LOT, **change: Any) -> None:
    """Register a purchase out of the vault."""
    asset, price = change.get("asset", STAKED), change.get("price", PRICE)
    buyer, sub = change.get("buyer", MAKER), change.get("sub", 0)

    def setting() -> World:
        world: World = change.get("setting", offered)()
        return world

    action = BuyCollateral(sub, asset, amount, Price(price))
    STAGE.add("buy_collateral", code, name, about, setting, signed(buyer, action))


def halted() -> World:
    """Return the same while the asset's market is halted."""
    return do(offered(), MAKER, SetMarketState(ORACLE_ONLY, STATE_PAUSED))


def unheard() -> World:
    """Return the same, a minute later."""
    world = offered()
    world.run(advance=60_001)
    return world


def crowded() -> World:
    """Return the same, the buyer with four other assets."""
    world = offered()
    for asset in (2, 3, 4, 5):
        deposit_asset(world, LOT, asset, trader=MAKER)
    world.run()
    return world


def poor() -> World:
    """Return the same, with a sub-account of 5 USDC."""
    return do(offered(), MAKER, Transfer(0, 3, Micros(5 * USDC)))


def at_its_margin() -> World:
    """Return the same, with a sub-account that keeps 28.5 of its 30 USDC for an order."""
    world = do(offered(), MAKER, Transfer(0, 3, Micros(30 * USDC)))
    return do(world, MAKER, place(100, MID - 300_000, SELL, sub=3))


buys(Code.OK, "lot", "a lot's worth, at half of the penalty below the index")
buys(Code.OK, "unit", "one unit: its price rounds up", 1)
buys(Code.MARGIN, "never_opened", "by a sub-account that does not exist", sub=9)
buys(Code.ASSET_UNKNOWN, "number", "an asset that the rules do not have", asset=8)
buys(Code.MARKET_STATE, "halted", "while its market is halted", setting=halted)
buys(Code.ORACLE_STALE, "asset", "no fresh price for it", setting=unheard)
buys(Code.BAND, "price", "it costs a micro more than the buyer would pay", price=PRICE - 1)
buys(Code.MARGIN, "initial", "it counts for less than it costs", 300, setting=at_its_margin, sub=3)
buys(Code.BALANCE, "settled", "more than the balance: no debt is made", 200, setting=poor, sub=3)
buys(Code.AMOUNT, "nothing", "nothing of it", 0)
buys(Code.VAULT_SHORT, "offered", "more than the vault has", HELD)
buys(Code.ASSETS_MAX, "full", "the buyer counts four others", setting=crowded)
