"""The ``Query`` service: what the node knows, at its head."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, final

from node.ledger import feed
from node.service.answers import receipts_of
from node.service.assets import asset_view
from node.service.entries import read_entry
from node.service.errors import Refused, few
from node.service.feeds import Hub
from node.service.funds import funds_view
from node.service.histories import history_view
from node.service.markets import market_view
from node.service.orders import order_at, order_by_client_id, removed_view, waiting_order
from node.service.proofs import prove_keys
from node.service.status import StatusView
from node.service.timeline import Timeline
from node.service.views import SUBS, Views
from node.service.withdrawals import list_withdrawals
from proto.sextant.v1 import common_pb2, funds_pb2, query_pb2, query_pb2_grpc, status_pb2
from statemachine.state import State

Context = Any  # grpc.aio.ServicerContext of any request and answer

HASH_BYTES: Final = 32
CLIENT_ID_BYTES: Final = 16
MARKETS_MAX: Final = 256
"""Markets that one request may name."""

REPLACEMENTS_MAX: Final = 16
"""How often modified an order may be for its first client id to be found."""

LEVELS_DEFAULT: Final = 100
LEVELS_MAX: Final = 1_000
TRADES_DEFAULT: Final = 100


@final
class QueryService(query_pb2_grpc.QueryServicer):
    """Reads, each answered from memory or with one lookup."""

    def __init__(
        self, hub: Hub, views: Views, status: StatusView, gateway: feed.Gateway | None = None
    ) -> None:
        self.gateway = gateway
        self.hub = hub
        self.views = views
        self.status = status
        self.ledger = hub.ledger
        self.timeline = Timeline(hub.ledger)
        self.prover = ThreadPoolExecutor(1, "proofs")

    async def GetStatus(  # noqa: N802 - the name of the RPC
        self, _request: status_pb2.GetStatusRequest, _context: Context
    ) -> status_pb2.Status:
        """Return what the node says about itself."""
        return self.status.view()

    async def GetClock(  # noqa: N802 - the name of the RPC
        self, _request: status_pb2.GetClockRequest, _context: Context
    ) -> status_pb2.Clock:
        """Return chain time."""
        cursor = self.ledger.cursor
        now = self.ledger.status().time
        return status_pb2.Clock(time_ms=now, block_time_ms=cursor.time, height=cursor.height)

    async def GetRules(  # noqa: N802 - the name of the RPC
        self, _request: status_pb2.GetRulesRequest, _context: Context
    ) -> status_pb2.RulesResponse:
        """Return the rules of the exchange."""
        rules = self.ledger.rules
        return status_pb2.RulesResponse(
            rules=rules.encode(),
            rules_hash=rules.hash,
            chain_id=rules.chain_id,
            rollup=rules.rollup,
        )

    async def GetMarkets(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetMarketsRequest, _context: Context
    ) -> query_pb2.MarketsResponse:
        """Return markets with their trading rules and figures."""
        few(request.markets, MARKETS_MAX, "markets")
        state = self.views.open()
        wanted = set(request.markets) or state.market_rules.keys()
        for number in wanted:
            self.need_market(number)
        return query_pb2.MarketsResponse(
            height=state.cursor.height,
            time_ms=state.cursor.time,
            markets=[
                market_view(state, rules, self.hub.books[number])
                for number, rules in state.market_rules.items()
                if number in wanted
            ],
        )

    async def GetAccount(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetAccountRequest, _context: Context
    ) -> query_pb2.Account:
        """Return an account's portfolios."""
        return self.views.account_view(request)

    async def GetVault(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetVaultRequest, _context: Context
    ) -> query_pb2.Vault:
        """Return a market's backstop vault."""
        self.need_market(request.market)
        return self.views.vault_view(request)

    async def GetPool(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetPoolRequest, _context: Context
    ) -> query_pb2.Pool:
        """Return the lending pool."""
        return self.views.pool_view(request)

    async def GetFees(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetFeesRequest, _context: Context
    ) -> query_pb2.Fees:
        """Return the fee schedule, and how an account stands."""
        return self.views.fees_view(request)

    async def GetHistory(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetHistoryRequest, _context: Context
    ) -> query_pb2.History:
        """Return what is remembered of a market."""
        self.need_market(request.market)
        return history_view(self.hub.history, request, self.ledger.cursor.time)

    async def Preview(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.PreviewRequest, _context: Context
    ) -> query_pb2.PreviewResponse:
        """Return what an action would do if it were the next one."""
        signer = self.views.signer(request.signer)
        return self.views.preview_view(request, signer.account)

    async def GetFunds(  # noqa: N802 - the name of the RPC
        self, request: funds_pb2.GetFundsRequest, _context: Context
    ) -> funds_pb2.FundsResponse:
        """Return funds, and what somebody has in them."""
        return funds_view(self.views, request)

    async def GetAssets(  # noqa: N802 - the name of the RPC
        self, _request: query_pb2.GetAssetsRequest, _context: Context
    ) -> query_pb2.AssetsResponse:
        """Return what may be collateral beyond USDC."""
        state = self.views.open()
        return query_pb2.AssetsResponse(
            height=state.cursor.height,
            time_ms=state.cursor.time,
            assets=[asset_view(state, rules) for rules in state.rules.assets],
        )

    async def GetSigner(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetSignerRequest, _context: Context
    ) -> query_pb2.Signer:
        """Return who an address signs for."""
        return self.views.signer_view(request.address)

    async def GetOrder(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetOrderRequest, _context: Context
    ) -> query_pb2.Order:
        """Return an order, resting or remembered, by id or client id."""
        state = self.views.open()
        order_id = request.order_id
        which = request.WhichOneof("which")
        if which is None:
            raise Refused("ARGUMENT_INVALID", "name an order id or a client id")
        if which == "client":
            client = request.client
            if len(client.client_id) != CLIENT_ID_BYTES:
                raise Refused("ARGUMENT_INVALID", "a client id has 16 bytes")
            if client.portfolio.sub not in SUBS:
                raise Refused(
                    "ARGUMENT_INVALID", f"sub-accounts are 0 to 255, not {client.portfolio.sub}"
                )
            portfolio = client.portfolio.account << 8 | client.portfolio.sub
            order_id = order_by_client_id(state, portfolio, client.client_id)
            if not order_id:
                raise Refused("NOT_FOUND", "no live order has this client id")
        live = self.live_order(state, order_id)
        if live is not None:
            return live
        removed = self.hub.removed.get(order_id)
        if removed is None:
            raise Refused("NOT_FOUND", f"order {order_id} neither rests nor waits")
        answer = removed_view(order_id, removed.height, removed.event)
        answer.lots = removed.size
        answer.replaced_by = removed.replaced_by
        answer.client_id = self.client_id_after(state, removed.replaced_by)
        return answer

    def client_id_after(self, state: State, order_id: int) -> bytes:
        """Return the client id that a modified order handed on, while one that has it is live."""
        for _ in range(REPLACEMENTS_MAX):
            live = self.live_order(state, order_id)
            if live is not None:
                return live.client_id
            removed = self.hub.removed.get(order_id)
            if removed is None:
                break
            order_id = removed.replaced_by
        return b""

    def live_order(self, state: State, order_id: int) -> query_pb2.Order | None:
        """Return an order that rests or waits."""
        for market, book in self.hub.books.items():
            found = book.orders.get(order_id)
            if found is not None:
                order = order_at(state, found[0], market, order_id)
                if order is not None:
                    return order
        return waiting_order(state, order_id, self.hub.sleepers.get(order_id))

    async def GetBook(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetBookRequest, _context: Context
    ) -> query_pb2.Book:
        """Return the best levels of a market."""
        self.need_market(request.market)
        levels = min(request.levels_max or LEVELS_DEFAULT, LEVELS_MAX)
        return self.hub.books[request.market].snapshot(levels)

    async def GetTrades(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetTradesRequest, _context: Context
    ) -> query_pb2.TradesResponse:
        """Return a market's newest trades, oldest first."""
        self.need_market(request.market)
        trades = self.hub.trades[request.market]
        wanted = min(request.trades_max or TRADES_DEFAULT, len(trades))
        return query_pb2.TradesResponse(trades=list(trades)[len(trades) - wanted :])

    async def GetBlock(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetBlockRequest, _context: Context
    ) -> query_pb2.Block:
        """Return a block."""
        height = request.height or self.ledger.status().unsafe.height
        block = self.ledger.block(height)
        if block is None:
            raise Refused("NOT_FOUND", f"there is no block {height} here")
        return self.views.block_of(
            block, with_frame=request.with_frame, with_receipts=request.with_receipts
        )

    async def GetReceipt(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetReceiptRequest, _context: Context
    ) -> query_pb2.ReceiptResponse:
        """Return a transaction's receipts, with their block's header."""
        outcome = self.find(request.transaction_hash)
        if outcome is None:
            raise Refused("NOT_FOUND", "no block has this transaction")
        return query_pb2.ReceiptResponse(
            receipts=receipts_of(outcome, with_paths=request.with_paths),
            header=self.views.answers.header_of(outcome.block),
            status=self.stage_view(request.transaction_hash, outcome),
        )

    async def GetTransactionStatus(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetTransactionStatusRequest, _context: Context
    ) -> query_pb2.TransactionStatus:
        """Return how far a transaction has come."""
        tx_hash = request.transaction_hash
        return self.stage_view(tx_hash, self.find(tx_hash))

    async def GetWithdrawals(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetWithdrawalsRequest, _context: Context
    ) -> query_pb2.WithdrawalsResponse:
        """Return the withdrawals of an owner, newest first, or one by its index."""
        withdrawals = await list_withdrawals(self.ledger, request)
        for withdrawal in withdrawals:
            withdrawal.height = await self.timeline.height_at(withdrawal.time_ms)
        return query_pb2.WithdrawalsResponse(withdrawals=withdrawals)

    async def GetProof(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetProofRequest, _context: Context
    ) -> query_pb2.Proof:
        """Return a proof of state; one at a time and on a thread, for it may take long."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.prover, prove_keys, self.ledger, request)

    async def GetLogEntry(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetLogEntryRequest, _context: Context
    ) -> query_pb2.LogEntryPart:
        """Return bytes of an entry of L1's log."""
        return read_entry(self.ledger, request)

    def need_market(self, market: int) -> None:
        """Refuse a market that the rules do not have."""
        if market not in self.hub.books:
            raise Refused("NOT_FOUND", f"there is no market {market}")

    def find(self, tx_hash: bytes) -> feed.Sequenced | None:
        """Return what became of a transaction."""
        if len(tx_hash) != HASH_BYTES:
            raise Refused("ARGUMENT_INVALID", f"a hash has 32 bytes, this one {len(tx_hash)}")
        return self.ledger.find(tx_hash)

    def stage_view(
        self, tx_hash: bytes, outcome: feed.Sequenced | None
    ) -> query_pb2.TransactionStatus:
        """Return a transaction's stage."""
        if outcome is None:
            waits = self.gateway is not None and self.gateway.waits(tx_hash)
            stage = common_pb2.STAGE_ACCEPTED if waits else common_pb2.STAGE_UNKNOWN
            return query_pb2.TransactionStatus(transaction_hash=tx_hash, stage=stage)
        height = outcome.block.height
        answer = query_pb2.TransactionStatus(
            transaction_hash=tx_hash,
            stage=self.views.stage_of(height),
            height=height,
            index=outcome.index,
            sequenced_ms=outcome.block.time,
        )
        posting = self.views.posting_of(height)
        if posting is not None:
            answer.log_index = posting.log_index
            answer.posted_ms = posting.time
        if answer.stage == common_pb2.STAGE_FINAL:
            answer.final_ms = self.ledger.final_since(height)
        return answer
