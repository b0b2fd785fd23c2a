"""What the devnet's long-running commands share: run until SIGTERM or ctrl-C, then exit 0."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

from node.process import logs
from node.settings import LogSettings


def run_until_stopped(work: Callable[[], Awaitable[None]]) -> int:
    """Run ``work`` until it returns or a signal asks to stop; return the exit code."""
    configure_logs()
    asyncio.run(_run(work))
    return 0


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    working = asyncio.ensure_future(work())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        stopping.cancel()
        working.result()
        return
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


def configure_logs() -> None:
    """Log as a node with default settings does: text on a terminal, JSON elsewhere."""
    logs.configure_logs(LogSettings())
