"""Live feeds that survive: a lost or slow stream is opened again, and said so.

Each feed is an asynchronous iterator.  When the stream breaks, lags, or
skips something, the feed pauses, subscribes again, and calls ``on_reset``
with the reason; for a book the next item is then built on a new snapshot,
for blocks it is the first height not yet seen.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, TypeAlias, TypeVar

import grpc
import grpc.aio

from proto.sextant.v1 import stream_pb2
from sextant.client.chain import Block, block_of
from sextant.client.collateral import Collateral
from sextant.client.connection import backoff, explain
from sextant.client.events import AccountUpdate, update_of
from sextant.client.governance import MarketUpdate, market_update_of
from sextant.client.ladder import Gap, Ladder
from sextant.client.market import Market
from sextant.client.models import Trade
from sextant.client.names import read_address, read_number
from sextant.client.wire import trade_of
from sextant.errors import ClientError, ServerFault, Unreachable

OnReset = Callable[[ClientError], None]
Message = TypeVar("Message")
Item = TypeVar("Item")
StreamCall: TypeAlias = "grpc.aio.UnaryStreamCall[Any, Message]"

LASTING: Final = frozenset({"SLOW_CONSUMER", "GAP", "STREAMS_TOO_MANY"})


def ignore_reset(_: ClientError) -> None:
    """Do nothing: the default of ``on_reset``."""


class Feeds(Collateral):
    """A session that can listen."""

    async def watch_book(
        self, market: str | int | Market, *, on_reset: OnReset = ignore_reset
    ) -> AsyncGenerator[Ladder, None]:
        """Yield a market's whole book after each change; one object, kept up to date.

        Use ``.view()`` for a model, or its integers as they are.
        """
        found = await self.market(market)
        ladder = Ladder(found)
        request = stream_pb2.BookRequest(market=found.id)

        def take(message: stream_pb2.BookUpdate) -> Ladder:
            if message.WhichOneof("update") == "snapshot":
                ladder.reset(message.snapshot)
            else:
                ladder.apply(message.delta)
            return ladder

        def open_stream() -> "StreamCall[stream_pb2.BookUpdate]":
            return self.connection.stream.Book(request)

        async with aclosing(self._follow(open_stream, take, on_reset)) as feed:
            async for item in feed:
                yield item

    async def watch_trades(
        self,
        markets: Sequence[str | int | Market] = (),
        *,
        on_reset: OnReset = ignore_reset,
    ) -> AsyncGenerator[list[Trade], None]:
        """Yield each block's trades in some markets, or in all."""
        known = await self.markets()
        numbers = [known.find(market).id for market in markets]
        request = stream_pb2.TradesRequest(markets=numbers)

        def open_stream() -> "StreamCall[stream_pb2.TradesUpdate]":
            return self.connection.stream.Trades(request)

        def take(message: stream_pb2.TradesUpdate) -> list[Trade]:
            return [trade_of(known, trade) for trade in message.trades]

        async with aclosing(self._follow(open_stream, take, on_reset)) as feed:
            async for item in feed:
                yield item

    async def watch_account(
        self, who: str | bytes | int | None = None, *, on_reset: OnReset = ignore_reset
    ) -> AsyncGenerator[AccountUpdate, None]:
        """Yield what each block did to an account; the first update is empty.

        After a reset read the account again: what happened meanwhile is not
        repeated.
        """
        known = await self.markets()
        request = stream_pb2.AccountEventsRequest()
        if isinstance(who, int):
            request.account = read_number(who, "account", 32)
        else:
            request.address = self.address if who is None else read_address(who)

        def open_stream() -> "StreamCall[stream_pb2.AccountUpdate]":
            return self.connection.stream.AccountEvents(request)

        def take(message: stream_pb2.AccountUpdate) -> AccountUpdate:
            return update_of(known, message)

        async with aclosing(self._follow(open_stream, take, on_reset)) as feed:
            async for item in feed:
                yield item

    async def watch_markets(
        self,
        markets: Sequence[str | int | Market] = (),
        *,
        on_reset: OnReset = ignore_reset,
    ) -> AsyncGenerator[MarketUpdate, None]:
        """Yield what the guardian does to some markets, or to all; the first update is empty.

        After a reset read the markets again: what happened meanwhile is not repeated.
        """
        known = await self.markets()
        numbers = [known.find(market).id for market in markets]
        request = stream_pb2.MarketEventsRequest(markets=numbers)

        def open_stream() -> "StreamCall[stream_pb2.MarketEventsUpdate]":
            return self.connection.stream.Markets(request)

        def take(message: stream_pb2.MarketEventsUpdate) -> MarketUpdate:
            return market_update_of(known, message)

        async with aclosing(self._follow(open_stream, take, on_reset)) as feed:
            async for item in feed:
                yield item

    async def watch_blocks(
        self,
        from_height: int = 0,
        *,
        with_receipts: bool = False,
        on_reset: OnReset = ignore_reset,
    ) -> AsyncGenerator[Block, None]:
        """Yield blocks in order, without gaps, from a height on or from the next one."""
        wanted = from_height

        def open_stream() -> "StreamCall[stream_pb2.BlockUpdate]":
            request = stream_pb2.BlocksRequest(from_height=wanted, with_receipts=with_receipts)
            return self.connection.stream.Blocks(request)

        def take(message: stream_pb2.BlockUpdate) -> Block:
            nonlocal wanted
            block = block_of(message.block)
            height = block.header.height
            if wanted and height != wanted:
                raise Gap(f"block {height} where {wanted} was due")
            wanted = height + 1
            self.clock.observe(block.header.time_ms)
            return block

        async with aclosing(self._follow(open_stream, take, on_reset)) as feed:
            async for item in feed:
                yield item

    async def _follow(
        self,
        open_stream: "Callable[[], StreamCall[Message]]",
        take: "Callable[[Message], Item]",
        on_reset: OnReset,
    ) -> "AsyncGenerator[Item, None]":
        pauses, told = backoff(), False
        while True:
            stream = open_stream()
            try:
                async for message in stream:
                    item = take(message)
                    pauses, told = backoff(), False
                    yield item
                fault: ClientError = Unreachable(
                    "STREAM_ENDED", "the node closed the stream", retryable=True
                )
            except grpc.aio.AioRpcError as error:
                fault = explain(error, target=self.connection.target)
                lasts = isinstance(fault, Unreachable | ServerFault) or fault.retryable
                if not lasts and fault.code not in LASTING:
                    raise fault from None
            except Gap as gap:
                fault = gap
            finally:
                # Also when the reader stops reading: the node should not go on talking.
                stream.cancel()
            if not told:
                # Once per outage, not once per attempt to end it.
                told = True
                on_reset(fault)
            await asyncio.sleep(next(pauses))
