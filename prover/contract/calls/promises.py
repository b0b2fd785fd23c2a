"""Calls about the sequencer's bond, and what it promised with its signature."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class BondSequencer:
    """Put ``amount`` gwei of the sequencer's behind its signatures."""

    amount: int


@final
@dataclass(frozen=True, slots=True)
class ProveEquivocation:
    """Show two blocks that the sequencer signed at one height, by their cursors' hashes."""

    height: int
    first: bytes
    first_signature: bytes
    second: bytes
    second_signature: bytes
    payee: bytes
    salt: bytes


@final
@dataclass(frozen=True, slots=True)
class ProveBroken:
    """Show a signed block that final claim ``claim`` contradicts, or lacks after its deadline.

    ``cursor`` is what was signed, encoded.  ``witness`` opens the cursor that
    the final state has at that height; without one, the block is lacking.
    """

    claim: int
    cursor: bytes
    signature: bytes
    witness: bytes
    payee: bytes
    salt: bytes


@final
@dataclass(frozen=True, slots=True)
class LeaveBond:
    """Say that no further block is promised; the bond may be taken when all are judged."""


@final
@dataclass(frozen=True, slots=True)
class TakeBond:
    """Take the bond back, as final claim ``claim`` covers the last promise."""

    claim: int


PromiseCall = BondSequencer | ProveEquivocation | ProveBroken | LeaveBond | TakeBond

PROMISE_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.BOND_SEQUENCER: BondSequencer,
    CallKind.PROVE_EQUIVOCATION: ProveEquivocation,
    CallKind.PROVE_BROKEN: ProveBroken,
    CallKind.LEAVE_BOND: LeaveBond,
    CallKind.TAKE_BOND: TakeBond,
}
