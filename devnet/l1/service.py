"""The stub's public service: what the chain holds, calls, and a feed of blocks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final, final

import grpc
import grpc.aio

from devnet.l1.attesters import attesters_message
from devnet.l1.boundary import refuse, refuse_call
from devnet.l1.escape import escape_message, is_paid, sales_page
from devnet.l1.host import Host, wall_clock
from devnet.l1.journal import StoredBlock, StoredReceipt
from devnet.l1.pages import mempool_page
from devnet.l1.versions import rules_page
from node.l1.wire import (
    block_to_message,
    call_from_message,
    claim_to_message,
    entry_to_message,
    event_to_message,
    item_to_message,
)
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.codes import ContractCode, Refusal
from prover.contract.log import entry_of
from prover.contract.state import ContractState
from statemachine.errors import FrameInvalid

PAGE_BYTES_MAX: Final = 2 << 20
PAGE_ITEMS_MAX: Final = 1_000
PAGE_CLAIMS_MAX: Final = 200

Context = grpc.aio.ServicerContext[Any, Any]


@final
class L1Service(l1_pb2_grpc.L1Servicer):
    """Answers from a running stub."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.chain = host.chain
        self.journal = host.journal
        self.rules = host.chain.contract.rules

    @property
    def state(self) -> ContractState:
        """What the contract holds; another object after a re-org."""
        return self.chain.contract.state

    async def GetDeployment(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetDeploymentRequest, context: Context
    ) -> l1_pb2.L1Deployment:
        """Return what the contract was deployed with."""
        del request, context
        rules = self.rules
        return l1_pb2.L1Deployment(
            encoded=rules.encode(),
            hash=rules.hash,
            l1_chain_id=rules.l1_chain_id,
            chain_id=rules.rules.chain_id,
            contract=rules.rules.rollup,
            sequencer=rules.sequencer,
            rules_hash=rules.rules.hash,
            genesis_root=rules.genesis.post_root,
            genesis_time_ms=rules.genesis_time_ms,
            window_ms=rules.window_ms,
            bond_gwei=rules.bond_gwei,
            commitment_blocks_min=rules.commitment_blocks_min,
            deposit_micros_min=rules.deposit_micros_min,
            liveness_ms_max=rules.liveness_ms_max,
            stub=True,
            signer=rules.signer,
            governor=rules.governor,
            exit_ms=rules.exit_ms,
        )

    async def GetHeads(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetHeadsRequest, context: Context
    ) -> l1_pb2.L1Heads:
        """Return the tags and the clock."""
        del request, context
        return self.heads()

    def heads(self) -> l1_pb2.L1Heads:
        """Return the tags and the clock as they are now."""
        chain, wall = self.chain, wall_clock()
        return l1_pb2.L1Heads(
            latest=block_to_message(chain.latest),
            safe=block_to_message(chain.safe),
            final=block_to_message(chain.final),
            clock_offset_ms=chain.clock(wall) - wall,
            clock_ms=chain.clock(wall),
            block_time_ms=self.host.block_ms,
            mining=self.host.mining,
            gas_price=chain.gas_price,
            mempool_calls=len(chain.mempool),
            gas_target=chain.settings.gas_target,
            gas_price_min=chain.settings.base_fee_min,
            retention_ms=chain.settings.retention_ms,
        )

    async def GetBlock(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetBlockRequest, context: Context
    ) -> l1_pb2.L1Block:
        """Return a block with its calls and events."""
        latest = self.chain.latest.number
        number = request.number if request.HasField("number") else latest
        stored = self.journal.block(number) if number <= latest else None
        if stored is None:
            await refuse(
                context,
                grpc.StatusCode.NOT_FOUND,
                "NOT_FOUND",
                f"there is no block {number}, the latest is {latest}",
            )
        if request.ref_only:
            ref = block_to_message(stored.block)
            return l1_pb2.L1Block(ref=ref, parent_hash=stored.parent)
        return self.block_message(stored)

    def block_message(self, stored: StoredBlock) -> l1_pb2.L1Block:
        """Return the message of a stored block."""
        receipts = (self.journal.receipt(name) for name in stored.calls)
        return l1_pb2.L1Block(
            ref=block_to_message(stored.block),
            parent_hash=stored.parent,
            calls=[receipt_to_message(receipt) for receipt in receipts if receipt is not None],
            events=[event_to_message(event) for event in stored.events],
            gas_price=stored.gas_price,
            gas_used=stored.gas_used,
        )

    async def ListLog(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListLogRequest, context: Context
    ) -> l1_pb2.L1LogPage:
        """Return log entries, as many as fit."""
        del context
        entries: list[l1_pb2.L1LogEntry] = []
        size = 0
        for header in self.state.log[request.from_index :][: request.entries_max or PAGE_ITEMS_MAX]:
            size += header.length
            if entries and size > PAGE_BYTES_MAX:
                break
            data = self.journal.entry_data(header.index)
            pruned = self.journal.is_pruned(header.index)
            entries.append(entry_to_message(replace(entry_of(header, data), pruned=pruned)))
        return l1_pb2.L1LogPage(entries=entries, log_count=len(self.state.log))

    async def ListInbox(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListInboxRequest, context: Context
    ) -> l1_pb2.L1InboxPage:
        """Return inbox items."""
        del context
        count = min(request.items_max or PAGE_ITEMS_MAX, PAGE_ITEMS_MAX)
        items = self.state.inbox[request.from_index :][:count]
        return l1_pb2.L1InboxPage(
            items=[item_to_message(item) for item in items], inbox_count=len(self.state.inbox)
        )

    async def ListClaims(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListClaimsRequest, context: Context
    ) -> l1_pb2.L1ClaimsPage:
        """Return claims as they stand now."""
        del context
        count = min(request.claims_max or PAGE_CLAIMS_MAX, PAGE_CLAIMS_MAX)
        claims: list[l1_pb2.L1Claim] = []
        size = 0
        for claim in self.state.claims[request.from_number :][:count]:
            number = claim.number
            trace = self.journal.claim_trace(number) if number else claim.output.post_root
            size += len(trace)
            if claims and size > PAGE_BYTES_MAX:
                break
            claims.append(claim_to_message(claim, trace, self.rules.window_ms))
        return l1_pb2.L1ClaimsPage(claims=claims, claims_count=len(self.state.claims))

    async def GetAccount(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetAccountRequest, context: Context
    ) -> l1_pb2.L1Account:
        """Return the balances and the next nonce of an address."""
        del context
        return self.account_message(request.address)

    def account_message(self, address: bytes) -> l1_pb2.L1Account:
        """Return the message of an account."""
        account = self.state.account_of(address)
        return l1_pb2.L1Account(
            address=address,
            eth_gwei=account.eth,
            token_micros=account.token,
            nonce=self.chain.nonce_of(address),
            holdings=[
                l1_pb2.L1Holding(asset=rules.asset, units=units)
                for rules in self.rules.rules.assets
                if (units := self.state.holding_of(rules.asset, address))
            ],
        )

    async def GetTotals(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetTotalsRequest, context: Context
    ) -> l1_pb2.L1Totals:
        """Return the sums over all balances."""
        del request, context
        totals = self.state.totals
        bond = self.state.bond.record
        return l1_pb2.L1Totals(
            eth_minted_gwei=totals.eth_minted,
            eth_bonded_gwei=totals.eth_bonded,
            eth_burnt_gwei=totals.eth_burnt,
            token_minted_micros=totals.token_minted,
            token_escrowed_micros=totals.token_escrowed,
            sequencer_time_ms=totals.sequencer_time,
            sequencer_bond_gwei=0 if bond is None else bond.amount,
            sequencer_left_ms=0 if bond is None else bond.left_at,
            assets=[
                l1_pb2.L1AssetTotals(
                    asset=asset, minted_units=sums.minted, escrowed_units=sums.escrowed
                )
                for asset, sums in sorted(self.state.asset_totals.items())
            ],
        )

    async def GetWithdrawal(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetWithdrawalRequest, context: Context
    ) -> l1_pb2.L1Withdrawal:
        """Return whether a withdrawal was paid."""
        del context
        return l1_pb2.L1Withdrawal(index=request.index, paid=is_paid(self.state, request.index))

    async def ListAttesters(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListAttestersRequest, context: Context
    ) -> l1_pb2.L1Attesters:
        """Return attesters, and what they vouch for."""
        del request, context
        return attesters_message(self.state, self.rules, self.chain.latest.time)

    async def ListRules(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListRulesRequest, context: Context
    ) -> l1_pb2.L1RulesPage:
        """Return the versions of the rules."""
        del request, context
        return rules_page(self.state, self.rules, self.chain.latest.time)

    async def ListSales(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListSalesRequest, context: Context
    ) -> l1_pb2.L1SalesPage:
        """Return withdrawals that are for sale or sold, and not yet paid."""
        del context
        return sales_page(self.state, request)

    async def GetEscape(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1GetEscapeRequest, context: Context
    ) -> l1_pb2.L1Escape:
        """Return how far the end of the exchange has come."""
        del context
        return escape_message(self.state, self.rules, request)

    async def SendCall(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1SendCallRequest, context: Context
    ) -> l1_pb2.L1SendCallResponse:
        """Put a call into the mempool."""
        try:
            name = self.host.submit(call_from_message(request))
        except FrameInvalid as error:
            await refuse_call(context, ContractCode.CALL_MALFORMED, str(error))
        except Refusal as refusal:
            await refuse_call(context, refusal.code, refusal.message)
        return l1_pb2.L1SendCallResponse(hash=name)

    async def ListMempool(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ListMempoolRequest, context: Context
    ) -> l1_pb2.L1MempoolPage:
        """Return calls that wait."""
        del context
        return mempool_page(self.chain, request)

    async def AwaitCall(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1AwaitCallRequest, context: Context
    ) -> l1_pb2.L1CallReceipt:
        """Return what became of a call, once it is in a block."""
        receipt = await self.host.receipt_of(request.hash, request.until_block)
        if receipt is None and request.hash in self.chain.mempool:
            await refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                "STILL_WAITING",
                f"call {request.hash.hex()} is in no block up to {self.chain.latest.number}",
            )
        if receipt is None:
            await refuse(
                context,
                grpc.StatusCode.NOT_FOUND,
                "NOT_FOUND",
                f"call {request.hash.hex()} is in no block and not waiting for one",
            )
        return receipt_to_message(receipt)

    async def FollowBlocks(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1FollowBlocksRequest, context: Context
    ) -> AsyncIterator[l1_pb2.L1BlockEvents]:
        """Yield a message per block, without end; the reader sets the pace."""
        del context
        latest = self.chain.latest.number
        number = request.from_block if request.HasField("from_block") else latest + 1
        seen = len(self.host.forks)
        while True:
            while number > self.chain.latest.number and seen == len(self.host.forks):
                await self.host.next_block()
            if seen < len(self.host.forks):
                # What was told after the fork is no more: begin again there.
                number = min(number, *(fork + 1 for fork in self.host.forks[seen:]))
                seen = len(self.host.forks)
            stored = self.journal.need_block(number)
            yield l1_pb2.L1BlockEvents(
                block=block_to_message(stored.block),
                events=[event_to_message(event) for event in stored.events],
                heads=self.heads(),
                parent_hash=stored.parent,
            )
            number += 1


def receipt_to_message(receipt: StoredReceipt) -> l1_pb2.L1CallReceipt:
    """Return the message of what became of a call."""
    return l1_pb2.L1CallReceipt(
        hash=receipt.hash,
        block=receipt.block,
        index=receipt.index,
        sender=receipt.sender,
        nonce=receipt.nonce,
        kind=receipt.kind,
        code=int(receipt.code),
        code_name=receipt.code.name,
        message=receipt.message,
        retryable=receipt.code.retryable,
        value=receipt.value,
        gas=receipt.gas,
        gas_price=receipt.gas_price,
    )
