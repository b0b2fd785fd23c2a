"""Clearing: a position in a settled market is closed at the settlement price, whoever asks.

A settled market has no book any more, so what it held cannot meet: each position
trades, without a fee, against the market's *clearing portfolio*, which is
``(account 0, sub 64 + market)``.  Longs and shorts cancel there.  It buys and
sells at one price, so it earns and owes nothing: whatever it holds is worth what
it cost, and once everybody is closed it is flat at a balance of 0, to the unit.
It asks for no margin, has no orders, is never ranked and never liquidated.

The exchange closes ranked positions by itself (:mod:`statemachine.risk.settlement`).
What is too small to be ranked, and a leverage kept for a market that is gone, wait
for anybody's poke, and for whoever liquidates the portfolio.
"""

from typing import Final

from statemachine.book.matching import trade
from statemachine.costs import COST_VICTIM
from statemachine.events import PositionSettled
from statemachine.records import Market, Portfolio, Position
from statemachine.risk.debts import note_loan_of_open
from statemachine.risk.ranks import CLEARING_FROM, is_clearing
from statemachine.state import State
from statemachine.states import STATE_SETTLED
from statemachine.step import Step

NONE_CLEARED: Final = -1


def clearing_portfolio(market: int) -> int:
    """Return the number of a market's clearing portfolio."""
    return CLEARING_FROM + market


def clear_portfolio(step: Step, portfolio: Portfolio) -> int:
    """Close what a portfolio holds in settled markets; return the last of them, or -1.

    The caller has charged for the portfolio's markets.
    """
    last = NONE_CLEARED
    if is_clearing(portfolio.portfolio):
        return last
    state = step.state
    for position in list(state.all_positions(portfolio)):
        market = state.market(position.market)
        if market.state == STATE_SETTLED and (position.size or position.leverage):
            step.cost += COST_VICTIM
            if last == NONE_CLEARED:
                note_loan_of_open(state, portfolio)
            clear_position(state, portfolio, position, market)
            last = market.market
    return last


def clear_position(state: State, portfolio: Portfolio, position: Position, market: Market) -> None:
    """Close a position at its market's settlement price, and give up its leverage."""
    size = position.size
    position.leverage = 0
    state.touch(position)
    if size:
        before = portfolio.balance
        clearing = state.open_portfolio(clearing_portfolio(market.market))
        held = state.open_position(clearing, market.market)
        price = market.mark
        trade(state, portfolio, position, market, -size, price)
        trade(state, clearing, held, market, size, price)
        state.touch(market)
        state.drop_position(clearing, held)
        paid = portfolio.balance - before
        state.events.append(PositionSettled(portfolio.portfolio, market.market, size, price, paid))
    state.drop_position(portfolio, position)
