"""The lending pool: what suppliers gave, what is lent of it, and what that earns."""

from struct import Struct
from typing import Final, final

from statemachine import keys
from statemachine.records.base import RECORD_VERSION, Record, money, need, unmoney

POOL_LAYOUT: Final = Struct(">BI12s12s12s12sQ20s20s")
SUPPLY_LAYOUT: Final = Struct(">BI12s")


@final
class Pool(Record):
    """The pool's sums in micros, and its index of interest.

    ``supplied`` is what all ``shares`` of ``epoch`` are worth, less interest that
    nobody has paid yet; ``lent`` sums the balances below zero, turned round.
    ``index`` is what one micro, lent from the beginning, would owe by ``time``
    (ms), in micros << 64; ``interest`` is what all loans owe since each was
    settled, in the same unit, and ``unowned`` the part of it that accrued on more
    than was supplied.
    """

    __slots__ = (
        "epoch",
        "index",
        "interest",
        "lent",
        "shares",
        "supplied",
        "time",
        "unowned",
    )

    def __init__(self, stored: bool) -> None:
        """Start empty: nobody has lent, nobody owes."""
        super().__init__(keys.POOL_KEY, stored)
        self.epoch = 0
        self.shares = 0
        self.supplied = 0
        self.lent = 0
        self.index = 0
        self.time = 0
        self.interest = 0
        self.unowned = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return POOL_LAYOUT.pack(
            RECORD_VERSION,
            self.epoch,
            money(self.shares),
            money(self.supplied),
            money(self.lent),
            money(self.index),
            self.time,
            self.interest.to_bytes(20, "big", signed=True),
            self.unowned.to_bytes(20, "big", signed=True),
        )


def decode_pool(data: bytes) -> Pool:
    """Return the pool that ``data`` encodes."""
    need(data, POOL_LAYOUT.size, "pool")
    pool = Pool(stored=True)
    values = POOL_LAYOUT.unpack(data)
    pool.epoch = values[1]
    pool.shares = unmoney(values[2])
    pool.supplied = unmoney(values[3])
    pool.lent = unmoney(values[4])
    pool.index = unmoney(values[5])
    pool.time = values[6]
    pool.interest = unmoney(values[7])
    pool.unowned = unmoney(values[8])
    return pool


@final
class Supply(Record):
    """An account's ``shares`` of the pool, void once the pool's epoch is another."""

    __slots__ = ("epoch", "shares")

    def __init__(self, key: bytes, stored: bool, epoch: int) -> None:
        """Start with nothing, in the pool's epoch."""
        super().__init__(key, stored)
        self.epoch = epoch
        self.shares = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return SUPPLY_LAYOUT.pack(RECORD_VERSION, self.epoch, money(self.shares))


def decode_supply(key: bytes, data: bytes) -> Supply:
    """Return the supply that ``data`` encodes."""
    need(data, SUPPLY_LAYOUT.size, "supply")
    _, epoch, shares = SUPPLY_LAYOUT.unpack(data)
    supply = Supply(key, True, epoch)
    supply.shares = unmoney(shares)
    return supply
