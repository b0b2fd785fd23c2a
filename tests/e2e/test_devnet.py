"""The whole devnet as processes: up, one death at a time, down, and up again where it was."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devnet.identities import MAKERS, TAKERS
from devnet.layout import Layout
from devnet.session import look_once
from tests.ports import layout_to_test
from tests.tidy import ROOT
from tests.waiting import wait_until

STOP_SECONDS_MAX = 3.0
INSTANCES = range(60, 95)
PROCESSES = 13
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
# Who is killed, and which head must move past the present afterwards.
VICTIMS = {
    "l1": "safe",
    "sequencer": "safe",
    "poster": "safe",
    "follower": "unsafe",
    "challenger": "unsafe",
    "publisher-0": "unsafe",
    "maker-0": "unsafe",
}

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


class Devnet:
    """A devnet that runs ``sextant devnet up`` in a directory."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.up: subprocess.Popen[str] | None = None

    def command(self, *words: str) -> list[str]:
        """Return a ``sextant`` command about this devnet."""
        place = ("--instance", str(self.layout.instance), "--datadir", str(self.layout.directory))
        return [sys.executable, "-P", "-m", "sextant", *words, *place]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command about it to its end."""
        return subprocess.run(
            self.command(*words),
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def start(self) -> None:
        """Start it; its output goes to a file."""
        with (self.layout.directory / "up.log").open("a") as log:
            self.up = subprocess.Popen(
                self.command("devnet", "up", "--plain", "--block-time-ms", "300"),
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                text=True,
                start_new_session=True,
            )

    def stop(self) -> tuple[int, float]:
        """Press ctrl-C; return the exit code and the seconds it took."""
        assert self.up is not None
        started = time.monotonic()
        self.up.send_signal(signal.SIGINT)
        code = self.up.wait(timeout=30)
        self.up = None
        return code, time.monotonic() - started

    def status(self) -> dict[str, Any]:
        """Return what ``devnet status --json`` prints; empty while nothing answers."""
        text = asyncio.run(look_once(self.layout, as_json=True))
        found: dict[str, Any] = json.loads(text) if text is not None else {}
        return found

    def head(self, name: str) -> int:
        """Return a head of the sequencer, or -1."""
        heads = self.status().get("heads") or {}
        return int(heads.get(name, -1))

    def pids(self) -> dict[str, int | None]:
        """Return the pid of every process."""
        found = self.status().get("processes", {})
        return {name: process["pid"] for name, process in found.items()}

    def said(self) -> str:
        """Return what ``up`` printed."""
        return (self.layout.directory / "up.log").read_text()

    def eventually(self, condition: Callable[[], bool], missing: str) -> None:
        """Wait until a condition holds; show the end of what ``up`` printed if it never does."""
        wait_until(condition, missing, poll_s=0.1, show=lambda: self.said()[-3000:])

    def log(self, name: str) -> str:
        """Return what a process has logged; nothing before it was started."""
        path = self.layout.logs / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def is_at_work(self) -> bool:
        """Return whether every process is up, and every bot has the money that it trades with."""
        pids = self.pids()
        return (
            len(pids) == PROCESSES
            and all(pids.values())
            and all("quoting" in self.log(name) for name in MAKERS)
            and all("taking" in self.log(name) for name in TAKERS)
        )

    def kill(self, name: str) -> set[str]:
        """Kill a process, wait until it is back, and return the names of all that are new."""
        before, after = self.pids(), dict[str, int | None]()
        victim = before[name]
        assert victim is not None
        os.kill(victim, signal.SIGKILL)

        def is_back() -> bool:
            after.update(self.pids())
            return after.get(name) not in {None, victim}

        self.eventually(is_back, f"{name} did not come back")
        return {name for name, pid in before.items() if after[name] != pid}

    def passes_the_present(self, head: str, missing: str) -> None:
        """Wait until a head is past the last block that there is now."""
        reached = -1

        def answers() -> bool:
            nonlocal reached
            reached = self.head("unsafe")
            return reached >= 0

        self.eventually(answers, "the sequencer does not answer")
        self.eventually(lambda: self.head(head) > reached, missing)


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Devnet]:
    """Return a devnet on free ports; whatever happens, it is stopped."""
    found = Devnet(layout_to_test(INSTANCES, tmp_path))
    yield found
    if found.up is not None:
        found.up.kill()
        found.up.wait()


def test_every_process_may_die_alone_and_the_devnet_continues_where_it_was(
    devnet: Devnet,
) -> None:
    devnet.start()
    devnet.eventually(lambda: devnet.head("safe") > 0, "no batch was posted")
    # A bot that still waits for its deposit cannot do without L1: deaths are for those at work.
    devnet.eventually(devnet.is_at_work, "not everyone is at work")
    for name, head in VICTIMS.items():
        assert devnet.kill(name) == {name}, devnet.said()[-3000:]
        devnet.passes_the_present(head, f"the chain did not go on after the death of {name}")
    before = devnet.pids()
    forked = devnet.run("dev", "reorg", "2")
    assert "forked after block" in forked.stdout, forked.stderr
    devnet.passes_the_present("safe", "the chain did not pass a re-org")
    assert devnet.pids() == before, "a re-org ends nobody"
    safe = devnet.head("safe")
    code, seconds = devnet.stop()
    assert code == 0, devnet.said()
    assert seconds < STOP_SECONDS_MAX
    assert devnet.status() == {}

    devnet.start()
    devnet.eventually(lambda: devnet.head("unsafe") > safe, "it did not continue")
    devnet.eventually(lambda: devnet.head("safe") > safe, "nothing more was posted")
    assert "claims" in devnet.status()
    assert "convicted" not in devnet.status()["claims"]
    assert devnet.stop()[0] == 0


def test_second_start_in_one_place_says_what_to_do(devnet: Devnet) -> None:
    devnet.start()
    devnet.eventually(lambda: devnet.head("unsafe") >= 0, "it did not start")
    second = devnet.run("devnet", "up", "--plain")
    assert second.returncode == 3
    assert "devnet down" in second.stderr
    down = devnet.run("devnet", "down")
    assert down.returncode == 0, down.stderr
    assert devnet.up is not None
    assert devnet.up.wait(timeout=10) == 0
    devnet.up = None
