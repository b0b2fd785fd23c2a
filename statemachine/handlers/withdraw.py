"""Withdraw: move settled collateral out, to the owner's address on L1.

What may leave is ``min(E - IM, balance)``: unrealised profit cannot, and a
withdrawal never creates debt.  It leaves behind a record that L1 pays out
once the state that holds it is final; the receipt's order id is its index.
"""

from statemachine.actions import Withdraw
from statemachine.costs import COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, StorageCorrupt, invariant
from statemachine.events import BALANCE_WITHDRAWAL, BalanceChanged
from statemachine.keys import account_key, withdrawal_key
from statemachine.margin import charge_markets, withdrawable
from statemachine.mark import stale_market
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    Portfolio,
    decode_account,
    encode_withdrawal,
)
from statemachine.step import Step


def charge_withdrawal(step: Step) -> None:
    """Charge what every withdrawal reads and writes, but for the markets."""
    step.cost += COST_PORTFOLIO + COST_MONEY


def execute_withdraw(step: Step, action: Withdraw) -> None:
    """Take an amount off a sub-account and let L1 owe it to the owner."""
    # READ
    state = step.state
    charge_withdrawal(step)
    portfolio = state.portfolio(step.account << 8 | action.sub)
    least = step.rules.withdrawal_min

    # CHECKS, in the order of their codes
    if portfolio is None:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    charge_markets(step, portfolio)
    stale = stale_market(step, portfolio)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return
    if portfolio.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return
    # Less than the minimum may leave only if nothing stays behind.
    if action.amount == 0 or (action.amount < least and action.amount != portfolio.balance):
        step.refuse(Code.AMOUNT, (least,))
        return
    most = withdrawable(state, portfolio)
    if action.amount > most:
        step.refuse(Code.BALANCE, (action.amount, most))
        return
    data = state.blob(account_key(step.account))
    if data is None:
        raise StorageCorrupt(f"account {step.account} has a signer, but no record")

    # EFFECTS and RECEIPT
    pay_out(step, portfolio, decode_account(data), action.amount)


def pay_out(step: Step, portfolio: Portfolio, owner: bytes, amount: int) -> None:
    """Move ``amount`` micros from a portfolio into a withdrawal record of its owner's."""
    # EFFECTS
    state = step.state
    ledger = state.ledger()
    index = ledger.next_withdrawal
    portfolio.balance -= amount
    portfolio.moved -= amount
    invariant(portfolio.balance >= 0, "a withdrawal creates no debt")
    ledger.withdrawals += amount
    ledger.next_withdrawal += 1
    state.add_blob(withdrawal_key(index), encode_withdrawal(owner, amount, step.now))
    state.touch(portfolio)
    state.touch(ledger)

    # RECEIPT
    step.order_id = index
    step.notional = amount
    event = BalanceChanged(portfolio.portfolio, -amount, BALANCE_WITHDRAWAL, index)
    state.events.append(event)
