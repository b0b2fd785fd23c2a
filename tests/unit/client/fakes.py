"""A node in the same process: real gRPC, real signatures, made-up answers.

It signs what it answers as a sequencer would, so the client's checks run
for real; failures are played from a script.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from google.rpc import status_pb2 as rpc_pb2
from grpc_status import rpc_status

from proto.sextant.v1 import (
    common_pb2,
    l1_pb2,
    query_pb2,
    sequencer_pb2,
    status_pb2,
    stream_pb2,
)
from sextant.client.api import AsyncClient
from sextant.client.receipts import Header, header_digest
from sextant.client.secret import Secret
from statemachine import receipts as leaves
from statemachine.actions import Transaction, decode_transaction
from statemachine.cursor import Cursor
from statemachine.errors import Code
from statemachine.identity.signing import Domain, address_of, recover_signer, sign_digest
from statemachine.inbox import InboxItem

NODE_KEY = bytes(range(1, 33))
USER_KEY = bytes(range(2, 34))
NODE_MS = 1_900_000_000_000
CHAIN_ID = 31_337
ROLLUP = bytes(range(20))


def failure(status: grpc.StatusCode, reason: str) -> grpc.Status:
    info = error_details_pb2.ErrorInfo(reason=reason, domain="sextant")
    packed = any_pb2.Any()
    packed.Pack(info)
    number: int = status.value[0]
    status_message = rpc_pb2.Status(code=number, message=f"{reason}: scripted", details=[packed])
    answer: grpc.Status = rpc_status.to_status(status_message)
    return answer


class FakeNode:
    """See the module's docstring."""

    def __init__(self) -> None:
        self.script: list[grpc.Status] = []
        self.codes: list[int] = []
        self.seen: list[Transaction] = []
        self.answers: dict[bytes, sequencer_pb2.Outcome] = {}
        self.height = 0
        self.time_ms = NODE_MS
        self.clock_calls = 0
        self.inbox_index = 0
        self.tamper = False
        self.loses = False
        self.forgets = False
        self.streams = 0
        self.breaks_after = 0
        self.proof: query_pb2.Proof | None = None
        self.block_heights: list[list[int]] = []
        self.block_requests: list[int] = []
        self.lingers = False
        self.withdrawals = {0, 9}
        self.cancelled = asyncio.Event()
        self.books: list[list[stream_pb2.BookUpdate]] = []

    async def get_status(self, _request: Any, _context: Any) -> status_pb2.Status:
        return status_pb2.Status(
            role=status_pb2.ROLE_SEQUENCER,
            chain_id=CHAIN_ID,
            rollup=ROLLUP,
            sequencer=address_of(NODE_KEY),
            time_ms=self.time_ms,
            ready=True,
            inbox_index=self.inbox_index,
        )

    async def get_clock(self, _request: Any, _context: Any) -> status_pb2.Clock:
        self.clock_calls += 1
        return status_pb2.Clock(time_ms=self.time_ms)

    async def get_markets(self, _request: Any, _context: Any) -> query_pb2.MarketsResponse:
        market = query_pb2.Market(
            market=1,
            symbol="BTC",
            state=query_pb2.MARKET_STATE_ACTIVE,
            lot_decimals=4,
            tick=10,
            mark=6_500_000,
            fill_band_ppm=50_000,
        )
        return query_pb2.MarketsResponse(markets=[market])

    async def submit(self, request: Any, context: Any) -> sequencer_pb2.Outcome:
        if self.loses:
            # Executed, but the answer never leaves.
            self.loses = False
            self.answer(request.transaction)
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        if self.script:
            await context.abort_with_status(self.script.pop(0))
        return self.answer(request.transaction)

    async def get_receipt(self, request: Any, context: Any) -> query_pb2.ReceiptResponse:
        if request.transaction_hash not in self.answers or self.forgets:
            await context.abort_with_status(failure(grpc.StatusCode.NOT_FOUND, "NOT_FOUND"))
        found = self.answers[request.transaction_hash].sequenced
        return query_pb2.ReceiptResponse(receipts=found.receipts, header=found.header)

    def answer(self, data: bytes) -> sequencer_pb2.Outcome:
        name = sha256(data).digest()
        if name in self.answers:
            again = sequencer_pb2.Outcome()
            again.CopyFrom(self.answers[name])
            again.duplicate = True
            return again
        transaction = decode_transaction(data)
        signer = recover_signer(Domain(CHAIN_ID, ROLLUP), transaction)
        code = Code.OK if signer == address_of(USER_KEY) else Code.SIGNATURE
        if self.codes:
            code = Code(self.codes.pop(0))
        self.seen.append(transaction)
        self.height += 1
        outcome = self.sign_block(transaction, code)
        self.answers[name] = outcome
        return outcome

    def sign_block(self, transaction: Transaction, code: Code) -> sequencer_pb2.Outcome:
        cursor = Cursor(stored=False)
        cursor.height, cursor.time = self.height, self.time_ms
        filled = 3 if code is Code.FILL_LIMIT else 0
        notional = filled * 6_500_000
        record = leaves.Receipt(transaction.hash, 0, 0, int(code), (4,), 70, filled, notional, 0)
        leaves.append(cursor.frontier, 0, record.leaf())
        cursor.receipts = 1
        header = Header(
            chain_id=CHAIN_ID,
            height=self.height,
            time_ms=self.time_ms,
            cursor=cursor.encode(),
            receipts_root=leaves.root_of(cursor.frontier),
            receipts_count=1,
            signature=b"",
        )
        receipt = common_pb2.Receipt(
            transaction_hash=transaction.hash,
            height=self.height,
            code=int(code),
            code_name=code.name,
            arguments=[4],
            order_id=71 if self.tamper else 70,
            filled_lots=filled,
            notional_micros=notional,
            path=common_pb2.MerklePath(count=1),
            time_ms=self.time_ms,
        )
        message = common_pb2.BlockHeader(
            chain_id=CHAIN_ID,
            height=self.height,
            time_ms=self.time_ms,
            cursor=header.cursor,
            receipts_root=header.receipts_root,
            receipts_count=1,
            signature=sign_digest(NODE_KEY, header_digest(header)),
        )
        return sequencer_pb2.Outcome(
            sequenced=sequencer_pb2.Sequenced(receipts=[receipt], header=message),
            transaction_hash=transaction.hash,
        )

    def batch(self, request: sequencer_pb2.SubmitBatchRequest) -> sequencer_pb2.BatchOutcome:
        outcomes = [self.answer(data) for data in request.transactions]
        return sequencer_pb2.BatchOutcome(
            heights=[one.sequenced.header.height for one in outcomes],
            receipt_counts=[1] * len(outcomes),
            codes=[one.sequenced.receipts[0].code for one in outcomes],
            duplicates=[place for place, one in enumerate(outcomes) if one.duplicate],
        )

    async def submit_batch(self, request: Any, _context: Any) -> sequencer_pb2.BatchOutcome:
        return self.batch(request)

    async def order_stream(
        self, requests: Any, context: Any
    ) -> AsyncIterator[sequencer_pb2.OrderStreamResponse]:
        self.streams += 1
        answered = 0
        async for request in requests:
            outcome = self.batch(request.batch)
            if self.breaks_after and answered >= self.breaks_after:
                # Executed, but the answer is lost with the stream.
                self.breaks_after = 0
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            answered += 1
            yield sequencer_pb2.OrderStreamResponse(tag=request.tag, outcome=outcome)

    async def blocks(self, request: Any, context: Any) -> AsyncIterator[stream_pb2.BlockUpdate]:
        self.block_requests.append(request.from_height)
        for height in self.block_heights.pop(0) if self.block_heights else []:
            header = common_pb2.BlockHeader(height=height, time_ms=NODE_MS)
            yield stream_pb2.BlockUpdate(block=query_pb2.Block(header=header))
        if self.script:
            await context.abort_with_status(self.script.pop(0))

    async def get_withdrawals(self, request: Any, context: Any) -> query_pb2.WithdrawalsResponse:
        if request.index not in self.withdrawals:
            await context.abort_with_status(failure(grpc.StatusCode.NOT_FOUND, "NOT_FOUND"))
        found = query_pb2.Withdrawal(index=request.index)
        return query_pb2.WithdrawalsResponse(withdrawals=[found])

    async def get_proof(self, _request: Any, context: Any) -> query_pb2.Proof:
        if self.proof is None:
            await context.abort_with_status(failure(grpc.StatusCode.OUT_OF_RANGE, "PRUNED"))
        return self.proof or query_pb2.Proof()

    async def book(self, _request: Any, context: Any) -> AsyncIterator[stream_pb2.BookUpdate]:
        self.streams += 1
        try:
            for update in self.books.pop(0) if self.books else []:
                yield update
            if self.lingers:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self.script:
            await context.abort_with_status(self.script.pop(0))


Methods = dict[str, dict[str, tuple[Any, Any, Any]]]
Handlers: TypeAlias = "list[grpc.GenericRpcHandler[Any, Any]]"


def handlers_of(node: FakeNode) -> Handlers:
    """Return the few methods that the tests call, under their real names and messages."""
    unary, to_stream, both = (
        grpc.unary_unary_rpc_method_handler,
        grpc.unary_stream_rpc_method_handler,
        grpc.stream_stream_rpc_method_handler,
    )
    methods: Methods = {
        "Query": {
            "GetStatus": (unary, node.get_status, status_pb2.GetStatusRequest),
            "GetClock": (unary, node.get_clock, status_pb2.GetClockRequest),
            "GetReceipt": (unary, node.get_receipt, query_pb2.GetReceiptRequest),
            "GetProof": (unary, node.get_proof, query_pb2.GetProofRequest),
            "GetWithdrawals": (unary, node.get_withdrawals, query_pb2.GetWithdrawalsRequest),
            "GetMarkets": (unary, node.get_markets, query_pb2.GetMarketsRequest),
        },
        "Sequencer": {
            "Submit": (unary, node.submit, sequencer_pb2.SubmitRequest),
            "SubmitBatch": (unary, node.submit_batch, sequencer_pb2.SubmitBatchRequest),
            "OrderStream": (both, node.order_stream, sequencer_pb2.OrderStreamRequest),
        },
        "Stream": {
            "Book": (to_stream, node.book, stream_pb2.BookRequest),
            "Blocks": (to_stream, node.blocks, stream_pb2.BlocksRequest),
        },
    }
    return build_handlers(methods)


class FakeL1:
    """An L1 with one final claim, that takes every call it is sent."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.final = True
        self.calls: list[l1_pb2.L1SendCallRequest] = []
        self.refusal = ""
        self.gas_price = 0
        self.item: InboxItem | None = None

    async def list_inbox(self, _request: Any, _context: Any) -> l1_pb2.L1InboxPage:
        items = [] if self.item is None else [l1_pb2.L1InboxItem(encoded=self.item.encode())]
        return l1_pb2.L1InboxPage(items=items)

    async def get_deployment(self, _request: Any, _context: Any) -> l1_pb2.L1Deployment:
        return l1_pb2.L1Deployment(l1_chain_id=1, contract=ROLLUP, deposit_micros_min=1_000_000)

    async def get_account(self, request: Any, _context: Any) -> l1_pb2.L1Account:
        return l1_pb2.L1Account(address=request.address, nonce=len(self.calls))

    async def get_heads(self, _request: Any, _context: Any) -> l1_pb2.L1Heads:
        return l1_pb2.L1Heads(latest=l1_pb2.L1BlockRef(number=6), gas_price=self.gas_price)

    async def list_claims(self, request: Any, _context: Any) -> l1_pb2.L1ClaimsPage:
        status = l1_pb2.L1_CLAIM_STATUS_FINAL if self.final else l1_pb2.L1_CLAIM_STATUS_PENDING
        found = [
            l1_pb2.L1Claim(number=4, log_index=3, height=9, post_root=self.root, status=status)
        ]
        return l1_pb2.L1ClaimsPage(
            claims=[one for one in found if one.number >= request.from_number]
        )

    async def list_rules(self, _request: Any, _context: Any) -> l1_pb2.L1RulesPage:
        return l1_pb2.L1RulesPage(in_force=1)

    async def send_call(self, request: Any, _context: Any) -> l1_pb2.L1SendCallResponse:
        self.calls.append(request)
        return l1_pb2.L1SendCallResponse(hash=bytes(32))

    async def await_call(self, request: Any, _context: Any) -> l1_pb2.L1CallReceipt:
        code = 1 if self.refusal else 0
        return l1_pb2.L1CallReceipt(
            hash=request.hash, block=7, value=5, code=code, code_name=self.refusal, message="no"
        )

    def handlers(self) -> Handlers:
        """Return its methods, under their real names and messages."""
        unary = grpc.unary_unary_rpc_method_handler
        methods: Methods = {
            "L1": {
                "GetDeployment": (unary, self.get_deployment, l1_pb2.L1GetDeploymentRequest),
                "GetAccount": (unary, self.get_account, l1_pb2.L1GetAccountRequest),
                "GetHeads": (unary, self.get_heads, l1_pb2.L1GetHeadsRequest),
                "ListClaims": (unary, self.list_claims, l1_pb2.L1ListClaimsRequest),
                "ListInbox": (unary, self.list_inbox, l1_pb2.L1ListInboxRequest),
                "ListRules": (unary, self.list_rules, l1_pb2.L1ListRulesRequest),
                "SendCall": (unary, self.send_call, l1_pb2.L1SendCallRequest),
                "AwaitCall": (unary, self.await_call, l1_pb2.L1AwaitCallRequest),
            }
        }
        return build_handlers(methods)


def build_handlers(methods: Methods) -> Handlers:
    """Return generic handlers of services of ``sextant.v1``."""
    return [
        grpc.method_handlers_generic_handler(
            f"sextant.v1.{service}",
            {
                name: kind(method, request.FromString, lambda answer: answer.SerializeToString())
                for name, (kind, method, request) in named.items()
            },
        )
        for service, named in methods.items()
    ]


@asynccontextmanager
async def serving(node: FakeNode | FakeL1) -> AsyncIterator[str]:
    """Serve ``node`` on a free port; yields ``host:port``."""
    server = grpc.aio.server()
    handlers = handlers_of(node) if isinstance(node, FakeNode) else node.handlers()
    server.add_generic_rpc_handlers(tuple(handlers))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@asynccontextmanager
async def connected(node: FakeNode, **options: Any) -> AsyncIterator[AsyncClient]:
    """Serve ``node`` and yield a client of it."""
    async with (
        serving(node) as target,
        AsyncClient(target, key=Secret(USER_KEY), timeout=5, **options) as client,
    ):
        yield client


def run(work: Any) -> Any:
    """Run a coroutine, bounded."""
    return asyncio.run(asyncio.wait_for(work, 30))
