"""What becomes of claims and of the bonds on them."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


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


ClaimEvent = ClaimProposed | ClaimDied | ClaimFinal | BondReturned

CLAIM_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.CLAIM_PROPOSED: ClaimProposed,
    EventKind.CLAIM_DIED: ClaimDied,
    EventKind.CLAIM_FINAL: ClaimFinal,
    EventKind.BOND_RETURNED: BondReturned,
}
