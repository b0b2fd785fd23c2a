"""Funds: what a leader trades for others; shares, locks, profit, and ways out."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import CreateFund, FundDeposit, FundWithdraw
from statemachine.errors import Code
from tests.models.exchange.custody import check_prices
from tests.models.exchange.liquidation import sell_near_mark
from tests.models.exchange.margin import maintenance_of, margin_of, withdrawable
from tests.models.exchange.removal import remove_some
from tests.models.exchange.state import (
    FUND_EXIT,
    MILLION,
    PAUSED,
    Due,
    Exchange,
    Fund,
    Leaving,
    Outcome,
    Refused,
    Stake,
)

SHARES_LIMIT = 2**63
SHARES_LEAST = 10_000
CLOSED, NONE, PLACE, ALREADY, BUSY = range(5)


def create(exchange: Exchange, account: int, action: CreateFund) -> Outcome:
    """Let an owner's sub-account be a fund; all in it is his."""
    rules, portfolio = exchange.rules, account << 8 | action.sub
    if action.profit_ppm > rules.fund_profit_ppm_max:
        raise Refused(Code.FIELD, 0, rules.fund_profit_ppm_max)
    if action.lock_ms < rules.fund_lock_ms_min or action.lock_ms > rules.fund_lock_ms_max:
        raise Refused(Code.FIELD, 1, rules.fund_lock_ms_min, rules.fund_lock_ms_max)
    if portfolio in exchange.flagged:
        raise Refused(Code.LIQUIDATING)
    balance = exchange.balances.get(portfolio, 0)
    least = max(SHARES_LEAST, rules.fund_deposit_min)
    if balance < least:
        raise Refused(Code.BALANCE, least, balance)
    if not 64 <= action.sub < 128:
        raise Refused(Code.FUND, PLACE)
    if portfolio in exchange.funds:
        raise Refused(Code.FUND, ALREADY)
    assets = any(held for (owner, _), held in exchange.holdings.items() if owner == portfolio)
    if exchange.markets_of(portfolio) or assets:
        raise Refused(Code.FUND, BUSY)
    lock = exchange.now + action.lock_ms
    fund = Fund(Fraction(action.profit_ppm, MILLION), action.lock_ms)
    fund.stakes[account] = Stake(balance, balance, lock)
    exchange.funds[portfolio] = fund
    return Outcome(filled=balance, notional=balance)


def values_of(exchange: Exchange, portfolio: int) -> tuple[int, int]:
    """Return a fund's value with each market at its lower, and at its higher price."""
    low = high = margin_of(exchange, portfolio).equity
    for number in exchange.markets_of(portfolio):
        market, size = exchange.markets[number], exchange.size_of(portfolio, number)
        worths = sorted((size * market.mark, size * market.index))
        low += worths[0] - size * market.mark
        high += worths[1] - size * market.mark
    return low, high


def check_leader(exchange: Exchange, *, left: int, all_left: int) -> None:
    """Check that a leader who keeps ``left`` shares has enough of ``all_left``."""
    needed = ceil(Fraction(exchange.rules.fund_leader_ppm, MILLION) * all_left)
    if left < needed:
        raise Refused(Code.LEADER_SHARE, left, needed)


def kept_by_leader(fund: Fund, leader: int) -> tuple[int, int]:
    """Return the shares a leader keeps, and all shares but those he leaves with."""
    kept = fund.stakes[leader].kept if leader in fund.stakes else 0
    leaving = fund.stakes[leader].leaving_shares if leader in fund.stakes else 0
    return kept, fund.shares - leaving


def come_in(exchange: Exchange, account: int, action: FundDeposit) -> Outcome:
    """Buy shares of a fund at its higher value."""
    source, portfolio = account << 8 | action.sub, action.leader << 8 | action.fund
    fund = exchange.funds.get(portfolio)
    if source not in exchange.balances:
        raise Refused(Code.BALANCE, action.amount, 0)
    check_prices(exchange, source)
    if fund is not None:
        check_prices(exchange, portfolio)
    if source in exchange.flagged:
        raise Refused(Code.LIQUIDATING)
    if fund is not None and (portfolio in exchange.flagged or fund.exiting):
        raise Refused(Code.LIQUIDATING, 1)
    least = exchange.rules.fund_deposit_min
    if action.amount < least:
        raise Refused(Code.AMOUNT, least)
    most = withdrawable(exchange, source)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    shares: int = action.amount
    if fund is not None:
        margin, value = margin_of(exchange, portfolio), values_of(exchange, portfolio)[1]
        if margin.equity_initial < margin.initial or (fund.shares and value <= 0):
            raise Refused(Code.VAULT_SHORT, margin.equity_initial, margin.initial)
        if fund.shares:
            shares = floor(Fraction(action.amount * fund.shares, value))
        if shares < SHARES_LEAST or shares + fund.shares >= SHARES_LIMIT:
            raise Refused(Code.SHARES, fund.shares, value)
        if account != action.leader:
            kept, others = kept_by_leader(fund, action.leader)
            check_leader(exchange, left=kept, all_left=others + shares)
    if source in exchange.funds:
        raise Refused(Code.FUND, CLOSED)
    if fund is None:
        raise Refused(Code.FUND, NONE)
    exchange.credit(source, -action.amount)
    exchange.credit(portfolio, action.amount)
    stake = fund.stakes.setdefault(account, Stake(0, 0, 0))
    stake.shares += shares
    stake.basis += action.amount
    stake.locked_until = max(stake.locked_until, exchange.now + fund.lock_ms)
    return Outcome(filled=shares, notional=action.amount)


def leave(exchange: Exchange, account: int, action: FundWithdraw) -> Outcome:
    """Ask for shares to be paid; they are at once, if the fund can."""
    portfolio, target = action.leader << 8 | action.fund, account << 8 | action.sub
    fund = exchange.funds.get(portfolio)
    if fund is None:
        raise Refused(Code.FUND, NONE)
    stake = fund.stakes.get(account)
    held = stake.kept if stake else 0
    shares = action.shares or held
    if stake is None or shares == 0 or shares > held:
        raise Refused(Code.SHARES, shares, held)
    if exchange.now < stake.locked_until:
        raise Refused(Code.LOCKED, stake.locked_until)
    if account == action.leader and len(fund.stakes) > 1:
        kept, others = kept_by_leader(fund, account)
        check_leader(exchange, left=kept - shares, all_left=others - shares)
    if target in exchange.funds:
        raise Refused(Code.FUND, CLOSED)
    before = stake.leaving
    already = before.shares if before else 0
    retry = before.retry_at if before else 0
    stake.leaving = Leaving(already + shares, action.sub, exchange.now, retry)
    paid = pay(exchange, portfolio, account)
    if paid is not None:
        return Outcome(filled=shares, notional=paid[0], fee=paid[1])
    if before is None:
        wait(exchange, portfolio, account, exchange.rules.slice_interval_ms)
    latest = exchange.now + exchange.rules.fund_notice_ms
    return Outcome(args=(latest,), filled=shares)


def pay(exchange: Exchange, portfolio: int, account: int) -> tuple[int, int] | None:
    """Pay what an account leaves with, and the leader his part, if the fund can."""
    fund = exchange.funds[portfolio]
    stake = fund.stakes[account]
    leaving = stake.leaving
    assert leaving is not None
    held = {market: exchange.size_of(portfolio, market) for market in exchange.markets}
    if portfolio in exchange.flagged:
        return None
    if any(size and exchange.is_stale(market) for market, size in held.items()):
        return None
    worth = Fraction(values_of(exchange, portfolio)[0] * leaving.shares, fund.shares)
    amount = max(0, floor(worth))
    if amount > withdrawable(exchange, portfolio):
        return None
    if leaving.shares == fund.shares and any(held.values()):
        return None
    basis = floor(Fraction(stake.basis * leaving.shares, stake.shares))
    leader = portfolio >> 8
    cut = 0 if account == leader else ceil(max(0, amount - basis) * fund.profit)
    exchange.credit(portfolio, -amount)
    home = exchange.home(account << 8 | leaving.sub)
    exchange.balances.setdefault(home, 0)
    if amount > cut:  # nothing changes no loan
        exchange.credit(home, amount - cut)
    if cut:
        exchange.credit(leader << 8, cut)
    stake.shares -= leaving.shares
    stake.basis -= basis
    stake.leaving = None
    if not stake.shares:
        del fund.stakes[account]
    return amount - cut, cut


def wait(exchange: Exchange, portfolio: int, account: int, pause: int) -> None:
    """Let an exit wait."""
    leaving = exchange.funds[portfolio].stakes[account].leaving
    assert leaving is not None
    leaving.retry_at = exchange.now + pause
    exchange.arm(leaving.retry_at, FUND_EXIT, None, portfolio, account)


def run_exit(exchange: Exchange, item: Due) -> None:
    """Try again to pay an exit; if it has waited for too long, make room."""
    portfolio, account = item.portfolio, item.reference
    fund, rules = exchange.funds[portfolio], exchange.rules
    stake = fund.stakes.get(account)
    if stake is None or stake.leaving is None or stake.leaving.retry_at != item.time:
        return
    if pay(exchange, portfolio, account) is not None:
        return
    if exchange.now >= stake.leaving.asked_at + rules.fund_notice_ms:
        stake.leaving.overdue = True
    pause = rules.slice_interval_ms
    if fund.exiting and portfolio not in exchange.flagged:
        visits = rules.step_visits_max
        found = len(exchange.owned(portfolio))
        remove_some(exchange, portfolio, visits)
        if found >= visits:
            pause = 0
        elif exchange.now >= fund.sold_at + rules.slice_interval_ms:
            sell(exchange, portfolio, visits - found)
    wait(exchange, portfolio, account, pause)


def sell(exchange: Exchange, portfolio: int, visits: int) -> None:
    """Sell a slice of the largest position that can be sold, near the mark."""
    needs = [
        (-maintenance_of(exchange, number, position.size), number)
        for (owner, number), position in exchange.positions.items()
        if owner == portfolio
        and not exchange.is_stale(number)
        and exchange.markets[number].state != PAUSED
        and maintenance_of(exchange, number, position.size) > 0
    ]
    if not needs:
        return
    exchange.funds[portfolio].sold_at = exchange.now
    sell_near_mark(exchange, portfolio, min(needs)[1], visits)
