"""What a careful trader asks of the past: samples of each market, funding, outages, the tail.

The hub hands over each block; once a minute of chain time each market is sampled,
and what happens seldom is kept as it happens.  Everything here follows from blocks
that anybody can derive again: it may be lost without harm, is never consensus, and
is forgotten after ``history_days``.

=========  ==================================================================
table      one row is
=========  ==================================================================
samples    a market in one minute: prices, spread, depth, oracle, open interest
funding    an hour's funding rate of a market, parts per 10**9 for 8 hours
outages    a pause between two blocks that was longer than it should be
tail       a day's liquidations, deleveragings and debts in a market
=========  ==================================================================

SQLite (write-ahead log) holds it; with no file it is kept in memory.  Prices are
micro-USDC per lot, slippages and spreads ppm of mid, money micro-USDC, times ms.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, Protocol, final

import structlog

from statemachine.events import (
    STAGE_BACKSTOP,
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_INSURANCE,
    STAGE_SLICE,
    Deleveraged,
    Event,
    FundingPaid,
    Liquidated,
)
from statemachine.pricing.funding import LOT_PARTS
from statemachine.records import Market, Oracle
from statemachine.rules import Rules
from statemachine.units import DAY_MS, PPM_ONE

MINUTE_MS: Final = 60_000
OUTAGE_MS_MIN: Final = 5_000
"""Blocks come at least once a second; a longer pause than this is an outage."""
MICROS: Final = 1_000_000
NOTIONALS: Final = tuple(n * MICROS for n in (1_000, 10_000, 50_000, 250_000, 1_000_000))
"""Sizes, in micro-USDC, at which slippage is sampled."""
UNFILLED: Final = -1
"""The slippage of an order that the book could not have filled."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS samples (
  market INTEGER, time_ms INTEGER, mark INTEGER, idx INTEGER, bid INTEGER, ask INTEGER,
  spread_ppm INTEGER, index_age_ms INTEGER, divergence_ppm INTEGER, publishers INTEGER,
  open_interest INTEGER, buys TEXT, sells TEXT, PRIMARY KEY (market, time_ms)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS funding (
  market INTEGER, time_ms INTEGER, rate_ppb INTEGER, PRIMARY KEY (market, time_ms)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outages (start_ms INTEGER PRIMARY KEY, end_ms INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tail (
  market INTEGER, day INTEGER, kind TEXT, count INTEGER, PRIMARY KEY (market, day, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS span (only INTEGER PRIMARY KEY CHECK (only = 0), since_ms INTEGER,
  last_ms INTEGER, height INTEGER);
"""

SPAN: Final = "SELECT since_ms, last_ms, height FROM span"
INTEGER_MAX: Final = (1 << 63) - 1
LOG = structlog.get_logger("history")

INSERT_SAMPLE: Final = (
    "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

KINDS: Final[Mapping[int, str]] = {
    STAGE_FLAGGED: "flagged",
    STAGE_SLICE: "slices",
    STAGE_BACKSTOP: "backstops",
    STAGE_INSURANCE: "insured",
    STAGE_DEFICIT: "deficits",
    STAGE_DELEVERAGE: "deleveragings",
}

Depth = Sequence[tuple[int, int]]
"""One side's levels, best first, as (price, lots)."""


class Side(Protocol):
    """One side of a book view."""

    levels: dict[int, list[int]]

    def best(self, levels_max: int) -> list[int]:
        """Return the best prices, best first."""
        ...


@final
class Sample:
    """One market in one minute; see the module's table for units."""

    __slots__ = (
        "ask",
        "bid",
        "buys",
        "divergence_ppm",
        "index",
        "index_age_ms",
        "mark",
        "open_interest",
        "publishers",
        "sells",
        "spread_ppm",
        "time_ms",
    )

    def __init__(
        self,
        time_ms: int,
        mark: int,
        index: int,
        bid: int,
        ask: int,
        spread_ppm: int,
        index_age_ms: int,
        divergence_ppm: int,
        publishers: int,
        open_interest: int,
        buys: list[int],
        sells: list[int],
    ) -> None:
        """Take every field; ``buys`` and ``sells`` are slippages at ``NOTIONALS``."""
        self.time_ms = time_ms
        self.mark = mark
        self.index = index
        self.bid = bid
        self.ask = ask
        self.spread_ppm = spread_ppm
        self.index_age_ms = index_age_ms
        self.divergence_ppm = divergence_ppm
        self.publishers = publishers
        self.open_interest = open_interest
        self.buys = buys
        self.sells = sells


def depth_of(side: Side, levels_max: int = 500) -> Depth:
    """Return the levels of one side of a book view."""
    return [(price, side.levels[price][0]) for price in side.best(levels_max)]


def slippage_ppm(depth: Depth, twice_mid: int, notional: int) -> int:
    """Return by how much the mean price of trading ``notional`` micros misses mid, in ppm.

    Rounded up; ``UNFILLED`` if the levels do not hold so much.  ``twice_mid`` is
    best bid plus best ask, so that mid is exact.
    """
    left = notional
    parts = 0  # lots in millionths, floored: as in an impact price, the last order is cut
    for price, lots in depth:
        here = min(left, price * lots)
        parts += here * LOT_PARTS // price
        left -= here
        if not left:
            # The mean price is notional / lots; both sides of the difference times 2 * parts.
            missed = abs(2 * notional * LOT_PARTS - twice_mid * parts)
            return -(-missed * PPM_ONE // (twice_mid * parts))
    return UNFILLED


def divergence_of(oracle: Oracle, now: int, age_max: int) -> tuple[int, int]:
    """Return by how much fresh publishers differ, in ppm of the lowest, and how many they are."""
    fresh = [
        price
        for price, time in zip(oracle.prices, oracle.times, strict=True)
        if time and now - time <= age_max
    ]
    if not fresh:
        return 0, 0
    return (max(fresh) - min(fresh)) * PPM_ONE // min(fresh), len(fresh)


def sample_of(
    market: Market, oracle: Oracle, bids: Side, asks: Side, now: int, rules: Rules
) -> Sample:
    """Return a market's sample at ``now`` (ms)."""
    below, above = depth_of(bids), depth_of(asks)
    bid = below[0][0] if below else 0
    ask = above[0][0] if above else 0
    mid = bid + ask if bid and ask else 2 * market.mark
    divergence, fresh = divergence_of(oracle, now, rules.oracle_age_ms_max)
    return Sample(
        now,
        market.mark,
        market.index,
        bid,
        ask,
        (ask - bid) * 2 * PPM_ONE // mid if bid and ask else UNFILLED,
        now - market.index_time,
        divergence,
        fresh,
        market.open_interest,
        [slippage_ppm(above, mid, notional) for notional in NOTIONALS],
        [slippage_ppm(below, mid, notional) for notional in NOTIONALS],
    )


def sample_from(row: tuple[Any, ...]) -> Sample:
    """Return a sample from its row, without the market."""
    numbers: list[Any] = [*row[:10], json.loads(row[10]), json.loads(row[11])]
    return Sample(*numbers)


def narrow(value: int | str) -> int | str:
    """Return a value that a column can hold: a publisher's lie may make a figure of any size."""
    return value if isinstance(value, str) else max(-INTEGER_MAX, min(INTEGER_MAX, value))


def opened(path: Path | None) -> sqlite3.Connection:
    """Return the store at ``path``, or a new one in memory."""
    database = sqlite3.connect(path or ":memory:", isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")  # all of it can be derived again
        database.executescript(SCHEMA)
        database.execute(SPAN).fetchone()
    except sqlite3.Error:
        database.close()
        raise
    return database


def reopened(path: Path | None) -> sqlite3.Connection:
    """Return the store at ``path``; one that cannot be read is put aside for a new one."""
    if path is None:
        return opened(None)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return opened(path)
    except sqlite3.Error as error:
        LOG.warning("the past cannot be read, it begins anew", file=str(path), why=str(error))
    try:
        path.replace(path.with_name(path.name + ".broken"))
        for left in ("-wal", "-shm"):
            path.with_name(path.name + left).unlink(missing_ok=True)
        return opened(path)
    except (OSError, sqlite3.Error) as error:
        LOG.warning("the past is kept in memory", file=str(path), why=str(error))
        return opened(None)


@final
class History:
    """The store of it all; one writer, the hub."""

    def __init__(self, path: Path | None, days: int) -> None:
        """Open or create the store at ``path``; ``None`` keeps it in memory."""
        self.database = reopened(path)
        self.days = days
        found = self.database.execute(SPAN).fetchone()
        span: tuple[int, int, int] = found or (0, 0, 0)
        self.since_ms, self.last_ms, self.height = span
        self.minute = self.last_ms // MINUTE_MS

    def close(self) -> None:
        """Release the store."""
        self.database.close()

    # Writing

    def take(self, height: int, time_ms: int, events: Iterable[Event]) -> bool:
        """Take a block; return whether a new minute began, so that samples are due.

        A block that was taken before, or one from before a re-org, changes nothing.
        """
        if height <= self.height:
            return False
        # Between two blocks that we did not see follow each other, the pause may be ours.
        if height == self.height + 1 and time_ms - self.last_ms > OUTAGE_MS_MIN and self.last_ms:
            self.run("INSERT OR REPLACE INTO outages VALUES (?, ?)", (self.last_ms, time_ms))
        self.height = height
        self.last_ms = time_ms
        self.since_ms = self.since_ms or time_ms
        span = (self.since_ms, self.last_ms, self.height)
        self.run("INSERT OR REPLACE INTO span VALUES (0, ?, ?, ?)", span)
        for event in events:
            if isinstance(event, FundingPaid):
                row = (event.market, time_ms, event.rate)
                self.run("INSERT OR REPLACE INTO funding VALUES (?, ?, ?)", row)
            elif isinstance(event, Liquidated) and event.stage in KINDS:
                self.count(event.market, time_ms, KINDS[event.stage])
            elif isinstance(event, Deleveraged) and event.bankrupt != event.portfolio:
                self.count(event.market, time_ms, "victims")
        minute = time_ms // MINUTE_MS
        if minute == self.minute:
            return False
        self.minute = minute
        return True

    def count(self, market: int, time_ms: int, kind: str) -> None:
        """Count something that happened in a market today."""
        self.run(
            "INSERT INTO tail VALUES (?, ?, ?, 1)"
            " ON CONFLICT (market, day, kind) DO UPDATE SET count = count + 1",
            (market, time_ms // DAY_MS, kind),
        )

    def keep(self, samples: Mapping[int, Sample]) -> None:
        """Keep a minute's samples, by market, and forget what is too old."""
        self.run("BEGIN", ())
        for market, s in samples.items():
            prices = (s.mark, s.index, s.bid, s.ask, s.spread_ppm, s.index_age_ms)
            rest = (s.divergence_ppm, s.publishers, s.open_interest)
            row = (market, s.time_ms, *prices, *rest, json.dumps(s.buys), json.dumps(s.sells))
            self.run(INSERT_SAMPLE, row)
        oldest = self.last_ms - self.days * DAY_MS
        if oldest > self.since_ms:
            self.forget(oldest)
        self.run("COMMIT", ())

    def forget(self, oldest: int) -> None:
        """Forget what was before ``oldest`` (ms)."""
        self.run("DELETE FROM samples WHERE time_ms < ?", (oldest,))
        self.run("DELETE FROM funding WHERE time_ms < ?", (oldest,))
        self.run("DELETE FROM outages WHERE end_ms < ?", (oldest,))
        self.run("DELETE FROM tail WHERE day < ?", (oldest // DAY_MS,))
        self.since_ms = oldest

    def run(self, statement: str, values: tuple[int | str, ...]) -> None:
        """Run one statement; no disk that is full or broken holds up what feeds live on."""
        if statement == "COMMIT" and not self.database.in_transaction:
            return
        try:
            self.database.execute(statement, tuple(map(narrow, values))).close()
        except sqlite3.Error as error:
            LOG.warning("the past is lost, and kept in memory from now on", why=str(error))
            with suppress(sqlite3.Error):
                self.database.close()
            self.database = opened(None)
            self.since_ms = self.last_ms

    # Reading

    def samples(self, market: int, since_ms: int, most: int) -> list[Sample]:
        """Return a market's samples since ``since_ms``, oldest first, thinned to ``most``."""
        query = (
            "SELECT time_ms, mark, idx, bid, ask, spread_ppm, index_age_ms, divergence_ppm,"
            " publishers, open_interest, buys, sells FROM samples"
            " WHERE market = ? AND time_ms >= ? ORDER BY time_ms"
        )
        with closing(self.database.execute(query, (market, since_ms))) as cursor:
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        step = max(1, -(-len(rows) // most))
        return [sample_from(row) for row in rows[::step]]

    def funding(self, market: int, since_ms: int) -> list[tuple[int, int]]:
        """Return a market's hourly rates since ``since_ms`` as (time, rate), oldest first."""
        query = (
            "SELECT time_ms, rate_ppb FROM funding WHERE market = ? AND time_ms >= ?"
            " ORDER BY time_ms"
        )
        with closing(self.database.execute(query, (market, since_ms))) as cursor:
            return cursor.fetchall()

    def outages(self, since_ms: int) -> list[tuple[int, int]]:
        """Return the outages that ended after ``since_ms`` as (start, end), oldest first."""
        query = "SELECT start_ms, end_ms FROM outages WHERE end_ms > ? ORDER BY start_ms"
        with closing(self.database.execute(query, (since_ms,))) as cursor:
            return cursor.fetchall()

    def tail(self, market: int, since_ms: int) -> dict[str, int]:
        """Return how often each thing of the tail happened on the days since ``since_ms``."""
        query = "SELECT kind, sum(count) FROM tail WHERE market = ? AND day >= ? GROUP BY kind"
        with closing(self.database.execute(query, (market, since_ms // DAY_MS))) as cursor:
            return dict(cursor.fetchall())
