"""A duel at the limits: the largest sizes, prices and balances that fields hold.

Rates at their bounds, prices from one micro to the last index there can be,
sizes of 2**53 lots: whatever is not refused has to fit its record.
"""

from dataclasses import replace

from statemachine.units import Lots, Micros, Price
from tests.duels import Chooser, Duel
from tests.worlds import market_rules, world_rules

INDEX_TOP = 2**46 - 1
PRICE_TOP = 2**63 - 1
RATES = (
    # market, maker, taker, initial, maintenance, band; ppm
    (0, -900_000, 999_999, 1_000_000, 1, 1_000_000),
    (1, 0, 0, 2, 1, 500_000),
    (2, 100, 500, 1_000_000, 1_000_000, 1_000_000),
    (5, -1, 1, 20_000, 10_000, 30_000),
)
LIMITS = replace(
    world_rules(
        1,
        step_visits_max=3,
        step_continuations_max=3,
        slice_interval_ms=1_000,
        slice_notional_min=1,
        withdrawal_min=1,
        poke_reward=1,
        impact_notional=2**40,
        funding_interval_ms=60_000,
        premium_interval_ms=2_000,
        basis_window_ms=4_000,
    ),
    markets=tuple(
        market_rules(
            market,
            tick=1,
            notional_min=0,
            maker_ppm=maker,
            taker_ppm=taker,
            initial_ppm=initial,
            maintenance_ppm=maintenance,
            fill_band_ppm=band,
        )
        for market, maker, taker, initial, maintenance, band in RATES
    ),
)


class ExtremeDuel(Duel):
    """Traders who own the world, and want what no field holds."""

    def __init__(self, chooser: Chooser) -> None:
        super().__init__(LIMITS, chooser, amount=2**60)

    def size(self) -> Lots:
        """Return a size of any magnitude."""
        small = self.chooser.pick((1, 2, 3, 7, 10**6, 10**9, 2**20))
        return Lots(self.chooser.pick((small, 2**40, 2**50, 2**52, 2**53 - 1, 2**53 - 1)))

    def price_near(self, number: int) -> Price:
        """Return a price near the index, or nowhere near it."""
        base = self.price[number]
        far = self.chooser.pick((1, 2, 2**45, 2**46, 2**62, PRICE_TOP))
        near = base + self.chooser.number(-3, 3)
        off = base * self.chooser.number(1, 40) // 20
        price = self.chooser.pick((near, near, near, off, far))
        return Price(max(0, min(PRICE_TOP, price)))

    def offset(self, base: int) -> int:
        """Return an offset near nothing, or as far as one may be."""
        far = self.chooser.pick((base, 2**45, 2**46 - 1))
        sign = self.chooser.pick((1, -1))
        return self.chooser.pick((self.chooser.number(-3, 3), sign * far))

    def amount(self) -> Micros:
        """Return an amount of any magnitude."""
        return Micros(self.chooser.pick((1, 7, 2**40, 2**62, 2**63, 2**64 - 1)))

    def publish(self, number: int, permille: int) -> None:
        """Move a price a little, or from one end of the scale to the other."""
        base = self.price[number]
        price = base + permille
        if self.chooser.number(0, 9) == 0:
            ends = (1, 2**20, 2**30, INDEX_TOP)
            price = self.chooser.pick((base * (1_000 + permille) // 1_000, base // 2, *ends))
        self.price[number] = max(1, min(INDEX_TOP, price))
        self.pending.append(self.world.prices(number, self.price[number]))
