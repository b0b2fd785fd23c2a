"""Roots of a replica's segments, computed in processes of their own.

While the replica executes the blocks of an entry, workers hash what the blocks before
changed.  With several workers each block's segments are rooted by one of them, in turns;
the others take the block's writes at once, which is a third of the work.  A worker that
is gone costs time only: the replica computes that entry's roots itself, and new workers
are given the state with the next entry.

Run as a module it is the worker: ``python -m node.derivation.roots``.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, final

from node.ledger.blocks import ROOT_BYTES
from node.ledger.segments import (
    ANSWER,
    BLOCK,
    RESET,
    SKIP,
    SegmentRoots,
    message_of,
    split_message,
)
from node.process.garbage import tame_collector
from node.process.piped import PipedWorker
from node.process.worker import open_pipes, receive, send
from node.storage.journal import pack_segments, unpack_segments
from prover.roots import Writes
from statemachine.merkle.tree import Tree

ENTRY_BYTES_MIN: Final = 32 * 1_024
"""An entry below this, some 300 orders, is rooted before a worker has started."""
TURN_BLOCKS: Final = 2
"""Blocks in a row that one of several workers roots."""
ITEMS_PACKED: Final = 10_000
"""Items of a state in one part of a message."""


def workers_for(processors: int) -> int:
    """Return how many workers keep up with one that executes, and those that recover."""
    return min((processors + 2) // 4, 2)


@final
class RootPool:
    """See the module; satisfies ``prover.roots.Roots``.  Not for use by several threads."""

    def __init__(self, workers: int) -> None:
        self.count = workers
        self.workers: list[PipedWorker] = []
        self.owed: list[tuple[int, int]] = []
        """(worker, height) of every block whose roots are to come, in order."""
        self.height = 0

    def is_worth(self, size: int) -> bool:
        """Return whether an entry of so many bytes is worth starting workers for."""
        return size >= ENTRY_BYTES_MIN

    def start(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Give new workers the state of these items."""
        self.close()
        self.workers = [PipedWorker("node.derivation.roots") for _ in range(self.count)]
        self.height = 0
        parts = []
        rest = iter(items)
        while part := dict(islice(rest, ITEMS_PACKED)):
            parts.append(part)
        for worker in self.workers:
            worker.send([message_of(RESET, 0, pack_segments(parts))])

    def advance(self, segments: Sequence[Writes]) -> None:
        """Let one worker root a block's segments, and the others follow."""
        self.height += 1
        turn = self.height // TURN_BLOCKS % self.count
        body = pack_segments(segments)
        for place, worker in enumerate(self.workers):
            kind = BLOCK if place == turn else SKIP
            worker.send([message_of(kind, self.height, body)])
        self.owed.append((turn, self.height))

    def take(self) -> list[bytes] | None:
        """Wait for the roots of all blocks since they were last taken."""
        answers: dict[int, bytes] = {}
        owed, self.owed = self.owed, []
        for place, height in owed:
            while height not in answers:
                messages = self.workers[place].take() if self.workers else None
                if messages is None:
                    self.close()
                    return None
                for message in messages:
                    _, rooted, body = split_message(message)
                    answers[rooted] = body
        joined = b"".join(answers[height] for _, height in owed)
        return [joined[i : i + ROOT_BYTES] for i in range(0, len(joined), ROOT_BYTES)]

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers:
            worker.stop()
        self.workers = []
        self.owed = []


def main() -> int:
    """Answer blocks until the parent closes the pipe."""
    source, target = open_pipes()
    core = SegmentRoots(Tree(), -1)
    for message in receive(source):
        kind, height, body = split_message(message)
        segments = unpack_segments(body)
        if kind == RESET:
            core.reset(height, segments)
            tame_collector()
        elif kind == SKIP:
            core.skip(height, segments)
        else:
            send(target, message_of(ANSWER, height, b"".join(core.advance(height, segments))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
