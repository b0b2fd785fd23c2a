"""Due work: what happens because time passed, whoever is awake.

Two sorted queues of (time, sequence): the exchange's own lane runs at the
start of a block, the users' lane after the block's oracle updates and
triggers; each item is a step of its own, and neither lane blocks the other.
A periodic item comes back at the first multiple of its interval after block
time, so that an outage leaves no backlog: what was missed counts 0.

======  ========  =======================  ================================
kind    name      about                    again
======  ========  =======================  ================================
1       SAMPLE    a market's mark          each ``sample_interval_ms``
2       PREMIUM   a market's funding rate  each ``premium_interval_ms``
3       FUNDING   a market's funding       each ``funding_interval_ms``
4       SLICE     a flagged portfolio      until it is released
5       UNWIND    what a vault holds       each slice's pause, until it is flat
6       SETTLE    a settled market         until nobody holds it
7       RAMP      a market's margin rates  each ``ramp_step_ms``, until they are there
16      GROUP     a bracket                when its entry or an exit ended
17      TWAP      a TWAP                   each interval, until it ends
18      SWITCH    a portfolio's orders     until none is left
19      EXIT      a vault's shares         until the vault can pay
20      FUND_EXIT a fund's shares          until the fund can pay
======  ========  =======================  ================================
"""

from typing import Final

from statemachine.costs import COST_DUE, COST_ORACLE
from statemachine.errors import StorageCorrupt
from statemachine.keys import DUE, LANE_SYSTEM, LANE_USER, due_range
from statemachine.pricing.funding import process_funding, process_premium
from statemachine.pricing.mark import process_sample
from statemachine.records import decode_due
from statemachine.risk.exits import DUE_FUND_EXIT, process_fund_exit
from statemachine.risk.liquidation import DUE_SLICE, process_slice
from statemachine.risk.ramps import DUE_RAMP, process_ramp
from statemachine.risk.settlement import DUE_SETTLE, process_settle
from statemachine.risk.vaults import DUE_EXIT, DUE_UNWIND, process_exit, process_unwind
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.states import STATE_SETTLED
from statemachine.step import Step
from statemachine.waiting.brackets import process_group
from statemachine.waiting.grouping import DUE_GROUP
from statemachine.waiting.switch import DUE_SWITCH, process_switch
from statemachine.waiting.twap import DUE_TWAP, process_twap

DUE_SAMPLE: Final = 1
DUE_PREMIUM: Final = 2
DUE_FUNDING: Final = 3
PERIODIC: Final = (DUE_SAMPLE, DUE_PREMIUM, DUE_FUNDING)


def interval_of(rules: Rules, kind: int) -> int:
    """Return how often a periodic item comes back, in ms."""
    if kind == DUE_SAMPLE:
        return rules.sample_interval_ms
    if kind == DUE_PREMIUM:
        return rules.premium_interval_ms
    return rules.funding_interval_ms


def next_multiple(now: int, interval: int) -> int:
    """Return the first multiple of ``interval`` after ``now``."""
    return now - now % interval + interval


def arm_genesis(state: State) -> None:
    """Arm every market's periodic items, and start their clocks at genesis."""
    now = state.cursor.time
    for rules in state.rules.markets:
        market = state.market(rules.market)
        market.sample_time = now
        market.funding_time = now
        state.touch(market)
        for kind in PERIODIC:
            time = next_multiple(now, interval_of(state.rules, kind))
            state.add_due(LANE_SYSTEM, time, kind, rules.market, 0)


def due_time(key: bytes) -> int:
    """Return when an item of due work falls due, in ms."""
    time: int = DUE.unpack(key)[2]
    return time


def next_due(state: State, now: int, lane: int = LANE_SYSTEM) -> bytes | None:
    """Return the key of the first item of a lane that is due by ``now``, if any."""
    key = state.range(due_range(lane)).first()
    if key is None or due_time(key) > now:
        return None
    return key


def execute_due(step: Step, key: bytes) -> None:
    """Run one item of the system lane, and arm it anew."""
    # READ
    state = step.state
    step.cost += COST_DUE
    value = state.blob(key)
    if value is None:
        raise StorageCorrupt(f"due work {key.hex()} is in its range, but has no value")
    kind, number, portfolio, _ = decode_due(value)

    # CHECKS: none, what is due is due

    # EFFECTS
    state.remove_due(LANE_SYSTEM, key)
    if kind == DUE_SLICE:
        process_slice(step, portfolio, number)
        return
    if kind == DUE_UNWIND:
        process_unwind(step, portfolio, number)
        return
    if kind == DUE_RAMP:
        process_ramp(step, number)
        return
    if kind == DUE_SETTLE:
        process_settle(step, number)
        return
    step.cost += COST_ORACLE
    market = state.market(number)
    if market.state == STATE_SETTLED:
        return  # its clocks stand still
    if kind == DUE_SAMPLE:
        process_sample(step, market)
    elif kind == DUE_PREMIUM:
        process_premium(step, market)
    elif kind == DUE_FUNDING:
        process_funding(step, market, due_time(key))
    else:
        raise StorageCorrupt(f"due work {key.hex()} is of an unknown kind {kind}")
    time = next_multiple(step.now, interval_of(step.rules, kind))
    state.add_due(LANE_SYSTEM, time, kind, number, 0)


def execute_user_due(step: Step, key: bytes) -> None:
    """Run one item of the user lane."""
    state = step.state
    step.cost += COST_DUE
    value = state.blob(key)
    if value is None:
        raise StorageCorrupt(f"due work {key.hex()} is in its range, but has no value")
    kind, number, portfolio, reference = decode_due(value)
    state.remove_due(LANE_USER, key)
    if kind == DUE_GROUP:
        process_group(step, reference)
    elif kind == DUE_TWAP:
        process_twap(step, reference)
    elif kind == DUE_SWITCH:
        process_switch(step, portfolio)
    elif kind == DUE_EXIT:
        process_exit(step, portfolio, number, reference)
    elif kind == DUE_FUND_EXIT:
        process_fund_exit(step, portfolio, reference, due_time(key))
    else:
        raise StorageCorrupt(f"due work {key.hex()} is of an unknown kind {kind}")
