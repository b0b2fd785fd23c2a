"""One supervised process: started, watched, started again when it dies, stopped with its group."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, final

LAUNCH: Final = Path(__file__).parent / "launch.py"
LOG_BYTES_MAX: Final = 32 << 20
RESTART_PAUSE_S: Final = 0.2
RESTART_PAUSE_S_MAX: Final = 5.0
STEADY_S: Final = 20.0
"""How long a process must have been up for its next death to count as the first."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """What to run, and how to know that it is ready.

    Parameters
    ----------
    name
        Names the log, and the process in every message.
    command
        Words after ``sextant``.
    address
        ``host:port`` whose gRPC health says ready; None: alive is ready.
    gate
        Whether the processes after it wait until it is ready.
    environment
        Variables beyond the supervisor's own.
    program
        What the interpreter runs: ``sextant``.
    """

    name: str
    command: tuple[str, ...]
    address: str | None = None
    gate: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-P", "-m", "sextant")  # -P: the path is PYTHONPATH's alone


@final
class Child:
    """A process that is kept alive until :meth:`stop`."""

    def __init__(self, spec: ProcessSpec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self.starts = 0
        self.started_at = 0.0
        self.last_exit: int | None = None
        self.ready = False
        self.trouble = ""
        """What its keeper could not do: a full disk cannot be told in the log."""
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Return the process id while it is alive."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def deaths(self) -> int:
        """Return how often it ended without being asked to."""
        return max(0, self.starts - (1 if self.pid is not None else 0))

    async def start(self) -> None:
        """Start the process, and keep it alive from now on."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")

    async def _spawn(self) -> None:
        self.ready = False
        with self._open_log() as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-S",
                "-E",
                str(LAUNCH),
                str(os.getpid()),
                sys.executable,
                *self.spec.program,
                *self.spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.spec.environment},
                start_new_session=True,
            )
        self.starts += 1
        self.started_at = time.monotonic()

    def _open_log(self) -> BinaryIO:
        """Open the log; what cannot be logged is lost, but never stops a restart."""
        try:
            rotate(self.log)
            log = self.log.open("ab")
            self.trouble = ""
            return log
        except OSError as error:
            self.trouble = f"{self.log}: {error.strerror}"
            return Path(os.devnull).open("ab")

    async def _keep(self) -> None:
        pause = RESTART_PAUSE_S
        while True:
            process = self._process
            if process is None:
                return
            self.last_exit = await process.wait()
            self.ready = False
            if self._asked.is_set():
                return
            # Its own children are in its group: none may hold the store of the next one.
            signal_group(process.pid, signal.SIGKILL)
            if time.monotonic() - self.started_at > STEADY_S:
                pause = RESTART_PAUSE_S
            self._note(f"ended with {self.last_exit}; starting it again in {pause:.1f} s")
            await self._pause(pause)
            pause = min(RESTART_PAUSE_S_MAX, 2 * pause)
            while not await self._started_again():
                await self._pause(RESTART_PAUSE_S_MAX)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not past the request to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)

    async def _started_again(self) -> bool:
        """Return whether there is nothing left to try: it runs, or it shall not."""
        if self._asked.is_set():
            self._process = None
            return True
        try:
            await self._spawn()
        except OSError as error:
            self.trouble = f"{self.spec.name} cannot be started: {error.strerror}"
            return False
        return True

    def _note(self, text: str) -> None:
        try:
            with self.log.open("a") as log:
                log.write(f"supervisor: {self.spec.name} {text}\n")
        except OSError as error:
            self.trouble = f"{self.log}: {error.strerror}"

    def ask_to_stop(self) -> None:
        """Send the process SIGTERM, and do not start it again."""
        self._asked.set()
        if self._keeper is not None and self.pid is None:
            self._keeper.cancel()
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    async def stop(self, until: float) -> bool:
        """Wait for the end until a monotonic time, then kill; return whether it ended by itself."""
        self.ask_to_stop()
        process = self._process
        if process is None:
            return True
        gently = True
        try:
            await asyncio.wait_for(process.wait(), max(0.0, until - time.monotonic()))
        except TimeoutError:
            gently = False
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        if self._keeper is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        return gently


def signal_group(leader: int, number: int) -> None:
    """Send a signal to the process group of ``leader``; nobody left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def rotate(log: Path) -> None:
    """Put a log aside once it is large; one older one is kept."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.1"))
