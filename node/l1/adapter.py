"""The L1 adapter over gRPC: reconnects, retries what is safe, never sends twice.

How it sends is in :mod:`node.l1.sender`.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar, final

import grpc
import grpc.aio

from node.l1 import wire
from node.l1.answers import read_answer, read_page
from node.l1.archives import Archives
from node.l1.retry import TRANSIENT, Pause, ask_until
from node.l1.sender import Sender, Stuck
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.calls import (
    Call,
)
from prover.contract.fees import FeePolicy
from prover.contract.log import LogEntry
from prover.contract.records import Account, QueuedItem, RulesVersion
from prover.contract.rules import ContractRules, decode_contract_rules
from prover.l1 import L1, BlockEvents, CallReceipt, Heads, L1Block, L1Refused, PostedClaim
from statemachine.identity.signing import address_of

MESSAGE_BYTES_MAX: Final = 16 << 20
ASK_SECONDS_MAX: Final = 5.0
PATIENCE_SECONDS: Final = 60.0
"""How long a request is tried before it is given up."""
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)
NO_ARCHIVES: Final = Archives([])
DEFAULT_POLICY: Final = FeePolicy()

AnswerT = TypeVar("AnswerT")


def ignore(stuck: Stuck) -> None:
    """Say nothing of a call that waits."""
    del stuck


@final
class GrpcL1(L1):
    """An L1 behind its wire.

    Parameters
    ----------
    target
        ``host:port`` of the L1.
    key
        The sender's secret key, 32 bytes; without one this reads only.
    patience_seconds
        How long a request is tried before ``L1Unreachable``.
    archives
        Who is asked for bytes of the log that L1 has dropped.
    policy
        How calls bid for their place in a block.
    on_stuck
        Is told of each call whose bid had to be raised, or could not be.
    """

    def __init__(
        self,
        target: str,
        key: bytes = b"",
        patience_seconds: float = PATIENCE_SECONDS,
        archives: Archives = NO_ARCHIVES,
        *,
        policy: FeePolicy = DEFAULT_POLICY,
        on_stuck: Callable[[Stuck], None] = ignore,
    ) -> None:
        self.target = target
        self.patience_seconds = patience_seconds
        self.archives = archives
        self.channel = grpc.aio.insecure_channel(target, options=list(OPTIONS))
        self.stub = l1_pb2_grpc.L1Stub(self.channel)
        self._address = address_of(key) if key else b""
        self._rules: ContractRules | None = None
        self._sender = (
            Sender(self.stub, self._ask, self.deployment, key, self._address, policy, on_stuck)
            if key
            else None
        )

    @property
    def address(self) -> bytes:
        """The sender's address; no bytes without a key."""
        return self._address

    async def close(self) -> None:
        """Let go of the connection."""
        await self.channel.close(None)

    async def deployment(self) -> ContractRules:
        """Return what the contract was deployed with; it is asked for once."""
        if self._rules is None:
            message = await self._ask(self.stub.GetDeployment, l1_pb2.L1GetDeploymentRequest())
            self._rules = read_answer(decode_contract_rules, message.encoded, self.target)
        return self._rules

    async def versions(self) -> list[RulesVersion]:
        """Return every version of the exchange's rules, the first and cancelled ones too."""
        page = await self._ask(self.stub.ListRules, l1_pb2.L1ListRulesRequest())
        read = wire.version_from_message
        return [read_answer(read, version, self.target) for version in page.versions]

    async def head(self) -> Heads:
        """Return the tags."""
        message = await self._ask(self.stub.GetHeads, l1_pb2.L1GetHeadsRequest())
        return wire.heads_from_message(message)

    async def block(self, number: int) -> L1Block | None:
        """Return the block with this number on L1's chain now; ``None`` if it has none."""
        request = l1_pb2.L1GetBlockRequest(number=number, ref_only=True)
        try:
            message = await self._ask(self.stub.GetBlock, request)
        except L1Refused as refused:
            if refused.args[0].startswith("NOT_FOUND"):
                return None
            raise
        [block] = read_page(
            wire.block_from_message, [message.ref], lambda block: block.number, number, self.target
        )
        return block

    async def log_entries(self, from_index: int) -> list[LogEntry]:
        """Return a page of the log: entries from ``from_index`` on; empty at its end."""
        request = l1_pb2.L1ListLogRequest(from_index=from_index)
        page = await self._ask(self.stub.ListLog, request)
        entries = read_page(
            wire.entry_from_message,
            page.entries,
            lambda entry: entry.index,
            from_index,
            self.target,
        )
        return [await self.archives.complete(entry) for entry in entries]

    async def inbox_items(self, from_index: int) -> list[QueuedItem]:
        """Return a page of the inbox from ``from_index`` on; empty at its end."""
        request = l1_pb2.L1ListInboxRequest(from_index=from_index)
        page = await self._ask(self.stub.ListInbox, request)
        read = wire.item_from_message
        return read_page(read, page.items, lambda item: item.index, from_index, self.target)

    async def claims(self, from_number: int = 0) -> list[PostedClaim]:
        """Return a page of claims as they stand now, by number; empty at the end."""
        request = l1_pb2.L1ListClaimsRequest(from_number=from_number)
        page = await self._ask(self.stub.ListClaims, request)
        return self._claims(page, from_number)

    async def claim(self, number: int) -> PostedClaim | None:
        """Return one claim as it stands now."""
        request = l1_pb2.L1ListClaimsRequest(from_number=number, claims_max=1)
        page = await self._ask(self.stub.ListClaims, request)
        found = self._claims(page, number)
        return found[0] if found else None

    def _claims(self, page: l1_pb2.L1ClaimsPage, first: int) -> list[PostedClaim]:
        """Return the claims of a page, which begins with number ``first``."""
        read = wire.claim_from_message
        return read_page(read, page.claims, lambda posted: posted.claim.number, first, self.target)

    async def account(self, address: bytes) -> Account:
        """Return what an address holds on L1."""
        request = l1_pb2.L1GetAccountRequest(address=address)
        return wire.account_from_message(await self._ask(self.stub.GetAccount, request))

    async def holdings(self, address: bytes) -> dict[int, int]:
        """Return the units that an address holds on L1 of each asset beyond USDC."""
        request = l1_pb2.L1GetAccountRequest(address=address)
        account = await self._ask(self.stub.GetAccount, request)
        return {holding.asset: holding.units for holding in account.holdings}

    async def is_paid(self, withdrawal: int) -> bool:
        """Return whether a withdrawal was paid."""
        request = l1_pb2.L1GetWithdrawalRequest(index=withdrawal)
        return (await self._ask(self.stub.GetWithdrawal, request)).paid

    async def totals(self) -> l1_pb2.L1Totals:
        """Return the sums over all balances."""
        return await self._ask(self.stub.GetTotals, l1_pb2.L1GetTotalsRequest())

    async def mempool(self) -> l1_pb2.L1MempoolPage:
        """Return the calls that wait, in the order in which blocks take them."""
        return await self._ask(self.stub.ListMempool, l1_pb2.L1ListMempoolRequest())

    async def events(self, from_block: int) -> AsyncIterator[BlockEvents]:
        """Follow blocks from ``from_block`` on, past ones first, across reconnections."""
        number, pause = from_block, Pause()
        while True:
            stream = self.stub.FollowBlocks(l1_pb2.L1FollowBlocksRequest(from_block=number))
            try:
                async for message in stream:
                    yield read_answer(wire.block_events_from_message, message, self.target)
                    number = message.block.number + 1
                    pause = Pause()
            except grpc.aio.AioRpcError as error:
                if error.code() not in TRANSIENT:
                    raise L1Refused(f"{self.target}: {error.details()}") from error
            finally:
                stream.cancel()
            await pause.sleep()

    async def send(self, call: Call, *, fee_max: int = 0) -> CallReceipt:
        """Sign and send a call, wait for its block, and return what became of it."""
        if self._sender is None:
            raise L1Refused("sending needs a key, this adapter only reads")
        return await self._sender.send(call, fee_max, self.patience_seconds)

    async def _ask(
        self,
        method: Callable[..., Awaitable[AnswerT]],
        request: object,
        *,
        until: float | None = None,
        seconds: float = ASK_SECONDS_MAX,
    ) -> AnswerT:
        """Call a method, again after transient failures, until time is up."""
        deadline = time.monotonic() + self.patience_seconds if until is None else until
        return await ask_until(method, request, deadline, seconds, self.target)
