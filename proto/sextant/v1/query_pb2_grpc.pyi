from abc import ABCMeta, abstractmethod
from collections.abc import AsyncIterator

import grpc
import grpc.aio

from proto.sextant.v1 import query_pb2
from proto.sextant.v1 import status_pb2

class QueryStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    GetStatus: grpc.aio.UnaryUnaryMultiCallable[status_pb2.GetStatusRequest, status_pb2.Status]
    GetClock: grpc.aio.UnaryUnaryMultiCallable[status_pb2.GetClockRequest, status_pb2.Clock]
    GetRules: grpc.aio.UnaryUnaryMultiCallable[status_pb2.GetRulesRequest, status_pb2.RulesResponse]
    GetMarkets: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetMarketsRequest, query_pb2.MarketsResponse]
    GetAccount: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetAccountRequest, query_pb2.Account]
    GetSigner: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetSignerRequest, query_pb2.Signer]
    GetOrder: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetOrderRequest, query_pb2.Order]
    GetBook: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetBookRequest, query_pb2.Book]
    GetTrades: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetTradesRequest, query_pb2.TradesResponse]
    GetBlock: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetBlockRequest, query_pb2.Block]
    GetReceipt: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetReceiptRequest, query_pb2.ReceiptResponse]
    GetTransactionStatus: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetTransactionStatusRequest, query_pb2.TransactionStatus]
    GetWithdrawals: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetWithdrawalsRequest, query_pb2.WithdrawalsResponse]
    GetProof: grpc.aio.UnaryUnaryMultiCallable[query_pb2.GetProofRequest, query_pb2.Proof]

class QueryServicer(metaclass=ABCMeta):
    @abstractmethod
    async def GetStatus(self, request: status_pb2.GetStatusRequest, context: grpc.aio.ServicerContext[status_pb2.GetStatusRequest, status_pb2.Status]) -> status_pb2.Status: ...
    @abstractmethod
    async def GetClock(self, request: status_pb2.GetClockRequest, context: grpc.aio.ServicerContext[status_pb2.GetClockRequest, status_pb2.Clock]) -> status_pb2.Clock: ...
    @abstractmethod
    async def GetRules(self, request: status_pb2.GetRulesRequest, context: grpc.aio.ServicerContext[status_pb2.GetRulesRequest, status_pb2.RulesResponse]) -> status_pb2.RulesResponse: ...
    @abstractmethod
    async def GetMarkets(self, request: query_pb2.GetMarketsRequest, context: grpc.aio.ServicerContext[query_pb2.GetMarketsRequest, query_pb2.MarketsResponse]) -> query_pb2.MarketsResponse: ...
    @abstractmethod
    async def GetAccount(self, request: query_pb2.GetAccountRequest, context: grpc.aio.ServicerContext[query_pb2.GetAccountRequest, query_pb2.Account]) -> query_pb2.Account: ...
    @abstractmethod
    async def GetSigner(self, request: query_pb2.GetSignerRequest, context: grpc.aio.ServicerContext[query_pb2.GetSignerRequest, query_pb2.Signer]) -> query_pb2.Signer: ...
    @abstractmethod
    async def GetOrder(self, request: query_pb2.GetOrderRequest, context: grpc.aio.ServicerContext[query_pb2.GetOrderRequest, query_pb2.Order]) -> query_pb2.Order: ...
    @abstractmethod
    async def GetBook(self, request: query_pb2.GetBookRequest, context: grpc.aio.ServicerContext[query_pb2.GetBookRequest, query_pb2.Book]) -> query_pb2.Book: ...
    @abstractmethod
    async def GetTrades(self, request: query_pb2.GetTradesRequest, context: grpc.aio.ServicerContext[query_pb2.GetTradesRequest, query_pb2.TradesResponse]) -> query_pb2.TradesResponse: ...
    @abstractmethod
    async def GetBlock(self, request: query_pb2.GetBlockRequest, context: grpc.aio.ServicerContext[query_pb2.GetBlockRequest, query_pb2.Block]) -> query_pb2.Block: ...
    @abstractmethod
    async def GetReceipt(self, request: query_pb2.GetReceiptRequest, context: grpc.aio.ServicerContext[query_pb2.GetReceiptRequest, query_pb2.ReceiptResponse]) -> query_pb2.ReceiptResponse: ...
    @abstractmethod
    async def GetTransactionStatus(self, request: query_pb2.GetTransactionStatusRequest, context: grpc.aio.ServicerContext[query_pb2.GetTransactionStatusRequest, query_pb2.TransactionStatus]) -> query_pb2.TransactionStatus: ...
    @abstractmethod
    async def GetWithdrawals(self, request: query_pb2.GetWithdrawalsRequest, context: grpc.aio.ServicerContext[query_pb2.GetWithdrawalsRequest, query_pb2.WithdrawalsResponse]) -> query_pb2.WithdrawalsResponse: ...
    @abstractmethod
    async def GetProof(self, request: query_pb2.GetProofRequest, context: grpc.aio.ServicerContext[query_pb2.GetProofRequest, query_pb2.Proof]) -> query_pb2.Proof: ...
def add_QueryServicer_to_server(servicer: QueryServicer, server: grpc.aio.Server) -> None: ...
