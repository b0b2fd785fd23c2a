"""A made-up capture through real processes: the exchange's book follows it."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.captures import made_up_capture
from tests.tidy import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("replay")]
INSTANCE = "37"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-P", "-m", "sextant", "replay", *words, "--instance", INSTANCE],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_the_books_stay_equal(tmp_path: Path) -> None:
    lines = made_up_capture(diffs=150)
    lines.insert(40, "this is no line of a capture")
    file = tmp_path / "capture.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    kept = tmp_path / "exchange"

    done = run(str(file), "--own", "--keep", str(kept), "--json", "--skip-malformed")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["schema"] == "sextant.replay/1"
    assert (told["symbol"], told["lines"], told["malformed"]) == ("BTCUSDT", len(lines), 1)
    assert "skipped line 41: " in done.stderr
    book = told["book"]
    assert (book["diffs_compared"], book["differences"], book["books_different"]) == (151, {}, 0)
    assert book["books_compared"] >= 1
    assert told["events"]["diffs"] == 150
    assert told["orders"]["take"] == told["events"]["trades"]
    assert set(told["rejected"]) <= {"IOC_UNFILLED"}
    assert told["fills"]["takers"] > 100
    assert told["fills"]["trades"] >= told["fills"]["takers"]
    assert 10 < told["l1_bytes_per_order"] < 200
    assert told["blocks"] > 3
    assert told["roots"]["same"]
    assert {path.stem for path in (kept / "logs").iterdir()} >= {"sequencer", "follower", "l1"}


def test_a_malformed_line_is_fatal_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "capture.jsonl"
    file.write_text("\n".join([*made_up_capture(diffs=3), "12 {]"]))
    done = run(str(file))
    assert done.returncode == 3
    assert "not JSON" in done.stderr
    assert "exchange" not in done.stderr


def test_what_cannot_be_replayed_is_said(tmp_path: Path) -> None:
    file = tmp_path / "capture.jsonl"
    file.write_text("\n".join(line for line in made_up_capture(3) if "lastUpdateId" not in line))
    done = run(str(file))
    assert done.returncode == 2
    assert "no book snapshot" in done.stderr
    assert run(str(tmp_path / "absent")).returncode == 3
