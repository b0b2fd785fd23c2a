"""The auditor's third part: the lending pool's sums are those of loans and shares."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from statemachine import keys
from statemachine.records import PORTFOLIO_LIQUIDATING, Pool, decode_pool, decode_supply

if TYPE_CHECKING:
    from tests.models.auditor import Books

Check = Callable[[bool, str], None]


def pool_of(books: "Books") -> Pool:
    """Return the pool, an empty one if nobody has ever touched it."""
    data = books.items.get(keys.POOL_KEY)
    return Pool(stored=False) if data is None else decode_pool(data)


def audit_pool(books: "Books", check: Check) -> None:
    """Check that what is lent is owed by somebody, and what is supplied is somebody's."""
    pool = pool_of(books)
    lent = interest = 0
    for name, portfolio in books.portfolios.items():
        loan = max(0, -portfolio.balance)
        lent += loan
        interest += loan * (pool.index - portfolio.loan_index)
        check(0 <= portfolio.loan_index <= pool.index, f"portfolio {name}: settled in the future")
        check(loan > 0 or portfolio.loan_index == 0, f"portfolio {name}: an index without a loan")
        flagged = portfolio.flags & PORTFOLIO_LIQUIDATING != 0
        check(portfolio.borrowed >= 0, f"portfolio {name}: borrowed {portfolio.borrowed}")
        check(flagged or portfolio.borrowed == 0, f"portfolio {name}: lent to, but not flagged")
    check(lent == pool.lent, f"pool: lent {pool.lent}, debts sum to {lent}")
    check(interest == pool.interest, f"pool: interest {pool.interest}, loans owe {interest}")
    check(0 <= pool.unowned <= pool.interest, f"pool: unowned {pool.unowned} of {pool.interest}")
    check(pool.supplied >= 0, f"pool: supplied {pool.supplied}")
    check(pool.shares > 0 or pool.supplied == 0, "pool: money that nobody supplied")
    check(pool.shares > 0 or pool.unowned == pool.interest, "pool: interest of nobody")
    held = 0
    for key, data in books.table(keys.TABLE_SUPPLY):
        supply = decode_supply(key, data)
        check(supply.shares > 0, f"supply {key.hex()}: of nothing, but kept")
        held += supply.shares if supply.epoch == pool.epoch else 0
    check(held == pool.shares, f"pool: {pool.shares} shares, held {held}")
