"""What happened to funds and their shares: more :mod:`statemachine.events`."""

from typing import Final, final

from statemachine.events import Event

BALANCE_FUND_DEPOSIT: Final = 51
BALANCE_FUND_EXIT: Final = 52
BALANCE_FUND_PROFIT: Final = 53
"""Reasons of a :class:`statemachine.events.BalanceChanged`, with all others."""
REMOVED_EXITING: Final = 50
"""Reason of a :class:`statemachine.events.OrderRemoved`, with all others."""


@final
class FundChanged(Event):
    """A fund opened, its shares were bought, asked for, paid or lost, or what it may do changed.

    ``stage`` is one of the ``FUND_`` numbers; ``holder`` the portfolio that paid or is
    paid, 0 if it is about the fund alone; ``amount`` in micros; ``time`` (ms) is
    until when shares are locked, or when an exit is tried again.
    """

    __slots__ = ("amount", "fund", "holder", "shares", "stage", "time")

    def __init__(
        self, fund: int, holder: int, stage: int, shares: int, amount: int, time: int
    ) -> None:
        """Take the fund's portfolio, whose shares they are, and what became of them."""
        self.fund = fund
        self.holder = holder
        self.stage = stage
        self.shares = shares
        self.amount = amount
        self.time = time


FUND_OPENED = 1
FUND_BOUGHT = 2
FUND_ASKED = 3
FUND_WAITS = 4
FUND_PAID = 5
FUND_LOST = 6
FUND_EXITING = 7
FUND_RELEASED = 8
FUND_VOID = 9
