"""What accusers did."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class FaultCommitted:
    """Somebody holds a fault, and does not say which."""

    commitment: bytes
    sender: bytes


@final
@dataclass(frozen=True, slots=True)
class FaultProved:
    """A claim was disproved; what became of its bond, in gwei.

    The payee got ``refunded``, as much as the calls took, and ``reward``.
    """

    claim: int
    kind: int
    segment: int
    root: bytes
    payee: bytes
    burnt: int
    refunded: int
    reward: int


DisputeEvent = FaultCommitted | FaultProved

DISPUTE_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.FAULT_COMMITTED: FaultCommitted,
    EventKind.FAULT_PROVED: FaultProved,
}
