"""Funding: what longs pay shorts, accrued per lot and settled lazily.

A market's funding index grows by micros per lot << FUNDING_SHIFT.  A
position owes ``size * (index now - index at its last settlement)``; what it
gets is floored, and the remainder is kept as the market's funding dust, so
that all settlements and the dust sum to zero exactly.
"""

from typing import Final

from statemachine.records import Market, Portfolio, Position
from statemachine.state import State

FUNDING_SHIFT: Final = 32


def unsettled_funding(position: Position, market: Market) -> int:
    """Return what the position would be paid now, in micros, floored."""
    return -position.size * (market.funding_index - position.funding_index) >> FUNDING_SHIFT


def settle_funding(
    state: State, portfolio: Portfolio, position: Position, market: Market
) -> None:
    """Pay a position what it accrued, before its size changes."""
    if position.funding_index == market.funding_index:
        return
    if position.size:
        owed = position.size * (market.funding_index - position.funding_index)
        paid = -owed >> FUNDING_SHIFT
        portfolio.balance += paid
        # What flooring kept back, in micros << FUNDING_SHIFT: never negative.
        market.funding_dust -= owed + (paid << FUNDING_SHIFT)
        state.touch(portfolio)
        state.touch(market)
    position.funding_index = market.funding_index
    state.touch(position)
