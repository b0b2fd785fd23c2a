"""Withdrawals: money leaves the escrow against a proof under a final claim.

The exchange writes one leaf per withdrawal; once a claim that contains it is
final, anyone presents the proof and the owner is paid, once.
"""

from typing import Final

from prover.contract.bank import escrow_of, pay_withdrawal
from prover.contract.calls import ClaimWithdrawal
from prover.contract.claims import check_alive
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import WithdrawalPaid
from prover.contract.records import ClaimStatus
from statemachine.errors import SextantError
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import PartialTree
from statemachine.records import decode_withdrawal


def claim_withdrawal(context: Context, call: ClaimWithdrawal) -> int:
    """Pay a withdrawal to its owner; return the amount in micros, or in units of its asset."""
    # READ
    state = context.state

    # CHECKS, in the order of their codes
    claim = check_alive(state, call.claim)
    require(
        claim.status is ClaimStatus.FINAL,
        ContractCode.CLAIM_PENDING,
        f"claim {claim.number} is final at {claim.time + context.rules.window_ms}, "
        f"it is {context.moment.time}",
    )
    require(
        call.index not in state.paid,
        ContractCode.WITHDRAWAL_PAID,
        f"withdrawal {call.index} was paid before",
    )
    require(
        len(call.proof) <= context.rules.witness_bytes_max,
        ContractCode.PROOF,
        f"{len(call.proof)} bytes, the limit is {context.rules.witness_bytes_max}",
    )
    owner, amount, asset = open_withdrawal(claim.output.post_root, call)
    escrowed = escrow_of(state, asset)
    require(
        0 < amount <= escrowed,
        ContractCode.ESCROW,
        f"withdrawal of {amount}, the escrow holds {escrowed} {'units' if asset else 'micros'}",
    )

    # EFFECTS
    state.paid.put(call.index, None)
    pay_withdrawal(state, owner, amount, asset)
    context.emit(WithdrawalPaid(call.index, owner, amount, asset))
    return amount


def open_withdrawal(root: bytes, call: ClaimWithdrawal) -> tuple[bytes, int, int]:
    """Return owner, amount and asset of the leaf shown under ``root``, or refuse the proof."""
    try:
        tree = PartialTree.decode(call.proof)
        if tree.root != root:
            raise Refusal(ContractCode.PROOF, f"proof of {tree.root.hex()}, need {root.hex()}")
        leaf = tree.get(withdrawal_key(call.index))
        if leaf is None:
            message = f"claim {call.claim} holds no withdrawal {call.index}"
            raise Refusal(ContractCode.WITHDRAWAL_UNKNOWN, message)
        owner, amount, _, asset = decode_withdrawal(leaf)
    except SextantError as error:
        raise Refusal(ContractCode.PROOF, str(error)) from error
    return owner, amount, asset


HANDLERS: Final[Handlers] = {ClaimWithdrawal: claim_withdrawal}
