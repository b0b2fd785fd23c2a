"""What one anonymous request may make a node do: little, whatever it asks for."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from threading import Event
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from node.service import queries, views
from node.settings import GrpcSettings
from proto.sextant.v1 import common_pb2, query_pb2, sequencer_pb2, status_pb2, stream_pb2
from statemachine.actions import PlaceOrder
from statemachine.identity.signing import address_of
from statemachine.units import Lots, Price
from tests.e2e.serving import code_of, next_of, quick_settings, run, serve
from tests.waiting import until
from tests.worlds import trader_key

SECONDS = 10.0
INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID")


def bid(price: int) -> PlaceOrder:
    return PlaceOrder(0, 0, 0, Price(price), Lots(1))


def test_a_sub_account_is_shown_once_however_often_it_is_named() -> None:
    async def story() -> None:
        async with serve() as served:
            owner = address_of(trader_key(0))
            request = query_pb2.GetAccountRequest(address=owner, subs=[0] * 256)
            account = await served.query.GetAccount(request, timeout=SECONDS)
            assert [portfolio.sub for portfolio in account.portfolios] == [0]

    run(story)


def test_lists_in_requests_are_bounded() -> None:
    async def story() -> None:
        async with serve() as served:
            query, stream = served.query, served.stream
            account = served.world.account(0)
            request = query_pb2.GetAccountRequest
            many = [0] * 257
            refused: list[Coroutine[Any, Any, Any] | Any] = [
                query.GetAccount(request(account=account, subs=many), timeout=SECONDS),
                query.GetAccount(request(account=account, subs=[256]), timeout=SECONDS),
                query.GetMarkets(query_pb2.GetMarketsRequest(markets=many), timeout=SECONDS),
                query.GetProof(query_pb2.GetProofRequest(keys=[b"k"] * 257), timeout=SECONDS),
                query.GetProof(query_pb2.GetProofRequest(keys=[bytes(256)]), timeout=SECONDS),
                next_of(stream.Trades(stream_pb2.TradesRequest(markets=many))),
            ]
            for call in refused:
                assert await code_of(call) == INVALID

    run(story)


def test_an_answer_has_so_many_orders_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "ORDERS_MAX", 2)

    async def story() -> None:
        async with serve() as served:
            for place in range(3):
                served.exchange.submit_now(served.world.sign(0, bid(5_900_000 + place * 10)).data)
            account = served.world.account(0)
            request = query_pb2.GetAccountRequest(account=account, with_orders=True)
            assert await code_of(served.query.GetAccount(request, timeout=SECONDS)) == INVALID
            request.with_orders = False
            answer = await served.query.GetAccount(request, timeout=SECONDS)
            assert len(answer.portfolios) == 1

    run(story)


def test_a_request_that_names_nothing_is_told_so() -> None:
    async def story() -> None:
        async with serve() as served:
            query = served.query
            sub = common_pb2.Portfolio(account=served.world.account(0), sub=256)
            client = query_pb2.ClientOrder(portfolio=sub, client_id=bytes(queries.CLIENT_ID_BYTES))
            for call in (
                query.GetOrder(query_pb2.GetOrderRequest(), timeout=SECONDS),
                query.GetOrder(query_pb2.GetOrderRequest(client=client), timeout=SECONDS),
                query.GetWithdrawals(query_pb2.GetWithdrawalsRequest(), timeout=SECONDS),
                query.GetWithdrawals(query_pb2.GetWithdrawalsRequest(owner=b"x"), timeout=SECONDS),
                query.GetAccount(query_pb2.GetAccountRequest(), timeout=SECONDS),
            ):
                assert await code_of(call) == INVALID

    run(story)


def test_a_detail_that_does_not_exist_is_refused_and_nothing_is_sequenced() -> None:
    async def story() -> None:
        async with serve() as served:
            before = served.exchange.cursor.height
            for detail in (99, -1):
                batch = sequencer_pb2.SubmitBatchRequest(
                    transactions=[served.world.sign(0, bid(5_900_000)).data]
                )
                batch.detail = detail  # type: ignore[assignment]  # the wire takes any number
                call = served.sequencer.SubmitBatch(batch, timeout=SECONDS)
                assert await code_of(call) == INVALID
            assert served.exchange.cursor.height == before

    run(story)


def test_a_host_that_asks_too_fast_is_told_to_wait() -> None:
    grpc_settings = GrpcSettings(port=0, grace_ms=0, calls_per_second=1, calls_burst=3)

    async def story() -> None:
        async with serve(quick_settings(grpc=grpc_settings)) as served:
            clock = status_pb2.GetClockRequest()
            for _ in range(3):
                await served.query.GetClock(clock, timeout=SECONDS)
            limited = (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await served.query.GetClock(clock, timeout=SECONDS)
            assert refused.value.code() == limited[0]
            status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # an answer
            assert status is not None
            assert {detail.TypeName() for detail in status.details} == {
                "google.rpc.ErrorInfo",
                "google.rpc.RetryInfo",
            }
            # Other connections of the host share its allowance, and so do subscriptions.
            assert await code_of(next_of(served.stream.Trades(stream_pb2.TradesRequest()))) == (
                limited
            )
            # What is sent to the sequencer counts by transaction, at admission.
            sent = sequencer_pb2.SubmitBatchRequest(
                transactions=[served.world.sign(0, bid(5_900_000)).data]
            )
            assert (await served.sequencer.SubmitBatch(sent, timeout=SECONDS)).codes == [0]
            metrics = served.server.metrics
            assert metrics.limited._value.get() == 2

    run(story)


def test_a_host_has_so_many_streams_and_leaves_the_rest_to_others() -> None:
    """Also of health and reflection: uncounted, they would take the places of all calls."""
    grpc_settings = GrpcSettings(port=0, grace_ms=0, streams_max=9, streams_per_host_max=3)

    async def story() -> None:
        async with serve(quick_settings(grpc=grpc_settings)) as served:
            boundary = served.server.public.boundary
            exhausted = (grpc.StatusCode.RESOURCE_EXHAUSTED, "STREAMS_TOO_MANY")
            watch = health_pb2_grpc.HealthStub(served.channel).Watch
            reflect = reflection_pb2_grpc.ServerReflectionStub(served.channel)
            listed = reflection_pb2.ServerReflectionRequest(list_services="")

            async def questions() -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
                yield listed
                await asyncio.sleep(SECONDS)

            open_ones = [
                watch(health_pb2.HealthCheckRequest()),
                reflect.ServerReflectionInfo(questions()),
            ]
            for stream in open_ones:
                assert await next_of(stream)
            trades = served.stream.Trades(stream_pb2.TradesRequest())
            await until(lambda: boundary.streams == 3)
            for call in (
                watch(health_pb2.HealthCheckRequest()),
                reflect.ServerReflectionInfo(iter([listed])),
                served.stream.Trades(stream_pb2.TradesRequest()),
                served.sequencer.OrderStream(iter([])),
            ):
                assert await code_of(next_of(call)) == exhausted
            assert await served.query.GetClock(status_pb2.GetClockRequest(), timeout=SECONDS)
            for stream in (*open_ones, trades):
                stream.cancel()
            await until(lambda: not boundary.streams and not boundary.hosts)
            assert await next_of(watch(health_pb2.HealthCheckRequest()))

    run(story)


def test_a_proof_that_takes_long_holds_up_nobody_else() -> None:
    """An old state is found by undoing what came later: that may be a week of it."""

    async def story() -> None:
        async with serve() as served:
            exchange, going, done = served.exchange, Event(), Event()
            prove = exchange.prove

            def slow(*asked: Any) -> Any:
                going.set()
                assert done.wait(SECONDS)
                return prove(*asked)

            exchange.prove = slow  # type: ignore[method-assign, assignment]
            request = query_pb2.GetProofRequest(keys=[b"k"], log_index=3)
            proofs = [served.query.GetProof(request, timeout=SECONDS) for _ in range(20)]
            await until(going.is_set)
            assert await served.query.GetClock(status_pb2.GetClockRequest(), timeout=SECONDS)
            done.set()
            assert len({(await proof).root for proof in proofs}) == 1

    run(story)


def test_a_query_that_reads_blocks_counts_as_several() -> None:
    grpc_settings = GrpcSettings(port=0, grace_ms=0, calls_per_second=1, calls_burst=15)

    async def story() -> None:
        async with serve(quick_settings(grpc=grpc_settings)) as served:
            limited = (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
            served.exchange.submit_now(served.world.sign(0, bid(5_900_000)).data)
            block = query_pb2.GetBlockRequest()
            assert await served.query.GetBlock(block, timeout=SECONDS)
            assert await code_of(served.query.GetBlock(block, timeout=SECONDS)) == limited
            for _ in range(4):
                await served.query.GetClock(status_pb2.GetClockRequest(), timeout=SECONDS)

    run(story)


def test_old_blocks_are_read_one_at_a_time_however_many_streams_ask() -> None:
    async def story() -> None:
        async with serve() as served:
            exchange, turns, most = served.exchange, [0], [0]
            read, first = exchange.block, exchange.cursor.height + 1
            for place in range(5):
                exchange.submit_now(served.world.sign(0, bid(5_900_000 + place * 10)).data)
            wanted = [*range(first, exchange.cursor.height + 1)]
            assert len(wanted) == 5

            def counted(asked: int) -> Any:
                turns[0] += 1
                most[0] = max(most[0], turns[0])
                return read(asked)

            async def tick() -> None:
                while True:
                    turns[0] = 0
                    await asyncio.sleep(0)

            exchange.block = counted  # type: ignore[method-assign, assignment]
            ticking = asyncio.create_task(tick())
            request = stream_pb2.BlocksRequest(from_height=first)
            streams: list[Any] = [served.stream.Blocks(request) for _ in range(30)]
            for stream in streams:
                heights = [(await stream.read()).block.header.height for _ in wanted]
                assert heights == wanted
            ticking.cancel()
            assert most[0] <= 2

    run(story)
