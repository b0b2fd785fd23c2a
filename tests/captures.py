"""Small made-up captures in the format of Binance's raw futures streams."""

import json
import random
from typing import Any

START_NS = 1_700_000_000_000_000_000
MID = 612_000
"""In ticks of 0.1 USD."""


class MadeUpMarket:
    """A seeded market: a book that moves, and the lines that a recorder would have written."""

    def __init__(self, seed: int = 3) -> None:
        self.random = random.Random(seed)
        self.mid = MID
        self.book: dict[tuple[str, int], int] = {}
        self.lines: list[str] = []
        self.ms = 0
        self.id = 1_000
        for away in range(1, 61):
            self.book["b", self.mid - away] = self.random.randint(1, 900)
            self.book["a", self.mid + away] = self.random.randint(1, 900)

    def write(self, message: dict[str, Any]) -> None:
        """Add a line, a little later than the last one."""
        self.ms += self.random.randint(1, 8)
        self.lines.append(f"{START_NS + self.ms * 1_000_000} {json.dumps(message)}")

    def stream(self, kind: str, data: dict[str, Any]) -> None:
        """Add a message of a combined stream."""
        self.write({"stream": f"btcusdt@{kind}", "data": data})

    def snapshot(self) -> None:
        """Add the whole book, as the REST service gives it."""
        sides = {
            side: [[price(p), size(n)] for (s, p), n in self.book.items() if s == side]
            for side in "ba"
        }
        self.write({"lastUpdateId": self.id, "bids": sides["b"], "asks": sides["a"]})

    def quote(self) -> None:
        """Add the best bid and ask."""
        bid = max(p for s, p in self.book if s == "b")
        ask = min(p for s, p in self.book if s == "a")
        self.stream("bookTicker", {"b": price(bid), "a": price(ask)})

    def trade(self) -> None:
        """Add a trade at the best price of one side; the next diff tells what it left."""
        is_sell = self.random.random() < 0.5
        prices = [p for s, p in self.book if s == ("b" if is_sell else "a")]
        best = max(prices) if is_sell else min(prices)
        lots = self.random.randint(1, 30)
        self.stream("trade", {"p": price(best), "q": size(lots), "m": is_sell, "X": "MARKET"})

    def diff(self) -> None:
        """Move the mid a little; change some levels."""
        self.mid += self.random.randint(-2, 2)
        changed = {place: 0 for place in self.book if (place[1] > self.mid) != (place[0] == "a")}
        for _ in range(self.random.randint(1, 12)):
            side = self.random.choice("ba")
            away = self.random.randint(1, 20)
            at = self.mid + away if side == "a" else self.mid + 1 - away
            changed[side, at] = self.random.choice([0, 5, 40, 700])
        for side, at in (("b", self.mid), ("a", self.mid + 1)):
            changed[side, at] = self.random.randint(10, 500)
        for place, lots in changed.items():
            if lots:
                self.book[place] = lots
            else:
                self.book.pop(place, None)
        before, self.id = self.id, self.id + 7
        sides = {
            side: [[price(p), size(n)] for (s, p), n in changed.items() if s == side]
            for side in "ba"
        }
        ids = {"U": before - 1, "u": self.id, "pu": before}
        self.stream("depth@0ms", {"e": "depthUpdate", **ids, **sides})


def price(ticks: int) -> str:
    """Return a price as the recorder writes it."""
    return f"{ticks // 10}.{ticks % 10}0"


def size(lots: int) -> str:
    """Return a quantity as the recorder writes it."""
    return f"{lots / 1000:.3f}"


def made_up_capture(diffs: int, seed: int = 3) -> list[str]:
    """Return the lines of a capture with a snapshot, diffs, trades and quotes."""
    market = MadeUpMarket(seed)
    market.quote()
    market.snapshot()
    for _ in range(diffs):
        for _ in range(market.random.randint(0, 3)):
            market.trade()
        market.diff()
        market.quote()
    return market.lines
