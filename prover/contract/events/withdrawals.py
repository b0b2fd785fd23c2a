"""What left the escrow."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class WithdrawalPaid:
    """A withdrawal left the escrow, in micro-USDC or in units of ``asset``."""

    index: int
    owner: bytes
    amount: int
    asset: int = 0


WithdrawalEvent = WithdrawalPaid

WITHDRAWAL_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.WITHDRAWAL_PAID: WithdrawalPaid,
}
