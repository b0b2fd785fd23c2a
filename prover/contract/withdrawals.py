"""Withdrawals: money leaves the escrow against a proof under a final claim.

The exchange writes one leaf per withdrawal; once a claim that contains it is
final, anyone presents the proof and the owner is paid, once; or whoever bought
it from him (:mod:`prover.contract.sales`).  If enough stakes vouch for the claim
(:mod:`prover.contract.attesters`), it need not be final.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from prover.contract.ahead import check_ahead, check_vouched, note_ahead
from prover.contract.bank import escrow_of, pay_withdrawal
from prover.contract.calls import ClaimWithdrawal
from prover.contract.caps import check_cap, use_cap
from prover.contract.claims import check_alive
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import WithdrawalPaid
from prover.contract.proofs import read_proof
from prover.contract.records import Claim, ClaimStatus
from prover.contract.state import ContractState
from statemachine.keys import withdrawal_key
from statemachine.records import decode_withdrawal
from statemachine.storage import Store

TAG_SALE: Final = b"\x27"


@final
@dataclass(frozen=True, slots=True)
class Shown:
    """A withdrawal as a proof shows it; ``sale`` names exactly this one."""

    owner: bytes
    amount: int
    asset: int
    sale: bytes


def claim_withdrawal(context: Context, call: ClaimWithdrawal) -> int:
    """Pay a withdrawal; return the amount in micros, or in units of its asset."""
    # READ
    state = context.state

    # CHECKS, in the order of their codes
    claim = check_alive(state, call.claim)
    ahead = claim.status is ClaimStatus.PENDING
    check_vouched(context, claim)
    require(
        call.index not in state.paid,
        ContractCode.WITHDRAWAL_PAID,
        f"withdrawal {call.index} was paid before",
    )
    shown = open_withdrawal(context, claim, call.index, call.proof)
    amount, asset = shown.amount, shown.asset
    escrowed = escrow_of(state, asset)
    require(
        0 < amount <= escrowed,
        ContractCode.ESCROW,
        f"withdrawal of {amount}, the escrow holds {escrowed} {'units' if asset else 'micros'}",
    )
    check_cap(context, asset, amount)
    if ahead:
        check_ahead(context, asset, amount)
    check_unpaid(state, call.index, shown.sale)

    # EFFECTS
    payee = beneficiary(state, shown.sale, shown.owner)
    if ahead:
        note_ahead(context, claim, call.index, shown.sale, amount)
    else:
        state.paid.put(call.index, None)
    use_cap(context, asset, amount)
    pay_withdrawal(state, payee, amount, asset)
    context.emit(WithdrawalPaid(call.index, payee, amount, asset))
    return amount


def check_unpaid(state: ContractState, index: int, sale: bytes) -> None:
    """Refuse a withdrawal that was paid before its claim was final."""
    require(
        sale not in state.ahead,
        ContractCode.PAID_AHEAD,
        f"withdrawal {index} was paid under an attested claim",
    )


def open_withdrawal(context: Context, claim: Claim, index: int, proof: bytes) -> Shown:
    """Return the withdrawal shown under a claim, or refuse the proof."""

    def read(store: Store) -> Shown:
        leaf = store.get(withdrawal_key(index))
        if leaf is None:
            message = f"claim {claim.number} holds no withdrawal {index}"
            raise Refusal(ContractCode.WITHDRAWAL_UNKNOWN, message)
        owner, amount, _, asset = decode_withdrawal(leaf)
        return Shown(owner, amount, asset, sale_of(index, leaf))

    return read_proof(context, proof, claim.output.post_root, ContractCode.PROOF, read)


def sale_of(index: int, leaf: bytes) -> bytes:
    """Return the name under which a withdrawal, as this leaf says it, is sold."""
    return sha256(TAG_SALE + index.to_bytes(8, "big") + leaf).digest()


def beneficiary(state: ContractState, sale: bytes, owner: bytes) -> bytes:
    """Return whom a withdrawal is paid to: who bought it, else its owner."""
    sold = state.sales.get(sale)
    return sold.buyer if sold is not None and sold.buyer else owner


HANDLERS: Final[Handlers] = {ClaimWithdrawal: claim_withdrawal}
