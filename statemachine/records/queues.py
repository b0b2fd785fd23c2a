"""Work that is due, and withdrawals that L1 may pay."""

from struct import Struct
from typing import Final

from statemachine.records.base import RECORD_VERSION, money, need, unmoney

DUE_LAYOUT: Final = Struct(">BBHIB")
WITHDRAWAL_LAYOUT: Final = Struct(">B20s12sQ")


def encode_due(kind: int, market: int, portfolio: int) -> bytes:
    """Return an item of due work: its kind and what it is about."""
    return DUE_LAYOUT.pack(RECORD_VERSION, kind, market, portfolio >> 8, portfolio & 255)


def decode_due(data: bytes) -> tuple[int, int, int]:
    """Return (kind, market, portfolio)."""
    need(data, DUE_LAYOUT.size, "due work")
    _, kind, market, account, sub = DUE_LAYOUT.unpack(data)
    return kind, market, account << 8 | sub


def encode_withdrawal(owner: bytes, amount: int, time: int) -> bytes:
    """Return a withdrawal record: whom L1 pays, how many micros, since when (ms)."""
    return WITHDRAWAL_LAYOUT.pack(RECORD_VERSION, owner, money(amount), time)


def decode_withdrawal(data: bytes) -> tuple[bytes, int, int]:
    """Return (owner, amount, time)."""
    need(data, WITHDRAWAL_LAYOUT.size, "withdrawal")
    _, owner, amount, time = WITHDRAWAL_LAYOUT.unpack(data)
    return owner, unmoney(amount), time
