"""Transfer and send: move settled collateral between sub-accounts, of one owner or of two.

What may be moved is what may be withdrawn, ``min(E - IM, balance)``.  Whom one
sends to is named by his address, as a wallet shows it, and has to be an owner
already: money is never left with an address that could not use it.  His
sub-account need not exist yet, but a fund's takes nothing and gives nothing
(:mod:`statemachine.risk.funds`).
"""

from statemachine.actions import Send, Transfer
from statemachine.costs import COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, invariant
from statemachine.events import BALANCE_SEND, BALANCE_TRANSFER, BalanceChanged
from statemachine.pricing.mark import stale_market
from statemachine.records import PORTFOLIO_LIQUIDATING, ROLE_OWNER, Portfolio
from statemachine.risk.balances import credit
from statemachine.risk.funds import refuses_fund
from statemachine.risk.margin import charge_markets, withdrawable
from statemachine.step import Step


def execute_transfer(step: Step, action: Transfer) -> None:
    """Take an amount that may leave one sub-account, and give it to another."""
    # READ
    step.cost += COST_PORTFOLIO + COST_MONEY
    base = step.account << 8
    source = step.state.portfolio(base | action.source)

    # CHECKS, in the order of their codes
    if source is None:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    if not may_move(step, source, action.amount):
        return
    if action.source == action.target:
        step.refuse(Code.ACCOUNT_SELF)
        return
    if not owners_allow(step, source, base | action.target):
        return

    # EFFECTS and RECEIPT
    move(step, source, base | action.target, action.amount, BALANCE_TRANSFER)


def execute_send(step: Step, action: Send) -> None:
    """Take an amount that may leave a sub-account, and give it to another owner's."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY
    source = state.portfolio(step.account << 8 | action.source)
    recipient = state.signer(action.to)

    # CHECKS, in the order of their codes
    if source is None:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    if not may_move(step, source, action.amount):
        return
    # A session key of one's own is no owner: it is refused below.
    owner = recipient is not None and recipient.role == ROLE_OWNER
    if recipient is not None and owner and recipient.account == step.account:
        step.refuse(Code.ACCOUNT_SELF)
        return
    number = recipient.account << 8 | action.target if recipient is not None and owner else -1
    if not owners_allow(step, source, number):
        return
    if recipient is None or not owner:
        step.refuse(Code.RECIPIENT, (0 if recipient is None else recipient.role,))
        return

    # EFFECTS and RECEIPT
    move(step, source, number, action.amount, BALANCE_SEND)


def may_move(step: Step, source: Portfolio, amount: int) -> bool:
    """Check that an amount may leave a portfolio, whoever is to have it."""
    charge_markets(step, source)
    stale = stale_market(step, source)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return False
    if source.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return False
    if amount == 0:
        step.refuse(Code.AMOUNT, (1,))
        return False
    most = withdrawable(step.state, source)
    if amount > most:
        step.refuse(Code.BALANCE, (amount, most))
        return False
    return True


def owners_allow(step: Step, source: Portfolio, number: int) -> bool:
    """Check that neither a portfolio nor portfolio ``number`` (-1: none) is a fund's."""
    target = None if number < 0 else step.state.portfolio(number)
    return not (refuses_fund(step, source) or refuses_fund(step, target))


def move(step: Step, source: Portfolio, number: int, amount: int, reason: int) -> None:
    """Move an amount that may leave ``source`` to portfolio ``number``, opened if need be."""
    # EFFECTS
    state = step.state
    target = state.open_portfolio(number)
    credit(state, source, -amount)
    source.moved -= amount
    credit(state, target, amount)
    target.moved += amount
    invariant(source.balance >= 0, "what is moved creates no debt")

    # RECEIPT
    step.notional = amount
    events = state.events
    events.append(BalanceChanged(source.portfolio, -amount, reason, number))
    events.append(BalanceChanged(number, amount, reason, source.portfolio))
