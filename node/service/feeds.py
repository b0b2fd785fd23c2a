"""The hub of live feeds: follows the node's blocks once, for all readers.

One task takes each new block, brings the books and the recent history up to
date, and publishes what changed to those who asked.  Nothing here is consensus:
after a gap the hub loads the books from the state again, and tells every reader
to subscribe anew.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from typing import Final, final

import structlog

from node.ledger import feed
from node.process.metrics import Metrics
from node.service.answers import CODE_NAMES
from node.service.assets import name_asset
from node.service.books import BookView, scan
from node.service.errors import Refused
from node.service.events import SIDES, account_events_of
from node.service.markets import market_event_of
from node.service.orders import order_at
from node.service.subscriptions import Topic
from node.settings import FeedSettings
from node.storage.history import History, sample_of
from proto.sextant.v1 import query_pb2, stream_pb2
from statemachine.events import (
    REMOVED_MODIFIED,
    AssetChanged,
    Event,
    Fill,
    Liquidated,
    OrderAsleep,
    OrderAwake,
    OrderPegged,
    OrderRemoved,
    OrderRested,
    PriceChanged,
)
from statemachine.fund_events import (
    FundChanged,
)
from statemachine.keys import sleeper_key, sleeper_place, sleeper_range
from statemachine.state import State

ALL: Final = "all"
"""The key of feeds that have only one."""

RESTART_S: Final = 0.1
"""Pause before the books are read anew."""

log = structlog.get_logger(__name__)


@final
class Removed:
    """What is remembered of an order that is no longer in the book.

    ``size`` is 0 if it is not known, ``replaced_by`` if nothing took its place.
    """

    __slots__ = ("event", "height", "replaced_by", "size")

    def __init__(self, height: int, event: Fill | OrderRemoved, size: int) -> None:
        self.height = height
        self.event = event
        self.size = size
        self.replaced_by = 0


@final
class Hub:
    """Books, recent trades and removed orders, and the readers of feeds.

    Parameters
    ----------
    ledger
        The node to follow.
    history
        Where what a trader asks of the past is kept.
    """

    def __init__(
        self, ledger: feed.Ledger, settings: FeedSettings, metrics: Metrics, history: History
    ) -> None:
        self.ledger = ledger
        self.history = history
        self.settings = settings
        self.metrics = metrics
        numbers = [market.market for market in ledger.rules.markets]
        ticks = {market.market: market.tick for market in ledger.rules.markets}
        kept = settings.trades_kept_max
        self.books = {number: BookView(number, ticks[number]) for number in numbers}
        self.trades: dict[int, deque[query_pb2.Trade]] = {n: deque(maxlen=kept) for n in numbers}
        self.trade_counts = dict.fromkeys(numbers, 0)
        self.transactions = 0
        self.removed: OrderedDict[int, Removed] = OrderedDict()
        # Where each sleeping order stands in the state, by order id.
        self.sleepers: dict[int, bytes] = {}
        self.height = 0
        limit = settings.updates_max
        self.book_readers: Topic[stream_pb2.BookDelta] = Topic(limit)
        self.trade_readers: Topic[list[query_pb2.Trade]] = Topic(limit)
        self.account_readers: Topic[stream_pb2.AccountUpdate] = Topic(limit)
        self.block_readers: Topic[feed.SealedBlock] = Topic(limit)
        self.market_readers: Topic[stream_pb2.MarketEventsUpdate] = Topic(limit)

    def load(self) -> None:
        """Read the books from the state as it is now."""
        cursor = self.ledger.cursor
        self.sleepers = {}
        for book in self.books.values():
            book.load(self.ledger.store, cursor.height, cursor.time)
            for key in scan(self.ledger.store, sleeper_range(book.market)):
                self.sleepers[sleeper_place(key)[3]] = key
        self.height = cursor.height

    async def run(self) -> None:
        """Follow the node until cancelled."""
        while True:
            blocks = self.ledger.subscribe()
            self.load()
            try:
                async for block in blocks:
                    self.absorb(block)
            except feed.Lagging:
                log.warning("feeds fell behind", height=self.height)
            except Exception:  # a bug of ours must not end the feeds while the node goes on
                self.metrics.incidents.inc()
                log.exception("feeds failed", height=self.height)
            self.end_all(Refused("SLOW_CONSUMER", "the feed was interrupted, resubscribe"))
            await asyncio.sleep(RESTART_S)

    def absorb(self, block: feed.SealedBlock) -> None:
        """Take one block; those that a loaded state has already are only passed on."""
        if block.height > self.height:
            trades = self.take_events(block)
            self.publish_books(block)
            self.publish_trades(trades)
            self.publish_markets(block)
            if self.account_readers.readers:
                self.publish_accounts(block)
            self.height = block.height
            self.count(block)
            if self.history.take(block.height, block.time, block.events):
                self.sample(block.time)
        self.block_readers.publish(ALL, block)

    def sample(self, now: int) -> None:
        """Keep a sample of each market."""
        state = State(self.ledger.store, self.ledger.rules)
        rules = self.ledger.rules
        self.history.keep(
            {
                number: sample_of(
                    state.market(number), state.oracle(number), *book.sides, now, rules
                )
                for number, book in self.books.items()
            }
        )

    def count(self, block: feed.SealedBlock) -> None:
        """Count the block's transactions and receipts."""
        self.transactions += len(block.hashes)
        self.metrics.transactions.inc(len(block.hashes))
        for code, count in Counter(receipt.code for receipt in block.receipts).items():
            self.metrics.receipts.labels(CODE_NAMES[code]).inc(count)

    def take_events(self, block: feed.SealedBlock) -> list[query_pb2.Trade]:
        """Bring books and history up to date; returns the block's trades."""
        books = self.books
        trades: list[query_pb2.Trade] = []
        modified: dict[int, Removed] = {}  # the portfolio's next order takes its place
        for event in block.events:
            if isinstance(event, OrderRested | OrderPegged):
                books[event.market].rest(event)
                if modified and event.portfolio in modified:
                    modified.pop(event.portfolio).replaced_by = event.order_id
            elif isinstance(event, OrderRemoved):
                size = books[event.market].remove(event)
                removed = self.remember(event.order_id, Removed(block.height, event, size))
                if event.reason == REMOVED_MODIFIED:
                    modified[event.portfolio] = removed
            elif isinstance(event, Fill):
                size = books[event.market].fill(event)
                trades.append(self.take_trade(block, event))
                if not event.maker_remaining:
                    self.remember(event.maker_order, Removed(block.height, event, size))
                if modified and event.taker in modified:
                    modified.pop(event.taker).replaced_by = event.taker_order
            elif isinstance(event, PriceChanged):
                books[event.market].index = event.index
            elif isinstance(event, OrderAsleep):
                place = (event.market, event.trigger, event.trigger_price, event.order_id)
                self.sleepers[event.order_id] = sleeper_key(*place)
            elif isinstance(event, OrderAwake):
                self.sleepers.pop(event.order_id, None)
            elif isinstance(event, Liquidated):
                self.metrics.liquidations.labels(str(event.market)).inc()
        return trades

    def take_trade(self, block: feed.SealedBlock, fill: Fill) -> query_pb2.Trade:
        """Keep one trade, and return it."""
        market = fill.market
        self.trade_counts[market] += 1
        trade = query_pb2.Trade(
            height=block.height,
            time_ms=block.time,
            market=market,
            sequence=self.trade_counts[market],
            price=fill.price,
            lots=fill.size,
            taker_side=SIDES[fill.side],
            maker_order_id=fill.maker_order,
            taker_order_id=fill.taker_order,
            liquidation=fill.taker_order == 0,
        )
        self.trades[market].append(trade)
        return trade

    def remember(self, order_id: int, removed: Removed) -> Removed:
        """Keep what became of an order, forgetting the oldest."""
        self.removed[order_id] = removed
        if len(self.removed) > self.settings.outcomes_kept_max:
            self.removed.popitem(last=False)
        return removed

    def publish_books(self, block: feed.SealedBlock) -> None:
        """Tell the readers of each book what the block changed."""
        for book in self.books.values():
            wanted = book.market in self.book_readers
            delta = book.close_block(block.height, block.time, wanted=wanted)
            if delta is not None:
                self.book_readers.publish(book.market, delta)

    def publish_trades(self, trades: Sequence[query_pb2.Trade]) -> None:
        """Tell the readers of trades: those of all markets, and of each."""
        if not trades:
            return
        self.metrics.trades.labels(ALL).inc(len(trades))
        if self.trade_readers.readers:
            self.trade_readers.publish(ALL, list(trades))

    def publish_markets(self, block: feed.SealedBlock) -> None:
        """Tell what the guardian did to markets, and count it."""
        found = [message for event in block.events if (message := market_event_of(event))]
        if not found:
            return
        for message in found:
            kind = message.WhichOneof("event")
            self.metrics.market_changes.labels(str(message.market), kind).inc()
        update = stream_pb2.MarketEventsUpdate(
            height=block.height, time_ms=block.time, events=found
        )
        self.market_readers.publish(ALL, update)

    def publish_accounts(self, block: feed.SealedBlock) -> None:
        """Tell each account that reads its own feed what the block did to it."""
        found: dict[int, stream_pb2.AccountUpdate] = {}
        for event in block.events:
            for portfolio, message in self.events_wanted(event):
                account = portfolio >> 8
                if account not in found:
                    found[account] = stream_pb2.AccountUpdate(
                        height=block.height, time_ms=block.time
                    )
                found[account].events.append(message)
        for account, update in found.items():
            self.account_readers.publish(account, update)

    def events_wanted(self, event: Event) -> list[tuple[int, stream_pb2.AccountEvent]]:
        """Return what an event means to accounts that somebody reads."""
        readers = self.account_readers
        if not any(portfolio >> 8 in readers for portfolio in portfolios_of(event)):
            return []
        wanted = [pair for pair in account_events_of(event) if pair[0] >> 8 in readers]
        if isinstance(event, OrderRested | OrderPegged):
            for portfolio, message in wanted:
                self.complete_order(portfolio, message.order.order)
        if isinstance(event, AssetChanged):
            for _, message in wanted:
                named = name_asset(self.ledger.rules, event.asset)
                message.asset.symbol, message.asset.decimals = named
        return wanted

    def complete_order(self, portfolio: int, order: query_pb2.Order) -> None:
        """Add what the state knows of a resting order, if it still rests."""
        state = State(self.ledger.store, self.ledger.rules)
        found = order_at(state, portfolio, order.market, order.order_id)
        if found is not None:
            order.client_id = found.client_id
            order.lots = found.lots
            order.post_only = found.post_only
            order.reduce_only = found.reduce_only
            order.price_now = found.price_now

    def end_all(self, reason: Refused) -> None:
        """Close every subscription."""
        self.book_readers.end_all(reason)
        self.trade_readers.end_all(reason)
        self.account_readers.end_all(reason)
        self.block_readers.end_all(reason)
        self.market_readers.end_all(reason)


def portfolios_of(event: Event) -> tuple[int, ...]:
    """Return the portfolios that an event names."""
    if isinstance(event, Fill):
        return event.maker, event.taker
    if isinstance(event, FundChanged):
        return event.fund, event.holder
    portfolio = getattr(event, "portfolio", None)
    return () if portfolio is None else (portfolio,)
