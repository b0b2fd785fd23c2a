"""State records: what the leaves of the state hold, and their fixed-width bytes.

Hot records are slotted, mutable and positional: a block decodes each record
once, changes it in place, and encodes it once at the end of each segment in
which it changed.  Every encoding starts with a version byte; a decoder takes
exactly what the encoder writes.

Money fields take 12 bytes signed (``|x| < 2**95``), sizes, prices and times
8 bytes.  ``portfolio`` is ``account << 8 | sub``.
"""

from struct import Struct
from typing import Final, final

from statemachine import keys
from statemachine.errors import StorageCorrupt

RECORD_VERSION: Final = 1
VERSION_BYTE: Final = b"\x01"
MARKETS_PER_PORTFOLIO_MAX: Final = 16
NONCES_PER_BUCKET: Final = 16
NONCE_BUCKETS: Final = 16
PUBLISHERS_MAX: Final = 8

ROLE_OWNER: Final = 0
ROLE_AGENT: Final = 1
ROLE_REVOKED: Final = 2

PORTFOLIO_LIQUIDATING: Final = 1
"""Portfolio flag: below maintenance margin; its orders go when visited."""


LEDGER_LAYOUT: Final = Struct(">B12s12s12s12s12sIQQQ")
SIGNER_LAYOUT: Final = Struct(">BIBQIQ")
MARKET_LAYOUT: Final = Struct(">BBQQQQqQqIq12sQ12sQ12s")
PORTFOLIO_LAYOUT: Final = Struct(">B12sBQHB32s")
MARKET_LIST: Final = Struct(">16H")
POSITION_LAYOUT: Final = Struct(">Bq12s12sQ12sQ12sHB")
ORDER_LAYOUT: Final = Struct(">BIBBQQQ8s")
OWNED_LAYOUT: Final = Struct(">BBQ")
CLIENT_ID_LAYOUT: Final = Struct(">B16sHQ")
DUE_LAYOUT: Final = Struct(">BBHIB")
WITHDRAWAL_LAYOUT: Final = Struct(">B20s12sQ")
NONCES_LAYOUTS: Final = tuple(Struct(f">BQB{n}Q") for n in range(NONCES_PER_BUCKET + 1))
ORACLE_LAYOUT: Final = Struct(f">B{2 * PUBLISHERS_MAX}Q")


def money(value: int) -> bytes:
    """Return a signed amount as 12 bytes."""
    return value.to_bytes(12, "big", signed=True)


def unmoney(data: bytes) -> int:
    """Return the amount that :func:`money` wrote."""
    return int.from_bytes(data, "big", signed=True)


def need(data: bytes, size: int, name: str) -> None:
    """Refuse bytes that are not a record of this size and version."""
    if len(data) != size or data[0] != RECORD_VERSION:
        raise StorageCorrupt(f"not a {name} record of {size} bytes: {data[:24].hex()}")


class Record:
    """A decoded leaf: its key, whether it changed, whether it exists."""

    __slots__ = ("dirty", "key", "live", "stored")

    def __init__(self, key: bytes, stored: bool) -> None:  # noqa: FBT001  positional: hot
        """``stored`` says whether the store (as last flushed) has this key."""
        self.key = key
        self.dirty = False
        self.live = True
        self.stored = stored

    def encode(self) -> bytes:
        """Return the canonical bytes of the leaf's value."""
        raise NotImplementedError


@final
class Ledger(Record):
    """The exchange's own balances and counters; micros unless said otherwise."""

    __slots__ = (
        "deposits",
        "dust",
        "fees",
        "insurance",
        "next_account",
        "next_due",
        "next_sequence",
        "next_withdrawal",
        "withdrawals",
    )

    def __init__(self, stored: bool) -> None:  # noqa: FBT001
        """Start empty; accounts and orders count from 1."""
        super().__init__(keys.LEDGER_KEY, stored)
        self.insurance = 0
        self.fees = 0
        self.dust = 0
        self.deposits = 0
        self.withdrawals = 0
        self.next_account = 1
        self.next_sequence = 1
        self.next_due = 1
        self.next_withdrawal = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return LEDGER_LAYOUT.pack(
            RECORD_VERSION,
            money(self.insurance),
            money(self.fees),
            money(self.dust),
            money(self.deposits),
            money(self.withdrawals),
            self.next_account,
            self.next_sequence,
            self.next_due,
            self.next_withdrawal,
        )


def decode_ledger(data: bytes) -> Ledger:
    """Return the ledger that ``data`` encodes."""
    need(data, LEDGER_LAYOUT.size, "ledger")
    ledger = Ledger(stored=True)
    values = LEDGER_LAYOUT.unpack(data)
    ledger.insurance = unmoney(values[1])
    ledger.fees = unmoney(values[2])
    ledger.dust = unmoney(values[3])
    ledger.deposits = unmoney(values[4])
    ledger.withdrawals = unmoney(values[5])
    ledger.next_account = values[6]
    ledger.next_sequence = values[7]
    ledger.next_due = values[8]
    ledger.next_withdrawal = values[9]
    return ledger


@final
class Signer(Record):
    """What an address may sign for.  A revoked agent stays, as a tombstone.

    ``kinds`` has bit ``1 << kind`` for each kind of transaction an agent may
    sign; ``markets`` has bit ``1 << market``, 0 meaning every market.
    """

    __slots__ = ("account", "expires_at", "kinds", "markets", "role")

    def __init__(
        self,
        key: bytes,
        stored: bool,  # noqa: FBT001
        account: int,
        role: int,
        expires_at: int,
        kinds: int,
        markets: int,
    ) -> None:
        """Take every field, in the order of the encoding."""
        super().__init__(key, stored)
        self.account = account
        self.role = role
        self.expires_at = expires_at
        self.kinds = kinds
        self.markets = markets

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return SIGNER_LAYOUT.pack(
            RECORD_VERSION, self.account, self.role, self.expires_at, self.kinds, self.markets
        )


def decode_signer(key: bytes, data: bytes) -> Signer:
    """Return the signer that ``data`` encodes."""
    need(data, SIGNER_LAYOUT.size, "signer")
    _, account, role, expires_at, kinds, markets = SIGNER_LAYOUT.unpack(data)
    return Signer(key, True, account, role, expires_at, kinds, markets)


@final
class Blob(Record):
    """A record that is written once and never changed: its value is its bytes.

    Accounts (owner), owned-order entries, client ids, due work, withdrawals.
    """

    __slots__ = ("value",)

    def __init__(self, key: bytes, stored: bool, value: bytes) -> None:  # noqa: FBT001
        """Hold the encoded ``value``."""
        super().__init__(key, stored)
        self.value = value

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return self.value


def encode_account(owner: bytes) -> bytes:
    """Return an account record: the owner's address."""
    return VERSION_BYTE + owner


def decode_account(data: bytes) -> bytes:
    """Return the owner's address."""
    need(data, 21, "account")
    return data[1:]


def encode_owned(side: int, price: int) -> bytes:
    """Return an owned-order record: where in the book the order stands."""
    return OWNED_LAYOUT.pack(RECORD_VERSION, side, price)


def decode_owned(data: bytes) -> tuple[int, int]:
    """Return (side, price)."""
    need(data, OWNED_LAYOUT.size, "owned order")
    _, side, price = OWNED_LAYOUT.unpack(data)
    return side, price


def encode_client_id(client_id: bytes, market: int, sequence: int) -> bytes:
    """Return a client id record: the full id, and the live order that has it."""
    return CLIENT_ID_LAYOUT.pack(RECORD_VERSION, client_id, market, sequence)


def decode_client_id(data: bytes) -> tuple[bytes, int, int]:
    """Return (client id, market, sequence)."""
    need(data, CLIENT_ID_LAYOUT.size, "client id")
    _, client_id, market, sequence = CLIENT_ID_LAYOUT.unpack(data)
    return client_id, market, sequence


def encode_due(kind: int, market: int, portfolio: int) -> bytes:
    """Return an item of due work: its kind and what it is about."""
    return DUE_LAYOUT.pack(RECORD_VERSION, kind, market, portfolio >> 8, portfolio & 255)


def decode_due(data: bytes) -> tuple[int, int, int]:
    """Return (kind, market, portfolio)."""
    need(data, DUE_LAYOUT.size, "due work")
    _, kind, market, account, sub = DUE_LAYOUT.unpack(data)
    return kind, market, account << 8 | sub


def encode_withdrawal(owner: bytes, amount: int, time: int) -> bytes:
    """Return a withdrawal record: whom L1 pays, how many micros, since when (ms)."""
    return WITHDRAWAL_LAYOUT.pack(RECORD_VERSION, owner, money(amount), time)


def decode_withdrawal(data: bytes) -> tuple[bytes, int, int]:
    """Return (owner, amount, time)."""
    need(data, WITHDRAWAL_LAYOUT.size, "withdrawal")
    _, owner, amount, time = WITHDRAWAL_LAYOUT.unpack(data)
    return owner, unmoney(amount), time


@final
class Nonces(Record):
    """One bucket of a signer's window: its floor and its used nonces, ascending.

    A signer has 16 buckets of 16; a nonce belongs to the bucket that its low
    bits name, so a burnt nonce touches one small leaf.
    """

    __slots__ = ("floor", "used")

    def __init__(self, key: bytes, stored: bool, floor: int, used: list[int]) -> None:  # noqa: FBT001
        """Nonces up to ``floor`` are refused; ``used`` are burnt."""
        super().__init__(key, stored)
        self.floor = floor
        self.used = used

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        count = len(self.used)
        return NONCES_LAYOUTS[count].pack(RECORD_VERSION, self.floor, count, *self.used)


def decode_nonces(key: bytes, data: bytes) -> Nonces:
    """Return the bucket that ``data`` encodes."""
    count = data[9] if len(data) > 9 else NONCES_PER_BUCKET + 1
    if count > NONCES_PER_BUCKET:
        raise StorageCorrupt(f"not a nonce bucket: {data[:24].hex()}")
    need(data, NONCES_LAYOUTS[count].size, "nonce bucket")
    values = NONCES_LAYOUTS[count].unpack(data)
    return Nonces(key, True, values[1], list(values[3:]))


@final
class Market(Record):
    """A market's prices, funding and open interest.

    ``index``, ``mark``, ``last`` in micros per lot; ``basis`` is the EMA of
    mid - index in micros per lot << 16; ``premium_sum`` and ``funding_rate``
    (per 8 h) in parts per 10**9; ``funding_index`` in micros per lot << 32.
    """

    __slots__ = (
        "basis",
        "deficit",
        "funding_dust",
        "funding_index",
        "funding_rate",
        "funding_time",
        "index",
        "index_time",
        "last",
        "mark",
        "market",
        "open_interest",
        "premium_count",
        "premium_sum",
        "sample_time",
        "state",
    )

    def __init__(self, key: bytes, stored: bool, market: int) -> None:  # noqa: FBT001
        """Start without prices, in state 0 (initializing)."""
        super().__init__(key, stored)
        self.market = market
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
    return market


@final
class Oracle(Record):
    """A market's latest price and time from each publisher; 0 is "never heard"."""

    __slots__ = ("prices", "times")

    def __init__(self, key: bytes, stored: bool, prices: list[int], times: list[int]) -> None:  # noqa: FBT001
        """Take ``PUBLISHERS_MAX`` prices and times, by publisher."""
        super().__init__(key, stored)
        self.prices = prices
        self.times = times

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return ORACLE_LAYOUT.pack(RECORD_VERSION, *self.prices, *self.times)


def decode_oracle(key: bytes, data: bytes) -> Oracle:
    """Return the oracle record that ``data`` encodes."""
    need(data, ORACLE_LAYOUT.size, "oracle")
    values = ORACLE_LAYOUT.unpack(data)
    prices = list(values[1 : 1 + PUBLISHERS_MAX])
    return Oracle(key, True, prices, list(values[1 + PUBLISHERS_MAX :]))


@final
class Position(Record):
    """A portfolio's holding and resting orders in one market.

    ``cost`` is what ``size`` was bought for (negative for a short), micros;
    ``bids``/``asks`` sum the resting sizes of each side in lots and
    ``bids_value``/``asks_value`` their price * size in micros.
    """

    __slots__ = (
        "asks",
        "asks_value",
        "bids",
        "bids_value",
        "cost",
        "funding_index",
        "market",
        "orders",
        "reduce_only",
        "size",
    )

    def __init__(self, key: bytes, stored: bool, market: int, funding_index: int) -> None:  # noqa: FBT001
        """Start flat, at the market's funding index."""
        super().__init__(key, stored)
        self.market = market
        self.size = 0
        self.cost = 0
        self.funding_index = funding_index
        self.bids = 0
        self.bids_value = 0
        self.asks = 0
        self.asks_value = 0
        self.orders = 0
        self.reduce_only = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return POSITION_LAYOUT.pack(
            RECORD_VERSION,
            self.size,
            self.cost.to_bytes(12, "big", signed=True),
            self.funding_index.to_bytes(12, "big", signed=True),
            self.bids,
            self.bids_value.to_bytes(12, "big", signed=True),
            self.asks,
            self.asks_value.to_bytes(12, "big", signed=True),
            self.orders,
            self.reduce_only,
        )


def decode_position(key: bytes, data: bytes) -> Position:
    """Return the position that ``data`` encodes."""
    need(data, POSITION_LAYOUT.size, "position")
    values = POSITION_LAYOUT.unpack(data)
    position = Position(key, True, int.from_bytes(key[6:8], "big"), unmoney(values[3]))
    position.size = values[1]
    position.cost = unmoney(values[2])
    position.bids = values[4]
    position.bids_value = unmoney(values[5])
    position.asks = values[6]
    position.asks_value = unmoney(values[7])
    position.orders = values[8]
    position.reduce_only = values[9]
    return position


@final
class Portfolio(Record):
    """One cross portfolio: settled balance and the markets it is in.

    ``positions`` are the decoded records of ``markets``, in the same order,
    once ``complete``: leaves of their own, read only where margin needs them.
    """

    __slots__ = (
        "balance",
        "complete",
        "flagged_at",
        "flags",
        "markets",
        "open_orders",
        "portfolio",
        "positions",
    )

    def __init__(self, key: bytes, stored: bool, portfolio: int) -> None:  # noqa: FBT001
        """Start with nothing."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.balance = 0
        self.flags = 0
        self.flagged_at = 0
        self.open_orders = 0
        self.markets: list[int] = []
        self.positions: list[Position] = []
        self.complete = not stored

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        markets = self.markets
        padding = [0] * (MARKETS_PER_PORTFOLIO_MAX - len(markets))
        return PORTFOLIO_LAYOUT.pack(
            RECORD_VERSION,
            self.balance.to_bytes(12, "big", signed=True),
            self.flags,
            self.flagged_at,
            self.open_orders,
            len(markets),
            MARKET_LIST.pack(*markets, *padding),
        )


def decode_portfolio(key: bytes, data: bytes) -> Portfolio:
    """Return the portfolio that ``data`` encodes, its positions not yet read."""
    need(data, PORTFOLIO_LAYOUT.size, "portfolio")
    _, balance, flags, flagged_at, open_orders, count, markets = PORTFOLIO_LAYOUT.unpack(data)
    number = int.from_bytes(key[1:6], "big")
    portfolio = Portfolio(key, True, number)
    portfolio.balance = unmoney(balance)
    portfolio.flags = flags
    portfolio.flagged_at = flagged_at
    portfolio.open_orders = open_orders
    portfolio.markets = list(MARKET_LIST.unpack(markets)[:count])
    return portfolio


@final
class Order(Record):
    """A resting order; its key says market, side, price and sequence."""

    __slots__ = ("client_hash", "flags", "portfolio", "remaining", "size", "time")

    def __init__(
        self,
        key: bytes,
        stored: bool,  # noqa: FBT001
        portfolio: int,
        flags: int,
        size: int,
        remaining: int,
        time: int,
        client_hash: bytes,
    ) -> None:
        """Take every field, in the order of the encoding."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.flags = flags
        self.size = size
        self.remaining = remaining
        self.time = time
        self.client_hash = client_hash

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return ORDER_LAYOUT.pack(
            RECORD_VERSION,
            self.portfolio >> 8,
            self.portfolio & 255,
            self.flags,
            self.size,
            self.remaining,
            self.time,
            self.client_hash,
        )


def decode_order(key: bytes, data: bytes) -> Order:
    """Return the order that ``data`` encodes."""
    need(data, ORDER_LAYOUT.size, "order")
    _, account, sub, flags, size, remaining, time, client_hash = ORDER_LAYOUT.unpack(data)
    return Order(key, True, account << 8 | sub, flags, size, remaining, time, client_hash)
