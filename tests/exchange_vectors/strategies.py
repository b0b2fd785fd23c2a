"""Strategies: terms of orders, stops, brackets, TWAPs, switches, scales, closing."""

from dataclasses import replace
from typing import Any

from statemachine.actions import (
    SELF_TRADE_BOTH,
    SELF_TRADE_DECREMENT,
    SELF_TRADE_OWN_SUB,
    SELF_TRADE_TAKER,
    TRIGGER_FALL,
    TRIGGER_LAST,
    TRIGGER_RISE,
    Action,
    Bracket,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    Modify,
    PlaceOrder,
    Scale,
    Terms,
    Twap,
)
from statemachine.errors import Code
from statemachine.units import Lots, Millis, Price
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
from tests.worlds import GENESIS_MS, World

STAGE = Stage()
FOK, SLIDE, TOTAL = 16, 32, 64
LOW, HIGH = MID - 60_000, MID + 60_000
LATER = GENESIS_MS + 3_600_000


def book() -> World:
    """Return a world with two asks of the maker's, 100 lots at MID and 100 a tick above."""
    return do(ready(), MAKER, place(flags=SELL), place(100, MID + 10, SELL))


def long() -> World:
    """Return a world in which the trader is long 100 lots, and nothing rests."""
    return do(do(ready(), MAKER, place(flags=SELL)), TRADER, place())


def own() -> World:
    """Return a world with an ask of the trader's own, 60 lots, and one of the maker's behind it."""
    return do(do(ready(), TRADER, place(60, MID, SELL)), MAKER, place(100, MID + 10, SELL))


def asks(size: int = 100, price: int = MID, flags: int = 0, **terms: Any) -> PlaceOrder:
    """Return an order with terms."""
    return replace(place(size, price, flags), terms=Terms(**terms))


def stop(size: int = 100, price: int = LOW - 10_000, at: int = LOW, **terms: Any) -> PlaceOrder:
    """Return a stop that sells a long position once the mark has fallen."""
    terms = {"trigger": TRIGGER_FALL, "trigger_price": Price(at), **terms}
    return asks(size, price, SELL | IOC | REDUCE, **terms)


def profit(size: int = 100) -> PlaceOrder:
    """Return a take-profit that sells once the mark has risen."""
    return asks(size, HIGH - 10_000, SELL, trigger=TRIGGER_RISE, trigger_price=Price(HIGH))


def shows(code: Code, name: str, about: str, action: Action, setting: Any = book) -> None:
    """Register an action of the trader's, under the name of its kind."""
    kinds = {PlaceOrder: "order", CancelAll: "cancel_all", CancelAt: "cancel_at"}
    kind = kinds.get(type(action), type(action).__name__.lower())
    kind = "close_position" if isinstance(action, ClosePosition) else kind
    STAGE.add(kind, code, name, about, setting, signed(TRADER, action))


# Terms

shows(Code.OK, "fok", "both asks fill it", place(200, MID + 10, FOK))
shows(Code.FOK_UNFILLED, "short", "200 of 201 lots are there", place(201, MID + 10, FOK))
shows(Code.FIELD, "fok_post_only", "it cannot be both", place(flags=FOK | POST))
shows(Code.FIELD, "slide_alone", "only what is post-only slides", place(flags=SLIDE))
shows(Code.OK, "slides", "a tick below the ask", place(10, MID + 30, POST | SLIDE))
shows(Code.OK, "expires", "rests until it expires", asks(10, MID - 10, expires_at=Millis(LATER)))
shows(
    Code.ORDER_EXPIRED,
    "before_it_came",
    "its time has passed",
    asks(10, MID - 10, expires_at=Millis(GENESIS_MS)),
)
shows(Code.FEE_MAX, "taker", "the fee is 500 ppm", asks(max_fee_ppm=499))
shows(
    Code.SELF_TRADE,
    "taker_goes",
    "nothing trades",
    asks(100, MID + 10, self_trade=SELF_TRADE_TAKER),
    own,
)
shows(Code.SELF_TRADE, "both_go", "nothing trades", asks(100, self_trade=SELF_TRADE_BOTH), own)
shows(
    Code.OK,
    "both_shrink",
    "60 lots of each go, 100 trade, 40 rest",
    asks(200, MID + 10, self_trade=SELF_TRADE_DECREMENT),
    own,
)
shows(
    Code.SELF_TRADE,
    "shrinks_to_nothing",
    "the resting order keeps 20 lots",
    asks(40, self_trade=SELF_TRADE_DECREMENT),
    own,
)
shows(
    Code.OK,
    "own_sub_only",
    "the mode minds its sub-account's orders only: here, its own",
    asks(100, MID + 10, self_trade=SELF_TRADE_OWN_SUB),
    own,
)


@STAGE.shows("order", Code.OK, "expired_maker", "an offer past its time goes when it is met")
def expired_maker() -> Shown:
    world = ready()
    world.act(MAKER, asks(10, MID, SELL, expires_at=Millis(world.now + 200)))
    do(world, MAKER, place(10, MID + 10, SELL))
    return show(world, world.sign(TRADER, place(10, MID + 10)))


@STAGE.shows("order", Code.FOK_UNFILLED, "reduced_twice", "a position is counted once")
def reduced_twice() -> Shown:
    world = do(long(), TRADER, *[place(100, MID + 10, SELL | REDUCE)] * 2)
    return show(world, world.sign(OTHER, place(200, MID + 10, FOK)))


@STAGE.shows("modify", Code.OK, "total", "30 lots of 100 were filled meanwhile")
def total() -> Shown:
    world = do(ready(), TRADER, place(100, MID, client_id=CLIENT))
    do(world, MAKER, place(30, MID, SELL))
    modify = Modify(0, 0, TOTAL, CLIENT, Price(MID), Lots(50))
    return show(world, world.sign(TRADER, modify))


shows(
    Code.OK,
    "of_a_side",
    "the bid stays",
    CancelAll(0, 0, 1),
    lambda: do(ready(), TRADER, place(10, MID - 10), place(10, MID + 10, SELL)),
)

# Stops

shows(Code.OK, "sleeps", "reserves nothing", stop(), long)
shows(Code.TRIGGER, "fired", "the mark is there already", stop(at=MID), long)
shows(Code.TICK, "trigger", "between two ticks", stop(at=LOW + 1), long)
shows(
    Code.OK,
    "asleep",
    "taken out of its sleep",
    Cancel(0, 0, CLIENT),
    lambda: do(long(), TRADER, replace(stop(), client_id=CLIENT)),
)


def falls(world: World) -> Shown:
    """Return the block in which every publisher says that the price has fallen."""
    world.run(advance=1_000)
    world.now += 100
    return show(world, world.prices(0, LOW), advance=0)


@STAGE.shows("trigger", Code.OK, "stop", "wakes and sells what is held, to a bid below")
def wakes() -> Shown:
    world = do(do(long(), TRADER, stop(150)), OTHER, place(100, LOW - 10))
    return falls(world)


@STAGE.shows("trigger", Code.OK, "refused", "a woken order is checked like any other")
def wakes_refused() -> Shown:
    world = do(do(long(), TRADER, stop()), OTHER, place(100, MID - 10))
    do(world, TRADER, place(100, MID - 10, SELL))
    return falls(world)


@STAGE.shows("trigger", Code.OK, "last_far_away", "a trade far from the index wakes nobody")
def wick() -> Shown:
    world = do(long(), TRADER, stop(trigger=TRIGGER_LAST + TRIGGER_FALL))
    do(world, OTHER, place(1, LOW - 10))
    do(world, MAKER, place(1, LOW - 10, SELL))
    return show(world)


@STAGE.shows("trigger", Code.OK, "bounded", "one of two a block")
def bounded() -> Shown:
    world = do(do(ready(triggers_max=1), MAKER, place(flags=SELL)), TRADER, place())
    do(world, TRADER, stop(10), stop(10, at=LOW + 10))
    do(world, OTHER, place(100, LOW - 10))
    return falls(world)


# Brackets

shows(
    Code.OK,
    "entry_fills",
    "exits are armed as soon as users' work is due",
    Bracket(0, place(50), (stop(50), profit(50))),
)
shows(Code.OK, "entry_rests", "exits wait for it", Bracket(0, place(50, MID - 10), (stop(50),)))
shows(Code.OK, "two_exits", "each ends the other", Bracket(0, None, (stop(), profit())), long)
shows(Code.REDUCE_ONLY, "flat", "nothing to exit", Bracket(0, None, (stop(), profit())))
shows(
    Code.FIELD,
    "exit_of_same_side",
    "an exit is opposed to its entry",
    Bracket(0, place(50, flags=SELL), (stop(50),)),
)
shows(
    Code.IOC_UNFILLED,
    "entry_unfilled",
    "nothing is left of it",
    Bracket(0, place(50, MID - 10, IOC), (stop(50),)),
)
shows(Code.SIZE_RANGE, "exit", "an exit of no size", Bracket(0, place(50), (stop(0),)))
shows(Code.PRICE_RANGE, "exit", "an exit without a price", Bracket(0, place(50), (stop(50, 0),)))


def stop_entry(size: int = 50, flags: int = 0) -> Bracket:
    """Return a bracket whose entry buys once the mark has risen."""
    entry = asks(size, HIGH + 10_000, flags, trigger=TRIGGER_RISE, trigger_price=Price(HIGH))
    exits = asks(size, LOW, SELL | IOC, trigger=TRIGGER_FALL, trigger_price=Price(MID))
    return Bracket(0, entry, (exits,))


shows(Code.OK, "entry_sleeps", "entry and exits wait, and reserve nothing", stop_entry())
shows(
    Code.TRIGGER,
    "entry_fired",
    "the mark is there already",
    replace(stop_entry(), entry=asks(50, trigger=TRIGGER_RISE, trigger_price=Price(MID))),
)


def rises(world: World) -> Shown:
    """Return the block in which every publisher says that the price has risen."""
    world.run(advance=1_000)
    world.now += 100
    return show(world, world.prices(0, HIGH), advance=0)


@STAGE.shows("trigger", Code.OK, "entry", "an entry wakes and fills; its exits are armed at once")
def entry_wakes() -> Shown:
    world = do(ready(), TRADER, stop_entry(50))
    return rises(do(world, OTHER, place(50, HIGH, SELL)))


@STAGE.shows("trigger", Code.OK, "entry_refused", "what cannot enter has nothing to exit")
def entry_refused() -> Shown:
    return rises(do(ready(), TRADER, stop_entry(5_000)))


@STAGE.shows("trigger", Code.OK, "entry_rests", "30 of 50 lots fill, the rest rests: no exit yet")
def entry_rests() -> Shown:
    world = do(ready(), TRADER, stop_entry(50))
    return rises(do(world, OTHER, place(30, HIGH, SELL)))


@STAGE.shows("due_group", Code.OK, "arms", "exits of as many lots as were filled")
def arms() -> Shown:
    bracket = Bracket(0, place(50), (stop(80), profit(20)))
    return show(do(book(), TRADER, bracket))


@STAGE.shows("due_group", Code.OK, "ends_the_other", "one exit fired, the other goes")
def ends_the_other() -> Shown:
    world = do(long(), TRADER, Bracket(0, None, (stop(), profit())))
    world.run()
    return falls(do(world, OTHER, place(100, LOW - 10)))


@STAGE.shows("due_group", Code.OK, "left_the_market", "nothing to exit any more: none is armed")
def left_the_market() -> Shown:
    world = do(book(), OTHER, place(50, MID - 10))
    enter = world.sign(TRADER, Bracket(0, place(50), (stop(50),)))
    close = world.sign(TRADER, ClosePosition(0, 0, Price(MID - 10)))
    world.run(enter, close)
    return show(world)


# TWAPs

LONG_TWAP = Twap(0, 0, 0, Price(MID + 10), Lots(100), 10, Millis(1_000))
shows(Code.OK, "starts", "the first slice follows in the next block", LONG_TWAP)
shows(Code.FIELD, "slices", "one slice is an order", replace(LONG_TWAP, slices=1))
shows(Code.FIELD, "post_only", "a slice takes", replace(LONG_TWAP, flags=POST))
shows(Code.TIME_PAST, "interval", "less than a second", replace(LONG_TWAP, interval=Millis(999)))
shows(Code.MARGIN, "never_opened", "an empty sub-account", replace(LONG_TWAP, sub=9))


@STAGE.shows("due_twap", Code.OK, "slice", "a tenth of it")
def slice_of_twap() -> Shown:
    return show(do(book(), TRADER, LONG_TWAP))


@STAGE.shows("due_twap", Code.OK, "catches_up", "three slices' worth, after five were missed")
def catches_up() -> Shown:
    world = do(ready(), TRADER, LONG_TWAP)
    for _ in range(5):
        world.run(world.prices(0, MID), advance=1_000)
    do(world, MAKER, place(100, MID, SELL))
    return show(world, advance=1_000)


shows(
    Code.OK,
    "twap",
    "the slice that was due goes with it",
    CancelAll(0, 0),
    lambda: do(ready(), TRADER, LONG_TWAP),
)


@STAGE.shows("due_twap", Code.OK, "ends", "after its last slice the rest is given up")
def ends() -> Shown:
    world = do(ready(), TRADER, replace(LONG_TWAP, slices=2))
    world.run(advance=100)
    return show(world, advance=1_000)


# The switch, closing, scales

shows(Code.OK, "armed", "orders go in an hour", CancelAt(0, Millis(LATER)))
shows(Code.OK, "disarmed", "orders stay", CancelAt(0, Millis(0)))
shows(Code.TIME_PAST, "past", "a time that has passed", CancelAt(0, Millis(GENESIS_MS)))
shows(Code.BALANCE, "never_opened", "an empty sub-account", CancelAt(9, Millis(LATER)))


@STAGE.shows("due_switch", Code.OK, "goes_off", "whatever rests or sleeps goes, 2 a step")
def goes_off() -> Shown:
    world = do(ready(step_visits_max=2), TRADER, *[place(1, MID - 10 * i) for i in range(1, 4)])
    do(world, TRADER, asks(10, MID, trigger=TRIGGER_RISE, trigger_price=Price(HIGH)))
    do(world, TRADER, CancelAt(0, Millis(world.now + 200)))
    return show(world)


@STAGE.shows(
    "due_switch", Code.OK, "moved", "another time was set since, and its due work went with it"
)
def moved() -> Shown:
    world = do(ready(), TRADER, place(1, MID - 10))
    first = Millis(world.now + 300)
    do(world, TRADER, CancelAt(0, first), CancelAt(0, Millis(LATER)))
    return show(world)


shows(
    Code.OK,
    "long",
    "all 100 lots, whatever was known of them",
    ClosePosition(0, 0, Price(MID - 10)),
    lambda: do(long(), OTHER, place(150, MID - 10)),
)
shows(Code.REDUCE_ONLY, "flat", "nothing to close", ClosePosition(0, 0, Price(MID)))
shows(
    Code.OK,
    "ladder",
    "five bids, the first ones a lot larger",
    Scale(0, 0, POST, Price(MID - 10), Price(MID - 200), Lots(103), 5),
)
shows(
    Code.OK,
    "first_crosses",
    "each order has a receipt of its own",
    Scale(0, 0, POST, Price(MID + 10), Price(MID - 200), Lots(100), 3),
)
