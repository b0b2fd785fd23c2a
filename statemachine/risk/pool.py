"""The lending pool: a balance below zero is a loan, and this is who lends it.

* utilisation ``U = lent / supplied``, floored to ppm; all of it when more is lent
  than there is
* rate per year (Aave's two slopes): ``base + below * min(U, U*) / U* + above *
  max(0, U - U*) / (1 - U*)``, each part floored to ppm
* the index grows by ``floor(rate * elapsed << 64 / year)`` whenever a balance
  below zero changes, the pool is supplied or redeemed: simple interest in between.
  Between two changes the rate is the same, so how often it is touched matters by
  no more than that flooring, less than 2**-64 of a loan each; the order of the
  touches is the chain's, so everyone floors alike
* a loan owes ``ceil(loan * (index - its own index))``, settled whenever its balance
  changes, and counted in every margin before that
* shares are worth ``supplied`` and the unsettled interest: whoever supplies pays
  for that rounded up, whoever redeems gets it rounded down.  So nobody gains by
  coming just before somebody else's interest is settled
* of what accrues, suppliers get the part that they lent, ``min(lent, supplied) / lent``,
  as of a loss; the rest, and all while nobody supplies, is the insurance fund's
* a loss (:func:`bear_loss`) is the suppliers'; a pool that is left with less than a
  millionth of a micro for each share ends an epoch: its shares are void, and the
  rest goes to insurance
"""

from typing import Final

from statemachine.events import BALANCE_INTEREST, BalanceChanged
from statemachine.records import Pool, Portfolio
from statemachine.rules import Rules
from statemachine.stakes import POOL_LOST, POOL_VOIDED, PoolChanged
from statemachine.state import State
from statemachine.units import PPM_ONE, div_ceil, div_floor

YEAR_MS: Final = 31_536_000_000
INDEX_SHIFT: Final = 64
INDEX_LIMIT: Final = 1 << 94
"""Past this the index stands still: 2**30 times what was lent, which no loan sees."""
SHARES_LIMIT: Final = 1 << 63
SHARES_MIN: Final = 1_000
"""Whoever supplies buys this many shares at least, so that flooring them takes no more than
a thousandth, however dear a share has become."""
VALUE_SHIFT: Final = 20
"""A pool's shares are void once they outnumber the micros behind them by 2**20."""


# Rates


def utilisation(pool: Pool) -> int:
    """Return how much of what is supplied is lent, in ppm, floored."""
    if pool.lent == 0:
        return 0
    if pool.lent >= pool.supplied:
        return PPM_ONE
    return div_floor(pool.lent * PPM_ONE, pool.supplied)


def loan_rate(rules: Rules, used: int) -> int:
    """Return what loans cost a year at a utilisation, in ppm."""
    kink = rules.loan_rate_kink_ppm
    below = min(used, kink)
    rate = rules.loan_rate_base_ppm + div_floor(rules.loan_slope_below_ppm * below, kink)
    return rate + div_floor(rules.loan_slope_above_ppm * (used - below), PPM_ONE - kink)


def index_at(rules: Rules, pool: Pool, now: int) -> int:
    """Return the index of interest at ``now`` (ms); it rests while nothing is lent."""
    if pool.lent == 0 or now <= pool.time:
        return pool.index
    rate = loan_rate(rules, utilisation(pool))
    grown = div_floor(rate * (now - pool.time) << INDEX_SHIFT, PPM_ONE * YEAR_MS)
    return pool.index + grown if pool.index + grown < INDEX_LIMIT else pool.index


# Loans


def unsettled_interest(state: State, portfolio: Portfolio) -> int:
    """Return what a balance below zero owes since it was settled, in micros, rounded up."""
    if portfolio.balance >= 0:
        return 0
    index = index_at(state.rules, state.pool(), state.cursor.time)
    return -(portfolio.balance * (index - portfolio.loan_index) >> INDEX_SHIFT)


def accrue(state: State) -> Pool:
    """Bring the pool's index up to now; return the pool, which the caller changes."""
    pool = state.pool()
    now = state.cursor.time
    if pool.time < now:
        index = index_at(state.rules, pool, now)
        grown = index - pool.index
        pool.interest += grown * pool.lent
        pool.unowned += grown * (pool.lent - earning(pool))
        pool.index = index
        pool.time = now
    state.touch(pool)
    return pool


def earning(pool: Pool) -> int:
    """Return how much of what is lent is suppliers', in micros; the rest is everybody's."""
    return min(pool.lent, pool.supplied)


def settle_interest(state: State, pool: Pool, portfolio: Portfolio) -> int:
    """Add what a loan owes to it, and give that to whom it is due; return it in micros.

    ``pool`` is accrued.  What accrued on more than suppliers lent is paid first, and
    floored: it is insurance's, as everything is while there are none.
    """
    parts = -portfolio.balance * (pool.index - portfolio.loan_index)
    portfolio.loan_index = pool.index
    if parts == 0:
        return 0
    owed = div_ceil(parts, 1 << INDEX_SHIFT)
    unowned = min(parts, pool.unowned)
    pool.interest -= parts
    pool.unowned -= unowned
    insured = owed if pool.shares == 0 else unowned >> INDEX_SHIFT
    ledger = state.ledger()
    ledger.insurance += insured
    ledger.settled -= owed
    pool.supplied += owed - insured
    pool.lent += owed
    state.touch(ledger)
    state.events.append(BalanceChanged(portfolio.portfolio, -owed, BALANCE_INTEREST, 0))
    return owed


# Shares


def value_of(rules: Rules, pool: Pool, now: int) -> tuple[int, int]:
    """Return what all shares are worth, rounded down and up, in micros."""
    if pool.shares == 0:
        return 0, 0
    parts = pool.interest - pool.unowned
    parts += (index_at(rules, pool, now) - pool.index) * earning(pool)
    return pool.supplied + (parts >> INDEX_SHIFT), pool.supplied - (-parts >> INDEX_SHIFT)


def shares_for(pool: Pool, value: int, amount: int) -> int:
    """Return the shares that ``amount`` micros buy at a ``value`` of all, floored."""
    return div_floor(amount * pool.shares, value) if pool.shares else amount


def amount_for(pool: Pool, value: int, shares: int) -> int:
    """Return what ``shares`` of the pool are paid at a ``value`` of all, floored."""
    return div_floor(value * shares, pool.shares)


def free_of(pool: Pool) -> int:
    """Return what is not lent, and may be redeemed, in micros."""
    return max(0, pool.supplied - pool.lent)


# Losses


def bear_loss(state: State, portfolio: Portfolio, rest: int) -> int:
    """Let suppliers bear their part of a debt of ``rest`` micros; return it.

    At most what was lent when the liquidation began, in whatever order its gains and
    losses were realised since, and of that only what suppliers had lent themselves,
    floored: all of it unless more was lent than they gave, not counting what this
    portfolio has lost since.  The caller credits it.
    """
    if portfolio.borrowed == 0:
        return 0
    pool = accrue(state)
    borne = min(rest, portfolio.borrowed)
    lent = pool.lent + portfolio.balance + borne
    if lent > pool.supplied:
        borne = div_floor(borne * pool.supplied, lent)
    if borne == 0:
        return 0
    pool.supplied -= borne
    ledger = state.ledger()
    lost = PoolChanged(portfolio.portfolio, POOL_LOST, 0, -borne, pool.supplied, pool.lent)
    state.events.append(lost)
    if pool.supplied << VALUE_SHIFT < pool.shares:
        left = pool.supplied
        ledger.insurance += left
        pool.supplied = 0
        pool.unowned = pool.interest
        void = PoolChanged(portfolio.portfolio, POOL_VOIDED, -pool.shares, -left, 0, pool.lent)
        state.events.append(void)
        pool.shares = 0
        pool.epoch += 1
        state.touch(ledger)
    return borne
