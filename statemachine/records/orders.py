"""Resting orders, and the two leaves by which their owner finds them."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, need

ORDER_LAYOUT: Final = Struct(">BIBBQQQ8s")
OWNED_LAYOUT: Final = Struct(">BBQ")
CLIENT_ID_LAYOUT: Final = Struct(">B16sHQ")


@final
class Order(Record):
    """A resting order; its key says market, side, price and sequence."""

    __slots__ = ("client_hash", "flags", "portfolio", "remaining", "size", "time")

    def __init__(
        self,
        key: bytes,
        stored: bool,
        portfolio: int,
        flags: int,
        size: int,
        remaining: int,
        time: int,
        client_hash: bytes,
    ) -> None:
        """Take every field, in the order of the encoding."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.flags = flags
        self.size = size
        self.remaining = remaining
        self.time = time
        self.client_hash = client_hash

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return ORDER_LAYOUT.pack(
            RECORD_VERSION,
            self.portfolio >> 8,
            self.portfolio & 255,
            self.flags,
            self.size,
            self.remaining,
            self.time,
            self.client_hash,
        )


def decode_order(key: bytes, data: bytes) -> Order:
    """Return the order that ``data`` encodes."""
    need(data, ORDER_LAYOUT.size, "order")
    _, account, sub, flags, size, remaining, time, client_hash = ORDER_LAYOUT.unpack(data)
    return Order(key, True, account << 8 | sub, flags, size, remaining, time, client_hash)


def encode_owned(side: int, price: int) -> bytes:
    """Return an owned-order record: where in the book the order stands."""
    return OWNED_LAYOUT.pack(RECORD_VERSION, side, price)


def decode_owned(data: bytes) -> tuple[int, int]:
    """Return (side, price)."""
    need(data, OWNED_LAYOUT.size, "owned order")
    _, side, price = OWNED_LAYOUT.unpack(data)
    return side, price


def encode_client_id(client_id: bytes, market: int, sequence: int) -> bytes:
    """Return a client id record: the full id, and the live order that has it."""
    return CLIENT_ID_LAYOUT.pack(RECORD_VERSION, client_id, market, sequence)


def decode_client_id(data: bytes) -> tuple[bytes, int, int]:
    """Return (client id, market, sequence)."""
    need(data, CLIENT_ID_LAYOUT.size, "client id")
    _, client_id, market, sequence = CLIENT_ID_LAYOUT.unpack(data)
    return client_id, market, sequence
