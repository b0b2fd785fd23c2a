"""Signed blocks that a client keeps: what is written, and what is read after a bad day."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from sextant.cli.main import main
from sextant.client.receipt_store import ReceiptStore, state_directory
from sextant.client.receipts import Header, Receipt, Sequenced

HEADER = Header(
    chain_id=7,
    height=3,
    time_ms=1_700_000_000_000,
    cursor=b"cursor",
    receipts_root=bytes(32),
    receipts_count=1,
    signature=bytes(65),
)


def acknowledged(name: bytes, header: Header = HEADER) -> Sequenced:
    receipts: tuple[Receipt, ...] = ()
    return Sequenced(transaction_hash=name * 32, receipts=receipts, header=header)


def test_blocks_are_kept_in_order_and_by_exchange(tmp_path: Path) -> None:
    store = ReceiptStore(tmp_path / "kept")
    first, second = acknowledged(b"a"), acknowledged(b"b")
    other = acknowledged(b"c", replace(HEADER, chain_id=8))
    for each in (first, first, second, other):
        store.keep(each)
    store.keep(acknowledged(b"d", replace(HEADER, signature=b"")))
    again = ReceiptStore(tmp_path / "kept")
    assert again.chains() == [7, 8]
    kept = list(again.read(7))
    assert [block.transactions for block in kept] == [(b"a" * 32,), (b"b" * 32,)]
    assert (kept[0].cursor, kept[0].signature, kept[0].height) == (b"cursor", bytes(65), 3)
    assert list(again.read(9)) == []
    assert again.path_of(7).stat().st_mode & 0o077 == 0


def test_a_torn_line_and_an_unknown_schema_are_skipped(tmp_path: Path) -> None:
    store = ReceiptStore(tmp_path)
    store.keep(acknowledged(b"a"))
    whole = store.path_of(7).read_bytes()
    newer = json.dumps({**json.loads(whole), "schema": 2}).encode()
    store.path_of(7).write_bytes(whole[: len(whole) // 2] + b"\n" + newer + b"\n" + whole)
    assert [block.transactions for block in store.read(7)] == [(b"a" * 32,)]


def test_the_state_directory_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_directory() == tmp_path / "sextant" / "receipts"
    assert ReceiptStore().directory == state_directory()
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".local" / "state" / "sextant" / "receipts"


def test_kept_blocks_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ReceiptStore(tmp_path).keep(acknowledged(b"a"))
    assert main(["receipt", "list", "--store", str(tmp_path)]) == 0
    assert "61616161" in capsys.readouterr().out
    assert main(["receipt", "list", "--store", str(tmp_path), "--json"]) == 0
    blocks = json.loads(capsys.readouterr().out)["blocks"]
    assert [block["height"] for block in blocks] == [3]
    assert main(["receipt", "list", "--store", str(tmp_path / "none")]) == 0


def test_a_file_that_is_no_receipt_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.json").write_text("{}")
    words = ["receipt", "accuse", str(tmp_path / "r.json"), "--dry-run", "--store", str(tmp_path)]
    assert main(words) == 2
    assert "is no receipt" in capsys.readouterr().err


def test_a_line_after_a_torn_one_is_whole(tmp_path: Path) -> None:
    """A crash in the middle of a line costs that line, and not the next one too."""
    store = ReceiptStore(tmp_path)
    store.keep(acknowledged(b"a"))
    path = store.path_of(7)
    path.write_bytes(path.read_bytes()[:-30])
    again = ReceiptStore(tmp_path)
    for name in (b"b", b"c"):
        again.keep(acknowledged(name))
    assert [block.transactions for block in again.read(7)] == [(b"b" * 32,), (b"c" * 32,)]


def test_a_full_disk_is_said_and_makes_nothing_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[OSError] = []
    store = ReceiptStore(tmp_path, on_failure=failures.append)
    with monkeypatch.context() as patch:
        write = os.write
        patch.setattr(os, "write", lambda file, data: write(file, data[:40]))
        store.keep(acknowledged(b"a"))
    assert [failure.errno for failure in failures] == [errno.ENOSPC]
    store.keep(acknowledged(b"a"))
    assert [block.transactions for block in store.read(7)] == [(b"a" * 32,)]
    (tmp_path / "file").write_text("")
    with pytest.warns(RuntimeWarning, match="not kept"):
        ReceiptStore(tmp_path / "file").keep(acknowledged(b"b"))
