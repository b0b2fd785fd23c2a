"""What is kept of a withdrawal that is for sale or sold, and of what left lately."""

from dataclasses import dataclass
from typing import final

from prover.contract.records.fields import UINT_LIMIT, as_message
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid

NOBODY = b""


@final
@dataclass(frozen=True, slots=True)
class Sale:
    """An offer of a withdrawal, and who took it; ``buyer`` is empty while nobody has.

    ``claim`` is the claim that it was shown under; ``price`` in micros, ``until`` in ms.
    """

    index: int
    claim: int
    seller: bytes
    buyer: bytes
    price: int
    until: int

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.index, self.claim, self.seller, self.buyer, self.price, self.until])


@final
@dataclass(frozen=True, slots=True)
class ExitBucket:
    """How much of an asset left by ``time`` (ms) and has not been made up for since."""

    used: int = 0
    time: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.used, self.time])


def decode_sale(data: bytes) -> Sale:
    """Return the sale that ``data`` encodes, or raise ``FrameInvalid``."""
    index, claim, seller, buyer, price, until = as_list(unpack(data), 6, "sale")
    taker = as_message(buyer, "buyer")
    if len(taker) not in (0, 20):
        raise FrameInvalid(f"buyer: need 0 or 20 bytes, have {len(taker)}")
    return Sale(
        as_uint(index, UINT_LIMIT, "index"),
        as_uint(claim, UINT_LIMIT, "claim"),
        as_bytes(seller, 20, "seller"),
        taker,
        as_uint(price, UINT_LIMIT, "price"),
        as_uint(until, UINT_LIMIT, "until"),
    )


def decode_exit_bucket(data: bytes) -> ExitBucket:
    """Return the bucket that ``data`` encodes, or raise ``FrameInvalid``."""
    used, time = as_list(unpack(data), 2, "exit bucket")
    return ExitBucket(as_uint(used, UINT_LIMIT, "used"), as_uint(time, UINT_LIMIT, "time"))
