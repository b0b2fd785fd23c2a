"""Break the rules, one mutant at a time, and print which tests noticed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutant import Mutant
from tests.mutation.mutants import MUTANTS

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("statemachine", "prover")
WORKERS = 2
TIMEOUT_S = 300
FAILED_TESTS = 1
"""Pytest's exit status where tests ran and failed; anything else proves nothing."""
POISON = Mutant("transition.py", "cursor.height += 1", "cursor.height += 2", "heights skip one")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    fate: str
    witness: str
    seconds: float

    @property
    def killed(self) -> bool:
        return self.fate == "killed"


def problem_of(mutant: Mutant) -> str:
    """Return why a mutant cannot be made from the rules as they are, or nothing."""
    path = ROOT / mutant.package / mutant.file
    if not path.exists():
        return f"{mutant.file} is gone"
    for test in mutant.suite:
        if not (ROOT / test.partition("::")[0]).exists():
            return f"{test}, which ought to notice, is gone"
    count = path.read_text().count(mutant.old)
    return "" if count == 1 else f"its text occurs {count} times in {mutant.file}"


def run_tests(copy: Path, suite: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run tests over the copy of the rules in ``copy``."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no"]
    command += ["-p", "no:cacheprovider", "-o", f"pythonpath={copy} {ROOT}", "--timeout=60"]
    return subprocess.run(
        [*command, *suite],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def copy_rules(folder: Path) -> Path:
    """Copy the rules into a folder and return it."""
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    return folder


def try_mutant(mutant: Mutant) -> Verdict:
    """Apply a mutant to a copy and run its tests."""
    started = time.monotonic()
    problem = problem_of(mutant)
    if problem:
        return Verdict(mutant, "stale", problem, 0)
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_rules(Path(folder))
        path = copy / mutant.package / mutant.file
        path.write_text(path.read_text().replace(mutant.old, mutant.new))
        try:
            done = run_tests(copy, mutant.suite)
        except subprocess.TimeoutExpired:
            return Verdict(mutant, "hangs", f"{TIMEOUT_S} s", time.monotonic() - started)
    seconds = time.monotonic() - started
    if done.returncode == 0:
        return Verdict(mutant, "SURVIVED", " ".join(mutant.suite), seconds)
    found = re.search(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    if done.returncode != FAILED_TESTS or found is None:
        return Verdict(mutant, "error", done.stdout[-300:] + done.stderr[-300:], seconds)
    return Verdict(mutant, "killed", found[1].removeprefix("tests/"), seconds)


def check_harness() -> str:
    """Return what is wrong with the harness itself, or nothing.

    A copy as it is passes everything; one that breaks everything fails: so it
    is the copy that the tests see.
    """
    suite = tuple(dict.fromkeys(test for mutant in MUTANTS for test in mutant.suite))
    with tempfile.TemporaryDirectory() as folder:
        done = run_tests(copy_rules(Path(folder)), suite)
        if done.returncode != 0:
            return f"the rules as they are fail:\n{done.stdout[-2000:]}{done.stderr[-500:]}"
    poisoned = try_mutant(POISON)
    return "" if poisoned.killed else f"tests do not see the copy: {poisoned}"


def main() -> int:
    """Print a table of all mutants; return 1 unless every one was killed."""
    problem = check_harness()
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201  a table for people
        return 1
    wanted = sys.argv[1:]
    chosen = [m for m in MUTANTS if not wanted or any(w in m.file or w in m.breaks for w in wanted)]
    with ThreadPoolExecutor(WORKERS) as pool:
        verdicts = []
        for verdict in pool.map(try_mutant, chosen):
            mutant = verdict.mutant
            line = f"{verdict.fate:<9}{mutant.file:<22}{mutant.breaks:<52}"
            print(f"{line}{verdict.seconds:5.1f} s  {verdict.witness}", flush=True)  # noqa: T201  likewise
            verdicts.append(verdict)
    left = [verdict for verdict in verdicts if not verdict.killed]
    print(f"{len(verdicts)} mutants, {len(verdicts) - len(left)} killed")  # noqa: T201  likewise
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
