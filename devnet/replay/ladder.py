"""Lots at each price of both sides, with the best price of each at hand."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final, final

Place = tuple[int, int]
"""Side (0 bids, 1 asks) and price in micro-USDC per lot."""

BIDS: Final = 0
ASKS: Final = 1


@final
class PriceLadder:
    """A book by level: every level has at least one lot."""

    __slots__ = ("_prices", "lots")

    def __init__(self) -> None:
        self.lots: dict[Place, int] = {}
        self._prices: tuple[list[int], list[int]] = ([], [])

    def set(self, place: Place, lots: int) -> None:
        """Make a level hold ``lots``; none takes it away."""
        known = place in self.lots
        if lots:
            self.lots[place] = lots
            if not known:
                insort(self._prices[place[0]], place[1])
        elif known:
            del self.lots[place]
            prices = self._prices[place[0]]
            del prices[bisect_left(prices, place[1])]

    def best(self, side: int) -> int:
        """Return the best price of a side, 0 if it is empty."""
        prices = self._prices[side]
        if not prices:
            return 0
        return prices[0] if side == ASKS else prices[-1]

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """Return the best levels of a side as (price, lots)."""
        prices = self._prices[side]
        chosen: Iterable[int] = prices[:count] if side == ASKS else reversed(prices[-count:])
        return [(price, self.lots[side, price]) for price in chosen] if count else []

    def clear(self) -> None:
        """Take every level away."""
        self.lots.clear()
        for prices in self._prices:
            prices.clear()
