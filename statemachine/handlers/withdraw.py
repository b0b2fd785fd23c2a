"""Withdraw: move settled collateral out, to the owner's address on L1.

What may leave is ``min(E - IM, balance)``: unrealised profit cannot, and a
withdrawal never creates debt; nor more than the capacity of the moment
(:mod:`statemachine.risk.velocity`).  While there are uncovered deficits, less is paid
than is taken (:mod:`statemachine.risk.deficits`): the receipt's notional is what is
paid, its fee what stays.  A withdrawal leaves behind a record that L1 pays out
once the state that holds it is final; the receipt's order id is its index.
"""

from statemachine.actions import Withdraw
from statemachine.costs import COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, StorageCorrupt, invariant
from statemachine.events import BALANCE_HAIRCUT, BALANCE_WITHDRAWAL, BalanceChanged
from statemachine.keys import account_key, withdrawal_key
from statemachine.pricing.mark import stale_market
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    Portfolio,
    decode_account,
    encode_withdrawal,
)
from statemachine.risk.balances import credit
from statemachine.risk.deficits import payable
from statemachine.risk.funds import refuses_fund
from statemachine.risk.margin import charge_markets, withdrawable
from statemachine.risk.velocity import capacity_at, time_for, use_capacity
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
    paid = payable(state, action.amount)
    if paid == 0:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    velocity = state.velocity()
    capacity = capacity_at(step.rules, state.ledger(), velocity, step.now)
    if paid > capacity:
        when = time_for(step.rules, state.ledger(), velocity, step.now, paid)
        step.refuse(Code.VELOCITY, (capacity, when))
        return
    if refuses_fund(step, portfolio):
        return
    data = state.blob(account_key(step.account))
    if data is None:
        raise StorageCorrupt(f"account {step.account} has a signer, but no record")

    # EFFECTS and RECEIPT
    pay_out(step, portfolio, decode_account(data), action.amount, paid)


def pay_out(step: Step, portfolio: Portfolio, owner: bytes, amount: int, paid: int) -> None:
    """Take ``amount`` micros off a portfolio, and let L1 owe ``paid`` of them to its owner.

    The rest goes to the insurance fund.
    """
    # EFFECTS
    state = step.state
    ledger = state.ledger()
    index = ledger.next_withdrawal
    credit(state, portfolio, -amount)
    portfolio.moved -= amount
    invariant(portfolio.balance >= 0, "a withdrawal creates no debt")
    ledger.settled -= amount
    ledger.insurance += amount - paid
    ledger.withdrawals += paid
    ledger.next_withdrawal += 1
    use_capacity(state, step.now, paid, paid)
    state.add_blob(withdrawal_key(index), encode_withdrawal(owner, paid, step.now))
    state.touch(ledger)

    # RECEIPT
    step.order_id = index
    step.notional = paid
    step.fee = amount - paid
    number = portfolio.portfolio
    state.events.append(BalanceChanged(number, -paid, BALANCE_WITHDRAWAL, index))
    if paid < amount:
        state.events.append(BalanceChanged(number, paid - amount, BALANCE_HAIRCUT, index))
