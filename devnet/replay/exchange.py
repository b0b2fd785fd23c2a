"""The exchange that a replay runs through: one that is up, or processes of its own.

Its own are those of a devnet without publishers and bots (the L1 stub, the sequencer,
the poster, a follower and a challenger), in a directory of their own, on the ports of
the first instance that is free.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from devnet.funds import fund_operators
from devnet.layout import INSTANCES_MAX, Layout
from devnet.processes import Options, core_of, prepare
from devnet.supervisor import DevnetBlocked, Supervisor, claim_free

OPTIONS: Final = Options(block_time_ms=1_000)
PROCESSES: Final = frozenset({"l1", "sequencer", "poster", "follower", "challenger"})


@asynccontextmanager
async def own_exchange(
    first: int,
    directory: Path | None,
    processes: Collection[str] = PROCESSES,
    *,
    options: Options = OPTIONS,
    once_l1_serves: Callable[[Layout], Awaitable[None]] = fund_operators,
) -> AsyncIterator[Layout]:
    """Run an exchange of our own; its files stay only in a directory that was named.

    ``first`` is the first instance whose ports to try; ``once_l1_serves`` runs before
    any other process starts.

    Raises
    ------
    DevnetBlocked
        It could not be started.
    """
    place = directory or Path(tempfile.mkdtemp(prefix="sextant-own-"))

    def make(layout: Layout) -> Supervisor:
        specs = [spec for spec in core_of(layout, options) if spec.name in processes]
        return Supervisor(layout, specs, {"l1": partial(once_l1_serves, layout)})

    try:
        supervisor = claim_free(range(first, INSTANCES_MAX), place, make)
    except DevnetBlocked:
        if directory is None:
            shutil.rmtree(place, ignore_errors=True)
        raise
    layout = supervisor.layout
    try:
        prepare(layout)
        await supervisor.start()
        yield layout
    finally:
        await supervisor.stop()
        if directory is None:
            shutil.rmtree(place, ignore_errors=True)
