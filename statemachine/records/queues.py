"""Work that is due, and withdrawals that L1 may pay."""

from struct import Struct
from typing import Final

from statemachine.records.base import RECORD_VERSION, money, need, unmoney

DUE_LAYOUT: Final = Struct(">BBHIBQ")
WITHDRAWAL_LAYOUT: Final = Struct(">B20s12sQB")


def encode_due(kind: int, market: int, portfolio: int, reference: int = 0) -> bytes:
    """Return an item of due work: its kind and what it is about."""
    account, sub = portfolio >> 8, portfolio & 255
    return DUE_LAYOUT.pack(RECORD_VERSION, kind, market, account, sub, reference)


def decode_due(data: bytes) -> tuple[int, int, int, int]:
    """Return (kind, market, portfolio, reference)."""
    need(data, DUE_LAYOUT.size, "due work")
    _, kind, market, account, sub, reference = DUE_LAYOUT.unpack(data)
    return kind, market, account << 8 | sub, reference


def encode_withdrawal(owner: bytes, amount: int, time: int, asset: int = 0) -> bytes:
    """Return a withdrawal record: whom L1 pays, how much, since when (ms), of which asset.

    ``amount`` is in micros, or in the asset's units.
    """
    return WITHDRAWAL_LAYOUT.pack(RECORD_VERSION, owner, money(amount), time, asset)


def decode_withdrawal(data: bytes) -> tuple[bytes, int, int, int]:
    """Return (owner, amount, time, asset)."""
    need(data, WITHDRAWAL_LAYOUT.size, "withdrawal")
    _, owner, amount, time, asset = WITHDRAWAL_LAYOUT.unpack(data)
    return owner, unmoney(amount), time, asset
