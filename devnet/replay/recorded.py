"""The recorded book: what the recording says rests at each price, in lots.

Prices and quantities become the exchange's integers here, exactly.  What the
market's grid cannot express is counted, and left out: a price between two ticks,
the part of a quantity below one lot, and a level worth less than the market's
minimum.
"""

from collections import Counter, deque
from decimal import Decimal
from typing import Final, final

from devnet.replay.capture import Diff, Levels, Snapshot
from devnet.replay.ladder import ASKS, BIDS, Place, PriceLadder
from sextant.client.market import Market

EARLY_DIFFS_MAX: Final = 10_000


@final
class Grid:
    """Decimal strings of a recording as integers of a market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.seen: Counter[str] = Counter()
        self._prices: dict[str, int] = {}
        self._lots: dict[str, int] = {}

    def price(self, text: str) -> int:
        """Return a price in micro-USDC per lot; 0 if it is not on a tick."""
        found = self._prices.get(text)
        if found is None:
            exact = Decimal(text).scaleb(self.market.price_decimals)
            found = int(exact) if exact == int(exact) and not int(exact) % self.market.tick else 0
            self._prices[text] = found
        if not found:
            self.seen["price between two ticks"] += 1
        return found

    def nearest(self, text: str) -> int:
        """Return a price in micro-USDC per lot, floored, on a tick or not."""
        return int(Decimal(text).scaleb(self.market.price_decimals))

    def lots(self, text: str) -> int:
        """Return a quantity in lots, floored."""
        found = self._lots.get(text)
        if found is None:
            exact = Decimal(text).scaleb(self.market.lot_decimals)
            found = int(exact)
            if exact != found:
                self.seen["quantity between two lots"] += 1
                return found  # not remembered, so that it is counted again
            self._lots[text] = found
        return found

    def is_worth_resting(self, price: int, lots: int) -> bool:
        """Return whether an order of that size is large enough for the market."""
        return price * lots >= self.market.minimum_notional


@final
class RecordedBook:
    """Levels of both sides, from a snapshot and the diffs that follow it.

    ``span`` are the lowest and highest price of the snapshot, within which alone the
    recording is complete.  ``reach`` is half as much again on either side: what changes
    further away than that is left out.  ``hidden`` are the levels that the market cannot
    express: off its ticks, or too small.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.ladder = PriceLadder()
        self.hidden = PriceLadder()
        self.last_id = 0
        self.span = (0, 0)
        self.reach = (0, 0)
        self.started = False
        self.gaps = 0
        self._follows = False
        self._early: deque[Diff] = deque(maxlen=EARLY_DIFFS_MAX)

    def begin(self, snapshot: Snapshot) -> set[Place]:
        """Take a snapshot, and the diffs that came before it but reach beyond it.

        Returns the places whose quantity may have changed.
        """
        touched = set(self.ladder.lots)
        self.ladder.clear()
        self.hidden.clear()
        self.last_id = snapshot.last_id
        self.started, self._follows = True, False
        prices = [self.grid.nearest(text) for text, _ in (*snapshot.bids, *snapshot.asks)]
        low, high = (min(prices), max(prices)) if prices else (0, 0)
        self.span = (low, high)
        self.reach = (low - (high - low) // 2, high + (high - low) // 2)
        touched |= self.take(BIDS, snapshot.bids) | self.take(ASKS, snapshot.asks)
        early = list(self._early)
        self._early.clear()
        for diff in early:
            touched |= self.apply(diff) or set()
        return touched

    def apply(self, diff: Diff) -> set[Place] | None:
        """Take a diff; return the places it names, or ``None`` if it is no news.

        A diff is no news before the first snapshot (it is kept for it) or if the
        snapshot holds it already.  One that does not follow its predecessor is taken
        all the same, and counted.
        """
        if not self.started:
            self._early.append(diff)
            return None
        if diff.last_id < self.last_id:
            return None
        follows = (
            diff.previous_id == self.last_id if self._follows else diff.first_id <= self.last_id
        )
        if not follows:
            self.gaps += 1
        self._follows = True
        self.last_id = diff.last_id
        return self.take(BIDS, diff.bids) | self.take(ASKS, diff.asks)

    def best(self, side: int) -> int:
        """Return the recording's best price of a side, 0 if it has none."""
        seen, hidden = self.ladder.best(side), self.hidden.best(side)
        if not seen or not hidden:
            return seen or hidden
        return min(seen, hidden) if side == ASKS else max(seen, hidden)

    def in_span(self, price: int) -> bool:
        """Return whether a price is within those of the snapshot."""
        return self.span[0] <= price <= self.span[1]

    def take(self, side: int, levels: Levels) -> set[Place]:
        """Set the quantities of some levels; return their places."""
        grid = self.grid
        low, high = self.reach
        touched = set()
        for text, quantity in levels:
            price = grid.price(text)
            if price and not low <= price <= high:
                grid.seen["level out of reach"] += 1
                continue
            size = grid.lots(quantity)
            if not price:
                self.hidden.set((side, grid.nearest(text)), size)
                continue
            place = (side, price)
            touched.add(place)
            is_small = size > 0 and not grid.is_worth_resting(price, size)
            if is_small:
                grid.seen["level below the minimum notional"] += 1
            self.hidden.set(place, size if is_small else 0)
            self.ladder.set(place, 0 if is_small else size)
        return touched
