"""Ramps: margin rates move slowly and in the open, so that nobody is liquidated by decision.

The guardian names a market's new rates; both move there in a straight line over
``ramp_notice_ms``, a step each ``ramp_step_ms``, from the moment he said so.  A
rate in between is floored, whether it rises or falls: rounding never asks for
more than the line does, and maintenance stays at or below initial.  The last step
is the target exactly.  What an outage missed is caught up with at the first step
after it: the line was known before, and liquidations wait then anyway
(:mod:`statemachine.risk.grace`).

One ramp at a time: the next one starts where this one ends.
"""

from typing import Final

from statemachine.costs import COST_PORTFOLIO
from statemachine.events import RatesChanged
from statemachine.keys import LANE_SYSTEM, ramp_key
from statemachine.records import Market, Ramp, decode_ramp
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import div_floor

DUE_RAMP: Final = 7
"""Kind of due work: the next step of a market's margin rates."""


def ramp_of(state: State, market: int) -> Ramp | None:
    """Return a market's margin rates on their way, if they are."""
    record = state.records.ramps.get(market)
    if record is None:
        key = ramp_key(market)
        data = state.store.get(key)
        if data is None:
            return None
        record = decode_ramp(key, data)
        state.records.ramps[market] = record
    return record if record.live else None


def start_ramp(step: Step, market: Market, initial: int, maintenance: int) -> None:
    """Let a market's rates move to these, from now on."""
    state = step.state
    now = step.now
    number = market.market
    source = market.initial_ppm, market.maintenance_ppm
    end = now + step.rules.ramp_notice_ms
    ramp = Ramp(ramp_key(number), False, source, (initial, maintenance), now, end)
    known = state.records.ramps.get(number)
    if known is not None:
        # The leaf of an earlier ramp may still be in the store: this one takes its place.
        ramp.stored = known.stored
    state.records.ramps[number] = ramp
    state.touch(ramp)
    arm_ramp(step, ramp, number)
    tell(state, market, ramp)


def process_ramp(step: Step, number: int) -> None:
    """Move a market's rates to where the line is by now."""
    state = step.state
    step.cost += COST_PORTFOLIO
    ramp = ramp_of(state, number)
    if ramp is None:
        return  # settled meanwhile
    market = state.market(number)
    passed = step.now - ramp.start
    whole = ramp.end - ramp.start
    market.initial_ppm = rate_at(ramp.source[0], ramp.target[0], passed, whole)
    market.maintenance_ppm = rate_at(ramp.source[1], ramp.target[1], passed, whole)
    state.touch(market)
    tell(state, market, ramp)
    if passed < whole:
        arm_ramp(step, ramp, number)
    else:
        end_ramp(state, ramp)


def rate_at(source: int, target: int, passed: int, whole: int) -> int:
    """Return a rate on its way, in ppm, floored."""
    if passed >= whole:
        return target
    return source + div_floor((target - source) * passed, whole)


def arm_ramp(step: Step, ramp: Ramp, number: int) -> None:
    """Come back at the ramp's next step, the last of which is its end."""
    width = step.rules.ramp_step_ms
    steps = div_floor(step.now - ramp.start, width) + 1
    time = min(ramp.end, ramp.start + steps * width)
    step.state.add_due(LANE_SYSTEM, time, DUE_RAMP, number, 0)


def end_ramp(state: State, ramp: Ramp) -> None:
    """Forget a ramp that is over."""
    ramp.live = False
    state.touch(ramp)


def tell(state: State, market: Market, ramp: Ramp) -> None:
    """Note the rates in force, and where they go, for streams and screens."""
    now = market.initial_ppm, market.maintenance_ppm
    state.events.append(RatesChanged(market.market, *now, *ramp.target, ramp.end))
