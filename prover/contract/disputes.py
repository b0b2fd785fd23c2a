"""Disputes: a hash first, then one call that convicts a claim.

Who holds a fault commits to the hash of kind, claim, segment, correct root,
witness, payee and salt, and waits ``commitment_blocks_min`` blocks.
``prove_fault`` opens the commitment and shows the witness; the contract
re-executes the segment and convicts if the claim is wrong.  The verdict names
segment and correct root, which must be those committed to.  Who copies the
call out of the mempool has no commitment old enough; who commits to a guess
knows neither the root nor, where no root is secret, the witness.

Of the convicted bond half is burnt (floor), and the other half goes to the payee:
what proof and commitment took, and the reward.  Nobody else gets any of it back, whoever
sent the calls: a refund to whoever copies them would be his to spend on a tip.
"""

from dataclasses import replace
from typing import Final

from prover.contract.bank import burn_bond, release_bond
from prover.contract.calls import CommitFault, ProveFault
from prover.contract.claims import check_alive, kill, orphan_descendants
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import FaultCommitted, FaultProved
from prover.contract.prices import CONVICT_GAS, MARK_GAS, fee_of, verdict_gas
from prover.contract.records import Claim, ClaimStatus, Commitment
from prover.contract.versions import rules_of_entry
from prover.durations import tell_moment
from prover.faults import ClaimFacts, FaultKind, Verdict, commitment_of
from statemachine.errors import SextantError


def commit_fault(context: Context, call: CommitFault) -> int:
    """Store a commitment; return the number of the block it is in."""
    known = context.state.commitments.get(call.commitment)
    require(
        known is None,
        ContractCode.COMMITMENT_EXISTS,
        f"commitment {call.commitment.hex()} came in block {known and known.block}",
    )
    fee = fee_of(context.meter.gas, context.moment.gas_price)
    made = Commitment(context.moment.block, context.sender, fee)
    context.state.commitments.put(call.commitment, made)
    context.emit(FaultCommitted(call.commitment, context.sender))
    return context.moment.block


def prove_fault(context: Context, call: ProveFault) -> int:
    """Convict a claim; return the reward in gwei."""
    # READ
    commitment = commitment_to(call)

    # CHECKS, in the order of their codes
    claim = check_accused(context, call)
    made = check_commitment(context, commitment)
    require(
        len(call.witness) <= context.rules.witness_bytes_max,
        ContractCode.WITNESS_SIZE,
        f"{len(call.witness)} bytes, the limit is {context.rules.witness_bytes_max}",
    )
    verdict = judge_claim(context, claim, call)
    require(
        verdict.guilty, ContractCode.ACQUITTED, f"claim {claim.number} stands: {verdict.reason}"
    )
    require(
        (verdict.segment, verdict.correct_root) == (call.segment, call.correct_root),
        ContractCode.COMMITMENT_MISMATCH,
        f"the verdict is segment {verdict.segment} root {verdict.correct_root.hex()}, "
        f"committed to was segment {call.segment} root {call.correct_root.hex()}",
    )

    # EFFECTS
    context.state.commitments.drop(commitment)
    context.meter.charge(CONVICT_GAS)
    kill(context, replace(claim, bond=0), ClaimStatus.CONVICTED)
    orphan_descendants(context, claim)
    return slash(context, claim, call, made)


def commitment_to(call: ProveFault) -> bytes:
    """Return the commitment that a proof opens."""
    return commitment_of(
        call.kind,
        call.claim,
        call.segment,
        call.correct_root,
        call.witness,
        call.payee,
        call.salt,
    )


def check_accused(context: Context, call: ProveFault) -> Claim:
    """Return the accused claim, or refuse one that cannot be convicted any more."""
    state = context.state
    require(
        call.kind in list(FaultKind), ContractCode.FAULT_KIND, f"there is no fault kind {call.kind}"
    )
    claim = check_alive(state, call.claim)
    closed = claim.time + context.rules.window_ms
    require(
        claim.status is ClaimStatus.PENDING and context.moment.time < closed,
        ContractCode.WINDOW_CLOSED,
        f"the window of claim {claim.number} closed at {tell_moment(closed, context.moment.time)}",
    )
    return claim


def check_commitment(context: Context, commitment: bytes) -> Commitment:
    """Return a commitment; refuse one that is unknown or too young."""
    made = context.state.commitments.get(commitment)
    if made is None:
        message = f"nobody committed to {commitment.hex()}"
        raise Refusal(ContractCode.COMMITMENT_UNKNOWN, message)
    age = context.moment.block - made.block
    require(
        age >= context.rules.commitment_blocks_min,
        ContractCode.COMMITMENT_YOUNG,
        f"the commitment is {age} blocks old, need {context.rules.commitment_blocks_min}",
    )
    return made


def judge_claim(context: Context, claim: Claim, call: ProveFault) -> Verdict:
    """Return the verdict; a witness that proves too little fails the accusation.

    So does one whose verdict takes more gas than a call can have.
    """
    state = context.state
    facts = ClaimFacts(
        rules=rules_of_entry(context.rules, state, claim.output.log_index),
        parent=state.claims[claim.parent].output,
        output=claim.output,
        entry=state.log[claim.output.log_index - 1].facts,
        item_hashes=state.item_hashes,
    )
    try:
        verdict = context.judge(FaultKind(call.kind), facts, call.witness)
    except SextantError as error:
        verdict = Verdict(guilty=False, reason=f"{type(error).__name__}: {error}")
    most = context.meter.limit - CONVICT_GAS - MARK_GAS
    used = context.meter.gas + verdict_gas(verdict.work)
    context.meter.gas = min(used, most)
    if used > most:
        return Verdict(False, f"out of gas: {used} before a conviction, a call has {most}")
    return verdict


def slash(context: Context, claim: Claim, call: ProveFault, made: Commitment) -> int:
    """Split a convicted bond: half burnt, the rest to the payee; return his reward in gwei.

    The reward is what is left of the payee's half when it has made up for the gas of proof
    and commitment, as they were paid for.
    """
    state = context.state
    burnt = claim.bond // 2
    left = claim.bond - burnt
    proof = fee_of(context.meter.gas, context.moment.gas_price)
    refunded = min(proof + made.fee, left)
    reward = left - refunded
    burn_bond(state, burnt)
    release_bond(state, call.payee, left)
    context.emit(
        FaultProved(
            claim.number,
            call.kind,
            call.segment,
            call.correct_root,
            call.payee,
            burnt,
            refunded,
            reward,
        )
    )
    return reward


HANDLERS: Final[Handlers] = {CommitFault: commit_fault, ProveFault: prove_fault}
