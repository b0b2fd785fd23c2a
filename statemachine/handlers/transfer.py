"""Transfer: move settled collateral between two sub-accounts of one owner."""

from statemachine.actions import Transfer
from statemachine.costs import COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, invariant
from statemachine.events import BALANCE_TRANSFER, BalanceChanged
from statemachine.pricing.mark import stale_market
from statemachine.records import PORTFOLIO_LIQUIDATING
from statemachine.risk.balances import credit
from statemachine.risk.margin import charge_markets, withdrawable
from statemachine.step import Step


def execute_transfer(step: Step, action: Transfer) -> None:
    """Take an amount that may leave one sub-account, and give it to another."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY
    base = step.account << 8
    source = state.portfolio(base | action.source)

    # CHECKS, in the order of their codes
    if source is None:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    charge_markets(step, source)
    stale = stale_market(step, source)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return
    if source.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return
    if action.amount == 0:
        step.refuse(Code.AMOUNT, (1,))
        return
    most = withdrawable(state, source)
    if action.amount > most:
        step.refuse(Code.BALANCE, (action.amount, most))
        return
    if action.source == action.target:
        step.refuse(Code.ACCOUNT_SELF)
        return

    # EFFECTS
    target = state.open_portfolio(base | action.target)
    credit(state, source, -action.amount)
    source.moved -= action.amount
    credit(state, target, action.amount)
    target.moved += action.amount
    invariant(source.balance >= 0, "a transfer creates no debt")

    # RECEIPT
    step.notional = action.amount
    events = state.events
    pair = (source.portfolio, target.portfolio)
    events.append(BalanceChanged(pair[0], -action.amount, BALANCE_TRANSFER, pair[1]))
    events.append(BalanceChanged(pair[1], action.amount, BALANCE_TRANSFER, pair[0]))
