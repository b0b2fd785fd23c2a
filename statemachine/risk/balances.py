"""Balances: the one place where a portfolio's settled USDC changes.

Whatever earns or owes, a trade, a fee, funding, a deposit, changes a balance
through :func:`credit`.  A balance that stays at or above zero is one addition;
one that is below zero, or gets there, is a loan of the pool's
(:mod:`statemachine.risk.pool`): its interest is settled first, and the sum of all
loans follows.  ``ledger.settled``, the sum of all balances, is the caller's to
keep, but for interest: what one portfolio loses, another one often gains.
"""

from statemachine.records import Portfolio
from statemachine.risk.pool import accrue, settle_interest
from statemachine.state import State


def credit(state: State, portfolio: Portfolio, amount: int) -> None:
    """Add ``amount`` micros, negative to take them, to a balance; touches the portfolio."""
    balance = portfolio.balance
    if balance < 0 or balance + amount < 0:
        move_loan(state, portfolio, amount)
        return
    portfolio.balance = balance + amount
    state.touch(portfolio)


def move_loan(state: State, portfolio: Portfolio, amount: int) -> None:
    """Change a balance that is below zero, or gets there."""
    pool = accrue(state)
    loan = 0
    if portfolio.balance < 0:
        portfolio.balance -= settle_interest(state, pool, portfolio)
        loan = -portfolio.balance
    portfolio.balance += amount
    left = max(0, -portfolio.balance)
    pool.lent += left - loan
    portfolio.loan_index = pool.index if left else 0
    state.touch(portfolio)
