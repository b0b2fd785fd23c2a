"""Funds as messages: who leads what, what its shares are worth, and who waits to leave."""

from collections.abc import Iterator
from typing import Final

from node.service.answers import saturate
from node.service.books import scan
from node.service.errors import Refused
from node.service.fund_events import name_of
from node.service.views import SUBS, Views
from proto.sextant.v1 import common_pb2, funds_pb2
from statemachine import keys
from statemachine.records import PORTFOLIO_EXITING, PORTFOLIO_LIQUIDATING, Fund, Portfolio, Stake
from statemachine.risk.exits import leaders_part
from statemachine.risk.funds import fund_of, shares_in, stake_of, values_of_fund
from statemachine.risk.margin import margin_of
from statemachine.state import State
from statemachine.storage import successor
from statemachine.units import div_floor

FUNDS_MAX: Final = 100
EXITS_MAX: Final = 100
LEAVES_MAX: Final = 10_000
"""Leaves looked at for one answer."""


def funds_view(views: Views, request: funds_pb2.GetFundsRequest) -> funds_pb2.FundsResponse:
    """Return one fund, or a page of all, with what somebody has in them."""
    state = views.open()
    account = views.need_account(request) if request.WhichOneof("who") else 0
    answer = funds_pb2.FundsResponse(height=state.cursor.height, time_ms=state.cursor.time)
    if request.HasField("fund"):
        number = number_of(request.fund)
        fund = fund_of(state, number)
        if fund is None:
            name = f"{number >> 8}/{number & 255}"
            raise Refused("NOT_FOUND", f"there is no fund {name}")
        view = fund_view(views, state, number, fund, account)
        view.exits.extend(exits_of(state, number, fund))
        answer.funds.append(view)
        return answer
    most = min(request.funds_max or FUNDS_MAX, FUNDS_MAX)
    after = number_of(request.after) if request.HasField("after") else -1
    for looked, number in enumerate(numbers_after(state, after)):
        if len(answer.funds) == most or looked == LEAVES_MAX:
            answer.next.CopyFrom(name_of(after))
            break
        after = number
        fund = fund_of(state, number)
        if fund is None:
            continue
        held = shares_in(fund, stake_of(state, number, fund, account))
        if not request.mine or held or number >> 8 == account:
            answer.funds.append(fund_view(views, state, number, fund, account))
    return answer


def number_of(name: common_pb2.Portfolio) -> int:
    """Return the number of a portfolio, by its two numbers."""
    if name.sub not in SUBS:
        raise Refused("ARGUMENT_INVALID", f"sub-accounts are 0 to 255, not {name.sub}")
    return name.account << 8 | name.sub


def numbers_after(state: State, number: int) -> Iterator[int]:
    """Yield the numbers of all funds after ``number``, -1 for all, in order."""
    prefix = bytes([keys.TABLE_FUND])
    key = prefix if number < 0 else successor(keys.fund_key(number))
    found = state.store.seek(prefix, key)
    while found is not None:
        yield int.from_bytes(found[1:], "big")
        found = state.store.seek(prefix, successor(found))


def fund_view(views: Views, state: State, number: int, fund: Fund, account: int) -> funds_pb2.Fund:
    """Return a fund, and what ``account`` has in it; 0 is nobody's."""
    portfolio = state.portfolio(number) or Portfolio(b"", False, number)
    margin = margin_of(state, portfolio)
    low, high = values_of_fund(state, portfolio, margin.equity)
    rules = state.rules
    view = funds_pb2.Fund(
        portfolio=name_of(number),
        leader=views.owner(number >> 8),
        shares=fund.shares,
        leaving_shares=fund.leaving,
        leader_shares=shares_in(fund, stake_of(state, number, fund, number >> 8)),
        balance_micros=saturate(portfolio.balance),
        value_low_micros=saturate(low),
        value_high_micros=saturate(high),
        initial_margin_micros=saturate(margin.initial),
        free_micros=saturate(max(0, min(margin.free, portfolio.balance))),
        profit_share_ppm=fund.profit_ppm,
        lock_ms=fund.lock_ms,
        notice_ms=rules.fund_notice_ms,
        deposit_min_micros=rules.fund_deposit_min,
        leader_share_min_ppm=rules.fund_leader_ppm,
        exiting=bool(portfolio.flags & PORTFOLIO_EXITING),
        overdue_exits=fund.overdue,
        liquidating=bool(portfolio.flags & PORTFOLIO_LIQUIDATING),
        epoch=fund.epoch,
    )
    if account:
        stake = stake_of(state, number, fund, account)
        if shares_in(fund, stake):
            view.stake.CopyFrom(stake_view(number, fund, stake, account, low))
    return view


def stake_view(
    number: int, fund: Fund, stake: Stake, account: int, low: int
) -> funds_pb2.FundStake:
    """Return what an account has in a fund whose lower value is ``low``."""
    worth = max(0, div_floor(low * stake.shares, fund.shares))
    cut = 0 if number >> 8 == account else leaders_part(fund, worth, stake.basis)
    return funds_pb2.FundStake(
        shares=stake.shares,
        leaving_shares=stake.leaving,
        basis_micros=saturate(stake.basis),
        worth_micros=saturate(worth),
        profit_share_micros=saturate(cut),
        locked_until_ms=stake.locked_until,
        asked_at_ms=stake.asked_at if stake.leaving else 0,
        retry_at_ms=stake.retry_at,
        sub=stake.sub,
    )


def exits_of(state: State, number: int, fund: Fund) -> Iterator[funds_pb2.FundExit]:
    """Yield who waits to be paid, by account."""
    found = 0
    for looked, key in enumerate(scan(state.store, keys.stake_key(number, 0)[:6])):
        if looked == LEAVES_MAX or found == EXITS_MAX:
            return
        account = int.from_bytes(key[6:], "big")
        stake = stake_of(state, number, fund, account)
        if stake.epoch == fund.epoch and stake.leaving:
            found += 1
            yield funds_pb2.FundExit(
                account=account,
                shares=stake.leaving,
                asked_at_ms=stake.asked_at,
                retry_at_ms=stake.retry_at,
                overdue=bool(stake.overdue),
            )
