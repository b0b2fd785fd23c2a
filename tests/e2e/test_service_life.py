"""A server's life: what it survives, and how it ends."""

import asyncio
import random
import struct

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from node.process.metrics import Metrics
from node.service.server import NodeServer
from proto.sextant.v1 import query_pb2, sequencer_pb2, status_pb2, stream_pb2
from statemachine.actions import PlaceOrder
from statemachine.units import Lots, Price
from tests.e2e.serving import code_of, next_of, quick_settings, run, serve
from tests.exchange import Exchange
from tests.waiting import until
from tests.worlds import World

SECONDS = 10.0
ORDER = PlaceOrder(0, 0, 0, Price(5_990_000), Lots(10))


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Return bytes near a transaction: flipped, cut, repeated, or nothing like it."""
    match rng.randrange(5):
        case 0:
            return rng.randbytes(rng.randrange(300))
        case 1:
            return data[: rng.randrange(len(data))]
        case 2:
            return data + rng.randbytes(rng.randrange(1, 40))
        case 3:
            place = rng.randrange(len(data))
            return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
        case _:
            return data * rng.randrange(2, 100)


def test_the_server_survives_two_thousand_near_misses() -> None:
    async def story() -> None:
        async with serve() as served:
            rng = random.Random(7)
            good = served.world.sign(0, ORDER)
            junk = [mutate(rng, good.data) for _ in range(2_000)]
            for start in range(0, len(junk), 500):
                batch = sequencer_pb2.SubmitBatchRequest(transactions=junk[start : start + 500])
                answer = await served.sequencer.SubmitBatch(batch, timeout=SECONDS)
                refused = {item.position for item in answer.refusals}
                sequenced = [p for p in range(500) if p not in refused]
                assert len(answer.heights) == 500
                # A flipped bit recovers some stranger, never the signer.
                assert not sequenced
            request = sequencer_pb2.SubmitRequest(transaction=good.data)
            outcome = await served.sequencer.Submit(request, timeout=SECONDS)
            assert outcome.sequenced.receipts[0].code == 0

    run(story)


def test_bytes_that_are_no_protobuf_are_refused() -> None:
    async def story() -> None:
        async with serve() as served:
            for method in ("Sequencer/Submit", "Sequencer/SubmitBatch", "Query/GetAccount"):
                call = served.channel.unary_unary(f"/sextant.v1.{method}", None, None)
                refused = await code_of(call(b"\xff\xff\xff\xff", timeout=SECONDS))
                assert refused == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED")
                refused = await code_of(call(bytes(2 << 20), timeout=SECONDS))
                assert refused == (grpc.StatusCode.INVALID_ARGUMENT, "TOO_LARGE")
                code, _ = await code_of(call(bytes(8 << 20), timeout=SECONDS))
                assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
            read = served.channel.unary_stream("/sextant.v1.Stream/Trades", None, None)
            assert (await code_of(next_of(read(b"\xff"))))[1] == "MALFORMED"
            both = served.channel.stream_stream("/sextant.v1.Sequencer/OrderStream", None, None)
            orders = both(None)
            good = sequencer_pb2.OrderStreamRequest(tag=7).SerializeToString()
            await orders.write(good)
            answer = sequencer_pb2.OrderStreamResponse.FromString(await next_of(orders))
            assert answer.tag == 7
            await orders.write(b"\xff\xff")
            assert (await code_of(next_of(orders)))[1] == "MALFORMED"
            assert served.server.metrics.incidents._value.get() == 0
            clock = await served.query.GetClock(status_pb2.GetClockRequest(), timeout=SECONDS)
            assert clock.height

    run(story)


def test_bytes_that_are_no_grpc_hurt_nobody() -> None:
    async def story() -> None:
        async with serve() as served:
            port = served.server.port
            for hello in (b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 1 << 31) * 100, b"\x16\x03"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(hello)
                writer.write_eof()
                await reader.read()
                writer.close()
                await writer.wait_closed()
            clock = await served.query.GetClock(status_pb2.GetClockRequest(), timeout=SECONDS)
            assert clock.height

    run(story)


def test_an_orderly_end_answers_what_is_under_way_and_closes_streams() -> None:
    async def story() -> None:
        world = World()
        world.open(2)
        exchange = Exchange(world)
        server = NodeServer(exchange, quick_settings(), Metrics(), gateway=exchange)
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            while (await next_of(health)).status != health_pb2.HealthCheckResponse.SERVING:
                pass
            send = channel.unary_unary(
                "/sextant.v1.Sequencer/Submit",
                request_serializer=sequencer_pb2.SubmitRequest.SerializeToString,
                response_deserializer=sequencer_pb2.Outcome.FromString,
            )
            follow = channel.unary_stream(
                "/sextant.v1.Stream/Blocks",
                request_serializer=stream_pb2.BlocksRequest.SerializeToString,
                response_deserializer=stream_pb2.BlockUpdate.FromString,
            )
            exchange.held = True
            order = sequencer_pb2.SubmitRequest(transaction=world.sign(0, ORDER).data)
            waiting = asyncio.ensure_future(send(order, timeout=SECONDS))
            blocks = follow(stream_pb2.BlocksRequest())
            reading = asyncio.ensure_future(code_of(next_of(blocks)))
            await until(lambda: bool(exchange.core.queue and server.hub.block_readers.readers))
            ending = asyncio.ensure_future(server.stop())
            assert await reading == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
            assert (await next_of(health)).status == health_pb2.HealthCheckResponse.NOT_SERVING
            await exchange.resume()
            assert (await waiting).sequenced.receipts[0].code == 0
            await ending
            late = send(order, timeout=SECONDS)
            code, _ = await code_of(late)
            assert code is grpc.StatusCode.UNAVAILABLE

    run(story)


def test_a_port_in_use_is_said_plainly() -> None:
    async def story() -> None:
        async with serve() as served:
            settings = quick_settings(
                grpc=type(served.server.settings.grpc)(port=served.server.port)
            )
            second = NodeServer(served.exchange, settings, Metrics())
            with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{served.server.port}"):
                await second.start()
            await second.stop()

    run(story)


def test_feeds_go_on_after_a_gap() -> None:
    async def story() -> None:
        async with serve() as served:
            hub, exchange = served.server.hub, served.exchange
            updates = served.stream.Book(stream_pb2.BookRequest(market=0))
            await next_of(updates)
            [listener] = exchange.audience.subscribers
            listener.lagging = True
            exchange.submit_now(served.world.sign(0, ORDER).data)
            # The listener was cut off before the block: it ends once it has read what it had.
            listener.queue.put_nowait(exchange.blocks[exchange.cursor.height])
            status, reason = await code_of(next_of(updates))
            if status is grpc.StatusCode.OK:
                raise AssertionError(reason)
            assert reason == "SLOW_CONSUMER"
            await until(lambda: bool(exchange.audience.subscribers))
            book = await served.query.GetBook(query_pb2.GetBookRequest(market=0), timeout=SECONDS)
            assert list(book.bids.prices) == [5_990_000]
            assert hub.height == exchange.cursor.height

    run(story)
