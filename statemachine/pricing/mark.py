"""Mark: the price at which positions are valued, out of a taker's reach.

* basis: the mean of ``mid - index`` over ``basis_window_ms``, exponentially
  weighted, one sample a second; a sample with a side missing, or one that
  was missed, counts 0
* mark: ``median(index + basis, median(best bid, best ask, last), index)``,
  no further from the index than half the initial margin; with a side missing
  the book's term is the index.  Pegged orders count at the prices they have now

Mark changes only at a sample and at an oracle update.  Both run before a
block's takers, so nobody can move the mark and trade on it within a block.
"""

from typing import Final

from statemachine.book.heads import best_price
from statemachine.events import PriceChanged
from statemachine.keys import BUY, SELL
from statemachine.records import Market, Portfolio
from statemachine.risk.grace import note_sample
from statemachine.states import STATE_SETTLED
from statemachine.step import Step
from statemachine.units import PPM_ONE, clamp, div_floor, div_trunc, median

BASIS_SHIFT: Final = 16
INDEX_LIMIT: Final = 1 << 46
"""No index reaches this (70 million USDC per lot): a basis, shifted, fits its 8 bytes."""


def bound_of(market: Market) -> int:
    """Return how far from the index the mark may be, in micros per lot, floored."""
    return div_floor(market.index * market.initial_ppm, 2 * PPM_ONE)


def recompute_mark(step: Step, market: Market) -> None:
    """Set a market's mark from its index, its basis and its book."""
    index = market.index
    if index == 0:
        return
    state = step.state
    bid = best_price(step, market, BUY)
    ask = best_price(step, market, SELL)
    book = median(bid, ask, market.last or index) if bid and ask else index
    fair = index + (market.basis >> BASIS_SHIFT)  # floored
    bound = bound_of(market)
    market.mark = max(1, clamp(median(fair, book, index), index - bound, index + bound))
    state.touch(market)
    state.events.append(PriceChanged(market.market, index, market.mark))


def process_sample(step: Step, market: Market) -> None:
    """Take the second's sample of the basis, then set the mark."""
    if market.index == 0:
        return
    rules = step.rules
    window = rules.basis_window_ms
    interval = rules.sample_interval_ms
    index = market.index
    bid = best_price(step, market, BUY)
    ask = best_price(step, market, SELL)
    target = 0
    if bid and ask:
        bound = bound_of(market) << BASIS_SHIFT
        target = clamp((bid + ask - 2 * index) << (BASIS_SHIFT - 1), -bound, bound)
    # Samples that were missed pull towards 0; a gap of a whole window leaves nothing.
    second = step.now - step.now % interval
    note_sample(step, market, second)
    missed = clamp(second - market.sample_time - interval, 0, window)
    basis = div_trunc(market.basis * (window - missed), window)
    market.basis = basis + div_trunc((target - basis) * min(interval, window), window)
    market.sample_time = second
    recompute_mark(step, market)


def is_stale(step: Step, market: Market) -> bool:
    """Return whether too few publishers have been heard from of late.

    A settlement price is no opinion of theirs: it never goes stale.  An inbox item asks
    for prices that were fresh when L1 queued it: how long it then waits is not up to it.
    """
    if market.state == STATE_SETTLED:
        return False
    return (step.queued_at or step.now) - market.index_time > step.rules.oracle_age_ms_max


def stale_market(step: Step, portfolio: Portfolio) -> int:
    """Return the first market in which a portfolio holds a position at a stale price, or -1."""
    state = step.state
    for position in state.all_positions(portfolio):
        if position.size and is_stale(step, state.market(position.market)):
            return position.market
    return -1
