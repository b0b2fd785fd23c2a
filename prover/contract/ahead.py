"""Payment ahead: what stakes that vouch for a pending claim let out of the escrow.

What was paid ahead is noted by the withdrawal's leaf, not by its index: should the
claim turn out to be wrong, whoever owns the withdrawal in the right one is still
paid, and the escrow has the stakes of those who vouched.
"""

from dataclasses import replace

from prover.contract.codes import ContractCode, require
from prover.contract.context import Context
from prover.contract.records import Claim
from prover.outputs import Output
from statemachine.assets import ASSET_USDC
from statemachine.units import PPM_ONE, div_floor


def is_attested(context: Context, output: Output) -> bool:
    """Return whether enough stakes vouch for an output."""
    found = context.state.attestations.get(output.hash)
    active = context.state.stakes.record.active
    return (
        found is not None
        and active > 0
        and found.weight * PPM_ONE >= active * context.rules.attester_ppm
    )


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
    """Note what is paid ahead: by its leaf, with its attestation, and in the sum of late."""
    state, span = context.state, span_of(context)
    state.ahead.put(sale, index)
    found = state.attestations[claim.output.hash]
    state.attestations.put(claim.output.hash, replace(found, paid=found.paid + amount))
    stakes = state.stakes.record
    if stakes.span != span:
        previous = stakes.current if stakes.span == span - 1 else 0
        stakes = replace(stakes, span=span, current=0, previous=previous)
    state.stakes.put(replace(stakes, current=stakes.current + amount))
