from collections.abc import AsyncIterator

import grpc
import grpc.aio

from proto.sextant.v1 import dev_pb2

class DevStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    CorruptNextClaim: grpc.aio.UnaryUnaryMultiCallable[dev_pb2.CorruptNextClaimRequest, dev_pb2.CorruptNextClaimResponse]
    SetPrice: grpc.aio.UnaryUnaryMultiCallable[dev_pb2.SetPriceRequest, dev_pb2.SetPriceResponse]
    GetPrices: grpc.aio.UnaryUnaryMultiCallable[dev_pb2.GetPricesRequest, dev_pb2.PricesResponse]
    Pause: grpc.aio.UnaryUnaryMultiCallable[dev_pb2.PauseRequest, dev_pb2.PauseResponse]

class DevServicer:
    async def CorruptNextClaim(self, request: dev_pb2.CorruptNextClaimRequest, context: grpc.aio.ServicerContext[dev_pb2.CorruptNextClaimRequest, dev_pb2.CorruptNextClaimResponse]) -> dev_pb2.CorruptNextClaimResponse: ...
    async def SetPrice(self, request: dev_pb2.SetPriceRequest, context: grpc.aio.ServicerContext[dev_pb2.SetPriceRequest, dev_pb2.SetPriceResponse]) -> dev_pb2.SetPriceResponse: ...
    async def GetPrices(self, request: dev_pb2.GetPricesRequest, context: grpc.aio.ServicerContext[dev_pb2.GetPricesRequest, dev_pb2.PricesResponse]) -> dev_pb2.PricesResponse: ...
    async def Pause(self, request: dev_pb2.PauseRequest, context: grpc.aio.ServicerContext[dev_pb2.PauseRequest, dev_pb2.PauseResponse]) -> dev_pb2.PauseResponse: ...
def add_DevServicer_to_server(servicer: DevServicer, server: grpc.aio.Server) -> None: ...
