"""Fields of messages, each refused where no signer could have meant it."""

from typing import Final

from statemachine.codec import as_bytes, as_int, as_uint
from statemachine.units import LOTS_LIMIT, PRICE_LIMIT, Lots, Price

MARKETS_LIMIT: Final = 65535
FLAGS_LIMIT: Final = 16
U64: Final = 1 << 64


def price_of(value: object) -> Price:
    """Return a price as signed: 0 is refused later, by the handler."""
    return Price(as_uint(value, PRICE_LIMIT, "price"))


def size_of(value: object) -> Lots:
    """Return a size as signed: 0 is refused later, by the handler."""
    return Lots(as_uint(value, LOTS_LIMIT, "size"))


def flags_of(value: object) -> int:
    """Return an order's flags."""
    return as_uint(value, FLAGS_LIMIT, "flags")


def client_id_of(value: object) -> bytes:
    """Return a client id: nothing, or 16 bytes."""
    if value == b"":
        return b""
    return as_bytes(value, 16, "client id")


def ref_of(value: object, base: int) -> int | bytes:
    """Return an order's reference: an id ``base`` away, or a client id."""
    if type(value) is bytes:
        return as_bytes(value, 16, "client id")
    return as_uint(as_int(value, U64, "order id") + base, U64, "order id")
