"""Sending transactions: receipts anyone can verify, refusals, and what becomes of an order."""

import asyncio
from collections import Counter

import grpc
import grpc.aio

from proto.sextant.v1 import common_pb2, query_pb2, sequencer_pb2, status_pb2
from statemachine.actions import Cancel, Modify, encode_transaction
from statemachine.cursor import decode_cursor
from statemachine.identity.signing import CURVE_ORDER, address_of, block_digest, recover
from statemachine.receipts import Receipt, root_of, verify_path
from statemachine.units import Lots, Price
from tests.e2e.serving import code_of, run, serve
from tests.e2e.trading import BUY, CLIENT_ID, SECONDS, SELL, limit, submit
from tests.exchange import SEQUENCER_KEY
from tests.waiting import until


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
