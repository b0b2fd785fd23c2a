"""What this node knows of L1: heads, inbox, log and claims, read by polling.

``refresh`` reads what is new, in an order that makes the answer safe to act
on: first the heads, then everything up to them.  So whatever the final head
covers is known when ``refresh`` returns.  If L1 does not answer, the last view
stays; who acts on it looks at its age.

Before it reads on, ``refresh`` asks for the block at which it stopped last: if
L1 has another one there, nothing that was not final is believed any more.  And
an item is handed on only after it was read in a round whose heads already
counted it as final: the accumulator of the last one vouches for all before it.
"""

import time
from dataclasses import dataclass
from typing import Final, final

import structlog

from node.l1.claimbook import ClaimBook
from node.l1.postings import Posting, Postings
from prover.contract.log import LogEntry
from prover.contract.records import QueuedItem
from prover.entry import parse_entry
from prover.l1 import L1, Heads, still_has
from statemachine.inbox import InboxItem


@final
@dataclass(frozen=True, slots=True)
class LogMark:
    """A place between two log entries: entries before it, and blocks in them."""

    log_index: int
    height: int


GENESIS_MARK: Final = LogMark(0, 0)
LOG = structlog.get_logger("l1")


def now_ms() -> int:
    """Return the wall clock, ms."""
    return time.time_ns() // 1_000_000


def blocks_in(entry: LogEntry) -> int:
    """Return how many blocks a log entry makes: one per frame, valid or not."""
    return len(parse_entry(entry.data))


@final
class L1View:
    """The state of L1 as far as it was read.

    ``entries`` are those not final yet, each with the place after it;
    ``final_mark`` is the place up to which the log can no longer change.
    """

    def __init__(
        self,
        l1: L1,
        inbox_from: int,
        final_mark: LogMark = GENESIS_MARK,
        claims_from: int = 0,
    ) -> None:
        """Read inbox, log and claims from these places on."""
        self.l1 = l1
        self.heads: Heads | None = None
        self.inbox_from = inbox_from
        self.pending_items: list[QueuedItem] = []
        self.inbox_final = inbox_from
        self.final_mark = final_mark
        self.entries: list[tuple[LogEntry, LogMark]] = []
        self.final_entries: list[tuple[LogEntry, LogMark]] = []
        self.postings = Postings()
        self.book = ClaimBook(l1, claims_from)

    @property
    def clock(self) -> int:
        """L1's clock now, ms, by the last offset known."""
        return now_ms() + (0 if self.heads is None else self.heads.clock_offset_ms)

    @property
    def safe_mark(self) -> LogMark:
        """The end of the log as L1 has it now."""
        return self.entries[-1][1] if self.entries else self.final_mark

    async def refresh(self) -> bool:
        """Read what is new; return whether the latest L1 block changed."""
        heads = await self.l1.head()
        before = self.heads
        if before is not None and heads.latest == before.latest:
            self.heads = heads
            return False
        if before is not None and not await still_has(self.l1, before.latest):
            self.forget()
        await self.read_inbox(heads)
        await self.read_log()
        await self.book.refresh(heads)
        self.heads = heads
        while self.entries and self.entries[0][0].block <= heads.final.number:
            self.final_entries.append(self.entries.pop(0))
            self.final_mark = self.final_entries[-1][1]
        return True

    def forget(self) -> None:
        """Let go of what is not final: L1 has other blocks now."""
        LOG.warning("L1 re-organised, reading what was not final again")
        self.entries.clear()
        self.pending_items.clear()
        self.postings.cut(self.final_mark.log_index)

    def take_final_entries(self) -> list[tuple[LogEntry, LogMark]]:
        """Return the entries that became final since last asked."""
        taken, self.final_entries = self.final_entries, []
        return taken

    async def read_inbox(self, heads: Heads) -> None:
        """Read inbox items up to the end of the queue, and see that the final ones are L1's."""
        due = [known for known in self.pending_items if known.block <= heads.final.number]
        if due and (await self.l1.inbox_items(due[-1].index))[:1] != due[-1:]:
            self.pending_items.clear()
        while True:
            page = await self.l1.inbox_items(self.inbox_final + len(self.pending_items))
            if not page:
                return
            self.pending_items.extend(page)

    def take_final_items(self) -> tuple[int, list[InboxItem]]:
        """Return (index of the first, items) of those that became final since last asked."""
        first = self.inbox_final
        final_number = -1 if self.heads is None else self.heads.final.number
        items = []
        while self.pending_items and self.pending_items[0].block <= final_number:
            items.append(self.pending_items.pop(0).item)
        self.inbox_final += len(items)
        return first, items

    async def read_log(self) -> None:
        """Read log entries up to the end of the log."""
        while True:
            mark = self.safe_mark
            page = await self.l1.log_entries(mark.log_index)
            if not page:
                return
            for entry in page:
                first = mark.height + 1
                mark = LogMark(entry.index + 1, mark.height + blocks_in(entry))
                self.postings.add(Posting(first, mark.height, mark.log_index, entry.time))
                self.entries.append((entry, mark))
