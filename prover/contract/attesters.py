"""Attesters: stakes that vouch for pending claims, so that withdrawals are paid at once.

An attester stakes tokens on a BLS key, follows the rollup by himself, and signs the
hash of every output that he finds right.  Once those who signed one output have at
least ``attester_ppm`` of all that is staked, withdrawals under its claim are paid
before it is final, in all no more than ``attested_ppm`` of the stakes in any time in
which a wrong claim may go unpunished.  That is less than what its signers lose.

Who signed an output whose claim was convicted, or died with an ancestor that was, or
where another one became final, loses his stake, whether the signature was ever sent to
L1 or not.  The escrow keeps what was paid because of it, and of the stake
``attested_ppm / attester_ppm`` (ceil) in any case: so much a stake answers for,
whichever of its wrong words it is slashed for first.
Half of the rest (floor) goes to the payee of a commitment, as for a fault, and what
remains stays in the escrow.  A stake can be taken ``freeze_ms`` after its attester
left: by then everything he signed is decided.
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Final

from prover.contract.ahead import numbers_in
from prover.contract.bank import release_stake, slash_stake, take_stake_of
from prover.contract.calls import (
    Attest,
    JoinAttesters,
    LeaveAttesters,
    SlashAttesters,
    TakeStake,
)
from prover.contract.claims import check_alive, fate_of
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import (
    AttesterJoined,
    AttesterLeft,
    AttestersSlashed,
    OutputAttested,
)
from prover.contract.prices import SLOT_GAS, STAKE_GAS, signature_gas
from prover.contract.records import Attestation, Attester, ClaimStatus
from prover.contract.records.attesters import ATTESTERS_MAX, SIGNERS_MAX
from prover.outputs import OUTPUT_VERSION, Output, decode_output
from statemachine.codec import pack
from statemachine.errors import FrameInvalid
from statemachine.units import div_ceil

BITMAP_BYTES_MAX: Final = ATTESTERS_MAX // 8
TAG_ATTESTATION: Final = b"\x28"
TAG_SLASH: Final = b"\x29"


def attestation_digest(l1_chain_id: int, contract: bytes, output_hash: bytes) -> bytes:
    """Return what attesters sign: the output, on this deployment and no other."""
    return sha256(TAG_ATTESTATION + pack([l1_chain_id, contract, output_hash])).digest()


def slash_commitment(output_hash: bytes, signers: bytes, payee: bytes, salt: bytes) -> bytes:
    """Return what whoever slashes commits to beforehand, so that nobody profits from copying."""
    return sha256(TAG_SLASH + pack([output_hash, signers, payee, salt])).digest()


def bitmap_of(numbers: Iterator[int] | list[int]) -> bytes:
    """Return the shortest bitmap with these bits set."""
    total = 0
    for number in numbers:
        total |= 1 << number
    return total.to_bytes((total.bit_length() + 7) // 8, "little")


def digest_of(context: Context, output_hash: bytes) -> bytes:
    """Return what attesters of this deployment sign for an output."""
    rules = context.rules
    return attestation_digest(rules.l1_chain_id, rules.rules.rollup, output_hash)


# Coming and going


def join_attesters(context: Context, call: JoinAttesters) -> int:
    """Take a stake; return the attester's number."""
    # READ
    state, held = context.state, context.state.account_of(context.sender).token
    least = context.rules.attester_micros_min

    # CHECKS, in the order of their codes
    require(
        call.amount >= least,
        ContractCode.AMOUNT,
        f"a stake of {call.amount}, the minimum is {least} micros",
    )
    require(
        held >= call.amount,
        ContractCode.TOKEN_BALANCE,
        f"a stake of {call.amount}, the sender holds {held} micros",
    )
    require(
        len(state.attesters) < ATTESTERS_MAX,
        ContractCode.ATTESTERS_FULL,
        f"there have been {ATTESTERS_MAX} attesters",
    )
    require(
        call.key not in state.attester_of, ContractCode.KEY, f"key {call.key.hex()} came before"
    )
    context.meter.charge(signature_gas(1))
    require(
        context.bls.is_possessed(call.key, call.possession),
        ContractCode.POSSESSION,
        f"key {call.key.hex()}: that is no proof that you hold it",
    )

    # EFFECTS
    number = len(state.attesters)
    take_stake_of(state, context.sender, call.amount)
    state.attesters.put(number, Attester(context.sender, call.key, call.amount))
    stakes = state.stakes.record
    state.stakes.put(replace(stakes, active=stakes.active + call.amount))
    context.emit(AttesterJoined(number, context.sender, call.amount))
    return number


def leave_attesters(context: Context, call: LeaveAttesters) -> int:
    """Attest no more; return from when on the stake may be taken."""
    # CHECKS, in the order of their codes
    attester = check_own(context, call.attester)
    require(
        attester.is_active, ContractCode.INACTIVE, f"attester {call.attester} attests no longer"
    )

    # EFFECTS
    state, now = context.state, context.moment.time
    state.attesters.put(call.attester, replace(attester, left_at=now))
    stakes = state.stakes.record
    state.stakes.put(replace(stakes, active=stakes.active - attester.micros))
    stake_from = now + context.rules.freeze_ms
    context.emit(AttesterLeft(call.attester, attester.micros, stake_from))
    return stake_from


def take_stake(context: Context, call: TakeStake) -> int:
    """Give back the stake of an attester that left; return it in micros."""
    # READ
    now = context.moment.time

    # CHECKS, in the order of their codes
    attester = check_own(context, call.attester)
    require(
        attester.left_at > 0 and attester.micros > 0,
        ContractCode.INACTIVE,
        f"attester {call.attester} has not left, or nothing is left of his stake",
    )
    stake_from = attester.left_at + context.rules.freeze_ms
    require(
        now >= stake_from,
        ContractCode.STAKE_LOCKED,
        f"the stake may be taken from {stake_from} on, it is {now}",
    )

    # EFFECTS
    context.state.attesters.put(call.attester, replace(attester, micros=0))
    release_stake(context.state, attester.address, attester.micros)
    return attester.micros


def check_own(context: Context, number: int) -> Attester:
    """Return an attester of the sender's."""
    known = number < len(context.state.attesters)
    require(known, ContractCode.ATTESTER_UNKNOWN, f"there is no attester {number}")
    attester = context.state.attesters[number]
    require(
        attester.address == context.sender,
        ContractCode.ATTESTER_UNKNOWN,
        f"attester {number} is {attester.address.hex()}",
    )
    return attester


# Attesting


def attest(context: Context, call: Attest) -> int:
    """Note who vouches for a claim; return the weight of all who do, in micros."""
    # READ
    state = context.state

    # CHECKS, in the order of their codes
    claim = check_alive(state, call.claim)
    require(
        claim.status is ClaimStatus.PENDING,
        ContractCode.CLAIM_DECIDED,
        f"claim {claim.number} is final: nobody need vouch for it",
    )
    output_hash = claim.output.hash
    before = state.attestations.get(output_hash, Attestation(claim.number, b"", 0))
    signers = check_signers(context, call.signers)
    known = set(numbers_in(before.signers))
    require(
        all(state.attesters[n].is_active and n not in known for n in signers),
        ContractCode.SIGNERS,
        "one of them has left, or attested before",
    )
    check_signature(context, output_hash, signers, call.aggregate)

    # EFFECTS
    weight = before.weight + sum(state.attesters[number].micros for number in signers)
    state.attestations.put(
        output_hash,
        replace(before, signers=bitmap_of([*known, *signers]), weight=weight),
    )
    context.emit(OutputAttested(claim.number, output_hash, weight))
    return weight


def check_signers(context: Context, signers: bytes) -> list[int]:
    """Return the attesters that a bitmap names; refuse one that names nobody, or strangers.

    Whatever is done with them, their stakes are read.
    """
    state = context.state
    require(
        0 < len(signers) <= BITMAP_BYTES_MAX and signers[-1] != 0,
        ContractCode.SIGNERS,
        f"a bitmap of {len(signers)} bytes, need 1 to {BITMAP_BYTES_MAX}, the last one not zero",
    )
    found = list(numbers_in(signers))
    require(
        len(found) <= SIGNERS_MAX,
        ContractCode.SIGNERS,
        f"{len(found)} signers, the most is {SIGNERS_MAX}",
    )
    require(
        found[-1] < len(state.attesters),
        ContractCode.SIGNERS,
        f"there is no attester {found[-1]}",
    )
    context.meter.charge(len(found) * STAKE_GAS)
    return found


def check_signature(
    context: Context, output_hash: bytes, signers: list[int], signature: bytes
) -> None:
    """Refuse a signature that is not of all of these attesters."""
    keys = [context.state.attesters[number].key for number in signers]
    context.meter.charge(signature_gas(len(keys)))
    require(
        context.bls.verify(keys, digest_of(context, output_hash), signature),
        ContractCode.ATTESTATION,
        f"that is no signature of {signers} for output {output_hash.hex()}",
    )


# Slashing


def slash_attesters(context: Context, call: SlashAttesters) -> int:
    """Take the stakes of who vouched for a wrong output; return them in micros."""
    # READ
    state = context.state
    try:
        output = decode_output(call.output)
    except FrameInvalid as error:
        raise Refusal(ContractCode.CALL_MALFORMED, str(error)) from error
    output_hash = output.hash
    commitment = slash_commitment(output_hash, call.signers, call.payee, call.salt)
    seen = state.attestations.get(output_hash, Attestation(0, b"", 0))

    # CHECKS, in the order of their codes
    check_wrong(context, output)
    signers = check_signers(context, call.signers)
    require(
        any(state.attesters[number].micros > 0 for number in signers),
        ContractCode.SIGNERS,
        "nothing is left of the stakes of all of them",
    )
    if call.aggregate or not set(signers) <= set(numbers_in(seen.signers)):
        check_signature(context, output_hash, signers, call.aggregate)
    context.meter.charge(len(signers) * SLOT_GAS)

    # EFFECTS
    slashed = sum(state.attesters[number].micros for number in signers)
    active = sum(state.attesters[n].micros for n in signers if state.attesters[n].is_active)
    for number in signers:
        state.attesters.put(number, replace(state.attesters[number], micros=0))
    stakes = state.stakes.record
    state.stakes.put(replace(stakes, active=stakes.active - active))
    whole = min(slashed, seen.paid)
    if seen.claim:
        state.attestations.put(output_hash, replace(seen, paid=seen.paid - whole))
    kept = max(whole, answered_for(context, slashed))
    reward = (slashed - kept) // 2 if opens_commitment(context, commitment) else 0
    slash_stake(state, slashed, call.payee, reward)
    context.emit(AttestersSlashed(output_hash, call.signers, slashed, call.payee, reward))
    return slashed


def answered_for(context: Context, stake: int) -> int:
    """Return what may have been paid ahead, at most, because so much stake vouched for it."""
    return div_ceil(stake * context.rules.attested_ppm, context.rules.attester_ppm)


def check_wrong(context: Context, output: Output) -> None:
    """Refuse to slash for an output unless its claim is dead, or another one is final.

    A claim that died with an ancestor is as wrong as that one: its output names it.
    Nobody need wait until the right one is final, which after a freeze may be never.
    """
    require(
        output.version == OUTPUT_VERSION and output.chain_id == context.rules.rules.chain_id,
        ContractCode.OUTPUT_OPEN,
        "the output is of another version or chain",
    )
    claim = context.state.claim_of.get(output.hash)
    if claim is not None and fate_of(context.state, context.state.claims[claim]).is_dead:
        return
    final = context.state.final_at.get(output.log_index)
    require(
        final is not None,
        ContractCode.OUTPUT_OPEN,
        f"no output is final yet for log index {output.log_index}",
    )
    require(
        context.state.claims[final or 0].output.hash != output.hash,
        ContractCode.OUTPUT_RIGHT,
        f"that is the final output: claim {final}",
    )


def opens_commitment(context: Context, commitment: bytes) -> bool:
    """Return whether somebody committed early enough; the commitment is used up."""
    made = context.state.commitments.get(commitment)
    if made is None or context.moment.block - made.block < context.rules.commitment_blocks_min:
        return False
    context.state.commitments.drop(commitment)
    return True


HANDLERS: Final[Handlers] = {
    Attest: attest,
    JoinAttesters: join_attesters,
    LeaveAttesters: leave_attesters,
    SlashAttesters: slash_attesters,
    TakeStake: take_stake,
}
