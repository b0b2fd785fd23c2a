"""A market as traders see it: decimal prices and sizes, over exact integers.

Conversions never round silently.  ``price("65000.53")`` on a tick of 0.1
raises, and says which prices are valid; ``rounding=`` opts in.
"""

from dataclasses import dataclass
from decimal import Decimal

from sextant.client.amounts import (
    USDC_DECIMALS,
    Amount,
    Rounding,
    round_to,
    scale_exact,
    show_decimal,
    to_decimal,
)
from sextant.errors import BadRequest
from statemachine.units import PPM_ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The trading rules of one market.

    Parameters
    ----------
    id, name
        Number and name, such as ``1`` and ``BTC``.
    lot_decimals
        One lot is ``10**-lot_decimals`` of the base asset.
    tick
        Smallest price step, in micro-USDC per lot.
    minimum_notional
        Smallest order value, in micro-USDC.
    initial_margin_ppm, maintenance_margin_ppm
        Margin rates of the first size tier, in force when it was asked for.
    maker_fee_ppm, taker_fee_ppm
        Fees; a negative maker fee is a rebate.
    order_lots_max
        Largest order in lots; 0: no limit.
    fill_band_ppm
        How much worse than mark an order may be priced; 0: not known.
    open_interest_max_lots
        No order takes open interest beyond it; 0: no cap.
    tiers
        (notional from which it counts in micro-USDC, initial, maintenance
        margin in ppm), above the first tier.
    state
        Such as ``active``, ``post-only`` or ``cancel-only``.
    """

    id: int
    name: str
    lot_decimals: int
    tick: int
    minimum_notional: int = 0
    order_lots_max: int = 0
    initial_margin_ppm: int = 0
    maintenance_margin_ppm: int = 0
    maker_fee_ppm: int = 0
    taker_fee_ppm: int = 0
    fill_band_ppm: int = 0
    open_interest_max_lots: int = 0
    tiers: tuple[tuple[int, int, int], ...] = ()
    state: str = "active"

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def price_decimals(self) -> int:
        """Power of ten between USDC per base unit and micro-USDC per lot."""
        return USDC_DECIMALS - self.lot_decimals

    @property
    def leverage_max(self) -> int:
        """The largest leverage that one may choose."""
        return PPM_ONE // self.initial_margin_ppm if self.initial_margin_ppm else 0

    @property
    def tick_size(self) -> Decimal:
        """The tick in USDC per unit of the base asset."""
        return self.show_price(self.tick)

    @property
    def lot_size(self) -> Decimal:
        """The lot in units of the base asset."""
        return self.show_size(1)

    def price(self, value: Amount, *, rounding: Rounding | None = None) -> int:
        """Return a price in micro-USDC per lot.

        Raises
        ------
        BadRequest
            ``TICK`` between two ticks (without ``rounding``), ``PRICE`` if
            it is not positive.
        """
        exact = scale_exact(value, self.price_decimals)
        if exact <= 0:
            raise BadRequest("PRICE", f"price {value} is not positive")
        below = self.tick * (exact // self.tick)
        if below == exact:
            return below
        if rounding is None:
            valid = [self.show_price(p) for p in (below, below + self.tick) if p > 0]
            raise BadRequest(
                "TICK",
                f"price {value} is not a multiple of {show_decimal(self.tick_size)} ({self.name})",
                advice="nearest valid: "
                + " and ".join(map(show_decimal, valid))
                + "; choose one, or ask for rounding",
            )
        return max(self.tick, round_to(exact, self.tick, rounding))

    def offset(self, value: Amount, *, rounding: Rounding | None = None) -> int:
        """Return a distance from the index in micro-USDC per lot; below it if negative.

        Raises
        ------
        BadRequest
            ``TICK``: not a multiple of the tick (without ``rounding``).
        """
        exact = scale_exact(value, self.price_decimals)
        sign = -1 if exact < 0 else 1
        if exact % self.tick == 0:
            return int(exact)
        if rounding is None:
            raise BadRequest(
                "TICK",
                f"offset {value} is not a multiple of {show_decimal(self.tick_size)} ({self.name})",
                advice="choose a multiple, or ask for rounding",
            )
        return sign * round_to(abs(exact), self.tick, rounding)

    def size(self, value: Amount, *, rounding: Rounding | None = None) -> int:
        """Return a size in lots.

        Raises
        ------
        BadRequest
            ``LOT`` between two lots (without ``rounding``), ``SIZE`` if it
            is not positive, or rounds to nothing.
        """
        exact = scale_exact(value, self.lot_decimals)
        if exact <= 0:
            raise BadRequest("SIZE", f"size {value} is not positive")
        if exact.denominator == 1:
            return self._bounded(int(exact))
        if rounding is None:
            below = exact // 1
            valid = [show_decimal(self.show_size(lots)) for lots in (below, below + 1) if lots]
            raise BadRequest(
                "LOT",
                f"size {value} is not a multiple of {show_decimal(self.lot_size)} ({self.name})",
                advice=f"nearest valid: {' and '.join(valid)}; choose one, or ask for rounding",
            )
        lots = round_to(exact, 1, rounding)
        if lots == 0:
            raise BadRequest("SIZE", f"size {value} rounds to nothing")
        return self._bounded(lots)

    def _bounded(self, lots: int) -> int:
        if self.order_lots_max and lots > self.order_lots_max:
            most = show_decimal(self.show_size(self.order_lots_max))
            raise BadRequest(
                "SIZE", f"an order of {self.name} may be {most} at most", advice="split it"
            )
        return lots

    def check_notional(self, price: int, size: int) -> None:
        """Refuse an order below the minimum value.

        Raises
        ------
        BadRequest
            ``NOTIONAL``.
        """
        if price * size < self.minimum_notional:
            worth = show_decimal(to_decimal(price * size, USDC_DECIMALS))
            least = show_decimal(to_decimal(self.minimum_notional, USDC_DECIMALS))
            raise BadRequest(
                "NOTIONAL",
                f"the order is worth {worth} USDC; {self.name} takes no less than {least}",
                advice="make it larger",
            )

    def show_price(self, price: int) -> Decimal:
        """Return micro-USDC per lot as USDC per unit of the base asset."""
        return to_decimal(price, self.price_decimals)

    def show_size(self, lots: int) -> Decimal:
        """Return lots as units of the base asset; keeps the sign."""
        return to_decimal(lots, self.lot_decimals)
