"""Money in and out: the inbox, withdrawals, transfers."""

from fractions import Fraction
from math import floor

from statemachine.actions import Send, Transfer, Withdraw
from statemachine.errors import Code
from statemachine.inbox import InboxItem
from tests.models.exchange.margin import withdrawable
from tests.models.exchange.money import (
    capacity_now,
    largest_capacity,
    payable,
    when_capable,
)
from tests.models.exchange.state import Exchange, Outcome, Refused, Signer

DEPOSITS_LIMIT = 2**64
ACCOUNTS_LIMIT = 2**32 - 1


def deposit(exchange: Exchange, item: InboxItem) -> Outcome:
    """Credit an owner, who gets an account with his first deposit."""
    portfolio = owner_of(exchange, item, exchange.deposits)
    exchange.credit(portfolio, item.amount)
    exchange.deposits += item.amount
    return Outcome(notional=item.amount)


def owner_of(exchange: Exchange, item: InboxItem, before: int) -> int:
    """Return the portfolio that a deposit is for, after ``before`` of the same money.

    It has an owner then.
    """
    signer = exchange.signers.get(item.owner)
    new = signer is None or signer.role != "owner"
    if item.amount <= 0:
        raise Refused(Code.AMOUNT, 1)
    if before + item.amount >= DEPOSITS_LIMIT:
        raise Refused(Code.OVERFLOW)
    if new and len(exchange.owners) + 1 >= ACCOUNTS_LIMIT:
        raise Refused(Code.OVERFLOW)
    if signer is None or new:
        # Whatever the address was before, for whomever, it is its own owner now.
        spent = signer or Signer(0, "owner")
        signer = Signer(len(exchange.owners) + 1, "owner")
        signer.day, signer.sub = spent.day, spent.sub
        signer.notional, signer.start = spent.notional, spent.start
        exchange.signers[item.owner] = signer
        exchange.owners[signer.account] = item.owner
    return exchange.home(signer.account << 8 | item.sub)


def check_prices(exchange: Exchange, portfolio: int) -> None:
    """Check that there are fresh prices for all that a portfolio holds."""
    for market in exchange.markets_of(portfolio):
        if exchange.size_of(portfolio, market) and exchange.is_stale(market):
            raise Refused(Code.ORACLE_STALE, market)


def check_closed(exchange: Exchange, *portfolios: int) -> None:
    """Check that money neither leaves a fund nor comes into one but for shares."""
    if any(portfolio in exchange.funds for portfolio in portfolios):
        raise Refused(Code.FUND, 0)


def check_free(exchange: Exchange, portfolio: int, amount: int) -> None:
    """Check that a portfolio exists, has fresh prices and is not being closed."""
    if portfolio not in exchange.balances:
        raise Refused(Code.BALANCE, amount, 0)
    check_prices(exchange, portfolio)
    if portfolio in exchange.flagged:
        raise Refused(Code.LIQUIDATING)


def force_withdrawal(exchange: Exchange, item: InboxItem) -> Outcome:
    """Pay an owner what he asked L1 for, as far as it may leave; 0 asks for all."""
    signer = exchange.signers.get(item.owner)
    if signer is None or signer.role != "owner":
        raise Refused(Code.SIGNER_UNKNOWN)
    portfolio = signer.account << 8 | item.sub
    check_free(exchange, portfolio, item.amount)
    most = withdrawable(exchange, portfolio)
    amount = most if item.amount == 0 else min(item.amount, most)
    paid = payable(exchange, amount) if amount > 0 else 0
    if paid == 0:
        raise Refused(Code.BALANCE, item.amount, most)
    capacity = capacity_now(exchange)
    if capacity == 0:
        raise Refused(Code.VELOCITY, 0, when_capable(exchange, 1))
    if paid > capacity:
        amount = floor(amount * Fraction(capacity, paid))
        paid = min(capacity, payable(exchange, amount))
        if paid == 0:
            raise Refused(Code.VELOCITY, capacity, 0)
    check_closed(exchange, portfolio)
    return pay_out(exchange, portfolio, amount, paid)


def withdraw(exchange: Exchange, account: int, action: Withdraw) -> Outcome:
    """Move money out to the owner's address on L1."""
    portfolio = account << 8 | action.sub
    check_free(exchange, portfolio, action.amount)
    least = exchange.rules.withdrawal_min
    everything = action.amount == exchange.balances[portfolio]
    if action.amount == 0 or (action.amount < least and not everything):
        raise Refused(Code.AMOUNT, least)
    most = withdrawable(exchange, portfolio)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    paid = payable(exchange, action.amount)
    if paid == 0:
        raise Refused(Code.BALANCE, action.amount, 0)
    capacity = capacity_now(exchange)
    if paid > capacity:
        raise Refused(Code.VELOCITY, capacity, when_capable(exchange, paid))
    check_closed(exchange, portfolio)
    return pay_out(exchange, portfolio, action.amount, paid)


def pay_out(exchange: Exchange, portfolio: int, amount: int, paid: int) -> Outcome:
    """Make a debt of L1's out of a balance; withdrawals are numbered from 0.

    What is not paid stays, for the insurance fund.
    """
    capacity = capacity_now(exchange) - paid
    exchange.credit(portfolio, -amount)
    exchange.insurance += amount - paid
    exchange.paid_out.append((exchange.owners[portfolio >> 8], paid, exchange.now, 0))
    exchange.capacity = min(capacity, largest_capacity(exchange))
    exchange.capacity_time = exchange.now
    return Outcome(order_id=len(exchange.paid_out) - 1, notional=paid, fee=amount - paid)


def check_moved(exchange: Exchange, source: int, amount: int) -> None:
    """Check that an amount may leave a portfolio."""
    check_free(exchange, source, amount)
    if amount == 0:
        raise Refused(Code.AMOUNT, 1)
    most = withdrawable(exchange, source)
    if amount > most:
        raise Refused(Code.BALANCE, amount, most)


def transfer(exchange: Exchange, account: int, action: Transfer) -> Outcome:
    """Move money between two sub-accounts of one owner."""
    source = account << 8 | action.source
    target = account << 8 | action.target
    check_moved(exchange, source, action.amount)
    if source == target:
        raise Refused(Code.ACCOUNT_SELF)
    check_closed(exchange, source, target)
    exchange.credit(source, -action.amount)
    exchange.credit(target, action.amount)
    return Outcome(notional=action.amount)


def send(exchange: Exchange, account: int, action: Send) -> Outcome:
    """Move money to another owner, if the address is one's."""
    source = account << 8 | action.source
    check_moved(exchange, source, action.amount)
    found = [number for number, owner in exchange.owners.items() if owner == action.to]
    if found == [account]:
        raise Refused(Code.ACCOUNT_SELF)
    check_closed(exchange, source, *(number << 8 | action.target for number in found))
    if not found:
        known = exchange.signers.get(action.to)
        raise Refused(
            Code.RECIPIENT, ["owner", "agent", "revoked"].index(known.role) if known else 0
        )
    exchange.credit(source, -action.amount)
    exchange.credit(found[0] << 8 | action.target, action.amount)
    return Outcome(notional=action.amount)
