"""Worker processes: bytes in, bytes out, over a pipe, dying with their parent.

A worker is ``python -m <module> <arguments>``: a fresh interpreter, so that
nothing of gRPC or LevelDB is inherited.  Messages are length-prefixed on its
standard input and output; its standard error is the parent's.  End of input
means that the parent is gone, and the worker ends.  On Linux the kernel also
kills it with its parent.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, Final, final

import structlog

from statemachine.errors import invariant

LENGTH_BYTES: Final = 4
MESSAGE_BYTES_MAX: Final = 1 << 30
PIPE_BYTES: Final = 1 << 20
STOP_SECONDS: Final = 1.0
PR_SET_PDEATHSIG: Final = 1

LOG = structlog.get_logger("worker")


def bind_to_parent() -> None:
    """Ask the kernel to kill this process when its parent dies; a no-op where it cannot."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(0)


def receive(stream: BinaryIO) -> Iterator[bytes]:
    """Yield messages until the other side closes."""
    while True:
        head = stream.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            return
        size = int.from_bytes(head, "big")
        message = stream.read(size)
        if len(message) < size:
            return
        yield message


def send(stream: BinaryIO, message: bytes) -> None:
    """Write one message; end, without a word, if the parent has gone and reads no more."""
    try:
        stream.write(len(message).to_bytes(LENGTH_BYTES, "big") + message)
        stream.flush()
    except BrokenPipeError:
        raise SystemExit(0) from None


def open_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return a worker's (input, output), leaving nothing that a stray print could spoil."""
    bind_to_parent()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # the parent says when, by closing the pipe
    source = os.fdopen(os.dup(0), "rb", buffering=PIPE_BYTES)
    target = os.fdopen(os.dup(1), "wb", buffering=PIPE_BYTES)
    os.dup2(2, 1)
    return source, target


@final
class Worker:
    """The parent's side: starts the process, sends, and calls back on each answer."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        answered: Callable[[bytes], None],
        ended: Callable[[int], None],
    ) -> None:
        """``answered`` gets each message; ``ended`` gets the exit code of an unasked end."""
        self.module = module
        self.arguments = arguments
        self.answered = answered
        self.ended = ended
        self.process: asyncio.subprocess.Process | None = None
        self.reader: asyncio.Task[None] | None = None
        self.stopping = False

    @property
    def pid(self) -> int:
        """The process id, 0 if there is none."""
        return 0 if self.process is None else self.process.pid

    async def start(self) -> None:
        """Start the process."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the modules of this process, compiled ones first, not the working directory's
            "-m",
            self.module,
            *self.arguments,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MESSAGE_BYTES_MAX,
        )
        self.reader = asyncio.create_task(self.read(self.process))

    async def start_at_last(self, pause_seconds: float) -> None:
        """Start the process, again and again while the system has no room for another."""
        while True:
            try:
                await self.start()
            except OSError as error:
                LOG.warning("worker not started", module=self.module, why=str(error))
                await asyncio.sleep(pause_seconds)
            else:
                return

    def send(self, message: bytes) -> None:
        """Queue a message; a dead worker loses it, and its ``ended`` says so."""
        invariant(self.process is not None, f"{self.module}: send before start")
        pipe = self.process.stdin if self.process is not None else None
        if pipe is not None and not pipe.is_closing():
            pipe.write(len(message).to_bytes(LENGTH_BYTES, "big") + message)

    async def read(self, process: asyncio.subprocess.Process) -> None:
        """Hand each answer over, until the process ends."""
        pipe = process.stdout
        invariant(pipe is not None, f"{self.module}: no pipe")
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while pipe is not None:
                head = await pipe.readexactly(LENGTH_BYTES)
                self.answered(await pipe.readexactly(int.from_bytes(head, "big")))
        code = await process.wait()
        if not self.stopping:
            self.ended(code)

    async def stop(self) -> None:
        """Close the pipe and wait for the end; kill if it takes too long."""
        self.stopping = True
        if self.process is None:
            return
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self.reader is not None:
            await self.reader
