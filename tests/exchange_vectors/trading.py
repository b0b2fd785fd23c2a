"""Orders placed, matched, changed and cancelled, and bulks of them."""

from collections.abc import Callable
from dataclasses import replace

from statemachine.actions import (
    MARKET_EVERY,
    Bulk,
    Cancel,
    CancelAll,
    Leg,
    Modify,
    PlaceOrder,
    Poke,
)
from statemachine.errors import Code
from statemachine.units import Lots, Price
from tests.exchange_vectors.rescue import LOTS, SHORT_OF_MM, flagged, leveraged
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
    fall_to,
    open_world,
    place,
    ready,
    show,
    signed,
)
from tests.worlds import USDC, World, market_rules, world_rules

STAGE = Stage()
TOP = MID * 103 // 100
"""As high as a bid may be: 3% above the mark."""
BOTTOM = MID * 97 // 100


def book(**rules: int) -> World:
    """Return a world with two asks of the maker's, 100 lots at MID and 100 a tick above."""
    return do(ready(**rules), MAKER, place(flags=SELL), place(100, MID + 10, SELL))


def long() -> World:
    """Return a world in which the trader is long 100 lots, and nothing rests."""
    return do(do(ready(), MAKER, place(flags=SELL)), TRADER, place())


def priced_one_of_two() -> World:
    """Return a world whose market 1 has no price yet."""
    world = open_world(world_rules(2))
    world.deposit(TRADER, USDC)
    world.run(world.prices(0, MID))
    return world


def later() -> World:
    """Return a world a minute after its last price."""
    world = ready()
    world.run(advance=60_001)
    return world


def order(
    code: Code, name: str, about: str, action: PlaceOrder, setting: Callable[[], World] = book
) -> None:
    """Register an order of the trader's."""
    STAGE.add("order", code, name, about, setting, signed(TRADER, action))


# What orders do

order(Code.OK, "rests", "below the best ask", place(10, MID - 10))
order(Code.OK, "rests_at_band", "as high as the band allows", place(10, TOP), ready)
order(Code.OK, "fills", "at the maker's price, not its own", place(10, MID + 500))
order(Code.OK, "fills_then_rests", "takes 100, rests 50", place(150))
order(Code.OK, "fills_two_levels", "the better price first", place(150, MID + 10))
order(Code.OK, "ioc", "takes 100 of 150, the rest goes", place(150, flags=IOC))
order(Code.OK, "post_only", "rests a tick below the ask", place(10, MID - 10, POST))
order(Code.OK, "client_id", "bound while it rests", place(10, MID - 10, client_id=CLIENT))
order(Code.OK, "reduce_only", "shrunk to what it may reduce", place(150, TOP, SELL | REDUCE), long)
order(
    Code.OK,
    "flips",
    "closes 100 long and opens 50 short",
    place(150, MID - 500, SELL),
    lambda: do(long(), MAKER, place(200, MID - 500)),
)


@STAGE.shows("order", Code.OK, "rebate", "the maker is paid out of the taker's fee, floored")
def rebate() -> Shown:
    rules = replace(world_rules(1), markets=(market_rules(0, maker_ppm=-333),))
    world = open_world(rules)
    world.open(2, MID, 1_000 * USDC)
    do(world, MAKER, place(7, MID + 10, SELL))
    return show(world, world.sign(TRADER, place(7, MID + 10)))


@STAGE.shows("order", Code.OK, "self_trade", "one's own order goes; the next one fills")
def self_trade() -> Shown:
    world = do(ready(), TRADER, place(10, MID, SELL))
    do(world, MAKER, place(10, MID + 10, SELL))
    return show(world, world.sign(TRADER, place(10, MID + 10)))


@STAGE.shows("order", Code.OK, "self_trade_of_sub", "sub-accounts of one owner do not trade")
def self_trade_of_sub() -> Shown:
    world = ready()
    world.deposit(TRADER, 100 * USDC, sub=1)
    world.run()
    do(world, TRADER, place(10, MID, SELL, sub=1))
    do(world, MAKER, place(10, MID + 10, SELL))
    return show(world, world.sign(TRADER, place(10, MID + 10)))


@STAGE.shows("order", Code.OK, "band_maker", "an offer that has come to be beyond the band goes")
def band_maker() -> Shown:
    world = do(ready(), MAKER, place(10, BOTTOM, SELL))
    world.run()
    world.run(world.prices(0, MID + 90_000))
    return show(world, world.sign(TRADER, place(10, MID)))


@STAGE.shows("order", Code.OK, "reduce_only_maker", "shrunk when visited, removed at nothing left")
def reduce_only_maker() -> Shown:
    world = long()
    do(world, TRADER, place(60, MID + 10, SELL | REDUCE), place(60, MID + 20, SELL | REDUCE))
    do(world, TRADER, place(70, MID + 30, SELL | REDUCE))
    return show(world, world.sign(OTHER, place(200, MID + 40, IOC)))


@STAGE.shows("order", Code.OK, "flagged_maker", "orders of a portfolio being closed go")
def flagged_maker() -> Shown:
    world = leveraged(step_visits_max=2, step_continuations_max=1)
    for _ in range(3):
        do(world, TRADER, place(1, MID - 150_000))
    fall_to(world, SHORT_OF_MM)
    do(world, OTHER, place(10, MID - 160_000))
    # The poke gets as far as two of three; the seller meets the third, then the other's bid.
    poke, sale = Poke(1, 0), place(10, MID - 160_000, SELL | IOC)
    return show(world, world.sign(OTHER, poke), world.sign(MAKER, sale))


def many(count: int, **rules: int) -> World:
    """Return a world with ``count`` asks of one lot."""
    return do(ready(**rules), MAKER, *[place(1, MID + 10 * i, SELL) for i in range(count)])


order(
    Code.OK,
    "over_steps",
    "20 visits, 16 a step; then it rests",
    place(30, MID + 1_000),
    lambda: many(20),
)
order(
    Code.OK,
    "over_three_steps",
    "one receipt: lots, notional and fee of all steps",
    place(7, MID + 1_000),
    lambda: many(7, step_visits_max=3),
)
order(
    Code.OK,
    "over_steps_client_id",
    "bound while it goes on, free once it is filled",
    place(20, MID + 1_000, client_id=CLIENT),
    lambda: many(20),
)
order(
    Code.FILL_LIMIT,
    "steps",
    "two steps of three visits: the rest goes",
    place(10, MID + 1_000),
    lambda: many(8, step_visits_max=3, step_continuations_max=2),
)

# What orders are refused for

order(Code.MARKET_UNKNOWN, "market", "no such market", place(market=9))
order(
    Code.CLIENT_ID_EXISTS,
    "live",
    "the order that has the id is named",
    place(0, 3, client_id=CLIENT),
    lambda: do(ready(), TRADER, place(10, MID - 10, client_id=CLIENT)),
)
order(
    Code.MARKET_STATE,
    "no_price",
    "a market before its first index",
    place(market=1),
    priced_one_of_two,
)
order(Code.FIELD, "ioc_post_only", "it cannot be both", place(flags=IOC | POST))
order(Code.SIZE_RANGE, "zero", "nothing is no size", place(0))
order(Code.SIZE_RANGE, "limit", "2**53 lots", place(2**53))
order(Code.PRICE_RANGE, "zero", "nothing is no price", place(price=0))
order(Code.PRICE_RANGE, "limit", "price times size reaches 2**80", place(2**52, 2**40))
order(Code.TICK, "off", "between two ticks", place(price=MID + 1))
order(Code.NOTIONAL_MIN, "dust", "below the minimum notional", place(1, 10))
order(Code.ORACLE_STALE, "minute", "the index is older than a minute", place(), later)
order(Code.BAND, "bid", "a tick above the band", place(price=TOP + 10))
order(Code.BAND, "ask", "a tick below the band", place(price=BOTTOM - 10, flags=SELL))
order(Code.LIQUIDATING, "flagged", "it may only reduce at once", place(1, SHORT_OF_MM), flagged)
order(Code.REDUCE_ONLY, "flat", "nothing to reduce", place(flags=REDUCE))
order(Code.REDUCE_ONLY, "same_side", "it would add", place(flags=REDUCE), long)
order(
    Code.REDUCE_ONLY,
    "crowded",
    "a ninth one on a position",
    place(1, MID, SELL | REDUCE),
    lambda: do(long(), TRADER, *[place(1, MID + 10, SELL | REDUCE)] * 8),
)
order(Code.POST_ONLY_CROSSES, "ask", "the best ask is named", place(flags=POST))
order(
    Code.ORDERS_MAX,
    "two",
    "a third, where two may rest",
    place(1, MID - 10),
    lambda: do(ready(orders_per_portfolio_max=2), TRADER, *[place(1, MID - 10)] * 2),
)
order(
    Code.ORDERS_MAX,
    "by_equity",
    "one is free, 1,000 USDC pay for two more",
    place(1, MID - 10),
    lambda: do(
        ready(orders_free_max=1, order_equity=500 * USDC), TRADER, *[place(1, MID - 10)] * 3
    ),
)
order(
    Code.OK,
    "without_room",
    "what ends at once needs no room",
    place(1, MID, IOC),
    lambda: do(book(orders_per_portfolio_max=2), TRADER, *[place(1, MID - 10)] * 2),
)
order(Code.MARGIN, "never_opened", "a sub-account without money", place(sub=3))
order(Code.MARGIN, "size", "worth 21 times the balance", place(3_500))
order(Code.MARGIN, "fee", "the margin is there, the fee is not", place(3_333), ready)
order(Code.IOC_UNFILLED, "nothing", "nothing at its price", place(price=MID - 10, flags=IOC))


@STAGE.shows("order", Code.OK, "stale_reduce_only", "a stale price lets positions shrink")
def stale_reduce_only() -> Shown:
    world = long()
    world.run(advance=60_001)
    return show(world, world.sign(TRADER, place(100, MID, SELL | REDUCE)))


@STAGE.shows(
    "order", Code.OK, "flagged_reduces", "its owner may still close it, and is not riskier"
)
def flagged_reduces() -> Shown:
    world = do(flagged(), MAKER, place(LOTS, SHORT_OF_MM))
    return show(world, world.sign(TRADER, place(LOTS, SHORT_OF_MM, SELL | IOC | REDUCE)))


@STAGE.shows("order", Code.OK, "not_riskier", "short of IM, but the order only reduces")
def not_riskier() -> Shown:
    world = fall_to(leveraged(), MID - 60_000)
    return show(world, world.sign(TRADER, place(LOTS, MID - 60_000, SELL)))


@STAGE.shows("order", Code.MARGIN, "riskier", "reduces, but at a price that costs too much")
def riskier() -> Shown:
    world = fall_to(leveraged(), SHORT_OF_MM)
    worst = (SHORT_OF_MM * 97 // 100 + 9) // 10 * 10
    return show(world, world.sign(TRADER, place(LOTS // 2, worst, SELL)))


@STAGE.shows("order", Code.MARKETS_MAX, "seventeenth", "16 markets hold a position or an order")
def markets_max() -> Shown:
    world = ready(1, 10_000 * USDC, 17)
    do(world, TRADER, *[place(1, MID - 10, market=market) for market in range(16)])
    return show(world, world.sign(TRADER, place(1, MID - 10, market=16)))


@STAGE.shows("order", Code.OVERFLOW, "held", "what is held and asked for reaches 2**62 lots")
def overflow() -> Shown:
    rules = replace(world_rules(1), markets=(market_rules(0, tick=1, taker_ppm=0, maker_ppm=0),))
    world = open_world(rules)
    world.open(2, 1, 2**62)
    most = 2**53 - 1
    for _ in range(32):
        legs = (place(most, 1, SELL),) * 16
        world.run(world.sign(MAKER, Bulk(0, legs)))
        world.run(world.sign(TRADER, Bulk(0, (place(most, 1),) * 16)))
    return show(world, world.sign(TRADER, place(most, 1)))


# Changes


def modify(
    code: Code,
    name: str,
    about: str,
    *,
    size: int,
    price: int,
    flags: int = 0,
    ref: int | bytes = CLIENT,
    market: int = 0,
) -> None:
    """Register a change of the trader's bid of 50 lots, 20 of them filled, at MID - 100."""
    action = Modify(0, market, flags, ref, Price(price), Lots(size))
    STAGE.add("modify", code, name, about, resting, signed(TRADER, action))


def resting() -> World:
    """Return a world in which the trader bids 50 lots, of which 20 are filled."""
    world = do(ready(), TRADER, place(50, MID - 100, client_id=CLIENT), place(60, MID - 100))
    do(world, OTHER, place(20, MID - 100, SELL))
    return do(world, MAKER, place(100, MID, SELL))


AT = MID - 100
modify(Code.OK, "shrinks", "fewer lots keep the place and the id", size=10, price=AT)
modify(Code.OK, "grows", "more lots are a new order, behind the other", size=31, price=AT)
modify(Code.OK, "moves", "another price is a new order, with the client id", size=30, price=AT + 50)
modify(Code.OK, "takes", "a price that crosses trades", size=30, price=MID)
modify(Code.OK, "by_number", "named by its id", size=5, price=AT, ref=1)
modify(Code.MARKET_UNKNOWN, "market", "no such market", size=5, price=AT, market=9)
modify(Code.ORDER_UNKNOWN, "id", "no order of one's own", size=5, price=AT, ref=3)
modify(Code.ORDER_UNKNOWN, "client_id", "no such client id", size=5, price=AT, ref=bytes(16))
modify(Code.FIELD, "side", "a change of side is a new order", size=5, price=AT, flags=SELL)
modify(Code.FIELD, "ioc", "what rests cannot become IOC", size=5, price=AT, flags=IOC)
modify(Code.SIZE_RANGE, "zero", "no lots: say cancel", size=0, price=AT)
modify(Code.TICK, "off", "between two ticks", size=5, price=AT + 1)
modify(Code.POST_ONLY_CROSSES, "ask", "the best ask is named", size=5, price=MID, flags=POST)
modify(Code.MARGIN, "size", "the old order stays as it was", size=5_000, price=AT)


# Cancels


def cancel(code: Code, name: str, about: str, ref: int | bytes, market: int = 0) -> None:
    """Register a cancel in the world in which the trader has two bids."""
    action = Cancel(0, market, ref)
    STAGE.add("cancel", code, name, about, resting, signed(TRADER, action))


cancel(Code.OK, "by_number", "named by its id", 2)
cancel(Code.OK, "by_client_id", "the id is free again", CLIENT)
cancel(Code.ORDER_UNKNOWN, "gone", "an order that is filled", 3)
cancel(Code.ORDER_UNKNOWN, "of_another", "somebody else's order", 4)
cancel(Code.ORDER_UNKNOWN, "other_market", "it is in another market", CLIENT, 1)


def cancel_all(code: Code, name: str, about: str, market: int, count: int = 3) -> None:
    """Register a cancel of everything, with ``count`` orders in each of two markets."""

    def setting() -> World:
        world = ready(markets=2)
        for at in (0, 1):
            do(world, TRADER, *[place(1, MID - 10, market=at)] * count)
        return world

    action = CancelAll(0, market)
    STAGE.add("cancel_all", code, name, about, setting, signed(TRADER, action))


cancel_all(Code.OK, "market", "three of six; the receipt counts", 1)
cancel_all(Code.OK, "every", "all six", MARKET_EVERY)
cancel_all(Code.OK, "over_steps", "20 orders, 16 a step, one receipt", MARKET_EVERY, 10)
cancel_all(Code.MARKET_UNKNOWN, "market", "no such market", 9)


# Bulks


def bulk(code: Code, name: str, about: str, *legs: Leg) -> None:
    """Register a bulk of the trader's; ``code`` is its last leg's."""
    STAGE.add("bulk", code, name, about, resting, signed(TRADER, Bulk(0, legs)))


bulk(
    Code.OK,
    "mixed",
    "each leg is a step with a receipt; a refused one stops no other",
    Cancel(0, 0, 2),
    Cancel(0, 0, 2),
    place(10, MID - 50),
    Modify(0, 0, 0, CLIENT, Price(AT), Lots(7)),
)
bulk(
    Code.MARGIN,
    "uses_up_margin",
    "each leg counts the ones before it",
    place(2_000, MID - 50),
    place(2_000, MID - 50),
)
