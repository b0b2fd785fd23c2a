"""Database, flat state and journal: what is on disk after what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from node.storage.database import Database, StoreHeld
from node.storage.journal import (
    BlockInput,
    Journal,
    decode_block_input,
    pack_segments,
    unpack_segments,
    write_deltas,
)
from node.storage.store import StateStore, write_state
from statemachine.errors import StorageCorrupt
from statemachine.genesis import genesis_state
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis
from tests.worlds import GENESIS_MS, world_rules

SCHEMA = "sextant-test-1"


def block_input(height: int) -> BlockInput:
    item = InboxItem(InboxKind.DEPOSIT, b"\x01" * 20, 0, Micros(5), Millis(7))
    return BlockInput(height, 1000 + height, b"frame", (b"\x02" * 20, b""), 3, (item,))


def test_a_second_owner_is_told_who_holds_the_store(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from node.storage import database\n"
        "database.LOCK_WAIT_SECONDS = 0\n"
        f"database.Database(Path(sys.argv[1]), {SCHEMA!r})"
    )
    with Database(tmp_path / "db", SCHEMA, "sequencer, gRPC port 50551"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "db")],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert StoreHeld.__name__ in done.stderr
    assert f"pid {os.getpid()} (sequencer, gRPC port 50551)" in done.stderr


def test_a_store_of_another_schema_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "db", "sextant-test-2").close()
    with pytest.raises(StorageCorrupt, match="sextant-test-2"):
        Database(tmp_path / "db", SCHEMA)


def test_a_batch_that_raises_writes_nothing(tmp_path: Path) -> None:
    def write_half(database: Database) -> None:
        with database.batch() as batch:
            batch.put(b"k", b"v")
            raise ZeroDivisionError

    with Database(tmp_path / "db", SCHEMA) as database:
        with pytest.raises(ZeroDivisionError):
            write_half(database)
        assert database.get(b"k") is None


def test_last_finds_the_greatest_key_of_a_prefix(tmp_path: Path) -> None:
    with Database(tmp_path / "db", SCHEMA) as database:
        assert database.last(b"B") is None
        for key in (b"A9", b"B1", b"B3", b"C0"):
            database.put(key, key)
        assert database.last(b"B") == (b"B3", b"B3")
        assert [key for key, _ in database.scan(b"B1", b"C")] == [b"B1", b"B3"]


def test_state_comes_back_with_its_ranges_and_height(tmp_path: Path) -> None:
    genesis = genesis_state(world_rules(), GENESIS_MS)
    order, gone = bytes([0x30, 0, 0, 0]) + bytes(16), next(k for k in genesis if k[0] == 0x40)
    with Database(tmp_path / "db", SCHEMA) as database:
        store = StateStore(database)
        assert store.empty
        store.create(genesis)
        assert store.check().height == 0
        with database.batch() as batch:
            write_state(batch, {order: b"x", gone: None}, 0)
    with Database(tmp_path / "db", SCHEMA) as database:
        again = StateStore(database)
        assert again.memory.values == {
            **{k: v for k, v in genesis.items() if k != gone},
            order: b"x",
        }
        assert again.memory.seek(order[:4], order[:4]) == order
        assert again.height == 0


def test_a_state_whose_cursor_disagrees_with_its_height_is_refused(tmp_path: Path) -> None:
    with Database(tmp_path / "db", SCHEMA) as database:
        store = StateStore(database)
        store.create(genesis_state(world_rules(), GENESIS_MS))
        with database.batch() as batch:
            write_state(batch, {}, 9)
        with pytest.raises(StorageCorrupt, match="cursor is at height 0"):
            StateStore(database).check()


def test_journal_records_come_back_whole() -> None:
    source = block_input(7)
    assert decode_block_input(source.encode()) == source
    with pytest.raises(StorageCorrupt):
        decode_block_input(b"\x93\x01\x02")
    with pytest.raises(StorageCorrupt):
        decode_block_input(b"")


def test_segments_come_back_whole() -> None:
    segments: list[dict[bytes, bytes | None]] = [{b"a": b"1", b"b": None}, {}]
    assert unpack_segments(pack_segments(segments)) == segments


def test_the_journal_reads_from_a_height_and_refuses_gaps(tmp_path: Path) -> None:
    with Database(tmp_path / "db", SCHEMA) as database:
        journal = Journal(database)
        assert journal.head() == 0
        for height in (1, 2, 3, 5):
            journal.append(block_input(height))
        assert journal.head() == 5
        with pytest.raises(StorageCorrupt, match="block 4 is missing"):
            list(journal.blocks_from(1))


def test_undo_leads_back_over_several_blocks(tmp_path: Path) -> None:
    with Database(tmp_path / "db", SCHEMA) as database:
        journal = Journal(database)
        undos: list[dict[bytes, bytes | None]] = [
            {b"a": None},
            {b"a": b"1", b"b": None},
            {b"b": b"2"},
        ]
        for height, undo in enumerate(undos, 1):
            journal.append(block_input(height))
            with database.batch() as batch:
                write_deltas(batch, height, b"redo", undo)
        assert journal.undo_to(3) == {}
        assert journal.undo_to(1) == {b"a": b"1", b"b": None}
        assert journal.undo_to(0) == {b"a": None, b"b": None}
        journal.drop_undo(2)
        journal.drop_redo(1)
        assert journal.undo_to(2) == {b"b": b"2"}
        assert [height for height, _ in journal.redo_from(1)] == [2, 3]
