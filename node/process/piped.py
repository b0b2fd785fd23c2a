"""A worker process for code that does not await: a thread writes, whoever waits reads.

The worker's own side is that of :mod:`node.process.worker`: length-prefixed messages on
its standard input and output, the end of input means that the parent is gone.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Final, final

from node.process.worker import LENGTH_BYTES
from statemachine.errors import invariant

READ_BYTES: Final = 1 << 20
STOP_SECONDS: Final = 1.0


@final
class PipedWorker:
    """``python -m module arguments``, started at once."""

    def __init__(self, module: str, arguments: Sequence[str] = ()) -> None:
        places = (path or os.curdir for path in sys.path)
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter on our own module
            [sys.executable, "-P", "-m", module, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        invariant(
            self.process.stdin is not None and self.process.stdout is not None, "both are pipes"
        )
        self.held = bytearray()
        self.waiting: SimpleQueue[bytes] = SimpleQueue()
        Thread(target=self.write_all, name=module, daemon=True).start()

    @property
    def source(self) -> int:
        """The file descriptor to read answers from."""
        pipe = self.process.stdout
        return -1 if pipe is None else pipe.fileno()

    def send(self, messages: Sequence[bytes]) -> None:
        """Queue messages; the pipe may be full, so that a thread writes them."""
        framed = [len(message).to_bytes(LENGTH_BYTES, "big") + message for message in messages]
        if framed:
            self.waiting.put(b"".join(framed))

    def write_all(self) -> None:
        """Write what is queued, until the process is gone or an empty message comes."""
        pipe = self.process.stdin
        while pipe is not None and (message := self.waiting.get()):
            view = memoryview(message)
            try:
                while view:
                    view = view[os.write(pipe.fileno(), view) :]
            except (OSError, ValueError):
                return

    def take(self) -> list[bytes] | None:
        """Wait for something to read, return the messages that are whole; ``None``: it is gone."""
        part = os.read(self.source, READ_BYTES)
        if not part:
            return None
        held = self.held
        held += part
        found = []
        while len(held) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(held[:LENGTH_BYTES], "big")
            if len(held) < end:
                break
            found.append(bytes(held[LENGTH_BYTES:end]))
            del held[:end]
        return found

    def stop(self) -> None:
        """End the process."""
        self.waiting.put(b"")
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
