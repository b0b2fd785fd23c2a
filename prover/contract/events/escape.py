"""The end of an exchange, and what its owners got."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class Frozen:
    """The exchange stopped for ``reason``; ``inbox_index`` is the item that waited."""

    claim: int
    reason: int
    inbox_index: int


@final
@dataclass(frozen=True, slots=True)
class EscapeOpened:
    """The books are open until ``closes_at`` (ms), over the state of the last claim."""

    claim: int
    closes_at: int


@final
@dataclass(frozen=True, slots=True)
class PortfolioRegistered:
    """A portfolio counts: ``equity`` for its owner or ``debt`` against him; he has ``owed``."""

    account: int
    sub: int
    owner: bytes
    equity: int
    debt: int
    owed: int


@final
@dataclass(frozen=True, slots=True)
class ShareRegistered:
    """Shares of a vault, a fund or the pool count, ``amount`` micros for their owner."""

    kind: int
    place: int
    account: int
    owner: bytes
    amount: int


@final
@dataclass(frozen=True, slots=True)
class WithdrawalRegistered:
    """An unpaid withdrawal counts, ``amount`` micros for ``owner``."""

    index: int
    owner: bytes
    amount: int


@final
@dataclass(frozen=True, slots=True)
class DepositRefunded:
    """A deposit that was never credited went back."""

    index: int
    owner: bytes
    amount: int
    asset: int


@final
@dataclass(frozen=True, slots=True)
class EscapePaid:
    """An owner got ``amount`` micros, or units of ``asset``: his part of what was held of it."""

    owner: bytes
    amount: int
    asset: int


EscapeEvent = (
    Frozen
    | EscapeOpened
    | PortfolioRegistered
    | ShareRegistered
    | WithdrawalRegistered
    | DepositRefunded
    | EscapePaid
)

ESCAPE_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.FROZEN: Frozen,
    EventKind.ESCAPE_OPENED: EscapeOpened,
    EventKind.PORTFOLIO_REGISTERED: PortfolioRegistered,
    EventKind.SHARE_REGISTERED: ShareRegistered,
    EventKind.WITHDRAWAL_REGISTERED: WithdrawalRegistered,
    EventKind.DEPOSIT_REFUNDED: DepositRefunded,
    EventKind.ESCAPE_PAID: EscapePaid,
}
