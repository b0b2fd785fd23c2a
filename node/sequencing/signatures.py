"""Signature recovery in processes of its own, in chunks.

Recovering a signer costs about as much as executing an order, and threads do
not help.  The pool takes batches of transaction bytes and answers, for each
transaction, who signed it or why it is no transaction at all; garbage never
reaches the sequencer.  Answers come in the order of the requests, whatever
the number of workers, so that a client's stream keeps its order.

Run as a module it is the worker: ``python -m node.sequencing.signatures CHAIN_ID ROLLUP``.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from typing import Final, final

import msgpack
import structlog

from node.ledger.feed import Reason, Refusal
from node.process.worker import Worker, open_pipes, receive, send
from statemachine.actions import OracleUpdate, Transaction, decode_transaction
from statemachine.errors import FrameInvalid, invariant
from statemachine.identity.signing import HALF_ORDER, Domain, recover_signer

CHUNK_TRANSACTIONS_MAX: Final = 128
CHUNKS_AHEAD_MAX: Final = 2
"""Chunks in a worker's pipe: one in work, one waiting, so that it never idles."""
ATTEMPTS_MAX: Final = 3
RESTART_SECONDS: Final = 0.2

Signer = bytes | Refusal

LOG = structlog.get_logger("signatures")


def judge_signature(domain: Domain, data: bytes) -> bytes | tuple[str, str]:
    """Return who signed ``data``, or (reason, message) if nobody can have."""
    try:
        transaction = decode_transaction(data)
    except FrameInvalid as error:
        return Reason.MALFORMED.value, str(error)
    signer = recover_signer(domain, transaction)
    return signer or explain_signature(transaction)


def explain_signature(transaction: Transaction) -> tuple[str, str]:
    """Say what is wrong with a signature from which no signer was recovered."""
    if isinstance(transaction.action, OracleUpdate):
        return Reason.SIGNATURE_INVALID.value, "oracle update: no message"
    if transaction.signature[32:64] > HALF_ORDER:
        return Reason.SIGNATURE_HIGH_S.value, "signature: s is above half the group order"
    return Reason.SIGNATURE_INVALID.value, "signature: no public key recovers from it"


@final
class Request:
    """One caller's batch and its answers so far."""

    __slots__ = ("answers", "future", "missing", "transactions")

    def __init__(self, transactions: Sequence[bytes], future: asyncio.Future[list[Signer]]) -> None:
        self.transactions = transactions
        self.answers: list[Signer] = [b""] * len(transactions)
        self.missing = len(transactions)
        self.future = future


@final
class Chunk:
    """What one message to a worker carries: pieces of one or more requests."""

    __slots__ = ("attempts", "items", "places")

    def __init__(self) -> None:
        self.attempts = 0
        self.items: list[bytes] = []
        self.places: list[tuple[Request, int]] = []


@final
class SignaturePool:
    """Recovers signers on ``workers`` processes."""

    def __init__(self, domain: Domain, workers: int) -> None:
        invariant(workers >= 1, f"signature workers: {workers}, at least 1")
        self.arguments = [str(domain.chain_id), domain.rollup.hex()]
        self.lanes = [Lane(self, number) for number in range(workers)]
        self.waiting: deque[Chunk] = deque()
        self.order: deque[Request] = deque()

    async def start(self) -> None:
        """Start the workers."""
        await asyncio.gather(*(lane.start() for lane in self.lanes))

    async def stop(self) -> None:
        """Stop the workers; unanswered requests are refused."""
        await asyncio.gather(*(lane.stop() for lane in self.lanes))
        while self.order:
            request = self.order.popleft()
            if not request.future.done():
                refusal = Refusal(Reason.SHUTTING_DOWN, "the node is shutting down")
                request.future.set_result([refusal] * len(request.transactions))

    def recover(self, transactions: Sequence[bytes]) -> asyncio.Future[list[Signer]]:
        """Return who signed each transaction, once a worker has found out."""
        future: asyncio.Future[list[Signer]] = asyncio.get_running_loop().create_future()
        if not transactions:
            future.set_result([])
            return future
        request = Request(transactions, future)
        self.order.append(request)
        for place, data in enumerate(transactions):
            if not self.waiting or len(self.waiting[-1].items) >= CHUNK_TRANSACTIONS_MAX:
                self.waiting.append(Chunk())
            self.waiting[-1].items.append(data)
            self.waiting[-1].places.append((request, place))
        self.pump()
        return future

    def pump(self) -> None:
        """Give waiting chunks to the workers that have room."""
        while self.waiting:
            lane = min(self.lanes, key=lambda lane: len(lane.sent))
            if len(lane.sent) >= CHUNKS_AHEAD_MAX:
                return
            lane.give(self.waiting.popleft())

    def settle(self, chunk: Chunk, answers: Sequence[Signer]) -> None:
        """Hand a chunk's answers to its requests, and finished requests to their callers."""
        for (request, place), answer in zip(chunk.places, answers, strict=True):
            request.answers[place] = answer
            request.missing -= 1
        while self.order and self.order[0].missing == 0:
            request = self.order.popleft()
            if not request.future.done():
                request.future.set_result(request.answers)
        self.pump()


@final
class Lane:
    """One worker, with what it was given and has not answered."""

    def __init__(self, pool: SignaturePool, number: int) -> None:
        self.pool = pool
        self.number = number
        self.sent: deque[Chunk] = deque()
        self.worker = self.make_worker()
        self.restart: asyncio.Task[None] | None = None

    def make_worker(self) -> Worker:
        """Return a worker that was not started yet."""
        return Worker(
            "node.sequencing.signatures",
            self.pool.arguments,
            answered=self.answered,
            ended=self.ended,
        )

    async def start(self) -> None:
        """Start the process."""
        await self.worker.start()

    async def stop(self) -> None:
        """Stop the process."""
        if self.restart is not None:
            self.restart.cancel()
        await self.worker.stop()

    def give(self, chunk: Chunk) -> None:
        """Send a chunk."""
        chunk.attempts += 1
        self.sent.append(chunk)
        if self.restart is None:
            self.worker.send(msgpack.packb(chunk.items, use_bin_type=True))

    def answered(self, message: bytes) -> None:
        """Settle the oldest chunk: a worker answers in order."""
        chunk = self.sent.popleft()
        answers = [
            answer if isinstance(answer, bytes) else Refusal(Reason(answer[0]), answer[1])
            for answer in msgpack.unpackb(message)
        ]
        self.pool.settle(chunk, answers)

    def ended(self, code: int) -> None:
        """Start anew after an unasked end, and send again what was not answered."""
        LOG.warning("signature worker ended", number=self.number, code=code)
        self.worker = self.make_worker()
        self.restart = asyncio.create_task(self.resume())

    async def resume(self) -> None:
        """Start the new process and repeat the unanswered chunks, but not for ever."""
        await self.worker.start_at_last(RESTART_SECONDS)
        self.restart = None
        unanswered, self.sent = self.sent, deque()
        for chunk in unanswered:
            if chunk.attempts < ATTEMPTS_MAX:
                self.give(chunk)
            else:
                refusal = Refusal(Reason.NOT_READY, "signature recovery failed; try again")
                self.pool.settle(chunk, [refusal] * len(chunk.items))
        self.pool.pump()


def main(arguments: Sequence[str]) -> int:
    """Answer chunks until the parent closes the pipe."""
    source, target = open_pipes()
    domain = Domain(int(arguments[0]), bytes.fromhex(arguments[1]))
    for message in receive(source):
        items: list[bytes] = msgpack.unpackb(message)
        send(target, msgpack.packb([judge_signature(domain, item) for item in items]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
