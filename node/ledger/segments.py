"""Roots of segments, behind whoever executes: the core of every root worker.

A root worker is fed with the writes of blocks and answers with one root per segment.
The sequencer's writes its tree to disk and starts again from there
(:mod:`node.sequencing.roots`); a replica's starts with the state that it is given
(:mod:`node.derivation.roots`).

====== ======================== ===========================================
first  then                     meaning
====== ======================== ===========================================
``B``  height u64, segments     to the worker: a block's writes
``S``  height u64, segments     to the worker: the same, but nobody asks for its roots
``G``  height u64, segments     to the worker: forget all, this is the state
``H``  height i64, root         from the worker: I am loaded, and stand here
``R``  height u64, roots        from the worker: the block's segment roots
``K``  height u64               from the worker: written to disk up to here
====== ======================== ===========================================
"""

from collections.abc import Sequence
from typing import Final, final

from statemachine.errors import StorageCorrupt
from statemachine.merkle.tree import Tree

BLOCK: Final = b"B"
SKIP: Final = b"S"
RESET: Final = b"G"
HELLO: Final = b"H"
ANSWER: Final = b"R"
CHECKPOINT: Final = b"K"


def message_of(kind: bytes, height: int, body: bytes = b"") -> bytes:
    """Return a message about a height."""
    return kind + height.to_bytes(8, "big", signed=True) + body


def split_message(message: bytes) -> tuple[bytes, int, bytes]:
    """Return (kind, height, body) of a message."""
    return message[:1], int.from_bytes(message[1:9], "big", signed=True), message[9:]


@final
class SegmentRoots:
    """A tree at a height, moved on block by block."""

    def __init__(self, tree: Tree, height: int) -> None:
        """Stand at ``height``, whose state is ``tree``; -1 and an empty one before the first."""
        self.tree = tree
        self.height = height
        self.skipped: dict[bytes, bytes | None] = {}

    def reset(
        self, height: int, segments: Sequence[dict[bytes, bytes | None]]
    ) -> dict[bytes, bytes]:
        """Take the whole state at a height; return its items."""
        items = {
            key: value for part in segments for key, value in part.items() if value is not None
        }
        self.tree = Tree.from_items(sorted(items.items()))
        self.height = height
        self.skipped = {}
        return items

    def advance(self, height: int, segments: Sequence[dict[bytes, bytes | None]]) -> list[bytes]:
        """Apply a block's segments; return the root after each."""
        self.follow(height)
        if self.skipped:
            self.tree.update(self.skipped)
            self.skipped = {}
        return [self.tree.update(writes) for writes in segments]

    def skip(self, height: int, segments: Sequence[dict[bytes, bytes | None]]) -> None:
        """Take a block's segments without their roots: they are merged with the next block's."""
        self.follow(height)
        for writes in segments:
            self.skipped.update(writes)

    def follow(self, height: int) -> None:
        """Move on to the next height.

        Raises
        ------
        StorageCorrupt
            It is not the next.
        """
        if height != self.height + 1:
            raise StorageCorrupt(f"roots: block {height} came after {self.height}")
        self.height = height
