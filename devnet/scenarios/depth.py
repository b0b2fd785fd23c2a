"""Books by level, kept from events: how much rests near the mark."""

from collections.abc import Iterable, Mapping
from typing import Final, final

from devnet.replay.ladder import ASKS, BIDS, PriceLadder
from devnet.scenarios.scenario import PPM
from statemachine.events import Event, Fill, OrderRemoved, OrderRested

NEAR_PPM: Final = 10_000
"""Depth is what rests within one percent of the mark."""


@final
class Books:
    """Every market's book."""

    def __init__(self, markets: Iterable[int]) -> None:
        self.ladders = {market: PriceLadder() for market in markets}
        self._orders: dict[int, tuple[int, tuple[int, int], int]] = {}

    def follow(self, events: Iterable[Event]) -> None:
        """Take in what happened in a block."""
        for event in events:
            if isinstance(event, OrderRested):
                self.set(event.order_id, event.market, (event.side, event.price), event.remaining)
            elif isinstance(event, OrderRemoved):
                self.set(event.order_id, event.market, (event.side, event.price), 0)
            elif isinstance(event, Fill) and event.maker_order in self._orders:
                market, place, _ = self._orders[event.maker_order]
                self.set(event.maker_order, market, place, event.maker_remaining)

    def set(self, order_id: int, market: int, place: tuple[int, int], lots: int) -> None:
        """Let an order have so many lots left."""
        before = self._orders.pop(order_id, None)
        ladder = self.ladders[market]
        if before is not None:
            _, old, held = before
            ladder.set(old, ladder.lots.get(old, 0) - held)
        if lots:
            ladder.set(place, ladder.lots.get(place, 0) + lots)
            self._orders[order_id] = (market, place, lots)

    def best(self, market: int) -> tuple[int, int]:
        """Return a market's best bid and ask, 0 if there is none."""
        ladder = self.ladders[market]
        return ladder.best(BIDS), ladder.best(ASKS)

    def depth(self, marks: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """Return each market's bids and asks within a percent of its mark, in micros."""
        found = {}
        for market, ladder in self.ladders.items():
            away = marks[market] * NEAR_PPM // PPM
            sums = [0, 0]
            for (side, price), lots in ladder.lots.items():
                if abs(price - marks[market]) <= away:
                    sums[side] += price * lots
            found[market] = (sums[BIDS], sums[ASKS])
        return found
