"""Velocity: how fast money may leave.

Capacity is at most ``max(velocity_min, velocity_ppm * TVL)`` with TVL what
was paid in less what was paid out.  A withdrawal uses it up; it grows back
linearly, from nothing to full in ``velocity_period_ms``.  So a thief, or a
bug, takes no more in a day than a known share of what there is.  Another asset
that leaves uses up what it is worth at the index.
"""

from statemachine.records import Ledger, Velocity
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.units import PPM_ONE, div_ceil, div_floor


def cap_of(rules: Rules, ledger: Ledger) -> int:
    """Return the largest capacity there can be now, in micros, floored."""
    held = max(0, ledger.deposits - ledger.withdrawals)
    return max(rules.velocity_min, div_floor(held * rules.velocity_ppm, PPM_ONE))


def capacity_at(rules: Rules, ledger: Ledger, velocity: Velocity, now: int) -> int:
    """Return how much may leave at ``now`` (ms), in micros, floored."""
    cap = cap_of(rules, ledger)
    grown = div_floor(cap * max(0, now - velocity.time), rules.velocity_period_ms)
    return min(cap, velocity.capacity + grown)


def time_for(rules: Rules, ledger: Ledger, velocity: Velocity, now: int, amount: int) -> int:
    """Return from when on (ms) ``amount`` may leave if nothing else does; 0 if never."""
    cap = cap_of(rules, ledger)
    if amount > cap:
        return 0
    missing = amount - velocity.capacity
    return max(now, velocity.time + div_ceil(missing * rules.velocity_period_ms, cap))


def use_capacity(state: State, now: int, amount: int, counted: int) -> None:
    """Note that ``amount`` micros leave now; ``counted`` of them are in the ledger's sum already.

    Those are USDC; another asset's worth uses up the same capacity, but is no part
    of what the ledger holds.
    """
    velocity = state.velocity()
    ledger = state.ledger()
    ledger.withdrawals -= counted
    capacity = capacity_at(state.rules, ledger, velocity, now) - amount
    ledger.withdrawals += counted
    velocity.capacity = min(capacity, cap_of(state.rules, ledger))
    velocity.time = now
    state.touch(velocity)
