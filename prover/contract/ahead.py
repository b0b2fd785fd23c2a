"""Payment ahead: what stakes that vouch for a pending claim let out of the escrow.

What was paid ahead is noted by the withdrawal's leaf, not by its index: should the
claim turn out to be wrong, whoever owns the withdrawal in the right one is still
paid, and the escrow has the stakes of those who vouched.
"""

from collections.abc import Iterator
from dataclasses import replace

from prover.contract.codes import ContractCode, require
from prover.contract.context import Context
from prover.contract.prices import STAKE_GAS
from prover.contract.records import Claim, ClaimStatus
from prover.durations import tell_moment
from prover.outputs import Output
from statemachine.assets import ASSET_USDC
from statemachine.units import PPM_ONE, div_floor


def numbers_in(signers: bytes) -> Iterator[int]:
    """Yield the numbers whose bits are set."""
    for place, byte in enumerate(signers):
        for bit in range(8):
            if byte >> bit & 1:
                yield place * 8 + bit


def check_vouched(context: Context, claim: Claim) -> None:
    """Refuse a pending claim unless enough stakes vouch for it, and its window is open.

    A claim whose window is over waits only for somebody to settle it, and nobody can
    convict it any more: nothing is paid ahead of that.
    """
    closes = claim.time + context.rules.window_ms
    require(
        claim.status is not ClaimStatus.PENDING
        or (context.moment.time < closes and is_attested(context, claim.output)),
        ContractCode.CLAIM_PENDING,
        f"claim {claim.number} is final at {tell_moment(closes, context.moment.time)}",
    )


def is_attested(context: Context, output: Output) -> bool:
    """Return whether enough stakes vouch for an output.

    Stakes count as they are now: what was slashed or taken vouches for nothing.  Who
    left since is counted among all who attest, as if he had not: else those who stay
    become fewer by his leaving, and a word of less than ``attester_ppm`` enough.
    """
    state, ppm = context.state, context.rules.attester_ppm
    found = state.attestations.get(output.hash)
    active = state.stakes.record.active
    if found is None or found.weight * PPM_ONE < active * ppm:
        return False
    signers = [state.attesters[number] for number in numbers_in(found.signers)]
    context.meter.charge(len(signers) * STAKE_GAS)
    weight = sum(signer.micros for signer in signers)
    gone = sum(signer.micros for signer in signers if not signer.is_active)
    return weight > 0 and weight * PPM_ONE >= (active + gone) * ppm


def room_ahead(context: Context) -> int:
    """Return how much more may be paid ahead, in micros.

    What was paid counts for two windows at least: by then whoever vouched for a wrong
    claim could be slashed, be it that nobody convicted it, but a right one beat it.
    """
    stakes, span = context.state.stakes.record, span_of(context)
    limit = div_floor(stakes.active * context.rules.attested_ppm, PPM_ONE)
    if stakes.span == span:
        return limit - stakes.current - stakes.previous
    return limit - (stakes.current if stakes.span == span - 1 else 0)


def span_of(context: Context) -> int:
    """Return the number of the span of two windows that it is."""
    return context.moment.time // (2 * context.rules.window_ms)


def check_ahead(context: Context, asset: int, amount: int) -> None:
    """Refuse to pay ahead more than stakes answer for."""
    room = room_ahead(context) if asset == ASSET_USDC else 0
    require(
        amount <= room,
        ContractCode.ATTESTED_LIMIT,
        f"{amount} of asset {asset} are to be paid before their claim is final, "
        f"stakes answer for {max(0, room)} micros now",
    )


def note_ahead(context: Context, claim: Claim, index: int, sale: bytes, amount: int) -> None:
    """Note what is paid ahead: by its leaf, with its attestation, and among what was lately."""
    state, span = context.state, span_of(context)
    state.ahead.put(sale, index)
    found = state.attestations[claim.output.hash]
    state.attestations.put(claim.output.hash, replace(found, paid=found.paid + amount))
    stakes = state.stakes.record
    if stakes.span != span:
        previous = stakes.current if stakes.span == span - 1 else 0
        stakes = replace(stakes, span=span, current=0, previous=previous)
    state.stakes.put(replace(stakes, current=stakes.current + amount))
