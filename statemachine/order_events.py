"""What happened to orders in a block: the part of :mod:`statemachine.events` that fills books."""

from typing import final


class Event:
    """Base of all events."""

    __slots__ = ()


@final
class OrderRested(Event):
    """An order joined the book, or a resting one took new values in place."""

    __slots__ = ("market", "order_id", "portfolio", "price", "remaining", "side")

    def __init__(
        self, market: int, order_id: int, portfolio: int, side: int, price: int, remaining: int
    ) -> None:
        """Take the order's place and its remaining lots."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.side = side
        self.price = price
        self.remaining = remaining


@final
class OrderRemoved(Event):
    """An order left the book without filling: ``remaining`` lots were taken back.

    ``price`` of a pegged order is its hard limit.
    """

    __slots__ = ("market", "order_id", "portfolio", "price", "reason", "remaining", "side")

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        side: int,
        price: int,
        remaining: int,
        reason: int,
    ) -> None:
        """Take the order's place; ``reason`` is one of the ``REMOVED_`` numbers."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.side = side
        self.price = price
        self.remaining = remaining
        self.reason = reason


REMOVED_CANCELLED = 1
REMOVED_MODIFIED = 2
REMOVED_BAND = 3
REMOVED_REDUCE_ONLY = 4
REMOVED_LIQUIDATING = 5
REMOVED_SELF_TRADE = 6
REMOVED_EXPIRED = 7
REMOVED_SWITCH = 8
REMOVED_BRACKET = 9
REMOVED_TRIGGERED = 10
REMOVED_REFUSED = 11
REMOVED_DONE = 12
REMOVED_LIMIT = 13
REMOVED_SETTLED = 60
"""Its market is settled."""


@final
class OrderPegged(Event):
    """A pegged order joined the book, or a resting one took new values in place.

    ``offset`` and ``limit`` in micros per lot.
    """

    __slots__ = ("limit", "market", "offset", "order_id", "portfolio", "remaining", "side")

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        side: int,
        offset: int,
        limit: int,
        remaining: int,
    ) -> None:
        """Take the order's place and its remaining lots."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.side = side
        self.offset = offset
        self.limit = limit
        self.remaining = remaining


@final
class OrderAsleep(Event):
    """An order waits for a price: a stop, a take-profit, an exit of a bracket."""

    __slots__ = (
        "flags",
        "market",
        "order_id",
        "portfolio",
        "price",
        "size",
        "trigger",
        "trigger_price",
    )

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        flags: int,
        price: int,
        size: int,
        trigger: int,
        trigger_price: int,
    ) -> None:
        """Take what it will be, and what it waits for."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.flags = flags
        self.price = price
        self.size = size
        self.trigger = trigger
        self.trigger_price = trigger_price


@final
class OrderAwake(Event):
    """A sleeping order left its place: it fired, was cancelled, or its bracket ended.

    ``reason`` is one of the ``REMOVED_`` numbers; ``REMOVED_TRIGGERED`` if it
    fired, with ``code`` what became of it and ``filled`` lots traded at once.
    """

    __slots__ = ("code", "filled", "market", "order_id", "portfolio", "reason")

    def __init__(
        self, market: int, order_id: int, portfolio: int, reason: int, code: int, filled: int
    ) -> None:
        """Take which order it was, and what became of it."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.reason = reason
        self.code = code
        self.filled = filled


@final
class TwapChanged(Event):
    """A TWAP started, traded a slice, or ended (``slices`` 0, or a ``reason``)."""

    __slots__ = ("filled", "market", "order_id", "portfolio", "reason", "remaining", "slices")

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        filled: int,
        remaining: int,
        slices: int,
        reason: int,
    ) -> None:
        """Take lots filled now, lots left, and slices left."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.filled = filled
        self.remaining = remaining
        self.slices = slices
        self.reason = reason
