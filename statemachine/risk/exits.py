"""Exits from funds: shares are paid as soon as the fund can, and nobody is locked in.

Shares that are asked for are paid at once, at the lower value, if that fits into
``min(E_im - IM, balance)``: a fund pays out of what its margin does not need.  If
it does not fit, the exit waits, and is tried again after each slice's pause.

Once an exit has waited for ``fund_notice_ms`` the fund is *exiting*: its orders are
cancelled, its leader may only reduce (immediate-or-cancel and reduce-only), nobody
comes in, and with each pause a slice of its largest position is sold, no worse than
``vault_slippage_ppm`` from mark, until every exit that has waited so long is paid.

Of what a leaving stake made, ``amount - its part of the basis``, the leader gets
``profit_ppm``, rounded up; his own stake owes nothing.  The amount and the part of
the basis are rounded down.  The last share leaves only a fund without positions, so
that nothing is left behind that is nobody's.
"""

from typing import Final

from statemachine.costs import COST_FUND, COST_MONEY, COST_PORTFOLIO
from statemachine.errors import StorageCorrupt, invariant
from statemachine.events import (
    BalanceChanged,
)
from statemachine.fund_events import (
    BALANCE_FUND_EXIT,
    BALANCE_FUND_PROFIT,
    FUND_EXITING,
    FUND_LOST,
    FUND_PAID,
    FUND_RELEASED,
    FUND_WAITS,
    REMOVED_EXITING,
    FundChanged,
)
from statemachine.handlers.cancel import cancel_orders
from statemachine.keys import LANE_USER
from statemachine.pricing.mark import is_stale, stale_market
from statemachine.records import (
    PORTFOLIO_EXITING,
    PORTFOLIO_LIQUIDATING,
    Fund,
    Portfolio,
    Position,
    Stake,
)
from statemachine.risk.balances import credit
from statemachine.risk.funds import (
    drop_stake,
    fund_of,
    holds_anything,
    open_home,
    stake_of,
    values_of_fund,
)
from statemachine.risk.liquidation import position_maintenance
from statemachine.risk.margin import charge_markets, margin_of
from statemachine.risk.vaults import unwind_slice
from statemachine.state import State
from statemachine.states import STATE_PAUSED
from statemachine.step import Step
from statemachine.units import PPM_ONE, div_ceil, div_floor

DUE_FUND_EXIT: Final = 20
"""Kind of due work: shares of a fund that could not be paid are tried again."""


def process_fund_exit(step: Step, number: int, account: int, time: int) -> None:
    """Try once more to pay an account's shares, if ``time`` is when that was to be."""
    state = step.state
    step.cost += COST_PORTFOLIO + COST_FUND + COST_MONEY
    portfolio = state.portfolio(number)
    fund = fund_of(state, number)
    if portfolio is None or fund is None:
        raise StorageCorrupt(f"portfolio {number} has an exit to pay, but is no fund")
    stake = stake_of(state, number, fund, account)
    if stake.retry_at != time:
        return
    if stake.epoch != fund.epoch:
        state.events.append(FundChanged(number, account << 8, FUND_LOST, stake.leaving, 0, 0))
        drop_stake(state, stake)
        return
    charge_markets(step, portfolio)
    if not pay_exit(step, portfolio, fund, stake, account):
        insist(step, portfolio, fund, stake, account)


# Paying


def pay_exit(step: Step, portfolio: Portfolio, fund: Fund, stake: Stake, account: int) -> bool:
    """Pay all shares that a stake leaves with, if the fund can; return whether it did."""
    state = step.state
    if portfolio.flags & PORTFOLIO_LIQUIDATING or stale_market(step, portfolio) >= 0:
        return False
    shares = stake.leaving
    margin = margin_of(state, portfolio)
    low = values_of_fund(state, portfolio, margin.equity)[0]
    amount = max(0, div_floor(low * shares, fund.shares))
    if amount > min(margin.free, portfolio.balance):
        return False
    if shares == fund.shares and holds_anything(state, portfolio):
        return False
    basis = div_floor(stake.basis * shares, stake.shares)
    cut = 0 if portfolio.portfolio >> 8 == account else leaders_part(fund, amount, basis)
    move_out(step, portfolio, account << 8 | stake.sub, amount, cut)
    state.events.append(
        FundChanged(portfolio.portfolio, account << 8 | stake.sub, FUND_PAID, shares, amount, 0)
    )
    forget_overdue(state, portfolio, fund, stake)
    fund.shares -= shares
    fund.leaving -= shares
    stake.shares -= shares
    stake.basis -= basis
    stake.leaving = 0
    stake.retry_at = 0
    state.touch(fund)
    if stake.shares:
        state.touch(stake)
    else:
        drop_stake(state, stake)
    step.notional = amount - cut
    step.fee = cut
    return True


def leaders_part(fund: Fund, amount: int, basis: int) -> int:
    """Return what a leader gets of ``amount`` micros that were bought for ``basis``, rounded up."""
    return div_ceil(max(0, amount - basis) * fund.profit_ppm, PPM_ONE)


def move_out(step: Step, portfolio: Portfolio, number: int, amount: int, cut: int) -> None:
    """Take ``amount`` micros out of a fund: ``cut`` for its leader, the rest for ``number``."""
    state = step.state
    fund = portfolio.portfolio
    credit(state, portfolio, -amount)
    portfolio.moved -= amount
    invariant(portfolio.balance >= 0, "an exit from a fund creates no debt")
    state.events.append(BalanceChanged(fund, -amount, BALANCE_FUND_EXIT, number))
    for target, part, reason in (
        (open_home(state, number), amount - cut, BALANCE_FUND_EXIT),
        (state.open_portfolio(fund >> 8 << 8) if cut else portfolio, cut, BALANCE_FUND_PROFIT),
    ):
        if part:
            credit(state, target, part)
            target.moved += part
            state.events.append(BalanceChanged(target.portfolio, part, reason, fund))


# Insisting


def insist(step: Step, portfolio: Portfolio, fund: Fund, stake: Stake, account: int) -> None:
    """Let an exit wait for another pause; if it has waited for too long, make room for it."""
    state = step.state
    if not stake.overdue and step.now >= stake.asked_at + step.rules.fund_notice_ms:
        stake.overdue = 1
        fund.overdue += 1
        state.touch(fund)
        if not portfolio.flags & PORTFOLIO_EXITING:
            portfolio.flags |= PORTFOLIO_EXITING
            state.touch(portfolio)
            state.events.append(FundChanged(portfolio.portfolio, 0, FUND_EXITING, 0, 0, step.now))
    wait = step.rules.slice_interval_ms
    if portfolio.flags & PORTFOLIO_EXITING and not portfolio.flags & PORTFOLIO_LIQUIDATING:
        _, left = cancel_orders(step, portfolio.portfolio, None, REMOVED_EXITING)
        if left is not None or step.visits >= step.rules.step_visits_max:
            wait = 0
        elif step.now >= fund.sold_at + wait:
            sell_largest(step, portfolio, fund)
    await_room(step, portfolio, stake, account, step.now + wait)


def await_room(step: Step, portfolio: Portfolio, stake: Stake, account: int, time: int) -> None:
    """Come back to an exit at ``time`` (ms)."""
    state = step.state
    stake.retry_at = time
    state.touch(stake)
    state.add_due(LANE_USER, time, DUE_FUND_EXIT, 0, portfolio.portfolio, account)
    number = account << 8 | stake.sub
    event = FundChanged(portfolio.portfolio, number, FUND_WAITS, stake.leaving, 0, time)
    state.events.append(event)


def sell_largest(step: Step, portfolio: Portfolio, fund: Fund) -> None:
    """Sell a slice of the position with the largest MM, of those whose market goes on."""
    state = step.state
    found: Position | None = None
    most = 0
    for position in state.all_positions(portfolio):
        market = state.market(position.market)
        maintenance = position_maintenance(state, position)
        if maintenance > most and market.state != STATE_PAUSED and not is_stale(step, market):
            found, most = position, maintenance
    if found is not None:
        fund.sold_at = step.now
        state.touch(fund)
        unwind_slice(step, portfolio, found, state.market(found.market))


def forget_overdue(state: State, portfolio: Portfolio, fund: Fund, stake: Stake) -> None:
    """Count an exit as overdue no longer; with the last one the leader trades again."""
    if not stake.overdue:
        return
    stake.overdue = 0
    fund.overdue -= 1
    state.touch(fund)
    state.touch(stake)
    if fund.overdue == 0:
        portfolio.flags &= ~PORTFOLIO_EXITING
        state.touch(portfolio)
        state.events.append(FundChanged(portfolio.portfolio, 0, FUND_RELEASED, 0, 0, 0))
