"""Keeps a derived chain at the end of L1's log.

Reads heads, inbox and log; derives each new entry on a thread, so that the
event loop stays free; takes entries back when L1 has others in their place.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import final

import structlog

from node.derivation.derived import DerivedChain
from node.derivation.steps import place_of
from node.l1.claimbook import ClaimBook
from node.l1.versions import tell_version
from node.l1.view import now_ms
from node.ledger.blocks import ExecutedBlock
from prover.contract.log import LogEntry
from prover.contract.records import RulesVersion
from prover.l1 import L1, Heads, L1Refused, L1Unreachable, still_has
from prover.replica import Derived
from statemachine.errors import StorageCorrupt
from statemachine.inbox import InboxItem

Publish = Callable[[Derived, Sequence[ExecutedBlock]], None]

LOG = structlog.get_logger("deriver")


@final
class Deriver:
    """The derived chain, and the L1 that it follows."""

    def __init__(
        self,
        l1: L1,
        chain: DerivedChain,
        publish: Publish,
        retract: Callable[[], None] = lambda: None,
        until: int | None = None,
    ) -> None:
        """Follow ``l1`` with ``chain``, up to log entry ``until`` (exclusive) if there is one.

        ``publish`` hears of each entry once it is derived and written,
        ``retract`` of each that was taken back.
        """
        self.until = until
        self.l1 = l1
        self.chain = chain
        self.publish = publish
        self.retract = retract
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
                    self.learn(await self.l1.versions(), heads.latest.time)
                    if before is None or not await still_has(self.l1, before.latest):
                        await self.find_fork()
                    await self.catch_up()
                    self.chain.fix(heads.final.number)
                await self.book.refresh(heads)
            self.heads = heads
        except (L1Unreachable, L1Refused) as error:
            LOG.warning("L1 does not answer", why=str(error))
            return False
        return True

    def learn(self, versions: Sequence[RulesVersion], now: int) -> None:
        """Take note of the versions of the rules, and tell what is new among them."""
        for version in self.chain.learn(versions):
            tell_version(LOG, self.chain.book, version, now)

    async def find_fork(self) -> None:
        """Take back every entry that L1 does not have just as it was derived.

        After a re-org, and at the start: then nobody knows what happened
        meanwhile.  The last entry alone would not do: it may have come back as it
        was, on top of others.
        """
        agreed = self.chain.fixed
        while agreed < self.chain.head.log_index:
            page = await self.l1.log_entries(agreed)
            same = [entry for entry in page if self.is_known(entry)]
            agreed += len(same)
            if not page or len(same) < len(page):
                break
        while self.chain.head.log_index > agreed:
            await self.take_back()
        await self.read_inbox(self.chain.inbox_from)

    async def catch_up(self) -> None:
        """Derive every entry that L1 has and we have not."""
        while True:
            overlap = min(1, self.chain.head.log_index)
            page = await self.l1.log_entries(self.chain.head.log_index - overlap)
            if overlap and not (page and self.is_known(page[0])):
                await self.take_back()
                await self.read_inbox(self.chain.inbox_from)
                continue
            fresh = page[overlap:]
            if self.until is not None:
                fresh = [entry for entry in fresh if entry.index < self.until]
            if not fresh:
                return
            await self.read_inbox(len(self.chain.replica.inbox))
            self.chain.replica.expect(fresh)
            for entry in fresh:
                if not self.chain.covers(entry):
                    await self.read_inbox(self.chain.inbox_from)
                if not self.chain.covers(entry):
                    raise L1Unreachable(f"log entry {entry.index} and the inbox are of two forks")
                if not self.chain.book.hash_at(entry.version):
                    raise L1Unreachable(f"log entry {entry.index} and its rules are of two forks")
                await self.derive(entry)

    def is_known(self, entry: LogEntry) -> bool:
        """Return whether an entry was derived, and is where it was then."""
        if entry.index >= self.chain.head.log_index:
            return False
        step = self.chain.step(entry.index + 1)
        if step is None:
            return True
        rules_hash = self.chain.book.hash_at(entry.version)
        return step.place == place_of(entry) and step.output.rules_hash == rules_hash

    async def take_back(self) -> None:
        """Take back the last entry: L1 has another one in its place, or none."""
        LOG.warning("L1 re-organised, taking an entry back", index=self.chain.head.log_index - 1)
        await asyncio.to_thread(self.chain.undo)
        self.retract()

    async def read_inbox(self, first: int) -> None:
        """Read the inbox from ``first`` to its end; what we had there is forgotten."""
        items: list[InboxItem] = []
        while page := await self.l1.inbox_items(first + len(items)):
            items.extend(queued.item for queued in page)
        self.chain.add_inbox(first, items)

    async def derive(self, entry: LogEntry) -> None:
        """Derive one entry and tell about it."""
        if not entry.is_intact:
            why = "L1 has dropped its bytes" if entry.pruned else "its bytes are not what L1 hashed"
            raise StorageCorrupt(
                f"L1 log entry {entry.index}: {why}; "
                "--l1.archives names nodes that keep what L1 drops"
            )
        derived, blocks = await asyncio.to_thread(self.chain.feed, entry)
        self.publish(derived, blocks)

    def settle(self) -> None:
        """Forget what lies before the last output that is final at a final L1 block."""
        final_output = self.book.final_output
        if final_output is not None and final_output.log_index <= self.chain.head.log_index:
            self.chain.settle(final_output.log_index, self.book.unsettled)
