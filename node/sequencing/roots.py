"""State roots, computed behind the sequencer in a process of its own.

The worker holds the whole state tree in memory.  Fed with the writes of each
durable block it answers with one root per segment; every so often it writes
what changed, and the roots, to a LevelDB of its own, from which it starts
again.  What it lacks then comes from the redo records of the sequencer's
journal; a worker whose store is lost is given the flat state anew.

What is said on the pipe: :mod:`node.ledger.segments`.

Run as a module it is the worker: ``python -m node.sequencing.roots PATH ROOT_HEIGHT``.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from node.ledger.blocks import ROOTS, write_roots
from node.ledger.segments import (
    ANSWER,
    CHECKPOINT,
    HELLO,
    RESET,
    SegmentRoots,
    message_of,
    split_message,
)
from node.process.garbage import tame_collector
from node.process.worker import open_pipes, receive, send
from node.storage.database import Database, after
from node.storage.journal import height_key, height_of, unpack_segments
from node.storage.store import HEIGHT_KEY, STATE, write_state
from statemachine.merkle.tree import Tree

SCHEMA: Final = "sextant-roots-1"
CHECKPOINT_KEYS_MAX: Final = 50_000
CHECKPOINT_BLOCKS_MAX: Final = 200
ROOTS_KEPT: Final = 10_000


@final
class RootKeeper:
    """The worker's core: tree, changes since the last checkpoint, and their store."""

    def __init__(self, database: Database) -> None:
        self.database = database
        tree = Tree.from_items(
            (key[1:], value) for key, value in database.scan(STATE, after(STATE))
        )
        stored = database.get(HEIGHT_KEY)
        self.core = SegmentRoots(tree, -1 if stored is None else int.from_bytes(stored, "big"))
        self.dirty: dict[bytes, bytes | None] = {}
        self.roots: dict[int, list[bytes]] = {}

    @property
    def tree(self) -> Tree:
        """The tree at the height."""
        return self.core.tree

    @property
    def height(self) -> int:
        """The last block taken; -1 before any state."""
        return self.core.height

    def known_roots(self, above: int) -> list[tuple[int, bytes]]:
        """Return (height, roots) of the store's blocks above a height."""
        start = height_key(ROOTS, above + 1)
        return [(height_of(key), roots) for key, roots in self.database.scan(start, after(ROOTS))]

    def reset(self, height: int, segments: Sequence[dict[bytes, bytes | None]]) -> list[bytes]:
        """Take the whole state at a height; return its root."""
        items = self.core.reset(height, segments)
        self.dirty = {}
        self.roots = {height: [self.tree.root]}
        with self.database.batch(sync=True) as batch:
            for prefix in (STATE, ROOTS):
                for key, _ in self.database.scan(prefix, after(prefix)):
                    batch.delete(key)
            write_state(batch, items, height)
        return self.roots[height]

    def advance(self, height: int, segments: Sequence[dict[bytes, bytes | None]]) -> list[bytes]:
        """Apply a block's segments; return the root after each."""
        self.roots[height] = roots = self.core.advance(height, segments)
        for writes in segments:
            self.dirty.update(writes)
        return roots

    @property
    def should_checkpoint(self) -> bool:
        """Whether enough has changed."""
        return len(self.dirty) >= CHECKPOINT_KEYS_MAX or len(self.roots) >= CHECKPOINT_BLOCKS_MAX

    def checkpoint(self) -> int:
        """Write what changed; return the height it is good for."""
        with self.database.batch(sync=True) as batch:
            write_state(batch, self.dirty, self.height)
            for height, roots in self.roots.items():
                write_roots(batch, height, roots)
            stop = height_key(ROOTS, max(0, self.height - ROOTS_KEPT))
            for key, _ in self.database.scan(ROOTS, stop):
                batch.delete(key)
        self.dirty = {}
        self.roots = {}
        return self.height


def main(arguments: Sequence[str]) -> int:
    """Answer blocks until the parent closes the pipe, then checkpoint once more."""
    source, target = open_pipes()
    with Database(Path(arguments[0]), SCHEMA, "root worker") as database:
        keeper = RootKeeper(database)
        tame_collector()
        for height, known in keeper.known_roots(int(arguments[1])):
            send(target, message_of(ANSWER, height, known))
        send(target, message_of(HELLO, keeper.height, keeper.tree.root))
        for message in receive(source):
            kind, height, body = split_message(message)
            take = keeper.reset if kind == RESET else keeper.advance
            roots = take(height, unpack_segments(body))
            send(target, message_of(ANSWER, height, b"".join(roots)))
            if keeper.should_checkpoint:
                send(target, message_of(CHECKPOINT, keeper.checkpoint()))
        if keeper.height >= 0:
            keeper.checkpoint()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
