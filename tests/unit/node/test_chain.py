"""The sequencer's disk: commit, replay after a crash, roll back, feed a root worker."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from node.l1.view import LogMark
from node.ledger.blocks import BlockSigner
from node.ledger.segments import BLOCK, RESET, split_message
from node.sequencing.chain import SCHEMA, ChainStore
from node.sequencing.roots import RootKeeper
from node.sequencing.sequencer import Execution, Sequencer
from node.storage.database import Database
from node.storage.journal import BLOCK as JOURNAL_BLOCK
from node.storage.journal import height_key, pack_segments, unpack_segments
from node.storage.store import STATE
from statemachine.errors import StorageCorrupt
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import CURSOR_KEY
from statemachine.merkle.tree import Tree
from statemachine.units import Micros, Millis
from tests.e2e.processes import deployment

KEY = b"\x51" * 32
DEPLOYMENT = deployment()


class Disk:
    """A chain store with a core on it."""

    def __init__(self, folder: Path) -> None:
        self.chain = ChainStore(folder / "chain", "test", DEPLOYMENT)
        signer = BlockSigner(KEY, DEPLOYMENT.rules.chain_id)
        memory = self.chain.state.memory
        self.core = Sequencer(DEPLOYMENT.rules, memory, signer, self.chain.find)
        self.replayed = self.chain.replay(self.core)
        self.core.observe(self.core.inbox_from, [], 1 << 60)

    def make(self) -> Execution:
        execution = self.core.build(self.core.cursor.time + 1_000)
        assert execution is not None
        return execution

    def commit(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.chain.commit(self.make(), lambda _done, _redo: None)

    @property
    def root(self) -> bytes:
        return Tree.from_items(sorted(self.chain.state.memory.values.items())).root


def test_a_new_store_begins_with_the_genesis_of_its_deployment(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    assert disk.core.cursor.height == 0
    assert disk.root == DEPLOYMENT.genesis.post_root
    disk.chain.close()
    other = replace(DEPLOYMENT, window_ms=DEPLOYMENT.window_ms + 1)
    with pytest.raises(StorageCorrupt, match="use another --datadir"):
        ChainStore(tmp_path / "chain", "test", other)


def test_blocks_that_were_only_journaled_are_executed_again(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.commit(3)
    for _ in range(2):
        disk.chain.journal.append(disk.make().source)  # and then the power goes
    root, cursor = disk.root, disk.core.cursor.encode()
    disk.chain.database.close()
    again = Disk(tmp_path)
    assert again.replayed == 2
    assert again.root == root
    assert again.core.cursor.encode() == cursor
    assert again.chain.state.height == 5
    block = again.chain.archive.read(5)
    assert block is not None
    assert block.cursor.encode() == cursor
    again.chain.close()


def test_a_block_that_was_not_journaled_never_happened(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.commit(2)
    root = disk.root
    disk.make()
    disk.chain.database.close()
    again = Disk(tmp_path)
    assert (again.replayed, again.core.cursor.height, again.root) == (0, 2, root)
    again.chain.close()


def test_rolling_back_takes_blocks_away_as_if_they_never_were(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.commit(2)
    root = disk.root
    disk.commit(3)
    assert disk.chain.rollback(2) == []
    disk.core.rewind()
    disk.core.observe(disk.core.inbox_from, [], 1 << 60)
    assert disk.root == root
    assert disk.core.cursor.height == 2
    assert disk.chain.journal.head() == 2
    assert disk.chain.archive.read(3) is None
    disk.commit(1)
    disk.chain.database.close()
    again = Disk(tmp_path)
    assert again.core.cursor.height == 3
    again.chain.close()


def test_an_inbox_item_is_found_by_its_hash_until_its_block_is_taken_back(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.commit(1)
    item = InboxItem(InboxKind.FORCED_CANCEL_ALL, bytes(range(20)), 0, Micros(0), Millis(1))
    disk.core.observe(0, [item], 1 << 60)
    disk.commit(1)
    found = disk.chain.find(item.hash)
    assert found is not None
    (receipt,) = found.receipts
    assert (found.block.height, receipt.leg, receipt.name) == (2, 255, "SIGNER_UNKNOWN")
    disk.chain.rollback(1)
    assert disk.chain.find(item.hash) is None
    disk.chain.close()


def take(keeper: RootKeeper, messages: list[bytes]) -> dict[int, list[bytes]]:
    """Let a root keeper take messages; return the roots it found, by height."""
    roots = {}
    for message in messages:
        kind, height, body = split_message(message)
        assert kind in {BLOCK, RESET}
        take_one = keeper.reset if kind == RESET else keeper.advance
        roots[height] = take_one(height, unpack_segments(body))
    return roots


def test_a_root_worker_is_brought_up_from_nothing_from_behind_and_from_ahead(
    tmp_path: Path,
) -> None:
    disk = Disk(tmp_path)
    disk.commit(3)
    with Database(tmp_path / "roots", "t") as database:
        keeper = RootKeeper(database)
        assert keeper.height == -1
        messages, head = disk.chain.root_messages(-1, b"")
        roots = take(keeper, messages)
        assert head == 3
        assert roots[0] == [DEPLOYMENT.genesis.post_root]
        assert roots[3][-1] == disk.root
        for height, found in roots.items():
            disk.chain.write_roots(height, found)
        keeper.checkpoint()
        disk.commit(2)
        keeper = RootKeeper(database)
        assert keeper.height == 3
        roots |= take(keeper, disk.chain.root_messages(3, keeper.tree.root)[0])
        assert sorted(roots) == [0, 1, 2, 3, 4, 5]
        assert roots[5][-1] == disk.root
        twisted, _ = disk.chain.root_messages(3, bytes(32))
        assert split_message(twisted[0])[0] == RESET
        disk.chain.rollback(4)
        messages, _ = disk.chain.root_messages(5, keeper.tree.root)
        kinds = [split_message(message)[:2] for message in messages]
        assert kinds == [(RESET, 3), (BLOCK, 4)]
        assert take(keeper, messages)[4] == roots[4]
    disk.chain.close()


def test_a_root_worker_that_lost_its_store_gets_the_state_at_the_last_known_roots(
    tmp_path: Path,
) -> None:
    disk = Disk(tmp_path)
    disk.commit(1)
    with Database(tmp_path / "roots", "t") as database:
        for height, found in take(
            RootKeeper(database), disk.chain.root_messages(-1, b"")[0]
        ).items():
            disk.chain.write_roots(height, found)
    disk.commit(2)
    with Database(tmp_path / "new", "t") as database:
        keeper = RootKeeper(database)
        roots = take(keeper, disk.chain.root_messages(-1, b"")[0])
        assert sorted(roots) == [1, 2, 3]
        assert roots[3][-1] == disk.root
    disk.chain.close()


def test_what_l1_made_final_is_dropped_and_remembered(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.commit(4)
    assert disk.chain.final_mark() == LogMark(0, 0)
    disk.chain.settle(LogMark(2, 3), checkpoint=2, claims_from=7)
    assert disk.chain.final_mark() == LogMark(2, 3)
    assert disk.chain.claims_from == 7
    assert [height for height, _ in disk.chain.journal.redo_from(0)] == [3, 4]
    assert disk.chain.journal.undo_to(3)
    disk.chain.close()


def test_a_segment_record_is_what_the_worker_reads(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    execution = disk.make()
    assert unpack_segments(pack_segments(execution.segments)) == execution.segments
    disk.chain.close()


@pytest.mark.parametrize("torn", [1, 40, 400])
def test_a_torn_last_write_loses_only_what_follows_from_the_journal(
    tmp_path: Path, torn: int
) -> None:
    disk = Disk(tmp_path)
    disk.commit(4)
    root = disk.root
    shutil.copytree(tmp_path / "chain", tmp_path / "crashed" / "chain")
    [log] = (tmp_path / "crashed" / "chain").glob("*.log")
    data = log.read_bytes()
    log.write_bytes(data[:-torn])  # the last record is block 4's state, which was not synced
    (tmp_path / "crashed" / "chain" / "LOCK").unlink()
    again = Disk(tmp_path / "crashed")
    assert again.replayed == 1
    assert again.core.cursor.height == 4
    assert again.root == root
    again.chain.close()
    disk.chain.close()


def test_a_block_is_synced_to_disk_before_anyone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path)
    story: list[str] = []
    put = Database.put

    def spy(database: Database, key: bytes, value: bytes, *, sync: bool = False) -> None:
        put(database, key, value, sync=sync)
        if key[:1] == b"B":
            story.append("synced" if sync else "written")

    monkeypatch.setattr(Database, "put", spy)
    disk.chain.commit(disk.make(), lambda _done, _redo: story.append("told"))
    assert story == ["synced", "told"]
    disk.chain.close()


def test_a_start_compares_state_journal_and_archive(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.commit(2)
    database = disk.chain.database
    cursor = disk.chain.state.memory.get(CURSOR_KEY)
    assert cursor is not None
    other_time = cursor[:16] + bytes([cursor[16] ^ 1]) + cursor[17:]
    database.put(STATE + CURSOR_KEY, other_time)
    disk.chain.close()
    with pytest.raises(StorageCorrupt, match="signed over another state"):
        Disk(tmp_path)
    with Database(tmp_path / "chain", SCHEMA) as reopened:
        reopened.put(STATE + CURSOR_KEY, cursor)
        with reopened.batch() as batch:
            batch.delete(height_key(JOURNAL_BLOCK, 2))
    with pytest.raises(StorageCorrupt, match="journal ends at 1"):
        Disk(tmp_path)
