"""Signers of whole batches, recovered in processes of their own ahead of execution.

Recovering signers is the largest part of replaying a batch, and needs nothing but its
bytes.  A replica tells what it is about to execute (``expect``); workers recover frame by
frame while it executes the frames before.  An answer is known by the hash of what was
signed, so neither order nor loss of answers matters: what no worker has answered is
recovered here.

Workers start with the first batch that is worth it, and die with this process.  Run as a
module it is the worker: ``python -m node.process.recovery CHAIN_ID ROLLUP``.
"""

import select
import sys
from collections import deque
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, final

import msgpack

from node.process.piped import PipedWorker
from node.process.worker import open_pipes, receive, send
from statemachine.actions import Transaction
from statemachine.errors import FrameInvalid, invariant
from statemachine.frame import decode_frame
from statemachine.identity.signing import Domain, recover_signers

BATCH_BYTES_MIN: Final = 32 * 1_024
"""A batch below this, some 300 orders, is done before a worker could have begun."""


Answers = dict[bytes, tuple[list[bytes], bytes]]
"""The signers of transactions by their name, and the hash of the frame that they came in."""


def name_of(transactions: Sequence[Transaction]) -> bytes:
    """Return the hash by which the signers of these transactions are known."""
    return sha256(b"".join([transaction.data for transaction in transactions])).digest()


def workers_for(processors: int) -> int:
    """Return how many workers keep one that executes busy, next to those for roots."""
    return max(1, min(processors // 2, 3))


@final
class RecoveryPool:
    """Recovers signers ahead; see the module.  Not for use by several threads."""

    def __init__(self, domain: Domain, workers: int) -> None:
        invariant(workers >= 1, f"recovery workers: {workers}, at least 1")
        self.domain = domain
        self.count = workers
        self.workers: list[Helper] = []
        self.answers: Answers = {}
        self.given: set[bytes] = set()
        """Hashes of the frames that are not asked for yet: told of twice, they are given once."""
        self.failed = False
        self.local = 0
        """Frames that were recovered in this process."""

    def expect(self, frames: Sequence[bytes]) -> None:
        """Begin with frames, of one batch or of many, asked for in about this order later."""
        fresh = [frame for frame in frames if sha256(frame).digest() not in self.given]
        if self.failed or not fresh or sum(map(len, fresh)) < BATCH_BYTES_MIN:
            return
        if not self.workers:
            self.workers = [Helper(self.domain) for _ in range(self.count)]
        if not any(worker.owed for worker in self.workers):
            self.answers.clear()  # of frames that were no valid blocks
            self.given.clear()
        self.given.update(sha256(frame).digest() for frame in fresh)
        for place, worker in enumerate(self.workers):
            worker.give(fresh[place :: self.count])

    def __call__(self, transactions: Sequence[Transaction]) -> list[bytes]:
        """Return who signed each transaction, as ``recover_signers`` does."""
        if not transactions:
            return []
        name = name_of(transactions)
        while name not in self.answers and any(worker.owed for worker in self.workers):
            self.collect()
        found = self.answers.pop(name, None)
        if found is None:
            self.local += 1
            return recover_signers(self.domain, transactions)
        signers, frame = found
        self.given.discard(frame)
        return signers

    def collect(self) -> None:
        """Wait for some worker's answers, and take what there is."""
        owing = [worker for worker in self.workers if worker.owed]
        ready, _, _ = select.select([worker.source for worker in owing], [], [])
        for worker in owing:
            if worker.source not in ready:
                continue
            if not worker.take(self.answers):
                self.close()
                self.failed = True
                return

    def close(self) -> None:
        """End the workers; what is asked for from now on is recovered here."""
        for worker in self.workers:
            worker.stop()
        self.workers = []


@final
class Helper:
    """One worker, and the frames that it still owes."""

    def __init__(self, domain: Domain) -> None:
        arguments = [str(domain.chain_id), domain.rollup.hex()]
        self.worker = PipedWorker("node.process.recovery", arguments)
        self.process = self.worker.process
        self.source = self.worker.source
        self.frames: deque[bytes] = deque()

    @property
    def owed(self) -> int:
        """How many answers are to come."""
        return len(self.frames)

    def give(self, frames: Sequence[bytes]) -> None:
        """Queue frames."""
        self.frames.extend(sha256(frame).digest() for frame in frames)
        self.worker.send(frames)

    def take(self, answers: Answers) -> bool:
        """Move the answers that have come to ``answers``; return whether the worker lives."""
        messages = self.worker.take()
        for message in messages or ():
            name, signers = msgpack.unpackb(message)
            answers[name] = signers, self.frames.popleft()
        return messages is not None

    def stop(self) -> None:
        """End the process."""
        self.frames.clear()
        self.worker.stop()


def answer_frame(domain: Domain, data: bytes) -> bytes:
    """Return the name and signers of a frame's transactions; of nothing, if it is no frame."""
    try:
        transactions = decode_frame(data).transactions
    except FrameInvalid:
        transactions = ()
    answer: bytes = msgpack.packb([name_of(transactions), recover_signers(domain, transactions)])
    return answer


def main(arguments: Sequence[str]) -> int:
    """Answer frames until the parent closes the pipe."""
    source, target = open_pipes()
    domain = Domain(int(arguments[0]), bytes.fromhex(arguments[1]))
    for frame in receive(source):
        send(target, answer_frame(domain, frame))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
