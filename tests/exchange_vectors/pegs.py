"""Pegged orders: where they stand, who meets them, and when they go."""

from typing import Any

from statemachine.actions import (
    SIDE_BOTH,
    Action,
    Bracket,
    Cancel,
    CancelAll,
    Modify,
    PlaceOrder,
    Scale,
    Terms,
)
from statemachine.errors import Code
from statemachine.units import Lots, Price
from tests.exchange_vectors.scene import (
    CLIENT,
    IOC,
    MAKER,
    MID,
    OTHER,
    POST,
    REDUCE,
    SELL,
    TRADER,
    Shown,
    Stage,
    do,
    place,
    ready,
    show,
    signed,
)
from tests.worlds import World

STAGE = Stage()
FOK, SLIDE, PEG = 16, 32, 128
HIGH, LOW = MID + 60_000, MID - 60_000
"""Hard limits that a price comes to within one percent."""


def peg(
    offset: int = -100, size: int = 100, limit: int = HIGH, flags: int = 0, **rest: Any
) -> PlaceOrder:
    """Return a bid (or, with ``SELL``, an ask) at an offset from the index."""
    client_id = rest.pop("client_id", b"")
    terms = Terms(offset=offset, **rest)
    flags |= POST | PEG
    return PlaceOrder(0, 0, flags, Price(limit), Lots(size), client_id, terms)


def offers(offset: int = 100, size: int = 100, limit: int = LOW, **rest: Any) -> PlaceOrder:
    """Return a pegged ask."""
    return peg(offset, size, limit, SELL, **rest)


def pegged() -> World:
    """Return a world with two asks of the maker's: pegged 100 above the index, fixed at 110."""
    return do(ready(), MAKER, offers(), place(100, MID + 110, SELL))


def moved(by: int, world: World | None = None) -> World:
    """Return such a world after the index moved."""
    world = pegged() if world is None else world
    world.run(advance=900)
    world.run(world.prices(0, MID + by))
    return world


def own() -> World:
    """Return a world in which the trader has a pegged bid, by its client id, and a fixed one."""
    return do(ready(), TRADER, peg(client_id=CLIENT), place(10, MID - 200))


def shows(code: Code, name: str, about: str, action: Action, setting: Any = pegged) -> None:
    """Register an action of the trader's, under the name of its kind."""
    kinds = {PlaceOrder: "order", CancelAll: "cancel_all"}
    kind = kinds.get(type(action), type(action).__name__.lower())
    STAGE.add(kind, code, f"peg_{name}", about, setting, signed(TRADER, action))


# Coming in

shows(Code.OK, "rests", "100 below the index, wherever that goes", peg())
shows(
    Code.OK,
    "slides_before_fixed",
    "it would cross now: to a tick below the fixed ask",
    peg(0, flags=SLIDE),
    lambda: fixed_at(-50),
)
shows(
    Code.POST_ONLY_CROSSES,
    "before_fixed",
    "the fixed ask's distance from the index is named",
    peg(-50),
    lambda: fixed_at(-50),
)
shows(Code.OK, "slides", "a tick below the pegged ask's offset", peg(100, flags=SLIDE))
shows(Code.OK, "client_id", "bound while it rests", peg(client_id=CLIENT))
shows(Code.FIELD, "takes", "what is pegged is post-only", place(10, HIGH, PEG))
shows(Code.FIELD, "ioc", "what is pegged rests", place(10, HIGH, PEG | POST | IOC))
shows(
    Code.FIELD,
    "offset_alone",
    "an offset is for what is pegged",
    PlaceOrder(0, 0, POST, Price(MID - 100), Lots(10), b"", Terms(offset=10)),
)
shows(
    Code.FIELD,
    "sleeps",
    "what is pegged waits for no price",
    peg(trigger=0, trigger_price=Price(HIGH)),
)
shows(Code.PRICE_RANGE, "below_zero", "the index less this leaves no price", peg(-MID - 100))
shows(Code.TICK, "offset", "between two ticks", peg(-105))
shows(Code.BAND, "past_limit", "its price is above its own limit", peg(-100, limit=MID - 110))
shows(Code.BAND, "limit", "a limit 5% above the mark", peg(limit=MID + 300_000), ready)
shows(Code.POST_ONLY_CROSSES, "peg", "the pegged ask's offset is named", peg(100))
shows(
    Code.POST_ONLY_CROSSES,
    "fixed",
    "a fixed order may not cross a pegged one either",
    place(10, MID + 100, POST),
)
shows(
    Code.MARGIN,
    "limit",
    "margin is reserved at the hard limit",
    peg(size=2_900, limit=MID + 170_000),
)


def fixed_at(offset: int) -> World:
    """Return a world with one fixed ask."""
    return do(ready(), MAKER, place(100, MID + offset, SELL))


# Meeting takers

shows(Code.OK, "fills", "the pegged ask is the better one", place(150, MID + 110))
shows(
    Code.OK,
    "followed",
    "the index fell, and the ask with it",
    place(50, MID - 400, IOC),
    lambda: moved(-500),
)
shows(
    Code.OK,
    "ceiled",
    "the index is between two ticks, and an ask rounds up",
    place(50, MID + 120, IOC),
    lambda: moved(3, do(ready(), MAKER, offers(), place(100, MID + 120, SELL))),
)
shows(
    Code.OK,
    "tie",
    "of two at one price the fixed one fills first",
    place(100, MID + 110),
    lambda: moved(10),
)
shows(
    Code.OK,
    "past",
    "past its limit it goes, and the next one fills",
    place(50, MID + 110),
    lambda: moved(-60_110),
)
shows(Code.OK, "fok", "both fill it", place(200, MID + 110, FOK))
shows(
    Code.FOK_UNFILLED,
    "past",
    "what is past its limit gives nothing",
    place(200, MID + 110, FOK),
    lambda: moved(-60_110),
)
shows(Code.IOC_UNFILLED, "above", "the best ask is the pegged one", place(10, MID + 90, IOC))


@STAGE.shows("order", Code.OK, "peg_held_back", "the index rose; the bid stays below a fixed ask")
def held_back() -> Shown:
    world = do(do(ready(), OTHER, peg(-20)), MAKER, place(100, MID + 50, SELL))
    return show(moved(200, world), world.sign(TRADER, place(30, MID - 500, SELL | IOC)))


@STAGE.shows("order", Code.OK, "peg_reduce_only", "a pegged reduce-only ask is shrunk and filled")
def reduce_only() -> Shown:
    world = do(ready(), MAKER, place(flags=SELL))
    do(world, OTHER, place())
    do(world, OTHER, peg(100, 100, LOW, SELL | REDUCE), place(40, MID - 100, SELL))
    do(world, MAKER, place(40, MID - 100))
    return show(world, world.sign(TRADER, place(100, MID + 100, IOC)))


@STAGE.shows("order", Code.OK, "peg_self_trade", "one's own pegged order goes; the next fills")
def self_trade() -> Shown:
    world = do(do(ready(), TRADER, offers()), MAKER, place(10, MID + 110, SELL))
    return show(world, world.sign(TRADER, place(10, MID + 110)))


# Changing and going

shows(Code.OK, "by_client_id", "the id is free again", Cancel(0, 0, CLIENT), own)
shows(Code.OK, "side", "bids, the pegged one too", CancelAll(0, 0, 0), own)
shows(Code.OK, "both", "all of them", CancelAll(0, 0, SIDE_BOTH), own)
shows(
    Code.OK,
    "shrinks",
    "fewer lots at the same limit keep the place",
    Modify(0, 0, POST, CLIENT, Price(HIGH), Lots(40)),
    own,
)
shows(
    Code.FIELD,
    "grows",
    "more lots are a new order, to be signed as one",
    Modify(0, 0, POST, CLIENT, Price(HIGH), Lots(101)),
    own,
)
shows(
    Code.FIELD,
    "of_fixed",
    "a fixed order is not made a pegged one",
    Modify(0, 0, POST | PEG, 2, Price(HIGH), Lots(5)),
    own,
)
shows(
    Code.FIELD,
    "ladder",
    "a ladder is made of prices",
    Scale(0, 0, POST | PEG, Price(LOW), Price(HIGH), Lots(10), 2),
)
shows(
    Code.FIELD,
    "exit",
    "an exit waits for a price of its own",
    Bracket(
        0,
        place(10, MID - 100),
        (
            PlaceOrder(
                0,
                0,
                SELL | PEG,
                Price(LOW),
                Lots(10),
                b"",
                Terms(trigger=1, trigger_price=Price(LOW)),
            ),
        ),
    ),
)


# Prices


def quoted(world: World) -> World:
    """Return the world with pegged bids, one of them past its limit once the index has risen."""
    do(world, OTHER, peg(-50, 40, MID + 40), peg(-80, 300))
    return do(world, MAKER, offers(60, 300), place(5, MID - 90), place(300, MID + 200, SELL))


@STAGE.shows("due_sample", Code.OK, "pegs", "the best prices are those of pegged orders")
def sample() -> Shown:
    world = moved(100, quoted(ready()))
    return show(world, world.sign(TRADER, place(1, MID - 1_000)), advance=1_000)


@STAGE.shows("due_premium", Code.OK, "pegs", "pegged orders count at the prices they have")
def premium() -> Shown:
    world = moved(100, quoted(ready()))
    world.run(advance=3_000)
    return show(world, world.sign(TRADER, place(1, MID - 1_000)), advance=2_000)
