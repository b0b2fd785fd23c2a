"""What ties the sequencer's chain to L1: inbox in, posted blocks checked, deadlines watched.

* Only L1-final inbox items go into blocks, and no block is later than the
  horizon up to which every item that could be overdue is known.
* Blocks must be in L1's log before their receipt deadline.  Halfway to it no
  more are made; a start that finds blocks past that point takes them back, and
  sequences their transactions again.
* Where entries of the log are not made of our own blocks, no more are made, and once
  they are final the log is followed (:mod:`node.sequencing.forks`).
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Final, final

import structlog

from node.l1.postings import Postings
from node.l1.versions import tell_version
from node.l1.view import L1View, LogMark
from node.ledger.audience import Audience
from node.sequencing.chain import ChainStore
from node.sequencing.forks import Forked, Placed, find_fork, first_height
from node.sequencing.rooting import Rooting
from node.sequencing.sequencer import Sequencer
from prover.contract.records import RulesVersion
from prover.entry import parse_entry
from prover.l1 import L1, Heads, L1Refused, L1Unreachable
from prover.rulesbook import RulesBook, settled_versions
from statemachine.delay import deadline_least
from statemachine.rules import Rules

SETTLE_BLOCKS: Final = 64
"""How many blocks must become final before their undo records are dropped."""

LOG = structlog.get_logger("sequencer")


@final
class Anchor:
    """The sequencer's dealings with L1."""

    def __init__(
        self,
        l1: L1,
        rules: Rules,
        core: Sequencer,
        disk: ChainStore,
        audience: Audience,
        writer: Executor,
    ) -> None:
        """``writer`` runs what touches ``disk``."""
        self.rules = rules
        self.core = core
        self.disk = disk
        self.audience = audience
        self.writer = writer
        self.view = L1View(l1, core.inbox_from, disk.final_mark(), disk.claims_from)
        self.settled = self.view.final_mark
        self.finals = Postings()
        self.looked = asyncio.Event()
        self.looking = asyncio.Lock()
        self.oldest_height = self.oldest_time = 0
        self.forks: list[Placed] = []
        self.foreign = False
        self.taken_back = 0
        """Blocks that had to go since the start, each a broken promise."""

    async def watch(self, seconds: float, roots: Rooting) -> None:
        """Keep the view of L1 fresh, for ever."""
        while True:
            await asyncio.sleep(seconds)
            await self.look()
            if self.forks:
                raise Forked(f"log entry {self.forks[0][0].index} is not made of our blocks")
            await self.settle(roots)

    async def first_look(self, seconds: float) -> None:
        """Look at L1 until it answers."""
        while True:
            if await self.look():
                return
            await asyncio.sleep(seconds)

    async def look(self) -> bool:
        """Look at L1 once; return whether it answered.

        One look at a time: two at once would both take in the same inbox items.
        """
        async with self.looking:
            return await self.look_alone()

    async def look_alone(self) -> bool:
        """Look at L1 while nobody else does."""
        try:
            changed = await self.view.refresh()
            versions = await self.view.l1.versions() if changed else []
        except (L1Unreachable, L1Refused) as error:
            LOG.warning("L1 does not answer", why=str(error))
            return False
        heads = self.view.heads
        if changed and heads is not None:
            await self.learn(versions, heads)
            first, items = self.view.take_final_items()
            self.core.observe(first, items, heads.final.time + deadline_least(self.rules) - 1)
            self.check_log()
            output = self.view.book.final_output
            if output is not None:
                self.finals.advance(output.height, output.log_index, heads.latest.time)
        self.looked.set()
        self.looked.clear()
        return True

    async def learn(self, versions: Sequence[RulesVersion], heads: Heads) -> None:
        """Take note of what is final about versions of the rules, on disk first.

        Whether one comes is final before a block can be late enough for it: the horizon is
        no farther from a final L1 block than the last moment at which it may be taken back.
        """
        book = self.core.book
        settled = settled_versions(versions, heads.final.number)
        coming = RulesBook(book.first, settled)
        if coming.versions == book.versions:
            return
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.writer, self.disk.keep_book, coming.encode())
        for version in book.learn(settled):
            tell_version(LOG, book, version, heads.latest.time)

    def check_log(self) -> None:
        """Note which entries are not made of our blocks: the final ones, and whether others.

        Raises ``StorageCorrupt`` if another sequencer's are among them.
        """
        journal, rules = self.disk.journal, self.rules
        entries = self.view.take_final_entries()
        place = 0 if self.forks else find_fork(journal, rules, entries)
        self.forks += entries[place:]
        pending = self.view.entries
        self.foreign = bool(self.forks) or find_fork(journal, rules, pending) < len(pending)

    async def adopt(self, seconds: float, roots: Rooting) -> list[tuple[bytes, bytes]]:
        """Follow the log where its final entries are not ours, if so.

        Returns the (transaction, signer) pairs of blocks that had to go.
        """
        if not self.forks:
            return []
        entry, after = self.forks[0]
        mark = LogMark(entry.index, first_height(entry, after) - 1)
        last = self.core.cursor.height
        LOG.warning("the log is not ours from here on", log_index=entry.index, height=mark.height)
        taken = []
        if last > mark.height:
            roots.forget()  # first: see drop_late_blocks
            taken = self.take_back(mark.height)
        self.core.rewind()
        self.view = self.view_from(mark)
        self.forks = []
        await self.first_look(seconds)
        forks, self.forks = self.forks, []
        for entry, _ in forks:
            for data in parse_entry(entry.data):
                self.disk.commit(
                    self.core.adopt(data, entry.facts, entry.version), lambda _done, _redo: None
                )
        self.check_log()
        LOG.warning(
            "took over the log's blocks", entries=len(forks), height=self.core.cursor.height
        )
        return taken

    def take_back(self, height: int) -> list[tuple[bytes, bytes]]:
        """Undo every block above ``height``; none is ever signed again at their heights."""
        self.taken_back += self.core.cursor.height - height
        taken = self.disk.rollback(height)
        self.core.signer.silent_until = self.disk.signed_until
        return taken

    def view_from(self, mark: LogMark) -> L1View:
        """Return a view that reads the inbox again from the cursor, and the log from ``mark``."""
        before = self.view
        view = L1View(before.l1, self.core.inbox_from, mark, before.book.unsettled)
        view.postings = before.postings
        return view

    async def settle(self, roots: Rooting) -> None:
        """Let go of what only an undo of final blocks would need."""
        mark = self.view.final_mark
        if mark.height >= self.settled.height + SETTLE_BLOCKS:
            self.settled = mark
            loop = asyncio.get_running_loop()
            claims_from = self.view.book.unsettled
            await loop.run_in_executor(
                self.writer, self.disk.settle, mark, roots.checkpoint, claims_from
            )

    def stalled(self, head: int) -> str:
        """Say why no blocks may be made after ``head``, if so."""
        if self.foreign:
            return "L1's log has blocks that are not ours, and not final yet"
        core = self.core
        if core.cursor.time >= core.horizon or self.view.clock - core.horizon > core.stale_ms:
            return "L1 has not made a block final for too long"
        oldest = self.view.safe_mark.height + 1
        if oldest > head:
            return ""
        if oldest != self.oldest_height:
            block = self.audience.block(oldest)
            if block is None:
                return ""
            self.oldest_height, self.oldest_time = oldest, block.time
        if self.view.clock - self.oldest_time > core.stale_ms:
            return f"block {oldest} is not on L1 yet, {core.stale_ms} ms after it was made"
        return ""

    async def wait_posted(self) -> None:
        """Wait until L1's log has every block that was made."""
        while self.view.safe_mark.height < self.core.cursor.height:
            await self.looked.wait()

    async def drop_late_blocks(self, seconds: float, roots: Rooting) -> list[tuple[bytes, bytes]]:
        """Take back blocks that L1 will not accept in time.

        Returns their (transaction, signer) pairs, to be sequenced again.
        """
        if self.foreign:
            return []  # they have yet to be followed
        posted = self.view.safe_mark.height
        oldest = self.disk.journal.read(posted + 1)
        if oldest is None or oldest.time >= self.view.clock - self.core.stale_ms:
            return []
        last = self.core.cursor.height
        LOG.error("blocks were not posted in time, taken back", first=posted + 1, last=last)
        roots.forget()  # first: a store of blocks that never were must not survive a crash here
        taken = self.take_back(posted)
        self.core.rewind()
        self.view = self.view_from(self.view.final_mark)
        await self.first_look(seconds)
        return taken
