"""One run of ``sextant scenario`` from end to end: an exchange, a play, its report."""

import csv
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from devnet.processes import Options
from devnet.replay.exchange import own_exchange
from devnet.scenarios.charts import ChartsMissing, draw
from devnet.scenarios.lockstep import Lockstep, start_epoch
from devnet.scenarios.play import OnProgress, Play
from devnet.scenarios.report import Report, make_report
from devnet.scenarios.scenario import Scenario
from devnet.scenarios.tally import Sample
from sextant.client.api import AsyncClient

PROCESSES: Final = frozenset({"l1", "sequencer", "poster"})
OPTIONS: Final = Options(manual=True, batch_ms=250)
"""Chain time runs as fast as the machine allows, and waits for the poster."""
LINE_PERIOD_S: Final = 5.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for on the command line."""

    scenario: Scenario
    accounts: int
    seed: int
    instance: int
    out: Path | None
    keep: Path | None
    charts: bool
    as_json: bool


@contextmanager
def told(request: Request) -> Iterator[OnProgress]:
    """Tell on stderr how far it is: a bar on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True)
    if request.as_json or not console.is_terminal:
        last = time.monotonic()

        def line(act: str, done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= LINE_PERIOD_S:
                last = time.monotonic()
                sys.stderr.write(f"{act:<10} {done:>7,} of {total:,}\n")

        yield line
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.percentage:>4.0f}%"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        tasks = {}

        def bar(act: str, done: int, total: int) -> None:
            if act not in tasks:
                tasks[act] = progress.add_task(act, total=total)
            progress.update(tasks[act], completed=done, total=total)

        yield bar


async def run_scenario(request: Request) -> int:
    """Play a scenario, and tell what became of it; return 1 if anything was lost."""
    report = await play_scenario(request)
    publish(request, report)
    return 1 if report.faults else 0


async def play_scenario(request: Request) -> Report:
    """Play a scenario on an exchange of its own."""
    started = time.monotonic()
    sys.stderr.write(
        f"{request.scenario.name}: {request.accounts:,} accounts on an exchange of their own\n"
    )
    async with (
        own_exchange(
            request.instance,
            request.keep,
            PROCESSES,
            options=OPTIONS,
            once_l1_serves=start_epoch,
        ) as layout,
        AsyncClient(layout.address("grpc"), verify=False) as client,
    ):
        lockstep = Lockstep(layout, client)
        try:
            with told(request) as say:
                play = Play(request.scenario, request.accounts, request.seed, lockstep, say)
                await play.prepare()
                await play.perform()
                await play.settle()
            report = make_report(play, await play.compare_roots())
        finally:
            await lockstep.close()
    sys.stderr.write(f"played in {time.monotonic() - started:,.0f} s\n")
    return report


def publish(request: Request, report: Report) -> None:
    """Print the report, and write it and its charts where they were asked for."""
    found = report.as_json()
    if request.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        show(report)
    if request.out is None:
        return
    request.out.mkdir(parents=True, exist_ok=True)
    name = request.scenario.name
    (request.out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    write_series(request.out / f"{name}.csv", report)
    if request.charts:
        try:
            draw(report, request.out)
        except ChartsMissing as error:
            sys.stderr.write(f"sextant scenario: {error}\n")
    sys.stderr.write(f"written to {request.out}\n")


def show(report: Report) -> None:
    """Print the page for people: a table on a terminal, lines elsewhere."""
    lines = [*report.lines(), *(("FAULT", fault) for fault in report.faults)]
    console = Console()
    if not console.is_terminal:
        for what, figures in lines:
            sys.stdout.write(f"{what:<17} {figures}\n")
        return
    table = Table(box=SIMPLE_HEAD, title=report.play.scenario.name, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, figures in lines:
        table.add_row(what, figures, style="red" if what == "FAULT" else None)
    console.print(table)


def write_series(path: Path, report: Report) -> None:
    """Write what was sampled, one line a sample."""
    samples = report.play.tally.samples
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        symbols = {n: rules.symbol.decode() for n, rules in report.play.scene.markets.items()}
        rungs = sorted({name for sample in samples for name in sample.rungs})
        writer.writerow(head_of(samples[0], symbols, rungs))
        for sample in samples:
            row = [sample.ms, sample.flagged, sample.unpoked, sample.insurance, sample.deficits]
            row += [value for number in symbols for value in sample.markets[number].values()]
            writer.writerow([*row, *(sample.rungs.get(name, 0) for name in rungs)])


def head_of(sample: Sample, symbols: dict[int, str], rungs: list[str]) -> list[str]:
    """Return the names of the columns."""
    head = ["ms", "flagged", "unpoked", "insurance_micros", "deficits_micros"]
    head += [f"{symbols[n]}_{name}" for n in symbols for name in sample.markets[n]]
    return [*head, *(f"rung_{name}" for name in rungs)]
