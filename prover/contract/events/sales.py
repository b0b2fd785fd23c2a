"""Withdrawals that change hands before they are paid."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class WithdrawalOffered:
    """A withdrawal is for sale, for ``price`` micros, ``until`` then (ms)."""

    sale: bytes
    index: int
    seller: bytes
    price: int
    until: int


@final
@dataclass(frozen=True, slots=True)
class WithdrawalSold:
    """A withdrawal is the buyer's."""

    sale: bytes
    index: int
    buyer: bytes
    price: int


@final
@dataclass(frozen=True, slots=True)
class OfferCancelled:
    """A withdrawal is for sale no longer."""

    sale: bytes


SaleEvent = WithdrawalOffered | WithdrawalSold | OfferCancelled

SALE_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.WITHDRAWAL_OFFERED: WithdrawalOffered,
    EventKind.WITHDRAWAL_SOLD: WithdrawalSold,
    EventKind.OFFER_CANCELLED: OfferCancelled,
}
