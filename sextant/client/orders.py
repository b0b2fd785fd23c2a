"""What a trader asks for, checked before it is signed.

Every function here turns words and decimals into one action of the
exchange, under the rules of its market, and raises ``BadRequest`` for what
the exchange would refuse anyway.  Nothing is sent from here.
"""

import secrets
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from sextant.client.amounts import Amount, Rounding, scale_exact
from sextant.client.market import Market
from sextant.client.models import Side, Ticker
from sextant.errors import BadRequest
from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    Modify,
    PlaceOrder,
)
from statemachine.units import Lots, Price

CLIENT_ID_SIZE: Final = 16
PPM_ONE: Final = 1_000_000
SLIPPAGE: Final = Decimal("0.01")

ClientId = bytes | str | int | UUID
OrderRef = int | bytes | str | UUID


class TimeInForce(StrEnum):
    """How long an order waits: until cancelled, or not at all."""

    GTC = "gtc"
    IOC = "ioc"


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


def new_client_id() -> bytes:
    """Return a random client id."""
    return secrets.token_bytes(CLIENT_ID_SIZE)


def read_client_id(value: ClientId) -> bytes:
    """Return the 16 bytes of a client id: bytes, 32 hex digits, a UUID or an integer.

    Raises
    ------
    BadRequest
        ``CLIENT_ID``.
    """
    try:
        match value:
            case UUID():
                return value.bytes
            case int():
                return value.to_bytes(CLIENT_ID_SIZE, "big")
            case str():
                found = UUID(hex=value.removeprefix("0x")).bytes
            case bytes():
                found = value
    except (ValueError, OverflowError):
        found = b""
    if len(found) != CLIENT_ID_SIZE:
        raise BadRequest(
            "CLIENT_ID", f"{value!r} is no client id", advice="use 16 bytes, or 32 hex digits"
        )
    return found


def read_ref(value: OrderRef) -> int | bytes:
    """Return an order's reference: an order id (digits), or a client id."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) <= 20:
        return int(value)
    return read_client_id(value)


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
    is_ioc = read_time_in_force(order.time_in_force) is TimeInForce.IOC
    if order.limit is None:
        if order.post_only:
            raise BadRequest("FLAGS", "a post-only order needs a limit", advice="add a limit")
        if ticker is None:
            raise BadRequest("NO_MARK", "a market order needs a price to start from")
        price, is_ioc = bound_of(ticker, side, order.slippage), True
    else:
        price = market.price(order.limit, rounding=order.rounding)
    if is_ioc and order.post_only:
        raise BadRequest("FLAGS", "post-only and IOC exclude each other", advice="drop one")
    check_state(market, post_only=order.post_only)
    if not order.reduce_only:
        market.check_notional(price, size)
    flags |= FLAG_IOC if is_ioc else 0
    flags |= FLAG_POST_ONLY if order.post_only else 0
    flags |= FLAG_REDUCE_ONLY if order.reduce_only else 0
    client_id = b"" if order.client_id is None else read_client_id(order.client_id)
    return PlaceOrder(
        order.sub if order.sub is not None else sub,
        market.id,
        flags,
        Price(price),
        Lots(size),
        client_id,
    )


def read_time_in_force(value: TimeInForce | str) -> TimeInForce:
    """Return a time in force, however it was written.

    Raises
    ------
    BadRequest
        ``TIME_IN_FORCE``.
    """
    try:
        return TimeInForce(value.lower())
    except ValueError:
        raise BadRequest(
            "TIME_IN_FORCE", f"{value!r} is no time in force", advice='say "gtc" or "ioc"'
        ) from None


def check_state(market: Market, *, post_only: bool) -> None:
    """Refuse an order that the market's state does not allow.

    Raises
    ------
    BadRequest
        ``MARKET_STATE``.
    """
    if market.state == "active" or (market.state == "post-only" and post_only):
        return
    raise BadRequest(
        "MARKET_STATE",
        f"{market.name} is {market.state}",
        advice="only post-only orders are taken" if market.state == "post-only" else "wait",
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
