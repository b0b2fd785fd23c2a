"""Feeds: books, trades, account events and blocks, without holes."""

import zlib
from struct import pack as pack_struct

import grpc
import grpc.aio

from node.settings import FeedSettings
from proto.sextant.v1 import query_pb2, stream_pb2
from statemachine.actions import Cancel
from tests.e2e.serving import code_of, next_of, quick_settings, run, serve
from tests.e2e.trading import BUY, CLIENT_ID, IOC, SECONDS, SELL, limit, submit
from tests.waiting import until


def test_a_book_followed_by_deltas_equals_the_book() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            await submit(served, world.sign(0, limit(BUY, 5_990_000, 10)))
            updates = served.stream.Book(stream_pb2.BookRequest(market=0))
            snapshot = (await next_of(updates)).snapshot
            copy = {
                side: dict(zip(levels.prices, levels.lots, strict=True))
                for side, levels in ((BUY, snapshot.bids), (SELL, snapshot.asks))
            }
            sequence = snapshot.sequence
            resting = await submit(served, world.sign(0, limit(SELL, 6_010_000, 7)))
            await submit(served, world.sign(0, limit(SELL, 6_020_000, 5)))
            await submit(served, world.sign(1, limit(BUY | IOC, 6_010_000, 3)))
            order_id = resting.sequenced.receipts[0].order_id
            await submit(served, world.sign(0, Cancel(0, 0, order_id)))
            checksums = []
            for _ in range(4):
                delta = (await next_of(updates)).delta
                assert delta.sequence == sequence + 1
                sequence = delta.sequence
                for side, levels in ((BUY, delta.bids), (SELL, delta.asks)):
                    for price, lots in zip(levels.prices, levels.lots, strict=True):
                        if lots:
                            copy[side][price] = lots
                        else:
                            del copy[side][price]
                checksums.append(delta.checksum)
            updates.cancel()
            assert copy == {BUY: {5_990_000: 10}, SELL: {6_020_000: 5}}
            data = pack_struct(">QQ", 5_990_000, 10) + pack_struct(">QQ", 6_020_000, 5)
            assert checksums[-1] == zlib.crc32(data)
            request = query_pb2.GetBookRequest(market=0)
            book = await served.query.GetBook(request, timeout=SECONDS)
            assert list(book.asks.prices) == [6_020_000]
            assert (book.checksum, book.sequence) == (checksums[-1], sequence)

    run(story)


def test_what_a_trade_does_is_told_to_everyone_concerned() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            trades = served.stream.Trades(stream_pb2.TradesRequest(markets=[0]))
            maker = world.account(0)
            events = served.stream.AccountEvents(stream_pb2.AccountEventsRequest(account=maker))
            start = await next_of(events)
            assert start.height == served.exchange.cursor.height
            hub = served.server.hub
            await until(lambda: "all" in hub.trade_readers)
            placed = await submit(served, world.sign(0, limit(SELL, 6_000_000, 7, CLIENT_ID)))
            order_id = placed.sequenced.receipts[0].order_id
            [resting] = (await next_of(events)).events
            assert resting.order.order.order_id == order_id
            assert (resting.order.order.lots, resting.order.order.client_id) == (7, CLIENT_ID)
            await submit(served, world.sign(1, limit(BUY | IOC, 6_000_000, 7)))
            [fill] = (await next_of(events)).events
            assert (fill.fill.maker, fill.fill.lots, fill.fill.remaining_lots) == (True, 7, 0)
            [trade] = (await next_of(trades)).trades
            assert (trade.price, trade.lots, trade.taker_side) == (6_000_000, 7, 1)
            request = query_pb2.GetOrderRequest(order_id=order_id)
            order = await served.query.GetOrder(request, timeout=SECONDS)
            assert order.state == query_pb2.ORDER_STATE_FILLED
            recent = await served.query.GetTrades(query_pb2.GetTradesRequest(), timeout=SECONDS)
            assert list(recent.trades) == [trade]
            account = await served.query.GetAccount(
                query_pb2.GetAccountRequest(account=maker), timeout=SECONDS
            )
            [position] = account.portfolios[0].positions
            assert (position.size_lots, position.entry_price) == (-7, 6_000_000)
            assert position.liquidation_price > 6_000_000
            trades.cancel()
            events.cancel()

    run(story)


def test_a_slow_reader_is_closed_and_told_to_subscribe_again() -> None:
    settings = quick_settings(feed=FeedSettings(updates_max=1))

    async def story() -> None:
        async with serve(settings) as served:
            updates = served.stream.Book(stream_pb2.BookRequest(market=0))
            await next_of(updates)
            hub = served.server.hub
            orders = [
                served.world.sign(0, limit(BUY, 5_900_000 + tick * 10, 1)) for tick in range(20)
            ]
            for order in orders:  # no pause: the reader's task cannot run in between
                served.exchange.submit_now(order.data)
            seen = []

            async def read_all() -> None:
                while True:
                    seen.append(await next_of(updates))

            code, text = await code_of(read_all())
            assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert text == "SLOW_CONSUMER"
            assert len(seen) < len(orders)
            assert not hub.book_readers.readers
            again = served.stream.Book(stream_pb2.BookRequest(market=0))
            snapshot = (await next_of(again)).snapshot
            assert len(snapshot.bids.prices) == len(orders)
            again.cancel()

    run(story)


def test_blocks_from_a_height_have_no_holes() -> None:
    async def story() -> None:
        async with serve() as served:
            first = served.exchange.cursor.height + 1
            for i in range(3):
                await submit(served, served.world.sign(0, limit(BUY, 5_900_000 + i * 10, 1)))
            request = stream_pb2.BlocksRequest(
                from_height=first, with_frames=True, with_receipts=True, with_roots=True
            )
            updates = served.stream.Blocks(request)
            heights = []
            for _ in range(3):
                block = (await next_of(updates)).block
                assert block.frame
                assert len(block.receipts) == block.header.receipts_count
                heights.append(block.header.height)
            await submit(served, served.world.sign(0, limit(BUY, 5_800_000, 1)))
            heights.append((await next_of(updates)).block.header.height)
            assert heights == [first, first + 1, first + 2, first + 3]
            served.exchange.audience.root(first)
            update = await next_of(updates)
            assert update.roots.height == first
            updates.cancel()

    run(story)
