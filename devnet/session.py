"""One run of the devnet: banner, start, live status, stop."""

import asyncio
import json
import signal
import sys
import time
from functools import partial
from typing import Final

from rich.console import Console

from devnet.banner import lines_of
from devnet.funds import fund_operators
from devnet.layout import Layout
from devnet.painter import Painter, fitted
from devnet.processes import Options, prepare, specs_of
from devnet.screen import claims_text, plain_line, render
from devnet.supervisor import DevnetBlocked, Supervisor, read_state
from devnet.survey import Facts, Surveyor
from sextant.errors import EXIT_UNREACHABLE

SCREEN_PERIOD_S: Final = 1.0
PLAIN_PERIOD_S: Final = 5.0
FIRST_BLOCK_POLL_S: Final = 0.1
PLAIN_COLUMNS: Final = 140


async def watch(layout: Layout, options: Options, *, salt: int | None, plain: bool) -> int:
    """Run everything until a signal asks to stop; return the exit code."""
    layout.directory.mkdir(parents=True, exist_ok=True)
    after = {"l1": partial(fund_operators, layout)}
    supervisor = Supervisor(layout, specs_of(layout, options), after)
    supervisor.stop_on_signals()
    console = Console()
    started = time.monotonic()
    try:
        supervisor.claim()
        for line in lines_of(layout, prepare(layout, salt)):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
        try:
            starting = asyncio.create_task(supervisor.start())
            await show(layout, supervisor, starting, console, started, plain=plain)
        finally:
            stopping_at = time.monotonic()
            await supervisor.stop()
            echoed = "\r" if console.is_terminal else ""  # over the ^C
            sys.stdout.write(f"{echoed}all stopped in {time.monotonic() - stopping_at:.1f} s\n")
    except DevnetBlocked as blocked:
        sys.stderr.write(f"sextant: {blocked}\n")
        return EXIT_UNREACHABLE
    return 0


async def show(
    layout: Layout,
    supervisor: Supervisor,
    starting: "asyncio.Task[None]",
    console: Console,
    started: float,
    *,
    plain: bool,
) -> None:
    """Show the status until the supervisor is asked to stop."""
    surveyor = Surveyor(layout)
    stopping = asyncio.create_task(supervisor.stopping.wait())
    try:
        first = asyncio.create_task(await_first_block(surveyor))
        await asyncio.wait({first, stopping, starting}, return_when=asyncio.FIRST_COMPLETED)
        while not first.done() and not stopping.done():
            if starting.done():
                starting.result()
            await asyncio.wait({first, stopping}, timeout=FIRST_BLOCK_POLL_S)
        if first.done():
            seconds = time.monotonic() - started
            sys.stdout.write(f"block {first.result():,} after {seconds:.1f} s\n\n")
            sys.stdout.flush()
        else:
            first.cancel()
        if console.is_terminal and not console.is_dumb_terminal and not plain:
            await show_screen(surveyor, supervisor, starting, console)
        else:
            await show_lines(surveyor, supervisor, starting)
    finally:
        stopping.cancel()
        starting.cancel()
        await surveyor.close()


async def await_first_block(surveyor: Surveyor) -> int:
    """Wait until the sequencer has made a block; return the last one's height."""
    while True:
        facts = await surveyor.look()
        if facts.sequencer is not None and facts.sequencer.unsafe_head.height > 0:
            return facts.sequencer.unsafe_head.height
        await asyncio.sleep(FIRST_BLOCK_POLL_S)


async def show_screen(
    surveyor: Surveyor,
    supervisor: Supervisor,
    starting: "asyncio.Task[None]",
    console: Console,
) -> None:
    """Redraw one screen every second, and at once when the terminal changes its size."""
    note = "ctrl-C stops everything; `sextant devnet logs -f NAME` shows a log"
    painter = Painter(console)
    facts = await surveyor.look()

    def draw() -> None:
        shown = render(facts, supervisor.children, note, painter.width, supervisor.troubles)
        painter.draw(shown)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, draw)
    try:
        while not supervisor.stopping.is_set():
            if starting.done():
                starting.result()
            draw()
            await pause(supervisor, SCREEN_PERIOD_S)
            facts = await surveyor.look()
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


async def show_lines(
    surveyor: Surveyor, supervisor: Supervisor, starting: "asyncio.Task[None]"
) -> None:
    """Print one line every few seconds, and each new verdict of the challenger."""
    told: set[str] = set()
    while not supervisor.stopping.is_set():
        if starting.done():
            starting.result()
        facts = await surveyor.look()
        sys.stdout.write(plain_line(facts, supervisor.children) + "\n")
        for trouble in supervisor.troubles:
            sys.stdout.write(f"  ! {trouble}\n")
        for verdict in facts.verdicts:
            if verdict not in told:
                told.add(verdict)
                sys.stdout.write(f"  challenger: {verdict}\n")
        sys.stdout.flush()
        await pause(supervisor, PLAIN_PERIOD_S)


async def pause(supervisor: Supervisor, seconds: float) -> None:
    """Wait, but not past the request to stop."""
    try:
        await asyncio.wait_for(supervisor.stopping.wait(), seconds)
    except TimeoutError:
        return


async def look_once(layout: Layout, *, as_json: bool) -> str | None:
    """Return the status of a running devnet as text, or None if nothing answers."""
    surveyor = Surveyor(layout)
    try:
        facts = await surveyor.look()
    finally:
        await surveyor.close()
    if facts.sequencer is None and facts.l1 is None:
        return None
    if as_json:
        return json.dumps(summary_of(facts, layout))
    console = Console() if sys.stdout.isatty() else Console(width=PLAIN_COLUMNS)
    width = console.size.width
    with console.capture() as captured:
        for line in render(facts, {}, "", width):
            console.print(fitted(line, width), no_wrap=True, soft_wrap=True)
    processes = read_state(layout).get("processes", {})
    lines = [
        f"  {name:<14} pid {found['pid'] or '-':<8} starts {found['starts']}  {found['log']}"
        for name, found in processes.items()
    ]
    return "\n".join([captured.get().rstrip(), *lines])


def summary_of(facts: Facts, layout: Layout) -> dict[str, object]:
    """Return the status for machines; integers that may be large are strings."""
    status = facts.sequencer
    return {
        "schema": "sextant.devnet.status.v1",
        "directory": str(layout.directory),
        "heads": None
        if status is None
        else {
            "unsafe": str(status.unsafe_head.height),
            "safe": str(status.safe_head.height),
            "final": str(status.final_head.height),
        },
        "transactions": None if status is None else str(status.transactions_total),
        "trades": None if status is None else str(status.trades_total),
        "markets": {
            market.symbol: {"index": str(market.index), "mark": str(market.mark)}
            for market in facts.markets
        },
        "batches": str(facts.log_count),
        "claims": claims_text(facts),
        "processes": read_state(layout).get("processes", {}),
    }
