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


@final
@dataclass(frozen=True, slots=True)
class ForceCancelAll:
    """Cancel every order of the sender's sub-account ``sub`` on L2."""

    sub: int


@final
@dataclass(frozen=True, slots=True)
class ForceClose:
    """Close the sender's position in ``market`` on L2 at ``price`` or better.

    Micros per lot; 0 means whatever the fill band allows, or else the mark.
    """

    sub: int
    market: int
    price: int


@final
@dataclass(frozen=True, slots=True)
class ForceRevoke:
    """End ``agent``, an address that signs for the sender on L2."""

    agent: bytes


@final
@dataclass(frozen=True, slots=True)
class ForcePoke:
    """Have sub-account ``sub`` of ``owner`` looked at on L2, and liquidated if it must be."""

    owner: bytes
    sub: int


@final
@dataclass(frozen=True, slots=True)
class QueueOracle:
    """Have a publisher's own signed message taken on L2: whoever sends it.

    ``publisher`` is his place in the rules; ``price`` in micros per lot, ``time`` in ms.
    """

    market: int
    publisher: int
    price: int
    time: int
    signature: bytes


ForceCall = ForceWithdraw | ForceCancelAll | ForceClose | ForceRevoke | ForcePoke
InboxCall = Deposit | ForceCall | QueueOracle

INBOX_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.DEPOSIT: Deposit,
    CallKind.FORCE_WITHDRAW: ForceWithdraw,
    CallKind.FORCE_CANCEL_ALL: ForceCancelAll,
    CallKind.FORCE_CLOSE: ForceClose,
    CallKind.FORCE_REVOKE: ForceRevoke,
    CallKind.FORCE_POKE: ForcePoke,
    CallKind.QUEUE_ORACLE: QueueOracle,
}
