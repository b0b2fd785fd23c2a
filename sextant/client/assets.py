"""Assets beyond USDC, as the client shows them: amounts in whole coins, exact."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from proto.sextant.v1 import query_pb2
from sextant.client.amounts import Amount, from_micros, scale_exact, show_decimal, to_decimal
from sextant.errors import BadRequest

UNITS_LIMIT: Final = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What may be collateral, and what it counts for now.

    ``price`` is the index and ``stable_price`` its slow mean, USDC per coin;
    ``weight`` of the one counts against maintenance margin, ``initial_weight`` of
    the lower one against initial margin, and nothing of it while it is ``stale``.
    ``offered`` is what a vault took over and offers at ``offer_price``.
    """

    id: int
    name: str
    decimals: int
    market: int
    lot_units: int
    weight: Decimal
    initial_weight: Decimal
    penalty: Decimal
    cap: Decimal
    deposit_min: Decimal
    price: Decimal | None
    stable_price: Decimal | None
    stale: bool
    deposited: Decimal
    withdrawn: Decimal
    offered: Decimal
    offer_price: Decimal | None

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def units(self, amount: Amount) -> int:
        """Return a positive amount of coins in the asset's units.

        Raises
        ------
        BadRequest
            ``AMOUNT`` if it is not positive or no amount at all, ``PRECISION`` if
            it is finer than a unit.
        """
        exact = scale_exact(amount, self.decimals)
        if exact.denominator != 1:
            raise BadRequest(
                "PRECISION",
                f"{amount} {self.name} is finer than {show_decimal(self.show(1))}",
                advice=f"use at most {self.decimals} decimals",
            )
        if not 0 < exact < UNITS_LIMIT:
            raise BadRequest("AMOUNT", f"{amount} {self.name} is no amount to move")
        return int(exact)

    def show(self, units: int) -> Decimal:
        """Return units as coins; keeps the sign."""
        return to_decimal(units, self.decimals)

    def price_per_lot(self, price: Amount) -> int:
        """Return USDC per coin as micro-USDC per lot, as an offer's bound is signed.

        Raises
        ------
        BadRequest
            ``PRICE`` if it is not positive, or finer than that.
        """
        exact = scale_exact(price, 6) * self.lot_units / 10**self.decimals
        if exact <= 0 or exact.denominator != 1 or exact >= UNITS_LIMIT:
            raise BadRequest("PRICE", f"{price} USDC is no price of {self.name}")
        return int(exact)

    def show_price(self, price: int) -> Decimal | None:
        """Return micro-USDC per lot as USDC per coin; nothing for an unknown price."""
        return price_of(price, self.decimals, self.lot_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a sub-account, or a vault, holds of an asset, and what that counts for in USDC.

    ``counted`` is false where there was no room for one more asset: it can leave,
    but counts for nothing.  ``withdrawable`` may leave now.
    """

    asset: str
    amount: Decimal
    counted: bool
    value: Decimal
    value_initial: Decimal
    withdrawable: Decimal


def price_of(price: int, decimals: int, lot_units: int) -> Decimal | None:
    """Return micro-USDC per lot as USDC per coin; nothing for an unknown price."""
    if not price:
        return None
    # A lot is a power of ten of units, so this is exact.
    return from_micros(price).scaleb(decimals - (len(str(lot_units)) - 1))


def asset_of(message: query_pb2.Asset) -> Asset:
    """Return an asset."""
    decimals, lot = message.decimals, message.lot_units
    return Asset(
        id=message.asset,
        name=message.symbol,
        decimals=decimals,
        market=message.market,
        lot_units=lot,
        weight=from_micros(message.weight_ppm),
        initial_weight=from_micros(message.initial_weight_ppm),
        penalty=from_micros(message.penalty_ppm),
        cap=to_decimal(message.cap_units, decimals),
        deposit_min=to_decimal(message.deposit_min_units, decimals),
        price=price_of(message.index, decimals, lot),
        stable_price=price_of(message.stable, decimals, lot),
        stale=message.stale,
        deposited=to_decimal(message.deposits_units, decimals),
        withdrawn=to_decimal(message.withdrawals_units, decimals),
        offered=to_decimal(message.offered_units, decimals),
        offer_price=price_of(message.offer_price, decimals, lot),
    )


def holding_of(message: query_pb2.AssetHolding) -> Holding:
    """Return what is held of an asset."""
    return Holding(
        asset=message.symbol,
        amount=to_decimal(message.units, message.decimals),
        counted=message.counted,
        value=from_micros(message.value_micros),
        value_initial=from_micros(message.value_initial_micros),
        withdrawable=to_decimal(message.withdrawable_units, message.decimals),
    )


def find_asset(assets: list[Asset], which: str | int | Asset) -> Asset:
    """Return an asset by name or number.

    Raises
    ------
    BadRequest
        ``ASSET``.
    """
    if isinstance(which, Asset):
        return which
    wanted = which.upper() if isinstance(which, str) else which
    for asset in assets:
        if wanted in (asset.name.upper(), asset.id, str(asset.id)):
            return asset
    known = ", ".join(asset.name for asset in assets) or "none"
    raise BadRequest("ASSET", f"there is no asset {which}", advice=f"there are: {known}")
