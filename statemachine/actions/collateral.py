"""What people ask for about other assets than USDC: one immutable message per kind of action.

Amounts are in the asset's own units.
"""

from dataclasses import dataclass
from typing import final

from statemachine.units import Price


@final
@dataclass(frozen=True, slots=True)
class WithdrawAsset:
    """Move units of another asset than USDC out to the owner's address on L1."""

    sub: int
    asset: int
    amount: int


@final
@dataclass(frozen=True, slots=True)
class TransferAsset:
    """Move units of an asset between two sub-accounts of one owner."""

    source: int
    target: int
    asset: int
    amount: int


@final
@dataclass(frozen=True, slots=True)
class BuyCollateral:
    """Buy units of an asset that a vault took over, below its index, at ``price`` or better.

    ``price`` in micros per lot of the asset's market.
    """

    sub: int
    asset: int
    amount: int
    price: Price
