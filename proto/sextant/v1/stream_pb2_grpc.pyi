from collections.abc import AsyncIterator

import grpc
import grpc.aio

from proto.sextant.v1 import stream_pb2

class StreamStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Blocks: grpc.aio.UnaryStreamMultiCallable[stream_pb2.BlocksRequest, stream_pb2.BlockUpdate]
    Book: grpc.aio.UnaryStreamMultiCallable[stream_pb2.BookRequest, stream_pb2.BookUpdate]
    Trades: grpc.aio.UnaryStreamMultiCallable[stream_pb2.TradesRequest, stream_pb2.TradesUpdate]
    AccountEvents: grpc.aio.UnaryStreamMultiCallable[stream_pb2.AccountEventsRequest, stream_pb2.AccountUpdate]

class StreamServicer:
    def Blocks(self, request: stream_pb2.BlocksRequest, context: grpc.aio.ServicerContext[stream_pb2.BlocksRequest, stream_pb2.BlockUpdate]) -> AsyncIterator[stream_pb2.BlockUpdate]: ...
    def Book(self, request: stream_pb2.BookRequest, context: grpc.aio.ServicerContext[stream_pb2.BookRequest, stream_pb2.BookUpdate]) -> AsyncIterator[stream_pb2.BookUpdate]: ...
    def Trades(self, request: stream_pb2.TradesRequest, context: grpc.aio.ServicerContext[stream_pb2.TradesRequest, stream_pb2.TradesUpdate]) -> AsyncIterator[stream_pb2.TradesUpdate]: ...
    def AccountEvents(self, request: stream_pb2.AccountEventsRequest, context: grpc.aio.ServicerContext[stream_pb2.AccountEventsRequest, stream_pb2.AccountUpdate]) -> AsyncIterator[stream_pb2.AccountUpdate]: ...
def add_StreamServicer_to_server(servicer: StreamServicer, server: grpc.aio.Server) -> None: ...
