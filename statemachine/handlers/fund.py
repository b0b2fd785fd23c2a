"""Funds: make a sub-account one, come into it, leave it.

A fund begins with its leader's own money, as many shares as micros, in a
sub-account without positions.  Whoever comes in later is priced at once, at the
higher value; whoever leaves, as soon as the fund can pay, at the lower one then
(:mod:`statemachine.risk.funds`, :mod:`statemachine.risk.exits`).
"""

from statemachine.actions import CreateFund, FundDeposit, FundWithdraw
from statemachine.costs import COST_ASSET, COST_DUE, COST_FUND, COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, invariant
from statemachine.events import (
    BalanceChanged,
)
from statemachine.fund_events import (
    BALANCE_FUND_DEPOSIT,
    FUND_ASKED,
    FUND_BOUGHT,
    FUND_OPENED,
    FundChanged,
)
from statemachine.pricing.mark import stale_market
from statemachine.records import (
    PORTFOLIO_CLOSING,
    PORTFOLIO_FUND,
    PORTFOLIO_LIQUIDATING,
    Fund,
    Portfolio,
    Stake,
)
from statemachine.risk.balances import credit
from statemachine.risk.exits import await_room, forget_overdue, pay_exit
from statemachine.risk.funds import (
    FUND_ALREADY,
    FUND_BUSY,
    FUND_FIRST,
    FUND_LAST,
    FUND_NONE,
    FUND_PLACE,
    SHARES_MIN,
    add_fund,
    fund_of,
    holds_assets,
    is_fund,
    leader_needs,
    refuses_fund,
    shares_in,
    shares_kept,
    stake_of,
    values_of_fund,
)
from statemachine.risk.margin import charge_markets, margin_of, withdrawable
from statemachine.risk.vaults import SHARES_LIMIT, shares_for
from statemachine.step import Step


def execute_create_fund(step: Step, action: CreateFund) -> None:
    """Make a sub-account a fund, under terms that never change; all of it is the leader's."""
    # READ
    state = step.state
    rules = step.rules
    step.cost += COST_PORTFOLIO + COST_FUND + COST_ASSET * len(rules.assets)
    number = step.account << 8 | action.sub
    portfolio = state.portfolio(number)
    balance = 0 if portfolio is None else portfolio.balance
    least = max(SHARES_MIN, rules.fund_deposit_min)

    # CHECKS, in the order of their codes
    if action.profit_ppm > rules.fund_profit_ppm_max:
        step.refuse(Code.FIELD, (0, rules.fund_profit_ppm_max))
        return
    if not rules.fund_lock_ms_min <= action.lock_ms <= rules.fund_lock_ms_max:
        step.refuse(Code.FIELD, (1, rules.fund_lock_ms_min, rules.fund_lock_ms_max))
        return
    if portfolio is not None and portfolio.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return
    if portfolio is None or balance < least:
        step.refuse(Code.BALANCE, (least, balance))
        return
    if not FUND_FIRST <= action.sub <= FUND_LAST:
        step.refuse(Code.FUND, (FUND_PLACE,))
        return
    if is_fund(portfolio):
        step.refuse(Code.FUND, (FUND_ALREADY,))
        return
    if portfolio.markets or holds_assets(state, number):
        step.refuse(Code.FUND, (FUND_BUSY,))
        return

    # EFFECTS
    fund = add_fund(state, number, action.profit_ppm, action.lock_ms)
    portfolio.flags |= PORTFOLIO_FUND
    state.touch(portfolio)
    stake = stake_of(state, number, fund, step.account)
    add_shares(step, fund, stake, balance, balance)

    # RECEIPT
    step.filled = balance
    step.notional = balance
    state.events.append(FundChanged(number, number, FUND_OPENED, balance, balance, 0))


def add_shares(step: Step, fund: Fund, stake: Stake, shares: int, amount: int) -> None:
    """Give a stake shares that ``amount`` micros were paid for, locked anew with all it has."""
    if stake.epoch != fund.epoch or not stake.live:
        stake.begin(fund.epoch)
        stake.live = True
    stake.shares += shares
    stake.basis += amount
    stake.locked_until = max(stake.locked_until, step.now + fund.lock_ms)
    fund.shares += shares
    step.state.touch(stake)
    step.state.touch(fund)


def execute_fund_deposit(step: Step, action: FundDeposit) -> None:
    """Move settled collateral into a fund, for shares at its higher value."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY + COST_FUND
    source = state.portfolio(step.account << 8 | action.sub)
    number = action.leader << 8 | action.fund
    portfolio = state.portfolio(number)
    fund = None if portfolio is None or not is_fund(portfolio) else fund_of(state, number)

    # CHECKS, in the order of their codes
    if source is None:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    if not source_allows(step, source, None if fund is None else portfolio, action.amount):
        return
    shares = 0
    if fund is not None and portfolio is not None:
        shares = shares_bought(step, action.leader, portfolio, fund, action.amount)
        if shares == 0:
            return
    if refuses_fund(step, source):
        return
    if fund is None or portfolio is None:
        step.refuse(Code.FUND, (FUND_NONE,))
        return

    # EFFECTS
    amount = action.amount
    stake = stake_of(state, number, fund, step.account)
    credit(state, source, -amount)
    source.moved -= amount
    invariant(source.balance >= 0, "a deposit into a fund creates no debt")
    credit(state, portfolio, amount)
    portfolio.moved += amount
    add_shares(step, fund, stake, shares, amount)

    # RECEIPT
    step.filled = shares
    step.notional = amount
    events = state.events
    mine = source.portfolio
    events.append(BalanceChanged(mine, -amount, BALANCE_FUND_DEPOSIT, number))
    events.append(BalanceChanged(number, amount, BALANCE_FUND_DEPOSIT, mine))
    events.append(FundChanged(number, mine, FUND_BOUGHT, shares, amount, stake.locked_until))


def source_allows(step: Step, source: Portfolio, portfolio: Portfolio | None, amount: int) -> bool:
    """Check that money may leave ``source``, and come into a fund's portfolio, if there is one."""
    least = step.rules.fund_deposit_min
    charge_markets(step, source)
    stale = stale_market(step, source)
    if portfolio is not None:
        charge_markets(step, portfolio)
        stale = stale if stale >= 0 else stale_market(step, portfolio)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return False
    if source.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return False
    if portfolio is not None and portfolio.flags & PORTFOLIO_CLOSING:
        step.refuse(Code.LIQUIDATING, (1,))
        return False
    if amount < least:
        step.refuse(Code.AMOUNT, (least,))
        return False
    most = withdrawable(step.state, source)
    if amount > most:
        step.refuse(Code.BALANCE, (amount, most))
        return False
    return True


def shares_bought(step: Step, leader: int, portfolio: Portfolio, fund: Fund, amount: int) -> int:
    """Return the shares that ``amount`` micros buy; 0 if it may not come in, which it says."""
    state = step.state
    margin = margin_of(state, portfolio)
    value = values_of_fund(state, portfolio, margin.equity)[1]
    if margin.free < 0 or (fund.shares and value <= 0):
        step.refuse(Code.VAULT_SHORT, (margin.equity_initial, margin.initial))
        return 0
    shares = shares_for(fund.shares, value, amount)
    if not SHARES_MIN <= shares < SHARES_LIMIT - fund.shares:
        step.refuse(Code.SHARES, (fund.shares, value))
        return 0
    if leader != step.account:
        own = stake_of(state, portfolio.portfolio, fund, leader)
        kept = shares_kept(fund, own)
        needed = leader_needs(step.rules, fund.shares - shares_in(fund, own) + kept + shares)
        if kept < needed:
            step.refuse(Code.LEADER_SHARE, (kept, needed))
            return 0
    return shares


def execute_fund_withdraw(step: Step, action: FundWithdraw) -> None:
    """Leave a fund with some shares: paid at once if it can pay, else as soon as it can.

    The receipt's notional is what was paid, its fee the leader's part of that; if
    nothing was yet, its argument is when at the latest the fund starts to make room.
    """
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY + COST_FUND + COST_DUE
    number = action.leader << 8 | action.fund
    portfolio = state.portfolio(number)
    fund = None if portfolio is None or not is_fund(portfolio) else fund_of(state, number)
    target = state.portfolio(step.account << 8 | action.sub)

    # CHECKS, in the order of their codes
    if fund is None or portfolio is None:
        step.refuse(Code.FUND, (FUND_NONE,))
        return
    charge_markets(step, portfolio)
    stake = stake_of(state, number, fund, step.account)
    held = shares_kept(fund, stake)
    shares = action.shares or held
    if not 0 < shares <= held:
        step.refuse(Code.SHARES, (shares, held))
        return
    if step.now < stake.locked_until:
        step.refuse(Code.LOCKED, (stake.locked_until,))
        return
    if step.account == action.leader and fund.shares > stake.shares:
        needed = leader_needs(step.rules, fund.shares - stake.shares + held - shares)
        if held - shares < needed:
            step.refuse(Code.LEADER_SHARE, (held - shares, needed))
            return
    if refuses_fund(step, target):
        return

    # EFFECTS
    waits = stake.leaving > 0
    forget_overdue(state, portfolio, fund, stake)
    stake.leaving += shares
    stake.sub = action.sub
    stake.asked_at = step.now
    fund.leaving += shares
    state.touch(stake)
    state.touch(fund)
    mine = step.account << 8 | action.sub
    due = step.now + step.rules.fund_notice_ms
    state.events.append(FundChanged(number, mine, FUND_ASKED, shares, 0, due))
    if not pay_exit(step, portfolio, fund, stake, step.account):
        step.args = (due,)
        if not waits:
            await_room(
                step, portfolio, stake, step.account, step.now + step.rules.slice_interval_ms
            )

    # RECEIPT
    step.filled = shares
