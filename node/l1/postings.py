"""Which log entry of L1 carries which blocks, since when, and since when they are final.

Kept in memory from the process's start on: what lies before is not known.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final, final

POSTINGS_MAX: Final = 100_000
"""Entries remembered: days of them."""


@final
@dataclass(frozen=True, slots=True)
class Posting:
    """The blocks ``first`` to ``last``, in the log since L1 time ``time``, ms.

    ``log_index`` is that of the output after the entry, as in heads and claims.
    """

    first: int
    last: int
    log_index: int
    time: int


@final
class Postings:
    """The latest postings, in order."""

    def __init__(self) -> None:
        self.entries: list[Posting] = []
        self.reached: int | None = None

    def add(self, posting: Posting) -> None:
        """Take the next entry; after a change of L1's log, in place of those that were there."""
        self.cut(posting.log_index - 1)
        self.entries.append(posting)
        if len(self.entries) > POSTINGS_MAX:
            del self.entries[: POSTINGS_MAX // 2]

    def cut(self, log_index: int) -> None:
        """Forget the entries after the output with ``log_index``: L1 took them back."""
        while self.entries and self.entries[-1].log_index > log_index:
            self.entries.pop()

    def advance(self, last: int, log_index: int, time: int) -> None:
        """Take that the blocks up to ``last`` are this far by now; the first call only begins."""
        if self.reached is not None and last > self.reached:
            self.add(Posting(self.reached + 1, last, log_index, time))
        self.reached = last

    def find(self, height: int) -> Posting | None:
        """Return the entry that carries a block, if it is known."""
        place = bisect_left(self.entries, height, key=lambda posting: posting.last)
        if place == len(self.entries) or self.entries[place].first > height:
            return None
        return self.entries[place]
