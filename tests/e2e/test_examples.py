"""Every example runs, as its first lines say, against a devnet of real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devnet.layout import Layout
from tests.ports import layout_to_test
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("devnet")]

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("[a-z]*.py"))
ELSEWHERE = {"deposit", "withdraw", "my_way_out"}
"""Those that take the world along: see below, and ``test_way_out``."""
INSTANCES = range(81, 89)
READY_S = 60.0
EXAMPLE_S = 90.0
STOP_S = 15.0
POLL_S = 0.2


def sextant(layout: Layout, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "SEXTANT_INSTANCE": str(layout.instance)}
    return subprocess.run(
        [sys.executable, "-m", "sextant", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=EXAMPLE_S,
    )


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Run a devnet on free ports, with bots, and money for alice."""
    directory = tmp_path_factory.mktemp("devnet")
    layout = layout_to_test(INSTANCES, directory)
    words = ["--instance", str(layout.instance), "--datadir", str(directory)]
    command = [sys.executable, "-m", "sextant", "devnet", "up", "--plain", *words]
    with (directory / "up.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--makers", "2", "--takers", "1"], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        wait_until(
            lambda: '"bids": [{' in sextant(layout, "book", "BTC", "--json").stdout,
            "no quotes came into the book",
            seconds=READY_S,
            poll_s=POLL_S,
            show=(directory / "up.log").read_text,
        )
        gift = ("--usdc", "10000", "--asset", "WSTETH", "--amount", "10")
        faucet = sextant(layout, "dev", "faucet", "alice", *gift, *words)
        assert faucet.returncode == 0, faucet.stderr
        run_example(layout, "deposit")
        yield layout
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_S)


def start_example(layout: Layout, name: str) -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "SEXTANT_INSTANCE": str(layout.instance),
        "SEXTANT_KEY_FILE": str(layout.directory / "keys" / "alice"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        cwd=layout.directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_example(layout: Layout, name: str) -> str:
    with start_example(layout, name) as process:
        text, _ = process.communicate(timeout=EXAMPLE_S)
    assert process.returncode == 0, text
    return text


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ELSEWHERE])
def test_example_runs(devnet: Layout, name: str) -> None:
    assert run_example(devnet, name)


def test_withdrawal_is_paid_after_the_window(devnet: Layout) -> None:
    place = ["--instance", str(devnet.instance), "--datadir", str(devnet.directory)]

    def ended() -> bool:
        sextant(devnet, "dev", "warp", "30s", *place)
        return process.poll() is not None

    with start_example(devnet, "withdraw") as process:
        wait_until(ended, "the withdrawal was not paid", seconds=EXAMPLE_S, poll_s=POLL_S)
        text, _ = process.communicate(timeout=EXAMPLE_S)
    assert "paid 5.00 USDC" in text


def test_an_asset_is_paid_after_the_window(devnet: Layout) -> None:
    place = ["--instance", str(devnet.instance), "--datadir", str(devnet.directory)]
    assert "counts for" in run_example(devnet, "collateral")
    listed = json.loads(sextant(devnet, "withdraw", "--list", "--as", "alice", "--json").stdout)
    (made, *_) = [one for one in listed["withdrawals"] if one["asset"] == "WSTETH"]

    def is_paid() -> bool:
        sextant(devnet, "dev", "warp", "30s", *place)
        claim = sextant(devnet, "claim", str(made["index"]), "--as", "alice")
        return "0.500000000 WSTETH" in claim.stdout

    wait_until(is_paid, "the asset was not paid", seconds=EXAMPLE_S, poll_s=POLL_S)


def test_every_example_says_how_to_run_it() -> None:
    for name in EXAMPLES:
        text = (ROOT / "examples" / f"{name}.py").read_text()
        assert f"python examples/{name}.py``" in text, name
