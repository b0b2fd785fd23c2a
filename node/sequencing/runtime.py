"""The sequencer process around its core: ticks, disk, workers, L1.

One event loop does the thinking; one writer thread does the disk; signature
recovery and state roots have processes of their own.  A block goes

    queue -> core.build -> writer: journal (synced) -> answers -> writer: state

and the next one is built while the disk is busy.  Whatever goes wrong between
building and journaling ends the process: a block that cannot be written down
must not be built upon, and a restart forgets it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final

import structlog

from node.l1.postings import Posting
from node.ledger.audience import Audience
from node.ledger.blocks import BlockSigner
from node.ledger.feed import Head, Outcome, Reason, Refusal, SealedBlock, Sequenced, Status
from node.process.metrics import Metrics
from node.sequencing.anchor import Anchor
from node.sequencing.chain import ChainStore
from node.sequencing.forks import Forked
from node.sequencing.intake import SHUTTING_DOWN, Intake
from node.sequencing.rooting import Rooting
from node.sequencing.sequencer import Execution, Sequencer
from node.sequencing.signatures import SignaturePool
from node.sequencing.tickets import DEFAULT_LIMITS, Limits
from prover.contract.rules import ContractRules
from prover.l1 import L1
from prover.ranges import KeyRange
from statemachine.cursor import Cursor
from statemachine.identity.signing import Domain
from statemachine.rules import Rules
from statemachine.storage import Store

BLOCKS_IN_FLIGHT_MAX: Final = 4
ROOT_LAG_SECONDS_MAX: Final = 1.0
"""Root lag of a live worker at which block making waits for it: both share the machine."""
ROOTS_BEHIND_MAX: Final = 1_000
"""Blocks without state roots at which nothing more is taken, until roots catch up."""

LOG = structlog.get_logger("sequencer")


@final
class SequencerNode:
    """A running sequencer; satisfies ``feed.Gateway``."""

    def __init__(
        self,
        directory: Path,
        deployment: ContractRules,
        l1: L1,
        key: bytes,
        *,
        limits: Limits = DEFAULT_LIMITS,
        workers: int = 1,
        block_ms: int = 50,
        poll_ms: int = 200,
        manual: bool = False,
        owner: str = "sequencer",
        metrics: Metrics | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Open the store and replay its journal; nothing runs before :meth:`start`.

        ``manual``: it makes no block by itself (:mod:`node.sequencing.controls` has hands).
        ``failed`` is told what ended the node, if anything does.
        """
        self.deployment = deployment
        self.metrics = metrics or Metrics()
        self.failed = failed
        self.disk = ChainStore(directory / "chain", owner, deployment)
        self.store: Store = self.disk.state.memory
        rules = deployment.rules
        signer = BlockSigner(key, rules.chain_id, self.disk.signed_until)
        memory, book = self.disk.state.memory, self.disk.book
        self.core = Sequencer(rules, memory, signer, self.disk.find, limits, book)
        self.replayed = self.disk.replay(self.core)
        self.writer = ThreadPoolExecutor(1, "writer")
        self.audience = Audience(self.disk.archive.read, self.disk.archive.root_height())
        self.roots = Rooting(directory / "roots", self.disk, self.writer, self.audience, self.fail)
        self.anchor = Anchor(l1, rules, self.core, self.disk, self.audience, self.writer)
        self.pool = SignaturePool(Domain(rules.chain_id, rules.rollup), workers)
        self.block_seconds = block_ms / 1000
        self.poll_seconds = poll_ms / 1000
        self.flights = asyncio.Semaphore(BLOCKS_IN_FLIGHT_MAX)
        self.wake = asyncio.Event()
        self.intake = Intake(
            self.core,
            self.pool,
            closed=self.closed,
            ended=lambda: self.stopping or bool(self.halted),
            clock=lambda: self.anchor.view.clock,
            filled=self.wake.set,
        )
        self.tasks: list[asyncio.Task[None]] = []
        self.durable = Head(self.core.cursor.height, self.core.cursor.time)
        self.held = manual
        self.stopping = False
        self.ready = False
        self.halted = ""
        self.forked = False

    @property
    def rules(self) -> Rules:
        """The rules that executed the last block."""
        return self.core.rules

    @property
    def cursor(self) -> Cursor:
        """The cursor after the last executed block."""
        return self.core.cursor

    # Life

    async def start(self) -> None:
        """Start the workers, wait for a first look at L1, then make blocks."""
        await self.anchor.first_look(self.poll_seconds)
        late = await self.anchor.adopt(self.poll_seconds, self.roots)
        late += await self.anchor.drop_late_blocks(self.poll_seconds, self.roots)
        self.metrics.taken_back.inc(self.anchor.taken_back)
        self.note_taken_back()
        await asyncio.gather(self.pool.start(), self.roots.start())
        self.core.requeue(late)
        self.tasks = [
            asyncio.create_task(self.guard(self.produce), name="produce"),
            asyncio.create_task(self.guard(self.watch), name="watch"),
        ]
        self.ready = True
        LOG.info("ready", height=self.cursor.height, replayed=self.replayed)

    def note_taken_back(self) -> None:
        """Follow the disk, should blocks have been taken back."""
        self.durable = Head(self.cursor.height, self.cursor.time)
        self.audience.rooted_height = self.disk.archive.root_height()
        self.roots.highest = self.audience.rooted_height

    async def drain(self) -> None:
        """Take nothing new, refuse what waits, and finish what is being written."""
        self.stopping = True
        self.ready = False
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.core.refuse_all(SHUTTING_DOWN)
        for _ in range(BLOCKS_IN_FLIGHT_MAX):
            await self.flights.acquire()
        await self.pool.stop()

    async def close(self) -> None:
        """Stop the workers and release the store; call :meth:`drain` first."""
        await self.roots.stop()
        await asyncio.to_thread(self.writer.shutdown)
        self.disk.close()

    async def watch(self) -> None:
        """Keep the view of L1 fresh."""
        await self.anchor.watch(self.poll_seconds, self.roots)

    async def guard(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a task that must not end; if it fails, so does the node."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is fatal
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Stop for good: a block could not be made or written down."""
        if self.halted:
            return
        self.halted = f"{type(error).__name__}: {error}"
        self.forked = isinstance(error, Forked)
        self.ready = False
        LOG.critical("halted", why=self.halted, exc_info=error)
        self.core.refuse_all(Refusal(Reason.NOT_READY, "the node has halted"))
        if self.failed is not None:
            self.failed(self.halted)

    # Transactions in

    async def submit(self, transactions: Sequence[bytes]) -> list[Outcome]:
        """Queue transactions and wait until each is durable or refused."""
        return await self.intake.submit(transactions)

    def closed(self) -> Refusal | None:
        """Return why nothing is taken at the moment, if so."""
        if self.stopping:
            return SHUTTING_DOWN
        stalled = (
            self.anchor.stalled(self.durable.height)
            if self.ready
            else self.halted or "the node is starting"
        )
        if stalled:
            return Refusal(Reason.NOT_READY, stalled)
        behind = self.durable.height - self.audience.rooted_height
        if behind > ROOTS_BEHIND_MAX:
            return Refusal(Reason.QUEUE_FULL, f"state roots are {behind} blocks behind")
        return None

    # Blocks out

    async def produce(self) -> None:
        """Make a block per tick when there is work, and at least one a second."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), self.block_seconds)
            self.wake.clear()
            if (
                self.held
                or not self.core.due(self.anchor.view.clock)
                or self.delayed
                or await self.build(self.anchor.view.clock) is None
            ):
                if self.halted:
                    return
                continue
            if self.core.full():
                self.wake.set()

    @property
    def delayed(self) -> bool:
        """Whether the next block must wait for L1, or for roots."""
        return (
            bool(self.anchor.stalled(self.durable.height))
            or self.roots.lag_seconds > ROOT_LAG_SECONDS_MAX
        )

    async def build(self, now: int) -> "asyncio.Future[None] | None":
        """Make a block at chain time ``now``, and begin to write it; ``None`` if none can be."""
        await self.flights.acquire()
        started = time.monotonic()
        # Halted: a block before this one could not be written down.
        execution = None if self.halted else self.core.build(now)
        if execution is None:
            self.flights.release()
            return None
        self.metrics.block_seconds.observe(time.monotonic() - started)
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(self.writer, self.write, execution, loop)
        written.add_done_callback(self.on_written)
        return written

    def write(self, execution: Execution, loop: asyncio.AbstractEventLoop) -> None:
        """Make a block durable; runs on the writer thread."""
        started = time.monotonic()

        def durable(done: Execution, redo: bytes) -> None:
            self.metrics.commit_seconds.observe(time.monotonic() - started)
            loop.call_soon_threadsafe(self.on_durable, done, redo)

        self.disk.commit(execution, durable)

    def on_durable(self, execution: Execution, redo: bytes) -> None:
        """Answer, publish and pass on a block that is on disk."""
        block = execution.block
        self.durable = Head(block.height, block.time)
        self.core.commit(execution)
        self.audience.publish(block)
        self.roots.feed(block.height, redo)
        self.metrics.block_height.set(block.height)
        self.metrics.queue.set(len(self.core.queue))
        self.metrics.root_lag.set(block.height - self.audience.rooted_height)

    def on_written(self, written: "asyncio.Future[None]") -> None:
        """Make room for the next block, or halt if this one was not written."""
        self.flights.release()
        error = written.exception()
        if error is not None:
            self.fail(error)

    # Ledger

    def status(self) -> Status:
        """Return the node's view of itself and of the heads."""
        view = self.anchor.view
        output = view.book.final_output or self.deployment.genesis
        return Status(
            role="sequencer",
            chain_id=self.rules.chain_id,
            rollup=self.rules.rollup,
            rules_hash=self.rules.hash,
            l1="stub",
            time=view.clock,
            unsafe=self.durable,
            safe=self.head_at(view.safe_mark.height, view.safe_mark.log_index),
            final=self.head_at(output.height, output.log_index),
            root_height=self.audience.rooted_height,
            root=self.roots.root,
            queued=len(self.core.pending),
            ready=self.ready and not self.anchor.stalled(self.durable.height),
            halted=self.halted,
            l1_heads=view.heads,
            genesis_root=self.deployment.genesis.post_root,
            rules_version=self.core.book.version_at(self.durable.time),
            rules_unknown=self.core.book.first_unknown,
        )

    def waits(self, tx_hash: bytes) -> bool:
        """Return whether a transaction is queued and in no durable block yet."""
        return tx_hash in self.core.pending

    def head_at(self, height: int, log_index: int) -> Head:
        """Return the head at a height."""
        return Head(height, self.audience.time_of(height), log_index)

    def block(self, height: int) -> SealedBlock | None:
        """Return a block, with its receipts; no events if it is from disk."""
        return self.audience.block(height) if height <= self.durable.height else None

    def find(self, tx_hash: bytes) -> Sequenced | None:
        """Return what became of a transaction, or ``None`` if no block has it."""
        return self.core.answered(tx_hash)

    def posted(self, height: int) -> Posting | None:
        """Return the log entry that carries a block, if it was seen."""
        return self.anchor.view.postings.find(height)

    def final_since(self, height: int) -> int:
        """Return when a block was first seen to be final, ms; 0 if it was not."""
        found = self.anchor.finals.find(height)
        return 0 if found is None else found.time

    def subscribe(self) -> AsyncIterator[SealedBlock]:
        """Yield each new durable block."""
        return self.audience.subscribe()

    def rooted(self, height: int) -> AsyncIterator[SealedBlock]:
        """Yield blocks from ``height`` on, each once its roots are known."""
        return self.audience.rooted(height)

    def prove(
        self, keys: Sequence[bytes], log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes] | None:
        """Return nothing: a sequencer has no tree; a follower has."""
        del keys, log_index, ranges
        return None

    def entry_data(self, index: int) -> bytes | None:
        """Return nothing: a follower keeps L1's log."""
        del index
        return None
