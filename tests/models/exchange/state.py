"""Everything there is, in plain values."""

from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from statemachine.errors import Code
from statemachine.rules import MarketRules, Rules

BUY = 0
SELL = 1
MILLION = 1_000_000
YEAR_MS = 365 * 86_400_000
INTEREST_PARTS = 2**64
SAMPLE, PREMIUM, FUNDING, SLICE, UNWIND, SETTLE, RAMP = 1, 2, 3, 4, 5, 6, 7
GROUP, TWAP, SWITCH, EXIT, FUND_EXIT = 16, 17, 18, 19, 20
"""Kinds of due work; from 16 on they are the users'."""
INITIALIZING, ACTIVE, POST_ONLY, CANCEL_ONLY, PAUSED, SETTLED = range(6)
"""States of a market."""


class Refused(Exception):
    """A request that has no effect; a code and its arguments."""

    def __init__(self, code: Code, *args: int) -> None:
        super().__init__(code, *args)
        self.code = code
        # A receipt's arguments are integers of 64 bits.
        self.figures = tuple(max(-(2**63), min(2**64 - 1, arg)) for arg in args)


@dataclass
class Outcome:
    """What became of a transaction, a leg or an inbox item."""

    code: Code = Code.OK
    args: tuple[int, ...] = ()
    order_id: int = 0
    filled: int = 0
    notional: int = 0
    fee: int = 0
    index: int = 0
    leg: int = 0


@dataclass
class Order:
    """A resting order; one with an offset follows the index, and ``price`` is its limit."""

    number: int
    portfolio: int
    market: int
    side: int
    price: int
    size: int
    remaining: int
    flags: int
    reduce_only: bool
    time: int
    client_id: bytes
    expires_at: int = 0
    group: int = 0
    offset: int | None = None


@dataclass
class Sleeper:
    """An order that waits for a price."""

    number: int
    portfolio: int
    market: int
    flags: int
    price: int
    size: int
    trigger: int
    trigger_price: int
    time: int
    client_id: bytes = b""
    expires_at: int = 0
    group: int = 0
    self_trade: int = 0
    max_fee_ppm: int = MILLION
    builder: int = 0
    builder_ppm: int = 0


@dataclass
class Plan:
    """A TWAP under way."""

    number: int
    portfolio: int
    market: int
    flags: int
    price: int
    size: int
    remaining: int
    slice_size: int
    slices: int
    interval: int
    client_id: bytes = b""


@dataclass
class Exit:
    """One exit of a bracket; its number is 0 until it waits for its price."""

    flags: int
    price: int
    size: int
    trigger: int
    trigger_price: int
    number: int = 0


@dataclass
class Group:
    """A bracket."""

    portfolio: int
    market: int
    exits: list[Exit]
    armed: bool = False
    filled: int = 0
    asked: bool = False


@dataclass
class Vault:
    """A market's backstop, and what insurance paid for the market on a day."""

    shares: int = 0
    epoch: int = 0
    unwinding: bool = False
    insured_day: int = 0
    insured: int = 0


@dataclass
class Share:
    """What an account has in a vault."""

    epoch: int
    held: int = 0
    notice: int = 0


@dataclass
class Leaving:
    """Shares of a fund that wait to be paid."""

    shares: int
    sub: int
    asked_at: int
    retry_at: int = 0
    overdue: bool = False


@dataclass
class Stake:
    """What an account has in a fund, and what it paid for it."""

    shares: int
    basis: int
    locked_until: int
    leaving: Leaving | None = None

    @property
    def leaving_shares(self) -> int:
        """Return the shares that wait to be paid."""
        return self.leaving.shares if self.leaving else 0

    @property
    def kept(self) -> int:
        """Return the shares that do not."""
        return self.shares - self.leaving_shares


@dataclass
class Fund:
    """A fund; its money is its portfolio's, and its shares are its stakes'."""

    profit: Fraction
    lock_ms: int
    stakes: dict[int, Stake] = field(default_factory=dict)
    epoch: int = 0
    sold_at: int = 0

    @property
    def shares(self) -> int:
        """Return all shares."""
        return sum(stake.shares for stake in self.stakes.values())

    @property
    def leaving(self) -> int:
        """Return the shares that wait to be paid."""
        return sum(stake.leaving_shares for stake in self.stakes.values())

    @property
    def overdue(self) -> int:
        """Return how many exits have waited for too long."""
        return sum(bool(s.leaving and s.leaving.overdue) for s in self.stakes.values())

    @property
    def exiting(self) -> bool:
        """Return whether the leader may only reduce."""
        return self.overdue > 0


@dataclass
class Pool:
    """What suppliers gave, and how interest has grown; ``index`` is per micro that is lent."""

    shares: int = 0
    epoch: int = 0
    supplied: int = 0
    index: Fraction = Fraction(0)
    time: int = 0
    unowned: Fraction = Fraction(0)


@dataclass
class Position:
    """What a portfolio holds in a market; never flat."""

    size: int
    cost: int
    settled_at: Fraction


@dataclass
class Market:
    """A market's prices and funding; amounts in micros, per lot where they are prices."""

    rules: MarketRules
    state: int = INITIALIZING
    index: int = 0
    index_time: int = 0
    mark: int = 0
    last: int = 0
    basis: Fraction = Fraction(0)
    sample_time: int = 0
    premiums: int = 0
    premium_count: int = 0
    funding_rate: int = 0
    funding_index: Fraction = Fraction(0)
    funding_time: int = 0
    funding_dust: Fraction = Fraction(0)
    deficit: int = 0
    resumed_at: int = 0
    updates: int = 0
    jumped_at: int = 0
    average: Fraction = Fraction(0)
    average_time: int = 0
    pending: int = 0
    pending_time: int = 0
    initial_ppm: int = 0
    maintenance_ppm: int = 0
    ramp: "Ramp | None" = None

    def __post_init__(self) -> None:
        """Start with the rules' margin rates."""
        self.initial_ppm = self.rules.initial_ppm
        self.maintenance_ppm = self.rules.maintenance_ppm


@dataclass
class Ramp:
    """Margin rates on their way: (initial, maintenance), and the two times."""

    source: tuple[int, int]
    target: tuple[int, int]
    start: int
    end: int


@dataclass
class Signer:
    """What an address may sign for."""

    account: int
    role: str
    expires_at: int = 0
    kinds: int = 0
    markets: int = 0
    notional_max: int = 0
    loss_max: int = 0
    day: int = 0
    sub: int = 0
    notional: int = 0
    start: int = 0


@dataclass
class Due:
    """An item of due work."""

    time: int
    number: int
    kind: int
    market: int | None
    portfolio: int
    reference: int = 0

    @property
    def lane(self) -> int:
        """Return 0 for the exchange's own work, 1 for the users'."""
        return int(self.kind >= GROUP)


@dataclass
class Exchange:
    """The whole state; a portfolio is named ``account << 8 | sub``."""

    rules: Rules
    now: int
    height: int = 0
    inbox_index: int = 0
    spent: int = 0
    """How long items of the inbox were made to wait, less what was given back."""
    counted_inbox: int = 0
    queued_at: int | None = None
    """While an inbox item runs: when L1 queued it."""
    framed_at: int = 0
    """When the last block with a frame was made."""
    markets: dict[int, Market] = field(default_factory=dict)
    heard: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    signers: dict[bytes, Signer] = field(default_factory=dict)
    owners: dict[int, bytes] = field(default_factory=dict)
    burnt: dict[bytes, set[int]] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    flagged: dict[int, int] = field(default_factory=dict)
    positions: dict[tuple[int, int], Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    sleepers: dict[int, Sleeper] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    leverage: dict[tuple[int, int], int] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    switches: dict[int, int] = field(default_factory=dict)
    vaults: dict[int, Vault] = field(default_factory=dict)
    shares: dict[tuple[int, int], Share] = field(default_factory=dict)
    funds: dict[int, Fund] = field(default_factory=dict)
    pool: Pool = field(default_factory=Pool)
    supplies: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By account: the epoch and how many shares."""
    loans: dict[int, Fraction] = field(default_factory=dict)
    """By portfolio whose balance is below zero: the index when its interest was settled."""
    borrowed: dict[int, int] = field(default_factory=dict)
    active: dict[int, int] = field(default_factory=dict)
    """Portfolio -> the last day on which it ordered or traded."""
    traded: dict[tuple[int, int], int] = field(default_factory=dict)
    """Portfolio and day -> micros traded."""
    volumes: dict[tuple[int, int], int] = field(default_factory=dict)
    """Account and day -> micros that its portfolios have reported."""
    noted: dict[int, int] = field(default_factory=dict)
    """Account -> the last day on which volume was reported."""
    tiers: dict[int, int] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    """Portfolio -> the referrer it knows of."""
    referrers: dict[int, int] = field(default_factory=dict)
    builders: dict[tuple[int, int], int] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)
    paid_out: list[tuple[bytes, int, int, int]] = field(default_factory=list)
    holdings: dict[tuple[int, int], int] = field(default_factory=dict)
    counted: dict[int, set[int]] = field(default_factory=dict)
    asset_deposits: dict[int, int] = field(default_factory=dict)
    insurance: int = 0
    capacity: int = 0
    capacity_time: int = 0
    fees: int = 0
    deposits: int = 0
    orders_numbered: int = 0
    due_numbered: int = 0
    backlog: bool = False
    """System work waits beyond this block."""
    visits_left: int | None = None
    """Within an atomic bulk: the visits that its legs share."""

    def __post_init__(self) -> None:
        """Start at genesis: markets without prices, and their clocks armed."""
        self.framed_at = self.counted_inbox = self.now
        for rules in self.rules.markets:
            market = Market(rules, sample_time=self.now, funding_time=self.now)
            self.markets[rules.market] = market
            for kind in (SAMPLE, PREMIUM, FUNDING):
                self.arm(self.next_multiple(kind), kind, rules.market, 0)

    def interval_of(self, kind: int) -> int:
        """Return how often a periodic item comes back."""
        return {
            SAMPLE: self.rules.sample_interval_ms,
            PREMIUM: self.rules.premium_interval_ms,
            FUNDING: self.rules.funding_interval_ms,
        }[kind]

    def next_multiple(self, kind: int) -> int:
        """Return the first multiple of a periodic item's interval after now."""
        interval = self.interval_of(kind)
        return (self.now // interval + 1) * interval

    def arm(
        self, time: int, kind: int, market: int | None, portfolio: int, reference: int = 0
    ) -> None:
        """Put an item into the due queue."""
        self.due_numbered += 1
        self.due.append(Due(time, self.due_numbered, kind, market, portfolio, reference))

    def credit(self, portfolio: int, amount: int) -> None:
        """Move money into a portfolio, or out of it, from beyond its trading."""
        self.pay(portfolio, amount)
        self.moved[portfolio] = self.moved.get(portfolio, 0) + amount

    def home(self, portfolio: int) -> int:
        """Return where money goes that is meant for a portfolio: not into a fund."""
        return portfolio >> 8 << 8 if portfolio in self.funds else portfolio

    def is_closing(self, portfolio: int) -> bool:
        """Return whether a portfolio may only reduce."""
        fund = self.funds.get(portfolio)
        return portfolio in self.flagged or (fund is not None and fund.exiting)

    # Loans

    def lent(self) -> int:
        """Return what all portfolios owe, interest apart."""
        return -sum(min(0, balance) for balance in self.balances.values())

    def loan_rate(self) -> int:
        """Return what a loan costs a year, in ppm."""
        rules, lent = self.rules, self.lent()
        used = MILLION
        if lent < self.pool.supplied:
            used = floor(Fraction(lent * MILLION, self.pool.supplied))
        kink = rules.loan_rate_kink_ppm
        flat = Fraction(min(used, kink), kink)
        steep = Fraction(max(0, used - kink), MILLION - kink)
        slopes = (rules.loan_slope_below_ppm * flat, rules.loan_slope_above_ppm * steep)
        return rules.loan_rate_base_ppm + sum(floor(slope) for slope in slopes)

    def index_now(self) -> Fraction:
        """Return the index of interest by now, floored to 64 bits each time it is written."""
        if self.lent() == 0:
            return self.pool.index
        years = Fraction(max(0, self.now - self.pool.time), YEAR_MS)
        grown = Fraction(self.loan_rate(), MILLION) * years
        return self.pool.index + Fraction(floor(grown * INTEREST_PARTS), INTEREST_PARTS)

    def interest_of(self, portfolio: int) -> int:
        """Return what a loan owes since it was last settled, rounded up."""
        debt = -min(0, self.balances[portfolio])
        since = self.loans.get(portfolio, Fraction(0))
        return ceil(debt * (self.index_now() - since)) if debt else 0

    def interest_due(self) -> Fraction:
        """Return what all loans owe since each was settled, exactly."""
        return self.interest_due_at(self.index_now())

    def interest_due_at(self, index: Fraction) -> Fraction:
        """Return what all loans would owe at an index, exactly."""
        due = (-self.balances[who] * (index - since) for who, since in self.loans.items())
        return sum(due, Fraction(0))

    def unsupplied(self) -> int:
        """Return how much more is lent than suppliers gave."""
        return max(0, self.lent() - self.pool.supplied)

    def accrue(self) -> None:
        """Bring the index up to now."""
        pool, index = self.pool, self.index_now()
        pool.unowned += self.unsupplied() * (index - pool.index)
        pool.index, pool.time = index, max(pool.time, self.now)

    def pay(self, portfolio: int, amount: int) -> None:
        """Add to a balance, or take from it; a loan that it had pays its interest first."""
        before = self.balances.get(portfolio, 0)
        after = before + amount
        if before < 0 or after < 0:
            self.accrue()
        if before < 0:
            after -= self.settle_interest(portfolio)
        self.balances[portfolio] = after
        self.loans.pop(portfolio, None)
        if after < 0:
            self.loans[portfolio] = self.pool.index

    def settle_interest(self, portfolio: int) -> int:
        """Pay interest to insurance, as far as it accrued without suppliers, then to them."""
        pool, debt = self.pool, -self.balances[portfolio]
        exact = debt * (pool.index - self.loans[portfolio])
        owed, first = ceil(exact), min(exact, pool.unowned)
        pool.unowned -= first
        insured = floor(first) if pool.shares else owed
        self.insurance += insured
        pool.supplied += owed - insured
        return owed

    def number_order(self) -> int:
        """Return the next order id."""
        self.orders_numbered += 1
        return self.orders_numbered

    def copy(self) -> "Exchange":
        """Return all of it once more; rules never change, so they are shared."""
        rules = self.rules
        shared = (rules, *rules.markets, *rules.assets)
        return deepcopy(self, {id(one): one for one in shared})

    def disarm(self, kind: int, reference: int) -> None:
        """Take what waits about an order, a bracket or a portfolio out of the due queue."""
        self.due = [
            item
            for item in self.due
            if (item.kind, item.portfolio if kind == SWITCH else item.reference)
            != (kind, reference)
        ]

    # Looking, by brute force

    def orders_of(self, portfolio: int, market: int | None = None) -> list[Order]:
        """Return a portfolio's orders, by market, then by age."""
        found = [
            order
            for order in self.orders.values()
            if order.portfolio == portfolio and market in (None, order.market)
        ]
        return sorted(found, key=lambda order: (order.market, order.number))

    def owned(self, portfolio: int, market: int | None = None) -> list[Order | Sleeper | Plan]:
        """Return all that a portfolio has ordered, wherever it waits, by market, then by age."""
        waiting = (self.orders, self.sleepers, self.plans)
        found = [
            item
            for table in waiting
            for item in table.values()
            if item.portfolio == portfolio and market in (None, item.market)
        ]
        return sorted(found, key=lambda item: (item.market, item.number))

    def held(self, portfolio: int, asset: int) -> int:
        """Return how much of an asset a portfolio holds."""
        return self.holdings.get((portfolio, asset), 0)

    def size_of(self, portfolio: int, market: int) -> int:
        """Return the signed lots that a portfolio holds in a market."""
        position = self.positions.get((portfolio, market))
        return position.size if position else 0

    def markets_of(self, portfolio: int) -> list[int]:
        """Return the markets in which a portfolio has a position or an order."""
        held = {market for owner, market in self.positions if owner == portfolio}
        levered = {market for owner, market in self.leverage if owner == portfolio}
        return sorted(held | levered | {item.market for item in self.owned(portfolio)})

    def open_interest(self, market: int) -> int:
        """Return the sum of all longs of a market."""
        sizes = [p.size for (_, number), p in self.positions.items() if number == market]
        return sum(size for size in sizes if size > 0)

    @property
    def priced_at(self) -> int:
        """By when prices have to be fresh."""
        return self.now if self.queued_at is None else min(self.now, self.queued_at)

    def is_stale(self, market: int) -> bool:
        """Return whether a market's index is older than it may be; a settlement price never is."""
        if self.markets[market].state == SETTLED:
            return False
        return self.priced_at - self.markets[market].index_time > self.rules.oracle_age_ms_max
