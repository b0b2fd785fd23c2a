"""How far a replay is: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol, final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from devnet.replay.tally import Tally

LINE_PERIOD_S: Final = 5.0


class Meter(Protocol):
    """Something that shows how far it is."""

    def show(self, share: float) -> None:
        """Take the share that is done, 0 to 1."""
        ...


@final
class LineMeter:
    """A line on stderr every few seconds."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.started = self.last = time.monotonic()

    def show(self, share: float) -> None:
        """Print a line, if the last one is old enough."""
        now = time.monotonic()
        if now - self.last >= LINE_PERIOD_S:
            self.last = now
            sys.stderr.write(f"{share:6.1%}  {status_of(self.tally, now - self.started)}\n")


@final
class BarMeter:
    """A bar on a terminal."""

    def __init__(self, tally: Tally, progress: Progress) -> None:
        self.tally = tally
        self.progress = progress
        self.task = progress.add_task("replay", total=1.0, status="")
        self.started = time.monotonic()

    def show(self, share: float) -> None:
        """Move the bar."""
        status = status_of(self.tally, time.monotonic() - self.started)
        self.progress.update(self.task, completed=share, status=status)


def status_of(tally: Tally, seconds: float) -> str:
    """Return the rate and what is worth knowing meanwhile."""
    orders = tally.orders_total
    rate = orders / seconds if seconds else 0
    return f"{orders:,} orders, {rate:,.0f}/s, {tally.differences.total():,} differences"


@contextmanager
def metered(tally: Tally, *, quiet: bool) -> Iterator[Meter]:
    """Show progress on stderr while the body runs."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield LineMeter(tally)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>5.1f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}"),
        console=console,
    ) as progress:
        yield BarMeter(tally, progress)
