"""Sold withdrawals: money at once, from somebody who waits for the claim instead.

An owner shows a withdrawal under a claim that may still be pending, and offers it.
Who buys it pays him on the spot, and is paid by the escrow when the owner would
have been.  A sale is of one leaf, byte for byte: should another claim become
final in which the withdrawal is another one, its own owner is paid, and the
buyer has paid for nothing.  So whoever buys checks the claim first, as a
challenger does.
"""

from dataclasses import replace
from typing import Final

from prover.contract.bank import move_token
from prover.contract.calls import BuyWithdrawal, CancelOffer, OfferWithdrawal
from prover.contract.claims import check_alive
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import OfferCancelled, WithdrawalOffered, WithdrawalSold
from prover.contract.records import NOBODY, Sale
from prover.contract.withdrawals import check_unpaid, open_withdrawal
from prover.durations import tell_moment


def offer_withdrawal(context: Context, call: OfferWithdrawal) -> int:
    """Offer a withdrawal; return the price."""
    # READ
    state, seller, now = context.state, context.sender, context.moment.time

    # CHECKS, in the order of their codes
    claim = check_alive(state, call.claim)
    require(
        call.index not in state.paid,
        ContractCode.WITHDRAWAL_PAID,
        f"withdrawal {call.index} was paid before",
    )
    shown = open_withdrawal(context, claim, call.index, call.proof)
    require(
        seller == shown.owner,
        ContractCode.NOT_OWNER,
        f"withdrawal {call.index} is {shown.owner.hex()}'s",
    )
    before = state.sales.get(shown.sale)
    require(
        before is None or not before.buyer,
        ContractCode.SOLD,
        f"withdrawal {call.index} is sold already",
    )
    require(call.until > now, ContractCode.OFFER_EXPIRED, f"until {tell_moment(call.until, now)}")
    check_unpaid(state, call.index, shown.sale)

    # EFFECTS
    sale = Sale(call.index, claim.number, seller, NOBODY, call.price, call.until)
    state.sales.put(shown.sale, sale)
    context.emit(WithdrawalOffered(shown.sale, call.index, seller, call.price, call.until))
    return call.price


def buy_withdrawal(context: Context, call: BuyWithdrawal) -> int:
    """Pay the seller, and be paid in his place; return the price."""
    # READ
    state, buyer, now = context.state, context.sender, context.moment.time
    sale, held = state.sales.get(call.sale), state.account_of(buyer).token

    # CHECKS, in the order of their codes
    if sale is None:
        raise Refusal(ContractCode.OFFER_UNKNOWN, f"there is no sale {call.sale.hex()}")
    require(
        held >= sale.price,
        ContractCode.TOKEN_BALANCE,
        f"the price is {sale.price} micros, the sender holds {held}",
    )
    check_alive(state, sale.claim)
    require(
        sale.index not in state.paid,
        ContractCode.WITHDRAWAL_PAID,
        f"withdrawal {sale.index} was paid before",
    )
    require(not sale.buyer, ContractCode.SOLD, f"withdrawal {sale.index} is sold already")
    require(
        now < sale.until,
        ContractCode.OFFER_EXPIRED,
        f"offered until {tell_moment(sale.until, now)}",
    )
    require(
        sale.price <= call.price_max,
        ContractCode.PRICE_MAX,
        f"the price is {sale.price} micros, the most to pay is {call.price_max}",
    )
    check_unpaid(state, sale.index, call.sale)

    # EFFECTS
    move_token(state, buyer, sale.seller, sale.price)
    state.sales.put(call.sale, replace(sale, buyer=buyer))
    context.emit(WithdrawalSold(call.sale, sale.index, buyer, sale.price))
    return sale.price


def cancel_offer(context: Context, call: CancelOffer) -> int:
    """Take back an offer; return the withdrawal's index."""
    # READ
    sale = context.state.sales.get(call.sale)

    # CHECKS, in the order of their codes
    if sale is None:
        raise Refusal(ContractCode.OFFER_UNKNOWN, f"there is no sale {call.sale.hex()}")
    require(
        context.sender == sale.seller,
        ContractCode.NOT_OWNER,
        f"withdrawal {sale.index} is {sale.seller.hex()}'s",
    )
    require(not sale.buyer, ContractCode.SOLD, f"withdrawal {sale.index} is sold already")

    # EFFECTS
    context.state.sales.drop(call.sale)
    context.emit(OfferCancelled(call.sale))
    return sale.index


HANDLERS: Final[Handlers] = {
    BuyWithdrawal: buy_withdrawal,
    CancelOffer: cancel_offer,
    OfferWithdrawal: offer_withdrawal,
}
