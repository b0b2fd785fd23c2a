"""The sequencer's bond: what its signature over a block is worth.

Each broken promise (:mod:`prover.promises`) is shown in one call, and costs all of
the bond that is there: half is burnt (floor), and the rest goes to the payee of a
commitment to this very evidence, if there is one that is old enough: what the calls
took, and the reward.  Without, the caller's gas is refunded, at no more than
``gas_price_max``, and the rest is burnt too: whoever only wants the sequencer punished
needs no second call, and whoever copies that call gains nothing, nor by what he tips.

A sequencer that wants its bond back says so first.  The bond stays until a claim
that covers the deadline of its last block has been final for W.
"""

from typing import Final

from prover.contract.bank import burn_bond, release_bond, take_bond
from prover.contract.calls import (
    BondSequencer,
    LeaveBond,
    ProveBroken,
    ProveEquivocation,
    TakeBond,
)
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import BondLeft, BondTaken, PromiseBroken, SequencerBonded
from prover.contract.prices import fee_of, verdict_gas
from prover.contract.records import Claim, ClaimStatus, SequencerBond
from prover.faults import Work
from prover.promises import (
    PromiseKind,
    broken_evidence,
    equivocation_evidence,
    find_contradiction,
    promise_commitment,
    read_promise,
    signer_of,
)
from statemachine.cursor import Cursor


def bond_sequencer(context: Context, call: BondSequencer) -> int:
    """Add to the sequencer's bond; return all of it, in gwei."""
    # READ
    state = context.state
    held = state.account_of(context.sender).eth
    bond = state.bond.record or SequencerBond(0)

    # CHECKS, in the order of their codes
    check_sequencer(context)
    require(call.amount > 0, ContractCode.AMOUNT, "a bond of nothing")
    require(
        held >= call.amount,
        ContractCode.ETH_BALANCE,
        f"a bond of {call.amount} gwei, the sender holds {held}",
    )

    # EFFECTS
    total = bond.amount + call.amount
    take_bond(state, context.sender, call.amount)
    state.bond.put(SequencerBond(total))
    context.emit(SequencerBonded(call.amount, total))
    return total


def prove_equivocation(context: Context, call: ProveEquivocation) -> int:
    """Punish two signatures at one height; return the reward in gwei."""
    # READ
    chain_id, height = context.rules.rules.chain_id, call.height
    signed = ((call.first, call.first_signature), (call.second, call.second_signature))
    signers = {signer_of(chain_id, height, block, signature) for block, signature in signed}

    # CHECKS, in the order of their codes
    require(
        signers == {context.rules.signer},
        ContractCode.SIGNATURES,
        f"signed by {sorted(who.hex() for who in signers)}, not {context.rules.signer.hex()}",
    )
    require(
        call.first != call.second,
        ContractCode.SAME_BLOCK,
        f"both are block {height} with {call.first.hex()}",
    )
    check_bond(context)

    # EFFECTS
    evidence = equivocation_evidence(
        call.first, call.first_signature, call.second, call.second_signature
    )
    return punish(context, PromiseKind.EQUIVOCATION, height, evidence, call)


def prove_broken(context: Context, call: ProveBroken) -> int:
    """Punish a signed block that final results contradict or lack; return the reward in gwei."""
    # READ
    promised = read_promise(call.cursor)

    # CHECKS, in the order of their codes
    claim = known_claim(context, call.claim)
    most = context.rules.witness_bytes_max
    require(
        len(call.witness) + len(call.cursor) <= most,
        ContractCode.WITNESS_SIZE,
        f"{len(call.witness) + len(call.cursor)} bytes, the limit is {most}",
    )
    if promised is None:
        raise Refusal(ContractCode.SIGNATURES, "what was signed is no end of a block")
    signer = signer_of(context.rules.rules.chain_id, promised.height, promised.hash, call.signature)
    require(
        signer == context.rules.signer,
        ContractCode.SIGNATURES,
        f"signed by {signer.hex()}, not {context.rules.signer.hex()}",
    )
    if call.witness:
        kind = PromiseKind.CONTRADICTED
        check_contradicted(context, claim, call)
    else:
        kind = PromiseKind.WITHHELD
        check_withheld(context, claim, promised)
    check_bond(context)
    require(
        claim.status is ClaimStatus.FINAL,
        ContractCode.CLAIM_PENDING,
        f"claim {claim.number} is {claim.status.name}: only what is final judges",
    )

    # EFFECTS
    evidence = broken_evidence(call.claim, call.cursor, call.signature, call.witness)
    return punish(context, kind, promised.height, evidence, call)


def check_contradicted(context: Context, claim: Claim, call: ProveBroken) -> None:
    """Refuse a witness that does not show another block at the height."""
    work = Work()
    found = find_contradiction(claim.output, call.cursor, call.witness, work)
    context.meter.charge(verdict_gas(work))
    require(
        found != "",
        ContractCode.PROMISE_KEPT,
        f"claim {claim.number} is not shown to contradict it",
    )


def check_withheld(context: Context, claim: Claim, promised: Cursor) -> None:
    """Refuse unless the claim's entry came after the deadline and ends below the height."""
    require(
        claim.output.height < promised.height,
        ContractCode.PROMISE_KEPT,
        f"claim {claim.number} reaches height {claim.output.height}: show what it says there",
    )
    deadline = promised.time + context.rules.rules.receipt_deadline_ms
    noted = entry_time(context, claim)
    require(
        noted > deadline,
        ContractCode.NOT_LATE,
        f"claim {claim.number} is about an entry of {noted}, the deadline is {deadline}",
    )


def leave_bond(context: Context, call: LeaveBond) -> int:
    """Say that no more is promised; return the last deadline, ms."""
    del call
    check_sequencer(context)
    bond = check_bond(context)
    deadline = context.moment.time + context.rules.rules.drift_ms
    deadline += context.rules.rules.receipt_deadline_ms
    context.state.bond.put(SequencerBond(bond.amount, context.moment.time))
    context.emit(BondLeft(deadline))
    return deadline


def take_bond_back(context: Context, call: TakeBond) -> int:
    """Pay the bond back once every promise was judged; return it in gwei."""
    # READ
    rules = context.rules

    # CHECKS, in the order of their codes
    check_sequencer(context)
    claim = known_claim(context, call.claim)
    bond = check_bond(context)
    require(bond.left_at > 0, ContractCode.BOND_PENDING, "the sequencer did not leave its bond")
    deadline = bond.left_at + rules.rules.drift_ms + rules.rules.receipt_deadline_ms
    noted = entry_time(context, claim)
    require(
        noted > deadline,
        ContractCode.BOND_PENDING,
        f"claim {claim.number} is about an entry of {noted}, the last deadline is {deadline}",
    )
    free = claim.time + 2 * rules.window_ms
    require(
        claim.status is ClaimStatus.FINAL and context.moment.time >= free,
        ContractCode.BOND_PENDING,
        f"claim {claim.number} is {claim.status.name}, the bond is free from {free} on",
    )

    # EFFECTS
    release_bond(context.state, context.sender, bond.amount)
    context.state.bond.put(None)
    context.emit(BondTaken(bond.amount))
    return bond.amount


def check_sequencer(context: Context) -> None:
    """Refuse whoever is not the sequencer."""
    require(
        context.sender == context.rules.sequencer,
        ContractCode.NOT_SEQUENCER,
        f"{context.sender.hex()} is not the sequencer {context.rules.sequencer.hex()}",
    )


def check_bond(context: Context) -> SequencerBond:
    """Return the sequencer's bond; refuse if there is none, or nothing left of it."""
    bond = context.state.bond.record
    if bond is None or not bond.amount:
        raise Refusal(ContractCode.NO_BOND, "the sequencer has no bond")
    return bond


def known_claim(context: Context, number: int) -> Claim:
    """Return a claim about a log entry, or refuse a number that is none's."""
    require(
        0 < number < len(context.state.claims),
        ContractCode.CLAIM_UNKNOWN,
        f"there is no claim {number} about a log entry",
    )
    return context.state.claims[number]


def entry_time(context: Context, claim: Claim) -> int:
    """Return when L1 noted the entry that a claim is about, ms."""
    return context.state.log[claim.output.log_index - 1].time


def punish(
    context: Context,
    kind: PromiseKind,
    height: int,
    evidence: bytes,
    call: ProveEquivocation | ProveBroken,
) -> int:
    """Split the bond: half burnt, the rest to who committed; or burnt, but for the gas."""
    state, moment = context.state, context.moment
    bond = check_bond(context)
    left = bond.amount - bond.amount // 2
    name = promise_commitment(int(kind), height, evidence, call.payee, call.salt)
    made = state.commitments.get(name)
    if made is not None and moment.block - made.block >= context.rules.commitment_blocks_min:
        refunded = min(fee_of(context.meter.gas, moment.gas_price) + made.fee, left)
        paid, payee = left, call.payee
        state.commitments.drop(name)
    else:
        price = min(moment.gas_price, context.rules.gas_price_max)
        refunded = min(fee_of(context.meter.gas, price), left)
        paid, payee = refunded, context.sender
    burnt, reward = bond.amount - paid, paid - refunded
    state.bond.put(SequencerBond(0, bond.left_at))
    burn_bond(state, burnt)
    release_bond(state, payee, paid)
    context.emit(PromiseBroken(int(kind), height, call.payee, burnt, refunded, reward))
    return reward


HANDLERS: Final[Handlers] = {
    BondSequencer: bond_sequencer,
    ProveEquivocation: prove_equivocation,
    ProveBroken: prove_broken,
    LeaveBond: leave_bond,
    TakeBond: take_bond_back,
}
