"""Funding: what longs pay shorts, sampled, accrued per lot, settled lazily.

* premium, each ``premium_interval_ms``, in parts per 10**9 of the index I:
  ``(max(impact bid - I, 0) - max(I - impact ask, 0)) / I``, floored, where an
  impact price is the mean price of trading ``impact_notional / IMF`` against
  at most 16 orders, pegged ones at the prices they have now; what they do not
  fill counts at the index; a side that is missing, or a missed sample, counts 0
* rate, each hour: ``F8 = P + clamp(i - P, +-0.05%)`` with P the mean over the
  hour's fixed count of samples and i = 0.01%, within ``+-6 (IMF - MMF)``, per
  8 hours
* the market's funding index grows by ``trunc(F8 * dt * I << 32) / 8 h``

A position owes ``size * (index now - index at its last settlement)``; what it
gets is floored, and the remainder is kept as the market's funding dust, so
that all settlements and the dust sum to zero exactly.
"""

from typing import Final

from statemachine.book.heads import BookSide
from statemachine.costs import COST_IMPACT
from statemachine.events import FundingPaid
from statemachine.keys import BUY, SELL
from statemachine.records import Market, Portfolio, Position
from statemachine.risk.balances import credit
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE, clamp, div_ceil, div_floor, div_trunc

FUNDING_SHIFT: Final = 32
FUNDING_INDEX_LIMIT: Final = 1 << 94
"""Past this an index stands still: 2**62 micros per lot, which no market sees."""
PARTS: Final = 1_000_000_000
"""Rates of premium and funding are in parts per 10**9."""
EIGHT_HOURS_MS: Final = 28_800_000
INTEREST: Final = 100_000
INTEREST_CLAMP: Final = 500_000
MARGIN_FACTOR: Final = 6
IMPACT_ORDERS_MAX: Final = 16
LOT_PARTS: Final = 1_000_000
"""Impact prices count lots in millionths: the last order is taken in part."""


def unsettled_funding(position: Position, market: Market) -> int:
    """Return what the position would be paid now, in micros, floored."""
    return -position.size * (market.funding_index - position.funding_index) >> FUNDING_SHIFT


def settle_funding(state: State, portfolio: Portfolio, position: Position, market: Market) -> None:
    """Pay a position what it accrued, before its size changes."""
    if position.funding_index == market.funding_index:
        return
    if position.size:
        owed = position.size * (market.funding_index - position.funding_index)
        paid = -owed >> FUNDING_SHIFT
        credit(state, portfolio, paid)
        ledger = state.ledger()
        ledger.settled += paid
        state.touch(ledger)
        # What flooring kept back, in micros << FUNDING_SHIFT: never negative.
        market.funding_dust -= owed + (paid << FUNDING_SHIFT)
        state.touch(market)
    position.funding_index = market.funding_index
    state.touch(position)


def impact_price(step: Step, market: Market, side: int, notional: int) -> tuple[int, int]:
    """Return the mean price of trading ``notional`` against one side, as a fraction.

    The numerator is in micros, the denominator in lots; 0 for an empty side.
    """
    state = step.state
    book = BookSide(step, market, side)
    key = book.first()
    if key is None:
        return 0, 1
    left = notional
    parts = visits = 0  # parts: lots in millionths
    while key is not None and left > 0 and visits < IMPACT_ORDERS_MAX:
        price = book.price
        order = state.order(key)
        visits += 1
        if order is not None and not book.is_past(order):
            taken = min(left, price * order.remaining)
            parts += div_floor(taken * LOT_PARTS, price)
            left -= taken
        key = book.after(key) if left > 0 else None
    step.cost += COST_IMPACT * (visits + 1)
    # Depth that nobody has shown, or that was not looked at, counts at the index.
    parts += div_floor(left * LOT_PARTS, market.index)
    return notional * LOT_PARTS, max(1, parts)


def premium_of(step: Step, market: Market) -> int:
    """Return the book's premium over the index in parts per 10**9, floored."""
    index = market.index
    notional = div_ceil(step.rules.impact_notional * PPM_ONE, market.initial_ppm)
    bid, bid_lots = impact_price(step, market, BUY, notional)
    ask, ask_lots = impact_price(step, market, SELL, notional)
    if bid == 0 or ask == 0:
        return 0
    above = max(0, bid - index * bid_lots)
    below = max(0, index * ask_lots - ask)
    # Both over one denominator, so that the difference is floored once.
    numerator = (above * ask_lots - below * bid_lots) * PARTS
    return clamp(div_floor(numerator, index * bid_lots * ask_lots), -PARTS, PARTS)


def process_premium(step: Step, market: Market) -> None:
    """Add one sample of the premium to the hour's sum."""
    if market.index == 0:
        return
    market.premium_sum += premium_of(step, market)
    market.premium_count += 1
    step.state.touch(market)


def rate_of(step: Step, market: Market) -> int:
    """Return the hour's funding rate per 8 hours, in parts per 10**9, truncated."""
    samples = max(1, step.rules.funding_interval_ms // step.rules.premium_interval_ms)
    premium = div_trunc(market.premium_sum, samples)
    rate = premium + clamp(INTEREST - premium, -INTEREST_CLAMP, INTEREST_CLAMP)
    bound = MARGIN_FACTOR * (market.initial_ppm - market.maintenance_ppm) * (PARTS // PPM_ONE)
    return clamp(rate, -bound, bound)


def process_funding(step: Step, market: Market, due: int) -> None:
    """Close the hour that ended at ``due``; time beyond one interval accrues nothing."""
    interval = step.rules.funding_interval_ms
    rate = rate_of(step, market)
    elapsed = clamp(due - market.funding_time, 0, interval)
    if market.index:
        grown = market.funding_index + div_trunc(
            (rate * elapsed * market.index) << FUNDING_SHIFT, EIGHT_HOURS_MS * PARTS
        )
        if abs(grown) < FUNDING_INDEX_LIMIT:
            market.funding_index = grown
        market.funding_rate = rate
        step.state.events.append(FundingPaid(market.market, rate, market.funding_index))
    market.premium_sum = 0
    market.premium_count = 0
    # What lies between `due` and now was missed: the next hour starts at its last multiple.
    market.funding_time = step.now - step.now % interval
    step.state.touch(market)
