"""Calls that take money out of the escrow."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class ClaimWithdrawal:
    """Pay withdrawal ``index`` to its owner; ``proof`` opens it under a final claim."""

    claim: int
    index: int
    proof: bytes


WithdrawalCall = ClaimWithdrawal

WITHDRAWAL_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.CLAIM_WITHDRAWAL: ClaimWithdrawal,
}
