"""Atomic bulks: all of their legs, or none."""

from statemachine.actions import TRIGGER_FALL, Bulk, Cancel, Leg, Modify, PlaceOrder, Terms
from statemachine.errors import Code
from statemachine.units import Lots, Price
from tests.exchange_vectors.scene import (
    CLIENT,
    IOC,
    MAKER,
    MID,
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
AT = MID - 100
FOK = 16
NO_SUCH = Cancel(0, 0, 99)


def resting() -> World:
    """Return a world: the trader bids 50 and 60 lots, and 30 offers of a lot each stand at MID."""
    world = do(ready(2), TRADER, place(50, AT, client_id=CLIENT), place(60, AT))
    return do(world, MAKER, *[place(1, MID, SELL)] * 30)


def atomic(code: Code, name: str, about: str, *legs: Leg) -> None:
    """Register an atomic bulk of the trader's; ``code`` is its last leg's."""
    STAGE.add("atomic", code, name, about, resting, signed(TRADER, Bulk(0, legs, atomic=True)))


atomic(
    Code.OK,
    "replaces",
    "an order goes, another of the other side comes, in one step",
    Cancel(0, 0, CLIENT),
    place(50, MID + 50, SELL, client_id=CLIENT),
)
atomic(Code.OK, "takes", "eight visits are what its legs share", place(5, MID), place(3, MID))
atomic(
    Code.ORDER_UNKNOWN,
    "undone",
    "a trade, a cancel and a modify, and then one leg too many",
    place(4, MID),
    Cancel(0, 0, 2),
    Modify(0, 0, 0, CLIENT, Price(AT), Lots(7)),
    NO_SUCH,
)
atomic(
    Code.ATOMIC,
    "not_run",
    "what follows the leg that failed is not even tried",
    place(4, MID),
    NO_SUCH,
    place(1, AT),
)
atomic(Code.FILL_LIMIT, "visits", "a ninth visit, in its second leg", place(5, MID), place(4, MID))
atomic(
    Code.FOK_UNFILLED, "visits", "three visits are left for four", place(5, MID), place(4, MID, FOK)
)
atomic(Code.IOC_UNFILLED, "nothing", "a leg that traded nothing", place(1, AT), place(9, AT, IOC))
atomic(Code.MARGIN, "uses_up_margin", "each leg counts the ones before it", *[place(1_700, AT)] * 2)
atomic(
    Code.CLIENT_ID_EXISTS, "twice", "one leg took it", *[place(1, AT, client_id=CLIENT[::-1])] * 2
)


@STAGE.shows("atomic", Code.ATOMIC, "legs", "three, where the rules allow two: the first says so")
def too_many_legs() -> Shown:
    world = do(ready(2, atomic_legs_max=2), TRADER, place(1, AT))
    legs = (Cancel(0, 0, 1), place(1, AT), place(1, AT))
    return show(world, world.sign(TRADER, Bulk(0, legs, atomic=True)))


@STAGE.shows(
    "atomic", Code.ORDER_UNKNOWN, "sleeper", "a stop is put to sleep, one is woken: undone"
)
def sleepers() -> Shown:
    fall = Terms(trigger=TRIGGER_FALL, trigger_price=Price(MID - 60_000))
    flags = SELL | IOC | REDUCE
    stop = PlaceOrder(0, 0, flags, Price(MID - 90_000), Lots(5), b"", fall)
    world = do(resting(), TRADER, place(5, MID), stop)
    number = world.state.ledger().next_sequence - 1
    legs = (Cancel(0, 0, number), stop, NO_SUCH)
    return show(world, world.sign(TRADER, Bulk(0, legs, atomic=True)))


@STAGE.shows("atomic", Code.OK, "after_one_undone", "later in the block, as if it had not been")
def after_one_undone() -> Shown:
    world = resting()
    undone = world.sign(TRADER, Bulk(0, (place(5, MID), place(9, AT), NO_SUCH), atomic=True))
    kept = world.sign(TRADER, Bulk(0, (place(5, MID), place(9, AT)), atomic=True))
    return show(world, undone, kept)
