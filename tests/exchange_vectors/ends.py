"""The end of a market: what the guardian does, what the exchange does then, what is refused."""

from typing import Any

from statemachine.actions import (
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    Bracket,
    PlaceOrder,
    Poke,
    SetLeverage,
    SetMarketState,
    Terms,
    Twap,
    VaultDeposit,
)
from statemachine.errors import Code
from statemachine.identity.signing import address_of
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
    place,
    ready,
    says,
    show,
    signed,
)
from tests.worlds import USDC, World, trader_key

STAGE = Stage()
END = SetMarketState(0, 5)
STOP = Terms(trigger=1, trigger_price=Price(MID - 50_000))


def guarded(**rules: Any) -> World:
    """Return a ready world with a guardian."""
    rules = {"grace_ms": 0, "grace_updates_min": 0, **rules}
    return ready(guardian=address_of(trader_key(OTHER)), **rules)


def traded(lots: int = 100, **rules: Any) -> World:
    """Return a world in which the trader is long, and the maker short."""
    world = guarded(**rules)
    do(world, MAKER, place(lots, flags=SELL))
    return do(world, TRADER, place(lots))


def ended(world: World) -> World:
    """Return a world whose market is over, and nobody is closed yet."""
    return do(world, OTHER, END)


def exit_at(terms: Terms) -> PlaceOrder:
    return PlaceOrder(0, 0, SELL | FLAG_IOC, Price(MID - 60_000), Lots(50), b"", terms)


@STAGE.shows("set_market_state", Code.OK, "ends", "the price is the hour's mean, and stands still")
def ends() -> Shown:
    world = traded()
    world.run(world.prices(0, MID + 60_000), advance=1_000)
    return show(world, world.sign(OTHER, END))


@STAGE.shows("due_settle", Code.OK, "everyone", "orders go, both are closed, in one step")
def everyone() -> Shown:
    world = traded()
    do(world, MAKER, place(50, MID - 1_000), place(50, MID + 1_000, SELL, client_id=b"\x07" * 16))
    do(world, TRADER, exit_at(STOP))
    return show(ended(world))


@STAGE.shows("due_settle", Code.OK, "over_steps", "two visits a step, and the next step at once")
def over_steps() -> Shown:
    world = traded(step_visits_max=2)
    do(world, MAKER, place(50, MID - 1_000), place(50, MID + 1_000, SELL))
    return show(ended(world))


@STAGE.shows("due_settle", Code.OK, "over_blocks", "at most half of a block's due work")
def over_blocks() -> Shown:
    world = traded(step_visits_max=1, due_items_max=4)
    do(world, MAKER, place(50, MID - 1_000), place(50, MID + 1_000, SELL))
    return show(ended(world))


@STAGE.shows("due_settle", Code.OK, "debt", "who is left with nothing but a debt")
def debt() -> Shown:
    world = traded(3_000, average_window_ms=1_000)
    for _ in range(2):
        world.run(world.prices(0, MID - 500_000), advance=1_000)
    return show(ended(world))


@STAGE.shows("due_twap", Code.OK, "market_over", "a TWAP ends at its next slice")
def twap_over() -> Shown:
    world = guarded()
    do(world, TRADER, Twap(0, 0, 0, Price(MID), Lots(100), 10, Millis(1_000)))
    world = ended(world)
    return show(world, advance=1_000)


@STAGE.shows("poke", Code.OK, "settled_dust", "what is too small to be ranked waits for a poke")
def dust() -> Shown:
    world = ended(traded(1))
    world.run()
    return show(world, world.sign(OTHER, Poke(world.account(TRADER), 0)))


STAGE.add(
    "order",
    Code.MARKET_STATE,
    "over",
    "a market that is over takes none, not even one that reduces",
    lambda: ended(traded()),
    signed(TRADER, place(10, MID, SELL | FLAG_REDUCE_ONLY | FLAG_IOC)),
)
STAGE.add(
    "bracket",
    Code.MARKET_STATE,
    "over",
    "no exits in a market that is over",
    lambda: ended(traded(1)),
    signed(TRADER, Bracket(0, None, (exit_at(STOP), exit_at(STOP)))),
)
STAGE.add(
    "set_leverage",
    Code.MARKET_STATE,
    "over",
    "in a market that is over it can only be given up",
    lambda: ended(traded(1)),
    signed(TRADER, SetLeverage(0, 0, 5)),
)
STAGE.add(
    "vault_deposit",
    Code.MARKET_STATE,
    "over",
    "there is nothing left to back",
    lambda: ended(traded(1)),
    signed(TRADER, VaultDeposit(0, 0, Micros(20 * USDC))),
)


@STAGE.shows("oracle", Code.MARKET_STATE, "over", "a settlement price is nobody's to change")
def oracle_over() -> Shown:
    world = ended(traded(1))
    return show(world, says(world, (0, MID, 0), (1, MID, 0)))
