"""What a trader asks for, checked before it is signed.

Every function here turns words and decimals into one action of the
exchange, under the rules of its market, and raises ``BadRequest`` for what
the exchange would refuse anyway.  Nothing is sent from here.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from sextant.client.amounts import Amount, Rounding, scale_exact
from sextant.client.market import Market
from sextant.client.models import Side, Ticker
from sextant.client.names import ClientId, read_client_id
from sextant.errors import BadRequest
from statemachine.actions import (
    FEE_ANY,
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    NO_TERMS,
    SELF_TRADE_OWN_SUB,
    TRIGGER_FALL,
    TRIGGER_RISE,
    Modify,
    PlaceOrder,
    Terms,
)
from statemachine.units import Lots, Millis, Price

PPM_ONE: Final = 1_000_000
SLIPPAGE: Final = Decimal("0.01")


class TimeInForce(StrEnum):
    """How long an order waits: until cancelled, not at all, or all of it at once or nothing."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class SelfTrade(StrEnum):
    """Which of your own orders goes when two of them meet."""

    MAKER = "maker"
    TAKER = "taker"
    BOTH = "both"
    DECREMENT = "decrement"


class PriceSource(StrEnum):
    """Which price a stop or a take-profit watches."""

    MARK = "mark"
    INDEX = "index"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order as a trader writes it; ``limit=None`` is a market order.

    Parameters
    ----------
    market, side, size
        Such as ``"BTC"``, ``"buy"``, ``"0.5"``.
    limit
        Worst price; without it the order takes what there is, no worse than
        ``slippage`` from mark.
    client_id
        Your own name for it, 128 bits; sending it twice never doubles it.
    rounding
        Which way to move a price or size that is not on the grid; without
        it such a number is refused.
    expires_at_ms
        When it ends by itself, in the chain's time.
    slide
        A post-only order that would cross moves to one tick from the other
        side instead of being refused.
    stop, take_profit
        The price at which it wakes; until then it sleeps, and reserves no
        margin.  ``source`` says which price is watched.
    self_trade, self_trade_sub
        What to do where it would meet an order of the same owner (or, with
        the latter, only of the same sub-account).
    max_fee
        The highest fee rate to pay, as a share; above it the order is refused.
    builder, builder_fee
        The account of who made the program that sends it, and what it asks for
        on top of the fee, as a share; the owner has to approve it first.
    peg
        Follow the index at this distance (USDC per unit of the base asset;
        below the index if negative).  ``limit`` is then the hard limit: margin
        is reserved at it, and past it the order goes.  It only ever rests.
    """

    market: str | int | Market
    side: Side | str
    size: Amount
    limit: Amount | None = None
    time_in_force: TimeInForce | str = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    client_id: ClientId | None = None
    rounding: Rounding | None = None
    slippage: Amount = SLIPPAGE
    sub: int | None = None
    expires_at_ms: int = 0
    slide: bool = False
    stop: Amount | None = None
    take_profit: Amount | None = None
    source: PriceSource | str = PriceSource.MARK
    self_trade: SelfTrade | str = SelfTrade.MAKER
    self_trade_sub: bool = False
    max_fee: Amount | None = None
    builder: int = 0
    builder_fee: Amount = 0
    peg: Amount | None = None


def read_side(value: Side | str) -> Side:
    """Return a side, however it was written.

    Raises
    ------
    BadRequest
        ``SIDE``.
    """
    word = value.lower()
    if word in {"buy", "b", "bid", "long"}:
        return Side.BUY
    if word in {"sell", "s", "ask", "short"}:
        return Side.SELL
    raise BadRequest("SIDE", f"{value!r} is no side", advice='say "buy" or "sell"')


def bound_of(ticker: Ticker, side: Side, slippage: Amount) -> int:
    """Return the worst price a market order may pay, within the market's band.

    Raises
    ------
    BadRequest
        ``NO_MARK``: there is no price to start from.
    """
    market = ticker.market
    mark = ticker.mark if ticker.mark is not None else ticker.index
    if mark is None:
        raise BadRequest(
            "NO_MARK", f"{market.name} has no price yet", advice="give a limit, or wait"
        )
    share = scale_exact(slippage, 0)
    if not 0 <= share < 1:
        raise BadRequest("SLIPPAGE", f"slippage {slippage} is not a share of the price")
    center = int(scale_exact(mark, market.price_decimals))
    away = int(center * share)
    if market.fill_band_ppm:
        away = min(away, center * market.fill_band_ppm // PPM_ONE)
    # Towards mark, so that the bound never leaves the band.
    if side is Side.BUY:
        return max(market.tick, (center + away) // market.tick * market.tick)
    return max(market.tick, -(-(center - away) // market.tick) * market.tick)


def compose_order(
    order: NewOrder, market: Market, *, sub: int, ticker: Ticker | None = None
) -> PlaceOrder:
    """Return the action that places ``order``.

    Raises
    ------
    BadRequest
        For what the exchange would refuse: ``TICK``, ``LOT``, ``NOTIONAL``,
        ``FLAGS``, ``MARKET_STATE``.
    """
    side = read_side(order.side)
    size = market.size(order.size, rounding=order.rounding)
    flags = FLAG_SELL if side is Side.SELL else 0
    force = read_word(TimeInForce, order.time_in_force, "TIME_IN_FORCE", "time in force")
    is_ioc = force is TimeInForce.IOC
    pegged = order.peg is not None
    if pegged:
        check_peg(order, force)
    if order.limit is None:
        if order.post_only:
            raise BadRequest("FLAGS", "a post-only order needs a limit", advice="add a limit")
        if ticker is None:
            raise BadRequest("NO_MARK", "a market order needs a price to start from")
        price, is_ioc = bound_of(ticker, side, order.slippage), True
    else:
        price = market.price(order.limit, rounding=order.rounding)
    is_fok = force is TimeInForce.FOK
    if (is_ioc or is_fok) and order.post_only:
        raise BadRequest("FLAGS", "post-only and IOC or FOK exclude each other", advice="drop one")
    if order.slide and not (order.post_only or pegged):
        raise BadRequest("FLAGS", "only a post-only order slides", advice="add post_only")
    check_state(market, post_only=order.post_only or pegged)
    if not order.reduce_only and not pegged:
        market.check_notional(price, size)
    flags |= FLAG_IOC if is_ioc else 0
    flags |= FLAG_POST_ONLY if order.post_only or pegged else 0
    flags |= FLAG_PEG if pegged else 0
    flags |= FLAG_REDUCE_ONLY if order.reduce_only else 0
    flags |= FLAG_FOK if is_fok else 0
    flags |= FLAG_SLIDE if order.slide else 0
    client_id = b"" if order.client_id is None else read_client_id(order.client_id)
    return PlaceOrder(
        order.sub if order.sub is not None else sub,
        market.id,
        flags,
        Price(price),
        Lots(size),
        client_id,
        compose_terms(order, market, side),
    )


def check_peg(order: NewOrder, force: TimeInForce) -> None:
    """Refuse what a pegged order cannot be.

    Raises
    ------
    BadRequest
        ``FLAGS``.
    """
    if order.limit is None:
        raise BadRequest(
            "FLAGS", "a pegged order needs a hard limit", advice="give the worst price as limit"
        )
    if force is not TimeInForce.GTC:
        raise BadRequest("FLAGS", "a pegged order only ever rests", advice="drop IOC or FOK")
    if order.stop is not None or order.take_profit is not None:
        raise BadRequest("FLAGS", "a pegged order waits for no trigger", advice="drop one")


def compose_terms(order: NewOrder, market: Market, side: Side) -> Terms:
    """Return what an order asks for beyond price and size.

    Raises
    ------
    BadRequest
        ``TRIGGER``, ``SELF_TRADE``, ``SOURCE``, ``FEE``.
    """
    mode = read_word(SelfTrade, order.self_trade, "SELF_TRADE", "self-trade mode")
    self_trade = list(SelfTrade).index(mode) + (SELF_TRADE_OWN_SUB if order.self_trade_sub else 0)
    max_fee = FEE_ANY if order.max_fee is None else read_fee(order.max_fee)
    built = read_fee(order.builder_fee) if order.builder else 0
    trigger, trigger_price = 0, 0
    if order.stop is not None and order.take_profit is not None:
        raise BadRequest("TRIGGER", "a stop or a take-profit, not both", advice="use a bracket")
    watched = order.take_profit if order.stop is None else order.stop
    if watched is not None:
        source = read_word(PriceSource, order.source, "SOURCE", "price source")
        # A stop of a sale waits for the price to fall, its take-profit for it to rise.
        falls = (side is Side.SELL) == (order.stop is not None)
        trigger = 2 * list(PriceSource).index(source) + (TRIGGER_FALL if falls else TRIGGER_RISE)
        trigger_price = market.price(watched, rounding=order.rounding)
    offset = 0 if order.peg is None else market.offset(order.peg, rounding=order.rounding)
    expires_at, watched_price = Millis(order.expires_at_ms), Price(trigger_price)
    terms = Terms(
        expires_at, self_trade, max_fee, trigger, watched_price, offset, order.builder, built
    )
    return NO_TERMS if terms == NO_TERMS else terms


def read_fee(value: Amount) -> int:
    """Return a fee rate, as a share, in parts per million, rounded down.

    Raises
    ------
    BadRequest
        ``FEE``.
    """
    rate = int(scale_exact(value, 6))
    if not 0 <= rate <= FEE_ANY:
        raise BadRequest("FEE", f"{value} is no share", advice="such as 0.0005 for 0.05%")
    return rate


Word = TypeVar("Word", bound=StrEnum)


def read_word(words: type[Word], value: str, code: str, name: str) -> Word:
    """Return one of a set of words, however it was written.

    Raises
    ------
    BadRequest
        With ``code``.
    """
    try:
        return words(value.lower())
    except ValueError:
        choices = ", ".join(f'"{word}"' for word in words)
        raise BadRequest(code, f"{value!r} is no {name}", advice=f"say {choices}") from None


def check_state(market: Market, *, post_only: bool) -> None:
    """Refuse an order that the market's state does not allow.

    Raises
    ------
    BadRequest
        ``MARKET_STATE``.
    """
    if market.state == "active" or (market.state == "post-only" and post_only):
        return
    advice = {
        "post-only": "only post-only orders are taken",
        "settled": "it is over: its positions are closed at the settlement price",
    }
    raise BadRequest(
        "MARKET_STATE",
        f"{market.name} is {market.state}",
        advice=advice.get(market.state, "wait"),
    )


def compose_modify(
    market: Market,
    ref: int | bytes,
    *,
    side: Side,
    price: int,
    size: int,
    post_only: bool,
    reduce_only: bool,
    sub: int,
) -> Modify:
    """Return the action that gives an order a new price and a new remaining size."""
    market.check_notional(price, size)
    flags = FLAG_SELL if side is Side.SELL else 0
    flags |= FLAG_POST_ONLY if post_only else 0
    flags |= FLAG_REDUCE_ONLY if reduce_only else 0
    return Modify(sub, market.id, flags, ref, Price(price), Lots(size))
