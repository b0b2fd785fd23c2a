from collections.abc import AsyncIterator

import grpc
import grpc.aio

from proto.sextant.v1 import sequencer_pb2

class SequencerStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Submit: grpc.aio.UnaryUnaryMultiCallable[sequencer_pb2.SubmitRequest, sequencer_pb2.Outcome]
    SubmitBatch: grpc.aio.UnaryUnaryMultiCallable[sequencer_pb2.SubmitBatchRequest, sequencer_pb2.BatchOutcome]
    OrderStream: grpc.aio.StreamStreamMultiCallable[sequencer_pb2.OrderStreamRequest, sequencer_pb2.OrderStreamResponse]

class SequencerServicer:
    async def Submit(self, request: sequencer_pb2.SubmitRequest, context: grpc.aio.ServicerContext[sequencer_pb2.SubmitRequest, sequencer_pb2.Outcome]) -> sequencer_pb2.Outcome: ...
    async def SubmitBatch(self, request: sequencer_pb2.SubmitBatchRequest, context: grpc.aio.ServicerContext[sequencer_pb2.SubmitBatchRequest, sequencer_pb2.BatchOutcome]) -> sequencer_pb2.BatchOutcome: ...
    def OrderStream(self, request_iterator: AsyncIterator[sequencer_pb2.OrderStreamRequest], context: grpc.aio.ServicerContext[sequencer_pb2.OrderStreamRequest, sequencer_pb2.OrderStreamResponse]) -> AsyncIterator[sequencer_pb2.OrderStreamResponse]: ...
def add_SequencerServicer_to_server(servicer: SequencerServicer, server: grpc.aio.Server) -> None: ...
