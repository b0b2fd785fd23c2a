"""What the auditor asks of fees: tiers, volumes, referrers and builders."""

from collections.abc import Callable
from typing import Any

from statemachine import keys
from statemachine.records import decode_builder
from statemachine.rules import Rules
from statemachine.units import DAY_MS


def audit_fees(books: Any, rules: Rules, check: Callable[[bool, str], None]) -> None:
    """Standings are of owners, of days gone by; nothing of an order's shares is left over."""
    cursor = books.cursor
    check(cursor.builder_fee == cursor.referable == 0, "shares that nobody was paid")
    today = cursor.time // DAY_MS
    accounts = range(1, books.ledger.next_account)
    for account, standing in books.standings.items():
        name = f"standing of account {account}"
        check(account in accounts, f"{name}: no such account")
        check(standing.day <= today, f"{name}: of a day to come")
        check(bool(standing.referrer or any(standing.volumes)) or standing.day > 0, f"{name}: bare")
        check(standing.referrer in (0, *accounts), f"{name}: brought by nobody")
        check(standing.referrer != account, f"{name}: brought by himself")
    for number, portfolio in books.portfolios.items():
        name = f"portfolio {number}"
        standing = books.standings.get(number >> 8)
        check(portfolio.traded_day <= today, f"{name}: traded on a day to come")
        check(portfolio.fee_tier <= len(rules.fee_tiers), f"{name}: no such tier")
        check(portfolio.traded_day > 0 or portfolio.traded == 0, f"{name}: traded on no day")
        referrer = 0 if standing is None else standing.referrer
        check(portfolio.referrer in (0, referrer), f"{name}: another referrer than its owner's")
    for key, data in books.table(keys.TABLE_BUILDER):
        account, builder = int.from_bytes(key[1:5], "big"), int.from_bytes(key[5:], "big")
        check(account in accounts and builder in accounts, f"builder {key.hex()}: no accounts")
        check(account != builder, f"builder {key.hex()}: himself")
        check(0 < decode_builder(data) <= rules.builder_ppm_max, f"builder {key.hex()}: rate")
