"""What happened to money that stands behind others': shares of vaults, and of the pool.

Events like those of :mod:`statemachine.events`: not hashed, not consensus.
"""

from typing import final

from statemachine.events import Event


@final
class SharesChanged(Event):
    """Shares of a market's vault were bought, put on notice, or paid.

    ``stage`` is one of the ``SHARES_`` numbers; ``amount`` in micros, 0 for a
    notice; ``due`` is when shares on notice are to be paid, in ms.
    """

    __slots__ = ("amount", "due", "market", "portfolio", "shares", "stage")

    def __init__(
        self, portfolio: int, market: int, stage: int, shares: int, amount: int, due: int
    ) -> None:
        """Take whose they are, and what became of them."""
        self.portfolio = portfolio
        self.market = market
        self.stage = stage
        self.shares = shares
        self.amount = amount
        self.due = due


SHARES_BOUGHT = 1
SHARES_NOTICE = 2
SHARES_PAID = 3
SHARES_DELAYED = 4
SHARES_LOST = 5


@final
class PoolChanged(Event):
    """The lending pool was supplied or redeemed, or lost something.

    ``stage`` is one of the ``POOL_`` numbers; ``shares`` and ``amount`` (micros) are
    what came, negative for what went; ``supplied`` and ``lent`` are what stands after
    it.  ``portfolio`` is the supplier's, or that of the loan that was lost.
    """

    __slots__ = ("amount", "lent", "portfolio", "shares", "stage", "supplied")

    def __init__(
        self, portfolio: int, stage: int, shares: int, amount: int, supplied: int, lent: int
    ) -> None:
        """Take whose doing it was, and what became of the pool."""
        self.portfolio = portfolio
        self.stage = stage
        self.shares = shares
        self.amount = amount
        self.supplied = supplied
        self.lent = lent


POOL_SUPPLIED = 1
POOL_REDEEMED = 2
POOL_LOST = 3
POOL_VOIDED = 4
