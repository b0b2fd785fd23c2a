"""Forced actions: through L1 orders go, positions close, agents end, portfolios are poked."""

from dataclasses import replace
from typing import Any

from statemachine.actions import ApproveAgent, Poke, SetMarketState, Withdraw
from statemachine.errors import Code
from statemachine.handlers.agents import KINDS_ALLOWED
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.states import STATE_CANCEL_ONLY, STATE_PAUSED, STATE_SETTLED
from statemachine.units import Micros, Millis
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
    place,
    ready,
    show,
)
from tests.exchange_vectors.tail import BANKRUPT, fallen, leveraged
from tests.worlds import USDC, World, trader_key

STAGE = Stage()
SIZE = 100
OWNER, MAKER_OWNER = address_of(trader_key(TRADER)), address_of(trader_key(MAKER))
STRANGER, AGENT = address_of(trader_key(8)), address_of(trader_key(9))
LATER = Millis(1_800_000_000_000)
HUNDREDTH = MID // 100


def item_of(kind: InboxKind, **fields: Any) -> InboxItem:
    """Return what the trader asks L1 for."""
    return replace(InboxItem(kind, OWNER, 0, Micros(0), Millis(0)), **fields)


def asked(world: World, item: InboxItem, *, advance: int = 100) -> Shown:
    """Show a block that takes one item."""
    world.inbox.append(replace(item, time=Millis(world.now)))
    return show(world, advance=advance)


def holding(**rules: Any) -> World:
    """Return a world in which the trader is long 100 lots, and the maker short."""
    world = do(ready(**rules), MAKER, place(SIZE, MID, SELL))
    return do(world, TRADER, place(SIZE))


def bid(world: World, *bids: tuple[int, int]) -> World:
    """Let the third trader bid (lots, price)."""
    return do(world, OTHER, *(place(size, price) for size, price in bids))


def priced(world: World, price: int) -> World:
    """Return the world with another price, and the mark at it."""
    world.run(world.prices(0, price))
    world.run(world.prices(0, price), advance=1_000)
    return world


def shows(handler: str, code: Code, name: str, about: str, setting: Any, **fields: Any) -> None:
    """Register what becomes of a kind of item in a setting."""
    kind = InboxKind[handler.upper()]
    STAGE.shows(handler, code, name, about)(lambda: asked(setting(), item_of(kind, **fields)))


def closes(code: Code, name: str, about: str, setting: Any, price: int = 0, **fields: Any) -> None:
    """Register a close."""
    shows("forced_close", code, name, about, setting, price=price, **fields)


def governed(state: int) -> World:
    """Return a world with a bid, whose market the guardian moved to another state."""
    world = bid(holding(guardian=MAKER_OWNER), (SIZE, MID))
    return do(world, MAKER, SetMarketState(0, state))


# Cancel-all


def with_orders(count: int) -> World:
    """Return a world in which the trader has orders in the book."""
    world = ready(orders_free_max=200)
    return do(world, TRADER, *(place(1, MID - 60_000 - 1_000 * number) for number in range(count)))


ALL = "forced_cancel_all"
shows(ALL, Code.OK, "every", "all of a sub-account's orders go", lambda: with_orders(3))
shows(ALL, Code.OK, "over_steps", "16 in a step, as long as it takes", lambda: with_orders(35))
shows(ALL, Code.OK, "none", "there is nothing to cancel", ready)
shows(ALL, Code.SIGNER_UNKNOWN, "stranger", "an address that owns nothing", ready, owner=STRANGER)


# Close: what the book gives

closes(
    Code.OK,
    "book",
    "no price is named: down to the band, for a taker's fee",
    lambda: bid(holding(), (60, MID), (60, MID - HUNDREDTH)),
)
closes(
    Code.OK,
    "price",
    "as much as there is at the price that is named",
    lambda: bid(holding(), (60, MID), (60, MID - HUNDREDTH)),
    MID,
)
closes(
    Code.OK,
    "price_past_the_band",
    "a price past the band is the band; what is left goes at mark",
    lambda: bid(holding(), (60, MID - HUNDREDTH), (60, MID - 20 * HUNDREDTH)),
    MID // 2,
)
closes(
    Code.OK,
    "over_steps",
    "more orders than a step may visit",
    lambda: bid(holding(), *((5, MID) for _ in range(20))),
)
closes(
    Code.OK,
    "cancel_only",
    "where nobody else may take",
    lambda: governed(STATE_CANCEL_ONLY),
)
closes(
    Code.OK,
    "short",
    "a short buys back",
    lambda: do(holding(), OTHER, place(SIZE, MID + HUNDREDTH, SELL)),
    owner=MAKER_OWNER,
)


# Close: at the mark, against the ranks


def gained_shorts() -> World:
    """Return a world of two shorts that have gained, and no book."""
    world = do(holding(), OTHER, place(60, MID + HUNDREDTH, SELL))
    return priced(do(world, TRADER, place(60, MID + HUNDREDTH)), MID - HUNDREDTH)


def poor_short() -> World:
    """Return a world in which a short has lost more than it had, and nobody poked it yet."""
    return priced(short_of(ready()), MID + 6 * HUNDREDTH)


def short_of(world: World) -> World:
    """Let a trader without more than his margin sell to the trader."""
    world.deposit(3, 31 * USDC)
    world.run()
    do(world, 3, place(SIZE, MID, SELL))
    return do(world, TRADER, place(SIZE))


def poor_and_rich_short() -> World:
    """Return a world with one more short behind that one, of a step for each."""
    world = do(short_of(ready(victims_max=1)), MAKER, place(SIZE, MID - HUNDREDTH, SELL))
    return priced(do(world, TRADER, place(SIZE, MID - HUNDREDTH)), MID + 6 * HUNDREDTH)


closes(Code.OK, "at_mark", "nobody bids: who sold it buys it back, at mark", holding)
closes(Code.OK, "at_mark_gained", "who gained most is first, both at mark", gained_shorts)
closes(
    Code.OK,
    "at_mark_lost",
    "one who has lost closes as well, if he can pay for it",
    lambda: priced(holding(), MID + HUNDREDTH),
)
closes(
    Code.OK,
    "book_then_mark",
    "the book first, what it does not give at mark, in a step of its own",
    lambda: bid(holding(), (40, MID - HUNDREDTH)),
)
closes(
    Code.OK,
    "beyond_the_band",
    "a bid that no order may take is none",
    lambda: bid(holding(), (SIZE, MID - 20 * HUNDREDTH)),
)
closes(
    Code.OK,
    "passes_over",
    "who would have to borrow is passed over, and the next one looked at",
    poor_and_rich_short,
)
closes(
    Code.OK,
    "one_victim_a_step",
    "as many steps as there are ranks to look at",
    lambda: priced(crowd(victims_max=1), MID - HUNDREDTH),
)


def crowd(**rules: Any) -> World:
    """Return a world in which the trader bought from three."""
    world = ready(5, **rules)
    for seller in (MAKER, OTHER, 3):
        do(world, seller, place(40, MID, SELL))
        do(world, TRADER, place(40))
    return world


# What is not closed


def flagged() -> World:
    """Return a world in which the trader is being liquidated."""
    world = fallen(leveraged())
    return do(world, OTHER, Poke(1, 0))


closes(Code.SIGNER_UNKNOWN, "stranger", "an address that owns nothing", holding, owner=STRANGER)
closes(Code.MARKET_UNKNOWN, "market", "no such market", holding, market=9)
closes(Code.MARKET_STATE, "paused", "what a halt holds up", lambda: governed(STATE_PAUSED))
closes(Code.LIQUIDATING, "flagged", "it is being closed", flagged)
closes(Code.REDUCE_ONLY, "flat", "there is nothing to close", ready)
closes(Code.REDUCE_ONLY, "never_opened", "a sub-account that does not exist", holding, sub=9)
closes(
    Code.MARGIN,
    "bankrupt",
    "who has nothing left is for liquidation to close",
    lambda: fallen(leveraged(), BANKRUPT),
)
closes(Code.IOC_UNFILLED, "price", "nobody pays it, and the mark is worse", holding, MID + 1)
closes(
    Code.IOC_UNFILLED,
    "worse_bids",
    "who names a price has to take the book that there is",
    lambda: bid(holding(), (SIZE, MID - HUNDREDTH)),
    MID,
)
closes(
    Code.IOC_UNFILLED,
    "short_cannot_pay",
    "the only one to close against would have to borrow",
    poor_short,
)
closes(
    Code.FILL_LIMIT,
    "steps",
    "after so many steps it has to be asked for again",
    lambda: priced(crowd(victims_max=1, step_continuations_max=2), MID - HUNDREDTH),
)


@STAGE.shows("forced_close", Code.IOC_UNFILLED, "stale", "no book, and no fresh mark either")
def stale_mark() -> Shown:
    world = holding()
    world.run(advance=61_000)
    return asked(world, item_of(InboxKind.FORCED_CLOSE))


@STAGE.shows("forced_close", Code.OK, "waited", "what was fresh when it was queued is fresh enough")
def waited() -> Shown:
    return asked(holding(), item_of(InboxKind.FORCED_CLOSE), advance=61_000)


@STAGE.shows(
    "forced_close", Code.OK, "pressed", "whose margin bears no slippage closes at the mark"
)
def pressed() -> Shown:
    world = fallen(leveraged(), MID - 120_000)
    return asked(bid(world, (3_000, MID - 300_000)), item_of(InboxKind.FORCED_CLOSE))


# Oracle messages, and what they are fresh for

DAY = 86_400_000


def says_on_l1(
    world: World, price: int, publisher: int = 0, *, market: int = 0, after: int = 0
) -> InboxItem:
    """Return a publisher's message as it is queued on L1."""
    known = world.rules.publishers
    owner = known[publisher] if publisher < len(known) else STRANGER
    return InboxItem(
        InboxKind.ORACLE,
        owner,
        0,
        Micros(0),
        Millis(world.now),
        market=market,
        price=price,
        publisher=publisher,
        told=world.now + after,
    )


def told(
    code: Code, name: str, about: str, setting: Any, price: int = MID + HUNDREDTH, **fields: Any
) -> None:
    """Register what becomes of one message, one day after it was queued."""

    def play() -> Shown:
        world = setting()
        world.run(advance=1_000)
        item = replace(says_on_l1(world, price), **fields)
        world.inbox.append(item)
        return show(world, advance=DAY)

    STAGE.shows("oracle_item", code, name, about)(play)


told(Code.OK, "one", "one publisher is not enough for another index", holding)
told(
    Code.OK,
    "alone",
    "where one is enough it sets the index, fresh by when it was queued",
    lambda: holding(publishers_min=1),
)
told(Code.MARKET_UNKNOWN, "market", "no such market", holding, market=9)
told(Code.PRICE_RANGE, "zero", "nothing has no price", holding, 0)
told(Code.PUBLISHER, "stranger", "not that publisher's address", holding, owner=STRANGER)
told(Code.PUBLISHER, "unknown", "there are only three", holding, publisher=3)
told(Code.MESSAGE_OLD, "old", "he has said something later", holding, told=1)


@STAGE.shows("oracle_item", Code.MESSAGE_TIME, "future", "he speaks of what is to come")
def future() -> Shown:
    world = holding()
    world.run(advance=1_000)
    world.inbox.append(says_on_l1(world, MID, after=16_000))
    return show(world)


@STAGE.shows("oracle_item", Code.MARKET_STATE, "settled", "a settled market takes no prices")
def settled() -> Shown:
    world = governed(STATE_SETTLED)
    world.run(advance=1_000)
    world.inbox.append(says_on_l1(world, MID))
    return show(world)


@STAGE.shows("withdraw", Code.ORACLE_STALE, "behind_an_item", "an item's patience is its own")
def behind_an_item() -> Shown:
    world = holding()
    world.inbox.append(replace(item_of(InboxKind.FORCED_CANCEL_ALL), time=Millis(world.now)))
    world.now += 61_000
    return show(world, world.sign(TRADER, Withdraw(0, Micros(USDC))))


def silent_day(*, prices: bool) -> Shown:
    """Show how somebody with a position leaves after a day without a sequencer."""
    world = holding()
    world.run(advance=100_000)
    queued = [says_on_l1(world, MID - HUNDREDTH, place) for place in (0, 2)] if prices else []
    close = replace(item_of(InboxKind.FORCED_CLOSE), time=Millis(world.now))
    leave = replace(item_of(InboxKind.FORCED_WITHDRAW), time=Millis(world.now))
    world.inbox += [*queued, close, leave]
    return show(world, advance=DAY, valid=False)


@STAGE.shows(
    "forced_withdrawal", Code.OK, "without_sequencer", "prices, a close and a withdrawal, by L1"
)
def without_sequencer() -> Shown:
    return silent_day(prices=True)


@STAGE.shows(
    "forced_withdrawal", Code.ORACLE_STALE, "without_prices", "nobody said a price in time"
)
def without_prices() -> Shown:
    return silent_day(prices=False)


# Revoke


def with_agent() -> World:
    return do(ready(), TRADER, ApproveAgent(AGENT, LATER, KINDS_ALLOWED, 0))


REVOKE = "forced_revoke"
shows(REVOKE, Code.OK, "agent", "it ends, for good", with_agent, other=AGENT)
shows(REVOKE, Code.AGENT_UNKNOWN, "stranger", "nobody's agent", with_agent, other=STRANGER)
shows(
    REVOKE,
    Code.AGENT_UNKNOWN,
    "anothers",
    "an agent of somebody else's",
    with_agent,
    owner=MAKER_OWNER,
    other=AGENT,
)
shows(
    REVOKE,
    Code.SIGNER_UNKNOWN,
    "by_itself",
    "an agent owns nothing",
    with_agent,
    owner=AGENT,
    other=AGENT,
)


# Poke

POKE = "forced_poke"
shows(
    POKE,
    Code.OK,
    "slice",
    "a liquidation begins, and pays who asked",
    lambda: bid(fallen(leveraged()), (3_000, MID - 300_000)),
    owner=MAKER_OWNER,
    other=OWNER,
)
shows(
    POKE,
    Code.OK,
    "by_a_stranger",
    "who has no account is paid nothing",
    lambda: bid(fallen(leveraged()), (3_000, MID - 300_000)),
    owner=STRANGER,
    other=OWNER,
)
shows(POKE, Code.HEALTHY, "sound", "nothing is wrong with it", holding, other=MAKER_OWNER)
shows(POKE, Code.SIGNER_UNKNOWN, "stranger", "nobody's portfolio", holding, other=STRANGER)


@STAGE.shows(
    "forced_close", Code.OK, "named_reduce_only", "resting reduce-only orders of its own stay"
)
def keeps_orders() -> Shown:
    world = do(holding(), TRADER, place(10, MID + HUNDREDTH, SELL | REDUCE))
    return asked(bid(world, (40, MID)), item_of(InboxKind.FORCED_CLOSE, price=MID))
