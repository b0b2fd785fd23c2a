"""Calls that queue an item which the sequencer cannot refuse."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class Deposit:
    """Put ``amount`` of the sender's into sub-account ``sub`` of ``owner``.

    Micro-USDC, or units of ``asset`` if that is not 0.
    """

    owner: bytes
    sub: int
    amount: int
    asset: int = 0


@final
@dataclass(frozen=True, slots=True)
class ForceWithdraw:
    """Withdraw ``amount`` of the sender's on L2, 0 meaning all that may leave.

    Micro-USDC, or units of ``asset`` if that is not 0.
    """

    sub: int
    amount: int
    asset: int = 0


InboxCall = Deposit | ForceWithdraw

INBOX_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.DEPOSIT: Deposit,
    CallKind.FORCE_WITHDRAW: ForceWithdraw,
}
