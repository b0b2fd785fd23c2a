"""What a portfolio holds: its balance, and a position in each of its markets."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import RECORD_VERSION, Record, need, unmoney

MARKETS_PER_PORTFOLIO_MAX: Final = 16
PORTFOLIO_LIQUIDATING: Final = 1
"""Portfolio flag: below maintenance margin; its orders go when visited."""
PORTFOLIO_FUND: Final = 2
"""Portfolio flag: its money is that of shareholders, and moves only against shares."""
PORTFOLIO_EXITING: Final = 4
"""Portfolio flag of a fund: shareholders have waited for too long; it may only reduce."""
PORTFOLIO_CLOSING: Final = PORTFOLIO_LIQUIDATING | PORTFOLIO_EXITING
"""Flags under which a portfolio may only reduce, and its orders go when visited."""

PORTFOLIO_LAYOUT: Final = Struct(">B12s12sBQQHB32sQB12s12sQHBI")
MARKET_LIST: Final = Struct(">16H")
MARKET_LISTS: Final = [
    Struct(f">{count}H{2 * (MARKETS_PER_PORTFOLIO_MAX - count)}x")
    for count in range(MARKETS_PER_PORTFOLIO_MAX + 1)
]
"""By how many markets there are: the same layout, filled up with zeros."""
POSITION_LAYOUT: Final = Struct(">Bq12s12sQ12sQ12sHBHq")


@final
class Position(Record):
    """A portfolio's holding and resting orders in one market.

    ``cost`` is what ``size`` was bought for (negative for a short), micros;
    ``bids``/``asks`` sum the resting sizes of each side in lots and
    ``bids_value``/``asks_value`` their price * size in micros; ``leverage`` is
    the trader's choice, 0 if none: a position that has one stays when it is flat.
    ``rank`` is what its leaf among the ranked says (:mod:`statemachine.risk.ranks`);
    ``unranked``, not stored, that it may be another by now.
    """

    __slots__ = (
        "asks",
        "asks_value",
        "bids",
        "bids_value",
        "cost",
        "funding_index",
        "leverage",
        "market",
        "orders",
        "rank",
        "reduce_only",
        "size",
        "unranked",
    )

    def __init__(self, key: bytes, stored: bool, market: int, funding_index: int) -> None:
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
        self.leverage = 0
        self.rank = 0
        self.unranked = False

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
            self.leverage,
            self.rank,
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
    position.leverage = values[10]
    position.rank = values[11]
    return position


@final
class Portfolio(Record):
    """One cross portfolio: settled balance and the markets it is in.

    ``moved`` sums what came in, less what went out, by deposits, transfers and
    withdrawals: equity less it is what trading made.  ``cancel_at`` (ms) is when
    all its orders go, 0 if no switch is set; ``cancel_item`` is the number of the
    due item that says so, so that a switch that moves takes it along.  ``assets`` has
    bit ``asset - 1`` set for each asset that it holds and counts.
    ``traded`` (micros) is what it traded on ``traded_day`` (days since 1970),
    ``fee_tier`` and ``referrer`` what holds for it on that day
    (:mod:`statemachine.fees.standing`).

    A balance below zero is a loan: ``loan_index`` is the pool's index up to which its
    interest is settled, and ``borrowed`` what was lent when the liquidation that it
    is in began.

    ``positions`` are the decoded records of ``markets``, in the same order,
    once ``complete``: leaves of their own, read only where margin needs them.
    """

    __slots__ = (
        "assets",
        "balance",
        "borrowed",
        "cancel_at",
        "cancel_item",
        "complete",
        "fee_tier",
        "flagged_at",
        "flags",
        "loan_index",
        "markets",
        "moved",
        "open_orders",
        "portfolio",
        "positions",
        "referrer",
        "traded",
        "traded_day",
    )

    def __init__(self, key: bytes, stored: bool, portfolio: int) -> None:
        """Start with nothing."""
        super().__init__(key, stored)
        self.portfolio = portfolio
        self.balance = 0
        self.moved = 0
        self.flags = 0
        self.flagged_at = 0
        self.cancel_at = 0
        self.cancel_item = 0
        self.open_orders = 0
        self.assets = 0
        self.loan_index = 0
        self.borrowed = 0
        self.markets: list[int] = []
        self.positions: list[Position] = []
        self.complete = not stored
        self.traded = 0
        self.traded_day = 0
        self.fee_tier = 0
        self.referrer = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        markets = self.markets
        return PORTFOLIO_LAYOUT.pack(
            RECORD_VERSION,
            self.balance.to_bytes(12, "big", signed=True),
            self.moved.to_bytes(12, "big", signed=True),
            self.flags,
            self.flagged_at,
            self.cancel_at,
            self.open_orders,
            len(markets),
            MARKET_LISTS[len(markets)].pack(*markets),
            self.cancel_item,
            self.assets,
            self.loan_index.to_bytes(12, "big", signed=True),
            self.borrowed.to_bytes(12, "big", signed=True),
            self.traded,
            self.traded_day,
            self.fee_tier,
            self.referrer,
        )


def decode_portfolio(key: bytes, data: bytes) -> Portfolio:
    """Return the portfolio that ``data`` encodes, its positions not yet read."""
    need(data, PORTFOLIO_LAYOUT.size, "portfolio")
    values = PORTFOLIO_LAYOUT.unpack(data)
    _, balance, moved, flags, flagged_at, cancel_at, open_orders, count = values[:8]
    number = int.from_bytes(key[1:6], "big")
    portfolio = Portfolio(key, True, number)
    portfolio.balance = unmoney(balance)
    portfolio.moved = unmoney(moved)
    portfolio.flags = flags
    portfolio.flagged_at = flagged_at
    portfolio.cancel_at = cancel_at
    portfolio.cancel_item = values[9]
    portfolio.open_orders = open_orders
    portfolio.assets = values[10]
    portfolio.markets = list(MARKET_LIST.unpack(values[8])[:count])
    portfolio.loan_index = unmoney(values[11])
    portfolio.borrowed = unmoney(values[12])
    portfolio.traded, portfolio.traded_day = values[13], values[14]
    portfolio.fee_tier, portfolio.referrer = values[15], values[16]
    return portfolio
