"""The sequencer process in this one: real disk and workers, an L1 in memory."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from node.l1 import view as l1view
from node.ledger.feed import Refusal, Sequenced
from node.sequencing import runtime
from node.sequencing.controls import SequencerControls
from node.sequencing.runtime import SequencerNode
from node.storage.journal import BlockInput
from prover.entry import encode_entry
from prover.replica import genesis_replica
from statemachine.actions import PlaceOrder
from statemachine.frame import encode_frame
from statemachine.identity.signing import Domain, address_of, sign_action
from statemachine.keys import signer_key
from statemachine.merkle.tree import Tree
from statemachine.units import Lots, Price
from tests.e2e.processes import POSTER_KEY, deployment
from tests.simulation.memory_l1 import FINAL_BLOCKS, MemoryChain, MemoryL1
from tests.waiting import until
from tests.worlds import GENESIS_MS, trader_key

KEY = b"\x51" * 32
CONTRACT = deployment()
DOMAIN = Domain(CONTRACT.rules.chain_id, CONTRACT.rules.rollup)
TRADER, OTHER = trader_key(1), trader_key(2)
WAIT_SECONDS = 20


class Home:
    """A node's directory and the L1 that it looks at, over several of its lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = MemoryChain(CONTRACT, GENESIS_MS + 60_000)
        self.l1 = MemoryL1(self.chain, address_of(POSTER_KEY))
        self.chain.contract.mint(address_of(POSTER_KEY), 0, 10**15)
        self.failures: list[str] = []
        self.counter = 0

    async def open(self, *, manual: bool = False) -> SequencerNode:
        node = SequencerNode(
            self.folder,
            CONTRACT,
            self.l1,
            KEY,
            block_ms=5,
            poll_ms=10,
            manual=manual,
            failed=self.failures.append,
        )
        await node.start()
        return node

    async def close(self, node: SequencerNode) -> None:
        await node.drain()
        await node.close()

    async def fund(self, node: SequencerNode) -> None:
        """Deposit, and wait until the trader has an account."""
        await self.l1.deposit(address_of(TRADER), 0, 10**12)
        self.chain.mine(FINAL_BLOCKS)
        await until(lambda: node.store.get(signer_key(address_of(TRADER))) is not None)
        await until(lambda: node.durable.height == node.cursor.height)

    def order(self) -> bytes:
        """Return an order; it is refused for its price is missing, which is a receipt too."""
        self.counter += 1
        action = PlaceOrder(0, 0, 0, Price(6_000_000), Lots(1))
        nonce = (self.chain.time << 10) + self.counter
        return sign_action(DOMAIN, TRADER, action, nonce).data

    async def post(self, node: SequencerNode) -> None:
        """Post every durable block."""
        posted = len(self.chain.data)
        first = node.anchor.view.safe_mark.height + 1
        blocks = [node.block(height) for height in range(first, node.durable.height + 1)]
        frames = [block.frame for block in blocks if block is not None]
        receipt = await self.l1.append(posted, encode_entry(frames))
        assert receipt.ok, receipt.message

    async def hold(self, node: SequencerNode) -> int:
        """Let the node make no more blocks, and L1 have all it made; return their number.

        The call that posts takes time on L1, in which a node that is not held makes one more.
        """
        held = asyncio.ensure_future(SequencerControls(node).hold())
        await until(lambda: node.held and node.durable.height == node.cursor.height)
        assert not held.done()
        await self.post(node)
        await asyncio.wait_for(held, WAIT_SECONDS)
        return node.cursor.height


async def roots_until(node: SequencerNode, height: int) -> dict[int, list[bytes]]:
    """Return the roots of all blocks up to a height, once they are known."""
    roots = {}
    async with asyncio.timeout(WAIT_SECONDS):
        async for block in node.rooted(1):
            roots[block.height] = list(block.roots)
            if block.height >= height:
                return roots
    return roots


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Tell":
    def run(plot: Callable[[Home], Coroutine[None, None, None]]) -> None:
        async def play() -> None:
            home = Home(tmp_path)
            monkeypatch.setattr(l1view, "now_ms", lambda: home.chain.time)
            await plot(home)

        asyncio.run(play())

    return run


Tell = Callable[[Callable[[Home], Coroutine[None, None, None]]], None]


def test_a_node_comes_back_with_its_answers_and_its_roots(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        orders = [home.order() for _ in range(5)]
        answers = await node.submit(orders)
        assert all(isinstance(answer, Sequenced) for answer in answers)
        height = node.durable.height
        roots = await roots_until(node, height)
        await home.close(node)

        node = await home.open()
        assert node.cursor.height >= height
        again = await node.submit(orders)
        for old, new in zip(answers, again, strict=True):
            assert isinstance(old, Sequenced)
            assert isinstance(new, Sequenced)
            assert new.duplicate
            assert new.block.height == old.block.height
            assert [r.encode() for r in new.receipts] == [r.encode() for r in old.receipts]
            assert new.block.signature == old.block.signature
        kept = await roots_until(node, height)
        assert kept == roots
        await node.drain()
        tree = Tree.from_items(sorted(node.disk.state.memory.values.items()))
        assert (await roots_until(node, node.durable.height))[node.durable.height][-1] == tree.root
        await node.close()
        assert home.failures == []

    tell(plot)


def test_a_killed_root_worker_is_replaced_and_no_root_is_missing(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        await node.submit([home.order()])
        before = await roots_until(node, node.durable.height)
        os.kill(node.roots.worker.pid, signal.SIGKILL)
        await node.submit([home.order()])
        after = await roots_until(node, node.durable.height)
        assert {height: after[height] for height in before} == before
        assert sorted(after) == list(range(1, max(after) + 1))
        await home.close(node)

    tell(plot)


def test_blocks_wait_for_a_root_worker_that_falls_behind(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        await roots_until(node, node.durable.height)
        os.kill(node.roots.worker.pid, signal.SIGSTOP)
        await node.submit([home.order()])
        await until(lambda: node.roots.lag_seconds > runtime.ROOT_LAG_SECONDS_MAX)
        height = node.cursor.height
        waiting = asyncio.ensure_future(node.submit([home.order()]))
        await until(lambda: bool(node.core.queue))
        assert node.cursor.height == height
        os.kill(node.roots.worker.pid, signal.SIGCONT)
        [answer] = await waiting
        assert isinstance(answer, Sequenced)
        assert answer.block.height == height + 1
        await home.close(node)

    monkeypatch.setattr(runtime, "ROOT_LAG_SECONDS_MAX", 0.1)
    tell(plot)


def test_blocks_that_l1_never_got_are_taken_back_and_their_transactions_run_again(
    tell: Tell,
) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        await home.post(node)
        posted = node.durable.height
        await until(lambda: node.anchor.view.safe_mark.height >= posted)
        posting = node.posted(posted)
        assert posting is not None
        assert posting.first <= posted <= posting.last
        assert posting.time == home.chain.contract.state.log[posting.log_index - 1].time
        assert node.posted(posted + 1) is None
        order = home.order()
        [answer] = await node.submit([order])
        assert isinstance(answer, Sequenced)
        await roots_until(node, node.durable.height)
        signed = node.durable.height
        await home.close(node)
        home.chain.mine(1, step_ms=CONTRACT.rules.receipt_deadline_ms)
        home.chain.mine(FINAL_BLOCKS)

        node = await home.open()
        await until(lambda: node.durable.height > posted)
        [again] = await node.submit([order])
        assert isinstance(again, Sequenced)
        assert again.duplicate
        assert again.block.time > answer.block.time
        assert again.block.height > posted
        assert node.anchor.taken_back == signed - posted
        figure = "sextant_sequencer_blocks_taken_back_total"
        assert node.metrics.registry.get_sample_value(figure) == signed - posted
        for height in range(posted + 1, signed + 1):
            while node.durable.height < height:
                await node.submit([home.order()])
            block = node.block(height)
            assert block is not None
            assert block.signature == b"", "signed once, never again"
        while node.durable.height <= signed:
            await node.submit([home.order()])
        block = node.block(node.durable.height)
        assert block is not None
        assert len(block.signature) == 65
        await roots_until(node, node.durable.height)
        await home.post(node)
        home.chain.mine(FINAL_BLOCKS)
        await until(lambda: node.anchor.view.final_mark.height > posted)
        assert home.failures == []
        await home.close(node)

    tell(plot)


def test_what_others_appended_is_taken_over_and_the_chain_goes_on(tell: Tell) -> None:
    """The sequencer is silent; an item happens without it; it comes back, behind that."""

    async def plot(home: Home) -> None:
        rules = CONTRACT.rules
        node = await home.open()
        await home.fund(node)
        await home.hold(node)
        posted = node.cursor.height
        await SequencerControls(node).resume()
        order = home.order()
        [answer] = await node.submit([order])
        assert isinstance(answer, Sequenced)
        lost = node.durable.height
        assert lost > posted
        await home.close(node)

        other = MemoryL1(home.chain, address_of(OTHER))
        home.chain.contract.mint(address_of(OTHER), 0, 10**9)
        await other.deposit(address_of(OTHER), 0, 10**6)
        wait = max(rules.inbox_deadline_ms, CONTRACT.liveness_ms_max)
        for _ in range(2):
            home.chain.mine(step_ms=wait)
            receipt = await other.append_empty(len(home.chain.data))
            assert receipt.ok, receipt.message
        home.chain.mine(FINAL_BLOCKS)

        node = await home.open()
        assert node.store.get(signer_key(address_of(OTHER))) is not None
        empty = [node.block(height) for height in (posted + 1, posted + 2)]
        times = [entry.time for entry in home.chain.contract.state.log[-2:]]
        assert [(b.frame, b.signature, b.time) for b in empty if b] == [
            (b"", b"", time) for time in times
        ]
        [again] = await node.submit([order])
        assert isinstance(again, Sequenced)
        assert again.duplicate, "what was taken back is sequenced again"
        assert again.block.height > posted + 2
        roots = await roots_until(node, node.durable.height)
        replica = genesis_replica(rules, CONTRACT.genesis_time_ms)
        replica.add_inbox(0, [queued.item for queued in home.chain.contract.state.inbox])
        await home.hold(node)
        for entry in await home.l1.log_entries(0):
            derived = replica.feed(entry)
        assert (
            derived.output.post_root
            == (await roots_until(node, node.durable.height))[node.durable.height][-1]
        )
        assert roots[posted + 2] == (await roots_until(node, posted + 2))[posted + 2]
        assert home.failures == []
        await home.close(node)
        node = await home.open()
        assert node.cursor.height >= posted + 2
        assert home.failures == []
        await home.close(node)

    tell(plot)


def test_a_running_node_that_the_log_has_left_asks_for_a_new_start(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        other = MemoryL1(home.chain, address_of(OTHER))
        home.chain.mine(step_ms=CONTRACT.liveness_ms_max)
        receipt = await other.append_empty(0)
        assert receipt.ok, receipt.message
        await until(lambda: node.anchor.foreign)
        assert "not ours" in node.anchor.stalled(node.durable.height)
        assert not node.forked, "it is not final yet"
        home.chain.mine(FINAL_BLOCKS)
        await until(lambda: node.forked)
        await home.close(node)
        node = await home.open()
        await until(lambda: node.durable.height > 1)
        assert node.store.get(signer_key(address_of(TRADER))) is not None
        await home.close(node)

    tell(plot)


def test_a_log_that_is_not_ours_halts_the_node(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        frame = encode_frame(1, home.chain.time + 1, 0, [])
        await home.l1.append(0, encode_entry([frame]))
        home.chain.mine(FINAL_BLOCKS)
        await until(lambda: bool(home.failures))
        assert "is not ours" in home.failures[0]
        assert "sextant rebuild --from-l1" in home.failures[0]
        [answer] = await node.submit([home.order()])
        assert isinstance(answer, Refusal)
        assert answer.reason.value == "NOT_READY"
        assert not node.status().ready
        await home.close(node)

    tell(plot)


def test_a_disk_that_fails_halts_the_node_and_nothing_is_acknowledged(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        height = node.durable.height

        append = node.disk.journal.append
        lost: list[int] = []

        def full(block: BlockInput) -> None:
            if not lost:
                lost.append(block.height)
                raise OSError(28, "No space left on device")
            append(block)  # room again, but it is too late: a block is missing

        monkeypatch.setattr(node.disk.journal, "append", full)
        waiting = asyncio.ensure_future(node.submit([home.order()]))
        await until(lambda: bool(home.failures))
        assert "No space left" in home.failures[0]
        assert not waiting.done() or isinstance(waiting.result()[0], Refusal)
        waiting.cancel()
        await home.close(node)
        node = await home.open()
        assert lost[0] > height
        assert node.replayed == 0
        home.chain.mine(FINAL_BLOCKS)
        await node.submit([home.order(), home.order()])
        assert node.durable.height >= lost[0]
        await home.close(node)

    tell(plot)


def test_holding_waits_for_l1_and_nothing_is_made_until_resumed(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        height = await home.hold(node)
        home.chain.mine(1, step_ms=3_600_000)
        home.chain.mine(FINAL_BLOCKS)
        await until(lambda: node.anchor.view.clock == home.chain.time)
        assert node.cursor.height == height
        await SequencerControls(node).resume()
        await until(lambda: node.durable.height > height)
        assert node.durable.time == home.chain.time
        await home.close(node)

    tell(plot)


def test_after_a_long_sleep_no_block_keeps_the_old_time(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        height = await home.hold(node)
        await home.close(node)
        home.chain.mine(1, step_ms=86_400_000)
        node = await home.open()
        [answer] = await node.submit([home.order()])
        assert isinstance(answer, Refusal)
        assert answer.reason.value == "NOT_READY"
        home.chain.mine(FINAL_BLOCKS)
        await until(lambda: node.status().ready)
        [answer] = await node.submit([home.order()])
        assert isinstance(answer, Sequenced)
        first = node.block(height + 1)
        assert first is not None
        assert home.chain.time - first.time < CONTRACT.rules.receipt_deadline_ms // 2
        await home.close(node)

    tell(plot)


def test_without_l1_for_too_long_nothing_is_taken(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open()
        await home.fund(node)
        home.chain.unreachable = True
        home.chain.time += CONTRACT.rules.inbox_deadline_ms * 2
        await until(lambda: node.cursor.time >= node.core.horizon)
        [answer] = await node.submit([home.order()])
        assert isinstance(answer, Refusal)
        assert answer.reason.value == "NOT_READY"
        assert not node.status().ready
        home.chain.unreachable = False
        home.chain.mine(FINAL_BLOCKS + 1)
        await until(lambda: node.status().ready)
        [answer] = await node.submit([home.order()])
        assert isinstance(answer, Sequenced)
        await home.close(node)

    tell(plot)


def test_blocks_made_by_hand_have_the_time_and_the_transactions_asked_for(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open(manual=True)
        hands = SequencerControls(node)
        await home.l1.deposit(address_of(TRADER), 0, 10**12)
        home.chain.mine(FINAL_BLOCKS)
        first = await hands.make_block_at(home.chain.time, 0)
        assert first is not None
        assert (first.height, first.time) == (1, home.chain.time)
        orders = [home.order() for _ in range(3)]
        sending = asyncio.create_task(node.submit(orders))
        second = await hands.make_block_at(home.chain.time + 500, 3)
        assert second is not None
        assert (second.height, second.time, hands.waiting) == (2, home.chain.time + 500, 0)
        assert all(isinstance(answer, Sequenced) for answer in await sending)
        block = node.block(2)
        assert block is not None
        assert len(block.receipts) == 3
        late = home.chain.time + 10 * CONTRACT.rules.inbox_deadline_ms
        assert await hands.make_block_at(late, 3) is None, "L1 is not final then"
        assert node.durable.height == 2, "no block was made but by hand"
        await hands.resume()
        assert await hands.make_block_at(home.chain.time + 600, 3) is None, "it makes its own"
        await home.close(node)

    tell(plot)


def test_two_looks_at_once_take_an_inbox_item_once(tell: Tell) -> None:
    async def plot(home: Home) -> None:
        node = await home.open(manual=True)
        for _ in range(3):
            await home.l1.deposit(address_of(TRADER), 0, 10**12)
        home.chain.mine(FINAL_BLOCKS)
        await asyncio.gather(*(node.anchor.look() for _ in range(4)))
        assert len(node.core.inbox) == 3
        await home.close(node)

    tell(plot)
