"""How far L1 can be relied on: what has to be read again, because it may have changed.

A block number says little: after a re-org another block has it.  Something is
settled only once it was *read* in a round whose tags already counted its block
as final; until then every round reads it again.  What was decided about a claim
is settled when moreover its window had passed by the final block's time: after
that nobody can convict it, on any fork.
"""

from collections.abc import Mapping, Sequence
from typing import final

from prover.cases import JudgedClaim
from prover.contract.log import LogEntry
from prover.contract.records import QueuedItem
from prover.l1 import Heads


@final
class Footing:
    """The first item and entry that are not settled, and the tags of this round."""

    def __init__(self, next_entry: int) -> None:
        """``next_entry``: everything before it is settled from the start."""
        self.heads: Heads | None = None
        self.next_item = 0
        self.next_entry = next_entry

    def note_heads(self, heads: Heads) -> None:
        """Take note of L1's tags, before anything else is read in a round."""
        self.heads = heads

    def is_final(self, block: int) -> bool:
        """Return whether a block that was read in this round can no longer change."""
        return self.heads is not None and block <= self.heads.final.number

    def saw_items(self, items: Sequence[QueuedItem]) -> None:
        """Take note of inbox items as they were read."""
        for queued in items:
            if queued.index == self.next_item and self.is_final(queued.block):
                self.next_item += 1

    def saw_entry(self, entry: LogEntry) -> None:
        """Take note of a log entry as it was read, and derived."""
        if entry.index == self.next_entry and self.is_final(entry.block):
            self.next_entry += 1

    def saw_claim(self, claim: JudgedClaim) -> None:
        """Take note of a claim as it was read."""
        if self.heads is None or not claim.is_decided:
            return
        closed = claim.closes_at <= self.heads.final.time
        claim.settled = closed and self.is_final(claim.posted.claim.block)

    def next_claim(self, claims: Mapping[int, JudgedClaim]) -> int:
        """Return the claim to read from: the first whose fate L1 may still change."""
        unsettled = (number for number, claim in claims.items() if not claim.settled)
        return min(unsettled, default=max(claims, default=0) + 1)
