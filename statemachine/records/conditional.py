"""Orders that are not on the book yet: asleep, in slices, or exits of a bracket."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, need

SLEEPER_LAYOUT: Final = Struct(">BIBBQQQ8sQQBIII")
TWAP_LAYOUT: Final = Struct(">BIBHBQQQQHIQQ")
GROUP_LAYOUT: Final = Struct(">BIBHBQQB")
EXIT_LAYOUT: Final = Struct(">BQQBQQ")


@final
class Sleeper(Record):
    """An order that waits for a price; its key says market, trigger, its price and sequence.

    ``price`` is the limit it will have, ``group`` the bracket it is an exit of, or
    the entry: an entry's number is its bracket's.
    """

    __slots__ = (
        "builder",
        "builder_ppm",
        "client_hash",
        "expires_at",
        "flags",
        "group",
        "max_fee_ppm",
        "portfolio",
        "price",
        "self_trade",
        "size",
        "time",
    )

    def __init__(
        self,
        key: bytes,
        stored: bool,
        portfolio: int,
        flags: int,
        price: int,
        size: int,
        time: int,
        client_hash: bytes,
        expires_at: int,
        group: int,
        self_trade: int,
        max_fee_ppm: int,
    ) -> None:
        """Take every field but the builder's, in the order of the encoding."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.flags = flags
        self.price = price
        self.size = size
        self.time = time
        self.client_hash = client_hash
        self.expires_at = expires_at
        self.group = group
        self.self_trade = self_trade
        self.max_fee_ppm = max_fee_ppm
        self.builder = 0
        self.builder_ppm = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return SLEEPER_LAYOUT.pack(
            RECORD_VERSION,
            self.portfolio >> 8,
            self.portfolio & 255,
            self.flags,
            self.price,
            self.size,
            self.time,
            self.client_hash,
            self.expires_at,
            self.group,
            self.self_trade,
            self.max_fee_ppm,
            self.builder,
            self.builder_ppm,
        )


def decode_sleeper(key: bytes, data: bytes) -> Sleeper:
    """Return the sleeping order that ``data`` encodes."""
    need(data, SLEEPER_LAYOUT.size, "sleeping order")
    values = SLEEPER_LAYOUT.unpack(data)
    sleeper = Sleeper(key, True, values[1] << 8 | values[2], *values[3:-2])
    sleeper.builder, sleeper.builder_ppm = values[-2:]
    return sleeper


@final
class TwapPlan(Record):
    """A TWAP under way: ``size`` lots in all, ``remaining`` to trade in ``slices``.

    ``next_at`` (ms) is when the next slice is due, ``item`` the number of the due
    item that says so.
    """

    __slots__ = (
        "flags",
        "interval",
        "item",
        "market",
        "next_at",
        "portfolio",
        "price",
        "remaining",
        "size",
        "slice_size",
        "slices",
    )

    def __init__(
        self,
        key: bytes,
        stored: bool,
        portfolio: int,
        market: int,
        flags: int,
        price: int,
        size: int,
        remaining: int,
        slice_size: int,
        slices: int,
        interval: int,
    ) -> None:
        """Take every field, in the order of the encoding; no slice is due yet."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.market = market
        self.flags = flags
        self.price = price
        self.size = size
        self.remaining = remaining
        self.slice_size = slice_size
        self.slices = slices
        self.interval = interval
        self.next_at = 0
        self.item = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return TWAP_LAYOUT.pack(
            RECORD_VERSION,
            self.portfolio >> 8,
            self.portfolio & 255,
            self.market,
            self.flags,
            self.price,
            self.size,
            self.remaining,
            self.slice_size,
            self.slices,
            self.interval,
            self.next_at,
            self.item,
        )


def decode_twap(key: bytes, data: bytes) -> TwapPlan:
    """Return the TWAP that ``data`` encodes."""
    need(data, TWAP_LAYOUT.size, "twap")
    values = TWAP_LAYOUT.unpack(data)
    plan = TwapPlan(key, True, values[1] << 8 | values[2], *values[3:11])
    plan.next_at, plan.item = values[11:]
    return plan


@final
class Exit:
    """One exit of a bracket; ``sequence`` is its order id once it is awake to its price."""

    __slots__ = ("flags", "price", "sequence", "size", "trigger", "trigger_price")

    def __init__(
        self, flags: int, price: int, size: int, trigger: int, trigger_price: int, sequence: int
    ) -> None:
        """Take every field, in the order of the encoding."""
        self.flags = flags
        self.price = price
        self.size = size
        self.trigger = trigger
        self.trigger_price = trigger_price
        self.sequence = sequence


@final
class Group(Record):
    """A bracket: how much of its entry was filled, and its one or two exits.

    ``armed`` is 1 once the exits wait for their prices; ``item`` is the number of
    the due item that asks for it to be looked at, 0 if nothing asked.
    """

    __slots__ = ("armed", "exits", "filled", "item", "market", "portfolio")

    def __init__(
        self,
        key: bytes,
        stored: bool,
        portfolio: int,
        market: int,
        armed: int,
        filled: int,
        item: int,
        exits: list[Exit],
    ) -> None:
        """Take every field, in the order of the encoding."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.market = market
        self.armed = armed
        self.filled = filled
        self.item = item
        self.exits = exits

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        head = GROUP_LAYOUT.pack(
            RECORD_VERSION,
            self.portfolio >> 8,
            self.portfolio & 255,
            self.market,
            self.armed,
            self.filled,
            self.item,
            len(self.exits),
        )
        return head + b"".join(
            EXIT_LAYOUT.pack(e.flags, e.price, e.size, e.trigger, e.trigger_price, e.sequence)
            for e in self.exits
        )


def decode_group(key: bytes, data: bytes) -> Group:
    """Return the bracket that ``data`` encodes."""
    head = GROUP_LAYOUT.size
    count = data[head - 1] if len(data) >= head else 0
    need(data, head + count * EXIT_LAYOUT.size, "bracket")
    _, account, sub, market, armed, filled, item, _ = GROUP_LAYOUT.unpack(data[:head])
    exits = [Exit(*values) for values in EXIT_LAYOUT.iter_unpack(data[head:])]
    return Group(key, True, account << 8 | sub, market, armed, filled, item, exits)
