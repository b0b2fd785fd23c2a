"""The journal: what went into each block, written before anyone is told.

One synced write per block.  Everything else the node keeps (state, receipts,
indices, roots) follows from these records and may be lost.  Beside each block
stand its *redo* record, the writes of each segment, for a root worker that
has fallen behind, and its *undo* record, the values it replaced, for the rare
block that L1 never accepted.

======  =======================  ==========================================
prefix  then                     value
======  =======================  ==========================================
``B``   height u64               block input: the journal proper
``R``   height u64               redo: list of {key: value or nil}
``U``   height u64               undo: {key: value or nil}
======  =======================  ==========================================
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import msgpack

from node.storage.database import Batch, Database, after
from statemachine.codec import pack
from statemachine.errors import FrameInvalid, StorageCorrupt, invariant
from statemachine.inbox import InboxItem, decode_inbox_item

BLOCK: Final = b"B"
REDO: Final = b"R"
UNDO: Final = b"U"
JOURNAL_VERSION: Final = 1

Writes = Mapping[bytes, bytes | None]


@final
@dataclass(frozen=True, slots=True)
class BlockInput:
    """All that is needed to execute a block again.

    ``signers`` as ``recover_signers`` returned them: a replay of one's own
    disk need not recover again.
    """

    height: int
    time: int
    frame: bytes
    signers: tuple[bytes, ...]
    inbox_from: int
    inbox: tuple[InboxItem, ...]

    def encode(self) -> bytes:
        """Return the record that the journal keeps."""
        return pack(
            [
                JOURNAL_VERSION,
                self.height,
                self.time,
                self.frame,
                list(self.signers),
                self.inbox_from,
                [item.encode() for item in self.inbox],
            ]
        )


def decode_block_input(data: bytes) -> BlockInput:
    """Return the block input of a journal record, or raise ``StorageCorrupt``."""
    height, time, frame, signers, first, items = unpack_record(data, JOURNAL_VERSION, "journal")
    try:
        inbox = tuple(decode_inbox_item(item) for item in items)
    except FrameInvalid as error:
        raise StorageCorrupt(f"journal record: {error}") from error
    return BlockInput(height, time, frame, tuple(signers), first, inbox)


def unpack_record(data: bytes, version: int, name: str) -> list[Any]:
    """Return the fields of a record of ours after its version, or raise ``StorageCorrupt``."""
    try:
        values: list[Any] = msgpack.unpackb(data)
    except (ValueError, TypeError) as error:
        raise StorageCorrupt(f"{name} record: {error}") from error
    if values[0] != version:
        raise StorageCorrupt(f"{name} record: version {values[0]!r} is not known")
    return values[1:]


def height_key(prefix: bytes, height: int) -> bytes:
    """Return the key of a per-block record."""
    return prefix + height.to_bytes(8, "big")


def height_of(key: bytes) -> int:
    """Return the height of a per-block record's key."""
    return int.from_bytes(key[1:9], "big")


def pack_segments(segments: Sequence[Writes]) -> bytes:
    """Return the bytes of a redo record; also what the root worker is fed."""
    packed: bytes = msgpack.packb(segments, use_bin_type=True)
    return packed


def unpack_segments(data: bytes) -> list[dict[bytes, bytes | None]]:
    """Return the writes of each segment."""
    segments: list[dict[bytes, bytes | None]] = msgpack.unpackb(data, strict_map_key=True)
    return segments


@final
class Journal:
    """The per-block records of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, block: BlockInput) -> None:
        """Write a block's input; it survives a crash once this returns."""
        self.database.put(height_key(BLOCK, block.height), block.encode(), sync=True)

    def head(self) -> int:
        """Return the height of the last block written; 0 before the first."""
        last = self.database.last(BLOCK)
        return 0 if last is None else height_of(last[0])

    def read(self, height: int) -> BlockInput | None:
        """Return one block's input, or ``None`` if there is no such block."""
        data = self.database.get(height_key(BLOCK, height))
        return None if data is None else decode_block_input(data)

    def blocks_from(self, height: int) -> Iterator[BlockInput]:
        """Yield the blocks from ``height`` on, without a gap."""
        expected = height
        for key, data in self.database.scan(height_key(BLOCK, height), after(BLOCK)):
            if height_of(key) != expected:
                raise StorageCorrupt(f"journal: block {expected} is missing")
            yield decode_block_input(data)
            expected += 1

    def redo_from(self, height: int) -> Iterator[tuple[int, bytes]]:
        """Yield (height, redo record) from ``height`` on."""
        for key, data in self.database.scan(height_key(REDO, height), after(REDO)):
            yield height_of(key), data

    def drop_redo(self, height: int) -> None:
        """Forget the redo records up to ``height``: the root worker has them on disk."""
        self.drop(REDO, height)

    def drop_undo(self, height: int) -> None:
        """Forget the undo records up to ``height``: L1 made those blocks final."""
        self.drop(UNDO, height)

    def drop(self, prefix: bytes, height: int) -> None:
        """Delete the records of a kind up to and including ``height``."""
        with self.database.batch() as batch:
            for key, _ in self.database.scan(prefix, height_key(prefix, height + 1)):
                batch.delete(key)

    def undo_to(self, height: int) -> dict[bytes, bytes | None]:
        """Return the writes that lead from the last block back to the state at ``height``."""
        merged: dict[bytes, bytes | None] = {}
        expected = self.head()
        records = list(self.database.scan(height_key(UNDO, height + 1), after(UNDO)))
        for key, data in reversed(records):
            invariant(height_of(key) == expected, f"undo: block {expected} is missing")
            merged.update(msgpack.unpackb(data, strict_map_key=True))
            expected -= 1
        invariant(expected == height, f"undo: block {expected} is missing")
        return merged

    def truncate(self, batch: Batch, height: int) -> None:
        """Add to ``batch`` the removal of every block above ``height``."""
        for prefix in (BLOCK, REDO, UNDO):
            for key, _ in self.database.scan(height_key(prefix, height + 1), after(prefix)):
                batch.delete(key)


def write_deltas(batch: Batch, height: int, redo: bytes, undo: Writes) -> None:
    """Add a block's redo and undo records to a write batch."""
    batch.put(height_key(REDO, height), redo)
    batch.put(height_key(UNDO, height), msgpack.packb(undo, use_bin_type=True))
