"""Rank: who is first to be deleveraged, as a range of sorted keys.

A position is ranked by its return on entry price: of longs the lowest entry
comes first, of shorts the highest, ties by account and sub-account.  The key
of its leaf carries ``floor(cost / size)``, and is written anew only when that
changes.  A position of less than ``rank_notional_min`` at entry is dust, and
not ranked, nor is what the exchange itself holds on behalf of a settled market
(:mod:`statemachine.risk.clearing`).  So who is first is the first key of a range,
and one path of the tree proves it.
"""

from typing import Final

ENTRY_LIMIT: Final = 1 << 63
NO_RANK: Final = 0
CLEARING_FROM: Final = 64
"""Portfolios of account 0 from here on are clearing portfolios; below are the vaults."""


def is_clearing(portfolio: int) -> bool:
    """Return whether a portfolio is a market's clearing portfolio."""
    return portfolio >> 8 == 0 and portfolio >= CLEARING_FROM


def rank_of(size: int, cost: int, notional_min: int) -> int:
    """Return a position's entry price in micros per lot, floored, negative for a short.

    ``NO_RANK`` for no position, and for one of less than ``notional_min``.
    """
    if size == 0 or abs(cost) < notional_min:
        return NO_RANK
    entry = min(max(1, cost // size), ENTRY_LIMIT - 1)
    return entry if size > 0 else -entry
