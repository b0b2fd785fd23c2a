"""Reading captures: every field that is used, every way to be malformed."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from devnet.replay.capture import (
    Diff,
    Event,
    Malformed,
    Quote,
    Reader,
    Snapshot,
    Trade,
    open_capture,
    rows_of,
)

START_NS = 1_700_000_000_000_000_000


def line(message: object, ms: int = 0) -> bytes:
    return f"{START_NS + ms * 1_000_000} {json.dumps(message)}\n".encode()


def stream(kind: str, data: dict[str, Any], symbol: str = "btcusdt") -> dict[str, Any]:
    return {"stream": f"{symbol}@{kind}", "data": data}


def snapshot(last_id: int = 10) -> dict[str, Any]:
    return {
        "lastUpdateId": last_id,
        "bids": [["100.0", "1"], ["99.9", "2.5"]],
        "asks": [["100.1", "3"]],
    }


def diff(ids: tuple[int, int, int], bids: list[Any], asks: list[Any]) -> dict[str, Any]:
    return stream(
        "depth@0ms", {"U": ids[0], "u": ids[1], "pu": ids[2], "b": bids, "a": asks, "T": 5}
    )


def trade(price: str = "100.1", quantity: str = "0.5", **changes: Any) -> dict[str, Any]:
    data = {"p": price, "q": quantity, "m": False, "X": "MARKET", "t": 1}
    return stream("trade", data | changes)


def read(rows: Sequence[bytes], symbol: str | None = None) -> tuple[list[Event], list[str], Reader]:
    faults: list[str] = []
    reader = Reader(lambda fault: faults.append(str(fault)), symbol)
    return list(reader.read(rows)), faults, reader


def test_every_kind_of_message() -> None:
    events, faults, reader = read(
        [
            line(stream("bookTicker", {"b": "100.0", "a": "100.1", "u": 3})),
            b"\n",
            line(snapshot(), 1),
            line(diff((9, 12, 8), [["100.0", "0.000"]], []), 2),
            line(trade(m=True), 3),
        ]
    )
    assert faults == []
    assert reader.symbol == "BTCUSDT"
    assert events == [
        Quote(1, START_NS, "100.0", "100.1"),
        Snapshot(
            3,
            START_NS + 1_000_000,
            10,
            (("100.0", "1"), ("99.9", "2.5")),
            (("100.1", "3"),),
        ),
        Diff(4, START_NS + 2_000_000, 9, 12, 8, (("100.0", "0.000"),), ()),
        Trade(5, START_NS + 3_000_000, "100.1", "0.5", is_sell=True),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"{}\n", "no time"),
        (b"12a {}\n", "no time"),
        (b"5 \n", "no time|not JSON"),
        (b"5 {\n", "not JSON"),
        (b"5 \xff\xfe{}\n", "not JSON"),
        (b"5 " + b"[" * 5_000 + b"\n", "not JSON"),
        (b"5 []\n", "not an object"),
        (b"5 {}\n", "stream: need str"),
        (line({"stream": "btcusdt@trade"}), "data: need dict"),
        (line(trade(p="1e5")), "p: '1e5' is not a number"),
        (line(trade(p=100.1)), "p: need str"),
        (line(trade(p="-1")), "p: '-1' is not a number"),
        (line(trade(q="NaN")), "q: 'NaN' is not a number"),
        (line(trade(q="٣")), "is not a number"),
        (line(trade(m=1)), "m: need bool"),
        (line(diff((1, 2, -1), [], [])), "pu: -1 is negative"),
        (line(diff((1, 2, 0), [["1"]], [])), "is no level"),
        (line(diff((1, 2, 0), [["1", 2]], [])), "is no level"),
        (line(diff((1, 2, 0), [["1", "2", "3"]], [])), "is no level"),
        (line({"lastUpdateId": "7", "bids": [], "asks": []}), "lastUpdateId: need int"),
        (line({"lastUpdateId": 7, "bids": []}), "asks: need list"),
        (line({"lastUpdateId": True, "bids": [], "asks": []}), "lastUpdateId: need int"),
    ],
)
def test_malformed_lines_are_named_and_skipped(row: bytes, reason: str) -> None:
    events, faults, _ = read([line(trade()), row, line(trade(), 1)])
    assert len(events) == 2
    assert len(faults) == 1
    assert faults[0].startswith("line 2: ")
    assert any(part in faults[0] for part in reason.split("|"))


def test_time_does_not_go_back() -> None:
    events, faults, _ = read([line(trade(), 5), line(trade(), 4), line(trade(), 5)])
    assert [event.line for event in events] == [1, 3]
    assert faults == [f"line 2: time {START_NS + 4_000_000} before {START_NS + 5_000_000}"]


def test_other_messages_are_passed_over_and_counted() -> None:
    events, faults, reader = read(
        [
            line(trade()),
            line(trade(X="INSURANCE_FUND")),
            line(stream("markPrice", {"p": "1"})),
            line(stream("trade", {"p": "1", "q": "1", "m": True}, symbol="ethusdt")),
        ]
    )
    assert (len(events), faults) == (1, [])
    assert reader.passed == {"trade INSURANCE_FUND": 1, "markPrice": 1, "ethusdt": 1}
    events, _, _ = read(
        [line(trade()), line(stream("trade", trade()["data"], "ethusdt"))], "ETHUSDT"
    )
    assert [event.line for event in events] == [2]


@pytest.mark.parametrize("packed", [False, True])
def test_files_may_be_packed(tmp_path: Path, *, packed: bool) -> None:
    content = line(trade()) + line(trade(), 1)
    file = tmp_path / "capture"
    file.write_bytes(gzip.compress(content) if packed else content)
    with open_capture(file) as source:
        rows = list(rows_of(source, lambda fault: pytest.fail(str(fault))))
    assert rows == content.splitlines(keepends=True)


def test_a_file_that_breaks_off_is_malformed_at_its_end(tmp_path: Path) -> None:
    content = b"".join(line(trade(q=f"0.{i:06}"), i) for i in range(5_000))
    file = tmp_path / "capture.gz"
    file.write_bytes(gzip.compress(content)[:-20])
    faults: list[Malformed] = []
    with open_capture(file) as source:
        rows = list(rows_of(source, faults.append))
    assert len(rows) > 1_000
    assert len(faults) == 1
    assert "breaks off" in str(faults[0])
