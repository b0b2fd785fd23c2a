"""Settings: a trader's own leverage, and what the guardian may change of a market."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class SetLeverage:
    """Bound what a position in one market may be, in multiples of its margin; 0: no bound."""

    sub: int
    market: int
    leverage: int


@final
@dataclass(frozen=True, slots=True)
class SetMarketState:
    """Move a market to another state: the guardian may."""

    market: int
    state: int


@final
@dataclass(frozen=True, slots=True)
class SetMargin:
    """Let a market's margin rates move to these, slowly: the guardian may."""

    market: int
    initial_ppm: int
    maintenance_ppm: int
