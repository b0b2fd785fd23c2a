"""The sequencer's side of the roots: keeps one root worker fed, whatever befalls it.

Each durable block's writes go to the worker; its answers go to disk and to
those who wait for roots.  A worker that ends is started again, and brought up
to date from the journal's redo records.
"""

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final, final

import structlog

from node.ledger.audience import Audience
from node.ledger.blocks import ROOT_BYTES, ExecutedBlock
from node.ledger.segments import ANSWER, BLOCK, CHECKPOINT, HELLO, message_of, split_message
from node.process.worker import Worker
from node.sequencing.chain import ChainStore
from statemachine.errors import StorageCorrupt, invariant

RESTART_SECONDS: Final = 0.2

LOG = structlog.get_logger("roots")


@final
class Rooting:
    """Feeds a root worker and takes its answers."""

    def __init__(
        self,
        path: Path,
        disk: ChainStore,
        writer: Executor,
        audience: Audience,
        failed: Callable[[BaseException], None],
    ) -> None:
        """``writer`` runs what touches ``disk``; ``failed`` hears of what cannot be mended."""
        self.path = path
        self.disk = disk
        self.writer = writer
        self.audience = audience
        self.failed = failed
        self.held: list[tuple[int, bytes]] = []
        self.owed: deque[tuple[int, float]] = deque()
        self.live = False
        self.checkpoint = 0
        self.root = b""
        self.highest = audience.rooted_height
        self.restarting: asyncio.Task[None] | None = None
        self.worker = self.make_worker()

    def make_worker(self) -> Worker:
        """Return a worker that was not started yet."""
        arguments = [str(self.path), str(self.audience.rooted_height)]
        return Worker("node.sequencing.roots", arguments, answered=self.answered, ended=self.ended)

    def forget(self) -> None:
        """Remove the worker's store, before the worker is started: it will be given the state."""
        invariant(self.worker.pid == 0, "a running root worker keeps its store")
        shutil.rmtree(self.path, ignore_errors=True)

    async def start(self) -> None:
        """Start the process; it says hello once its tree is loaded."""
        await self.worker.start()

    async def stop(self) -> None:
        """Let the worker write a last checkpoint and end."""
        if self.restarting is not None:
            self.restarting.cancel()
        await self.worker.stop()

    @property
    def lag_seconds(self) -> float:
        """How long ago the first block was made whose roots a live worker still owes."""
        return time.monotonic() - self.owed[0][1] if self.live and self.owed else 0.0

    def feed(self, height: int, segments: bytes) -> None:
        """Pass on a durable block's writes, now or when the worker is ready."""
        self.owed.append((height, time.monotonic()))
        self.pass_on(height, segments)

    def pass_on(self, height: int, segments: bytes) -> None:
        """Send a block's writes, or hold them until the worker is ready."""
        if self.live:
            self.worker.send(message_of(BLOCK, height, segments))
        else:
            self.held.append((height, segments))

    def answered(self, message: bytes) -> None:
        """Take a worker's message."""
        kind, height, body = split_message(message)
        if kind == ANSWER:
            self.keep(height, [body[i : i + ROOT_BYTES] for i in range(0, len(body), ROOT_BYTES)])
        elif kind == CHECKPOINT:
            self.checkpoint = height
        else:
            invariant(kind == HELLO, f"root worker: message {kind!r} is not known")
            loop = asyncio.get_running_loop()
            found = loop.run_in_executor(self.writer, self.disk.root_messages, height, body)
            found.add_done_callback(self.deliver)

    def deliver(self, found: "asyncio.Future[tuple[list[bytes], int]]") -> None:
        """Bring a fresh worker up to date, then pass on what was held meanwhile."""
        error = found.exception()
        if error is not None:
            self.failed(error)
            return
        messages, height = found.result()
        for message in messages:
            self.worker.send(message)
        held, self.held = self.held, []
        self.live = True
        for later, segments in held:
            if later > height:
                self.pass_on(later, segments)

    def keep(self, height: int, roots: list[bytes]) -> None:
        """Write a block's segment roots to disk; known ones are only told again."""
        if height <= self.highest:
            if height == self.highest:
                self.root = roots[-1]
            return
        if height != self.highest + 1:
            message = f"roots: block {height} came after {self.highest}"
            self.failed(StorageCorrupt(message))
            return
        self.highest, self.root = height, roots[-1]
        while self.owed and self.owed[0][0] <= height:
            self.owed.popleft()
        block = self.audience.recent.get(height)
        if isinstance(block, ExecutedBlock):
            block.roots = roots
        loop = asyncio.get_running_loop()
        kept = loop.run_in_executor(self.writer, self.disk.write_roots, height, roots)
        kept.add_done_callback(lambda done: self.tell(height, done))

    def tell(self, height: int, kept: "asyncio.Future[None]") -> None:
        """Tell those who wait that the roots of ``height`` are on disk."""
        error = kept.exception()
        if error is not None:
            self.failed(error)
        else:
            self.audience.root(height)

    def ended(self, code: int) -> None:
        """Start a new worker after an unasked end."""
        LOG.warning("root worker ended", code=code)
        self.live = False
        self.held.clear()  # it is in the journal by the time the next worker says hello
        self.restarting = asyncio.create_task(self.restart())

    async def restart(self) -> None:
        """Start the new process, after a breath."""
        await asyncio.sleep(RESTART_SECONDS)
        self.worker = self.make_worker()
        await self.worker.start_at_last(RESTART_SECONDS)
