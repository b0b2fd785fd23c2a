"""The state as a block sees it: decoded records over a store, and a journal.

Each record is decoded once, changed in place and noted as dirty; ``flush``
encodes what changed, once per segment.  Nothing is written back to the store
here: the caller commits the writes.
"""

from bisect import bisect_left
from typing import Final, final

from statemachine import keys
from statemachine.assets import AssetRules
from statemachine.backing import Backing
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import StorageCorrupt, invariant
from statemachine.events import Event
from statemachine.journal import Range
from statemachine.records import (
    MARKETS_PER_PORTFOLIO_MAX,
    PUBLISHERS_MAX,
    VERSION_BYTE,
    Group,
    Market,
    Nonces,
    Oracle,
    Order,
    Portfolio,
    Position,
    Signer,
    Sleeper,
    TwapPlan,
    decode_group,
    decode_market,
    decode_nonces,
    decode_oracle,
    decode_order,
    decode_portfolio,
    decode_position,
    decode_signer,
    decode_sleeper,
    decode_twap,
    encode_due,
)
from statemachine.risk.ranks import NO_RANK, is_clearing, rank_of
from statemachine.risk.tiers import is_graded
from statemachine.rules import MarketRules, Rules
from statemachine.storage import Store
from statemachine.working_set import WorkingSet

ZEROS: Final = [0] * PUBLISHERS_MAX


@final
class State(Backing):
    """Every record that a block touched, by kind, over a read-only store."""

    __slots__ = (
        "asset_rules",
        "books",
        "cursor",
        "events",
        "groups",
        "market_rules",
        "markets",
        "nonces",
        "oracles",
        "orders",
        "portfolios",
        "positions",
        "signers",
        "sleepers",
        "twaps",
        "unranked",
    )

    def __init__(self, store: Store, rules: Rules, known: WorkingSet | None = None) -> None:
        """Read the cursor; everything else is read when asked for, unless it is ``known``."""
        records = WorkingSet() if known is None else known
        super().__init__(store, rules, records)
        self.market_rules: dict[int, MarketRules] = {m.market: m for m in rules.markets}
        self.asset_rules: dict[int, AssetRules] = {a.asset: a for a in rules.assets}
        self.events: list[Event] = []
        self.books: dict[int, Range] = {}
        self.markets = records.markets
        self.oracles = records.oracles
        self.portfolios = records.portfolios
        self.positions = records.positions
        self.orders = records.orders
        self.sleepers = records.sleepers
        self.groups = records.groups
        self.twaps = records.twaps
        self.unranked: list[Position] = []
        self.signers = records.signers
        self.nonces = records.nonces
        data = store.get(keys.CURSOR_KEY)
        if data is None:
            raise StorageCorrupt("no cursor: the state is not a genesis or its descendant")
        self.cursor: Cursor = decode_cursor(data)

    # Journal

    def flush(self) -> dict[bytes, bytes | None]:
        """Return what changed since the last flush, encoded; ``None`` deletes."""
        if self.unranked:
            self.rank_positions()
        return self.take_changes()

    # Single records

    def market(self, market: int) -> Market:
        """Return a market that the rules know."""
        record = self.markets.get(market)
        if record is None:
            key = keys.market_key(market)
            data = self.store.get(key)
            if data is None:
                raise StorageCorrupt(f"market {market}: the rules have it, the state does not")
            record = decode_market(key, data)
            record.graded = is_graded(self.market_rules[market])
            self.markets[market] = record
        return record

    def oracle(self, market: int) -> Oracle:
        """Return a market's latest message of each publisher."""
        record = self.oracles.get(market)
        if record is None:
            key = keys.oracle_key(market)
            data = self.store.get(key)
            if data is None:
                record = Oracle(key, False, list(ZEROS), list(ZEROS))
            else:
                record = decode_oracle(key, data)
            self.oracles[market] = record
        return record

    def signer(self, address: bytes) -> Signer | None:
        """Return what an address may sign for, if anything."""
        if address in self.signers:
            return self.signers[address]
        key = keys.signer_key(address)
        data = self.store.get(key)
        record = None if data is None else decode_signer(key, data)
        self.signers[address] = record
        return record

    def add_signer(self, address: bytes, record: Signer) -> None:
        """Add an address, or replace what it may sign for."""
        self.signers[address] = record
        self.touch(record)

    def nonce_bucket(self, signer: Signer, bucket: int) -> Nonces:
        """Return one bucket of a signer's window."""
        record = signer.buckets.get(bucket)
        if record is None:
            key = keys.nonces_key(signer.key[1:], bucket)
            record = self.nonces.get(key)
            if record is None:
                data = self.store.get(key)
                record = Nonces(key, False, 0, b"") if data is None else decode_nonces(key, data)
                self.nonces[key] = record
            signer.buckets[bucket] = record
        return record

    # Ranks

    def rank_positions(self) -> None:
        """Bring the ranks of positions that traded up to date."""
        least = self.rules.rank_notional_min
        for position in self.unranked:
            position.unranked = False
            rank = rank_of(position.size, position.cost, least)
            if rank == position.rank:
                continue
            number = int.from_bytes(position.key[1:6], "big")
            if is_clearing(number):
                continue
            if position.rank != NO_RANK:
                key = keys.rank_key(position.market, position.rank, number)
                self.remove_blob(key)
                self.range(key[:4]).remove(key)
            if rank != NO_RANK:
                key = keys.rank_key(position.market, rank, number)
                self.add_blob(key, VERSION_BYTE)
                self.range(key[:4]).insert(key)
            position.rank = rank
            self.touch(position)
        self.unranked = []

    # Portfolios and positions

    def portfolio(self, portfolio: int) -> Portfolio | None:
        """Return a portfolio, or ``None``; its positions are read when asked for."""
        record = self.portfolios.get(portfolio)
        if record is not None or portfolio in self.portfolios:
            return record
        key = keys.portfolio_key(portfolio)
        data = self.store.get(key)
        if data is not None:
            record = decode_portfolio(key, data)
        self.portfolios[portfolio] = record
        return record

    def open_portfolio(self, portfolio: int) -> Portfolio:
        """Return a portfolio, made empty if there is none."""
        record = self.portfolio(portfolio)
        if record is None:
            record = Portfolio(keys.portfolio_key(portfolio), False, portfolio)
            self.portfolios[portfolio] = record
            self.touch(record)
        return record

    def position(self, portfolio: int, market: int) -> Position:
        """Return a position that the portfolio's list of markets names."""
        number = portfolio << 16 | market
        record = self.positions.get(number)
        if record is None:
            key = keys.position_key(portfolio, market)
            data = self.store.get(key)
            if data is None:
                raise StorageCorrupt(f"portfolio {portfolio}: no position in market {market}")
            record = decode_position(key, data)
            self.positions[number] = record
        return record

    def find_position(self, portfolio: Portfolio, market: int) -> Position | None:
        """Return the portfolio's position in ``market``, if it is in that market."""
        if market in portfolio.markets:
            return self.position(portfolio.portfolio, market)
        return None

    def all_positions(self, portfolio: Portfolio) -> list[Position]:
        """Return the portfolio's positions, in the order of its markets."""
        if not portfolio.complete:
            number = portfolio.portfolio
            portfolio.positions = [self.position(number, m) for m in portfolio.markets]
            portfolio.complete = True
        return portfolio.positions

    def open_position(self, portfolio: Portfolio, market: int) -> Position:
        """Return the position in ``market``, made flat if there is none."""
        number = portfolio.portfolio << 16 | market
        if market in portfolio.markets:
            return self.position(portfolio.portfolio, market)
        invariant(
            len(portfolio.markets) < MARKETS_PER_PORTFOLIO_MAX, "a full portfolio opens no market"
        )
        funding_index = self.market(market).funding_index
        record = self.positions.get(number)
        if record is None:
            key = keys.position_key(portfolio.portfolio, market)
            record = Position(key, False, market, funding_index)
            self.positions[number] = record
        else:
            record.live = True
            record.funding_index = funding_index
        place = bisect_left(portfolio.markets, market)
        portfolio.markets.insert(place, market)
        if portfolio.complete:
            portfolio.positions.insert(place, record)
        self.touch(portfolio)
        self.touch(record)
        return record

    def drop_position(self, portfolio: Portfolio, position: Position) -> None:
        """Forget a position that is flat, without orders or leverage; otherwise keep it."""
        if position.size or position.orders or position.leverage or not position.live:
            return
        invariant(position.cost == 0, "a flat position has no cost")
        place = portfolio.markets.index(position.market)
        del portfolio.markets[place]
        if portfolio.complete:
            del portfolio.positions[place]
        position.live = False
        self.touch(portfolio)
        self.touch(position)

    # Ranges

    def book(self, market: int, side: int) -> Range:
        """Return the range of one side's orders that have a price of their own."""
        number = market << 1 | side
        found = self.books.get(number)
        if found is None:
            found = self.range(keys.order_range(market, side))
            self.books[number] = found
        return found

    def order(self, key: bytes) -> Order | None:
        """Return a resting order by its key, if there is one."""
        record = self.orders.get(key)
        if record is None:
            data = self.store.get(key)
            if data is None:
                return None
            record = decode_order(key, data)
            self.orders[key] = record
        return record if record.live else None

    def sleeper(self, key: bytes) -> Sleeper | None:
        """Return a sleeping order by its key, if there is one."""
        record = self.sleepers.get(key)
        if record is None:
            data = self.store.get(key)
            if data is None:
                return None
            record = decode_sleeper(key, data)
            self.sleepers[key] = record
        return record if record.live else None

    def group(self, number: int) -> Group | None:
        """Return a bracket by its number, if it still stands."""
        key = keys.group_key(number)
        record = self.groups.get(key)
        if record is None:
            data = self.store.get(key)
            if data is None:
                return None
            record = decode_group(key, data)
            self.groups[key] = record
        return record if record.live else None

    def twap(self, number: int) -> TwapPlan | None:
        """Return a TWAP by its order id, if it still runs."""
        key = keys.twap_key(number)
        record = self.twaps.get(key)
        if record is None:
            data = self.store.get(key)
            if data is None:
                return None
            record = decode_twap(key, data)
            self.twaps[key] = record
        return record if record.live else None

    def add_due(
        self, lane: int, time: int, kind: int, market: int, portfolio: int, reference: int = 0
    ) -> bytes:
        """Add an item of due work and return its key."""
        ledger = self.ledger()
        key = keys.due_key(lane, time, ledger.next_due)
        ledger.next_due += 1
        self.touch(ledger)
        self.add_blob(key, encode_due(kind, market, portfolio, reference))
        self.range(keys.due_range(lane)).insert(key)
        return key

    def remove_due(self, lane: int, key: bytes) -> None:
        """Delete an item of due work."""
        self.remove_blob(key)
        self.range(keys.due_range(lane)).remove(key)
