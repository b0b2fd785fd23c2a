"""The services over a real connection: answers, refusals, and a server that lives on."""

import asyncio
import zlib
from collections import Counter
from struct import pack as pack_struct
from typing import Any

import grpc
import grpc.aio
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from node.l1.postings import Posting
from node.ledger.blocks import block_digest
from node.settings import AdmissionSettings, FeedSettings, GrpcSettings
from proto.sextant.v1 import (
    common_pb2,
    dev_pb2,
    dev_pb2_grpc,
    query_pb2,
    sequencer_pb2,
    status_pb2,
    stream_pb2,
)
from statemachine import keys
from statemachine.actions import (
    Cancel,
    Modify,
    PlaceOrder,
    Transaction,
    Transfer,
    Withdraw,
    encode_transaction,
)
from statemachine.cursor import decode_cursor
from statemachine.identity.signing import CURVE_ORDER, address_of, recover
from statemachine.merkle.tree import PartialTree
from statemachine.receipts import Receipt, root_of, verify_path
from statemachine.units import Lots, Micros, Price
from tests.e2e.serving import Served, code_of, next_of, quick_settings, run, serve, until
from tests.exchange import SEQUENCER_KEY
from tests.worlds import USDC, trader_key

BUY, SELL, IOC, POST_ONLY = 0, 1, 2, 4
CLIENT_ID = b"client-id-000001"
SECONDS = 10.0


def limit(flags: int, price: int, size: int, client_id: bytes = b"") -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size), client_id)


async def submit(served: Served, transaction: Transaction) -> sequencer_pb2.Outcome:
    request = sequencer_pb2.SubmitRequest(transaction=transaction.data, with_paths=True)
    return await served.sequencer.Submit(request, timeout=SECONDS)


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


def test_a_signed_receipt_can_be_verified_by_anyone() -> None:
    async def story() -> None:
        async with serve() as served:
            order = served.world.sign(0, limit(BUY, 5_990_000, 10))
            answer = await submit(served, order)
            header = answer.sequenced.header
            [receipt] = answer.sequenced.receipts
            assert receipt.code == 0
            assert receipt.code_name == "OK"
            assert receipt.order_id > 0
            cursor = decode_cursor(header.cursor)
            assert cursor.hash == header.cursor_hash
            assert root_of(cursor.frontier) == header.receipts_root
            digest = block_digest(header.chain_id, header.height, header.cursor_hash)
            assert recover(digest, header.signature) == address_of(SEQUENCER_KEY)
            leaf = Receipt(
                receipt.transaction_hash,
                receipt.index,
                receipt.leg,
                receipt.code,
                tuple(receipt.arguments),
                receipt.order_id,
                receipt.filled_lots,
                receipt.notional_micros,
                receipt.fee_micros,
            ).leaf()
            path = list(receipt.path.siblings)
            count = header.receipts_count
            assert verify_path(header.receipts_root, leaf, receipt.leaf, count, path)

    run(story)


def test_each_kind_of_bad_request_has_its_own_reason_and_the_server_lives() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            action = limit(BUY, 5_990_000, 10)
            good = world.sign(0, action)
            late = world.sign(0, action, expires_at=world.now - 1)
            old = world.sign(0, action, nonce=(world.now - 10_000_000) << 10)
            ahead = world.sign(0, action, nonce=(world.now + 10_000_000) << 10)
            stranger = world.sign(b"\x77" * 32, action)
            s = CURVE_ORDER - int.from_bytes(good.signature[32:64], "big")
            flipped = bytes([good.signature[64] ^ 1])
            high = good.signature[:32] + s.to_bytes(32, "big") + flipped
            broken = b"\xff" * 32 + good.signature[32:]
            cases = {
                "MALFORMED": b"garbage that is no transaction",
                "TOO_LARGE": bytes(100_000),
                "SIGNATURE_INVALID": encode_transaction(action, good.nonce, 0, broken),
                "SIGNATURE_HIGH_S": encode_transaction(action, good.nonce, 0, high),
                "SIGNER_UNKNOWN": stranger.data,
                "EXPIRED": late.data,
                "NONCE_OLD": old.data,
                "NONCE_AHEAD": ahead.data,
            }
            statuses = {
                "MALFORMED": grpc.StatusCode.INVALID_ARGUMENT,
                "TOO_LARGE": grpc.StatusCode.INVALID_ARGUMENT,
                "SIGNATURE_INVALID": grpc.StatusCode.UNAUTHENTICATED,
                "SIGNATURE_HIGH_S": grpc.StatusCode.UNAUTHENTICATED,
                "SIGNER_UNKNOWN": grpc.StatusCode.UNAUTHENTICATED,
                "EXPIRED": grpc.StatusCode.FAILED_PRECONDITION,
                "NONCE_OLD": grpc.StatusCode.FAILED_PRECONDITION,
                "NONCE_AHEAD": grpc.StatusCode.FAILED_PRECONDITION,
            }
            for reason, data in cases.items():
                request = sequencer_pb2.SubmitRequest(transaction=data)
                call = served.sequencer.Submit(request, timeout=SECONDS)
                assert await code_of(call) == (statuses[reason], reason)
            batch = sequencer_pb2.SubmitBatchRequest(transactions=[*cases.values(), good.data])
            answer = await served.sequencer.SubmitBatch(batch, timeout=SECONDS)
            reasons = [common_pb2.Reason.Name(r.refusal.reason) for r in answer.refusals]
            assert reasons == [f"REASON_{reason}" for reason in cases]
            assert list(answer.receipt_counts) == [0] * len(cases) + [1]
            assert list(answer.codes) == [0]

    run(story)


def test_a_replay_gets_the_original_answer_and_a_used_nonce_its_own_code() -> None:
    async def story() -> None:
        async with serve() as served:
            first = served.world.sign(0, limit(BUY, 5_990_000, 10))
            original = await submit(served, first)
            again = await submit(served, first)
            assert again.duplicate
            assert not original.duplicate
            assert again.sequenced == original.sequenced
            other = served.world.sign(0, limit(BUY, 5_980_000, 10), nonce=first.nonce)
            refused = await code_of(submit(served, other))
            assert refused == (grpc.StatusCode.FAILED_PRECONDITION, "NONCE_USED")

    run(story)


def test_a_transaction_in_the_queue_is_accepted_not_unknown() -> None:
    async def story() -> None:
        async with serve() as served:
            served.exchange.held = True
            order = served.world.sign(0, limit(BUY, 5_990_000, 10))
            request = query_pb2.GetTransactionStatusRequest(transaction_hash=order.hash)
            ask = served.query.GetTransactionStatus
            assert (await ask(request, timeout=SECONDS)).stage == common_pb2.STAGE_UNKNOWN
            waiting = asyncio.ensure_future(submit(served, order))
            await until(lambda: served.exchange.waits(order.hash))
            assert (await ask(request, timeout=SECONDS)).stage == common_pb2.STAGE_ACCEPTED
            await served.exchange.resume()
            await waiting
            assert (await ask(request, timeout=SECONDS)).stage == common_pb2.STAGE_SEQUENCED
            status = await served.query.GetStatus(status_pb2.GetStatusRequest(), timeout=SECONDS)
            assert (status.l1_latest.number, status.l1_final.number) == (9, 7)

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


def test_limits_of_a_connection() -> None:
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


def test_an_order_stream_answers_every_batch_by_its_tag() -> None:
    async def story() -> None:
        async with serve() as served:
            call = served.sequencer.OrderStream(None)
            sent = 20
            for tag in range(sent):
                orders = [served.world.sign(0, limit(BUY, 5_900_000 + tag * 10, 1))]
                batch = sequencer_pb2.SubmitBatchRequest(transactions=[o.data for o in orders])
                await call.write(sequencer_pb2.OrderStreamRequest(tag=tag, batch=batch))
            await call.write(sequencer_pb2.OrderStreamRequest(tag=99))
            await call.done_writing()
            codes: Counter[int] = Counter()
            tags = set()
            async for answer in call:
                tags.add(answer.tag)
                if answer.tag == 99:
                    assert answer.refusal.reason == common_pb2.REASON_BATCH_EMPTY
                else:
                    codes.update(answer.outcome.codes)
            assert tags == {*range(sent), 99}
            assert codes == {0: sent}

    run(story)


def test_a_book_followed_by_deltas_equals_the_book() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            await submit(served, world.sign(0, limit(BUY, 5_990_000, 10)))
            updates = served.stream.Book(stream_pb2.BookRequest(market=0))
            snapshot = (await next_of(updates)).snapshot
            copy = {
                side: dict(zip(levels.prices, levels.lots, strict=True))
                for side, levels in ((BUY, snapshot.bids), (SELL, snapshot.asks))
            }
            sequence = snapshot.sequence
            resting = await submit(served, world.sign(0, limit(SELL, 6_010_000, 7)))
            await submit(served, world.sign(0, limit(SELL, 6_020_000, 5)))
            await submit(served, world.sign(1, limit(BUY | IOC, 6_010_000, 3)))
            order_id = resting.sequenced.receipts[0].order_id
            await submit(served, world.sign(0, Cancel(0, 0, order_id)))
            checksums = []
            for _ in range(4):
                delta = (await next_of(updates)).delta
                assert delta.sequence == sequence + 1
                sequence = delta.sequence
                for side, levels in ((BUY, delta.bids), (SELL, delta.asks)):
                    for price, lots in zip(levels.prices, levels.lots, strict=True):
                        if lots:
                            copy[side][price] = lots
                        else:
                            del copy[side][price]
                checksums.append(delta.checksum)
            updates.cancel()
            assert copy == {BUY: {5_990_000: 10}, SELL: {6_020_000: 5}}
            data = pack_struct(">QQ", 5_990_000, 10) + pack_struct(">QQ", 6_020_000, 5)
            assert checksums[-1] == zlib.crc32(data)
            request = query_pb2.GetBookRequest(market=0)
            book = await served.query.GetBook(request, timeout=SECONDS)
            assert list(book.asks.prices) == [6_020_000]
            assert (book.checksum, book.sequence) == (checksums[-1], sequence)

    run(story)


def test_what_a_trade_does_is_told_to_everyone_concerned() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            trades = served.stream.Trades(stream_pb2.TradesRequest(markets=[0]))
            maker = world.account(0)
            events = served.stream.AccountEvents(stream_pb2.AccountEventsRequest(account=maker))
            start = await next_of(events)
            assert start.height == served.exchange.cursor.height
            hub = served.server.hub
            await until(lambda: "all" in hub.trade_readers)
            placed = await submit(served, world.sign(0, limit(SELL, 6_000_000, 7, CLIENT_ID)))
            order_id = placed.sequenced.receipts[0].order_id
            [resting] = (await next_of(events)).events
            assert resting.order.order.order_id == order_id
            assert (resting.order.order.lots, resting.order.order.client_id) == (7, CLIENT_ID)
            await submit(served, world.sign(1, limit(BUY | IOC, 6_000_000, 7)))
            [fill] = (await next_of(events)).events
            assert (fill.fill.maker, fill.fill.lots, fill.fill.remaining_lots) == (True, 7, 0)
            [trade] = (await next_of(trades)).trades
            assert (trade.price, trade.lots, trade.taker_side) == (6_000_000, 7, 1)
            request = query_pb2.GetOrderRequest(order_id=order_id)
            order = await served.query.GetOrder(request, timeout=SECONDS)
            assert order.state == query_pb2.ORDER_STATE_FILLED
            recent = await served.query.GetTrades(query_pb2.GetTradesRequest(), timeout=SECONDS)
            assert list(recent.trades) == [trade]
            account = await served.query.GetAccount(
                query_pb2.GetAccountRequest(account=maker), timeout=SECONDS
            )
            [position] = account.portfolios[0].positions
            assert (position.size_lots, position.entry_price) == (-7, 6_000_000)
            assert position.liquidation_price > 6_000_000
            trades.cancel()
            events.cancel()

    run(story)


def test_a_slow_reader_is_closed_and_told_to_subscribe_again() -> None:
    settings = quick_settings(feed=FeedSettings(updates_max=1))

    async def story() -> None:
        async with serve(settings) as served:
            updates = served.stream.Book(stream_pb2.BookRequest(market=0))
            await next_of(updates)
            hub = served.server.hub
            orders = [
                served.world.sign(0, limit(BUY, 5_900_000 + tick * 10, 1)) for tick in range(20)
            ]
            for order in orders:  # no pause: the reader's task cannot run in between
                served.exchange.submit_now(order.data)
            seen = []

            async def read_all() -> None:
                while True:
                    seen.append(await next_of(updates))

            code, text = await code_of(read_all())
            assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert text == "SLOW_CONSUMER"
            assert len(seen) < len(orders)
            assert not hub.book_readers.readers
            again = served.stream.Book(stream_pb2.BookRequest(market=0))
            snapshot = (await next_of(again)).snapshot
            assert len(snapshot.bids.prices) == len(orders)
            again.cancel()

    run(story)


def test_blocks_from_a_height_have_no_holes() -> None:
    async def story() -> None:
        async with serve() as served:
            first = served.exchange.cursor.height + 1
            for i in range(3):
                await submit(served, served.world.sign(0, limit(BUY, 5_900_000 + i * 10, 1)))
            request = stream_pb2.BlocksRequest(
                from_height=first, with_frames=True, with_receipts=True, with_roots=True
            )
            updates = served.stream.Blocks(request)
            heights = []
            for _ in range(3):
                block = (await next_of(updates)).block
                assert block.frame
                assert len(block.receipts) == block.header.receipts_count
                heights.append(block.header.height)
            await submit(served, served.world.sign(0, limit(BUY, 5_800_000, 1)))
            heights.append((await next_of(updates)).block.header.height)
            assert heights == [first, first + 1, first + 2, first + 3]
            served.exchange.audience.root(first)
            update = await next_of(updates)
            assert update.roots.height == first
            updates.cancel()

    run(story)


def test_reads_agree_with_the_state() -> None:
    async def story() -> None:
        async with serve() as served:
            world, query = served.world, served.query
            placed = await submit(served, world.sign(0, limit(BUY, 5_990_000, 10, CLIENT_ID)))
            markets = await query.GetMarkets(query_pb2.GetMarketsRequest(), timeout=SECONDS)
            assert [m.symbol for m in markets.markets] == ["M0", "M1"]
            assert markets.markets[0].best_bid == 5_990_000
            assert markets.markets[0].index == 6_000_000
            owner = address_of(trader_key(0))
            request = query_pb2.GetAccountRequest(address=owner, with_orders=True)
            account = await query.GetAccount(request, timeout=SECONDS)
            [portfolio] = account.portfolios
            assert account.owner == owner
            assert portfolio.balance_micros == 100_000 * USDC
            [order] = portfolio.orders
            assert order.client_id == CLIENT_ID
            assert order.order_id == placed.sequenced.receipts[0].order_id
            client = query_pb2.ClientOrder(
                portfolio=common_pb2.Portfolio(account=account.account), client_id=CLIENT_ID
            )
            same = await query.GetOrder(query_pb2.GetOrderRequest(client=client), timeout=SECONDS)
            assert same == order
            signer = await query.GetSigner(
                query_pb2.GetSignerRequest(address=owner), timeout=SECONDS
            )
            assert (signer.account, signer.is_agent) == (account.account, False)
            rules = await query.GetRules(status_pb2.GetRulesRequest(), timeout=SECONDS)
            assert rules.rules_hash == world.rules.hash
            tx_hash = placed.transaction_hash
            receipt = await query.GetReceipt(
                query_pb2.GetReceiptRequest(transaction_hash=tx_hash, with_paths=True),
                timeout=SECONDS,
            )
            assert list(receipt.receipts) == list(placed.sequenced.receipts)
            assert receipt.status.stage == common_pb2.STAGE_SEQUENCED
            served.exchange.final_height = receipt.header.height
            status = await query.GetTransactionStatus(
                query_pb2.GetTransactionStatusRequest(transaction_hash=tx_hash), timeout=SECONDS
            )
            assert status.stage == common_pb2.STAGE_FINAL
            assert (status.log_index, status.posted_ms) == (0, 0)  # not on L1 yet
            height = receipt.header.height
            served.exchange.safe_height = height
            served.exchange.postings.add(Posting(height - 1, height, 5, 777))
            served.exchange.finals.advance(0, 0, 700)
            served.exchange.finals.advance(height, 5, 888)
            status = await query.GetTransactionStatus(
                query_pb2.GetTransactionStatusRequest(transaction_hash=tx_hash), timeout=SECONDS
            )
            assert (status.log_index, status.posted_ms, status.final_ms) == (5, 777, 888)
            block = await query.GetBlock(query_pb2.GetBlockRequest(height=height), timeout=SECONDS)
            assert block.log_index == 5

    run(story)


def test_money_moves_and_a_withdrawal_can_be_proved() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            await submit(served, world.sign(0, Transfer(0, 3, Micros(5 * USDC))))
            withdrawn = await submit(served, world.sign(0, Withdraw(3, Micros(2 * USDC))))
            owner = address_of(trader_key(0))
            account = await served.query.GetAccount(
                query_pb2.GetAccountRequest(address=owner), timeout=SECONDS
            )
            assert {p.sub: p.balance_micros for p in account.portfolios}[3] == 3 * USDC
            listed = await served.query.GetWithdrawals(
                query_pb2.GetWithdrawalsRequest(owner=owner), timeout=SECONDS
            )
            [withdrawal] = listed.withdrawals
            assert withdrawal.amount_micros == 2 * USDC
            assert withdrawal.height == withdrawn.sequenced.header.height
            for _ in range(5):
                await submit(served, world.sign(1, limit(BUY, 5_900_000, 1)))
            again = await submit(served, world.sign(0, Withdraw(3, Micros(1 * USDC))))
            listed = await served.query.GetWithdrawals(
                query_pb2.GetWithdrawalsRequest(owner=owner), timeout=SECONDS
            )
            heights = [again.sequenced.header.height, withdrawal.height]
            assert [later.height for later in listed.withdrawals] == heights
            absent = keys.withdrawal_key(5)
            proof = await served.query.GetProof(
                query_pb2.GetProofRequest(keys=[withdrawal.key, absent], log_index=3),
                timeout=SECONDS,
            )
            tree = PartialTree.decode(proof.witness)
            assert tree.root == proof.root
            assert tree.get(withdrawal.key) == proof.values[0].value
            assert tree.get(absent) is None
            assert [value.present for value in proof.values] == [True, False]
            call = served.query.GetProof(
                query_pb2.GetProofRequest(keys=[absent], log_index=1), timeout=SECONDS
            )
            assert await code_of(call) == (grpc.StatusCode.OUT_OF_RANGE, "PRUNED")

    run(story)


def test_a_modified_order_names_what_took_its_place() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            await submit(served, world.sign(1, limit(SELL, 6_000_000, 3)))
            placed = await submit(served, world.sign(0, limit(BUY, 6_000_000, 10, CLIENT_ID)))
            first = order_id = placed.sequenced.receipts[0].order_id
            for price, filled in ((5_980_000, 0), (5_970_000, 0), (6_010_000, 2)):
                if filled:
                    await submit(served, world.sign(1, limit(SELL, price, filled)))
                change = Modify(0, 0, BUY, order_id, Price(price), Lots(6))
                changed = await submit(served, world.sign(0, change))
                old, order_id = order_id, changed.sequenced.receipts[0].order_id
                assert order_id > old
                request = query_pb2.GetOrderRequest(order_id=old)
                order = await served.query.GetOrder(request, timeout=SECONDS)
                assert order.state == query_pb2.ORDER_STATE_CANCELLED
                assert order.removal == query_pb2.REMOVAL_MODIFIED
                assert order.replaced_by == order_id
                assert order.client_id == CLIENT_ID
                assert order.lots == (10 if old == first else 6)
                request = query_pb2.GetOrderRequest(order_id=first)
                order = await served.query.GetOrder(request, timeout=SECONDS)
                assert (order.lots, order.client_id) == (10, CLIENT_ID)
            await submit(served, world.sign(0, Cancel(0, 0, order_id)))
            request = query_pb2.GetOrderRequest(order_id=order_id)
            order = await served.query.GetOrder(request, timeout=SECONDS)
            assert (order.lots, order.remaining_lots, order.replaced_by) == (6, 4, 0)

    run(story)


def test_what_does_not_exist_is_not_found() -> None:
    async def story() -> None:
        async with serve() as served:
            query = served.query
            missing = (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
            calls = [
                query.GetBook(query_pb2.GetBookRequest(market=40), timeout=SECONDS),
                query.GetOrder(query_pb2.GetOrderRequest(order_id=10**9), timeout=SECONDS),
                query.GetBlock(query_pb2.GetBlockRequest(height=10**6), timeout=SECONDS),
                query.GetAccount(query_pb2.GetAccountRequest(account=999), timeout=SECONDS),
                query.GetSigner(query_pb2.GetSignerRequest(address=bytes(20)), timeout=SECONDS),
            ]
            for call in calls:
                assert await code_of(call) == missing
            wrong = query.GetSigner(query_pb2.GetSignerRequest(address=b"x"), timeout=SECONDS)
            assert (await code_of(wrong))[1] == "ARGUMENT_INVALID"

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
