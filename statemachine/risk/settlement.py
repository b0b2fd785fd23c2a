"""Final settlement: the end of a market, at one price for everybody, whoever is awake.

The guardian ends a market.  In that step:

* the settlement price is fixed: the index's guarded mean over the last hour
  (:mod:`statemachine.pricing.guards`), floored.  Whoever could move one update, or
  the book, moves it by what that update weighs in an hour, and no more
* index and mark are that price from now on; no update, sample or funding changes
  the market any more, and what the hour had not yet paid is not paid
* it asks for no margin: its positions are worth what they are worth

Then due work of the exchange's own, from the next block on, at most
``step_visits_max`` visits a step, until there is nothing left:

1. orders on the book are removed, bids first, pegged ones after all others, then
   those that sleep.  A TWAP ends at its next slice, a bracket when it is looked at
2. ranked positions are closed at the settlement price, without a fee
   (:mod:`statemachine.risk.clearing`): a long, as long as the clearing portfolio is
   not long, else a short, so that what it holds is never more than one position
   and the dust

It takes at most half the due work that a block may do, so that it never holds up
takers of other markets.  A portfolio that is left with a debt and nothing else ends
it there and then, as the ladder's last stage would: insurance pays what it may, the
rest stands as this market's deficit.  One with other positions, or in liquidation
already, goes on by the ladder's rules.
"""

from typing import Final

from statemachine import keys
from statemachine.book.resting import remove_order
from statemachine.costs import (
    COST_BACKSTOP,
    COST_ORACLE,
    COST_PEGS,
    COST_PORTFOLIO,
    COST_VICTIM,
    COST_VISIT,
)
from statemachine.errors import invariant
from statemachine.events import REMOVED_SETTLED, PriceChanged
from statemachine.keys import BUY, LANE_SYSTEM, SELL, rank_portfolio, rank_range
from statemachine.pricing.guards import AVERAGE_SHIFT
from statemachine.records import Market
from statemachine.risk.clearing import clear_position, clearing_portfolio
from statemachine.risk.debts import make_good, note_loan_of_open
from statemachine.risk.ramps import end_ramp, ramp_of
from statemachine.state import State
from statemachine.step import Step
from statemachine.waiting.sleeping import remove_sleeper

DUE_SETTLE: Final = 6
"""Kind of due work: the next positions of a settled market."""


def settle_market(step: Step, market: Market) -> None:
    """Fix a market's settlement price, and let the rest follow; the caller touches it."""
    state = step.state
    price = max(1, state.oracle(market.market).average >> AVERAGE_SHIFT)
    market.index = market.mark = price
    market.basis = 0
    market.premium_sum = market.premium_count = 0
    market.funding_rate = 0
    market.initial_ppm = market.maintenance_ppm = 0
    ramp = ramp_of(state, market.market)
    if ramp is not None:
        end_ramp(state, ramp)
    state.add_due(LANE_SYSTEM, step.now, DUE_SETTLE, market.market, 0)
    state.events.append(PriceChanged(market.market, price, price))


def process_settle(step: Step, number: int) -> None:
    """Take a settled market's next orders and positions; come back while there are more."""
    step.cost += COST_PORTFOLIO + COST_ORACLE + COST_BACKSTOP + COST_PEGS
    state = step.state
    market = state.market(number)
    if remove_book(step, number) or remove_asleep(step, number) or close_ranked(step, market):
        # In this same block, unless other due work would have to wait.
        again = step.cursor.due_count + 1 < step.rules.due_items_max // 2
        time = step.now if again else step.now + 1
        state.add_due(LANE_SYSTEM, time, DUE_SETTLE, number, 0)


def visits_left(step: Step) -> bool:
    """Return whether a step may visit one more order or position."""
    return step.visits < step.rules.step_visits_max


def remove_book(step: Step, number: int) -> bool:
    """Remove resting orders; return whether there may be more."""
    state = step.state
    fixed = [keys.order_range(number, side) for side in (BUY, SELL)]
    pegged = [keys.pegged_range(number, side) for side in (BUY, SELL)]
    for prefix in fixed + pegged:
        orders = state.range(prefix)
        key = orders.first()
        while key is not None:
            if not visits_left(step):
                return True
            step.visits += 1
            step.cost += COST_VISIT
            order = state.order(key)
            if order is None:
                invariant(condition=False, message="a key of the book has an order")
                return False
            remove_order(state, order, REMOVED_SETTLED)
            key = orders.first()
    return False


def remove_asleep(step: Step, number: int) -> bool:
    """Remove sleeping orders; return whether there may be more."""
    state = step.state
    asleep = state.range(keys.sleeper_range(number))
    key = asleep.first()
    while key is not None:
        if not visits_left(step):
            return True
        step.visits += 1
        step.cost += COST_VISIT
        sleeper = state.sleeper(key)
        if sleeper is None:
            invariant(condition=False, message="a key of the sleeping has an order")
            return False
        remove_sleeper(state, sleeper, REMOVED_SETTLED)
        key = asleep.first()
    return False


def close_ranked(step: Step, market: Market) -> bool:
    """Close ranked positions; return whether there may be more."""
    state = step.state
    number = market.market
    state.rank_positions()
    key = next_ranked(state, number)
    while key is not None:
        if not visits_left(step):
            return True
        step.visits += 1
        step.cost += COST_VICTIM
        name = rank_portfolio(key)
        portfolio = state.portfolio(name)
        if portfolio is None:
            invariant(condition=False, message="a ranked position has an owner")
            return False
        note_loan_of_open(state, portfolio)
        clear_position(state, portfolio, state.position(name, number), market)
        make_good(step, portfolio, number)
        state.rank_positions()
        key = next_ranked(state, number)
    return False


def next_ranked(state: State, number: int) -> bytes | None:
    """Return the key of the position to close next: one that evens out the clearing portfolio."""
    clearing = state.portfolio(clearing_portfolio(number))
    held = None if clearing is None else state.find_position(clearing, number)
    first = SELL if held is not None and held.size > 0 else BUY
    key = state.range(rank_range(number, first)).first()
    return state.range(rank_range(number, 1 - first)).first() if key is None else key
