"""The auditor on funds: shares sum, what leaves is due, leaders hold their part."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from statemachine import keys
from statemachine.records import (
    PORTFOLIO_EXITING,
    PORTFOLIO_FUND,
    Fund,
    Stake,
    decode_due,
    decode_fund,
    decode_stake,
)
from statemachine.risk.exits import DUE_FUND_EXIT
from statemachine.risk.funds import FUND_FIRST, FUND_LAST
from statemachine.rules import Rules
from statemachine.units import PPM_ONE

if TYPE_CHECKING:
    from tests.models.auditor import Books

Check = Callable[[bool, str], None]


def audit_funds(books: "Books", rules: Rules, check: Check) -> None:
    """Check every fund against its stakes, its portfolio and what is due."""
    funds = {
        int.from_bytes(key[1:], "big"): decode_fund(key, data)
        for key, data in books.table(keys.TABLE_FUND)
    }
    stakes: dict[int, dict[int, Stake]] = {number: {} for number in funds}
    for key, data in books.table(keys.TABLE_STAKE):
        _, leader, sub, account = keys.STAKE.unpack(key)
        stake = decode_stake(key, data)
        number = leader << 8 | sub
        check(0 < account < books.ledger.next_account, f"stake {key.hex()}: of no account")
        check(number in funds, f"stake {key.hex()}: of no fund")
        check(0 <= stake.leaving <= stake.shares, f"stake {key.hex()}: leaves with too much")
        check(stake.shares > 0 and stake.basis >= 0, f"stake {key.hex()}: of nothing, but kept")
        check(stake.epoch <= funds[number].epoch, f"stake {key.hex()}: of a later epoch")
        if stake.epoch == funds[number].epoch:
            stakes[number][account] = stake
    flagged = {n for n, p in books.portfolios.items() if p.flags & PORTFOLIO_FUND}
    check(flagged == set(funds), f"funds {set(funds)}, but flagged {flagged}")
    exiting = {n for n, p in books.portfolios.items() if p.flags & PORTFOLIO_EXITING}
    check(exiting == {n for n, f in funds.items() if f.overdue}, f"exiting {exiting}")
    for number, fund in funds.items():
        audit_fund(books, rules, number, fund, stakes[number], check)
    due = Counter(
        (name, account, keys.DUE.unpack(key)[2])
        for key, data in books.table(keys.TABLE_DUE)
        for kind, _, name, account in [decode_due(data)]
        if kind == DUE_FUND_EXIT
    )
    for number, found in stakes.items():
        for account, stake in found.items():
            waits = due[number, account, stake.retry_at]
            check(
                (waits > 0) == (stake.leaving > 0),
                f"fund {number}: account {account} leaves, and {waits} are due",
            )


def audit_fund(
    books: "Books", rules: Rules, number: int, fund: Fund, stakes: dict[int, Stake], check: Check
) -> None:
    """Check one fund."""
    name = f"fund {number}"
    check(FUND_FIRST <= number & 255 <= FUND_LAST, f"{name}: not a place for a fund")
    check(fund.profit_ppm <= rules.fund_profit_ppm_max, f"{name}: profit {fund.profit_ppm}")
    check(rules.fund_lock_ms_min <= fund.lock_ms <= rules.fund_lock_ms_max, f"{name}: lock")
    shares = sum(stake.shares for stake in stakes.values())
    check(shares == fund.shares, f"{name}: {fund.shares} shares, stakes sum to {shares}")
    leaving = sum(stake.leaving for stake in stakes.values())
    check(leaving == fund.leaving, f"{name}: {fund.leaving} leave, stakes sum to {leaving}")
    overdue = sum(stake.overdue for stake in stakes.values())
    check(overdue == fund.overdue, f"{name}: {fund.overdue} overdue, stakes sum to {overdue}")
    for account, stake in stakes.items():
        check(not stake.overdue or stake.leaving > 0, f"{name}: {account} overdue with nothing")
        check((stake.leaving > 0) == (stake.retry_at > 0), f"{name}: {account}: no retry")
    portfolio = books.portfolios[number]
    held = [p for place, p in books.positions.items() if place[0] == number and p.size]
    if fund.shares == 0:
        check(portfolio.balance == 0 and not held, f"{name}: has money that is nobody's")
    own = stakes.get(number >> 8)
    kept = own.shares - own.leaving if own else 0
    rest = fund.shares - (own.leaving if own else 0)
    alone = set(stakes) <= {number >> 8}
    check(
        alone or kept * PPM_ONE >= rest * rules.fund_leader_ppm,
        f"{name}: its leader keeps {kept} of {rest} shares",
    )
