"""What the contract announces: facts in L1's order, for whoever follows it.

An event's fields are integers and byte strings only, so that one rule gives
its canonical bytes: ``[kind, field, ...]``.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final, final

from prover.contract.records import ClaimStatus
from statemachine.codec import pack, unpack
from statemachine.errors import FrameInvalid


@final
class EventKind(IntEnum):
    """Which event it is.  Numbers are never reused."""

    ENTRY_APPENDED = 1
    ITEM_QUEUED = 2
    CLAIM_PROPOSED = 3
    FAULT_COMMITTED = 4
    FAULT_PROVED = 5
    CLAIM_DIED = 6
    CLAIM_FINAL = 7
    BOND_RETURNED = 8
    WITHDRAWAL_PAID = 9


@final
@dataclass(frozen=True, slots=True)
class EntryAppended:
    """The log grew by one entry of ``length`` bytes."""

    index: int
    data_root: bytes
    length: int
    inbox_count: int
    sender: bytes


@final
@dataclass(frozen=True, slots=True)
class ItemQueued:
    """The inbox grew by one item (``kind`` is an ``InboxKind``)."""

    index: int
    kind: int
    owner: bytes
    sub: int
    amount: int
    accumulator: bytes
    asset: int = 0


@final
@dataclass(frozen=True, slots=True)
class ClaimProposed:
    """Somebody claims an output; whoever derives another one may dispute it."""

    claim: int
    parent: int
    log_index: int
    output_hash: bytes
    proposer: bytes
    bond: int


@final
@dataclass(frozen=True, slots=True)
class FaultCommitted:
    """Somebody holds a fault, and does not say which."""

    commitment: bytes
    sender: bytes


@final
@dataclass(frozen=True, slots=True)
class FaultProved:
    """A claim was disproved; its bond is burnt, refunded and paid in parts, in gwei."""

    claim: int
    kind: int
    segment: int
    root: bytes
    payee: bytes
    burnt: int
    refunded: int
    reward: int


@final
@dataclass(frozen=True, slots=True)
class ClaimDied:
    """A claim lost (``status`` says how, a dead ``ClaimStatus``)."""

    claim: int
    status: int


@final
@dataclass(frozen=True, slots=True)
class ClaimFinal:
    """A claim's window passed: its output can never be undone."""

    claim: int
    log_index: int
    output_hash: bytes


@final
@dataclass(frozen=True, slots=True)
class BondReturned:
    """A bond went back to its proposer, in gwei."""

    claim: int
    proposer: bytes
    amount: int


@final
@dataclass(frozen=True, slots=True)
class WithdrawalPaid:
    """A withdrawal left the escrow, in micro-USDC or in units of ``asset``."""

    index: int
    owner: bytes
    amount: int
    asset: int = 0


Event = (
    EntryAppended
    | ItemQueued
    | ClaimProposed
    | FaultCommitted
    | FaultProved
    | ClaimDied
    | ClaimFinal
    | BondReturned
    | WithdrawalPaid
)

EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.ENTRY_APPENDED: EntryAppended,
    EventKind.ITEM_QUEUED: ItemQueued,
    EventKind.CLAIM_PROPOSED: ClaimProposed,
    EventKind.FAULT_COMMITTED: FaultCommitted,
    EventKind.FAULT_PROVED: FaultProved,
    EventKind.CLAIM_DIED: ClaimDied,
    EventKind.CLAIM_FINAL: ClaimFinal,
    EventKind.BOND_RETURNED: BondReturned,
    EventKind.WITHDRAWAL_PAID: WithdrawalPaid,
}
KINDS: Final[dict[type[Any], EventKind]] = {event: kind for kind, event in EVENTS.items()}


def fields_of(event: Event) -> list[Any]:
    """Return an event's fields in the order of their declaration."""
    return [getattr(event, field.name) for field in fields(event)]


def encode_event(event: Event) -> bytes:
    """Return the canonical bytes of an event."""
    return pack([int(KINDS[type(event)]), *fields_of(event)])


def decode_event(data: bytes) -> Event:
    """Return the event that ``data`` encodes, or raise ``FrameInvalid``."""
    values = unpack(data)
    if not isinstance(values, list) or not values or values[0] not in list(EventKind):
        raise FrameInvalid("event: its kind is not known")
    shape = EVENTS[EventKind(values[0])]
    expected = [field.type for field in fields(shape)]
    if [type(value) for value in values[1:]] != expected:
        raise FrameInvalid(f"event: not the fields of {shape.__name__}")
    event: Event = shape(*values[1:])
    return event


__all__ = [
    "BondReturned",
    "ClaimDied",
    "ClaimFinal",
    "ClaimProposed",
    "ClaimStatus",
    "EntryAppended",
    "Event",
    "EventKind",
    "FaultCommitted",
    "FaultProved",
    "ItemQueued",
    "WithdrawalPaid",
    "decode_event",
    "encode_event",
    "fields_of",
]
