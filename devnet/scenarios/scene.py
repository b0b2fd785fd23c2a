"""What everybody sees before each step: the time, the true price, the exchange's state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from devnet.prices import height_of
from devnet.scenarios.hand import Hand
from devnet.scenarios.observer import Observer
from devnet.scenarios.scenario import PPM, Scenario
from statemachine.rules import MarketRules

OCTAVES: Final = ((60_000, 1), (12_000, 2))
"""(period in ms, divisor of the height)."""


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
    seed: int
    ms: int = 0
    touched: set[int] = field(default_factory=set)

    @property
    def second(self) -> int:
        """Whole seconds since the path began."""
        return self.ms // 1000

    def price(self, market: int) -> int:
        """Return the true price now, in micros per lot."""
        symbol = self.markets[market].symbol.decode()
        path = self.first[market] * self.scenario.move(symbol, self.ms) // PPM
        return path + path * self.wander(market) // PPM

    def wander(self, market: int) -> int:
        """Return how far a price is beside its path, in ppm: two octaves of a seeded walk."""
        away = 0
        for octave, (period, share) in enumerate(OCTAVES):
            step, within = divmod(self.ms, period)
            before = height_of(self.seed, market, octave, step)
            after = height_of(self.seed, market, octave, step + 1)
            height = before + (after - before) * within // period
            away += height * self.scenario.noise // PPM // share
        return away

    def mark(self, market: int) -> int:
        """Return the exchange's mark."""
        return self.observer.view.market(market).mark
