"""Scenarios from files: candles or trades of a real market, taken by their format.

=========  =====================================  ===================================
format     columns, by name, in any order         path
=========  =====================================  ===================================
candles    ``time, open, high, low, close``       each candle in four quarters: open,
                                                  the nearer extreme, the other, close
trades     ``timestamp`` (or ``time``, ``ts``),   the last price of each second
           ``price``
=========  =====================================  ===================================

A time is a number of seconds, ms, us or ns since 1970 (told apart by its size), or
ISO 8601, UTC if it names no zone.  Files may be compressed with gzip.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Final

from devnet.replay.capture import open_capture
from devnet.scenarios.scenario import PPM, Scenario
from sextant.errors import BadRequest

CANDLE: Final = frozenset({"open", "high", "low", "close"})
TIMES: Final = ("time", "timestamp", "ts", "open_time", "date")
POINTS_MAX: Final = 200_000
PATH_SECONDS_MAX: Final = 8 * 3600
QUARTERS: Final = 4
UNITS: Final = ((10**17, 10**6), (10**14, 10**3), (10**11, 1))
"""A number of at least so much is in ns, us or ms: what to divide it by for ms."""


def read_scenario(file: Path, symbol: str, speed: int) -> Scenario:
    """Return the scenario that a file of candles or trades makes of a market.

    ``speed``: recorded seconds per second of chain time.

    Raises
    ------
    BadRequest
        ``RECORDING``: what is wrong, and in which line.
    """
    points = list(read_points(file))
    if len(points) < 2 or points[-1][0] <= points[0][0]:
        raise BadRequest("RECORDING", f"{file}: need prices at two times, at least")
    begin, first = points[0]
    seconds = (points[-1][0] - begin) // 1000 // speed
    if seconds > PATH_SECONDS_MAX:
        need = -(-(points[-1][0] - begin) // 1000 // PATH_SECONDS_MAX)
        raise BadRequest(
            "RECORDING",
            f"{file}: {seconds // 3600} hours are too long, at most {PATH_SECONDS_MAX // 3600}",
            advice=f"--speed {need} plays so many seconds in one",
        )
    path: dict[int, int] = {}
    for time, price in points:
        path[(time - begin) // 1000 // speed] = int(price * PPM / first)
    return Scenario(
        name=file.name.partition(".")[0],
        story=f"{symbol} as recorded in {file.name}, {speed} times as fast"
        if speed > 1
        else f"{symbol} as recorded in {file.name}",
        seconds=max(1, seconds),
        paths={symbol: tuple(sorted(path.items()))},
        noise=0,
        first_usd={symbol: f"{first:f}"},
    )


def read_points(file: Path) -> Iterator[tuple[int, Decimal]]:
    """Yield (ms, price), ascending in time."""
    last = 0
    count = 0
    with open_capture(file) as source:
        rows = csv.DictReader(io.TextIOWrapper(source, encoding="utf-8", newline=""))
        names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
        time_name = next((names[name] for name in TIMES if name in names), None)
        is_candles = names.keys() >= CANDLE
        if time_name is None or not (is_candles or "price" in names):
            raise BadRequest(
                "RECORDING",
                f"{file}: columns are {', '.join(names) or 'not there'}",
                advice="candles have time,open,high,low,close; trades timestamp and price",
            )
        width = candle_width(file, time_name) if is_candles else 0
        for row in rows:
            try:
                time = time_of(str(row[time_name]))
                found = (
                    prices_of(row, names, time, width)
                    if is_candles
                    else [(time, price_of(row, names["price"]))]
                )
            except (ValueError, InvalidOperation) as error:
                raise BadRequest("RECORDING", f"{file}:{rows.line_num}: {error}") from None
            for when, price in found:
                if when < last:
                    raise BadRequest("RECORDING", f"{file}:{rows.line_num}: time goes back")
                last = when
                count += 1
                yield when, price
            if count > POINTS_MAX * QUARTERS:
                raise BadRequest("RECORDING", f"{file}: more than {POINTS_MAX:,} lines")


def candle_width(file: Path, time_name: str) -> int:
    """Return how long a candle is, in ms: the shortest distance of the first ones."""
    times: list[int] = []
    with open_capture(file) as source:
        rows = csv.DictReader(io.TextIOWrapper(source, encoding="utf-8", newline=""))
        for row in rows:
            try:
                times.append(time_of(str(row[time_name])))
            except ValueError:
                break
            if len(times) == 50:
                break
    return min((b - a for a, b in pairwise(times) if b > a), default=60_000)


def prices_of(
    row: Mapping[str, str], names: Mapping[str, str], time: int, width: int
) -> list[tuple[int, Decimal]]:
    """Return a candle's four prices, in the likelier order of its extremes."""
    first, high, low, last = (
        price_of(row, names[name]) for name in ("open", "high", "low", "close")
    )
    if not low <= min(first, last) or not high >= max(first, last):
        raise ValueError(f"need low <= open, close <= high, have {low} and {high}")
    extremes = (low, high) if last >= first else (high, low)
    part = width // QUARTERS
    prices = (first, *extremes, last)
    return [(time + part * place, price) for place, price in enumerate(prices)]


def price_of(row: Mapping[str, str], name: str) -> Decimal:
    """Return a price that can be one."""
    price = Decimal(str(row[name]).strip())
    if not price.is_finite() or price <= 0:
        raise ValueError(f"{row[name]!r} is no price")
    return price


def time_of(text: str) -> int:
    """Return a time in ms."""
    text = text.strip()
    if text.replace(".", "", 1).isdigit():
        value = Decimal(text)
        for least, divisor in UNITS:
            if value >= least:
                return int(value) // divisor
        return int(value * 1000)
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return int(when.timestamp() * 1000)
