"""What a benchmark prints: named figures, as a table and as ``bench/latest.json``."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

ROOT: Final = Path(__file__).parent.parent
LATEST: Final = ROOT / "bench" / "latest.json"
LOOPS: Final = 1_000_000


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    ``floor`` and ``ceiling`` are what the project promises, where it promises
    something; ``note`` says how the value came about, in a line.  ``loop_ns`` is what
    a turn of a plain loop took beside it (:func:`measure_loop`).
    """

    name: str
    value: float
    unit: str
    note: str = ""
    floor: float | None = None
    ceiling: float | None = None
    loop_ns: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the value is within what is promised."""
        above = self.floor is None or self.value >= self.floor
        return above and (self.ceiling is None or self.value <= self.ceiling)


def measure_loop() -> float:
    """Return the nanoseconds of one turn of a plain loop, as this machine is now.

    Machines that are shared change their speed within minutes, and Pythons are built
    in different ways: figures are compared by what this is beside them.
    """
    started = time.perf_counter_ns()
    total = 0
    for number in range(LOOPS):
        total += number
    return (time.perf_counter_ns() - started) / LOOPS


def machine_name() -> str:
    """Return what the figures were measured on: cores, processor, Python."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}"


def commit_name() -> str:
    """Return the commit that was measured, marked if the checkout differs from it."""
    try:
        commit = ask_git("rev-parse", "--short=12", "HEAD")
        changed = ask_git("status", "--porcelain", "-uno", "--", ".", ":!bench/latest.json")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{commit}-dirty" if changed else commit


def ask_git(*words: str) -> str:
    """Return what git answers about this checkout."""
    done = subprocess.run(  # noqa: S603 - words of ours
        ["git", *words],  # noqa: S607 - the user's own git
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    return done.stdout.strip()


def read_latest() -> dict[str, dict[str, Any]]:
    """Return the figures on record, by name."""
    try:
        stored: dict[str, dict[str, Any]] = json.loads(LATEST.read_text())
    except (OSError, ValueError):
        return {}
    return stored


def write_latest(figures: Iterable[Figure]) -> None:
    """Put ``figures`` on record; those of other benchmarks stay as they are."""
    stored = read_latest()
    machine, commit = machine_name(), commit_name()
    for figure in figures:
        entry = {key: value for key, value in asdict(figure).items() if value is not None}
        name = entry.pop("name")
        stored[name] = {**entry, "machine": machine, "commit": commit}
    LATEST.write_text(json.dumps(dict(sorted(stored.items())), indent=2) + "\n")


def show_value(value: float) -> str:
    """Return a number as people read it: no decimals where they say nothing."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def show_promise(figure: Figure) -> str:
    """Return what is promised of a figure, and whether it holds."""
    if figure.floor is not None:
        promise = f">= {show_value(figure.floor)}"
    elif figure.ceiling is not None:
        promise = f"<= {show_value(figure.ceiling)}"
    else:
        return ""
    return promise if figure.holds else f"{promise} MISSED"


def table_of(figures: Iterable[Figure]) -> str:
    """Return ``figures`` as a table of text."""
    rows = [("name", "value", "unit", "promise", "loop", "how")]
    for figure in figures:
        loop = "" if figure.loop_ns is None else f"{figure.loop_ns:.0f} ns"
        value, promise = show_value(figure.value), show_promise(figure)
        rows.append((figure.name, value, figure.unit, promise, loop, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = []
    for name, value, unit, promise, loop, note in rows:
        head = f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit:<{widths[2]}}"
        lines.append(f"{head}  {promise:<{widths[3]}}  {loop:>{widths[4]}}  {note}".rstrip())
    return "\n".join(lines)


def figure_from(entry: Mapping[str, Any]) -> Figure:
    """Return the figure that a measuring process wrote as JSON."""
    return Figure(**entry)
