"""The board: lines, the status file, metrics; and the alarms of a vigil."""

import io
import json
import urllib.request
from pathlib import Path

from prover.board import Board
from prover.challenger import Challenger
from prover.drill import Drill
from prover.effects import Outbox, Said
from prover.vigil import Vigil
from tests.l1_worlds import deployment


def make_core() -> Challenger:
    return Challenger(deployment(), Drill(1, lambda: 0).replica, lambda: 0)


def test_lines_as_text_and_as_json() -> None:
    said = Said("alert", "claim 7 is wrong", {"claim": 7})
    for as_json in (False, True):
        stream = io.StringIO()
        board = Board("watch", stream, as_json=as_json, path=None, port=None)
        board.write_line(said, 1_767_225_600_000)
        line = stream.getvalue()
        if as_json:
            assert json.loads(line) == {
                "time": "2026-01-01T00:00:00Z",
                "level": "alert",
                "event": "claim 7 is wrong",
                "claim": 7,
            }
        else:
            assert line == "2026-01-01T00:00:00Z ALERT claim 7 is wrong\n"
        assert board.alerts == 1


def test_the_status_file_is_replaced_on_change(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    board = Board("watch", io.StringIO(), as_json=False, path=path, port=None)
    core = make_core()
    board.refresh(core)
    first = json.loads(path.read_text())
    assert first["schema"] == 1
    assert first["mode"] == "watch"
    path.unlink()
    board.refresh(core)
    assert not path.exists()
    board.write_line(Said("info", "something", {}), 0)
    board.refresh(core)
    assert json.loads(path.read_text())["lines"] == ["something"]
    assert list(tmp_path.iterdir()) == [path]


def test_metrics_are_served() -> None:
    board = Board("watch", io.StringIO(), as_json=False, path=None, port=0)
    core = make_core()
    core.docket.wrong = 3
    board.set_gauges(core)
    with urllib.request.urlopen(f"http://127.0.0.1:{board.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    board.close()
    assert "sextant_challenger_claims_wrong 3.0" in text
    assert "sextant_challenger_deadline_seconds -1.0" in text


def test_alarms_ring_once() -> None:
    vigil, outbox = Vigil(1_000, 50), Outbox()
    told: list[list[str]] = []
    for since in (100, 500, 600, 1_000, 2_000, 10, 500):
        vigil.on_silence(since, outbox)
        told.append([said.level for said in outbox.take() if isinstance(said, Said)])
    assert told == [[], ["warning"], [], ["alert"], [], [], ["warning"]]
    for balance, levels in ((60, []), (40, ["alert"]), (30, []), (60, []), (10, ["alert"])):
        vigil.on_balance(balance, outbox)
        assert [said.level for said in outbox.take() if isinstance(said, Said)] == levels
