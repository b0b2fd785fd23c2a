"""Many pre-signed transactions at once: the fast way in.

``Pipeline`` holds one order stream.  Each ``send`` carries a batch of
signed transactions and returns when their block is durable; batches
overlap, up to the node's limit.  If the stream breaks, what is unanswered
is sent again on a new one: the same bytes are never executed twice.

Answers come as *columns* (``BatchOutcome``): at this speed an object per
order would cost more than the order.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, Self, TypeAlias

import grpc
import grpc.aio

from proto.sextant.v1 import common_pb2, sequencer_pb2
from sextant.client.closing import Closing
from sextant.client.connection import ADVICE, Connection, backoff, explain, uncertain
from sextant.errors import ClientError, OutcomeUnknown, Refused, Unreachable

BATCH_TRANSACTIONS_MAX: Final = 1_000
UNANSWERED_MAX: Final = 48
ATTEMPTS_MAX: Final = 16

BatchOutcome = sequencer_pb2.BatchOutcome
Detail = sequencer_pb2.Detail
OrderCall: TypeAlias = (
    "grpc.aio.StreamStreamCall[sequencer_pb2.OrderStreamRequest, sequencer_pb2.OrderStreamResponse]"
)


def batch_request(
    transactions: Sequence[bytes], detail: "Detail" = sequencer_pb2.DETAIL_COLUMNS
) -> sequencer_pb2.SubmitBatchRequest:
    """Return a batch of signed transactions as a message."""
    return sequencer_pb2.SubmitBatchRequest(transactions=transactions, detail=detail)


async def submit_batch(
    connection: Connection,
    transactions: Sequence[bytes],
    *,
    detail: "Detail" = sequencer_pb2.DETAIL_COLUMNS,
) -> BatchOutcome:
    """Submit up to 1,000 signed transactions in one call; repeat it if the node is away."""
    request = batch_request(transactions, detail)
    return await connection.call(connection.sequencer.SubmitBatch, request, sends=True)


def refused_error(refusal: common_pb2.Refusal) -> Refused:
    """Return a refusal inside a batch as an error."""
    name = common_pb2.Reason.Name(refusal.reason).removeprefix("REASON_")
    advice = ADVICE.get(name, "")
    return Refused(name, refusal.message, advice=advice, retryable=refusal.retryable)


class Pipeline(Closing):
    """One order stream with many batches under way.

    Parameters
    ----------
    connection
        The node to send to; its channel may be shared.
    unanswered_max
        Batches that may be under way; ``send`` waits past that.
    """

    def __init__(self, connection: Connection, *, unanswered_max: int = UNANSWERED_MAX) -> None:
        self._connection = connection
        self._room = asyncio.Semaphore(unanswered_max)
        self._tag = 0
        self._waiting: dict[
            int, tuple[sequencer_pb2.OrderStreamRequest, asyncio.Future[BatchOutcome]]
        ] = {}
        self._outbox: asyncio.Queue[sequencer_pb2.OrderStreamRequest] = asyncio.Queue()
        self._runner: asyncio.Task[None] | None = None
        self._answers = 0
        self.reconnects = 0

    async def __aenter__(self) -> Self:
        """Start the stream."""
        self._runner = asyncio.create_task(self._run())
        return self

    async def close(self) -> None:
        """Stop; what is unanswered fails with ``OutcomeUnknown``: look it up."""
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
        self._fail(OutcomeUnknown("CLOSED", "the pipeline was closed before the answer came"))

    async def send(
        self, transactions: Sequence[bytes], *, detail: "Detail" = sequencer_pb2.DETAIL_COLUMNS
    ) -> BatchOutcome:
        """Send a batch and wait for its outcome; call it concurrently to overlap.

        Raises
        ------
        Refused
            The whole batch was refused: empty, too large, or too fast.
        OutcomeUnknown
            The node stayed away, or the pipeline was closed.
        """
        async with self._room:
            self._tag += 1
            tag = self._tag
            request = sequencer_pb2.OrderStreamRequest(
                tag=tag, batch=batch_request(transactions, detail)
            )
            answer: asyncio.Future[BatchOutcome] = asyncio.get_running_loop().create_future()
            self._waiting[tag] = (request, answer)
            self._outbox.put_nowait(request)
            try:
                return await answer
            finally:
                self._waiting.pop(tag, None)

    async def _run(self) -> None:
        pauses = backoff()
        failures = 0
        while True:
            before = self._answers
            fault = await self._talk()
            if self._answers > before:
                failures, pauses = 0, backoff()
            failures += 1
            lasting = isinstance(fault, Refused) and not fault.retryable
            if lasting or failures >= ATTEMPTS_MAX:
                self._fail(uncertain(fault) if isinstance(fault, Unreachable) else fault)
                failures = 0
            await asyncio.sleep(next(pauses))
            self._resend()

    async def _talk(self) -> ClientError:
        """Hold one stream until it breaks; return why it did."""
        stub = self._connection.sequencer
        call = stub.OrderStream()  # type: ignore[call-arg]  # written to as we go
        writing = asyncio.create_task(self._write(call))
        try:
            while True:
                response = await call.read()
                if not isinstance(response, sequencer_pb2.OrderStreamResponse):
                    # EOF: the node ended the stream in good order.
                    code = await call.code()
                    text = await call.details()
                    return Unreachable("STREAM_ENDED", f"{code.name}: {text}", retryable=True)
                self._settle(response)
        except grpc.aio.AioRpcError as error:
            return explain(error, target=self._connection.target, sends=True)
        finally:
            writing.cancel()
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
                await writing

    async def _write(self, call: "OrderCall") -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            while True:
                await call.write(await self._outbox.get())

    def _settle(self, response: sequencer_pb2.OrderStreamResponse) -> None:
        waiting = self._waiting.get(response.tag)
        if waiting is None or waiting[1].done():
            return
        self._answers += 1
        if response.WhichOneof("answer") == "outcome":
            waiting[1].set_result(response.outcome)
        else:
            waiting[1].set_exception(refused_error(response.refusal))

    def _resend(self) -> None:
        """Fill a new outbox with everything that has no answer, oldest first."""
        self.reconnects += 1
        self._outbox = asyncio.Queue()
        for _, (request, answer) in sorted(self._waiting.items()):
            if not answer.done():
                self._outbox.put_nowait(request)

    def _fail(self, fault: ClientError) -> None:
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(fault)
