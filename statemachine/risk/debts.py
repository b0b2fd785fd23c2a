"""Debts: what is left when nothing else is, and who bears it.

Insurance pays with each slice of a bankrupt what the closed part was short of:
what it has paid it cannot promise to the next one, who is deleveraged instead.
At the end, when nothing but a debt is left,
insurance pays what it may, then the lending pool bears what it had lent before
the end began (:mod:`statemachine.risk.pool`), and the rest stands in the deficit
account of the market that was closed last (:mod:`statemachine.risk.deficits`).
"""

from statemachine.events import (
    BALANCE_DEFICIT,
    BALANCE_INSURANCE,
    BALANCE_POOL,
    STAGE_DEFICIT,
    STAGE_INSURANCE,
    STAGE_POOL,
    BalanceChanged,
    Liquidated,
)
from statemachine.records import PORTFOLIO_LIQUIDATING, Market, Portfolio
from statemachine.risk.balances import credit
from statemachine.risk.deficits import add_deficit, draw_insurance
from statemachine.risk.margin import Margin, margin_of, without_loan
from statemachine.risk.pool import bear_loss
from statemachine.risk.vaults import void_shares
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import div_floor


def note_loan(state: State, portfolio: Portfolio) -> None:
    """Remember what is lent to a portfolio before what it holds is closed for it."""
    # Settles its interest, which is part of it.
    credit(state, portfolio, 0)
    portfolio.borrowed = max(0, -portfolio.balance)


def note_loan_of_open(state: State, portfolio: Portfolio) -> None:
    """Do the same for one that is not in liquidation, if it has a loan."""
    if portfolio.balance < 0 and not portfolio.flags & PORTFOLIO_LIQUIDATING:
        note_loan(state, portfolio)


def make_good(step: Step, portfolio: Portfolio, last: int) -> None:
    """End the debt of who has nothing left at all, and is not in liquidation.

    ``last`` is the market that closed his last position.
    """
    if portfolio.flags & PORTFOLIO_LIQUIDATING:
        return
    if portfolio.balance < 0 and not (portfolio.markets or portfolio.assets):
        cover_debt(step, portfolio, last, Margin(portfolio.balance, 0, 0, portfolio.balance))
        void_shares(step.state, portfolio)
    if portfolio.borrowed:
        portfolio.borrowed = 0
        step.state.touch(portfolio)


def insure_slice(
    step: Step, portfolio: Portfolio, market: Market, before: Margin, closed: int
) -> None:
    """Let insurance pay at once for the part of a bankrupt that a slice has closed.

    ``closed`` is that part's MM; it bears its share of what is missing, floored, so
    that E/MM stays.  What insurance has paid it cannot promise to the next portfolio.
    Who has assets pays with them first.
    """
    state = step.state
    missing = -margin_of(state, portfolio).equity
    if missing <= 0 or portfolio.assets:
        return
    whole = without_loan(step.rules, before).maintenance
    drawn = draw_insurance(step, market, div_floor(missing * closed, whole))
    if drawn == 0:
        return
    ledger = state.ledger()
    credit(state, portfolio, drawn)
    ledger.settled += drawn
    state.touch(ledger)
    number = market.market
    state.events.append(BalanceChanged(portfolio.portfolio, drawn, BALANCE_INSURANCE, number))
    tell(state, portfolio, STAGE_INSURANCE, number, 0, before)


def cover_debt(step: Step, portfolio: Portfolio, last: int, margin: Margin) -> None:
    """Bring a balance below zero back to it: from insurance, the pool, else as a deficit.

    A debt that no market left behind, as its last position was closed by its
    owner, goes to the first market.
    """
    state = step.state
    ledger = state.ledger()
    market = state.market(step.rules.markets[0].market if last < 0 else last)
    credit(state, portfolio, 0)
    debt = -portfolio.balance
    drawn = draw_insurance(step, market, debt)
    borne = bear_loss(state, portfolio, debt - drawn)
    rest = debt - drawn - borne
    credit(state, portfolio, debt)
    ledger.settled += debt
    add_deficit(state, market, rest)
    state.touch(ledger)
    number = market.market
    for amount, reason, stage in (
        (drawn, BALANCE_INSURANCE, STAGE_INSURANCE),
        (borne, BALANCE_POOL, STAGE_POOL),
        (rest, BALANCE_DEFICIT, STAGE_DEFICIT),
    ):
        if amount:
            state.events.append(BalanceChanged(portfolio.portfolio, amount, reason, number))
            tell(state, portfolio, stage, number, 0, margin)


def tell(
    state: State, portfolio: Portfolio, stage: int, market: int, size: int, margin: Margin
) -> None:
    """Note a stage for streams and screens."""
    number = portfolio.portfolio
    event = Liquidated(number, stage, market, size, margin.equity, margin.maintenance)
    state.events.append(event)
