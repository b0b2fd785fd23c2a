"""One replay from end to end: survey the file, find the exchange, feed it, report."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from devnet.health import wait_serving
from devnet.layout import Layout
from devnet.prices import HeldPrices
from devnet.replay.capture import (
    Event,
    Malformed,
    OnMalformed,
    Reader,
    Snapshot,
    open_capture,
    rows_of,
)
from devnet.replay.desk import BOOK_TAKEN, Desk, clear_book
from devnet.replay.exchange import own_exchange
from devnet.replay.feeder import Feeder
from devnet.replay.progress import metered
from devnet.replay.recorded import Grid, RecordedBook
from devnet.replay.tally import Tally, summary
from sextant.client.api import AsyncClient
from sextant.errors import BadRequest, ClientError

SERVING_SECONDS_MAX: Final = 1.0
QUOTE_ASSETS: Final = ("USDT", "USDC", "BUSD", "USD")
MALFORMED_SHOWN_MAX: Final = 20


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for on the command line.

    ``own``: True to run an exchange of its own, False to use the one that runs, None
    to use that one if it is up and its book is free.
    """

    file: Path
    layout: Layout
    own: bool | None
    keep: Path | None
    symbol: str | None
    market: str | None
    speed: float
    seconds: float | None
    skip_malformed: bool
    as_json: bool


@final
class Complaints:
    """Malformed lines: reported, and fatal unless they are to be skipped."""

    def __init__(self, *, skip: bool) -> None:
        self.skip = skip
        self.count = 0

    def take(self, fault: Malformed) -> None:
        """Report a line; raise it if it is fatal."""
        self.count += 1
        if not self.skip:
            raise fault
        if self.count <= MALFORMED_SHOWN_MAX:
            sys.stderr.write(f"skipped {fault}\n")
        elif self.count == MALFORMED_SHOWN_MAX + 1:
            sys.stderr.write("skipped more; only the number of them is told at the end\n")


def events_of(
    request: Request, symbol: str | None, on_malformed: OnMalformed
) -> Iterator[tuple[Event, Reader]]:
    """Yield the events of the file, up to the last second asked for, and who reads them."""
    first = 0
    with open_capture(request.file) as source:
        reader = Reader(on_malformed, symbol)
        for event in reader.read(rows_of(source, on_malformed)):
            first = first or event.time_ns
            if request.seconds is not None and event.time_ns - first > request.seconds * 1e9:
                return
            yield event, reader


@final
@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a file: read once before anything is sent, so that no market is half fed."""

    symbol: str
    lines: int
    events: int
    first_ns: int
    last_ns: int
    malformed: int
    passed: dict[str, int]


def survey(request: Request) -> Survey:
    """Read the whole file.

    Raises
    ------
    Malformed
        The first line that cannot be read, unless they are skipped.
    BadRequest
        There is nothing to replay in it.
    """
    complaints = Complaints(skip=request.skip_malformed)
    events = first = last = 0
    snapshots = 0
    reader: Reader | None = None
    for event, source in events_of(request, request.symbol, complaints.take):
        reader = source
        events += 1
        first = first or event.time_ns
        last = event.time_ns
        snapshots += isinstance(event, Snapshot)
    if reader is None or reader.symbol is None or not snapshots:
        raise BadRequest(
            "CAPTURE",
            f"{request.file}: no book snapshot of {request.symbol or 'any symbol'} to start from",
            advice="a capture begins with the streams and then holds one REST snapshot",
        )
    return Survey(reader.symbol, reader.lines, events, first, last, complaints.count, reader.passed)


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
                await feed(request, found, request.layout, tally)
                return report(request, found, tally)
            except ClientError as error:
                if request.own is False or error.code != BOOK_TAKEN:
                    raise
                sys.stderr.write(f"{error}\n")
        else:
            sys.stderr.write(f"nothing serves at {address}\n")
    sys.stderr.write("starting an exchange for this replay alone\n")
    async with own_exchange(request.layout.instance, request.keep) as layout:
        await feed(request, found, layout, tally)
    return report(request, found, tally)


async def feed(request: Request, found: Survey, layout: Layout, tally: Tally) -> None:
    """Fund the traders, clear the book, feed the events, count the blocks."""
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
        await count_blocks(client, before.unsafe.height, tally)
        after = await client.status()
        tally.trades = after.trades - before.trades
        for what, count in feeder.recorded.grid.seen.items():
            tally.events[what] += count
        if feeder.recorded.gaps:
            tally.events["gaps in the recording"] += feeder.recorded.gaps


def ignore_malformed(_: Malformed) -> None:
    """Pass over a line that the survey has reported."""


async def count_blocks(client: AsyncClient, first: int, tally: Tally) -> None:
    """Count the blocks since ``first`` and their bytes for L1."""
    last = (await client.status()).unsafe.height
    room = asyncio.Semaphore(16)

    async def size_of(height: int) -> int:
        async with room:
            return (await client.block(height)).frame_bytes

    sizes = await asyncio.gather(*(size_of(height) for height in range(first + 1, last + 1)))
    tally.blocks = len(sizes)
    tally.frame_bytes = sum(sizes)


def report(request: Request, found: Survey, tally: Tally) -> int:
    """Print the summary; return the exit code."""
    differs = bool(tally.differences) or tally.books_different > 0
    if request.as_json:
        told = {
            "schema": "sextant.replay/1",
            "symbol": found.symbol,
            "lines": found.lines,
            "malformed": found.malformed,
            "passed_over": found.passed,
            **tally.as_json(),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        return int(differs)
    sys.stdout.write("\n".join(summary(tally)) + "\n")
    if found.malformed:
        sys.stdout.write(f"malformed  {found.malformed:,} lines were skipped\n")
    if found.passed:
        passed = ", ".join(f"{name} {count:,}" for name, count in sorted(found.passed.items()))
        sys.stdout.write(f"passed     messages of other kinds: {passed}\n")
    return int(differs)
