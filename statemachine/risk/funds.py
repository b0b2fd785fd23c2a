"""Funds: portfolios that their leaders trade for others; what their shares are worth.

Sub-accounts 64 to 127 of an owner can become funds.  The leader goes on trading
such a portfolio as any other of his; its money moves only against shares.

* value: equity, with each market at the lower, or the higher, of mark and index,
  whichever is meant; whoever comes in pays the higher value, whoever leaves gets
  the lower one: neither the leader nor a depositor gains by choosing the moment
  at which the two differ
* the leader himself holds at least ``fund_leader_ppm`` of the shares, not counting
  what he has asked to leave with, whenever others come in or he leaves
* shares are no collateral: margin never counts them; and a fund holds USDC alone, no
  collateral of another kind
* a fund that is left with nothing ends an epoch: its shares are void
* money from outside that is meant for a fund's sub-account (a deposit on L1, an
  exit) goes to its owner's sub-account 0 instead: it would be lost to him otherwise

How shares are paid is told by :mod:`statemachine.risk.exits`.
"""

from typing import Final

from statemachine.errors import Code
from statemachine.fund_events import (
    FUND_VOID,
    FundChanged,
)
from statemachine.keys import fund_key, stake_key
from statemachine.records import (
    PORTFOLIO_EXITING,
    PORTFOLIO_FUND,
    Fund,
    Portfolio,
    Stake,
    decode_fund,
    decode_stake,
)
from statemachine.risk.collateral import holding_of
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE, div_ceil

FUND_FIRST: Final = 64
FUND_LAST: Final = 127
"""Sub-accounts that can become funds: cross portfolios, and none that a client picks by itself."""
SHARES_MIN: Final = 10_000
"""A deposit buys at least so many: what rounding takes is below 0.01% of it, however dear a
share was made."""

FUND_CLOSED: Final = 0
"""``Code.FUND``: a fund's money moves only by deposits into it and withdrawals from it."""
FUND_NONE: Final = 1
"""``Code.FUND``: there is no such fund."""
FUND_PLACE: Final = 2
"""``Code.FUND``: a sub-account of this number cannot be a fund."""
FUND_ALREADY: Final = 3
"""``Code.FUND``: it is a fund already."""
FUND_BUSY: Final = 4
"""``Code.FUND``: it has positions, orders, a leverage of its own, or another asset than USDC."""


def is_fund(portfolio: Portfolio) -> bool:
    """Return whether a portfolio is a fund's."""
    return portfolio.flags & PORTFOLIO_FUND != 0


def refuses_fund(step: Step, portfolio: Portfolio | None) -> bool:
    """Refuse what would move a fund's money, but not against shares; return whether it did."""
    if portfolio is None or not is_fund(portfolio):
        return False
    step.refuse(Code.FUND, (FUND_CLOSED,))
    return True


def fund_of(state: State, portfolio: int) -> Fund | None:
    """Return the fund that a portfolio is, if it is one."""
    if portfolio in state.funds:
        return state.funds[portfolio]
    key = fund_key(portfolio)
    data = state.store.get(key)
    fund = None if data is None else decode_fund(key, data)
    state.funds[portfolio] = fund
    return fund


def add_fund(state: State, portfolio: int, profit_ppm: int, lock_ms: int) -> Fund:
    """Make a portfolio a fund, so far without shares."""
    fund = Fund(fund_key(portfolio), False, profit_ppm, lock_ms)
    state.funds[portfolio] = fund
    state.touch(fund)
    return fund


def stake_of(state: State, portfolio: int, fund: Fund, account: int) -> Stake:
    """Return what an account has in a fund, nothing if it never came in.

    It may be of an epoch that is over: ask :func:`shares_in` what it is worth.
    """
    key = stake_key(portfolio, account)
    stake = state.stakes.get(key)
    if stake is None:
        data = state.store.get(key)
        stake = Stake(key, False, fund.epoch) if data is None else decode_stake(key, data)
        state.stakes[key] = stake
    return stake


def shares_in(fund: Fund, stake: Stake) -> int:
    """Return the shares that a stake has in a fund, those that leave too."""
    return stake.shares if stake.epoch == fund.epoch else 0


def shares_kept(fund: Fund, stake: Stake) -> int:
    """Return the shares that a stake has in a fund and has not asked to leave with."""
    return stake.shares - stake.leaving if stake.epoch == fund.epoch else 0


def drop_stake(state: State, stake: Stake) -> None:
    """Forget a stake of nothing, or of an epoch that is over."""
    stake.begin(stake.epoch)
    stake.live = False
    state.touch(stake)


def open_home(state: State, portfolio: int) -> Portfolio:
    """Return where money from outside goes that is meant for ``portfolio``: into no fund."""
    found = state.open_portfolio(portfolio)
    return state.open_portfolio(portfolio >> 8 << 8) if is_fund(found) else found


# Worth


def values_of_fund(state: State, portfolio: Portfolio, equity: int) -> tuple[int, int]:
    """Return the lower and the higher value of a fund whose ``equity`` at mark is given."""
    low = high = equity
    for position in state.all_positions(portfolio):
        market = state.market(position.market)
        differs = position.size * (market.index - market.mark)
        low += min(0, differs)
        high += max(0, differs)
    return low, high


def holds_anything(state: State, portfolio: Portfolio) -> bool:
    """Return whether a portfolio has a position that is not flat."""
    return any(position.size != 0 for position in state.all_positions(portfolio))


def holds_assets(state: State, portfolio: int) -> bool:
    """Return whether a portfolio holds any asset but USDC, counted or not."""
    found = [holding_of(state, portfolio, asset.asset).amount for asset in state.rules.assets]
    return sum(found) != 0


def leader_needs(rules: Rules, shares: int) -> int:
    """Return the least a leader holds of ``shares``, rounded up."""
    return div_ceil(shares * rules.fund_leader_ppm, PPM_ONE)


# The end of an epoch


def void_fund(state: State, portfolio: Portfolio) -> None:
    """End a fund's epoch if it has nothing left: whoever had shares has none."""
    number = portfolio.portfolio
    fund = fund_of(state, number) if is_fund(portfolio) else None
    if fund is None or portfolio.balance > 0 or holds_anything(state, portfolio):
        return
    if fund.shares:
        state.events.append(FundChanged(number, 0, FUND_VOID, fund.shares, 0, 0))
        fund.shares = fund.leaving = 0
        fund.overdue = 0
        fund.epoch += 1
        state.touch(fund)
    portfolio.flags &= ~PORTFOLIO_EXITING
    state.touch(portfolio)
