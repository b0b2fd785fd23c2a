"""The auditor's second half: sums kept for the tail, ranks, vaults and what may leave."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from statemachine import keys
from statemachine.records import (
    Position,
    decode_due,
    decode_share,
    decode_vault,
    decode_velocity,
)
from statemachine.risk.ranks import is_clearing, rank_of
from statemachine.risk.vaults import DUE_EXIT, DUE_UNWIND, is_vault, vault_portfolio
from statemachine.risk.velocity import cap_of
from statemachine.rules import Rules

if TYPE_CHECKING:
    from tests.models.auditor import Books

Check = Callable[[bool, str], None]


def audit_tail(books: "Books", rules: Rules, check: Check) -> None:
    """Check everything that only the tail asks for."""
    audit_sums(books, rules, check)
    audit_ranks(books, rules, check)
    audit_vaults(books, check)


def audit_sums(books: "Books", rules: Rules, check: Check) -> None:
    """Settled balances, deficits and (I14) capacity are what the leaves say."""
    ledger = books.ledger
    settled = sum(portfolio.balance for portfolio in books.portfolios.values())
    check(settled == ledger.settled, f"settled {ledger.settled}, balances sum to {settled}")
    deficits = sum(market.deficit for market in books.markets.values())
    check(deficits == ledger.deficits, f"deficits {ledger.deficits}, markets' sum to {deficits}")
    data = books.items.get(keys.VELOCITY_KEY)
    if data is not None:
        capacity = decode_velocity(data).capacity
        cap = cap_of(rules, ledger)
        check(0 <= capacity <= cap, f"I14: capacity {capacity} beyond 0..{cap}")


def order_of_victims(books: "Books", rules: Rules, market: int, side: int) -> list[int]:
    """I8: sort, by brute force, who is to be deleveraged first: best return, then account."""
    found: list[tuple[int, int]] = []
    for (name, number), position in books.positions.items():
        ranked = rank_of(position.size, position.cost, rules.rank_notional_min) != 0
        if (
            number == market
            and ranked
            and not is_clearing(name)
            and (position.size > 0) == (side == keys.BUY)
        ):
            entry = position.cost // position.size
            found.append((entry if side == keys.BUY else -entry, name))
    return [name for _, name in sorted(found)]


def audit_ranks(books: "Books", rules: Rules, check: Check) -> None:
    """I8: the ranges of ranks are the brute-force order, and positions know their place."""
    for market in books.markets:
        for side in (keys.BUY, keys.SELL):
            prefix = keys.rank_range(market, side)
            ranked = [
                keys.rank_portfolio(key)
                for key, _ in books.table(keys.TABLE_RANK)
                if key.startswith(prefix)
            ]
            sorted_names = order_of_victims(books, rules, market, side)
            check(ranked == sorted_names, f"I8: market {market}: {ranked}, not {sorted_names}")
    for place, position in books.positions.items():
        rank = rank_of(position.size, position.cost, rules.rank_notional_min)
        rank = 0 if is_clearing(place[0]) else rank
        check(position.rank == rank, f"position {place}: rank {position.rank}, not {rank}")


def audit_vaults(books: "Books", check: Check) -> None:
    """Shares sum to their vault's, notices to due work; a vault holds its market alone."""
    vaults = {
        int.from_bytes(key[1:], "big"): decode_vault(key, data)
        for key, data in books.table(keys.TABLE_VAULT)
    }
    held: Counter[int] = Counter()
    notices: Counter[tuple[int, int]] = Counter()
    for key, data in books.table(keys.TABLE_SHARE):
        _, market, account = keys.SHARE.unpack(key)
        share = decode_share(key, data)
        check(share.held >= 0 and share.notice >= 0, f"share {key.hex()}: below zero")
        check(share.held + share.notice > 0, f"share {key.hex()}: of nothing, but kept")
        notices[market, account] = share.notice
        if share.epoch == vaults[market].epoch:
            held[market] += share.held + share.notice
    waiting: Counter[tuple[int, int]] = Counter()
    unwinding: Counter[int] = Counter()
    for _, data in books.table(keys.TABLE_DUE):
        kind, market, name, shares = decode_due(data)
        if kind == DUE_EXIT:
            waiting[market, name >> 8] += shares
        elif kind == DUE_UNWIND:
            unwinding[market] += 1
    for place in notices | waiting:
        shares, due = notices[place], waiting[place]
        check(due == shares, f"vault exit {place}: {shares} on notice, {due} due")
    for market, vault in vaults.items():
        check(held[market] == vault.shares, f"vault {market}: {vault.shares}, held {held[market]}")
        check(unwinding[market] == vault.unwinding, f"vault {market}: unwinding twice, or never")
        place = vault_portfolio(market), market
        position: Position | None = books.positions.get(place)
        check(
            position is None or position.size == 0 or vault.unwinding == 1,
            f"vault {market}: holds what nothing unwinds",
        )
    for name, portfolio in books.portfolios.items():
        if is_vault(name):
            check(set(portfolio.markets) <= {name & 255}, f"vault {name}: in {portfolio.markets}")
