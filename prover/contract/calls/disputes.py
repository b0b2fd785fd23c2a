"""Calls that bring a claim down."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class CommitFault:
    """Store the hash of a fault that will be shown later."""

    commitment: bytes


@final
@dataclass(frozen=True, slots=True)
class ProveFault:
    """Disprove a claim, opening the commitment made before."""

    kind: int
    claim: int
    segment: int
    correct_root: bytes
    payee: bytes
    salt: bytes
    witness: bytes


DisputeCall = CommitFault | ProveFault

DISPUTE_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.COMMIT_FAULT: CommitFault,
    CallKind.PROVE_FAULT: ProveFault,
}
