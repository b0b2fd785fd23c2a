"""Orders made of orders: brackets, TWAPs, scales, switches; their bodies decoded."""

from typing import Final

from statemachine.actions.fields import (
    MARKETS_LIMIT,
    flags_of,
    pack_order,
    price_of,
    size_of,
    unpack_order,
)
from statemachine.actions.kinds import (
    Action,
    Bracket,
    CancelAt,
    ClosePosition,
    Kind,
    PlaceOrder,
    Scale,
    Twap,
)
from statemachine.codec import as_list, as_uint
from statemachine.errors import FrameInvalid
from statemachine.units import TIME_LIMIT, Millis

COMPOUND: Final = frozenset({Kind.BRACKET, Kind.TWAP, Kind.CANCEL_AT, Kind.CLOSE, Kind.SCALE})
EXITS_MAX: Final = 2
SLICES_MAX: Final = 1_024
SCALE_ORDERS_MAX: Final = 32
INTERVAL_LIMIT: Final = 86_400_001
"""A day, in ms, is the longest wait between two slices."""


def body_of_compound(action: Bracket | Twap | CancelAt | ClosePosition | Scale) -> list[object]:
    """Return the body of one of these actions."""
    match action:
        case Bracket():
            entry = [] if action.entry is None else [pack_order(action.entry)]
            return [action.sub, entry, [pack_order(order) for order in action.exits]]
        case Twap():
            head = [action.sub, action.market, action.flags, action.price]
            return [*head, action.size, action.slices, action.interval]
        case CancelAt():
            return [action.sub, action.time]
        case ClosePosition():
            return [action.sub, action.market, action.price]
        case Scale():
            head = [action.sub, action.market, action.flags, action.first]
            return [*head, action.last, action.size, action.orders]


def decode_compound(kind: int, body: object) -> Action:
    """Return the action of one of these kinds, or raise ``FrameInvalid``."""
    if kind == Kind.BRACKET:
        return decode_bracket(body)
    if kind == Kind.TWAP:
        return decode_twap(body)
    if kind == Kind.SCALE:
        return decode_scale(body)
    if kind == Kind.CANCEL_AT:
        sub, time = as_list(body, 2, "cancel at")
        return CancelAt(as_uint(sub, 256, "sub"), Millis(as_uint(time, TIME_LIMIT, "time")))
    sub, market, price = as_list(body, 3, "close position")
    return ClosePosition(
        as_uint(sub, 256, "sub"), as_uint(market, MARKETS_LIMIT, "market"), price_of(price)
    )


def decode_bracket(body: object) -> Bracket:
    """Return a bracket: an entry with one or two exits, or two exits."""
    sub, entries, exits = as_list(body, 3, "bracket")
    sub = as_uint(sub, 256, "sub")
    if type(entries) is not list or len(entries) > 1:
        raise FrameInvalid("bracket: need at most one entry")
    if type(exits) is not list or not 1 <= len(exits) <= EXITS_MAX:
        raise FrameInvalid(f"bracket: need 1 to {EXITS_MAX} exits")
    if not entries and len(exits) != EXITS_MAX:
        raise FrameInvalid("bracket: without an entry, two exits end each other")
    orders = [unpack_order(item) for item in (*entries, *exits)]
    if any(order.sub != sub or order.market != orders[0].market for order in orders):
        raise FrameInvalid("bracket: one sub-account and one market for all its orders")
    entry: PlaceOrder | None = orders[0] if entries else None
    return Bracket(sub, entry, tuple(orders[len(entries) :]))


def decode_twap(body: object) -> Twap:
    """Return a TWAP of 2 to 1,024 slices."""
    sub, market, flags, price, size, slices, interval = as_list(body, 7, "twap")
    return Twap(
        as_uint(sub, 256, "sub"),
        as_uint(market, MARKETS_LIMIT, "market"),
        flags_of(flags),
        price_of(price),
        size_of(size),
        as_uint(slices, SLICES_MAX + 1, "slices"),
        Millis(as_uint(interval, INTERVAL_LIMIT, "interval")),
    )


def decode_scale(body: object) -> Scale:
    """Return a scale of 2 to 32 orders."""
    sub, market, flags, first, last, size, orders = as_list(body, 7, "scale")
    orders = as_uint(orders, SCALE_ORDERS_MAX + 1, "orders")
    if orders < 2:
        raise FrameInvalid("scale: need at least 2 orders")
    return Scale(
        as_uint(sub, 256, "sub"),
        as_uint(market, MARKETS_LIMIT, "market"),
        flags_of(flags),
        price_of(first),
        price_of(last),
        size_of(size),
        orders,
    )
