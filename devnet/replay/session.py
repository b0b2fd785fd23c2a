"""One replay from end to end: survey the file, find the exchange, feed it, report."""

import asyncio
import json
import sys
from typing import Final

from devnet.health import wait_serving
from devnet.layout import Layout
from devnet.prices import HeldPrices
from devnet.replay.agreement import Agreement, await_agreement
from devnet.replay.desk import BOOK_TAKEN, Desk, clear_book
from devnet.replay.exchange import own_exchange
from devnet.replay.feeder import Feeder
from devnet.replay.progress import metered
from devnet.replay.recorded import Grid, RecordedBook
from devnet.replay.survey import Request, Survey, events_of, ignore_malformed, survey
from devnet.replay.tally import Tally, summary
from sextant.client.api import AsyncClient
from sextant.errors import BadRequest, ClientError

SERVING_SECONDS_MAX: Final = 1.0
QUOTE_ASSETS: Final = ("USDT", "USDC", "BUSD", "USD")


def market_name(symbol: str, names: list[str]) -> str:
    """Return which market a symbol is: of that name, or of its base asset.

    Raises
    ------
    BadRequest
        ``MARKET``: none is.
    """
    if symbol in names:
        return symbol
    for quote in QUOTE_ASSETS:
        if symbol.removesuffix(quote) in names:
            return symbol.removesuffix(quote)
    raise BadRequest(
        "MARKET",
        f"the exchange has no market for {symbol}; it has {', '.join(names)}",
        advice="name one with --market",
    )


async def replay(request: Request) -> int:
    """Run a replay; return the exit code: 1 if the books differed."""
    found = survey(request)
    recorded_s = (found.last_ns - found.first_ns) / 1e9
    sys.stderr.write(
        f"{request.file.name}: {found.symbol}, {found.events:,} events of {found.lines:,} lines, "
        f"{recorded_s:,.1f} s\n"
    )
    tally = Tally()
    if request.own is not True:
        address = request.layout.address("grpc")
        if request.own is False or await wait_serving(address, SERVING_SECONDS_MAX):
            try:
                agreement = await feed(request, found, request.layout, tally)
                return report(request, found, tally, agreement)
            except ClientError as error:
                if request.own is False or error.code != BOOK_TAKEN:
                    raise
                sys.stderr.write(f"{error}\n")
        else:
            sys.stderr.write(f"nothing serves at {address}\n")
    sys.stderr.write("starting an exchange for this replay alone\n")
    async with own_exchange(request.layout.instance, request.keep) as layout:
        agreement = await feed(request, found, layout, tally)
    return report(request, found, tally, agreement)


async def feed(request: Request, found: Survey, layout: Layout, tally: Tally) -> Agreement | None:
    """Fund the traders, clear the book, feed the events, count the blocks, compare roots."""
    async with AsyncClient(layout.address("grpc"), verify=False) as client:
        await client.status()
        markets = await client.markets()
        names = [market.name for market in markets]
        market = markets.find(request.market or market_name(found.symbol, names))
        desk = Desk(await client.domain(), client.clock)
        await clear_book(client, desk, market)
        sys.stderr.write(
            f"{market.name} at {layout.address('grpc')}, files in {layout.directory}; "
            "funding makers and takers from L1\n"
        )
        await desk.fund(layout, layout.address("grpc"))
        held = HeldPrices(layout.prices)  # publishers that run here say the same

        def hold(price: int) -> None:
            held.hold(market.name, price)

        before = await client.status()
        with metered(tally, quiet=request.as_json) as meter:

            def advance(time_ns: int) -> None:
                span = found.last_ns - found.first_ns
                meter.show((time_ns - found.first_ns) / span if span else 1.0)

            feeder = Feeder(
                client,
                market,
                desk,
                RecordedBook(Grid(market)),
                tally,
                speed=request.speed,
                on_progress=advance,
                on_price=hold,
            )
            events = events_of(request, found.symbol, ignore_malformed)
            try:
                await feeder.run(event for event, _ in events)
            finally:
                held.hold(market.name, None)
        after = await client.status()
        await count_blocks(client, before.unsafe.height, after.unsafe.height, tally)
        tally.trades = after.trades - before.trades
        for what, count in feeder.recorded.grid.seen.items():
            tally.events[what] += count
        if feeder.recorded.gaps:
            tally.events["gaps in the recording"] += feeder.recorded.gaps
    return await await_agreement(layout, after.unsafe.height)


async def count_blocks(client: AsyncClient, first: int, last: int, tally: Tally) -> None:
    """Count the blocks after ``first`` up to ``last``, and their bytes for L1."""
    room = asyncio.Semaphore(16)

    async def size_of(height: int) -> int:
        async with room:
            return (await client.block(height)).frame_bytes

    sizes = await asyncio.gather(*(size_of(height) for height in range(first + 1, last + 1)))
    tally.blocks = len(sizes)
    tally.frame_bytes = sum(sizes)


def report(request: Request, found: Survey, tally: Tally, agreement: Agreement | None) -> int:
    """Print the summary; return the exit code."""
    differs = bool(tally.differences) or tally.books_different > 0
    differs = differs or (agreement is not None and not agreement.holds)
    if request.as_json:
        told = {
            "schema": "sextant.replay/1",
            "symbol": found.symbol,
            "lines": found.lines,
            "malformed": found.malformed,
            "passed_over": found.passed,
            **tally.as_json(),
            "roots": None
            if agreement is None
            else {
                "height": agreement.height,
                "sequencer": agreement.sequencer.hex(),
                "follower": agreement.follower.hex(),
                "same": agreement.holds,
            },
        }
        sys.stdout.write(json.dumps(told) + "\n")
        return int(differs)
    sys.stdout.write("\n".join(summary(tally)) + "\n")
    if agreement is not None:
        sys.stdout.write(f"roots      {agreement}\n")
    if found.malformed:
        sys.stdout.write(f"malformed  {found.malformed:,} lines were skipped\n")
    if found.passed:
        passed = ", ".join(f"{name} {count:,}" for name, count in sorted(found.passed.items()))
        sys.stdout.write(f"passed     messages of other kinds: {passed}\n")
    return int(differs)
