"""Raw captures of Binance futures streams: one line, one message, as it was received.

A line is ``RECEIVED_NS JSON``.  The JSON is a REST snapshot of the book, or a
combined-stream message ``{"stream": "btcusdt@depth@0ms", "data": {...}}``:

==============  ==========================================================
message         what is used of it
==============  ==========================================================
snapshot        ``lastUpdateId``, ``bids``, ``asks``: [price, quantity]
``depth``       ``U``, ``u``, ``pu`` (first, last, previous id), ``b``, ``a``
``trade``       ``p``, ``q``, ``m`` (the buyer was the maker), ``X``
``bookTicker``  ``b``, ``a``: best bid and ask
==============  ==========================================================

Streams of other names and messages of other symbols are passed over, and
counted.  What cannot be read is a ``Malformed`` with the number of its line.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast, final

from statemachine.errors import SextantError

GZIP_MAGIC: Final = b"\x1f\x8b"
LINE_BYTES_MAX: Final = 4 << 20
NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
MARKET_TRADE: Final = "MARKET"

Levels = tuple[tuple[str, str], ...]
"""Prices and quantities as they were written."""


@final
class Malformed(SextantError):
    """A line that is not what the format says, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@final
@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole book, as far as the recording reaches, after update ``last_id``."""

    line: int
    time_ns: int
    last_id: int
    bids: Levels
    asks: Levels


@final
@dataclass(frozen=True, slots=True)
class Diff:
    """Levels and their new quantities; 0 takes one away."""

    line: int
    time_ns: int
    first_id: int
    last_id: int
    previous_id: int
    bids: Levels
    asks: Levels


@final
@dataclass(frozen=True, slots=True)
class Trade:
    """A taker bought, or sold, at a price."""

    line: int
    time_ns: int
    price: str
    quantity: str
    is_sell: bool


@final
@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask."""

    line: int
    time_ns: int
    bid: str
    ask: str


Event = Snapshot | Diff | Trade | Quote
OnMalformed = Callable[[Malformed], None]


@final
class Reader:
    """Turns lines into events; counts what it passes over.

    Parameters
    ----------
    on_malformed
        Gets every line that cannot be read; raises, if that is to be fatal.
    symbol
        Which symbol to take; by default the first that a stream names.
    """

    def __init__(self, on_malformed: OnMalformed, symbol: str | None = None) -> None:
        self.on_malformed = on_malformed
        self.symbol = symbol.upper() if symbol else None
        self.lines = 0
        self.bytes = 0
        self.passed: dict[str, int] = {}

    def read(self, rows: Iterable[bytes]) -> Iterator[Event]:
        """Yield the events of a capture in its order."""
        last_ns = 0
        for row in rows:
            self.lines += 1
            self.bytes += len(row)
            text = row.strip()
            if not text:
                continue
            try:
                event = self.parse(text)
            except Malformed as fault:
                self.on_malformed(fault)
                continue
            if event is None:
                continue
            if event.time_ns < last_ns:
                late = Malformed(self.lines, f"time {event.time_ns} before {last_ns}")
                self.on_malformed(late)
                continue
            last_ns = event.time_ns
            yield event

    def parse(self, text: bytes) -> Event | None:
        """Return the event of one line; ``None`` if it is none of ours.

        Raises
        ------
        Malformed
            The line is not what the format says.
        """
        line = self.lines
        if len(text) > LINE_BYTES_MAX:
            raise Malformed(line, f"{len(text)} bytes, at most {LINE_BYTES_MAX}")
        stamp, _, body = text.partition(b" ")
        if not stamp.isdigit() or len(stamp) > 19:
            raise Malformed(line, f"no time in ns before the message: {stamp[:24]!r}")
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Malformed(line, f"not JSON: {error}") from error
        if not isinstance(message, dict):
            raise Malformed(line, "the message is not an object")
        fields = Fields(line, message)
        if "lastUpdateId" in message:
            bids, asks = fields.levels("bids"), fields.levels("asks")
            return Snapshot(line, int(stamp), fields.whole("lastUpdateId"), bids, asks)
        return self.parse_stream(fields, int(stamp))

    def parse_stream(self, message: "Fields", time_ns: int) -> Event | None:
        """Return the event of one combined-stream message."""
        name = message.text("stream")
        symbol, _, kind = name.partition("@")
        kind = kind.partition("@")[0]
        fields = Fields(message.line, message.mapping("data"))
        if kind not in {"depth", "trade", "bookTicker"}:
            self.pass_over(kind or name)
            return None
        if self.symbol is None:
            self.symbol = symbol.upper()
        if symbol.upper() != self.symbol:
            self.pass_over(symbol)
            return None
        if kind == "depth":
            ids = fields.whole("U"), fields.whole("u"), fields.whole("pu")
            return Diff(message.line, time_ns, *ids, fields.levels("b"), fields.levels("a"))
        if kind == "bookTicker":
            return Quote(message.line, time_ns, fields.number("b"), fields.number("a"))
        if fields.values.get("X", MARKET_TRADE) != MARKET_TRADE:
            self.pass_over(f"trade {fields.values['X']}")  # of the insurance fund, or ADL
            return None
        is_sell = fields.flag("m")
        return Trade(message.line, time_ns, fields.number("p"), fields.number("q"), is_sell)

    def pass_over(self, what: str) -> None:
        """Count a message that is none of ours."""
        self.passed[what] = self.passed.get(what, 0) + 1


@final
class Fields:
    """The fields of one message, each checked as it is taken."""

    __slots__ = ("line", "values")

    def __init__(self, line: int, values: dict[str, Any]) -> None:
        self.line = line
        self.values = values

    def take(self, name: str, kind: type) -> Any:  # noqa: ANN401 - of the kind asked for
        """Return a field that is there and of ``kind``."""
        value = self.values.get(name)
        if type(value) is not kind:
            raise Malformed(self.line, f"{name}: need {kind.__name__}, have {value!r:.40}")
        return value

    def text(self, name: str) -> str:
        """Return a string."""
        found: str = self.take(name, str)
        return found

    def whole(self, name: str) -> int:
        """Return a number that is not negative."""
        found: int = self.take(name, int)
        if found < 0:
            raise Malformed(self.line, f"{name}: {found} is negative")
        return found

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        found: bool = self.take(name, bool)
        return found

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object."""
        found: dict[str, Any] = self.take(name, dict)
        return found

    def number(self, name: str) -> str:
        """Return a decimal number as it was written."""
        found = self.text(name)
        if not NUMBER.fullmatch(found):
            raise Malformed(self.line, f"{name}: {found!r:.40} is not a number")
        return found

    def levels(self, name: str) -> Levels:
        """Return prices and quantities."""
        found = []
        for level in self.take(name, list):
            match level:
                case [str(price), str(quantity)] if NUMBER.fullmatch(price) and NUMBER.fullmatch(
                    quantity
                ):
                    found.append((price, quantity))
                case _:
                    raise Malformed(self.line, f"{name}: {level!r:.60} is no level")
        return tuple(found)


@contextmanager
def open_capture(path: Path) -> Iterator[BinaryIO]:
    """Open a capture for reading, compressed with gzip or not.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as raw:
        magic = raw.read(len(GZIP_MAGIC))
        raw.seek(0)
        if magic == GZIP_MAGIC:
            with gzip.GzipFile(fileobj=raw) as rows:
                yield cast("BinaryIO", rows)
        else:
            yield raw


def rows_of(source: BinaryIO, on_malformed: OnMalformed) -> Iterator[bytes]:
    """Yield the lines of an open capture; one that breaks off is malformed at its end."""
    count = 0
    while True:
        try:
            row = source.readline(LINE_BYTES_MAX + 2)
        except (EOFError, OSError, zlib.error) as error:
            on_malformed(Malformed(count + 1, f"the file breaks off: {error}"))
            return
        if not row:
            return
        count += 1
        yield row
