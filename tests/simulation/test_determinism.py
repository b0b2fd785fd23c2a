"""Same inputs, same roots: whatever the hash seed, the flags, the process, compiled or not."""

import os
import subprocess
import sys
from functools import cache

import pytest

from node.compiled import compiled_directory
from tests.tidy import ROOT

SEED = "3"
SECONDS_MAX = 100


@cache
def lines_of(hash_seed: str, *flags: str, path: str = "") -> list[str]:
    """Return what the program prints in a process of its own."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [path, str(ROOT)]))
    done = subprocess.run(
        [sys.executable, *flags, "-m", "tests.simulation.digest", SEED],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=True,
    )
    return done.stdout.splitlines()


def test_roots_do_not_depend_on_the_hash_seed() -> None:
    first, second = lines_of("1"), lines_of("4242")
    assert first[0] == "interpreted"
    assert len(set(first)) > 20
    assert first == second


def test_roots_do_not_depend_on_optimisation() -> None:
    assert lines_of("1", "-OO") == lines_of("1")


@pytest.mark.compiled
def test_compiled_rules_give_the_same_roots() -> None:
    directory = compiled_directory()
    if directory is None:
        pytest.skip("the state machine is not compiled as it stands; see `make compile`")
    compiled = lines_of("7", path=str(directory))
    assert compiled[0] == "compiled"
    assert compiled[1:] == lines_of("1")[1:]
