"""What a publisher believes a market is worth.

Where a price comes from, the first that has one wins: held by hand, the script, the seeded walk.
Each publisher adds a little noise of its own, so that the median has something to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from devnet.prices import BASE_USD, HeldPrices, ScriptLine, height_of, scripted, walk
from sextant.client.market import Market

NOISE_PPM: Final = 20
PPM: Final = 1_000_000
BASE_USD_UNKNOWN: Final = 100


@final
@dataclass(frozen=True, slots=True)
class PriceSource:
    """What one publisher believes, in the order of precedence."""

    held: HeldPrices
    script: Sequence[ScriptLine]
    seed: int
    number: int
    started_ms: int

    def price_of(self, market: Market, now_ms: int) -> int:
        """Return micro-USDC per lot of ``market`` at a chain time."""
        held = self.held.read().get(market.name)
        if held is not None:
            return held
        written = scripted(self.script, market.name, now_ms - self.started_ms)
        if written is not None:
            return market.price(written)
        base = market.price(BASE_USD.get(market.name, BASE_USD_UNKNOWN))
        price = walk(self.seed, market.id, base, now_ms)
        noise = height_of(self.seed + self.number + 1, market.id, 0, now_ms // 1000)
        return max(1, price + price * noise * NOISE_PPM // PPM // PPM)
