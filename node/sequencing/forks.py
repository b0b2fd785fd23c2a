"""Where L1's log leaves the sequencer's chain: whose an entry is, and how to follow it.

While the sequencer is silent anyone may append entries of inbox items only.  Each
makes an empty block, in the place of blocks that we may have made and not posted
in time.  The log is right: such blocks are taken back, the log's are executed in
their place, unsigned, and what stood in ours is sequenced again.  Nothing of it
is done before the entry is final: until then no block is made.

An entry with frames of a sequencer that are not ours is another matter.  The contract
takes frames from one address, in every silence: so two hold the same key, or a datadir
was restored from a copy, and no program can tell which of them is right.
"""

from collections.abc import Sequence
from typing import Final

from node.l1.view import LogMark
from node.storage.journal import Journal
from prover.contract.log import LogEntry
from prover.entry import parse_entry
from statemachine.errors import FrameInvalid, SextantError, StorageCorrupt
from statemachine.frame import decode_frame
from statemachine.rules import Rules

EMPTY_FRAME: Final = b""
"""The frame that the journal keeps of a block that was executed without one."""

Placed = tuple[LogEntry, LogMark]
"""An entry, and the place after it."""


class Forked(SextantError):
    """L1's log has final entries that are not made of our blocks: start again to follow them."""


def first_height(entry: LogEntry, after: LogMark) -> int:
    """Return the height of an entry's first block."""
    return after.height - len(parse_entry(entry.data)) + 1


def is_ours(journal: Journal, rules: Rules, entry: LogEntry, after: LogMark) -> bool:
    """Return whether each block of an entry is the one that we have.

    Raises
    ------
    StorageCorrupt
        It has a block that only a sequencer can have made, and we did not.
    """
    first = first_height(entry, after)
    for height, data in enumerate(parse_entry(entry.data), first):
        ours = journal.read(height)
        stands = could_be(rules, entry, height, data)
        if ours is not None and ours.frame == (data if stands else EMPTY_FRAME):
            continue
        if stands:
            raise StorageCorrupt(
                f"L1 log entry {entry.index}: block {height} is not ours, and L1 takes frames from "
                "the poster's key alone: another sequencer runs with it, or this datadir is an old "
                "copy. See to it that there is one, then make its store anew: "
                "`sextant rebuild --from-l1 --role sequencer --datadir NEW`, with the same keys"
            )
        return False
    return True


def could_be(rules: Rules, entry: LogEntry, height: int, data: bytes) -> bool:
    """Return whether bytes may be a valid frame at a height, as far as they alone can tell."""
    try:
        frame = decode_frame(data)
    except FrameInvalid:
        return False
    oldest = entry.time - rules.receipt_deadline_ms
    return frame.height == height and oldest <= frame.time <= entry.time + rules.drift_ms


def find_fork(journal: Journal, rules: Rules, entries: Sequence[Placed]) -> int:
    """Return the place of the first entry that is not ours; how many there are if all are."""
    for place, (entry, after) in enumerate(entries):
        if not is_ours(journal, rules, entry, after):
            return place
    return len(entries)
