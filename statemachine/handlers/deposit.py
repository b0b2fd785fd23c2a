"""Money through the L1 inbox: deposits, and withdrawals that no sequencer can refuse.

An address signs for one account at most.  A deposit for an address that is,
or was, somebody's agent opens an account for it all the same, and its role as
an agent ends there and then: the money is never lost, nor credited to whoever
approved that address without asking.  It can never be approved again, as no
address that has signed for anything can.

A deposit for a sub-account that is a fund's is credited to the owner's
sub-account 0: into a fund it would be a gift to all who have shares of it.
"""

from statemachine.costs import COST_ASSET, COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.events import BALANCE_DEPOSIT, AgentChanged, BalanceChanged
from statemachine.handlers.assets import credit_asset
from statemachine.handlers.withdraw import charge_withdrawal, pay_out
from statemachine.inbox import InboxItem
from statemachine.keys import account_key, signer_key
from statemachine.pricing.mark import stale_market
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    ROLE_AGENT,
    ROLE_OWNER,
    ROLE_REVOKED,
    Signer,
    encode_account,
)
from statemachine.risk.balances import credit
from statemachine.risk.collateral import sums_of
from statemachine.risk.deficits import payable
from statemachine.risk.funds import open_home, refuses_fund
from statemachine.risk.margin import charge_markets, withdrawable
from statemachine.risk.velocity import capacity_at, time_for
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import div_floor

DEPOSITS_LIMIT = 1 << 64
"""All deposits ever, in micros: 18 trillion USDC; with it no balance passes 95 bits.

Of each other asset as well, in its units: with it no holding passes 64 bits.
"""
ACCOUNTS_LIMIT = (1 << 32) - 1
"""Accounts ever opened: the number of the next one has to fit its 4 bytes."""


def execute_deposit(step: Step, item: InboxItem) -> None:
    """Credit a sub-account; an owner's first deposit opens the account."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY
    ledger = state.ledger()
    signer = state.signer(item.owner)
    known = signer is not None and signer.role == ROLE_OWNER
    before = ledger.deposits
    if item.asset:
        step.cost += COST_ASSET
        before = sums_of(state, item.asset).deposits

    # CHECKS
    if item.asset and item.asset not in state.asset_rules:
        step.refuse(Code.ASSET_UNKNOWN, (item.asset,))
        return
    if item.amount <= 0:
        step.refuse(Code.AMOUNT, (1,))
        return
    if before + item.amount >= DEPOSITS_LIMIT or (
        not known and ledger.next_account >= ACCOUNTS_LIMIT
    ):
        step.refuse(Code.OVERFLOW)
        return

    # EFFECTS
    if signer is None or not known:
        signer = open_account(state, item.owner, signer)
    portfolio = open_home(state, signer.account << 8 | item.sub)
    index = step.cursor.inbox_index
    if item.asset:
        credit_asset(step, portfolio, item.asset, item.amount, index)
        return
    credit(state, portfolio, item.amount)
    portfolio.moved += item.amount
    ledger.deposits += item.amount
    ledger.settled += item.amount
    state.touch(ledger)

    # RECEIPT
    step.notional = item.amount
    event = BalanceChanged(portfolio.portfolio, item.amount, BALANCE_DEPOSIT, index)
    state.events.append(event)


def open_account(state: State, owner: bytes, before: Signer | None) -> Signer:
    """Open an owner's account; whatever role the address had for another one ends."""
    ledger = state.ledger()
    account = ledger.next_account
    ledger.next_account += 1
    state.touch(ledger)
    if before is not None and before.role == ROLE_AGENT:
        state.events.append(AgentChanged(before.account, owner, ROLE_REVOKED))
    if before is None:
        signer = Signer(signer_key(owner), False, account, ROLE_OWNER, 0, 0, 0)
    else:
        signer = before
        signer.account = account
        signer.role = ROLE_OWNER
        signer.expires_at = signer.kinds = signer.markets = 0
        signer.notional_max = signer.loss_max = 0
    state.add_signer(owner, signer)
    state.add_blob(account_key(account), encode_account(owner))
    return signer


def execute_forced_withdrawal(step: Step, item: InboxItem) -> None:
    """Pay an owner what he asks for, or as much of it as may leave; 0 asks for all.

    What the capacity of the moment does not let out stays: it can be asked for again.
    """
    # READ
    state = step.state
    charge_withdrawal(step)
    signer = state.signer(item.owner)

    # CHECKS, in the order of their codes
    if signer is None or signer.role != ROLE_OWNER:
        step.refuse(Code.SIGNER_UNKNOWN)
        return
    portfolio = state.portfolio(signer.account << 8 | item.sub)
    if portfolio is None:
        step.refuse(Code.BALANCE, (item.amount, 0))
        return
    charge_markets(step, portfolio)
    stale = stale_market(step, portfolio)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return
    if portfolio.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return
    most = withdrawable(state, portfolio)
    amount = min(item.amount or most, most)
    paid = payable(state, amount) if amount > 0 else 0
    if paid == 0:
        step.refuse(Code.BALANCE, (item.amount, most))
        return
    velocity = state.velocity()
    capacity = capacity_at(step.rules, state.ledger(), velocity, step.now)
    if capacity == 0:
        when = time_for(step.rules, state.ledger(), velocity, step.now, 1)
        step.refuse(Code.VELOCITY, (0, when))
        return
    if paid > capacity:
        amount = div_floor(amount * capacity, paid)
        paid = min(capacity, payable(state, amount))
        if paid == 0:
            step.refuse(Code.VELOCITY, (capacity, 0))
            return
    if refuses_fund(step, portfolio):
        return

    # EFFECTS and RECEIPT
    pay_out(step, portfolio, item.owner, amount, paid)
