"""From L1 data to blocks: every log entry has exactly one right reading.

Each frame of an entry is one block.  A frame that fails decoding, continuity,
header or order rules, or that names inbox items which were not queued when its
entry was appended, executes as an empty block: overdue inbox items and due work
only.  No entry can stop the chain, and none can be read in two ways.

The same two questions are asked here and by a verdict, at the start of a block
and in the middle of one: which frame does the cursor stand at (``frame_place``),
and what does that frame make of the block (``derive_block``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

from prover.entry import EntryFacts, data_root
from statemachine.actions import Transaction
from statemachine.block import Block, judge_frame
from statemachine.cursor import FLAG_EMPTY, PHASE_REST, Cursor
from statemachine.frame import Frame, decode_frame
from statemachine.inbox import InboxItem
from statemachine.rules import Rules

Recover = Callable[[Sequence[Transaction]], list[bytes]]
"""Who signed each transaction of a frame; workers may have run ahead of it."""


@runtime_checkable
class RecoverAhead(Protocol):
    """A ``Recover`` that is told beforehand what it will be asked for."""

    def expect(self, frames: Sequence[bytes]) -> None:
        """Begin with frames that are about to be executed, in this order."""

    def __call__(self, transactions: Sequence[Transaction], /) -> list[bytes]:
        """Return who signed each transaction."""
        ...


class PostedEntry(Protocol):
    """An entry of the L1 log with its bytes, as the adapter reads it."""

    @property
    def index(self) -> int:
        """The place in the log, from 0."""

    @property
    def data(self) -> bytes:
        """The bytes that were appended."""

    @property
    def time(self) -> int:
        """L1 time of the append, ms."""

    @property
    def inbox_count(self) -> int:
        """Inbox items queued by then."""

    @property
    def version(self) -> int:
        """The version of the rules that executes it."""


@final
@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry by itself, without what an adapter knows of it besides."""

    index: int
    data: bytes
    time: int
    inbox_count: int
    version: int = 1


def facts_of(entry: PostedEntry) -> EntryFacts:
    """Return what the contract knows of an entry, computed from its bytes."""
    return EntryFacts(
        index=entry.index,
        length=len(entry.data),
        data_root=data_root(entry.data),
        time=entry.time,
        inbox_count=entry.inbox_count,
    )


def is_resting(cursor: Cursor) -> bool:
    """Return whether execution stands between two blocks."""
    return cursor.phase == PHASE_REST


def is_empty(cursor: Cursor) -> bool:
    """Return whether the block in progress was judged to have no valid frame."""
    return not is_resting(cursor) and cursor.flags & FLAG_EMPTY != 0


def frame_place(cursor: Cursor, height_before: int) -> int:
    """Return which frame of its entry the next segment belongs to.

    ``height_before`` is the height before the entry's first block.
    """
    return cursor.height - height_before - (0 if is_resting(cursor) else 1)


def frame_at(rules: Rules, cursor: Cursor, data: bytes, entry: EntryFacts) -> Frame | None:
    """Return the frame that the next segment executes; ``None`` for an empty block.

    In the middle of a block the cursor remembers what was judged at its start.

    Raises
    ------
    FrameInvalid
        If the cursor says that these bytes were found valid, and they are not:
        the cursor is not one that honest execution leaves behind.
    """
    if not is_resting(cursor):
        return None if is_empty(cursor) else decode_frame(data)
    return judge_frame(
        rules,
        cursor.height,
        cursor.time,
        cursor.inbox_index,
        data,
        entry.time,
        entry.inbox_count,
    )


def block_time(cursor: Cursor, frame: Frame | None, entry: EntryFacts) -> int:
    """Return the time in force for the block at the cursor, ms."""
    if not is_resting(cursor):
        return cursor.time
    return max(cursor.time, entry.time) if frame is None else frame.time


def derive_block(
    rules: Rules,
    cursor: Cursor,
    data: bytes,
    entry: EntryFacts,
    inbox: Sequence[InboxItem],
    recover: Recover,
) -> Block:
    """Return the block that frame ``data`` makes at ``cursor``.

    Parameters
    ----------
    inbox
        The items from ``cursor.inbox_index`` up to ``entry.inbox_count``.
    recover
        Asked for the signers of the frame's transactions.
    """
    frame = frame_at(rules, cursor, data, entry)
    signers = [] if frame is None else recover(frame.transactions)
    time = block_time(cursor, frame, entry)
    return Block(frame, time, signers, inbox, cursor.inbox_index)
