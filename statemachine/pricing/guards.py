"""Guards of the index: a jump is asked for twice, a wild price is not taken at all.

* average: the index's mean over ``average_window_ms``, exponentially weighted
  by time.  A price beyond ``average_factor_max`` times it, or below it divided
  by as much, becomes no index.  The average still moves towards such a price,
  as far as that bound: what stays true is believed in the end.  The market keeps it
  as its ``stable`` price, which collateral is lent on
* band: a price farther than ``index_band_ppm`` from the index waits.  It
  becomes the index once as many publishers as are needed have spoken again,
  later than any of those heard before, and still mean a price within the band of
  it: the index has *jumped* (:mod:`statemachine.fees.rates`).  A price near the
  old index ends the wait

While a price waits the index keeps its age: it goes stale like one that is not
heard of, and what a stale price forbids is forbidden then.
"""

from typing import Final

from statemachine.records import Market, Oracle
from statemachine.step import Step
from statemachine.units import PPM_ONE, clamp, div_trunc

AVERAGE_SHIFT: Final = 16


def admits_price(
    step: Step, market: Market, oracle: Oracle, price: int, age: int, newest: int
) -> bool:
    """Return whether ``price`` may become the index now, and remember it if it must wait.

    ``age`` is the time (ms) by which as many publishers as are needed had
    spoken, ``newest`` that of the latest message.
    """
    if oracle.average == 0:
        oracle.average = price << AVERAGE_SHIFT
        oracle.average_time = step.now
        set_stable(step, market, oracle)
        return True
    believed = follow_average(step, oracle, price)
    set_stable(step, market, oracle)
    if not believed:
        return False
    band = step.state.market_rules[market.market].index_band_ppm
    if band == 0 or is_near(price, market.index, band):
        oracle.pending = oracle.pending_time = 0
        return True
    if not oracle.pending or not is_near(price, oracle.pending, band):
        oracle.pending = price
        oracle.pending_time = min(step.now, newest)
        return False
    if age <= oracle.pending_time:
        return False
    market.jumped_at = step.now
    oracle.pending = oracle.pending_time = 0
    return True


def is_near(price: int, base: int, band: int) -> bool:
    """Return whether ``price`` is within ``band`` ppm of ``base``."""
    return abs(price - base) * PPM_ONE <= base * band


def set_stable(step: Step, market: Market, oracle: Oracle) -> None:
    """Copy the average to the market, where margin finds it, floored to whole micros."""
    stable = oracle.average >> AVERAGE_SHIFT
    if market.stable != stable:
        market.stable = stable
        step.state.touch(market)


def follow_average(step: Step, oracle: Oracle, price: int) -> bool:
    """Move the average towards ``price``; return whether it was within its bounds before."""
    rules = step.rules
    factor = rules.average_factor_max
    average = oracle.average
    shifted = price << AVERAGE_SHIFT
    window = rules.average_window_ms
    elapsed = clamp(step.now - oracle.average_time, 0, window)
    target = clamp(shifted, average // factor, average * factor)
    oracle.average = max(1, average + div_trunc((target - average) * elapsed, window))
    oracle.average_time = step.now
    return average <= shifted * factor and shifted <= average * factor
