"""Keeps a derived chain at the end of L1's log.

Reads heads, inbox and log; derives each new entry on a thread, so that the
event loop stays free; takes entries back when L1 has others in their place.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, final

import structlog

from node.derivation.derived import DerivedChain
from node.l1.claimbook import ClaimBook
from node.l1.view import now_ms
from node.ledger.blocks import ExecutedBlock
from prover.contract.log import LogEntry
from prover.l1 import L1, Heads, L1Refused, L1Unreachable
from prover.replica import Derived
from statemachine.errors import StorageCorrupt

Publish = Callable[[Derived, Sequence[ExecutedBlock]], None]

LOG = structlog.get_logger("deriver")
QUEUE_EMPTY: Final[Sequence[LogEntry]] = ()


@final
class Deriver:
    """The derived chain, and the L1 that it follows."""

    def __init__(self, l1: L1, chain: DerivedChain, publish: Publish) -> None:
        """``publish`` hears of each entry once it is derived and written."""
        self.l1 = l1
        self.chain = chain
        self.publish = publish
        self.book = ClaimBook(l1, chain.claims_from)
        self.heads: Heads | None = None
        self.busy = asyncio.Lock()

    @property
    def clock(self) -> int:
        """L1's clock now, ms, by the last offset known."""
        return now_ms() + (0 if self.heads is None else self.heads.clock_offset_ms)

    async def ask_clock(self) -> int:
        """Return L1's clock, ms, by an offset that was asked for just now."""
        heads = await self.l1.head()
        return now_ms() + heads.clock_offset_ms

    async def refresh(self) -> bool:
        """Look at L1, derive what is new; return whether L1 answered."""
        try:
            heads = await self.l1.head()
            before = self.heads
            if before is None or heads.latest != before.latest:
                async with self.busy:
                    await self.catch_up()
                await self.book.refresh(heads)
            self.heads = heads
        except (L1Unreachable, L1Refused) as error:
            LOG.warning("L1 does not answer", why=str(error))
            return False
        return True

    async def catch_up(self) -> None:
        """Derive every entry that L1 has and we have not."""
        while True:
            overlap = min(1, self.chain.head.log_index)
            start = self.chain.head.log_index - overlap
            page = await self.l1.log_entries(start)
            if overlap and not self.agrees(page):
                LOG.warning("L1 changed its log, taking an entry back", log_index=start)
                await asyncio.to_thread(self.chain.undo)
                await self.read_inbox(self.chain.cursor.inbox_index)
                continue
            fresh = page[overlap:]
            if not fresh:
                return
            await self.read_inbox(len(self.chain.replica.inbox))
            for entry in fresh:
                await self.derive(entry)

    def agrees(self, page: Sequence[LogEntry]) -> bool:
        """Return whether L1 still has the last entry that we derived."""
        step = self.chain.step(self.chain.head.log_index)
        return step is None or (bool(page) and page[0].data_root == step.data_root)

    async def read_inbox(self, first: int) -> None:
        """Read the inbox from ``first`` to its end."""
        while True:
            page = await self.l1.inbox_items(first)
            if not page:
                return
            self.chain.add_inbox(first, [queued.item for queued in page])
            first += len(page)

    async def derive(self, entry: LogEntry) -> None:
        """Derive one entry and tell about it."""
        if not entry.is_intact:
            raise StorageCorrupt(f"L1 log entry {entry.index}: its bytes are not what L1 hashed")
        derived, blocks = await asyncio.to_thread(self.chain.feed, entry)
        self.publish(derived, blocks)

    def settle(self) -> None:
        """Forget what lies before the last final output, if we agree with it."""
        final_output = self.book.final_output
        if final_output is not None and final_output.log_index <= self.chain.head.log_index:
            self.chain.settle(final_output.log_index, self.book.unsettled)
