"""Slashing: who vouched for a wrong output loses his stake.

An output is wrong whose claim was convicted, or died with an ancestor that was, or in whose
place another one became final.  Who signed it loses his stake, whether the signature was
ever sent to L1 or not.  The escrow keeps what was paid because of it, and of the stake
``attested_ppm / attester_ppm`` (ceil) in any case: so much a stake answers for,
whichever of its wrong words it is slashed for first.
Half of the rest (floor) goes to the payee of a commitment, as for a fault, and what
remains stays in the escrow.
"""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from prover.contract.ahead import numbers_in
from prover.contract.attesters import check_signature, check_signers
from prover.contract.bank import slash_stake
from prover.contract.calls import SlashAttesters
from prover.contract.claims import fate_of
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import AttestersSlashed
from prover.contract.prices import SLOT_GAS
from prover.contract.records import Attestation
from prover.outputs import OUTPUT_VERSION, Output, decode_output
from statemachine.codec import pack
from statemachine.errors import FrameInvalid
from statemachine.units import div_ceil

TAG_SLASH: Final = b"\x29"


def slash_commitment(output_hash: bytes, signers: bytes, payee: bytes, salt: bytes) -> bytes:
    """Return what whoever slashes commits to beforehand, so that nobody profits from copying."""
    return sha256(TAG_SLASH + pack([output_hash, signers, payee, salt])).digest()


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


HANDLERS: Final[Handlers] = {SlashAttesters: slash_attesters}
