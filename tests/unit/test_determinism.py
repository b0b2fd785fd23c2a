"""Same inputs, same roots: whatever the hash seed, compiled or interpreted.

Each run is a process of its own which executes seeded traffic of every kind
from genesis and prints its roots.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from node.compiled import compiled_directory

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
import statemachine.transition
from prover.replica import genesis_replica
from prover.traffic import START_MS, Traffic

traffic = Traffic(seed=5, traders=12)
replica = genesis_replica(traffic.rules, START_MS)
for _ in range(3):
    entry = traffic.make_entry(6, 40)
    replica.add_inbox(0, traffic.inbox)
    derived = replica.feed(entry)
    print(derived.output.hash.hex(), len(derived.trace))
print("compiled" if statemachine.transition.__file__.endswith(".so") else "interpreted")
"""


@cache
def run(hash_seed: str, *, compiled: bool) -> list[str]:
    """Return what the script prints."""
    built = compiled_directory() if compiled else None
    paths = [str(path) for path in (built, ROOT) if path is not None]
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_the_hash_seed_changes_nothing(hash_seed: str) -> None:
    lines = run("0", compiled=False)
    assert lines[-1] == "interpreted"
    assert run(hash_seed, compiled=False) == lines


def test_compiled_rules_reach_the_same_roots() -> None:
    if compiled_directory() is None:
        pytest.skip("no compiled state machine: make compile builds one where there is a compiler")
    lines = run("0", compiled=True)
    assert lines[-1] == "compiled"
    assert lines[:-1] == run("0", compiled=False)[:-1]
