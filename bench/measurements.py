"""Which benchmarks there are, and how one is run: in a process of its own.

A measuring module has ``measure(variant: str) -> list[Figure]``.  It runs in a
fresh interpreter, so that one benchmark's memory is not the next one's cache, and
so that the compiled state machine can stand in for the interpreted one.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import Final, final

from bench.figures import ROOT, Figure, figure_from, measure_loop
from bench.steps import CASES
from node.compiled import compiled_directory

SECONDS_MAX: Final = 900
RUNNER: Final = """
import json, sys
from dataclasses import asdict
from importlib import import_module
figures = import_module(sys.argv[1]).measure(sys.argv[2])
print("\\n" + json.dumps([asdict(figure) for figure in figures]))
"""


class Unavailable(Exception):
    """A benchmark cannot be run here, and why: what it needs is not installed."""


class Broken(Exception):
    """A benchmark ran, and failed."""


def environment_of(*, compiled: bool | None) -> dict[str, str]:
    """Return the environment of a process that runs one form of the state machine.

    True or False for the compiled or the interpreted one; None for the compiled one
    where it is built and current.

    Raises
    ------
    Unavailable
        If it is to be compiled, and is not.
    """
    path = [str(ROOT)]
    if compiled is not False:
        directory = compiled_directory()
        if directory is not None:
            path.insert(0, str(directory))
        elif compiled:
            raise Unavailable("the state machine is not compiled: make compile")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


@final
@dataclass(frozen=True, slots=True)
class Measurement:
    """A module that measures, and the names of the figures it gives.

    ``compiled``: True or False to measure that form of the state machine; None for
    the one a node would use, compiled where a compiler has built it.
    """

    names: tuple[str, ...]
    module: str
    variant: str = ""
    compiled: bool | None = None

    def run(self) -> list[Figure]:
        """Measure.

        Raises
        ------
        Unavailable
            What it needs is not installed.
        Broken
            It failed, or did not end.
        """
        environment = environment_of(compiled=self.compiled)
        before = measure_loop()
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter on our own module
                # -P: the working directory must not come before the compiled form
                [sys.executable, "-P", "-c", RUNNER, self.module, self.variant],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{self.module} took more than {SECONDS_MAX} s") from error
        if done.returncode != 0:
            raise Broken(f"{self.module} {self.variant} failed")
        loop_ns = round((before + measure_loop()) / 2, 1)
        entries = json.loads(done.stdout.splitlines()[-1])
        return [replace(figure_from(entry), loop_ns=loop_ns) for entry in entries]


STEPS: Final = tuple(case.name for case in CASES)

MEASUREMENTS: Final = (
    Measurement(("tree.dirty_key", "tree.dirty_neighbour", "tree.build"), "bench.tree"),
    Measurement(("verdict.gas", "verdict.bytes", "verdict.time", "verdict.proof"), "bench.dispute"),
    Measurement(("engine.interpreted",), "bench.engine", "interpreted", compiled=False),
    Measurement(("engine.compiled",), "bench.engine", "compiled", compiled=True),
    *(
        Measurement(
            tuple(f"steps.{form}.{case}" for case in STEPS),
            "bench.steps",
            form,
            compiled=form == "compiled",
        )
        for form in ("interpreted", "compiled")
    ),
    Measurement(
        (
            *("grpc.single", "grpc.single_root_lag", "grpc.bulk", "grpc.bulk_root_lag"),
            *("ack.p50", "ack.p99", "l1.bytes_single", "l1.bytes_bulk"),
            *("replay.half", "replay.ratio", "replay.bound"),
        ),
        "bench.exchange",
    ),
)


def chosen(names: list[str]) -> list[Measurement]:
    """Return the measurements that give ``names``; all of them if none is named.

    Raises
    ------
    Unavailable
        If a name is not known.
    """
    if not names:
        return list(MEASUREMENTS)
    known = {name for measurement in MEASUREMENTS for name in measurement.names}
    unknown = [
        name for name in names if not any(k == name or k.startswith(name + ".") for k in known)
    ]
    if unknown:
        raise Unavailable(f"no benchmark {unknown[0]}; there are: {', '.join(sorted(known))}")
    return [
        measurement
        for measurement in MEASUREMENTS
        if any(k == name or k.startswith(name + ".") for k in measurement.names for name in names)
    ]
