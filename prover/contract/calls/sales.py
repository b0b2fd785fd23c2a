"""Calls that sell a withdrawal to whoever would rather wait."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class OfferWithdrawal:
    """Offer withdrawal ``index``, shown under a claim that is not dead, for ``price`` micros.

    ``until`` is in ms.
    """

    claim: int
    index: int
    price: int
    until: int
    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class BuyWithdrawal:
    """Buy what was offered under the name ``sale``, for at most ``price_max`` micros."""

    sale: bytes
    price_max: int


@final
@dataclass(frozen=True, slots=True)
class CancelOffer:
    """Take an offer back that nobody has taken."""

    sale: bytes


SaleCall = OfferWithdrawal | BuyWithdrawal | CancelOffer

SALE_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.OFFER_WITHDRAWAL: OfferWithdrawal,
    CallKind.BUY_WITHDRAWAL: BuyWithdrawal,
    CallKind.CANCEL_OFFER: CancelOffer,
}
