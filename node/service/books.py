"""Order books by level, kept up from the events of blocks.

A book is loaded from the state once, then follows events; every block that
changes it makes one delta, numbered without gaps.  The checksum over the best
levels lets a client notice that its copy went wrong.
"""

import zlib
from bisect import bisect_left, insort
from collections.abc import Iterator
from struct import Struct
from typing import Final, final

from proto.sextant.v1 import query_pb2, stream_pb2
from statemachine.events import Fill, OrderRemoved, OrderRested
from statemachine.keys import BUY, SELL, order_place, order_range
from statemachine.records import decode_order
from statemachine.storage import Store, successor

CHECKSUM_LEVELS: Final = 10
LEVEL: Final = Struct(">QQ")


@final
class Side:
    """One side of a book: price -> [lots, orders], and its prices in ascending order."""

    __slots__ = ("changed", "levels", "prices", "side")

    def __init__(self, side: int) -> None:
        self.side = side
        self.levels: dict[int, list[int]] = {}
        self.prices: list[int] = []
        self.changed: set[int] = set()

    def add(self, price: int, lots: int, orders: int) -> None:
        """Add lots and orders to a level; negative to take away; an empty level goes."""
        self.changed.add(price)
        level = self.levels.get(price)
        if level is None:
            self.levels[price] = [lots, orders]
            insort(self.prices, price)
            return
        level[0] += lots
        level[1] += orders
        if level[1] == 0:
            del self.levels[price]
            del self.prices[bisect_left(self.prices, price)]

    def best(self, levels_max: int) -> list[int]:
        """Return the best prices, best first."""
        if self.side == BUY:
            return self.prices[: -levels_max - 1 : -1]
        return self.prices[:levels_max]

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


GONE: Final = [0, 0]


@final
class BookView:
    """One market's book, by level and by order.

    ``orders`` has each resting order as (portfolio, side, price, remaining, size), and
    ``taken`` what orders of this block traded before they rested.
    """

    __slots__ = ("height", "market", "orders", "sequence", "sides", "taken", "time")

    def __init__(self, market: int) -> None:
        self.market = market
        self.sides = (Side(BUY), Side(SELL))
        self.orders: dict[int, tuple[int, int, int, int, int]] = {}
        self.taken: dict[int, int] = {}
        self.sequence = 0
        self.height = 0
        self.time = 0

    def load(self, store: Store, height: int, time: int) -> None:
        """Replace everything by what the state holds at ``height``."""
        self.sides = (Side(BUY), Side(SELL))
        self.orders = {}
        self.height = height
        self.time = time
        for key in scan(store, order_range(self.market, BUY)):
            self.load_order(store, key)
        for key in scan(store, order_range(self.market, SELL)):
            self.load_order(store, key)
        for side in self.sides:
            side.changed.clear()

    def load_order(self, store: Store, key: bytes) -> None:
        """Take one order of the state."""
        value = store.get(key)
        if value is None:
            return
        _, side, price, sequence = order_place(key)
        order = decode_order(key, value)
        self.orders[sequence] = (
            order.portfolio,
            side,
            price,
            order.remaining,
            order.size,
        )
        self.sides[side].add(price, order.remaining, 1)

    def rest(self, event: OrderRested) -> None:
        """Take an order that joined the book, or that changed in place."""
        side = self.sides[event.side]
        before = self.orders.get(event.order_id)
        if before is None:
            side.add(event.price, event.remaining, 1)
            size = event.remaining + self.taken.pop(event.order_id, 0)
        else:
            side.add(event.price, event.remaining - before[3], 0)
            size = before[4] + event.remaining - before[3]
        self.orders[event.order_id] = (
            event.portfolio,
            event.side,
            event.price,
            event.remaining,
            size,
        )

    def remove(self, event: OrderRemoved) -> int:
        """Take out an order that left unfilled; return the size that it had, 0 if unknown."""
        before = self.orders.pop(event.order_id, None)
        if before is None:
            return 0
        self.sides[event.side].add(event.price, -before[3], -1)
        return before[4]

    def fill(self, event: Fill) -> int:
        """Take a trade off the maker's order; return the size that this had, 0 if unknown."""
        taker = event.taker_order
        self.taken[taker] = self.taken.get(taker, 0) + event.size
        before = self.orders.get(event.maker_order)
        if before is None:
            return 0
        portfolio, side, price, remaining, size = before
        if event.maker_remaining:
            self.sides[side].add(price, event.maker_remaining - remaining, 0)
            self.orders[event.maker_order] = (
                portfolio,
                side,
                price,
                event.maker_remaining,
                size,
            )
        else:
            self.sides[side].add(price, -remaining, -1)
            del self.orders[event.maker_order]
        return size

    def close_block(
        self, height: int, time: int, *, wanted: bool = True
    ) -> stream_pb2.BookDelta | None:
        """Note the end of a block; returns what it changed, if anything did and it is wanted."""
        self.height = height
        self.time = time
        self.taken.clear()
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
