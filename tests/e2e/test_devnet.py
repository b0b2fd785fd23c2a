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

from devnet.layout import Layout, layout_of
from devnet.ports import find_taken
from devnet.session import look_once
from tests.tidy import ROOT

WAIT_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 3.0
INSTANCES = range(60, 95)
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

    def start(self) -> None:
        """Start it; its output goes to a file."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.layout.directory / "up.log").open("a") as log:
            self.up = subprocess.Popen(
                self.command("devnet", "up", "--plain", "--block-time-ms", "300"),
                stdout=log,
                stderr=log,
                env=environment,
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


def eventually(condition: Callable[[], bool], what: str, devnet: Devnet) -> None:
    until = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        assert time.monotonic() < until, f"{what}\n{devnet.said()[-3000:]}"
        time.sleep(0.1)


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Devnet]:
    """Return a devnet on free ports; whatever happens, it is stopped."""
    for instance in INSTANCES:
        layout = layout_of(instance, tmp_path)
        if not find_taken(layout):
            break
    else:
        pytest.skip("no free ports")
    found = Devnet(layout)
    yield found
    if found.up is not None:
        found.up.kill()
        found.up.wait()


def test_every_process_may_die_alone_and_the_devnet_continues_where_it_was(
    devnet: Devnet,
) -> None:
    devnet.start()
    eventually(lambda: devnet.head("safe") > 0, "no batch was posted", devnet)
    names = list(devnet.pids())
    assert len(names) == 13
    for name, head in VICTIMS.items():
        before = devnet.pids()
        victim = before[name]
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        eventually(
            lambda name=name, victim=victim: devnet.pids().get(name) not in {None, victim},  # type: ignore[misc]  # bound early
            f"{name} did not come back",
            devnet,
        )
        after = devnet.pids()
        assert {n for n in names if after[n] != before[n]} == {name}
        reached = devnet.head("unsafe")
        eventually(
            lambda head=head, reached=reached: devnet.head(head) > reached,  # type: ignore[misc]  # bound early
            f"the chain did not go on after the death of {name}",
            devnet,
        )
    before = devnet.pids()
    forked = subprocess.run(
        devnet.command("dev", "reorg", "2"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "forked after block" in forked.stdout, forked.stderr
    reached = devnet.head("unsafe")
    eventually(lambda: devnet.head("safe") > reached, "the chain did not pass a re-org", devnet)
    assert devnet.pids() == before, "a re-org ends nobody"
    safe = devnet.head("safe")
    code, seconds = devnet.stop()
    assert code == 0, devnet.said()
    assert seconds < STOP_SECONDS_MAX
    assert devnet.status() == {}

    devnet.start()
    eventually(lambda: devnet.head("unsafe") > safe, "it did not continue", devnet)
    eventually(lambda: devnet.head("safe") > safe, "nothing more was posted", devnet)
    assert "claims" in devnet.status()
    assert "convicted" not in devnet.status()["claims"]
    assert devnet.stop()[0] == 0


def test_second_start_in_one_place_says_what_to_do(devnet: Devnet) -> None:
    devnet.start()
    eventually(lambda: devnet.head("unsafe") >= 0, "it did not start", devnet)
    second = subprocess.run(
        devnet.command("devnet", "up", "--plain"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 3
    assert "devnet down" in second.stderr
    down = subprocess.run(
        devnet.command("devnet", "down"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert down.returncode == 0, down.stderr
    assert devnet.up is not None
    assert devnet.up.wait(timeout=10) == 0
    devnet.up = None
