"""What a session promises: one order for one intent, whatever fails on the way."""

import asyncio
from decimal import Decimal
from typing import Any

import grpc
import grpc.aio
import pytest

from sextant.client.connection import explain, pause_of
from sextant.client.nonces import time_of
from sextant.client.orders import NewOrder
from sextant.client.pipeline import Pipeline
from sextant.client.secret import Secret
from sextant.client.sync import Client
from sextant.errors import (
    BadRequest,
    ClientError,
    OutcomeUnknown,
    ProofInvalid,
    Refused,
    Rejected,
    Unreachable,
)
from statemachine.errors import Code
from tests.unit.client.fakes import (
    NODE_MS,
    USER_KEY,
    FakeNode,
    connected,
    failure,
    run,
    serving,
)

FAILED = grpc.StatusCode.FAILED_PRECONDITION


def place(node: FakeNode, **options: Any) -> Any:
    async def work() -> Any:
        async with connected(node, **options) as client:
            return await client.place("BTC", "buy", "0.5", limit="65000")

    return run(work())


def test_order_is_signed_by_the_nodes_time_and_verified() -> None:
    node = FakeNode()
    placed = place(node)
    assert placed.order_id == 70
    assert not placed.existed
    sent = node.seen[0]
    assert 0 <= time_of(sent.nonce) - NODE_MS < 10_000
    assert 0 < sent.expires_at - NODE_MS < 70_000
    assert len(placed.client_id) == 16


@pytest.mark.parametrize("reason", ["NONCE_OLD", "NONCE_AHEAD", "NONCE_USED", "EXPIRED"])
def test_a_refused_nonce_is_signed_again_after_asking_the_time(reason: str) -> None:
    node = FakeNode()
    node.script = [failure(FAILED, reason)]
    assert place(node).order_id == 70
    assert node.clock_calls == 1
    assert len(node.seen) == 1


def test_a_node_that_keeps_refusing_is_believed() -> None:
    node = FakeNode()
    node.script = [failure(FAILED, "NONCE_OLD")] * 5
    with pytest.raises(Refused) as caught:
        place(node)
    assert caught.value.code == "NONCE_OLD"
    assert not node.seen


def test_an_unavailable_node_is_asked_again_with_the_same_bytes() -> None:
    node = FakeNode()
    node.script = [failure(grpc.StatusCode.UNAVAILABLE, "QUEUE_FULL")] * 2
    assert place(node).order_id == 70
    assert len(node.seen) == 1


@pytest.mark.parametrize(
    ("status", "reason", "kind", "retryable"),
    [
        (FAILED, "NOT_SEQUENCER", Refused, False),
        (grpc.StatusCode.UNAUTHENTICATED, "SIGNER_UNKNOWN", Refused, False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", Refused, True),
        (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED", BadRequest, False),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE", OutcomeUnknown, True),
    ],
)
def test_refusals_have_a_kind_and_a_code(
    status: grpc.StatusCode, reason: str, kind: type[ClientError], retryable: bool
) -> None:
    node = FakeNode()
    node.script = [failure(status, reason)] * 4
    with pytest.raises(kind) as caught:
        place(node)
    assert caught.value.code == reason
    assert caught.value.retryable is retryable


@pytest.mark.parametrize("reason", ["NONCE_USED", "NONCE_OLD", "EXPIRED"])
def test_a_nonce_spent_by_a_lost_answer_never_becomes_a_second_order(reason: str) -> None:
    for forgets in (False, True):
        node = FakeNode()
        node.loses, node.forgets = True, forgets
        node.script = [failure(FAILED, reason)]
        if forgets:
            with pytest.raises(OutcomeUnknown) as caught:
                place(node)
            assert caught.value.code == reason
        else:
            assert place(node).order_id == 70
        assert len(node.seen) == 1


def test_a_rejection_carries_its_receipt() -> None:
    node = FakeNode()
    node.codes = [Code.TICK]
    with pytest.raises(Rejected) as caught:
        place(node)
    assert caught.value.code == "TICK"
    assert caught.value.receipt is not None


def test_a_transaction_that_expired_on_the_way_is_signed_again() -> None:
    node = FakeNode()
    node.codes = [Code.EXPIRED]
    assert place(node).order_id == 70
    assert len(node.seen) == 2
    assert node.seen[0].nonce != node.seen[1].nonce


def test_what_was_filled_before_the_limit_is_filled() -> None:
    node = FakeNode()
    node.codes = [Code.FILL_LIMIT]
    placed = place(node)
    assert placed.filled == Decimal("0.0003")
    assert placed.average_price == Decimal(65000)
    assert placed.receipt.code_name == "FILL_LIMIT"


def test_a_live_client_id_is_an_answer_not_an_error() -> None:
    node = FakeNode()
    node.codes = [Code.CLIENT_ID_EXISTS]
    placed = place(node)
    assert placed.existed
    assert placed.order_id == 4


def test_a_receipt_that_was_not_signed_is_not_believed() -> None:
    node = FakeNode()
    node.tamper = True
    with pytest.raises(ProofInvalid):
        place(node)
    assert place(FakeNode(), verify=False).order_id == 70


def test_another_sequencer_is_not_believed() -> None:
    with pytest.raises(ProofInvalid) as caught:
        place(FakeNode(), sequencer=bytes(20))
    assert caught.value.code == "HEADER_SIGNATURE"


def test_the_same_bytes_are_one_transaction() -> None:
    node = FakeNode()

    async def work() -> None:
        async with connected(node) as client:
            action = await client.compose(
                NewOrder(market="BTC", side="sell", size="1", limit="70000")
            )
            transaction = await client.sign(action)
            first, second = await client.send(transaction), await client.send(transaction)
            assert not first.duplicate
            assert second.duplicate
            assert first.receipts == second.receipts

    run(work())
    assert len(node.seen) == 1


def test_concurrent_senders_never_share_a_nonce() -> None:
    node = FakeNode()

    async def work() -> None:
        async with connected(node) as client:
            await asyncio.gather(
                *(client.place("BTC", "buy", "0.5", limit="65000") for _ in range(40))
            )

    run(work())
    assert len({transaction.nonce for transaction in node.seen}) == 40


def test_a_warped_node_is_followed() -> None:
    node = FakeNode()

    async def work() -> None:
        async with connected(node) as client:
            await client.place("BTC", "buy", "0.5", limit="65000")
            node.time_ms += 3_600_000
            await client.place("BTC", "buy", "0.5", limit="65000")
            await client.place("BTC", "buy", "0.5", limit="65000")

    run(work())
    assert time_of(node.seen[2].nonce) >= NODE_MS + 3_600_000


def test_pipeline_resends_what_has_no_answer_and_nothing_is_doubled() -> None:
    node = FakeNode()
    node.breaks_after = 3

    async def work() -> None:
        async with connected(node) as client:
            action = await client.compose(
                NewOrder(market="BTC", side="sell", size="1", limit="70000")
            )
            batches = [await client.sign_many([action] * 5) for _ in range(12)]
            async with Pipeline(client.connection, unanswered_max=4) as pipeline:
                outcomes = await asyncio.gather(
                    *(pipeline.send([one.data for one in batch]) for batch in batches)
                )
                assert pipeline.reconnects >= 1
            assert all(list(outcome.codes) == [0] * 5 for outcome in outcomes)

    run(work())
    assert len(node.seen) == 60
    assert node.streams == 2


def test_unreachable_is_said_in_time() -> None:
    async def work() -> None:
        async with serving(FakeNode()) as target:
            pass
        client = Client(target, timeout=1)
        try:
            with pytest.raises(Unreachable):
                client.status()
        finally:
            client.close()
            client.close()

    run(work())


def test_the_synchronous_face_is_the_same_client() -> None:
    async def work() -> None:
        async with serving(FakeNode()) as target:

            def use() -> int:
                with Client(target, key=Secret(USER_KEY)) as client:
                    assert client.market("btc").tick == 10
                    with pytest.raises(BadRequest):
                        client.place("BTC", "buy", "0.5", limit="65000.53")
                    order_id: int = client.place("BTC", "buy", "0.5").order_id
                    return order_id

            assert await asyncio.to_thread(use) == 70

    run(work())


@pytest.mark.parametrize("details", [b"\xff\xff", b"\x08\x05\x12\x04else"])
def test_details_that_contradict_a_refusal_are_left_out(details: bytes) -> None:
    """What a proxy has spoilt is an error of the client's own all the same."""
    trailing = (("grpc-status-details-bin", details),)
    code, metadata = grpc.StatusCode.INVALID_ARGUMENT, grpc.aio.Metadata(*trailing)
    failed = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), metadata, "no", "")
    fault = explain(failed, target="node")
    assert (type(fault), fault.code) == (BadRequest, "INVALID_ARGUMENT")
    assert pause_of(failed) == 0
