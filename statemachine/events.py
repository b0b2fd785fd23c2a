"""What happened in a block, for streams and screens.  Not hashed, not consensus.

From these alone a book, the trades and an account's history can be rebuilt.  What
becomes of orders is in :mod:`statemachine.order_events`, and is found here as well.
"""

from typing import final

from statemachine.order_events import (
    REMOVED_BAND,
    REMOVED_BRACKET,
    REMOVED_CANCELLED,
    REMOVED_DONE,
    REMOVED_EXPIRED,
    REMOVED_LIMIT,
    REMOVED_LIQUIDATING,
    REMOVED_MODIFIED,
    REMOVED_REDUCE_ONLY,
    REMOVED_REFUSED,
    REMOVED_SELF_TRADE,
    REMOVED_SETTLED,
    REMOVED_SWITCH,
    REMOVED_TRIGGERED,
    Event,
    OrderAsleep,
    OrderAwake,
    OrderPegged,
    OrderRemoved,
    OrderRested,
    TwapChanged,
)

__all__ = [
    "REMOVED_BAND",
    "REMOVED_BRACKET",
    "REMOVED_CANCELLED",
    "REMOVED_DONE",
    "REMOVED_EXPIRED",
    "REMOVED_LIMIT",
    "REMOVED_LIQUIDATING",
    "REMOVED_MODIFIED",
    "REMOVED_REDUCE_ONLY",
    "REMOVED_REFUSED",
    "REMOVED_SELF_TRADE",
    "REMOVED_SETTLED",
    "REMOVED_SWITCH",
    "REMOVED_TRIGGERED",
    "Event",
    "OrderAsleep",
    "OrderAwake",
    "OrderPegged",
    "OrderRemoved",
    "OrderRested",
    "TwapChanged",
]
"""What is found here as well; all else is of this module's own."""


@final
class Fill(Event):
    """A trade at the maker's price; ``side`` is the taker's; fees in micros."""

    __slots__ = (
        "maker",
        "maker_fee",
        "maker_order",
        "maker_remaining",
        "market",
        "price",
        "side",
        "size",
        "taker",
        "taker_fee",
        "taker_order",
    )

    def __init__(
        self,
        market: int,
        side: int,
        price: int,
        size: int,
        maker: int,
        maker_order: int,
        maker_remaining: int,
        maker_fee: int,
        taker: int,
        taker_order: int,
        taker_fee: int,
    ) -> None:
        """Take both parties' portfolios and order ids; a system order has id 0."""
        self.market = market
        self.side = side
        self.price = price
        self.size = size
        self.maker = maker
        self.maker_order = maker_order
        self.maker_remaining = maker_remaining
        self.maker_fee = maker_fee
        self.taker = taker
        self.taker_order = taker_order
        self.taker_fee = taker_fee


@final
class BalanceChanged(Event):
    """Collateral moved: deposit, withdrawal, transfer, funding, liquidation."""

    __slots__ = ("amount", "portfolio", "reason", "reference")

    def __init__(self, portfolio: int, amount: int, reason: int, reference: int) -> None:
        """Take micros credited (negative: debited) and a ``BALANCE_`` reason."""
        self.portfolio = portfolio
        self.amount = amount
        self.reason = reason
        self.reference = reference


BALANCE_DEPOSIT = 1
BALANCE_WITHDRAWAL = 2
BALANCE_TRANSFER = 3
BALANCE_FUNDING = 4
BALANCE_INSURANCE = 5
BALANCE_DEFICIT = 6
BALANCE_LIQUIDATION_FEE = 7
BALANCE_POKE_REWARD = 8
BALANCE_HAIRCUT = 9
BALANCE_BACKSTOP = 10
BALANCE_VAULT_DEPOSIT = 11
BALANCE_VAULT_EXIT = 12
BALANCE_COLLATERAL_SOLD = 20
BALANCE_COLLATERAL_BOUGHT = 21
BALANCE_INTEREST = 30
BALANCE_SUPPLY = 31
BALANCE_REDEEM = 32
BALANCE_POOL = 33
BALANCE_SEND = 50
BALANCE_REFERRAL = 40
BALANCE_BUILDER = 41


@final
class AssetChanged(Event):
    """Another asset than USDC moved: in, out, between portfolios, to a vault or from one."""

    __slots__ = ("amount", "asset", "portfolio", "reason", "reference")

    def __init__(
        self, portfolio: int, asset: int, amount: int, reason: int, reference: int
    ) -> None:
        """Take units credited (negative: debited) and a ``BALANCE_`` reason."""
        self.portfolio = portfolio
        self.asset = asset
        self.amount = amount
        self.reason = reason
        self.reference = reference


@final
class PriceChanged(Event):
    """A market's index or mark changed; micros per lot."""

    __slots__ = ("index", "mark", "market")

    def __init__(self, market: int, index: int, mark: int) -> None:
        """Take the values now in force."""
        self.market = market
        self.index = index
        self.mark = mark


@final
class FundingPaid(Event):
    """An hour's funding rate (parts per 10**9 per 8 h) was added to the index."""

    __slots__ = ("funding_index", "market", "rate")

    def __init__(self, market: int, rate: int, funding_index: int) -> None:
        """Take the rate and the funding index now in force."""
        self.market = market
        self.rate = rate
        self.funding_index = funding_index


@final
class MarketChanged(Event):
    """The guardian moved a market to another state."""

    __slots__ = ("before", "market", "state")

    def __init__(self, market: int, before: int, state: int) -> None:
        """Take the state before, and the one now."""
        self.market = market
        self.before = before
        self.state = state


@final
class PositionSettled(Event):
    """A position was closed at its market's settlement price.

    ``size`` lots, negative for a short, at ``price`` micros per lot; ``amount``
    micros went into the balance with it, funding included.
    """

    __slots__ = ("amount", "market", "portfolio", "price", "size")

    def __init__(self, portfolio: int, market: int, size: int, price: int, amount: int) -> None:
        """Take whose it was, and what came of it."""
        self.portfolio = portfolio
        self.market = market
        self.size = size
        self.price = price
        self.amount = amount


@final
class RatesChanged(Event):
    """A market's margin rates (ppm) took a step on their way to a target, reached at ``until``."""

    __slots__ = (
        "initial",
        "initial_to",
        "maintenance",
        "maintenance_to",
        "market",
        "until",
    )

    def __init__(
        self,
        market: int,
        initial: int,
        maintenance: int,
        initial_to: int,
        maintenance_to: int,
        until: int,
    ) -> None:
        """Take the rates in force, and where they go."""
        self.market = market
        self.initial = initial
        self.maintenance = maintenance
        self.initial_to = initial_to
        self.maintenance_to = maintenance_to
        self.until = until


@final
class Liquidated(Event):
    """A step of a liquidation: ``stage`` is one of the ``STAGE_`` numbers."""

    __slots__ = ("equity", "maintenance", "market", "portfolio", "size", "stage")

    def __init__(
        self, portfolio: int, stage: int, market: int, size: int, equity: int, maintenance: int
    ) -> None:
        """Take lots sold (negative: bought back) and the margin before, in micros."""
        self.portfolio = portfolio
        self.stage = stage
        self.market = market
        self.size = size
        self.equity = equity
        self.maintenance = maintenance


STAGE_FLAGGED = 1
STAGE_SLICE = 2
STAGE_INSURANCE = 3
STAGE_DEFICIT = 4
STAGE_RELEASED = 5
STAGE_BACKSTOP = 6
STAGE_DELEVERAGE = 7
STAGE_COLLATERAL = 20
STAGE_POOL = 30


@final
class Deleveraged(Event):
    """A position was cut, through no fault of its owner's, to close another one.

    ``size`` lots were sold (negative: bought back) at ``price`` micros per lot,
    with ``bankrupt`` on the other side, while the mark was at ``mark``.  Instead of
    a bankrupt it may be one that left by force, at the mark: it has such an event
    too, for all of a step, with itself on the other side.
    """

    __slots__ = ("bankrupt", "mark", "market", "portfolio", "price", "size")

    def __init__(
        self, portfolio: int, market: int, size: int, price: int, mark: int, bankrupt: int
    ) -> None:
        """Take both parties' portfolios, and the trade."""
        self.portfolio = portfolio
        self.market = market
        self.size = size
        self.price = price
        self.mark = mark
        self.bankrupt = bankrupt


@final
class AgentChanged(Event):
    """A session key was approved (``role`` 1) or revoked (``role`` 2)."""

    __slots__ = ("account", "agent", "role")

    def __init__(self, account: int, agent: bytes, role: int) -> None:
        """Take the account and the key's address."""
        self.account = account
        self.agent = agent
        self.role = role
