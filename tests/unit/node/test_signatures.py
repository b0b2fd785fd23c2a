"""Signature workers: the same answers as in this process, in order, whatever happens to them."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from node.ledger.feed import Reason, Refusal
from node.sequencing.signatures import (
    CHUNK_TRANSACTIONS_MAX,
    CHUNKS_AHEAD_MAX,
    SignaturePool,
    Signer,
    judge_signature,
)
from statemachine.actions import PlaceOrder
from statemachine.identity.signing import CURVE_ORDER, address_of
from statemachine.units import Lots, Price
from tests.worlds import World, trader_key

WORLD = World()
ORDER = PlaceOrder(0, 0, 0, Price(6_000_000), Lots(1))


def signed(count: int, start: int = 0) -> list[bytes]:
    return [WORLD.sign((start + i) % 7, ORDER).data for i in range(count)]


def high_s(data: bytes) -> bytes:
    """Return the transaction with the other form of its signature."""
    head, r, s, v = data[:-65], data[-65:-33], data[-33:-1], data[-1]
    other = CURVE_ORDER - int.from_bytes(s, "big")
    return head + r + other.to_bytes(32, "big") + bytes([v ^ 1])


def with_pool(workers: int, story: Callable[[SignaturePool], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        pool = SignaturePool(WORLD.domain, workers)
        await pool.start()
        try:
            await asyncio.wait_for(story(pool), 30)
        finally:
            await pool.stop()

    asyncio.run(run())


def test_each_fault_has_its_own_reason() -> None:
    [good] = signed(1)
    assert judge_signature(WORLD.domain, good) == address_of(trader_key(0))
    for data, reason in (
        (b"", "MALFORMED"),
        (good[:-1], "MALFORMED"),
        (high_s(good), "SIGNATURE_HIGH_S"),
        (good[:-65] + bytes(65), "SIGNATURE_INVALID"),
    ):
        judged = judge_signature(WORLD.domain, data)
        assert judged[0] == reason


def test_workers_answer_in_the_order_of_the_requests() -> None:
    async def story(pool: SignaturePool) -> None:
        batches = [signed(size, start) for start, size in enumerate((300, 1, 0, 5, 129))]
        done: list[int] = []
        futures = [pool.recover(batch) for batch in batches]

        async def note(number: int) -> list[Signer]:
            answer = await futures[number]
            done.append(number)
            return answer

        answers = await asyncio.gather(*(note(number) for number in range(len(batches))))
        for start, (batch, answer) in enumerate(zip(batches, answers, strict=True)):
            expected = [address_of(trader_key((start + i) % 7)) for i in range(len(batch))]
            assert answer == expected
        assert sorted(done) == [0, 1, 2, 3, 4]
        assert [number for number in done if number != 2] == [0, 1, 3, 4]

    with_pool(2, story)


def test_garbage_between_good_ones_does_no_harm() -> None:
    async def story(pool: SignaturePool) -> None:
        good = signed(2)
        first, bad, last = await pool.recover([good[0], b"\xc1", good[1]])
        assert (first, last) == (address_of(trader_key(0)), address_of(trader_key(1)))
        assert isinstance(bad, Refusal)

    with_pool(1, story)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals of a Unix")
def test_a_killed_worker_is_replaced_and_its_work_repeated() -> None:
    async def story(pool: SignaturePool) -> None:
        await pool.recover(signed(1))
        futures = [pool.recover(signed(200, start)) for start in range(4)]
        os.kill(pool.lanes[0].worker.pid, signal.SIGKILL)
        for start, answer in enumerate(await asyncio.gather(*futures)):
            assert answer == [address_of(trader_key((start + i) % 7)) for i in range(200)]

    with_pool(1, story)


def test_a_worker_that_cannot_be_replaced_at_once_is_replaced_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system that killed it for want of memory may have none for the next, either."""

    async def story(pool: SignaturePool) -> None:
        start, failures = asyncio.create_subprocess_exec, [OSError(12, "no memory")] * 2

        async def scarce(*words: str, **options: Any) -> Any:
            if failures:
                raise failures.pop()
            return await start(*words, **options)

        monkeypatch.setattr("node.process.worker.asyncio.create_subprocess_exec", scarce)
        monkeypatch.setattr("node.sequencing.signatures.RESTART_SECONDS", 0.01)
        os.kill(pool.lanes[0].worker.pid, signal.SIGKILL)
        batch = signed(3)
        answers = await asyncio.wait_for(pool.recover(batch), 15)
        assert answers == [judge_signature(WORLD.domain, data) for data in batch]
        assert not failures

    with_pool(1, story)


def test_unanswered_requests_are_refused_at_the_end() -> None:
    async def run() -> None:
        pool = SignaturePool(WORLD.domain, 1)
        await pool.start()
        more_than_is_under_way = signed(1) * (CHUNK_TRANSACTIONS_MAX * (CHUNKS_AHEAD_MAX + 1))
        future = pool.recover(more_than_is_under_way)
        await pool.stop()
        answer = await future
        assert len(answer) == len(more_than_is_under_way)
        assert {a.reason for a in answer if isinstance(a, Refusal)} == {Reason.SHUTTING_DOWN}
        assert not [a for a in answer if not isinstance(a, Refusal)]

    asyncio.run(run())
