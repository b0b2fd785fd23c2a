"""What a portfolio holds beyond USDC, and what was paid in and out of each asset."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, money, need, unmoney

HOLDING_LAYOUT: Final = Struct(">BQ")
ASSET_LAYOUT: Final = Struct(">B12s12s")


@final
class Holding(Record):
    """What a portfolio holds of one asset, in the asset's units; there is none of nothing."""

    __slots__ = ("amount",)

    def __init__(self, key: bytes, stored: bool) -> None:
        """Start with nothing."""
        super().__init__(key, stored)
        self.amount = 0
        self.live = stored

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return HOLDING_LAYOUT.pack(RECORD_VERSION, self.amount)


def decode_holding(key: bytes, data: bytes) -> Holding:
    """Return the holding that ``data`` encodes."""
    need(data, HOLDING_LAYOUT.size, "holding")
    holding = Holding(key, True)
    holding.amount = HOLDING_LAYOUT.unpack(data)[1]
    return holding


@final
class AssetSums(Record):
    """All that was ever paid in and out of an asset, in its units."""

    __slots__ = ("deposits", "withdrawals")

    def __init__(self, key: bytes, stored: bool) -> None:
        """Start with nothing."""
        super().__init__(key, stored)
        self.deposits = 0
        self.withdrawals = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return ASSET_LAYOUT.pack(RECORD_VERSION, money(self.deposits), money(self.withdrawals))


def decode_asset(key: bytes, data: bytes) -> AssetSums:
    """Return the sums that ``data`` encodes."""
    need(data, ASSET_LAYOUT.size, "asset")
    _, deposits, withdrawals = ASSET_LAYOUT.unpack(data)
    sums = AssetSums(key, True)
    sums.deposits = unmoney(deposits)
    sums.withdrawals = unmoney(withdrawals)
    return sums
