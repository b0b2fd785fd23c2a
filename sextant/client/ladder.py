"""A book kept up to date from a snapshot and deltas, in exact integers.

``apply`` refuses a delta that does not follow, and one after which the ten
best levels have another checksum than the node's: the only right answer to
either is to subscribe again.
"""

import zlib
from collections.abc import Iterable
from typing import Final, final

from proto.sextant.v1 import query_pb2, stream_pb2
from sextant.client.market import Market
from sextant.client.models import Book, Level
from sextant.errors import ClientError

CHECKED_LEVELS: Final = 10


class Gap(ClientError):
    """The stream skipped something: what we have is not the book."""

    def __init__(self, message: str) -> None:
        super().__init__("GAP", message, advice="subscribe again", retryable=True)


@final
class Ladder:
    """Both sides of one market: price to lots, in the exchange's integers."""

    __slots__ = ("asks", "bids", "height", "market", "sequence", "time_ms")

    def __init__(self, market: Market) -> None:
        self.market = market
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.sequence = 0
        self.height = 0
        self.time_ms = 0

    def reset(self, snapshot: query_pb2.Book) -> None:
        """Start anew from a snapshot."""
        self.bids = dict(zip(snapshot.bids.prices, snapshot.bids.lots, strict=True))
        self.asks = dict(zip(snapshot.asks.prices, snapshot.asks.lots, strict=True))
        self.sequence = snapshot.sequence
        self.height, self.time_ms = snapshot.height, snapshot.time_ms
        self.check(snapshot.checksum)

    def apply(self, delta: stream_pb2.BookDelta) -> None:
        """Apply the next delta.

        Raises
        ------
        Gap
            It does not follow, or leads to another book than the node's.
        """
        if delta.sequence != self.sequence + 1:
            raise Gap(f"{self.market.name}: delta {delta.sequence} after {self.sequence}")
        for side, levels in ((self.bids, delta.bids), (self.asks, delta.asks)):
            for price, lots in zip(levels.prices, levels.lots, strict=True):
                if lots:
                    side[price] = lots
                else:
                    side.pop(price, None)
        self.sequence = delta.sequence
        self.height, self.time_ms = delta.height, delta.time_ms
        self.check(delta.checksum)

    def check(self, checksum: int) -> None:
        """Compare the ten best levels of both sides with the node's."""
        own = self.checksum()
        if checksum != own:
            raise Gap(f"{self.market.name}: checksum {own:08x}, the node's is {checksum:08x}")

    def checksum(self) -> int:
        """Return the CRC-32 over the ten best bids, then the ten best asks."""
        best = [*self.best_bids(CHECKED_LEVELS), *self.best_asks(CHECKED_LEVELS)]
        return zlib.crc32(
            b"".join(price.to_bytes(8, "big") + lots.to_bytes(8, "big") for price, lots in best)
        )

    def best_bids(self, count: int) -> list[tuple[int, int]]:
        """Return the highest bids as (price, lots)."""
        return sorted(self.bids.items(), reverse=True)[:count]

    def best_asks(self, count: int) -> list[tuple[int, int]]:
        """Return the lowest asks as (price, lots)."""
        return sorted(self.asks.items())[:count]

    def view(self, levels: int = 100) -> Book:
        """Return the book as a model."""
        return Book(
            market=self.market,
            height=self.height,
            time_ms=self.time_ms,
            sequence=self.sequence,
            bids=self._levels(self.best_bids(levels)),
            asks=self._levels(self.best_asks(levels)),
        )

    def _levels(self, best: Iterable[tuple[int, int]]) -> tuple[Level, ...]:
        market = self.market
        return tuple(
            Level(market.show_price(price), market.show_size(lots)) for price, lots in best
        )
