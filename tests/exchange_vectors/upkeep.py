"""What time does: samples, funding, backlogs; and the shape of blocks."""

from statemachine.actions import Bulk, Cancel
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis
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
    show,
    show_without_inbox,
)
from tests.worlds import USDC, World, trader_key

STAGE = Stage()


def lopsided() -> World:
    """Return a world in which the book stands above the index, and trader is long."""
    world = do(ready(), MAKER, place(100, MID, SELL))
    do(world, TRADER, place(100, MID))
    do(world, MAKER, place(200, MID + 30_000), place(200, MID + 40_000, SELL))
    return world


@STAGE.shows("due_sample", Code.OK, "one_second", "basis and mark follow the book")
def one_second() -> Shown:
    return show(lopsided(), advance=1_000)


@STAGE.shows("due_sample", Code.OK, "missed", "seconds without a sample count 0")
def missed() -> Shown:
    world = lopsided()
    world.run(advance=1_000)
    return show(world, advance=40_000)


@STAGE.shows("due_premium", Code.OK, "five_seconds", "the premium of a book above its index")
def five_seconds() -> Shown:
    return show(lopsided(), advance=5_000)


@STAGE.shows("due_premium", Code.OK, "one_side", "a book without asks counts 0")
def one_side() -> Shown:
    world = do(ready(), MAKER, place(200, MID + 30_000))
    return show(world, advance=5_000)


@STAGE.shows("due_funding", Code.OK, "hour", "index grows by the mean of the hour's samples")
def hour() -> Shown:
    world = lopsided()
    for _ in range(3):
        world.run(advance=5_000)
    return show(world, advance=3_600_000)


@STAGE.shows("due_funding", Code.OK, "outage", "three hours late: one is paid")
def outage() -> Shown:
    return show(lopsided(), advance=3 * 3_600_000)


@STAGE.shows("due_funding", Code.OK, "settled", "the next trade settles both sides, floored")
def settled() -> Shown:
    world = lopsided()
    world.run(advance=3_600_000)
    world.run(world.prices(0, MID))
    return show(world, world.sign(OTHER, place(50, MID + 40_000)))


@STAGE.shows("block", Code.DUE, "backlog", "due work beyond the block's bound: takers wait")
def backlog() -> Shown:
    world = ready(due_items_max=1)
    return show(world, world.sign(TRADER, place()), advance=5_000)


@STAGE.shows("block", Code.OK, "backlog_post_only", "who only makes need not wait")
def backlog_post_only() -> Shown:
    world = ready(due_items_max=1)
    return show(world, world.sign(TRADER, place(flags=4)), advance=5_000)


def waiting(kind: InboxKind, count: int = 1, **rules: int) -> World:
    """Return a world with unconsumed inbox items."""
    world = ready(**rules)
    owner = address_of(trader_key(TRADER))
    for number in range(count):
        item = InboxItem(kind, owner, 0, Micros(USDC + number), Millis(world.now))
        world.inbox.append(item)
    return world


@STAGE.shows("block", Code.OK, "empty", "nothing to do: height and time move")
def empty() -> Shown:
    return show(ready())


@STAGE.shows("block", Code.OK, "invalid_frame", "not a frame: no transaction runs, time goes on")
def invalid_frame() -> Shown:
    world = ready()
    return show(world, world.sign(TRADER, place()), advance=1_000, valid=False)


@STAGE.shows("block", Code.OK, "inbox_waits", "an item that no frame names, before its deadline")
def inbox_waits() -> Shown:
    return show_without_inbox(waiting(InboxKind.DEPOSIT))


@STAGE.shows("block", Code.OK, "inbox_overdue", "past its deadline it runs, named or not")
def inbox_overdue() -> Shown:
    world = waiting(InboxKind.FORCED_WITHDRAW)
    return show_without_inbox(world, advance=86_400_000)


@STAGE.shows("block", Code.OK, "inbox_bound", "three overdue items, two a block")
def inbox_bound() -> Shown:
    world = waiting(InboxKind.DEPOSIT, 3, inbox_items_max=2)
    return show_without_inbox(world, advance=86_400_000)


@STAGE.shows("block", Code.OK, "segments", "steps of a bulk over three segments")
def segments() -> Shown:
    world = ready(segment_steps_max=4)
    legs = tuple(place(1 + i, MID - 10 * i) for i in range(9))
    return show(world, world.sign(TRADER, Bulk(0, legs)))


@STAGE.shows("block", Code.OK, "segment_cost", "a segment ends with the step that fills its cost")
def segment_cost() -> Shown:
    world = ready(segment_cost_max=30)
    legs = (place(1), place(2), Cancel(0, 0, 7), place(3))
    return show(world, world.sign(MAKER, Bulk(0, legs)), world.sign(TRADER, place(4)))
