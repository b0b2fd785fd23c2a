"""Drafts: log entries as they would be, derived before they are posted.

The poster derives each batch before it appends it.  When L1 has the entry, it
differs from the draft only in what L1 notes: its time, and how far the inbox
had come.  If neither can matter, what the draft was found to do still stands,
and need not be executed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from prover.derivation import PostedEntry
from prover.replica import Derived
from statemachine.delay import deadline_least
from statemachine.inbox import InboxItem
from statemachine.rules import Rules


@final
@dataclass(frozen=True, slots=True)
class Draft:
    """A log entry as it would be if it were appended now."""

    index: int
    data: bytes
    time: int
    inbox_count: int
    version: int = 1


def stands(rules: Rules, derived: Derived, entry: PostedEntry, inbox: Sequence[InboxItem]) -> bool:
    """Return whether ``entry`` does exactly what its draft was found to do.

    ``inbox`` are all items known, from index 0.  Those that the draft knew must
    be the same still.  Every frame must have been valid and be so by the entry's
    time, and no item that the draft did not know may be overdue in any of its
    blocks.
    """
    facts = derived.facts
    blocks = [made.block for made in derived.blocks]
    if entry.index != facts.index or entry.data != derived.data:
        return False
    if entry.inbox_count < facts.inbox_count or any(block.frame is None for block in blocks):
        return False
    if inbox[derived.parent.inbox_index : facts.inbox_count] != derived.inbox:
        return False
    oldest = entry.time - rules.receipt_deadline_ms
    newest = entry.time + rules.drift_ms
    if not all(oldest <= block.time <= newest for block in blocks):
        return False
    last = max(block.time for block in blocks)
    unknown = inbox[facts.inbox_count : entry.inbox_count]
    return all(item.time + deadline_least(rules) > last for item in unknown)
