"""What is kept of an exchange that stopped."""

from dataclasses import dataclass
from enum import IntEnum
from typing import final

from prover.contract.records.fields import UINT_LIMIT
from statemachine.codec import as_list, as_uint, pack, unpack


@final
class FreezeReason(IntEnum):
    """Why an exchange stopped.  Numbers are never reused."""

    INBOX = 1
    SILENCE = 2


@final
@dataclass(frozen=True, slots=True)
class Freeze:
    """When and why the exchange stopped, and the inbox item that it left waiting."""

    time: int
    reason: int
    inbox_index: int

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.time, self.reason, self.inbox_index])


@final
@dataclass(frozen=True, slots=True)
class Books:
    """What is shared out, and among how many claims.

    ``claim`` is the last final one, whose state counts; ``claims`` sums what owners
    have registered, each net of his debts and at least 0.  ``held`` is what all pots
    are worth, in micros, once ``shut``: when the first owner is paid.
    """

    claim: int
    opened_at: int
    claims: int = 0
    held: int = 0
    shut: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.claim, self.opened_at, self.claims, self.held, self.shut])


@final
@dataclass(frozen=True, slots=True)
class Pot:
    """What is shared out of an asset: its ``price`` in micros per lot of ``lot_units``.

    ``refundable`` deposits are not part of it: they were never credited, and not yet
    refunded.  ``amount`` is what there is for all owners, once the books are shut.
    """

    price: int
    lot_units: int
    refundable: int
    amount: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.price, self.lot_units, self.refundable, self.amount])


@final
@dataclass(frozen=True, slots=True)
class Owed:
    """What was registered for an owner and against him, in micros; and whether he was paid."""

    equity: int = 0
    debt: int = 0
    paid: int = 0

    @property
    def net(self) -> int:
        """What he has a claim to: at least nothing."""
        return max(0, self.equity - self.debt)

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.equity, self.debt, self.paid])


def decode_freeze(data: bytes) -> Freeze:
    """Return the freeze that ``data`` encodes, or raise ``FrameInvalid``."""
    return Freeze(*numbers_of(data, 3, "freeze"))


def decode_books(data: bytes) -> Books:
    """Return the books that ``data`` encodes, or raise ``FrameInvalid``."""
    return Books(*numbers_of(data, 5, "books"))


def decode_pot(data: bytes) -> Pot:
    """Return the pot that ``data`` encodes, or raise ``FrameInvalid``."""
    return Pot(*numbers_of(data, 4, "pot"))


def decode_owed(data: bytes) -> Owed:
    """Return what is owed as ``data`` encodes it, or raise ``FrameInvalid``."""
    return Owed(*numbers_of(data, 3, "owed"))


def numbers_of(data: bytes, count: int, name: str) -> list[int]:
    """Return the numbers of a record that has nothing else."""
    return [as_uint(number, UINT_LIMIT, name) for number in as_list(unpack(data), count, name)]
