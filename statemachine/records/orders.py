"""Resting orders, and the two leaves by which their owner finds them."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, need

ORDER_LAYOUT: Final = Struct(">BIBBQQQ8sQQQ")
OWNED_LAYOUT: Final = Struct(">BBQ")
CLIENT_ID_LAYOUT: Final = Struct(">B16sHQ")
OWNED_ASLEEP: Final = 2
OWNED_TWAP: Final = 8
OWNED_PEGGED: Final = 16


@final
class Order(Record):
    """A resting order; its key says market, side, price (or offset) and sequence.

    ``expires_at`` in ms, 0 for never; ``group`` is the bracket it is the entry of;
    ``limit`` the hard limit of a pegged order, 0 for any other.
    """

    __slots__ = (
        "client_hash",
        "expires_at",
        "flags",
        "group",
        "limit",
        "portfolio",
        "remaining",
        "size",
        "time",
    )

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
        expires_at: int,
        group: int,
        limit: int = 0,
    ) -> None:
        """Take every field, in the order of the encoding."""
        # As Record does: one call less for each order.
        self.key = key
        self.dirty = False
        self.live = True
        self.stored = stored
        self.portfolio = portfolio
        self.flags = flags
        self.size = size
        self.remaining = remaining
        self.time = time
        self.client_hash = client_hash
        self.expires_at = expires_at
        self.group = group
        self.limit = limit

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
            self.expires_at,
            self.group,
            self.limit,
        )


def decode_order(key: bytes, data: bytes) -> Order:
    """Return the order that ``data`` encodes."""
    need(data, ORDER_LAYOUT.size, "order")
    values = ORDER_LAYOUT.unpack(data)
    _, account, sub, flags, size, remaining, time, client_hash, expires_at, group, limit = values
    return Order(
        key,
        True,
        account << 8 | sub,
        flags,
        size,
        remaining,
        time,
        client_hash,
        expires_at,
        group,
        limit,
    )


def encode_owned(side: int, price: int) -> bytes:
    """Return an owned-order record: where the order stands.

    ``side`` 0 or 1: in the book, at ``price``; from 2 on: asleep, ``side - 2``
    is its trigger and ``price`` the trigger's; 8: a TWAP; 16 or 17: pegged, in
    the book, ``price`` its offset and :data:`statemachine.keys.OFFSET_BIAS`.
    """
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
