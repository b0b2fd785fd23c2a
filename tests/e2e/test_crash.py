"""kill -9 of the sequencer under load, again and again, and of everything around it.

No acknowledged transaction is lost or changes its answer, no root changes, and
what L1's data gives (the follower) is what the sequencer said.
"""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from proto.sextant.v1 import query_pb2, query_pb2_grpc, sequencer_pb2
from statemachine.actions.kinds import PlaceOrder
from statemachine.identity.signing import sign_action
from statemachine.units import Lots, Price
from tests.e2e.processes import ASK_SECONDS, PRICE, Rollup, patiently, until
from tests.worlds import trader_key

pytestmark = pytest.mark.e2e

KILLS = 20
KILLS_SOAK = 200
TRADERS = 8
BATCH = 20
ACKS_PER_LIFE = 40


class Load:
    """Keeps submitting orders, through all kills, and remembers what was acknowledged."""

    def __init__(self, rollup: Rollup) -> None:
        self.rollup = rollup
        self.count = 0
        self.acknowledged: dict[bytes, tuple[int, int, int]] = {}
        self.running = True
        self.task: asyncio.Task[None] | None = None

    def start(self) -> "asyncio.Task[None]":
        """Begin to submit."""
        self.task = asyncio.create_task(self.run())
        return self.task

    async def go_on(self) -> None:
        """Wait until some more transactions were acknowledged."""
        enough = len(self.acknowledged) + ACKS_PER_LIFE

        async def reached() -> bool:
            assert self.task is not None
            assert not self.task.done(), self.task.exception()
            return len(self.acknowledged) >= enough

        await until(reached)

    def order(self, now: int) -> bytes:
        """Return a signed order that rests, far enough apart from the other side."""
        self.count += 1
        flags = self.count % 2
        away = 10 * (1 + self.count % 900)
        price = PRICE + (away if flags else -away)
        action = PlaceOrder(0, 0, flags, Price(price), Lots(1 + self.count % 5))
        key = trader_key(self.count % TRADERS)
        nonce = (now << 10) + self.count % 1024 + (self.count // 1024 << 10)
        return sign_action(self.rollup.domain, key, action, nonce).data

    async def run(self) -> None:
        """Submit batch after batch; a batch whose answer was lost is sent again."""
        while self.running:
            now = await self.rollup.clock()
            batch = [self.order(now) for _ in range(BATCH)]
            await self.submit(batch)

    async def submit(self, batch: list[bytes]) -> None:
        """Submit a batch until it is answered, and note the answers."""
        request = sequencer_pb2.SubmitBatchRequest(
            transactions=batch, detail=sequencer_pb2.DETAIL_RECEIPTS
        )
        answer = await patiently(
            lambda: self.rollup.sequencer.SubmitBatch(request, timeout=ASK_SECONDS)
        )
        for receipt in answer.receipts:
            place = (receipt.height, receipt.code, receipt.order_id)
            before = self.acknowledged.setdefault(receipt.transaction_hash, place)
            assert before == place, "a transaction has one answer"


def children_of(pid: int) -> list[int]:
    """Return the children of a process, as Linux tells; elsewhere none."""
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


async def ask_receipt(
    stub: query_pb2_grpc.QueryStub, request: query_pb2.GetReceiptRequest
) -> query_pb2.ReceiptResponse:
    """Return what a node knows of a transaction."""
    return await patiently(lambda: stub.GetReceipt(request, timeout=ASK_SECONDS))


async def ask_block(
    stub: query_pb2_grpc.QueryStub, request: query_pb2.GetBlockRequest
) -> query_pb2.Block:
    """Return a block as a node knows it."""
    return await patiently(lambda: stub.GetBlock(request, timeout=ASK_SECONDS))


async def roots_of(rollup: Rollup, height: int) -> list[bytes]:
    """Return the segment roots of a block, once they are known."""
    found: list[bytes] = []

    async def known() -> bool:
        request = query_pb2.GetBlockRequest(height=height)
        block = await ask_block(rollup.query, request)
        found[:] = block.segment_roots
        return bool(found)

    await until(known)
    return found


async def check_answers(rollup: Rollup, load: Load) -> None:
    """Ask for every acknowledged transaction, here and at the follower."""
    final = await rollup.status()

    async def posted() -> bool:
        return (await rollup.status(rollup.follower)).safe_head.height >= final.unsafe_head.height

    await until(posted)
    for tx_hash, place in load.acknowledged.items():
        request = query_pb2.GetReceiptRequest(transaction_hash=tx_hash)
        for stub in (rollup.query, rollup.follower):
            answer = await ask_receipt(stub, request)
            [receipt] = answer.receipts
            assert (receipt.height, receipt.code, receipt.order_id) == place


async def check_roots(rollup: Rollup, seen: dict[int, list[bytes]]) -> None:
    """Compare roots that were seen before a kill with those now, and with the follower's."""
    for height, roots in seen.items():
        assert await roots_of(rollup, height) == roots
        request = query_pb2.GetBlockRequest(height=height)
        block = await ask_block(rollup.follower, request)
        assert list(block.segment_roots) == roots


async def start_under_load(rollup: Rollup) -> "tuple[Load, asyncio.Task[None]]":
    """Start everything, and submit; what is acknowledged counts once there are prices."""
    rollup.start("l1", "sequencer", "poster", "follower")
    await rollup.fund(TRADERS)
    load = Load(rollup)
    await load.submit(await rollup.prices())
    load.acknowledged.clear()
    return load, load.start()


async def kill_sequencer(folder: Path, kills: int) -> None:
    rollup = Rollup(folder)
    try:
        load, loading = await start_under_load(rollup)
        seen: dict[int, list[bytes]] = {}
        for _ in range(kills):
            await load.go_on()
            height = (await rollup.status()).unsafe_head.height
            seen[height] = await roots_of(rollup, height)
            rollup.kill("sequencer")
            rollup.start("sequencer")
        load.running = False
        await loading
        assert len(load.acknowledged) >= kills * ACKS_PER_LIFE
        await check_answers(rollup, load)
        await check_roots(rollup, seen)
        assert "mismatch" not in rollup.log("poster").lower()
        assert rollup.terminate("sequencer") == 0
    finally:
        await rollup.close()


@pytest.mark.timeout(300)
def test_no_acknowledged_transaction_is_lost(tmp_path: Path) -> None:
    asyncio.run(kill_sequencer(tmp_path, KILLS))


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_none_is_lost_over_hundreds_of_kills(tmp_path: Path) -> None:
    asyncio.run(kill_sequencer(tmp_path, KILLS_SOAK))


async def kill_each(folder: Path) -> None:
    rollup = Rollup(folder)
    try:
        load, loading = await start_under_load(rollup)
        for name in ("l1", "poster", "follower", "l1", "poster"):
            rollup.kill(name)
            await load.go_on()
            rollup.start(name)
        for child in children_of(rollup.processes["sequencer"].pid):
            os.kill(child, signal.SIGKILL)  # its root worker, and its signature worker
            await load.go_on()
        assert await roots_of(rollup, (await rollup.status()).unsafe_head.height)
        load.running = False
        await loading
        await check_answers(rollup, load)
        alive = [process.poll() is None for process in rollup.processes.values()]
        assert all(alive), "killing one process leaves the others up"
        claims = await settled_claims(rollup)
        assert claims > 0
    finally:
        await rollup.close()


async def settled_claims(rollup: Rollup) -> int:
    """Return the final height, once claims have become final."""

    async def final() -> bool:
        return (await rollup.status(rollup.follower)).final_head.height > 0

    await until(final)
    return int((await rollup.status(rollup.follower)).final_head.height)


@pytest.mark.timeout(120)
def test_each_process_may_die_and_rejoins(tmp_path: Path) -> None:
    asyncio.run(kill_each(tmp_path))
