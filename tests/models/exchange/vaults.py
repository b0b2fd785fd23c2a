"""Vaults: shares bought at the higher value, paid at the lower; what a vault holds is sold."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import VaultDeposit, VaultWithdraw
from statemachine.errors import Code
from tests.models.exchange.custody import check_closed, check_free
from tests.models.exchange.liquidation import sell_near_mark
from tests.models.exchange.margin import (
    kept_for,
    margin_of,
    unsettled_funding,
    withdrawable,
    worth,
)
from tests.models.exchange.state import (
    EXIT,
    PAUSED,
    SETTLED,
    UNWIND,
    Due,
    Exchange,
    Outcome,
    Refused,
    Share,
    Vault,
)

SHARES_LIMIT = 2**63
SHARES_LEAST = 10_000


def values_of(exchange: Exchange, number: int) -> tuple[int, int]:
    """Return the lower and the higher of a vault's equity at mark and at index."""
    position = exchange.positions.get((number, number))
    market = exchange.markets[number]
    low = high = exchange.balances[number] - exchange.interest_of(number)
    for rules in exchange.rules.assets:
        if rules.asset in exchange.counted.get(number, set()):
            amount = exchange.held(number, rules.asset)
            low += kept_for(exchange, rules.asset, amount)
            high += ceil(worth(exchange, rules, amount))
    if position is None:
        return low, high
    base = unsettled_funding(exchange, number, number) - position.cost
    found = sorted(base + position.size * price for price in (market.mark, market.index))
    return low + found[0], high + found[1]


def buy_shares(exchange: Exchange, account: int, action: VaultDeposit) -> Outcome:
    """Put money behind a market."""
    number, source = action.market, account << 8 | action.sub
    if number not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, number)
    if exchange.markets[number].state == SETTLED:
        raise Refused(Code.MARKET_STATE, SETTLED)
    if source in exchange.balances and exchange.is_stale(number):
        raise Refused(Code.ORACLE_STALE, number)
    check_free(exchange, source, action.amount)
    least = max(SHARES_LEAST, exchange.rules.vault_deposit_min)
    if action.amount < least:
        raise Refused(Code.AMOUNT, least)
    most = withdrawable(exchange, source)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    vault = exchange.vaults.get(number, Vault())
    value = 0
    if number in exchange.balances:
        margin = margin_of(exchange, number)
        value = values_of(exchange, number)[1]
        if margin.equity_initial < margin.initial or (vault.shares and value <= 0):
            raise Refused(Code.VAULT_SHORT, margin.equity_initial, margin.initial)
    shares: int = action.amount
    if vault.shares:
        shares = floor(action.amount * Fraction(vault.shares, value))
    if shares < SHARES_LEAST or shares + vault.shares >= SHARES_LIMIT:
        raise Refused(Code.SHARES, vault.shares, value)
    holder = exchange.shares.get((number, account))
    if holder is not None and holder.epoch != vault.epoch and holder.notice:
        raise Refused(Code.LOCKED, exchange.now + exchange.rules.vault_notice_ms)
    check_closed(exchange, source)
    exchange.vaults[number] = vault
    if holder is None or holder.epoch != vault.epoch:
        holder = exchange.shares[number, account] = Share(vault.epoch)
    exchange.credit(source, -action.amount)
    exchange.pay(number, action.amount)
    vault.shares += shares
    holder.held += shares
    return Outcome(filled=shares, notional=action.amount)


def leave(exchange: Exchange, account: int, action: VaultWithdraw) -> Outcome:
    """Put shares on notice."""
    number = action.market
    if number not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, number)
    vault = exchange.vaults.get(number, Vault())
    holder = exchange.shares.get((number, account), Share(vault.epoch))
    held = holder.held if holder.epoch == vault.epoch else 0
    shares = action.shares or held
    parts = {shares, held - shares} - {0}
    if shares > held or not shares or (min(parts) < SHARES_LEAST and shares < held):
        raise Refused(Code.SHARES, shares, held)
    check_closed(exchange, account << 8 | action.sub)
    holder.held -= shares
    holder.notice += shares
    due = exchange.now + exchange.rules.vault_notice_ms
    exchange.arm(due, EXIT, number, account << 8 | action.sub, shares)
    return Outcome(filled=shares)


def pay_shares(exchange: Exchange, item: Due) -> None:
    """Pay shares whose notice is over, or try again later."""
    number, shares = item.market or 0, item.reference
    vault = exchange.vaults[number]
    holder = exchange.shares[number, item.portfolio >> 8]
    if holder.epoch != vault.epoch:
        # Void, and forgotten with the last that was on notice.
        holder.notice -= shares
        if not holder.notice:
            del exchange.shares[number, item.portfolio >> 8]
        return
    value = values_of(exchange, number)[0]
    amount = max(0, floor(value * Fraction(shares, vault.shares)))
    margin = margin_of(exchange, number)
    free = min(margin.equity_initial - margin.initial, exchange.balances[number])
    priced = exchange.markets_of(number) or exchange.counted.get(number)
    blind = priced and exchange.is_stale(number)
    short = margin.equity_initial < margin.initial
    if number in exchange.flagged or short or amount > free or blind:
        again = exchange.now + exchange.rules.slice_interval_ms
        exchange.arm(again, EXIT, number, item.portfolio, shares)
        return
    exchange.pay(number, -amount)
    exchange.credit(exchange.home(item.portfolio), amount)
    vault.shares -= shares
    holder.notice -= shares
    if not holder.held and not holder.notice:
        del exchange.shares[number, item.portfolio >> 8]
    if vault.shares == 0 and not exchange.markets_of(number):
        # Nobody's money is everybody's.
        rest = exchange.balances[number]
        exchange.pay(number, -rest)
        exchange.insurance += rest


def unwind(exchange: Exchange, item: Due) -> None:
    """Sell a slice of what a vault holds, near the mark."""
    number = item.market or 0
    if exchange.size_of(number, number) == 0:
        exchange.vaults[number].unwinding = False
        return
    market = exchange.markets[number]
    halted = market.state in (PAUSED, SETTLED) or exchange.is_stale(number)
    if number not in exchange.flagged and not halted:
        sell_near_mark(exchange, number, number, exchange.rules.step_visits_max)
    exchange.arm(exchange.now + exchange.rules.slice_interval_ms, UNWIND, number, number)
