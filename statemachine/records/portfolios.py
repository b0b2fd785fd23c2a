"""What a portfolio holds: its balance, and a position in each of its markets."""

from struct import Struct
from typing import Final, final

from statemachine.records.base import LOW, RECORD_VERSION, Record, need

MARKETS_PER_PORTFOLIO_MAX: Final = 16
PORTFOLIO_LIQUIDATING: Final = 1
"""Portfolio flag: below maintenance margin; its orders go when visited."""
PORTFOLIO_FUND: Final = 2
"""Portfolio flag: its money is that of shareholders, and moves only against shares."""
PORTFOLIO_EXITING: Final = 4
"""Portfolio flag of a fund: shareholders have waited for too long; it may only reduce."""
PORTFOLIO_CLOSING: Final = PORTFOLIO_LIQUIDATING | PORTFOLIO_EXITING
"""Flags under which a portfolio may only reduce, and its orders go when visited."""

PORTFOLIO_LAYOUT: Final = Struct(">BqIqIBQQHB32sQBqIqIQHBI")
MARKET_LIST: Final = Struct(">16H")
MARKET_LISTS: Final = [
    Struct(f">{count}H{2 * (MARKETS_PER_PORTFOLIO_MAX - count)}x")
    for count in range(MARKETS_PER_PORTFOLIO_MAX + 1)
]
"""By how many markets there are: the same layout, filled up with zeros."""
POSITION_LAYOUT: Final = Struct(">BqqIqIQqIQqIHBHq")


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
            self.cost >> 32,
            self.cost & LOW,
            self.funding_index >> 32,
            self.funding_index & LOW,
            self.bids,
            self.bids_value >> 32,
            self.bids_value & LOW,
            self.asks,
            self.asks_value >> 32,
            self.asks_value & LOW,
            self.orders,
            self.reduce_only,
            self.leverage,
            self.rank,
        )


def decode_position(key: bytes, data: bytes) -> Position:
    """Return the position that ``data`` encodes."""
    need(data, POSITION_LAYOUT.size, "position")
    values = POSITION_LAYOUT.unpack(data)
    position = Position(key, True, int.from_bytes(key[6:8], "big"), values[4] << 32 | values[5])
    position.size = values[1]
    position.cost = values[2] << 32 | values[3]
    position.bids = values[6]
    position.bids_value = values[7] << 32 | values[8]
    position.asks = values[9]
    position.asks_value = values[10] << 32 | values[11]
    position.orders = values[12]
    position.reduce_only = values[13]
    position.leverage = values[14]
    position.rank = values[15]
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
            self.balance >> 32,
            self.balance & LOW,
            self.moved >> 32,
            self.moved & LOW,
            self.flags,
            self.flagged_at,
            self.cancel_at,
            self.open_orders,
            len(markets),
            MARKET_LISTS[len(markets)].pack(*markets),
            self.cancel_item,
            self.assets,
            self.loan_index >> 32,
            self.loan_index & LOW,
            self.borrowed >> 32,
            self.borrowed & LOW,
            self.traded,
            self.traded_day,
            self.fee_tier,
            self.referrer,
        )


def decode_portfolio(key: bytes, data: bytes) -> Portfolio:
    """Return the portfolio that ``data`` encodes, its positions not yet read."""
    need(data, PORTFOLIO_LAYOUT.size, "portfolio")
    values = PORTFOLIO_LAYOUT.unpack(data)
    portfolio = Portfolio(key, True, int.from_bytes(key[1:6], "big"))
    portfolio.balance = values[1] << 32 | values[2]
    portfolio.moved = values[3] << 32 | values[4]
    portfolio.flags = values[5]
    portfolio.flagged_at = values[6]
    portfolio.cancel_at = values[7]
    portfolio.open_orders = values[8]
    portfolio.markets = list(MARKET_LIST.unpack(values[10])[: values[9]])
    portfolio.cancel_item = values[11]
    portfolio.assets = values[12]
    portfolio.loan_index = values[13] << 32 | values[14]
    portfolio.borrowed = values[15] << 32 | values[16]
    portfolio.traded, portfolio.traded_day = values[17], values[18]
    portfolio.fee_tier, portfolio.referrer = values[19], values[20]
    return portfolio
