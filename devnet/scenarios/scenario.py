"""A scenario: a small record of what happens to prices, publishers, makers and the node.

All of it is integers and declared beforehand; what follows from it is up to the
exchange.  Times are seconds from the start of the path, shares and moves are ppm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

PPM: Final = 1_000_000
BOTH_SIDES: Final = "both"
BIDS_ONLY: Final = "bids"
ASKS_ONLY: Final = "asks"
NO_SIDE: Final = "none"

Path = tuple[tuple[int, int], ...]
"""(second, price in ppm of the first one), ascending; straight lines between."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """How makers quote from ``since`` on: the last one that has begun counts.

    ``depth`` is their usual size in ppm, ``spread`` their usual distance; ``premium``
    moves their whole ladder away from the index.
    """

    since: int = 0
    depth: int = PPM
    spread: int = PPM
    sides: str = BOTH_SIDES
    premium: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Publishers (by number) that say nothing for a while."""

    publishers: tuple[int, ...]
    since: int
    until: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """A publisher that says something else for a while: ``off`` ppm beside the price."""

    publisher: int
    since: int
    until: int
    off: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Who trades: shares of the accounts, and weights of leverage.

    ``asset_share`` of them keep ``asset_part`` of their equity in the exchange's first
    other asset, if it has one.
    ``equities`` in USDC are drawn between two bounds, small ones more often;
    ``leverages`` are (times, weight).  ``keepers`` poke at most ``pokes`` portfolios
    a step each.  ``vault_share`` is what depositors put into the vaults, of all equity,
    and ``pool_share`` what they lend.
    """

    long_share: int = 760_000
    isolated_share: int = 300_000
    stop_share: int = 200_000
    asset_share: int = 0
    asset_part: int = 800_000
    equities: tuple[int, int] = (300, 12_000)
    leverages: tuple[tuple[int, int], ...] = (
        (2, 15),
        (3, 15),
        (5, 25),
        (10, 25),
        (15, 12),
        (18, 8),
    )
    keepers: int = 3
    pokes: int = 12
    vault_share: int = 60_000
    pool_share: int = 20_000
    depth_share: int = 350_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One crash, from a quiet market to what is left.

    ``paths`` names markets; others follow the first one, times their ``betas``.
    ``outage``: the sequencer is killed at the first second, and back at the second.
    """

    name: str
    story: str
    seconds: int
    paths: Mapping[str, Path]
    betas: Mapping[str, int] = field(
        default_factory=lambda: {"BTC": PPM, "ETH": 1_150_000, "SOL": 1_350_000}
    )
    step_ms: int = 2_000
    noise: int = 700
    """How far prices wander beside their path, in ppm."""
    quoting: tuple[Quoting, ...] = (Quoting(),)
    silences: tuple[Silence, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    outage: tuple[int, int] | None = None
    population: Population = field(default_factory=Population)
    first_usd: Mapping[str, str] = field(default_factory=dict)
    """Prices to start from where they are not the devnet's usual ones."""

    def quoting_at(self, second: int) -> Quoting:
        """Return how makers quote by now."""
        return [way for way in self.quoting if way.since <= second][-1]

    def move(self, symbol: str, ms: int) -> int:
        """Return a market's price at a time in ppm of its first one."""
        path = self.paths.get(symbol)
        if path is not None:
            return point_on(path, ms)
        leader = next(iter(self.paths.values()))
        beta = self.betas.get(symbol, PPM)
        return max(PPM // 20, PPM + (point_on(leader, ms) - PPM) * beta // PPM)

    def is_silent(self, publisher: int, second: int) -> bool:
        """Return whether a publisher says nothing now."""
        return any(
            publisher in gap.publishers and gap.since <= second < gap.until for gap in self.silences
        )

    def off_at(self, publisher: int, second: int) -> int:
        """Return how far a publisher is beside the price now, in ppm."""
        return sum(
            part.off
            for part in self.divergences
            if part.publisher == publisher and part.since <= second < part.until
        )


def point_on(path: Path, ms: int) -> int:
    """Return a path's height at a time, on straight lines between its points; floored."""
    before = path[0]
    for point in path:
        if point[0] * 1000 >= ms:
            span = (point[0] - before[0]) * 1000
            if span == 0:
                return point[1]
            return before[1] + (point[1] - before[1]) * (ms - before[0] * 1000) // span
        before = point
    return before[1]
