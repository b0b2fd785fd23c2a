"""The ``Stream`` service: blocks, books, trades and one account's events, live.

Each subscription starts from something whole (a snapshot, a height, "from now
on") and then has no holes: a reader that is too slow is closed.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any, Final, final

from node.ledger import feed
from node.service.books import BookView
from node.service.errors import Refused, few
from node.service.feeds import ALL, Hub
from node.service.queries import MARKETS_MAX
from node.service.views import Views
from proto.sextant.v1 import query_pb2, stream_pb2, stream_pb2_grpc

LEVELS_MAX: Final = 10_000
"""Levels a side in the snapshot that begins a feed."""

Context = Any  # grpc.aio.ServicerContext of any request and answer


@final
class StreamService(stream_pb2_grpc.StreamServicer):
    """Live feeds of one node."""

    def __init__(self, hub: Hub, views: Views) -> None:
        self.hub = hub
        self.views = views
        self.reading = asyncio.Lock()
        """Old blocks come from disk: all streams take turns, and everybody else between them."""

    async def Blocks(  # noqa: N802 - the name of the RPC
        self, request: stream_pb2.BlocksRequest, _context: Context
    ) -> AsyncIterator[stream_pb2.BlockUpdate]:
        """Yield blocks from a height on, and their roots as they become known."""
        if not request.with_roots:
            async for block in self.follow(request.from_height):
                yield stream_pb2.BlockUpdate(block=self.block_of(block, request))
            return
        found: asyncio.Queue[stream_pb2.BlockUpdate | Exception] = asyncio.Queue(1)
        tasks = [
            asyncio.create_task(pass_on(self.block_updates(request), found)),
            asyncio.create_task(pass_on(self.root_updates(request), found)),
        ]
        try:
            while True:
                update = await found.get()
                if isinstance(update, Exception):
                    raise update
                yield update
        finally:
            for task in tasks:
                task.cancel()

    async def follow(self, from_height: int) -> AsyncIterator[feed.SealedBlock]:
        """Yield blocks from ``from_height`` (0: the next), first kept ones, then live ones."""
        topic = self.hub.block_readers
        subscription = topic.subscribe(ALL)
        try:
            height = from_height or self.durable_height() + 1
            while height <= self.durable_height():
                async with self.reading:
                    await asyncio.sleep(0)
                    block = self.hub.ledger.block(height)
                if block is None:
                    raise Refused("PRUNED", f"block {height} is not kept here")
                yield block
                height += 1
            async for block in subscription.updates():
                if block.height >= height:
                    yield block
        finally:
            topic.unsubscribe(ALL, subscription)

    def durable_height(self) -> int:
        """Return the height of the last block that is on disk."""
        return self.hub.ledger.status().unsafe.height

    async def block_updates(
        self, request: stream_pb2.BlocksRequest
    ) -> AsyncIterator[stream_pb2.BlockUpdate]:
        """Yield blocks as updates."""
        async for block in self.follow(request.from_height):
            yield stream_pb2.BlockUpdate(block=self.block_of(block, request))

    async def root_updates(
        self, request: stream_pb2.BlocksRequest
    ) -> AsyncIterator[stream_pb2.BlockUpdate]:
        """Yield the roots of blocks, each when they are known."""
        start = request.from_height or self.durable_height() + 1
        async for block in self.hub.ledger.rooted(start):
            roots = stream_pb2.BlockRoots(height=block.height, segment_roots=block.roots)
            yield stream_pb2.BlockUpdate(roots=roots)

    def block_of(
        self, block: feed.SealedBlock, request: stream_pb2.BlocksRequest
    ) -> query_pb2.Block:
        """Return a block as the request wants it."""
        return self.views.block_of(
            block, with_frame=request.with_frames, with_receipts=request.with_receipts
        )

    async def Book(  # noqa: N802 - the name of the RPC
        self, request: stream_pb2.BookRequest, _context: Context
    ) -> AsyncIterator[stream_pb2.BookUpdate]:
        """Yield a snapshot, then one delta per block that changed the book."""
        book = self.need_book(request.market)
        topic = self.hub.book_readers
        subscription = topic.subscribe(book.market)
        try:
            snapshot = book.snapshot(min(request.levels_max or LEVELS_MAX, LEVELS_MAX))
            yield stream_pb2.BookUpdate(snapshot=snapshot)
            async for delta in subscription.updates():
                if delta.sequence > snapshot.sequence:
                    yield stream_pb2.BookUpdate(delta=delta)
        finally:
            topic.unsubscribe(book.market, subscription)

    def need_book(self, market: int) -> BookView:
        """Return a market's book."""
        book = self.hub.books.get(market)
        if book is None:
            raise Refused("NOT_FOUND", f"there is no market {market}")
        return book

    def need_markets(self, asked: Collection[int]) -> set[int]:
        """Return the markets asked for; refuse too many, and any that is not there."""
        few(asked, MARKETS_MAX, "markets")
        for market in asked:
            self.need_book(market)
        return set(asked)

    async def Trades(  # noqa: N802 - the name of the RPC
        self, request: stream_pb2.TradesRequest, _context: Context
    ) -> AsyncIterator[stream_pb2.TradesUpdate]:
        """Yield each block's trades in the markets asked for."""
        markets = self.need_markets(request.markets)
        topic = self.hub.trade_readers
        subscription = topic.subscribe(ALL)
        try:
            async for trades in subscription.updates():
                wanted = [t for t in trades if not markets or t.market in markets]
                if wanted:
                    yield stream_pb2.TradesUpdate(trades=wanted)
        finally:
            topic.unsubscribe(ALL, subscription)

    async def AccountEvents(  # noqa: N802 - the name of the RPC
        self, request: stream_pb2.AccountEventsRequest, _context: Context
    ) -> AsyncIterator[stream_pb2.AccountUpdate]:
        """Yield what each block does to an account, after an empty update that says from where."""
        account = self.views.need_account(request)
        topic = self.hub.account_readers
        subscription = topic.subscribe(account)
        try:
            book_time = max(book.time for book in self.hub.books.values())
            yield stream_pb2.AccountUpdate(height=self.hub.height, time_ms=book_time)
            sequence = 0
            async for update in subscription.updates():
                sequence += 1
                own = stream_pb2.AccountUpdate(sequence=sequence)
                own.MergeFrom(update)
                yield own
        finally:
            topic.unsubscribe(account, subscription)

    async def Markets(  # noqa: N802 - the name of the RPC
        self, request: stream_pb2.MarketEventsRequest, _context: Context
    ) -> AsyncIterator[stream_pb2.MarketEventsUpdate]:
        """Yield what the guardian does to markets, after an empty update that says from where."""
        markets = self.need_markets(request.markets)
        topic = self.hub.market_readers
        subscription = topic.subscribe(ALL)
        try:
            book_time = max(book.time for book in self.hub.books.values())
            yield stream_pb2.MarketEventsUpdate(height=self.hub.height, time_ms=book_time)
            async for update in subscription.updates():
                wanted = [e for e in update.events if not markets or e.market in markets]
                if wanted:
                    yield stream_pb2.MarketEventsUpdate(
                        height=update.height, time_ms=update.time_ms, events=wanted
                    )
        finally:
            topic.unsubscribe(ALL, subscription)


async def pass_on(
    source: AsyncIterator[stream_pb2.BlockUpdate],
    target: "asyncio.Queue[stream_pb2.BlockUpdate | Exception]",
) -> None:
    """Move updates from one of several sources to the queue that they share."""
    try:
        async for update in source:
            await target.put(update)
    except Exception as error:  # noqa: BLE001 - raised again by the reader of the queue
        await target.put(error)
