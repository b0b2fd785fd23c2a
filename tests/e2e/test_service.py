"""The services over a real connection: what a server is, bounds, and how it lives on."""

from typing import Any

import grpc
import grpc.aio
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from node.settings import AdmissionSettings, GrpcSettings
from proto.sextant.v1 import (
    dev_pb2,
    dev_pb2_grpc,
    query_pb2,
    sequencer_pb2,
    sequencer_pb2_grpc,
    status_pb2,
    stream_pb2,
)
from tests.e2e.serving import code_of, next_of, quick_settings, run, serve
from tests.e2e.trading import SECONDS
from tests.waiting import until


def test_health_and_reflection_answer_a_generic_client() -> None:
    async def story() -> None:
        async with serve() as served:
            health = health_pb2_grpc.HealthStub(served.channel)
            serving = health_pb2.HealthCheckResponse.SERVING
            await until(lambda: served.server.hub.height > 0)
            names = ("", "sextant.v1.Sequencer", "sextant.v1.Query", "sextant.v1.Stream")
            for name in (*names, "grpc.health.v1.Health"):
                request = health_pb2.HealthCheckRequest(service=name)
                watch = health.Watch(request)
                async for answer in watch:
                    if answer.status == serving:
                        break
                watch.cancel()
            stub = reflection_pb2_grpc.ServerReflectionStub(served.channel)
            asked = reflection_pb2.ServerReflectionRequest(list_services="")
            async for listed in stub.ServerReflectionInfo(iter([asked])):
                known = {service.name for service in listed.list_services_response.service}
            assert {*names[1:], "grpc.health.v1.Health"} <= known

    run(story)


def test_a_node_that_is_not_ready_says_so() -> None:
    async def story() -> None:
        async with serve() as served:
            served.exchange.ready = False
            health = health_pb2_grpc.HealthStub(served.channel)
            request = health_pb2.HealthCheckRequest(service="sextant.v1.Query")
            async for answer in health.Watch(request):
                if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
                    break
            request = status_pb2.GetStatusRequest()
            status = await served.query.GetStatus(request, timeout=SECONDS)
            assert not status.ready
            assert status.not_ready_because

    run(story)


def test_refusals_carry_machine_readable_details() -> None:
    async def story() -> None:
        async with serve() as served:
            request = sequencer_pb2.SubmitRequest(transaction=b"x")
            metadata = (("x-request-id", "my-request"),)
            try:
                await served.sequencer.Submit(request, timeout=SECONDS, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it is like one
                trailing: dict[str, Any] = dict(error.trailing_metadata() or ())  # type: ignore[arg-type]  # pairs
            info = error_details_pb2.ErrorInfo()
            assert status.details[0].Unpack(info)
            assert (info.reason, info.domain) == ("MALFORMED", "sextant")
            assert trailing["x-request-id"] == "my-request"

    run(story)


def test_a_bug_is_an_incident_and_the_server_lives() -> None:
    async def story() -> None:
        async with serve() as served:
            served.exchange.find = None  # type: ignore[assignment]  # the bug
            request = query_pb2.GetReceiptRequest(transaction_hash=bytes(32))
            call = served.query.GetReceipt(request, timeout=SECONDS)
            assert await code_of(call) == (grpc.StatusCode.INTERNAL, "INTERNAL")
            clock = await served.query.GetClock(status_pb2.GetClockRequest(), timeout=SECONDS)
            assert clock.height == served.exchange.cursor.height

    run(story)


def test_limits_of_a_host() -> None:
    admission = AdmissionSettings(
        batch_transactions_max=5, burst_transactions=8, rate_per_second=1, unanswered_max=2
    )
    settings = quick_settings(
        admission=admission, grpc=GrpcSettings(port=0, grace_ms=0, streams_max=1)
    )

    async def story() -> None:
        async with serve(settings) as served:
            send = served.sequencer.SubmitBatch
            exhausted = grpc.StatusCode.RESOURCE_EXHAUSTED
            invalid = grpc.StatusCode.INVALID_ARGUMENT
            for count, expected in (
                (0, (invalid, "BATCH_EMPTY")),
                (6, (invalid, "BATCH_TOO_LARGE")),
            ):
                batch = sequencer_pb2.SubmitBatchRequest(transactions=[b"x"] * count)
                assert await code_of(send(batch, timeout=SECONDS)) == expected
            batch = sequencer_pb2.SubmitBatchRequest(transactions=[b"x"] * 5)
            assert len((await send(batch, timeout=SECONDS)).refusals) == 5
            assert await code_of(send(batch, timeout=SECONDS)) == (exhausted, "RATE_LIMITED")
            separate = [("grpc.use_local_subchannel_pool", 1)]
            target = f"127.0.0.1:{served.server.port}"
            async with grpc.aio.insecure_channel(target, options=separate) as other:
                again = sequencer_pb2_grpc.SequencerStub(other).SubmitBatch(batch, timeout=SECONDS)
                assert await code_of(again) == (exhausted, "RATE_LIMITED"), "by host"
            huge = sequencer_pb2.SubmitRequest(transaction=bytes(2 << 20))
            call = served.sequencer.Submit(huge, timeout=SECONDS)
            assert await code_of(call) == (invalid, "TOO_LARGE")
            request = status_pb2.GetStatusRequest()
            assert await code_of(served.query.GetStatus(request)) == (invalid, "DEADLINE_MISSING")
            first = served.stream.Trades(stream_pb2.TradesRequest())
            await until(lambda: "all" in served.server.hub.trade_readers)
            second = served.stream.Trades(stream_pb2.TradesRequest())
            assert await code_of(next_of(second)) == (exhausted, "STREAMS_TOO_MANY")
            first.cancel()

    run(story)


def test_a_follower_refuses_transactions() -> None:
    async def story() -> None:
        async with serve(sequences=False) as served:
            request = sequencer_pb2.SubmitRequest(transaction=b"x")
            call = served.sequencer.Submit(request, timeout=SECONDS)
            assert await code_of(call) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_SEQUENCER")

    run(story)


def test_the_developers_port_is_apart() -> None:
    async def story() -> None:
        async with serve() as served:
            exchange = served.exchange
            target = f"127.0.0.1:{served.server.dev_port}"
            async with grpc.aio.insecure_channel(target) as channel:
                dev = dev_pb2_grpc.DevStub(channel)
                kind = dev_pb2.CORRUPTION_TRACE_LENGTH
                request = dev_pb2.CorruptNextClaimRequest(corruption=kind, segment=4)
                answer = await dev.CorruptNextClaim(request, timeout=SECONDS)
                assert answer.log_index == 7
                assert exchange.corrupted == [("trace-length", 4)]
                await dev.Censor(dev_pb2.CensorRequest(inbox=True), timeout=SECONDS)
                await dev.Censor(dev_pb2.CensorRequest(addresses=[bytes(20)]), timeout=SECONDS)
                assert exchange.censored == [(frozenset(), True), (frozenset([bytes(20)]), False)]
                price = dev_pb2.SetPriceRequest(market=1, price=5)
                await dev.SetPrice(price, timeout=SECONDS)
                prices = await dev.GetPrices(dev_pb2.GetPricesRequest(), timeout=SECONDS)
                assert dict(prices.prices) == {1: 5}
                by_hand = dev_pb2.MakeBlockRequest(time_ms=1)
                code, _ = await code_of(dev.MakeBlock(by_hand, timeout=SECONDS))
                assert code == grpc.StatusCode.UNAVAILABLE, "it makes blocks by itself"
                await dev.Pause(dev_pb2.PauseRequest(paused=True), timeout=SECONDS)
                assert exchange.held
                made = await dev.MakeBlock(by_hand, timeout=SECONDS)
                assert made.height == exchange.cursor.height
            public = dev_pb2_grpc.DevStub(served.channel)
            code, _ = await code_of(public.GetPrices(dev_pb2.GetPricesRequest(), timeout=SECONDS))
            assert code == grpc.StatusCode.UNIMPLEMENTED

    run(story)
