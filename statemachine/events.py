"""What happened in a block, for streams and screens.  Not hashed, not consensus.

From these alone a book, the trades and an account's history can be rebuilt.
"""

from typing import final


class Event:
    """Base of all events."""

    __slots__ = ()


@final
class OrderRested(Event):
    """An order joined the book, or a resting one took new values in place."""

    __slots__ = ("market", "order_id", "portfolio", "price", "remaining", "side")

    def __init__(
        self, market: int, order_id: int, portfolio: int, side: int, price: int, remaining: int
    ) -> None:
        """Take the order's place and its remaining lots."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.side = side
        self.price = price
        self.remaining = remaining


@final
class OrderRemoved(Event):
    """An order left the book without filling: ``remaining`` lots were taken back."""

    __slots__ = ("market", "order_id", "portfolio", "price", "reason", "remaining", "side")

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        side: int,
        price: int,
        remaining: int,
        reason: int,
    ) -> None:
        """Take the order's place; ``reason`` is one of the ``REMOVED_`` numbers."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.side = side
        self.price = price
        self.remaining = remaining
        self.reason = reason


REMOVED_CANCELLED = 1
REMOVED_MODIFIED = 2
REMOVED_BAND = 3
REMOVED_REDUCE_ONLY = 4
REMOVED_LIQUIDATING = 5
REMOVED_SELF_TRADE = 6
REMOVED_EXPIRED = 7
REMOVED_SWITCH = 8
REMOVED_BRACKET = 9
REMOVED_TRIGGERED = 10
REMOVED_REFUSED = 11
REMOVED_DONE = 12


@final
class OrderAsleep(Event):
    """An order waits for a price: a stop, a take-profit, an exit of a bracket."""

    __slots__ = (
        "flags",
        "market",
        "order_id",
        "portfolio",
        "price",
        "size",
        "trigger",
        "trigger_price",
    )

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        flags: int,
        price: int,
        size: int,
        trigger: int,
        trigger_price: int,
    ) -> None:
        """Take what it will be, and what it waits for."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.flags = flags
        self.price = price
        self.size = size
        self.trigger = trigger
        self.trigger_price = trigger_price


@final
class OrderAwake(Event):
    """A sleeping order left its place: it fired, was cancelled, or its bracket ended.

    ``reason`` is one of the ``REMOVED_`` numbers; ``REMOVED_TRIGGERED`` if it
    fired, with ``code`` what became of it and ``filled`` lots traded at once.
    """

    __slots__ = ("code", "filled", "market", "order_id", "portfolio", "reason")

    def __init__(
        self, market: int, order_id: int, portfolio: int, reason: int, code: int, filled: int
    ) -> None:
        """Take which order it was, and what became of it."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.reason = reason
        self.code = code
        self.filled = filled


@final
class TwapChanged(Event):
    """A TWAP started, traded a slice, or ended (``slices`` 0, or a ``reason``)."""

    __slots__ = ("filled", "market", "order_id", "portfolio", "reason", "remaining", "slices")

    def __init__(
        self,
        market: int,
        order_id: int,
        portfolio: int,
        filled: int,
        remaining: int,
        slices: int,
        reason: int,
    ) -> None:
        """Take lots filled now, lots left, and slices left."""
        self.market = market
        self.order_id = order_id
        self.portfolio = portfolio
        self.filled = filled
        self.remaining = remaining
        self.slices = slices
        self.reason = reason


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


@final
class Deleveraged(Event):
    """A position was cut, through no fault of its owner's, to close a bankrupt one.

    ``size`` lots were sold (negative: bought back) at ``price`` micros per lot,
    with ``bankrupt`` on the other side, while the mark was at ``mark``.
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
class AgentChanged(Event):
    """A session key was approved (``role`` 1) or revoked (``role`` 2)."""

    __slots__ = ("account", "agent", "role")

    def __init__(self, account: int, agent: bytes, role: int) -> None:
        """Take the account and the key's address."""
        self.account = account
        self.agent = agent
        self.role = role
