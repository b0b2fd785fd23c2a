"""What the client answers: typed, immutable, decimal.

Prices are USDC per unit of the base asset, sizes are units of the base
asset (positive: long), money is USDC: all exact ``Decimal``.  Times are
integer milliseconds of the chain.  A price that is not known is ``None``.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sextant.client.assets import Holding
from sextant.client.market import Market


class Side(StrEnum):
    """Which way a trade goes."""

    BUY = "buy"
    SELL = "sell"


class Stage(StrEnum):
    """How far a transaction has come; each stage includes the ones before it."""

    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SEQUENCED = "sequenced"
    POSTED = "posted"
    FINAL = "final"
    REFUSED = "refused"

    def includes(self, other: "Stage") -> bool:
        """Whether what has come this far has come as far as ``other``."""
        way = [Stage.ACCEPTED, Stage.SEQUENCED, Stage.POSTED, Stage.FINAL]
        return self in way and other in way and way.index(self) >= way.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A height with the chain time of its block, and its state root when known."""

    height: int
    time_ms: int
    log_index: int | None
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Solvency:
    """What stands behind withdrawals; ``payable`` is the part of one that is paid now."""

    insurance: Decimal
    deficits: Decimal
    uncovered: Decimal
    settled: Decimal
    payable: Decimal
    withdrawal_capacity: Decimal
    withdrawal_capacity_max: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A market's backstop vault, and what the one who asked has in it.

    ``assets`` is what it took over and offers.
    ``value_low`` and ``value_high`` are its equity at mark and at index:
    exits get the lower, deposits pay the higher.
    """

    market: Market
    shares: int
    balance: Decimal
    value_low: Decimal
    value_high: Decimal
    initial_margin: Decimal
    size: Decimal
    unwinding: bool
    liquidating: bool
    notice_ms: int
    deposit_min: Decimal
    insured_today: Decimal
    insured_max: Decimal
    held: int
    on_notice: int
    assets: tuple[Holding, ...] = ()

    def value_of(self, shares: int) -> Decimal:
        """Return what ``shares`` would be paid now."""
        return self.value_low * shares / self.shares if self.shares else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The lending pool, and what the one who asked has in it.

    ``utilisation`` is lent of supplied; rates are fractions a year: ``loan_rate``
    what loans cost, ``supply_rate`` what suppliers earn now.
    """

    shares: int
    value: Decimal
    lent: Decimal
    free: Decimal
    utilisation: Decimal
    loan_rate: Decimal
    supply_rate: Decimal
    supply_min: Decimal
    loan_initial: Decimal
    loan_maintenance: Decimal
    held: int
    worth: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """What a node says about itself."""

    role: str
    version: str
    commit: str
    chain_id: int
    rollup: bytes
    rules_hash: bytes
    genesis_root: bytes
    sequencer: bytes
    time_ms: int
    unsafe: Head
    safe: Head
    final: Head
    roots: Head
    l1_latest: int
    l1_final: int
    l1_time_ms: int
    l1_is_stub: bool
    ready: bool
    not_ready_because: str
    queue: int
    transactions: int
    trades: int
    uptime_ms: int
    inbox_index: int
    solvency: Solvency


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherPrice:
    """What one publisher said last, and when; no price if it was never heard."""

    price: Decimal | None
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """A market's figures now; funding in parts of the notional per 8 hours.

    ``grace_until_ms``: after an outage or a halt liquidations wait until then,
    and for ``grace_updates`` of the index; takers pay ``taker_fee_now_ppm`` at
    the base rate, more than usual until ``fee_ramp_end_ms``.
    """

    market: Market
    mark: Decimal | None
    index: Decimal | None
    last: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    funding_rate: Decimal
    funding_next: Decimal
    funding_time_ms: int
    open_interest: Decimal
    deficit: Decimal
    index_average: Decimal | None = None
    index_pending: Decimal | None = None
    initial_margin_ppm: int = 0
    margin_ramp: "MarginRamp | None" = None
    index_time_ms: int = 0
    grace_until_ms: int = 0
    grace_updates: int = 0
    taker_fee_now_ppm: int = 0
    fee_ramp_end_ms: int = 0
    publishers: tuple[PublisherPrice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRamp:
    """Where a market's margin rates move, in a straight line from one time to another."""

    initial_margin_ppm: int
    maintenance_margin_ppm: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Level:
    """All that rests at one price."""

    price: Decimal
    size: Decimal
    orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Both sides of a market, best first."""

    market: Market
    height: int
    time_ms: int
    sequence: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid, if both exist."""
        if not self.bids or not self.asks:
            return None
        return self.asks[0].price - self.bids[0].price


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One match, at the maker's price."""

    market: Market
    height: int
    time_ms: int
    sequence: int
    price: Decimal
    size: Decimal
    taker_side: Side
    maker_order_id: int
    taker_order_id: int
    liquidation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A holding in one market."""

    market: Market
    size: Decimal
    entry_price: Decimal | None
    mark: Decimal | None
    unrealised: Decimal
    funding: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    liquidation_price: Decimal | None
    resting_bids: Decimal
    resting_asks: Decimal
    leverage: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order, resting, waiting or gone; ``reason`` says why it went.

    ``state`` ``"asleep"`` waits for ``trigger`` (such as ``"mark falls"``) at
    ``trigger_price``; ``"slicing"`` is a TWAP with ``slices`` to come.
    ``replaced_by`` took its place when it was modified; 0 if none is known.
    A pegged order has an ``offset`` from the index; ``price`` is its hard limit, and
    ``price_now`` where it stands, unless it is past that.
    """

    order_id: int
    client_id: bytes
    market: Market
    side: Side
    price: Decimal
    size: Decimal
    remaining: Decimal
    post_only: bool
    reduce_only: bool
    account: int
    sub: int
    state: str
    reason: str
    height: int
    time_in_force: str = "gtc"
    expires_at_ms: int = 0
    trigger: str = ""
    trigger_price: Decimal | None = None
    slices: int = 0
    interval_ms: int = 0
    bracket: int = 0
    replaced_by: int = 0
    offset: Decimal | None = None
    price_now: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """One sub-account: cross collateral, positions, and open orders if asked for.

    ``equity`` is held against maintenance margin; ``equity_initial``, in which
    ``assets`` beyond USDC count less, against initial margin.
    ``open_orders_max`` is how many may wait, by its balance; ``cancel_at_ms`` when
    the dead-man's switch cancels them, 0 if it is not set.  A ``loan`` is a balance
    below zero, ``loan_interest`` what it owes and has not paid yet, and
    ``loan_margined`` what counts for margin: the loan, were all losses realised.
    """

    account: int
    sub: int
    balance: Decimal
    equity: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    available: Decimal
    withdrawable: Decimal
    liquidating: bool
    positions: tuple[Position, ...]
    orders: tuple[Order, ...]
    open_orders: int
    open_orders_max: int
    cancel_at_ms: int
    loan: Decimal = Decimal(0)
    loan_interest: Decimal = Decimal(0)
    loan_margined: Decimal = Decimal(0)
    equity_initial: Decimal = Decimal(0)
    assets: tuple[Holding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An owner with the sub-accounts that exist."""

    height: int
    time_ms: int
    account: int
    owner: bytes
    payable: Decimal
    portfolios: tuple[Portfolio, ...]

    def portfolio(self, sub: int = 0) -> Portfolio | None:
        """Return one sub-account, if it exists."""
        return next((p for p in self.portfolios if p.sub == sub), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Money on its way to L1, of USDC or another ``asset``; ``key`` is its leaf in the state."""

    index: int
    owner: bytes
    amount: Decimal
    height: int
    stage: Stage
    key: bytes
    asset: str = "USDC"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerInfo:
    """Who an address signs for."""

    address: bytes
    account: int
    is_agent: bool
    revoked: bool
    expires_at_ms: int
    actions: int
    markets: int
    notional_per_day: Decimal
    loss_per_day: Decimal
    notional_today: Decimal
