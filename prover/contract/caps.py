"""Caps: how much of an asset may leave the escrow in a time, whatever proofs say.

The last line of defence, should a false claim become final: of USDC at most
``max(exit_micros_min, exit_ppm of the escrow)`` leave in ``exit_period_ms``, of
another asset ``exit_ppm`` of the most that the escrow takes of it, or of what it holds,
if rules that came later let it take less.  What left is made up for evenly; a payment
that is larger than the cap waits until next to nothing is left to make up for, 1 % of
the cap, and is then made whole: else a penny that somebody claims just before it would
hold it up, again and again.  With ``exit_ppm`` 0 there is no cap, and none after a freeze:
nothing is paid twice there.
"""

from typing import Final

from prover.contract.bank import escrow_of
from prover.contract.codes import ContractCode, require
from prover.contract.context import Context
from prover.contract.inbox import asset_of
from prover.contract.records import ExitBucket
from statemachine.units import PPM_ONE, div_ceil, div_floor

UNUSED: Final = ExitBucket()
LARGE_PARTS: Final = 100
"""One part of so many of the cap may still be to make up for when a larger payment is made."""


def cap_of(context: Context, asset: int) -> int:
    """Return how much of an asset may leave at once, in micros or units; 0: no cap."""
    rules, found = context.rules, asset_of(context, asset)
    escrowed = escrow_of(context.state, asset)
    if found is not None:
        return div_floor(max(found.cap, escrowed) * rules.exit_ppm, PPM_ONE)
    share = div_floor(escrowed * rules.exit_ppm, PPM_ONE)
    return max(rules.exit_micros_min, share) if rules.exit_ppm else 0


def used_of(context: Context, asset: int, cap: int) -> int:
    """Return how much of an asset left and has not been made up for, rounded up."""
    bucket = context.state.exits.get(asset, UNUSED)
    elapsed = context.moment.time - bucket.time
    return max(0, bucket.used - div_floor(cap * elapsed, context.rules.exit_period_ms))


def check_cap(context: Context, asset: int, amount: int) -> None:
    """Refuse to pay more than may leave now."""
    cap = cap_of(context, asset)
    if not cap:
        return
    used = used_of(context, asset, cap)
    over = used - div_floor(cap, LARGE_PARTS) if amount > cap else used + amount - cap
    wait = div_ceil(max(0, over) * context.rules.exit_period_ms, cap)
    require(
        over <= 0,
        ContractCode.CAP_DAY,
        f"{amount} are to leave, {max(0, cap - used)} may now; try again at "
        f"{context.moment.time + wait}",
    )


def use_cap(context: Context, asset: int, amount: int) -> None:
    """Note what leaves."""
    cap = cap_of(context, asset)
    if cap:
        used = used_of(context, asset, cap) + amount
        context.state.exits.put(asset, ExitBucket(used, context.moment.time))
