"""What goes into a block and what comes out of it; and which frames may be one."""

from collections.abc import Sequence
from typing import final

from statemachine.cursor import Cursor
from statemachine.errors import FrameInvalid
from statemachine.events import Event
from statemachine.frame import Frame, class_of, decode_frame
from statemachine.inbox import InboxItem
from statemachine.receipts import Receipt
from statemachine.rules import FLAG_CLASS_ORDER, Rules

Writes = dict[bytes, bytes | None]


@final
class Block:
    """A block's inputs.

    ``frame`` is ``None`` where the posted bytes were not a valid frame: the
    block is then empty.  ``time`` (ms) is the time in force.  ``signers``
    belong to the frame's transactions, as ``recover_signers`` returns them.
    ``inbox[i]`` is L1's inbox item ``inbox_from + i``; it must reach as far as
    the frame's ``inbox_until`` and hold every overdue item.
    """

    __slots__ = ("frame", "inbox", "inbox_from", "signers", "time")

    def __init__(
        self,
        frame: Frame | None,
        time: int,
        signers: list[bytes],
        inbox: Sequence[InboxItem] = (),
        inbox_from: int = 0,
    ) -> None:
        """Take every part."""
        self.frame = frame
        self.time = time
        self.signers = signers
        self.inbox = inbox
        self.inbox_from = inbox_from


@final
class SegmentResult:
    """What one segment did; ``ended`` says that its block is complete."""

    __slots__ = ("cost", "cursor", "ended", "events", "receipts", "steps", "writes")

    def __init__(
        self,
        writes: Writes,
        receipts: list[Receipt],
        events: list[Event],
        cursor: Cursor,
        steps: int,
        cost: int,
        ended: bool,
    ) -> None:
        """Take every part; the cursor is as of the segment's end."""
        self.writes = writes
        self.receipts = receipts
        self.events = events
        self.cursor = cursor
        self.steps = steps
        self.cost = cost
        self.ended = ended


@final
class BlockResult:
    """What a block did: the writes of each of its segments, receipts, events."""

    __slots__ = ("cursor", "events", "receipts", "segments")

    def __init__(
        self,
        segments: list[Writes],
        receipts: list[Receipt],
        events: list[Event],
        cursor: Cursor,
    ) -> None:
        """Take every part; the cursor is at rest after the block."""
        self.segments = segments
        self.receipts = receipts
        self.events = events
        self.cursor = cursor

    @property
    def writes(self) -> Writes:
        """Return all writes of the block, later segments over earlier ones."""
        merged: Writes = {}
        for segment in self.segments:
            merged.update(segment)
        return merged


def judge_frame(
    rules: Rules,
    height_before: int,
    time_before: int,
    inbox_before: int,
    data: bytes,
    l1_time: int | None,
    inbox_limit: int | None,
) -> Frame | None:
    """Return the frame if it may follow a block at rest; ``None``: an empty block does.

    ``l1_time`` (ms) and ``inbox_limit`` (items L1 had queued) are those of the
    log entry; a sequencer that has not posted yet passes ``None``.
    """
    try:
        frame = decode_frame(data)
    except FrameInvalid:
        return None
    if frame.height != height_before + 1 or frame.time <= time_before:
        return None
    if l1_time is not None and not (
        l1_time - rules.receipt_deadline_ms <= frame.time <= l1_time + rules.drift_ms
    ):
        return None
    ahead = frame.inbox_until - inbox_before
    if ahead > rules.inbox_items_max:
        return None
    if inbox_limit is not None and frame.inbox_until > max(inbox_limit, inbox_before):
        return None
    return frame if is_ordered(rules, frame) else None


def is_ordered(rules: Rules, frame: Frame) -> bool:
    """Return whether the frame's transactions stand in the order of their classes."""
    if not rules.flags & FLAG_CLASS_ORDER:
        return True
    before = 0
    for transaction in frame.transactions:
        now = class_of(transaction.action)
        if now < before:
            return False
        before = now
    return True
