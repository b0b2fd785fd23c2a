"""Order books by level, kept up from the events of blocks.

A book is loaded from the state once, then follows events; every block that
changes it makes one delta, numbered without gaps.  The checksum over the best
levels lets a client notice that its copy went wrong.

A pegged order stands in the level of the price that it has at the end of the
block; it is not shown while it is past its hard limit.
"""

import zlib
from bisect import bisect_left, insort
from collections.abc import Iterator
from struct import Struct
from typing import Final, final

from proto.sextant.v1 import query_pb2, stream_pb2
from statemachine.book.heads import is_past, pegged_price
from statemachine.events import Fill, OrderPegged, OrderRemoved, OrderRested
from statemachine.keys import (
    BUY,
    SELL,
    market_key,
    order_place,
    order_range,
    pegged_place,
    pegged_range,
)
from statemachine.records import decode_market, decode_order
from statemachine.storage import Store, successor

CHECKSUM_LEVELS: Final = 10
LEVEL: Final = Struct(">QQ")


@final
class Side:
    """One side of a book: price -> [lots, orders, pegged ones], and its prices, ascending."""

    __slots__ = ("changed", "levels", "prices", "side")

    def __init__(self, side: int) -> None:
        self.side = side
        self.levels: dict[int, list[int]] = {}
        self.prices: list[int] = []
        self.changed: set[int] = set()

    def add(self, price: int, lots: int, orders: int, pegged: int = 0) -> None:
        """Add lots and orders to a level; negative to take away; an empty level goes."""
        self.changed.add(price)
        level = self.levels.get(price)
        if level is None:
            self.levels[price] = [lots, orders, pegged]
            insort(self.prices, price)
            return
        level[0] += lots
        level[1] += orders
        level[2] += pegged
        if level[1] == 0:
            del self.levels[price]
            del self.prices[bisect_left(self.prices, price)]

    def best(self, levels_max: int) -> list[int]:
        """Return the best prices, best first."""
        if self.side == BUY:
            return self.prices[: -levels_max - 1 : -1]
        return self.prices[:levels_max]

    def best_fixed(self) -> int:
        """Return the best price at which an order stands that is not pegged, 0 if none does."""
        prices = reversed(self.prices) if self.side == BUY else self.prices
        for price in prices:
            if self.levels[price][1] > self.levels[price][2]:
                return price
        return 0

    def levels_of(self, prices: list[int]) -> query_pb2.Levels:
        """Return levels by column; a level that is gone has no lots."""
        rows = [self.levels.get(price, GONE) for price in prices]
        return query_pb2.Levels(
            prices=prices, lots=[row[0] for row in rows], orders=[row[1] for row in rows]
        )

    def take_changes(self) -> query_pb2.Levels:
        """Return the levels that changed since the last call."""
        prices = sorted(self.changed, reverse=self.side == BUY)
        self.changed.clear()
        return self.levels_of(prices)


GONE: Final = [0, 0, 0]
HIDDEN: Final = 0
"""The price of a pegged order that stands nowhere."""


@final
class BookView:
    """One market's book, by level and by order.

    ``orders`` has each resting order as (portfolio, side, price, remaining, size), and
    ``taken`` what orders of this block traded before they rested.  ``pegs`` has
    offset and hard limit of those that follow the ``index``; ``followed`` is what
    their prices were last made of.
    """

    __slots__ = (
        "followed",
        "height",
        "index",
        "market",
        "orders",
        "pegs",
        "sequence",
        "sides",
        "taken",
        "tick",
        "time",
    )

    def __init__(self, market: int, tick: int) -> None:
        self.market = market
        self.tick = tick
        self.sides = (Side(BUY), Side(SELL))
        self.orders: dict[int, tuple[int, int, int, int, int]] = {}
        self.pegs: dict[int, tuple[int, int]] = {}
        self.taken: dict[int, int] = {}
        self.index = 0
        self.followed = (0, 0, 0)
        self.sequence = 0
        self.height = 0
        self.time = 0

    def load(self, store: Store, height: int, time: int) -> None:
        """Replace everything by what the state holds at ``height``."""
        self.sides = (Side(BUY), Side(SELL))
        self.orders = {}
        self.pegs = {}
        self.height = height
        self.time = time
        record = store.get(market_key(self.market))
        self.index = 0 if record is None else decode_market(market_key(self.market), record).index
        for side in (BUY, SELL):
            for key in scan(store, order_range(self.market, side)):
                self.load_order(store, key)
            for key in scan(store, pegged_range(self.market, side)):
                self.load_order(store, key)
        self.follow_index()
        for book in self.sides:
            book.changed.clear()

    def load_order(self, store: Store, key: bytes) -> None:
        """Take one order of the state."""
        value = store.get(key)
        if value is None:
            return
        _, side, price, sequence = order_place(key)
        order = decode_order(key, value)
        if order.limit:
            self.pegs[sequence] = (pegged_place(key)[2], order.limit)
            price = HIDDEN
        else:
            self.sides[side].add(price, order.remaining, 1)
        self.orders[sequence] = (
            order.portfolio,
            side,
            price,
            order.remaining,
            order.size,
        )
        self.followed = (0, 0, 0)

    def rest(self, event: OrderRested | OrderPegged) -> None:
        """Take an order that joined the book, or that changed in place."""
        before = self.orders.get(event.order_id)
        price = HIDDEN
        if isinstance(event, OrderRested):
            price = event.price
        elif before is None:
            self.pegs[event.order_id] = (event.offset, event.limit)
            self.followed = (0, 0, 0)
        else:
            price = before[2]
        if before is None:
            size = event.remaining + self.taken.pop(event.order_id, 0)
        else:
            size = before[4] + event.remaining - before[3]
        if price != HIDDEN:
            lots = event.remaining - (0 if before is None else before[3])
            self.sides[event.side].add(price, lots, 1 if before is None else 0)
        self.orders[event.order_id] = (
            event.portfolio,
            event.side,
            price,
            event.remaining,
            size,
        )

    def remove(self, event: OrderRemoved) -> int:
        """Take out an order that left unfilled; return the size that it had, 0 if unknown."""
        before = self.orders.get(event.order_id)
        if before is None:
            return 0
        self.forget(event.order_id)
        return before[4]

    def forget(self, order_id: int) -> None:
        """Take an order out of its level, and out of mind."""
        _, side, price, remaining, _ = self.orders.pop(order_id)
        pegged = self.pegs.pop(order_id, None) is not None
        if price != HIDDEN:
            self.sides[side].add(price, -remaining, -1, -1 if pegged else 0)

    def fill(self, event: Fill) -> int:
        """Take a trade off the maker's order; return the size that this had, 0 if unknown."""
        taker = event.taker_order
        self.taken[taker] = self.taken.get(taker, 0) + event.size
        before = self.orders.get(event.maker_order)
        if before is None:
            return 0
        portfolio, side, price, remaining, size = before
        if event.maker_remaining:
            if price != HIDDEN:
                self.sides[side].add(price, event.maker_remaining - remaining, 0)
            self.orders[event.maker_order] = (
                portfolio,
                side,
                price,
                event.maker_remaining,
                size,
            )
        else:
            self.forget(event.maker_order)
        return size

    def follow_index(self) -> None:
        """Put pegged orders where they stand by now."""
        bids, asks = self.sides
        across = (asks.best_fixed(), bids.best_fixed())
        if self.followed == (self.index, *across):
            return
        self.followed = (self.index, *across)
        for order_id, (offset, limit) in self.pegs.items():
            portfolio, side, before, remaining, size = self.orders[order_id]
            price = pegged_price(side, self.index, self.tick, offset, across[side])
            if price <= 0 or is_past(side, price, limit):
                price = HIDDEN
            if price == before:
                continue
            if before != HIDDEN:
                self.sides[side].add(before, -remaining, -1, -1)
            if price != HIDDEN:
                self.sides[side].add(price, remaining, 1, 1)
            self.orders[order_id] = (portfolio, side, price, remaining, size)

    def close_block(
        self, height: int, time: int, *, wanted: bool = True
    ) -> stream_pb2.BookDelta | None:
        """Note the end of a block; returns what it changed, if anything did and it is wanted."""
        self.height = height
        self.time = time
        self.taken.clear()
        if self.pegs:
            self.follow_index()
        bids, asks = self.sides
        if not bids.changed and not asks.changed:
            return None
        self.sequence += 1
        if not wanted:
            bids.changed.clear()
            asks.changed.clear()
            return None
        return stream_pb2.BookDelta(
            market=self.market,
            height=height,
            time_ms=time,
            sequence=self.sequence,
            bids=bids.take_changes(),
            asks=asks.take_changes(),
            checksum=self.checksum(),
        )

    def snapshot(self, levels_max: int) -> query_pb2.Book:
        """Return the best levels of both sides, with the number of the last delta."""
        bids, asks = self.sides
        return query_pb2.Book(
            market=self.market,
            height=self.height,
            time_ms=self.time,
            sequence=self.sequence,
            bids=bids.levels_of(bids.best(levels_max)),
            asks=asks.levels_of(asks.best(levels_max)),
            checksum=self.checksum(),
        )

    def checksum(self) -> int:
        """Return the CRC-32 of the best levels: bids, then asks, best first."""
        parts = [
            LEVEL.pack(price, side.levels[price][0])
            for side in self.sides
            for price in side.best(CHECKSUM_LEVELS)
        ]
        return zlib.crc32(b"".join(parts))

    def best_price(self, side: int) -> int:
        """Return a side's best price, 0 if it is empty."""
        best = self.sides[side].best(1)
        return best[0] if best else 0


def scan(store: Store, prefix: bytes) -> Iterator[bytes]:
    """Yield the keys of a range, in order."""
    key = store.seek(prefix, prefix)
    while key is not None:
        yield key
        key = store.seek(prefix, successor(key))
