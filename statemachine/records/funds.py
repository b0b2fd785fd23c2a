"""Funds: what a leader trades for others, and what each of them has in it."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, money, need, unmoney

FUND_LAYOUT: Final = Struct(">BIQ12s12sIIQ")
STAKE_LAYOUT: Final = Struct(">BI12s12sQ12sBQQB")


@final
class Fund(Record):
    """A fund's terms and shares; its money is its portfolio's.

    Its leader gets ``profit_ppm`` of what others make, and their shares are
    locked for ``lock_ms``.  ``shares`` counts all shares of ``epoch``, of which
    ``leaving`` wait to be paid; an epoch ends when the fund has lost everything.
    ``overdue`` stakes have waited longer than the rules' notice; ``sold_at`` (ms)
    is when something was last sold for them.
    """

    __slots__ = ("epoch", "leaving", "lock_ms", "overdue", "profit_ppm", "shares", "sold_at")

    def __init__(self, key: bytes, stored: bool, profit_ppm: int, lock_ms: int) -> None:
        """Start without shares, under a leader's terms."""
        super().__init__(key, stored)
        self.profit_ppm = profit_ppm
        self.lock_ms = lock_ms
        self.shares = 0
        self.leaving = 0
        self.epoch = 0
        self.overdue = 0
        self.sold_at = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return FUND_LAYOUT.pack(
            RECORD_VERSION,
            self.profit_ppm,
            self.lock_ms,
            money(self.shares),
            money(self.leaving),
            self.epoch,
            self.overdue,
            self.sold_at,
        )


def decode_fund(key: bytes, data: bytes) -> Fund:
    """Return the fund that ``data`` encodes."""
    need(data, FUND_LAYOUT.size, "fund")
    _, profit_ppm, lock_ms, shares, leaving, epoch, overdue, sold_at = FUND_LAYOUT.unpack(data)
    fund = Fund(key, True, profit_ppm, lock_ms)
    fund.shares = unmoney(shares)
    fund.leaving = unmoney(leaving)
    fund.epoch = epoch
    fund.overdue = overdue
    fund.sold_at = sold_at
    return fund


@final
class Stake(Record):
    """What an account has in a fund: ``shares``, of which ``leaving`` wait to be paid.

    ``basis`` micros were paid for the shares; none leaves before ``locked_until``
    (ms).  What leaves was asked for at ``asked_at``, goes to sub-account ``sub``,
    and is tried again at ``retry_at``, 0 if nothing leaves; ``overdue``: it has
    waited longer than the rules' notice, and the fund counts it.
    """

    __slots__ = (
        "asked_at",
        "basis",
        "epoch",
        "leaving",
        "locked_until",
        "overdue",
        "retry_at",
        "shares",
        "sub",
    )

    def __init__(self, key: bytes, stored: bool, epoch: int) -> None:
        """Start with nothing, in the fund's epoch."""
        super().__init__(key, stored)
        self.begin(epoch)

    def begin(self, epoch: int) -> None:
        """Have nothing, in an epoch."""
        self.epoch = epoch
        self.shares = 0
        self.basis = 0
        self.locked_until = 0
        self.leaving = 0
        self.sub = 0
        self.asked_at = 0
        self.retry_at = 0
        self.overdue = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return STAKE_LAYOUT.pack(
            RECORD_VERSION,
            self.epoch,
            money(self.shares),
            money(self.basis),
            self.locked_until,
            money(self.leaving),
            self.sub,
            self.asked_at,
            self.retry_at,
            self.overdue,
        )


def decode_stake(key: bytes, data: bytes) -> Stake:
    """Return the stake that ``data`` encodes."""
    need(data, STAKE_LAYOUT.size, "stake")
    values = STAKE_LAYOUT.unpack(data)
    stake = Stake(key, True, values[1])
    stake.shares = unmoney(values[2])
    stake.basis = unmoney(values[3])
    stake.locked_until = values[4]
    stake.leaving = unmoney(values[5])
    stake.sub = values[6]
    stake.asked_at = values[7]
    stake.retry_at = values[8]
    stake.overdue = values[9]
    return stake
