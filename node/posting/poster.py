"""The batch poster: the sequencer's blocks into L1's log, and their outputs as claims.

What L1's log holds is the truth: the poster derives it like anyone else, and
what comes next in it is decided by where that derivation stands, not by a note
of its own.  So a kill at any instant posts nothing twice: L1 takes an entry
only at the log's end.

Before it posts a batch it derives it through the verifier's path, and compares
every segment's root with the sequencer's.  A difference means that someone's
code or disk is broken: it stops, loudly, and posts nothing.

If others have appended, as anyone may while the sequencer is silent, its blocks do
not follow the log until it has taken those entries over.  So whenever it is in
doubt the poster pulls the block that the log ends with as well, and posts nothing
before the sequencer has it with the same root.
"""

import asyncio
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final, final

import structlog

from node.derivation.claimant import Claimant
from node.derivation.derived import DerivedChain
from node.derivation.deriver import Deriver
from node.derivation.drafts import Draft
from node.ledger.blocks import ExecutedBlock
from node.ledger.feed import Controls
from node.posting.frames import FrameSource, RootedFrame
from node.process.metrics import Metrics
from prover.contract.codes import ContractCode
from prover.contract.rules import ContractRules
from prover.entry import encode_entry
from prover.l1 import L1, L1Held, L1Refused, L1Unreachable
from prover.outputs import SEGMENTS_MAX
from prover.replica import Derived
from statemachine.errors import SextantError

FRAME_OVERHEAD_BYTES: Final = 4
REMORSE_PATIENCE: Final = 0.0

LOG = structlog.get_logger("poster")


class RootMismatch(SextantError):
    """The sequencer's roots are not what its data gives."""


@final
class Poster(Controls):
    """Posts batches and proposes claims; a developer may have it claim what is wrong."""

    def __init__(
        self,
        directory: Path,
        deployment: ContractRules,
        l1: L1,
        source: FrameSource,
        *,
        batch_ms: int = 2_000,
        batch_bytes_max: int = 512 << 10,
        poll_ms: int = 200,
        propose: bool = True,
        owner: str = "poster",
        metrics: Metrics | None = None,
    ) -> None:
        """Open the store; nothing runs before :meth:`run`."""
        self.deployment = deployment
        self.l1 = l1
        self.source = source
        self.chain = DerivedChain(directory / "chain", owner, deployment)
        self.deriver = Deriver(l1, self.chain, self.on_derived, self.on_taken_back)
        self.claimant = Claimant(l1, self.chain, self.deriver.book, REMORSE_PATIENCE)
        self.batch_seconds = batch_ms / 1000
        self.batch_bytes_max = min(batch_bytes_max, deployment.entry_bytes_max)
        self.poll_seconds = poll_ms / 1000
        self.propose = propose
        self.metrics = metrics or Metrics()
        self.posted_at = 0.0
        self.in_doubt = True
        self.held: list[RootedFrame] = []
        """The batch that was sent and is in no block that we know: L1 may still have it."""
        self.ready = False

    def on_derived(self, derived: Derived, _blocks: Sequence[ExecutedBlock]) -> None:
        """Drop the blocks that are in L1's log now."""
        if derived.blocks[-1].block.frame is None:
            self.doubt()
        elif not self.in_doubt:
            self.source.take(derived.output.height)
        self.metrics.posted_height.set(derived.output.height)
        self.metrics.batch_lag.set(len(self.source.ready))

    def on_taken_back(self) -> None:
        """Pull the blocks again that L1's log has lost."""
        self.doubt()

    async def run(self) -> None:
        """Post and propose until cancelled, or until something is not right."""
        while True:
            if await self.deriver.refresh():
                break
            await asyncio.sleep(self.poll_seconds)
        self.doubt()
        LOG.info("standing at", log_index=self.chain.head.log_index, height=self.chain.head.height)
        self.ready = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.source.run())
            tasks.create_task(self.keep_posting())
            if self.propose:
                tasks.create_task(self.keep_proposing())

    def doubt(self) -> None:
        """Ask the sequencer again for all that the log may have made it forget."""
        self.in_doubt = True
        self.source.start_over(max(1, self.chain.head.height))

    def is_followed(self) -> bool:
        """Return whether the sequencer has the block that the log ends with, as the log has it.

        Raises
        ------
        RootMismatch
            It has another one, where the log's is its own.
        """
        head, ready = self.chain.head, self.source.ready
        if not self.in_doubt:
            return True
        if head.height and not ready:
            return False
        last = ready[0] if head.height else None
        if last is not None and last.height == head.height:
            cursor = self.chain.cursor
            if last.roots[-1] != head.post_root and cursor.framed_at == cursor.time:
                self.metrics.mismatches.inc()
                raise RootMismatch(
                    f"block {head.height}: derived {head.post_root.hex()}, "
                    f"the sequencer has {last.roots[-1].hex()}"
                )
        if last is not None and (last.height != head.height or last.roots[-1] != head.post_root):
            LOG.warning("the sequencer has not taken over the log's blocks", height=head.height)
            self.doubt()
            return False
        self.in_doubt = False
        self.source.take(head.height)
        return True

    async def keep_posting(self) -> None:
        """Follow L1, and append a batch whenever one is due."""
        while True:
            if await self.deriver.refresh():
                self.deriver.settle()
                self.note_l1()
                batch = self.next_batch() if self.is_followed() else []
                if batch and await self.try_post(batch):
                    continue
            await asyncio.sleep(self.poll_seconds)

    def note_l1(self) -> None:
        """Show what gas costs on L1, and by which rules its log goes on."""
        book = self.chain.book
        self.metrics.note_rules(book.version_at(self.chain.cursor.time), book.first_unknown)
        if self.deriver.heads is not None:
            self.metrics.l1_gas_price.set(self.deriver.heads.gas_price)

    async def try_post(self, batch: Sequence[RootedFrame]) -> bool:
        """Post a batch; return whether L1 answered.  What it did not answer is looked up."""
        try:
            await self.post(batch)
        except L1Held as held:
            at = self.chain.head.log_index
            LOG.warning("a batch waits on L1", log_index=at, blocks=len(batch), why=str(held))
        except L1Unreachable as error:
            LOG.warning("L1 does not answer", why=str(error))
        except L1Refused as error:
            self.held = []  # it has no such call
            LOG.warning("L1 does not take it", why=str(error))
        else:
            return True
        return False

    def next_batch(self) -> list[RootedFrame]:
        """Return the blocks of the batch that is due, if one is.

        All of one version of the rules: where another comes into force, the batch ends.
        A batch that was sent and may still wait on L1 is due as it was: another one for the
        same place in the log would only wait behind it, and be paid for in vain.
        """
        if self.held and [*islice(self.source.ready, len(self.held))] == self.held:
            return self.held
        self.held = []
        batch: list[RootedFrame] = []
        book, version = self.chain.book, 0
        size, segments = FRAME_OVERHEAD_BYTES, 0
        full = False
        for frame in self.source.ready:
            last, version = version, book.version_at(frame.time)
            if version != (last or version):
                full = True
                break
            size += len(frame.frame) + FRAME_OVERHEAD_BYTES
            segments += len(frame.roots)
            # The first goes whatever its size: nothing could be posted after it otherwise.
            full = bool(batch) and (
                size > self.batch_bytes_max
                or len(batch) >= self.deployment.entry_frames_max
                or segments > SEGMENTS_MAX
            )
            if full:
                break
            batch.append(frame)
        if batch and book.starts(book.version_at(batch[0].time)) > self.deriver.clock:
            return []  # L1's clock is behind the sequencer's: it would not take them yet
        waited = time.monotonic() - self.posted_at >= self.batch_seconds
        return batch if full or waited else []

    async def post(self, batch: Sequence[RootedFrame]) -> None:
        """Check a batch through the verifier's path, and append it."""
        head = self.chain.head
        if batch[0].height != head.height + 1:
            LOG.warning("blocks do not follow L1's log", have=batch[0].height, need=head.height + 1)
            self.doubt()
            return
        async with self.deriver.busy:
            draft = await self.draft(batch)
            derived = await asyncio.to_thread(self.chain.preview, draft)
        if not self.check(batch, derived):
            return
        what = "waiting on for a batch that was sent" if self.held else "posting"
        LOG.info(what, log_index=draft.index, blocks=len(batch), size=len(draft.data))
        self.held = [*batch]
        receipt = await self.l1.append(draft.index, draft.data, draft.version)
        self.held, self.posted_at = [], time.monotonic()
        if receipt.ok:
            LOG.info(
                "posted",
                log_index=draft.index,
                height=batch[-1].height,
                gas=receipt.gas,
                gas_price=receipt.gas_price,
            )
        elif receipt.code is ContractCode.ENTRY_RULES:
            LOG.warning("not posted yet", log_index=draft.index, why=receipt.message)
        elif receipt.code is ContractCode.ENTRY_INDEX:
            LOG.info("the log is longer than we knew", log_index=draft.index)
        else:
            LOG.error("not posted", code=receipt.code.name, why=receipt.message)

    async def draft(self, batch: Sequence[RootedFrame]) -> Draft:
        """Return the entry as L1 would note it now, with the inbox read up to its end.

        L1 is asked for its clock again: it may have been warped since it was last looked at,
        and by an older clock the newest blocks would be of the future.
        """
        clock = await self.deriver.ask_clock()
        await self.deriver.read_inbox(len(self.chain.replica.inbox))
        data = encode_entry([frame.frame for frame in batch])
        count = len(self.chain.replica.inbox)
        version = self.chain.book.version_at(batch[0].time)
        return Draft(self.chain.head.log_index, data, clock, count, version)

    def check(self, batch: Sequence[RootedFrame], derived: Derived) -> bool:
        """Return whether a batch may be posted; raise if its roots are wrong.

        Blocks that are too old to be valid are no mismatch: the sequencer will
        take them back, and we pull again.
        """
        late = [block for block in derived.blocks if block.block.frame is None]
        if late:
            LOG.error("the batch has blocks that L1 would not accept", blocks=len(late))
            self.doubt()
            return False
        ours = derived.trace[1:]
        theirs = [root for frame in batch for root in frame.roots]
        if ours == theirs:
            return True
        self.metrics.mismatches.inc()
        segment = next(
            (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b),
            min(len(ours), len(theirs)),
        )
        raise RootMismatch(
            f"blocks {batch[0].height} to {batch[-1].height}, segment {segment}: "
            f"derived {[r.hex() for r in ours[segment : segment + 1]]}, "
            f"the sequencer has {[r.hex() for r in theirs[segment : segment + 1]]}"
        )

    async def keep_proposing(self) -> None:
        """Propose what is missing, one claim after the other."""
        while True:
            try:
                acted = await self.claimant.act()
            except (L1Unreachable, L1Refused) as error:
                LOG.warning("L1 does not answer", why=str(error))
                acted = False
            if acted:
                await self.deriver.refresh()
            else:
                await asyncio.sleep(self.poll_seconds)

    def close(self) -> None:
        """Release the store."""
        self.chain.close()

    def corrupt_next_claim(self, corruption: str, segment: int | None) -> int | None:
        """Make exactly the next claim wrong; return its log index if it is known."""
        return self.claimant.corrupt_next(corruption, segment)
