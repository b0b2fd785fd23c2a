from abc import ABCMeta, abstractmethod
from collections.abc import AsyncIterator

import grpc
import grpc.aio

from proto.sextant.v1 import l1_pb2

class L1Stub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    GetDeployment: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1GetDeploymentRequest, l1_pb2.L1Deployment]
    GetHeads: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1GetHeadsRequest, l1_pb2.L1Heads]
    GetBlock: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1GetBlockRequest, l1_pb2.L1Block]
    ListLog: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1ListLogRequest, l1_pb2.L1LogPage]
    ListInbox: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1ListInboxRequest, l1_pb2.L1InboxPage]
    ListClaims: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1ListClaimsRequest, l1_pb2.L1ClaimsPage]
    GetAccount: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1GetAccountRequest, l1_pb2.L1Account]
    GetTotals: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1GetTotalsRequest, l1_pb2.L1Totals]
    GetWithdrawal: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1GetWithdrawalRequest, l1_pb2.L1Withdrawal]
    SendCall: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1SendCallRequest, l1_pb2.L1SendCallResponse]
    AwaitCall: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1AwaitCallRequest, l1_pb2.L1CallReceipt]
    FollowBlocks: grpc.aio.UnaryStreamMultiCallable[l1_pb2.L1FollowBlocksRequest, l1_pb2.L1BlockEvents]

class L1Servicer(metaclass=ABCMeta):
    @abstractmethod
    async def GetDeployment(self, request: l1_pb2.L1GetDeploymentRequest, context: grpc.aio.ServicerContext[l1_pb2.L1GetDeploymentRequest, l1_pb2.L1Deployment]) -> l1_pb2.L1Deployment: ...
    @abstractmethod
    async def GetHeads(self, request: l1_pb2.L1GetHeadsRequest, context: grpc.aio.ServicerContext[l1_pb2.L1GetHeadsRequest, l1_pb2.L1Heads]) -> l1_pb2.L1Heads: ...
    @abstractmethod
    async def GetBlock(self, request: l1_pb2.L1GetBlockRequest, context: grpc.aio.ServicerContext[l1_pb2.L1GetBlockRequest, l1_pb2.L1Block]) -> l1_pb2.L1Block: ...
    @abstractmethod
    async def ListLog(self, request: l1_pb2.L1ListLogRequest, context: grpc.aio.ServicerContext[l1_pb2.L1ListLogRequest, l1_pb2.L1LogPage]) -> l1_pb2.L1LogPage: ...
    @abstractmethod
    async def ListInbox(self, request: l1_pb2.L1ListInboxRequest, context: grpc.aio.ServicerContext[l1_pb2.L1ListInboxRequest, l1_pb2.L1InboxPage]) -> l1_pb2.L1InboxPage: ...
    @abstractmethod
    async def ListClaims(self, request: l1_pb2.L1ListClaimsRequest, context: grpc.aio.ServicerContext[l1_pb2.L1ListClaimsRequest, l1_pb2.L1ClaimsPage]) -> l1_pb2.L1ClaimsPage: ...
    @abstractmethod
    async def GetAccount(self, request: l1_pb2.L1GetAccountRequest, context: grpc.aio.ServicerContext[l1_pb2.L1GetAccountRequest, l1_pb2.L1Account]) -> l1_pb2.L1Account: ...
    @abstractmethod
    async def GetTotals(self, request: l1_pb2.L1GetTotalsRequest, context: grpc.aio.ServicerContext[l1_pb2.L1GetTotalsRequest, l1_pb2.L1Totals]) -> l1_pb2.L1Totals: ...
    @abstractmethod
    async def GetWithdrawal(self, request: l1_pb2.L1GetWithdrawalRequest, context: grpc.aio.ServicerContext[l1_pb2.L1GetWithdrawalRequest, l1_pb2.L1Withdrawal]) -> l1_pb2.L1Withdrawal: ...
    @abstractmethod
    async def SendCall(self, request: l1_pb2.L1SendCallRequest, context: grpc.aio.ServicerContext[l1_pb2.L1SendCallRequest, l1_pb2.L1SendCallResponse]) -> l1_pb2.L1SendCallResponse: ...
    @abstractmethod
    async def AwaitCall(self, request: l1_pb2.L1AwaitCallRequest, context: grpc.aio.ServicerContext[l1_pb2.L1AwaitCallRequest, l1_pb2.L1CallReceipt]) -> l1_pb2.L1CallReceipt: ...
    @abstractmethod
    def FollowBlocks(self, request: l1_pb2.L1FollowBlocksRequest, context: grpc.aio.ServicerContext[l1_pb2.L1FollowBlocksRequest, l1_pb2.L1BlockEvents]) -> AsyncIterator[l1_pb2.L1BlockEvents]: ...
def add_L1Servicer_to_server(servicer: L1Servicer, server: grpc.aio.Server) -> None: ...

class L1DevStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Mine: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1MineRequest, l1_pb2.L1MineResponse]
    Warp: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1WarpRequest, l1_pb2.L1WarpResponse]
    SetMining: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1SetMiningRequest, l1_pb2.L1SetMiningResponse]
    Faucet: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1FaucetRequest, l1_pb2.L1Account]
    SetGasPrice: grpc.aio.UnaryUnaryMultiCallable[l1_pb2.L1SetGasPriceRequest, l1_pb2.L1SetGasPriceResponse]

class L1DevServicer(metaclass=ABCMeta):
    @abstractmethod
    async def Mine(self, request: l1_pb2.L1MineRequest, context: grpc.aio.ServicerContext[l1_pb2.L1MineRequest, l1_pb2.L1MineResponse]) -> l1_pb2.L1MineResponse: ...
    @abstractmethod
    async def Warp(self, request: l1_pb2.L1WarpRequest, context: grpc.aio.ServicerContext[l1_pb2.L1WarpRequest, l1_pb2.L1WarpResponse]) -> l1_pb2.L1WarpResponse: ...
    @abstractmethod
    async def SetMining(self, request: l1_pb2.L1SetMiningRequest, context: grpc.aio.ServicerContext[l1_pb2.L1SetMiningRequest, l1_pb2.L1SetMiningResponse]) -> l1_pb2.L1SetMiningResponse: ...
    @abstractmethod
    async def Faucet(self, request: l1_pb2.L1FaucetRequest, context: grpc.aio.ServicerContext[l1_pb2.L1FaucetRequest, l1_pb2.L1Account]) -> l1_pb2.L1Account: ...
    @abstractmethod
    async def SetGasPrice(self, request: l1_pb2.L1SetGasPriceRequest, context: grpc.aio.ServicerContext[l1_pb2.L1SetGasPriceRequest, l1_pb2.L1SetGasPriceResponse]) -> l1_pb2.L1SetGasPriceResponse: ...
def add_L1DevServicer_to_server(servicer: L1DevServicer, server: grpc.aio.Server) -> None: ...
