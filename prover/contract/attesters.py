"""Attesters: stakes that vouch for pending claims, so that withdrawals are paid at once.

An attester stakes tokens on a BLS key, follows the rollup by himself, and signs the
hash of every output that he finds right.  Once those who signed one output have at
least ``attester_ppm`` of all that is staked, withdrawals under its claim are paid
before it is final, in all no more than ``attested_ppm`` of the stakes in any time in
which a wrong claim may go unpunished.  That is less than what its signers lose.

A stake can be taken ``freeze_ms`` after its attester left: by then everything he signed
is decided.  Until then he loses it for any wrong output that he signed
(:mod:`prover.contract.slashing`).
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Final

from prover.contract.ahead import numbers_in
from prover.contract.bank import release_stake, take_stake_of
from prover.contract.calls import Attest, JoinAttesters, LeaveAttesters, TakeStake
from prover.contract.claims import check_alive
from prover.contract.codes import ContractCode, require
from prover.contract.context import Context, Handlers
from prover.contract.events import AttesterJoined, AttesterLeft, OutputAttested
from prover.contract.prices import STAKE_GAS, signature_gas
from prover.contract.records import Attestation, Attester, ClaimStatus
from prover.contract.records.attesters import ATTESTERS_MAX, SIGNERS_MAX
from prover.durations import tell_moment
from statemachine.codec import pack

BITMAP_BYTES_MAX: Final = ATTESTERS_MAX // 8
TAG_ATTESTATION: Final = b"\x28"


def attestation_digest(l1_chain_id: int, contract: bytes, output_hash: bytes) -> bytes:
    """Return what attesters sign: the output, on this deployment and no other."""
    return sha256(TAG_ATTESTATION + pack([l1_chain_id, contract, output_hash])).digest()


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
        f"the stake may be taken from {tell_moment(stake_from, now)} on",
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


HANDLERS: Final[Handlers] = {
    Attest: attest,
    JoinAttesters: join_attesters,
    LeaveAttesters: leave_attesters,
    TakeStake: take_stake,
}
