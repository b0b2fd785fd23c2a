"""The lending pool's suppliers: lend to whoever's balance is below zero, and take it back.

Shares are bought and given back at once, at what they are worth with all
interest until now (:mod:`statemachine.risk.pool`); what is lent at the moment cannot
be taken back.  Shares are no collateral: margin never counts them.
"""

from statemachine.actions import PoolRedeem, PoolSupply
from statemachine.costs import COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, invariant
from statemachine.events import BALANCE_REDEEM, BALANCE_SUPPLY, BalanceChanged
from statemachine.pricing.mark import stale_market
from statemachine.records import PORTFOLIO_LIQUIDATING
from statemachine.risk.balances import credit
from statemachine.risk.funds import refuses_fund
from statemachine.risk.margin import charge_markets, withdrawable
from statemachine.risk.pool import (
    SHARES_LIMIT,
    SHARES_MIN,
    accrue,
    amount_for,
    free_of,
    shares_for,
    value_of,
)
from statemachine.stakes import POOL_REDEEMED, POOL_SUPPLIED, PoolChanged
from statemachine.step import Step


def execute_pool_supply(step: Step, action: PoolSupply) -> None:
    """Move settled collateral into the pool, for shares at its value rounded up."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY
    source = state.portfolio(step.account << 8 | action.sub)
    least = max(SHARES_MIN, step.rules.pool_supply_min)

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
    if action.amount < least:
        step.refuse(Code.AMOUNT, (least,))
        return
    most = withdrawable(state, source)
    if action.amount > most:
        step.refuse(Code.BALANCE, (action.amount, most))
        return
    pool = state.pool()
    value = value_of(step.rules, pool, step.now)[1]
    shares = shares_for(pool, value, action.amount)
    if not SHARES_MIN <= shares < SHARES_LIMIT - pool.shares:
        step.refuse(Code.SHARES, (pool.shares, value))
        return
    if refuses_fund(step, source):
        return

    # EFFECTS
    accrue(state)
    holder = state.supply(step.account)
    if holder.epoch != pool.epoch or not holder.live:
        holder.epoch = pool.epoch
        holder.shares = 0
        holder.live = True
    credit(state, source, -action.amount)
    source.moved -= action.amount
    invariant(source.balance >= 0, "a supply creates no debt")
    ledger = state.ledger()
    ledger.settled -= action.amount
    pool.supplied += action.amount
    pool.shares += shares
    holder.shares += shares
    state.touch(ledger)
    state.touch(holder)

    # RECEIPT
    step.filled = shares
    step.notional = action.amount
    number, amount = source.portfolio, action.amount
    state.events.append(BalanceChanged(number, -amount, BALANCE_SUPPLY, 0))
    state.events.append(
        PoolChanged(number, POOL_SUPPLIED, shares, amount, pool.supplied, pool.lent)
    )


def execute_pool_redeem(step: Step, action: PoolRedeem) -> None:
    """Take shares back at their value rounded down, as far as it is not lent."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY
    pool = state.pool()
    holder = state.supply(step.account)

    # CHECKS, in the order of their codes
    held = holder.shares if holder.live and holder.epoch == pool.epoch else 0
    shares = action.shares or held
    if not 0 < shares <= held:
        step.refuse(Code.SHARES, (shares, held))
        return
    value = value_of(step.rules, pool, step.now)[0]
    amount = amount_for(pool, value, shares)
    free = free_of(pool)
    if amount > free:
        step.refuse(Code.POOL_SHORT, (amount, free))
        return
    if refuses_fund(step, state.portfolio(step.account << 8 | action.sub)):
        return

    # EFFECTS
    accrue(state)
    portfolio = state.open_portfolio(step.account << 8 | action.sub)
    pool.supplied -= amount
    pool.shares -= shares
    holder.shares -= shares
    holder.live = holder.shares != 0
    credit(state, portfolio, amount)
    portfolio.moved += amount
    ledger = state.ledger()
    ledger.settled += amount
    state.touch(ledger)
    state.touch(holder)

    # RECEIPT
    step.filled = shares
    step.notional = amount
    number = portfolio.portfolio
    state.events.append(BalanceChanged(number, amount, BALANCE_REDEEM, 0))
    state.events.append(
        PoolChanged(number, POOL_REDEEMED, -shares, -amount, pool.supplied, pool.lent)
    )
