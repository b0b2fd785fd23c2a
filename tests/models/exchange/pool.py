"""The lending pool: shares bought at the higher value, given back at the lower, and losses."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import PoolRedeem, PoolSupply
from statemachine.errors import Code
from tests.models.exchange.custody import check_closed, check_free
from tests.models.exchange.margin import withdrawable
from tests.models.exchange.state import Exchange, Outcome, Refused

SHARES_LIMIT = 2**63
HOPELESS = 2**20


def value_of(exchange: Exchange) -> Fraction:
    """Return what all shares are worth, with the interest that is theirs and not yet paid."""
    if exchange.pool.shares == 0:
        return Fraction(0)
    others = exchange.pool.unowned
    others += exchange.unsupplied() * (exchange.index_now() - exchange.pool.index)
    return exchange.pool.supplied + exchange.interest_due() - others


def supply(exchange: Exchange, account: int, action: PoolSupply) -> Outcome:
    """Lend to whoever needs it."""
    source = account << 8 | action.sub
    check_free(exchange, source, action.amount)
    least = max(1_000, exchange.rules.pool_supply_min)
    if action.amount < least:
        raise Refused(Code.AMOUNT, least)
    most = withdrawable(exchange, source)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    pool = exchange.pool
    value = ceil(value_of(exchange))
    shares: int = action.amount
    if pool.shares:
        shares = floor(action.amount * Fraction(pool.shares, value))
    if shares < 1_000 or shares + pool.shares >= SHARES_LIMIT:
        raise Refused(Code.SHARES, pool.shares, value)
    check_closed(exchange, source)
    exchange.accrue()
    exchange.credit(source, -action.amount)
    pool.supplied += action.amount
    pool.shares += shares
    epoch, held = exchange.supplies.get(account, (pool.epoch, 0))
    exchange.supplies[account] = pool.epoch, shares + (held if epoch == pool.epoch else 0)
    return Outcome(filled=shares, notional=action.amount)


def redeem(exchange: Exchange, account: int, action: PoolRedeem) -> Outcome:
    """Take back what is not lent."""
    pool = exchange.pool
    epoch, held = exchange.supplies.get(account, (pool.epoch, 0))
    if epoch != pool.epoch:
        held = 0
    shares = action.shares or held
    if not 0 < shares <= held:
        raise Refused(Code.SHARES, shares, held)
    amount = floor(floor(value_of(exchange)) * Fraction(shares, pool.shares))
    free = max(0, pool.supplied - exchange.lent())
    if amount > free:
        raise Refused(Code.POOL_SHORT, amount, free)
    check_closed(exchange, account << 8 | action.sub)
    exchange.accrue()
    pool.supplied -= amount
    pool.shares -= shares
    exchange.supplies[account] = epoch, held - shares
    if held == shares:
        del exchange.supplies[account]
    exchange.credit(account << 8 | action.sub, amount)
    return Outcome(filled=shares, notional=amount)


def lose(exchange: Exchange, portfolio: int, rest: int) -> int:
    """Let suppliers bear what of a debt they had lent; return how much that is."""
    pool = exchange.pool
    known = min(rest, exchange.borrowed.get(portfolio, 0))
    if known == 0:
        return 0
    others = exchange.lent() + exchange.balances[portfolio]
    share = min(Fraction(1), Fraction(pool.supplied, others + known))
    borne = floor(known * share)
    pool.supplied -= borne
    if borne and pool.supplied * HOPELESS < pool.shares:
        exchange.insurance += pool.supplied
        pool.supplied = 0
        pool.shares = 0
        pool.epoch += 1
        pool.unowned = exchange.interest_due()
    return borne
