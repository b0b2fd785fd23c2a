"""Oracle updates: what publishers may say, and what follows from it."""

from statemachine.errors import Code
from tests.exchange_vectors.scene import (
    MAKER,
    MID,
    SELL,
    Shown,
    Stage,
    do,
    open_world,
    place,
    ready,
    says,
    show,
)
from tests.worlds import world_rules

STAGE = Stage()
UP = MID + 30_000


def said(
    code: Code,
    name: str,
    about: str,
    *messages: tuple[int, int, int],
    market: int = 0,
    signer: int | None = None,
) -> None:
    """Register an update of messages (publisher, price, time after the block's)."""

    def play() -> Shown:
        world = ready(1)
        return show(world, says(world, *messages, market=market, signer=signer))

    STAGE.shows("oracle", code, name, about)(play)


said(Code.OK, "three", "the lower median of three", (0, UP, 0), (1, MID, 0), (2, MID + 10, 0))
said(Code.OK, "one_news", "the other two are still fresh", (0, UP, 0))
said(Code.OK, "some_passed_over", "one too old, one taken", (1, MID, -200), (0, UP, 0))
said(Code.OK, "ahead", "as far ahead as a message may be", (0, UP, 15_000))
said(Code.MARKET_UNKNOWN, "market", "no such market", (0, UP, 0), market=9)
said(Code.PRICE_RANGE, "zero", "nothing is no price", (0, 0, 0))
said(Code.PRICE_RANGE, "limit", "2**46 is too much", (0, 2**46, 0))
said(Code.PUBLISHER, "number", "the rules name three publishers", (3, UP, 0))
said(Code.PUBLISHER, "signer", "signed by another publisher", (0, UP, 0), signer=1)
said(Code.MESSAGE_TIME, "ahead", "a millisecond too far ahead", (0, UP, 15_001))
said(Code.MESSAGE_OLD, "same_time", "no newer than its last one", (0, UP, -200))


@STAGE.shows("oracle", Code.OK, "activates", "a market's first index, from two publishers")
def activates() -> Shown:
    world = open_world(world_rules())
    return show(world, says(world, (2, UP, 0), (0, MID, 0)))


@STAGE.shows("oracle", Code.OK, "too_few", "one fresh price of two needed: index and mark stay")
def too_few() -> Shown:
    world = open_world(world_rules())
    return show(world, says(world, (1, UP, 0)))


@STAGE.shows("oracle", Code.OK, "book_moves_mark", "mark is the median of fair, book and index")
def book_moves_mark() -> Shown:
    world = ready(2)
    do(world, MAKER, place(100, MID - 20_000), place(100, MID + 40_000, SELL))
    return show(world, says(world, (0, UP, 0), (1, UP, 0), (2, UP, 0)))


@STAGE.shows("oracle", Code.OK, "old_ones_expire", "of three, only the new one is fresh: no index")
def old_ones_expire() -> Shown:
    world = ready(1)
    world.run(advance=60_001)
    return show(world, says(world, (0, UP, 0)))
