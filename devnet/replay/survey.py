"""What is asked of a replay, and what is in its file, read once before anything is sent."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from devnet.layout import Layout
from devnet.replay.capture import (
    Event,
    Malformed,
    OnMalformed,
    Reader,
    Snapshot,
    open_capture,
    rows_of,
)
from sextant.errors import BadRequest

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


def ignore_malformed(_: Malformed) -> None:
    """Pass over a line that the survey has reported."""
