"""A small crash on real processes: the same report twice, and money to the unit."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devnet.genesis import devnet_rules
from devnet.scenarios.scenario import PPM, Population, Quoting, Scenario
from devnet.scenarios.session import Request, play_scenario, publish
from tests.models.auditor import audit
from tests.tidy import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("scenario"), pytest.mark.timeout(300)]
INSTANCE = 33
ACCOUNTS = 40
CRASH = Scenario(
    name="short",
    story="a quarter is gone in a minute, and the sequencer with it for another",
    seconds=150,
    step_ms=3_000,
    paths={"BTC": ((0, PPM), (20, PPM), (60, 850_000), (78, 750_000), (150, 780_000))},
    outage=(54, 120),
    quoting=(Quoting(), Quoting(since=40, depth=200_000, spread=2 * PPM), Quoting(since=130)),
    population=Population(long_share=800_000, leverages=((10, 1), (18, 2)), vault_share=20_000),
)


def request(out: Path | None) -> Request:
    return Request(
        scenario=CRASH,
        accounts=ACCOUNTS,
        seed=11,
        instance=INSTANCE,
        out=out,
        keep=None,
        charts=True,
        as_json=True,
    )


def test_the_same_seed_gives_the_same_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = asyncio.run(play_scenario(request(None)))
    audit(first.play.observer.items, devnet_rules())
    told = first.as_json()
    assert told["faults"] == []
    rungs = told["liquidations"]["rungs"]
    assert rungs["flagged"] == rungs["released"] >= 10
    assert rungs["slice"] + rungs["backstop"] + rungs["deleverage"] > 10
    assert told["liquidations"]["withdrawals"]["after: accepted"] > 0
    assert told["recovery"]["liquidations_s"] is not None
    assert told["conservation"]["missing"] == "0"
    assert int(told["conservation"]["deposits"]) > 10**12
    assert told["roots"]["node"] == told["roots"]["replayed"]
    gone = [sample for sample in first.play.tally.samples if 54_000 < sample.ms < 120_000]
    assert gone, "the outage is in the samples"
    assert len({sample.markets[1]["index"] for sample in gone}) == 1

    again = asyncio.run(play_scenario(request(tmp_path)))
    assert again.as_json() == told
    assert again.play.tally.samples == first.play.tally.samples

    publish(request(tmp_path), again)
    assert json.loads(capsys.readouterr().out) == told
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"short.json", "short.csv", "short.png", "short.svg"}
    assert (tmp_path / "short.png").stat().st_size > 20_000
    rows = (tmp_path / "short.csv").read_text().splitlines()
    assert len(rows) == len(first.play.tally.samples) + 1


def test_a_file_of_candles_is_played(tmp_path: Path) -> None:
    file = tmp_path / "candles.csv"
    rows = ["time,open,high,low,close"]
    price = 60_000
    for minute in range(3):
        close = price - 2_500
        rows.append(f"{1_600_000_000 + 60 * minute},{price},{price + 20},{close - 50},{close}")
        price = close
    file.write_text("\n".join(rows))
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "sextant", "scenario", str(file), "--market", "ETH"),
            *("--accounts", "12", "--speed", "3", "--instance", str(INSTANCE)),
        ],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ETH as recorded in candles.csv, 3 times as fast" in done.stdout
    assert "to the unit" in done.stdout
