"""What a stranger with a generic client finds: health, reflection, and plain refusals.

Against real processes: the L1 stub, a sequencer with its signature workers, a
poster and a follower.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from proto.sextant.v1 import common_pb2, sequencer_pb2
from statemachine.actions import PlaceOrder, encode_transaction
from statemachine.identity.signing import CURVE_ORDER, sign_action
from statemachine.units import Lots, Price
from tests.e2e.processes import ASK_SECONDS, PRICE, Rollup
from tests.worlds import trader_key

pytestmark = pytest.mark.e2e

SECONDS = 60.0
SERVICES = {
    "l1": {"sextant.v1.L1"},
    "l1_dev": {"sextant.v1.L1Dev"},
    "grpc": {"sextant.v1.Sequencer", "sextant.v1.Query", "sextant.v1.Stream"},
    "dev": {"sextant.v1.Dev"},
    "poster_dev": {"sextant.v1.Dev"},
    "follower": {"sextant.v1.Query", "sextant.v1.Stream"},
}
"""Port -> services that it must offer."""


async def wait_healthy(channel: grpc.aio.Channel, service: str) -> None:
    """Wait until a service says that it serves."""
    stub = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=service)
    end, said = time.monotonic() + SECONDS, "nothing"
    while (left := end - time.monotonic()) > 0:
        try:
            async for answer in stub.Watch(request, wait_for_ready=True, timeout=left):
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
                said = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
        except grpc.aio.AioRpcError as error:
            said = f"{error.code().name}: {error.details()}"
            await asyncio.sleep(0.02)
    pytest.fail(f"{service or 'the server'} does not serve, within {SECONDS:g} s; it said {said}")


async def reflect(
    channel: grpc.aio.Channel, *questions: reflection_pb2.ServerReflectionRequest
) -> list[reflection_pb2.ServerReflectionResponse]:
    """Ask a server's reflection."""

    async def ask() -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
        for question in questions:
            yield question

    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    return [answer async for answer in stub.ServerReflectionInfo(ask())]


async def check_server(target: str, wanted: set[str]) -> None:
    """Check one server: every service is listed, described, and healthy."""
    async with grpc.aio.insecure_channel(target) as channel:
        await wait_healthy(channel, "")
        for service in wanted:
            await wait_healthy(channel, service)
        question = reflection_pb2.ServerReflectionRequest
        [listed] = await reflect(channel, question(list_services=""))
        names = {service.name for service in listed.list_services_response.service}
        assert wanted | {"grpc.health.v1.Health"} <= names, target
        answers = await reflect(
            channel, *(question(file_containing_symbol=name) for name in sorted(wanted))
        )
        for answer, name in zip(answers, sorted(wanted), strict=True):
            [data] = answer.file_descriptor_response.file_descriptor_proto[:1]
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            assert name.removeprefix("sextant.v1.") in {s.name for s in file.service}


def bad_requests(rollup: Rollup, now: int) -> dict[str, bytes]:
    """Return one bad transaction of each kind, by the reason that it must get."""
    action = PlaceOrder(0, 0, 0, Price(PRICE - 10), Lots(1))
    key = trader_key(0)

    def signed(key: bytes, time: int, expires_at: int = 0) -> bytes:
        return sign_action(rollup.domain, key, action, time << 10, expires_at).data

    good = sign_action(rollup.domain, key, action, now << 10)
    r, s, v = good.signature[:32], good.signature[32:64], good.signature[64]
    high = r + (CURVE_ORDER - int.from_bytes(s, "big")).to_bytes(32, "big") + bytes([v ^ 1])
    return {
        "MALFORMED": b"garbage",
        "TOO_LARGE": bytes(20_000),
        "SIGNATURE_INVALID": encode_transaction(action, now << 10, 0, b"\xff" * 32 + s + b"\x00"),
        "SIGNATURE_HIGH_S": encode_transaction(action, now << 10, 0, high),
        "SIGNER_UNKNOWN": signed(b"\x77" * 32, now),
        "EXPIRED": signed(key, now + 1, now - 1),
        "NONCE_OLD": signed(key, now - 10_000_000),
        "NONCE_AHEAD": signed(key, now + 10_000_000),
    }


async def check_refusals(rollup: Rollup) -> None:
    """Check that each kind of bad request gets its own reason, and that good ones still work."""
    now = await rollup.clock()
    cases = bad_requests(rollup, now)
    for reason, data in cases.items():
        request = sequencer_pb2.SubmitRequest(transaction=data)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rollup.sequencer.Submit(request, timeout=ASK_SECONDS)
        assert (refused.value.details() or "").startswith(f"{reason}: ")
    huge = sequencer_pb2.SubmitRequest(transaction=bytes(2 << 20))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rollup.sequencer.Submit(huge, timeout=ASK_SECONDS)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith("TOO_LARGE: ")

    prices = sequencer_pb2.SubmitBatchRequest(transactions=await rollup.prices())
    await rollup.sequencer.SubmitBatch(prices, timeout=ASK_SECONDS)
    order = PlaceOrder(0, 0, 0, Price(PRICE - 10), Lots(10_000))
    first = sign_action(rollup.domain, trader_key(0), order, now << 10)
    request = sequencer_pb2.SubmitRequest(transaction=first.data)
    answer = await rollup.sequencer.Submit(request, timeout=ASK_SECONDS)
    assert answer.sequenced.receipts[0].code_name == "OK"
    again = await rollup.sequencer.Submit(request, timeout=ASK_SECONDS)
    assert again.duplicate
    assert again.sequenced == answer.sequenced
    other = PlaceOrder(0, 0, 0, Price(PRICE - 20), Lots(10_000))
    replayed = sign_action(rollup.domain, trader_key(0), other, now << 10)
    request = sequencer_pb2.SubmitRequest(transaction=replayed.data)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rollup.sequencer.Submit(request, timeout=ASK_SECONDS)
    assert (refused.value.details() or "").startswith("NONCE_USED: ")
    batch = sequencer_pb2.SubmitBatchRequest(transactions=list(cases.values()))
    outcome = await rollup.sequencer.SubmitBatch(batch, timeout=ASK_SECONDS)
    names = [common_pb2.Reason.Name(item.refusal.reason) for item in outcome.refusals]
    assert names == [f"REASON_{reason}" for reason in cases]


def test_every_server_answers_a_stranger_and_every_mistake_has_a_name(tmp_path: Path) -> None:
    async def story() -> None:
        rollup = Rollup(tmp_path)
        try:
            rollup.start("l1", "sequencer", "poster", "follower")
            await rollup.fund(1)
            for port, wanted in SERVICES.items():
                await check_server(rollup.address(port), wanted)
            await check_refusals(rollup)
            assert rollup.terminate("sequencer") == 0
        finally:
            await rollup.close()

    asyncio.run(asyncio.wait_for(story(), SECONDS))
