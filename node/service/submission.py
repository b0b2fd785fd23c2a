"""The ``Sequencer`` service: takes signed transactions, answers with receipts.

A call waits for durability once per batch, never once per transaction: there is
one future for a batch, whatever its size.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any, final

from node.ledger import feed
from node.service.admission import Admission, inspect, inspect_all
from node.service.allowances import host_of
from node.service.answers import Answers
from node.service.errors import Refused, refusal_of
from node.settings import AdmissionSettings
from proto.sextant.v1 import sequencer_pb2, sequencer_pb2_grpc

Context = Any  # grpc.aio.ServicerContext of any request and answer


@final
class SequencerService(sequencer_pb2_grpc.SequencerServicer):
    """Submission on a node that sequences; elsewhere every call is refused.

    Parameters
    ----------
    gateway
        Where transactions go; ``None`` on a node that does not sequence.
    """

    def __init__(
        self,
        gateway: feed.Gateway | None,
        admission: Admission,
        answers: Answers,
        settings: AdmissionSettings,
    ) -> None:
        self.gateway = gateway
        self.admission = admission
        self.answers = answers
        self.settings = settings

    async def Submit(  # noqa: N802 - the name of the RPC
        self, request: sequencer_pb2.SubmitRequest, context: Context
    ) -> sequencer_pb2.Outcome:
        """Submit one transaction; a refusal is the status of the call."""
        gateway = self.need_gateway()
        data = request.transaction
        self.admission.spend(host_of(context.peer()), 1)
        refused = inspect(data)
        if refused is not None:
            raise refused
        [outcome] = await gateway.submit([data])
        if isinstance(outcome, feed.Refusal):
            raise Refused(outcome.reason.value, outcome.message)
        return sequencer_pb2.Outcome(
            sequenced=self.answers.sequenced_of(outcome, with_paths=request.with_paths),
            duplicate=outcome.duplicate,
            transaction_hash=sha256(data).digest(),
        )

    async def SubmitBatch(  # noqa: N802 - the name of the RPC
        self, request: sequencer_pb2.SubmitBatchRequest, context: Context
    ) -> sequencer_pb2.BatchOutcome:
        """Submit many; each gets an outcome of its own."""
        return await self.submit_batch(request, host_of(context.peer()))

    async def submit_batch(
        self, request: sequencer_pb2.SubmitBatchRequest, host: str
    ) -> sequencer_pb2.BatchOutcome:
        """Answer one batch, or raise ``Refused`` for all of it."""
        gateway = self.need_gateway()
        if request.detail not in sequencer_pb2.Detail.values():
            raise Refused("ARGUMENT_INVALID", f"detail: {request.detail} is not one of its values")
        transactions = list(request.transactions)
        self.admission.admit(host, transactions)
        refused = inspect_all(transactions)
        outcomes: Sequence[feed.Outcome | Refused]
        if not refused:
            outcomes = await gateway.submit(transactions)
        else:
            outcomes = await submit_rest(gateway, transactions, refused)
        return self.answers.batch_of(outcomes, request.detail)

    async def OrderStream(  # noqa: N802 - the name of the RPC
        self,
        request_iterator: AsyncIterator[sequencer_pb2.OrderStreamRequest],
        context: Context,
    ) -> AsyncIterator[sequencer_pb2.OrderStreamResponse]:
        """Answer a stream of batches, each as soon as it is durable."""
        self.need_gateway()
        pipeline = Pipeline(self, host_of(context.peer()), self.settings.unanswered_max)
        reader = asyncio.create_task(pipeline.read(request_iterator))
        try:
            async for answer in pipeline.answers():
                yield answer
        finally:
            reader.cancel()
            pipeline.cancel()

    def need_gateway(self) -> feed.Gateway:
        """Return the gateway, or refuse: this node only follows."""
        if self.gateway is None:
            raise Refused("NOT_SEQUENCER", "this node follows; send transactions to the sequencer")
        return self.gateway


async def submit_rest(
    gateway: feed.Gateway, transactions: Sequence[bytes], refused: dict[int, Refused]
) -> list[feed.Outcome | Refused]:
    """Submit what was not refused at a glance; returns the outcomes of all, in order."""
    rest = [data for place, data in enumerate(transactions) if place not in refused]
    taken = iter(await gateway.submit(rest) if rest else ())
    return [
        refused[place] if place in refused else next(taken) for place in range(len(transactions))
    ]


@final
class Pipeline:
    """One order stream: a bounded number of batches under way, answered as they finish.

    When the bound is reached the stream is not read, and HTTP/2 flow control holds the client.
    """

    def __init__(self, service: SequencerService, host: str, unanswered_max: int) -> None:
        self.service = service
        self.host = host
        self.room = asyncio.Semaphore(unanswered_max)
        self.done: asyncio.Queue[sequencer_pb2.OrderStreamResponse | BaseException | None]
        self.done = asyncio.Queue()
        self.tasks: set[asyncio.Task[None]] = set()

    async def read(self, requests: AsyncIterator[sequencer_pb2.OrderStreamRequest]) -> None:
        """Start every batch in the order of arrival; ends the answers after the last."""
        try:
            async for request in requests:
                await self.room.acquire()
                task = asyncio.create_task(self.answer(request))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            if self.tasks:
                await asyncio.wait(set(self.tasks))
        except Exception as error:  # noqa: BLE001 - handed to the stream, which raises it
            self.done.put_nowait(error)
        else:
            self.done.put_nowait(None)

    async def answer(self, request: sequencer_pb2.OrderStreamRequest) -> None:
        """Answer one batch."""
        answer = sequencer_pb2.OrderStreamResponse(tag=request.tag)
        try:
            outcome = await self.service.submit_batch(request.batch, self.host)
        except Refused as refused:
            answer.refusal.CopyFrom(refusal_of(refused))
        except Exception as error:  # noqa: BLE001 - handed to the stream, which raises it
            self.done.put_nowait(error)
            return
        else:
            answer.outcome.CopyFrom(outcome)
        self.done.put_nowait(answer)

    async def answers(self) -> AsyncIterator[sequencer_pb2.OrderStreamResponse]:
        """Yield answers until the client has ended and all of them are given."""
        while (answer := await self.done.get()) is not None:
            if isinstance(answer, BaseException):
                raise answer
            yield answer
            self.room.release()

    def cancel(self) -> None:
        """Abandon what is under way: the client is gone; what was queued still runs."""
        for task in self.tasks:
            task.cancel()
