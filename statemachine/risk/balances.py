"""Balances: the one place where a portfolio's settled USDC changes.

Whatever earns or owes, a trade, a fee, funding, a deposit, changes a balance
through :func:`credit`, so that what a balance below zero means is decided in
one place.  ``ledger.settled``, the sum of all balances, is the caller's to
keep: what one portfolio loses, another one often gains.
"""

from statemachine.records import Portfolio
from statemachine.state import State


def credit(state: State, portfolio: Portfolio, amount: int) -> None:
    """Add ``amount`` micros, negative to take them, to a balance; touches the portfolio."""
    portfolio.balance += amount
    state.touch(portfolio)
