"""What everybody sees before each step: the time, the true price, the exchange's state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from devnet.scenarios.hand import Hand
from devnet.scenarios.observer import Observer
from devnet.scenarios.scenario import PPM, Scenario
from statemachine.rules import MarketRules

SETUP_S = -1
"""The second before the path begins: everything is at its first price."""


@final
@dataclass(slots=True)
class Scene:
    """The stage of one play.

    ``ms`` is the time since the path began; ``touched`` are the portfolios that the
    last blocks changed; ``first`` are the prices from which the paths start.
    """

    scenario: Scenario
    hand: Hand
    observer: Observer
    markets: Mapping[int, MarketRules]
    first: Mapping[int, int]
    ms: int = 0
    touched: set[int] = field(default_factory=set)

    @property
    def second(self) -> int:
        """Whole seconds since the path began."""
        return self.ms // 1000

    def price(self, market: int) -> int:
        """Return the true price now, in micros per lot."""
        symbol = self.markets[market].symbol.decode()
        return self.first[market] * self.scenario.move(symbol, self.ms) // PPM

    def mark(self, market: int) -> int:
        """Return the exchange's mark."""
        return self.observer.view.market(market).mark
