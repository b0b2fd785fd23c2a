"""An L1 endpoint that answers nonsense: a node takes it for no answer, and goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from google.rpc import status_pb2 as rpc_pb2
from grpc_status import rpc_status

from node.l1 import archives
from node.l1.adapter import GrpcL1
from node.l1.claimbook import ClaimBook
from node.l1.view import L1View
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc, query_pb2, query_pb2_grpc
from prover.entry import ENTRY_BYTES_MAX
from prover.l1 import L1Held, L1Refused, L1Unreachable
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis
from tests.l1_worlds import deployment

RULES = deployment()
BLOCK = l1_pb2.L1BlockRef(number=9, hash=b"\1" * 32, time_ms=9_000)
GENESIS = RULES.genesis.encode()
ITEM = InboxItem(InboxKind.DEPOSIT, b"\2" * 20, 0, Micros(5), Millis(1)).encode()
PATIENCE_S = 0.3


@dataclass
class Oracle(l1_pb2_grpc.L1Servicer):
    """An endpoint that gives the same answers, whatever it is asked for."""

    claims: list[l1_pb2.L1Claim] = field(default_factory=list)
    items: list[l1_pb2.L1InboxItem] = field(default_factory=list)
    entries: list[l1_pb2.L1LogEntry] = field(default_factory=list)
    contract: bytes = RULES.encode()
    details: bytes = b""
    asked: int = 0

    async def GetDeployment(self, _request: Any, _context: Any) -> l1_pb2.L1Deployment:  # noqa: N802
        return l1_pb2.L1Deployment(encoded=self.contract)

    async def GetHeads(self, _request: Any, context: Any) -> l1_pb2.L1Heads:  # noqa: N802
        if self.details:
            context.set_trailing_metadata((("grpc-status-details-bin", self.details),))
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")
        return l1_pb2.L1Heads(latest=BLOCK, safe=BLOCK, final=BLOCK)

    async def GetBlock(self, _request: Any, _context: Any) -> l1_pb2.L1Block:  # noqa: N802
        return l1_pb2.L1Block(ref=BLOCK)

    async def ListClaims(self, _request: Any, _context: Any) -> l1_pb2.L1ClaimsPage:  # noqa: N802
        self.asked += 1
        return l1_pb2.L1ClaimsPage(claims=self.claims)

    async def ListInbox(self, _request: Any, _context: Any) -> l1_pb2.L1InboxPage:  # noqa: N802
        self.asked += 1
        return l1_pb2.L1InboxPage(items=self.items)

    async def ListLog(self, _request: Any, _context: Any) -> l1_pb2.L1LogPage:  # noqa: N802
        self.asked += 1
        return l1_pb2.L1LogPage(entries=self.entries)


@dataclass
class Archive(query_pb2_grpc.QueryServicer):
    """An archive whose entries never end, given in parts of ``size`` bytes."""

    size: int
    pause_s: float = 0
    served: int = 0

    async def GetLogEntry(self, _request: Any, _context: Any) -> query_pb2.LogEntryPart:  # noqa: N802
        await asyncio.sleep(self.pause_s)
        self.served += self.size
        return query_pb2.LogEntryPart(data=bytes(self.size), length=1 << 62)


def play(oracle: Oracle | Archive, work: Callable[[GrpcL1], Awaitable[Any]]) -> Any:
    """Serve an endpoint, and let an adapter ask it, for a bounded time."""

    async def story() -> Any:
        server = grpc.aio.server()
        if isinstance(oracle, Oracle):
            l1_pb2_grpc.add_L1Servicer_to_server(oracle, server)
        else:
            query_pb2_grpc.add_QueryServicer_to_server(oracle, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        adapter = GrpcL1(f"127.0.0.1:{port}", patience_seconds=PATIENCE_S)
        try:
            return await asyncio.wait_for(work(adapter), 10)
        finally:
            await adapter.close()
            await server.stop(None)

    return asyncio.run(story())


def claim(number: int, **others: Any) -> l1_pb2.L1Claim:
    return l1_pb2.L1Claim(**{"number": number, "output": GENESIS, "status": 1, **others})


@pytest.mark.parametrize(
    "page",
    [[claim(0)], [claim(7)], [claim(0), claim(0)], [claim(0), claim((1 << 64) - 1)]],
    ids=["the same for ever", "of another place", "twice", "far ahead"],
)
def test_claims_of_other_numbers_do_not_lead_in_a_circle(page: list[l1_pb2.L1Claim]) -> None:
    oracle = Oracle(claims=page)

    async def work(l1: GrpcL1) -> None:
        await ClaimBook(l1).refresh(await l1.head())

    with pytest.raises(L1Unreachable, match="was asked for"):
        play(oracle, work)
    assert oracle.asked <= 2


def test_an_inbox_that_begins_again_does_not_fill_memory() -> None:
    oracle = Oracle(items=[l1_pb2.L1InboxItem(index=0, encoded=ITEM)])
    with pytest.raises(L1Unreachable, match="was asked for"):
        play(oracle, lambda l1: L1View(l1, 0).refresh())
    assert oracle.asked <= 2


def test_a_log_that_begins_again_is_no_log() -> None:
    oracle = Oracle(entries=[l1_pb2.L1LogEntry(index=0, data=b"junk")])
    with pytest.raises(L1Unreachable, match="was asked for"):
        play(oracle, lambda l1: L1View(l1, 0).read_log())
    assert oracle.asked <= 2


@pytest.mark.parametrize(
    ("oracle", "work"),
    [
        (Oracle(claims=[claim(0, status=99)]), lambda l1: l1.claims(0)),
        (Oracle(claims=[claim(0, output=b"junk")]), lambda l1: l1.claim(0)),
        (Oracle(items=[l1_pb2.L1InboxItem(encoded=b"junk")]), lambda l1: l1.inbox_items(0)),
        (Oracle(contract=b"junk"), lambda l1: l1.deployment()),
        (Oracle(), lambda l1: l1.block(3)),
    ],
    ids=["status", "output", "item", "deployment", "another block"],
)
def test_what_cannot_be_read_is_no_answer(oracle: Oracle, work: Any) -> None:
    with pytest.raises(L1Unreachable):
        play(oracle, work)


@pytest.mark.parametrize("details", [b"\xff\xff", b"\x08\x05\x12\x04else"])
def test_details_that_contradict_a_refusal_do_not_end_a_node(details: bytes) -> None:
    with pytest.raises(L1Refused, match="INVALID_ARGUMENT: no"):
        play(Oracle(details=details), lambda l1: l1.head())


def test_an_archive_without_end_is_given_up() -> None:
    archive = Archive(1 << 18)
    assert play(archive, lambda l1: archives.fetch(l1.target, 0)) == b""
    assert archive.served <= ENTRY_BYTES_MAX + (1 << 18)


def test_an_archive_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "FETCH_SECONDS_MAX", 0.2)
    assert play(Archive(1, 0.1), lambda l1: archives.fetch(l1.target, 0)) == b""


class Forgetful(Oracle):
    """Takes a call and loses its answers, until it is ``mended``; then the call waits on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[int, bytes] = {}
        self.mended = False

    async def GetHeads(self, _request: Any, context: Any) -> l1_pb2.L1Heads:  # noqa: N802
        if self.calls and not self.mended:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        return l1_pb2.L1Heads(latest=BLOCK, safe=BLOCK, final=BLOCK)

    async def GetAccount(self, _request: Any, _context: Any) -> l1_pb2.L1Account:  # noqa: N802
        return l1_pb2.L1Account(nonce=len(self.calls))

    async def SendCall(self, request: Any, context: Any) -> l1_pb2.L1SendCallResponse:  # noqa: N802
        self.calls[request.nonce] = request.SerializeToString()
        if not self.mended:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        return l1_pb2.L1SendCallResponse()

    async def AwaitCall(self, request: Any, context: Any) -> l1_pb2.L1CallReceipt:  # noqa: N802
        if not self.mended:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if request.until_block == 1:
            info = error_details_pb2.ErrorInfo(reason="STILL_WAITING", domain="sextant")
            await context.abort_with_status(status_of_waiting(info))
        return l1_pb2.L1CallReceipt(hash=request.hash, block=10)


def status_of_waiting(info: error_details_pb2.ErrorInfo) -> grpc.Status:
    packed = any_pb2.Any()
    packed.Pack(info)
    number: int = grpc.StatusCode.FAILED_PRECONDITION.value[0]
    text = f"{info.reason}: it waits"
    status: grpc.Status = rpc_status.to_status(
        rpc_pb2.Status(code=number, message=text, details=[packed])
    )
    return status


def test_a_call_whose_answer_was_lost_is_never_a_second_call() -> None:
    """Not while L1 is away, either: who asks again then forgets nothing."""
    l1 = Forgetful()

    async def work(reader: GrpcL1) -> None:
        sender = GrpcL1(reader.target, b"\3" * 32, patience_seconds=PATIENCE_S)
        for _ in range(2):
            with pytest.raises(L1Held):
                await sender.append_empty(0)
        l1.mended = True
        assert (await sender.append_empty(0)).ok
        await sender.close()

    play(l1, work)
    assert list(l1.calls) == [0]
