"""What the status screen shows, asked from the processes themselves."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import grpc
import grpc.aio

from devnet.layout import Layout
from proto.sextant.v1 import (
    l1_pb2,
    l1_pb2_grpc,
    query_pb2,
    query_pb2_grpc,
    status_pb2,
)

ASK_SECONDS_MAX: Final = 2.0
CLAIMS_PAGE: Final = 200
VERDICT_LINES: Final = 4


@final
@dataclass(frozen=True, slots=True)
class Facts:
    """One look at the whole devnet; a part that did not answer is None."""

    sequencer: status_pb2.Status | None = None
    follower: status_pb2.Status | None = None
    markets: Sequence[query_pb2.Market] = ()
    l1: l1_pb2.L1Heads | None = None
    log_count: int = 0
    inbox_count: int = 0
    claims_count: int = 0
    claims_by_status: dict[int, int] = field(default_factory=dict)
    challenger: dict[str, Any] = field(default_factory=dict)

    @property
    def verdicts(self) -> list[str]:
        """The challenger's last words."""
        return [str(line) for line in self.challenger.get("lines", [])[-VERDICT_LINES:]]


@final
class Surveyor:
    """Keeps the channels open and remembers what is settled, so that a look is cheap."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        options = [("grpc.max_receive_message_length", 64 << 20)]
        self._sequencer = grpc.aio.insecure_channel(layout.address("grpc"), options)
        self._follower = grpc.aio.insecure_channel(layout.address("follower"), options)
        self._l1 = grpc.aio.insecure_channel(layout.address("l1"), options)
        self._claims: dict[int, l1_pb2.L1Claim] = {}
        self._settled: dict[int, int] = {}
        self._next_claim = 0

    async def close(self) -> None:
        """Close the channels."""
        for channel in (self._sequencer, self._follower, self._l1):
            await channel.close(None)

    async def look(self) -> Facts:
        """Return the facts now; a process that is away costs at most the deadline."""
        async with asyncio.TaskGroup() as tasks:
            sequencer = tasks.create_task(self._status(self._sequencer))
            follower = tasks.create_task(self._status(self._follower))
            markets = tasks.create_task(self._markets())
            heads = tasks.create_task(self._heads())
            log_count = tasks.create_task(self._log_count())
            inbox_count = tasks.create_task(self._inbox_count())
            claims = tasks.create_task(self._claims_count())
        counts = dict(self._settled)
        for claim in self._claims.values():
            counts[claim.status] = counts.get(claim.status, 0) + 1
        return Facts(
            sequencer=sequencer.result(),
            follower=follower.result(),
            markets=markets.result(),
            l1=heads.result(),
            log_count=log_count.result(),
            inbox_count=inbox_count.result(),
            claims_count=claims.result(),
            claims_by_status=counts,
            challenger=challenger_says(self.layout.store("challenger") / "status.json"),
        )

    async def _status(self, channel: grpc.aio.Channel) -> status_pb2.Status | None:
        try:
            return await query_pb2_grpc.QueryStub(channel).GetStatus(
                status_pb2.GetStatusRequest(), timeout=ASK_SECONDS_MAX
            )
        except grpc.aio.AioRpcError:
            return None

    async def _markets(self) -> Sequence[query_pb2.Market]:
        try:
            answer = await query_pb2_grpc.QueryStub(self._sequencer).GetMarkets(
                query_pb2.GetMarketsRequest(), timeout=ASK_SECONDS_MAX
            )
        except grpc.aio.AioRpcError:
            return ()
        return [market for market in answer.markets if not market.collateral_only]

    async def _heads(self) -> l1_pb2.L1Heads | None:
        try:
            return await l1_pb2_grpc.L1Stub(self._l1).GetHeads(
                l1_pb2.L1GetHeadsRequest(), timeout=ASK_SECONDS_MAX
            )
        except grpc.aio.AioRpcError:
            return None

    async def _log_count(self) -> int:
        request = l1_pb2.L1ListLogRequest(from_index=(1 << 62), entries_max=1)
        try:
            page = await l1_pb2_grpc.L1Stub(self._l1).ListLog(request, timeout=ASK_SECONDS_MAX)
        except grpc.aio.AioRpcError:
            return 0
        return page.log_count

    async def _inbox_count(self) -> int:
        request = l1_pb2.L1ListInboxRequest(from_index=(1 << 62), items_max=1)
        try:
            page = await l1_pb2_grpc.L1Stub(self._l1).ListInbox(request, timeout=ASK_SECONDS_MAX)
        except grpc.aio.AioRpcError:
            return 0
        return page.inbox_count

    async def _claims_count(self) -> int:
        """Read the claims that may still change; settled ones are only counted."""
        stub = l1_pb2_grpc.L1Stub(self._l1)
        count, place = 0, self._next_claim
        while True:
            request = l1_pb2.L1ListClaimsRequest(from_number=place, claims_max=CLAIMS_PAGE)
            try:
                page = await stub.ListClaims(request, timeout=ASK_SECONDS_MAX)
            except grpc.aio.AioRpcError:
                return count
            for claim in page.claims:
                self._claims[claim.number] = claim
            count = page.claims_count
            if not page.claims or page.claims[-1].number + 1 >= count:
                break
            place = page.claims[-1].number + 1
        self._settle()
        return count

    def _settle(self) -> None:
        """Forget the claims before the first that may still change, but count them."""
        while len(self._claims) > 1 and self._next_claim in self._claims:
            claim = self._claims[self._next_claim]
            if claim.status == l1_pb2.L1_CLAIM_STATUS_PENDING:
                break
            del self._claims[self._next_claim]
            self._settled[claim.status] = self._settled.get(claim.status, 0) + 1
            self._next_claim += 1


def challenger_says(path: Path) -> dict[str, Any]:
    """Return what the challenger's status file says; empty if there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found
