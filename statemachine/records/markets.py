"""A market's leaf, what its oracle's publishers last said, and its margin's next rates."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, money, need, unmoney

PUBLISHERS_MAX: Final = 8

MARKET_LAYOUT: Final = Struct(">BBQQQQqQqIq12sQ12sQ12sIQBIIQIQ")
ORACLE_LAYOUT: Final = Struct(f">B{2 * PUBLISHERS_MAX + 4}Q")
RAMP_LAYOUT: Final = Struct(">BIIIIQQ")


@final
class Market(Record):
    """A market's prices, funding and open interest.

    ``index``, ``mark``, ``last`` in micros per lot; ``basis`` is the EMA of
    mid - index in micros per lot << 16; ``premium_sum`` and ``funding_rate``
    (per 8 h) in parts per 10**9; ``funding_index`` in micros per lot << 32.
    ``resumed_at`` (ms) is when it last came back from an outage or a halt, and
    ``updates`` counts the index's since then, as far as liquidations ask;
    ``jumped_at`` (ms) is when the index last jumped beyond its band.
    ``initial_ppm`` and ``maintenance_ppm`` are the margin rates in force: the rules'
    at genesis, moved by :mod:`statemachine.risk.ramps`, 0 once the market is settled.
    ``stable`` is the index's slow mean, in micros per lot: what collateral is lent on.
    ``pegs`` counts the resting orders that are pegged.
    ``graded`` is not stored: whether its rules have more than one rate.
    """

    __slots__ = (
        "basis",
        "deficit",
        "funding_dust",
        "funding_index",
        "funding_rate",
        "funding_time",
        "graded",
        "index",
        "index_time",
        "initial_ppm",
        "jumped_at",
        "last",
        "maintenance_ppm",
        "mark",
        "market",
        "open_interest",
        "pegs",
        "premium_count",
        "premium_sum",
        "resumed_at",
        "sample_time",
        "sleepers",
        "stable",
        "state",
        "updates",
    )

    def __init__(self, key: bytes, stored: bool, market: int) -> None:
        """Start without prices, in state 0 (initializing)."""
        super().__init__(key, stored)
        self.market = market
        self.graded = False
        self.state = 0
        self.index = 0
        self.index_time = 0
        self.mark = 0
        self.last = 0
        self.basis = 0
        self.sample_time = 0
        self.premium_sum = 0
        self.premium_count = 0
        self.funding_rate = 0
        self.funding_index = 0
        self.funding_time = 0
        self.funding_dust = 0
        self.open_interest = 0
        self.deficit = 0
        self.sleepers = 0
        self.resumed_at = 0
        self.updates = 0
        self.initial_ppm = 0
        self.maintenance_ppm = 0
        self.stable = 0
        self.pegs = 0
        self.jumped_at = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return MARKET_LAYOUT.pack(
            RECORD_VERSION,
            self.state,
            self.index,
            self.index_time,
            self.mark,
            self.last,
            self.basis,
            self.sample_time,
            self.premium_sum,
            self.premium_count,
            self.funding_rate,
            money(self.funding_index),
            self.funding_time,
            money(self.funding_dust),
            self.open_interest,
            money(self.deficit),
            self.sleepers,
            self.resumed_at,
            self.updates,
            self.initial_ppm,
            self.maintenance_ppm,
            self.stable,
            self.pegs,
            self.jumped_at,
        )


def decode_market(key: bytes, data: bytes) -> Market:
    """Return the market that ``data`` encodes."""
    need(data, MARKET_LAYOUT.size, "market")
    market = Market(key, True, int.from_bytes(key[1:3], "big"))
    values = MARKET_LAYOUT.unpack(data)
    market.state = values[1]
    market.index = values[2]
    market.index_time = values[3]
    market.mark = values[4]
    market.last = values[5]
    market.basis = values[6]
    market.sample_time = values[7]
    market.premium_sum = values[8]
    market.premium_count = values[9]
    market.funding_rate = values[10]
    market.funding_index = unmoney(values[11])
    market.funding_time = values[12]
    market.funding_dust = unmoney(values[13])
    market.open_interest = values[14]
    market.deficit = unmoney(values[15])
    market.sleepers = values[16]
    market.resumed_at = values[17]
    market.updates = values[18]
    market.initial_ppm = values[19]
    market.maintenance_ppm = values[20]
    market.stable = values[21]
    market.pegs = values[22]
    market.jumped_at = values[23]
    return market


@final
class Oracle(Record):
    """A market's latest price and time from each publisher; 0 is "never heard".

    ``average`` is the index's mean in micros per lot << 16, as of
    ``average_time``; ``pending`` a price that waits to be confirmed by messages
    later than ``pending_time``, 0 if none does.
    """

    __slots__ = ("average", "average_time", "pending", "pending_time", "prices", "times")

    def __init__(self, key: bytes, stored: bool, prices: list[int], times: list[int]) -> None:
        """Take ``PUBLISHERS_MAX`` prices and times, by publisher."""
        super().__init__(key, stored)
        self.prices = prices
        self.times = times
        self.average = 0
        self.average_time = 0
        self.pending = 0
        self.pending_time = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        guards = (self.average, self.average_time, self.pending, self.pending_time)
        return ORACLE_LAYOUT.pack(RECORD_VERSION, *self.prices, *self.times, *guards)


def decode_oracle(key: bytes, data: bytes) -> Oracle:
    """Return the oracle record that ``data`` encodes."""
    need(data, ORACLE_LAYOUT.size, "oracle")
    values = ORACLE_LAYOUT.unpack(data)
    prices = list(values[1 : 1 + PUBLISHERS_MAX])
    oracle = Oracle(key, True, prices, list(values[1 + PUBLISHERS_MAX : -4]))
    oracle.average, oracle.average_time, oracle.pending, oracle.pending_time = values[-4:]
    return oracle


@final
class Ramp(Record):
    """Margin rates on their way, in ppm, from one time (ms) to another: initial, maintenance."""

    __slots__ = ("end", "source", "start", "target")

    def __init__(
        self,
        key: bytes,
        stored: bool,
        source: tuple[int, int],
        target: tuple[int, int],
        start: int,
        end: int,
    ) -> None:
        """Take both pairs of rates and both times."""
        super().__init__(key, stored)
        self.source = source
        self.target = target
        self.start = start
        self.end = end

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return RAMP_LAYOUT.pack(RECORD_VERSION, *self.source, *self.target, self.start, self.end)


def decode_ramp(key: bytes, data: bytes) -> Ramp:
    """Return the ramp that ``data`` encodes."""
    need(data, RAMP_LAYOUT.size, "ramp")
    _, initial, maintenance, initial_to, maintenance_to, start, end = RAMP_LAYOUT.unpack(data)
    return Ramp(key, True, (initial, maintenance), (initial_to, maintenance_to), start, end)
