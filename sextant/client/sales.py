"""Selling a withdrawal that is not final yet, and buying those of others.

A buyer is paid by the exchange later, if the claim that the withdrawal was shown
under becomes final.  So a liquidity provider asks a follower of his own, which
derived the state from the data on L1: he buys only under a claim that his follower
agrees with, and only the leaf that it shows; and not before L1 takes the claim back no
more: a purchase that was sent comes into a block of any fork, also one in whose log the
withdrawal was never made.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import BuyWithdrawal, CancelOffer, OfferWithdrawal
from prover.contract.withdrawals import sale_of
from sextant.client.amounts import Amount, from_micros
from sextant.client.api import AsyncClient
from sextant.client.l1 import L1Client
from sextant.client.l1_sender import L1Receipt
from sextant.client.money import positive_micros
from sextant.errors import ProofInvalid, Refused
from statemachine.keys import withdrawal_key
from statemachine.records import decode_withdrawal

DEAD: Final = frozenset(
    {
        l1_pb2.L1_CLAIM_STATUS_CONVICTED,
        l1_pb2.L1_CLAIM_STATUS_ORPHANED,
        l1_pb2.L1_CLAIM_STATUS_SUPERSEDED,
    }
)


CLAIMS_TRIED_MAX: Final = 32
"""Newest claims among which one is sought that contains a withdrawal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalSale:
    """A withdrawal for sale, or sold and not yet paid; ``price`` in USDC."""

    sale: bytes
    index: int
    claim: int
    seller: bytes
    buyer: bytes | None
    price: Decimal
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What one's own follower says of an offer: ``amount`` is 0 unless it agrees."""

    sale: WithdrawalSale
    amount: Decimal
    objection: str

    @property
    def fee(self) -> Decimal:
        """What a buyer gains, of each USDC that he pays."""
        return (self.amount - self.sale.price) / self.sale.price if self.sale.price else Decimal(0)


class Sales:
    """The market for withdrawals, as one client sees it.

    Examples
    --------
    >>> async with Sales(client) as sales:
    ...     await sales.offer(3, "99.5", seconds=3600)
    """

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.l1: L1Client = client.l1()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection to the L1; the client's stays open."""
        await self.l1.close()

    async def offers(self) -> list[WithdrawalSale]:
        """Return what is for sale, or sold and not yet paid."""
        return [sale_from(message) async for message in self._pages()]

    async def _pages(self) -> AsyncIterator[l1_pb2.L1Sale]:
        """Yield all sales, page after page."""
        after = b""
        while page := await self.l1.sales(after):
            for message in page:
                yield message
            after = page[-1].sale

    async def offer(self, index: int, price: Amount, *, seconds: int) -> L1Receipt:
        """Offer a withdrawal of the signer's for ``price`` USDC, for so many seconds.

        Raises
        ------
        Refused
            ``NOT_CLAIMED``: no claim that is not dead contains it yet.
        """
        key, micros = withdrawal_key(index), positive_micros(price)
        claims = [claim async for claim in self.l1.each_claim() if claim.status not in DEAD]
        for claim in reversed(claims[-CLAIMS_TRIED_MAX:]):
            try:
                proof = await self.client.proof([key], log_index=claim.log_index)
            except Refused:
                continue
            if proof.root == claim.post_root and proof.values[0][1] is not None:
                until = await self.l1.clock_ms() + seconds * 1_000
                call = OfferWithdrawal(claim.number, index, micros, until, proof.witness)
                return await self.l1.send(call)
        raise Refused(
            "NOT_CLAIMED",
            f"no claim on L1 contains withdrawal {index} yet",
            advice="`sextant tx HASH --wait posted`, and then a claim has to come",
            retryable=True,
        )

    async def buy(self, sale: WithdrawalSale) -> L1Receipt:
        """Buy, at the price that was seen."""
        return await self.l1.send(BuyWithdrawal(sale.sale, int(sale.price * 1_000_000)))

    async def cancel(self, index: int) -> list[L1Receipt]:
        """Take back the signer's offers of a withdrawal.

        Raises
        ------
        Refused
            ``NOT_FOUND``: the signer offers no such withdrawal, or somebody has bought it.
        """
        mine = self.client.address
        found = [
            sale
            for sale in await self.offers()
            if sale.index == index and sale.seller == mine and sale.buyer is None
        ]
        if not found:
            raise Refused(
                "NOT_FOUND",
                f"the signer has no offer of withdrawal {index} that nobody has taken",
                advice="see `sextant sale list`",
            )
        return [await self.l1.send(CancelOffer(sale.sale)) for sale in found]

    async def appraise(self, sale: WithdrawalSale) -> Appraisal:
        """Return what the client's own node or follower says of an offer."""
        objection, amount = "", Decimal(0)
        final = (await self.l1.heads()).final.number
        claim = await self.l1.claim(sale.claim)
        if claim is None or claim.status in DEAD:
            objection = f"claim {sale.claim} is dead"
        elif claim.block > final:
            objection = (
                f"L1 may still take claim {claim.number} back: block {claim.block} is not final"
            )
        else:
            try:
                amount = await self._amount(sale, claim)
            except (ProofInvalid, Refused) as error:
                objection = str(error)
        return Appraisal(sale=sale, amount=amount, objection=objection)

    async def _amount(self, sale: WithdrawalSale, claim: l1_pb2.L1Claim) -> Decimal:
        """Return what a withdrawal pays in USDC, if the claim is right and it is this leaf."""
        proof = await self.client.proof([withdrawal_key(sale.index)], log_index=claim.log_index)
        if proof.root != claim.post_root:
            raise Refused("CLAIM_WRONG", f"claim {claim.number} is not what L1's data gives")
        leaf = proof.values[0][1]
        if leaf is None or sale_of(sale.index, leaf) != sale.sale:
            raise Refused("LEAF", f"withdrawal {sale.index} is another one")
        _, amount, _, asset = decode_withdrawal(leaf)
        if asset:
            raise Refused("ASSET", f"withdrawal {sale.index} is of asset {asset}, not USDC")
        return from_micros(amount)


def sale_from(message: l1_pb2.L1Sale) -> WithdrawalSale:
    """Return a sale."""
    return WithdrawalSale(
        sale=message.sale,
        index=message.index,
        claim=message.claim,
        seller=message.seller,
        buyer=message.buyer or None,
        price=from_micros(message.price_micros),
        until_ms=message.until_ms,
    )
