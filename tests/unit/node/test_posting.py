"""Poster, claimant and follower over the contract model: what is posted, claimed, taken back."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from node.derivation import claimant, deriver
from node.derivation.derived import DerivedChain
from node.derivation.drafts import stands
from node.derivation.follower import Follower
from node.derivation.keepalive import KeepAlive
from node.ledger.blocks import BlockSigner
from node.ledger.feed import Lagging
from node.posting.frames import FrameSource, RootedFrame
from node.posting.poster import Poster, RootMismatch
from node.sequencing.chain import ChainStore
from node.sequencing.sequencer import Sequencer
from proto.sextant.v1 import l1_pb2
from prover.contract.claims import kill, orphan_descendants
from prover.contract.context import Context, Moment
from prover.contract.reach import overdue_ms_max
from prover.contract.records import ClaimStatus, QueuedItem
from prover.contract.rules import ContractRules
from prover.derivation import PostedEntry
from prover.entry import encode_entry
from prover.outputs import Output
from prover.replica import Derived
from statemachine.errors import StorageCorrupt
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import CURSOR_KEY, signer_key
from statemachine.merkle.tree import PartialTree, Tree
from statemachine.units import Micros, Millis
from tests.e2e.processes import FOLLOWER_KEY, POSTER_KEY, deployment
from tests.simulation.memory_l1 import FINAL_BLOCKS, MemoryChain, MemoryL1
from tests.unit.l1_stub.stubs import Bench, on_stub
from tests.worlds import GENESIS_MS

KEY = b"\x51" * 32
USER = address_of(b"\x61" * 32)
ETH = 10**9
WINDOW_MS = 60_000


class Story:
    """A sequencer's core, an L1 in memory, and the two that follow it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.contract = replace(deployment(), window_ms=WINDOW_MS)
        self.l1 = MemoryChain(self.contract, GENESIS_MS + 10_000)
        patch.setattr(deriver, "now_ms", lambda: self.l1.time)
        for key in (POSTER_KEY, FOLLOWER_KEY):
            self.l1.contract.mint(address_of(key), ETH, 0)
        self.l1.contract.mint(USER, 0, 10**9)
        self.disk = ChainStore(folder / "sequencer", "test", self.contract)
        memory = self.disk.state.memory
        signer = BlockSigner(KEY, self.contract.rules.chain_id)
        self.core = Sequencer(self.contract.rules, memory, signer, self.disk.find)
        self.core.observe(0, [], 1 << 60)
        self.tree = Tree.from_items(sorted(memory.values.items()))
        self.roots: dict[int, list[bytes]] = {}
        self.source = FrameSource("127.0.0.1:1")
        self.frames: dict[int, RootedFrame] = {}
        self.poster = self.open_poster()
        self.follower = self.open_follower()

    def open_poster(self) -> Poster:
        adapter = MemoryL1(self.l1, address_of(POSTER_KEY))
        return Poster(self.folder / "poster", self.contract, adapter, self.source, batch_ms=0)

    def open_follower(self) -> Follower:
        adapter = MemoryL1(self.l1, address_of(FOLLOWER_KEY))
        return Follower(
            self.folder / "follower", self.contract, adapter, propose=True, patience=1e9
        )

    def make_blocks(self, count: int) -> list[RootedFrame]:
        """Let the sequencer make blocks; hand them to the poster's source."""
        made = []
        for _ in range(count):
            execution = self.core.build(self.l1.time)
            assert execution is not None
            self.disk.commit(execution, lambda _done, _redo: None)
            roots = [self.tree.update(writes) for writes in execution.segments]
            self.roots[execution.source.height] = roots
            source = execution.source
            made.append(RootedFrame(source.height, source.time, source.frame, roots))
            self.frames[made[-1].height] = made[-1]
        if not self.source.restart:
            self.source.ready.extend(made)
        return made

    def pull(self) -> None:
        """Hand the poster's source again what it asks for."""
        if self.source.restart:
            self.source.restart = False
            heights = range(self.source.next_height, len(self.frames) + 1)
            self.source.ready.extend(self.frames[height] for height in heights)

    async def post(self) -> None:
        """Let the poster look, post what is due, and look again."""
        assert await self.poster.deriver.refresh()
        self.pull()
        batch = self.poster.next_batch() if self.poster.is_followed() else []
        if batch:
            await self.poster.post(batch)
        assert await self.poster.deriver.refresh()

    async def claim(self) -> None:
        """Let the poster propose once, and look."""
        await self.poster.claimant.act()
        self.l1.mine()
        assert await self.poster.deriver.refresh()

    async def follow(self) -> bool:
        """Let the follower look, and propose if it is its turn."""
        assert await self.follower.deriver.refresh()
        return await self.follower.proposed()

    @property
    def statuses(self) -> list[ClaimStatus]:
        return [claim.status for claim in self.l1.contract.state.claims]


@pytest.fixture
def contract() -> ContractRules:
    """Return a deployment for a real stub: its clock is ours."""
    return deployment()


@pytest.fixture
def tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Story], Coroutine[None, None, None]]], None]:
    """Return what runs a story and closes its stores."""

    def run(plot: Callable[[Story], Coroutine[None, None, None]]) -> None:
        async def play() -> None:
            story = Story(tmp_path, monkeypatch)
            try:
                await plot(story)
            finally:
                story.disk.close()
                story.poster.close()
                story.follower.close()
                await story.source.close()

        asyncio.run(play())

    return run


Tell = Callable[[Callable[[Story], Coroutine[None, None, None]]], None]


def test_what_is_posted_is_derived_claimed_and_final(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        item = InboxItem(InboxKind.DEPOSIT, USER, 0, Micros(5_000_000), Millis(story.l1.time))
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        queued = story.l1.contract.state.inbox[0].item
        assert (queued.owner, queued.amount) == (item.owner, item.amount)
        story.core.observe(0, [queued], 1 << 60)
        story.make_blocks(3)
        await story.post()
        assert not story.source.ready
        await story.claim()
        assert story.statuses == [ClaimStatus.FINAL, ClaimStatus.PENDING]
        story.l1.mine(1, step_ms=WINDOW_MS)
        await story.follow()
        assert story.statuses[1] is ClaimStatus.FINAL
        status = story.follower.status()
        assert (status.safe.height, status.final.height) == (3, 0), "L1 may still take it back"
        story.l1.mine(FINAL_BLOCKS)
        await story.follow()
        story.follower.note_final()
        status = story.follower.status()
        assert (status.safe.height, status.final.height) == (3, 3)
        assert story.follower.chain.head.post_root == story.tree.root
        assert story.follower.store.get(signer_key(USER)) is not None

    tell(plot)


def test_posting_and_claiming_go_on_while_gas_becomes_dearer(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        began = story.l1.block
        story.l1.wait_blocks = 5
        story.l1.price_at = lambda block: 1_000 * 3 ** min((block - began) // 2, 6)
        for height in (1, 2, 3):
            story.make_blocks(1)
            await story.post()
            await story.claim()
            assert story.poster.chain.head.height == height
        assert story.statuses == [ClaimStatus.FINAL, *[ClaimStatus.PENDING] * 3]
        assert story.l1.raised

    tell(plot)


def test_wrong_roots_of_the_sequencer_stop_the_poster(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        good = story.make_blocks(2)
        story.source.ready[1] = replace(good[1], roots=[bytes(32)])
        with pytest.raises(RootMismatch, match="segment 1"):
            await story.post()
        assert not story.l1.data

    tell(plot)


def test_a_poster_that_dies_after_an_append_does_not_append_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        story.l1.lose_answers = 1
        with pytest.raises(Exception, match="lost"):
            await story.post()
        story.poster.close()
        story.poster = story.open_poster()
        assert await story.poster.deriver.refresh()
        assert story.poster.chain.head.height == 2
        story.poster.doubt()
        story.make_blocks(1)
        await story.post()
        assert [call for call in story.l1.data if call] == story.l1.data
        assert len(story.l1.data) == 2
        assert story.poster.chain.head.post_root == story.tree.root

    tell(plot)


def test_blocks_that_do_not_follow_the_log_are_not_posted(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        story.source.ready.popleft()
        await story.post()
        assert not story.l1.data
        assert not story.source.ready
        assert story.source.next_height == 1

    tell(plot)


def test_nothing_is_posted_until_the_sequencer_has_what_others_appended(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        await story.post()
        story.l1.mine(step_ms=story.contract.liveness_ms_max)
        receipt = await MemoryL1(story.l1, USER).append_empty(1)
        assert receipt.ok, receipt.message
        story.make_blocks(2)  # of the old chain, and late enough to look valid after it
        for _ in range(2):
            await story.post()
        assert story.poster.chain.head.height == 3
        assert len(story.l1.data) == 2
        taken = story.disk.rollback(2)
        assert taken == []
        story.core.rewind()
        story.core.observe(0, [], 1 << 60)
        entry = (await MemoryL1(story.l1).log_entries(1))[0]
        story.tree = Tree.from_items(sorted(story.disk.state.memory.values.items()))
        for height in (3, 4):
            del story.frames[height]
        adopted = story.core.adopt(entry.data, entry.facts)
        assert adopted.block.signature == b""
        story.disk.commit(adopted, lambda _done, _redo: None)
        roots = [story.tree.update(writes) for writes in adopted.segments]
        story.frames[3] = RootedFrame(3, adopted.source.time, adopted.source.frame, roots)
        story.make_blocks(1)
        await story.post()
        await story.follow()
        assert story.follower.chain.head == story.poster.chain.head
        assert story.follower.chain.head.height == 4
        assert story.follower.chain.head.post_root == story.tree.root

    tell(plot)


def test_a_wrong_root_of_the_last_block_stops_a_poster_that_comes_back(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        await story.post()
        story.frames[2] = replace(story.frames[2], roots=[bytes(32)])
        story.poster.doubt()
        with pytest.raises(RootMismatch, match="block 2"):
            await story.post()

    tell(plot)


def test_a_follower_appends_for_an_overdue_item_when_nobody_else_does(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        rules = story.contract.rules
        story.make_blocks(1)
        await story.post()
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        queued = story.l1.contract.state.inbox[0].item
        await story.follow()
        adapter = MemoryL1(story.l1, USER)
        keeper = KeepAlive(adapter, story.follower.deriver, story.contract)
        story.l1.mine(step_ms=rules.inbox_deadline_ms - 1_000)
        assert await keeper.act() is False, "the item is not overdue"
        story.l1.mine()
        assert story.l1.time - queued.time >= rules.inbox_deadline_ms
        assert await keeper.act() is False, "the log is not silent for long enough"
        story.l1.mine(step_ms=story.contract.liveness_ms_max)
        assert await keeper.act() is True
        await story.follow()
        assert story.follower.store.get(signer_key(USER)) is not None
        keeper.paused_until = 0
        assert await keeper.act() is False, "there is nothing left to do"
        assert story.l1.data[-1] == b""

    tell(plot)


def test_a_follower_appends_until_a_full_inbox_is_empty(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        rules = story.contract.rules
        story.make_blocks(1)
        await story.post()
        adapter = MemoryL1(story.l1, USER)
        for _ in range(2 * rules.inbox_items_max + 1):
            await adapter.force_withdraw(0, 0)
        await story.follow()
        story.l1.mine(step_ms=rules.inbox_deadline_ms + overdue_ms_max(story.contract) + 1)
        keeper = KeepAlive(adapter, story.follower.deriver, story.contract)
        for _ in range(3):
            assert await keeper.act() is True
            await story.follow()
        assert await keeper.act() is False, "there is nothing left to do"
        assert story.follower.chain.head.inbox_index == len(story.l1.contract.state.inbox)

    tell(plot)


def test_blocks_that_are_too_late_are_not_posted(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        story.l1.time += story.contract.rules.receipt_deadline_ms + 1
        await story.post()
        assert not story.l1.data
        assert story.source.restart

    tell(plot)


def test_a_lie_lives_until_it_is_caught_and_the_follower_states_the_truth(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        for _ in range(3):
            story.make_blocks(2)
            await story.post()
        assert story.poster.corrupt_next_claim("segment-root", None) == 1
        for _ in range(3):
            await story.claim()
        claims = story.l1.contract.state.claims
        assert [claim.parent for claim in claims] == [0, 0, 1, 2]
        assert await story.follow() is False  # it is patient
        right = story.follower.chain.output_at(1)
        assert right is not None
        assert claims[1].output.post_root != right.post_root
        convict(story, 1)
        assert [status.is_dead for status in story.statuses] == [False, True, True, True]
        story.l1.mine()
        assert await story.follow() is True  # a dead claim ends its patience
        assert claims[4].output.hash == right.hash
        story.l1.mine()
        await story.claim()
        await story.claim()
        assert [claim.parent for claim in claims[4:]] == [0, 4]
        assert claims[5].output.hash == getattr(story.poster.chain.output_at(2), "hash", b"")

    monkeypatch.setattr(claimant, "REMORSE_SECONDS", 1e9)
    tell(plot)


def convict(story: Story, number: int) -> None:
    """Kill a claim as a proved fault would."""
    state = story.l1.contract.state
    moment = Moment(story.l1.block, story.l1.time)
    context = Context(story.contract, state, b"", moment, story.l1.contract.judge)
    kill(context, state.claims[number], ClaimStatus.CONVICTED)
    orphan_descendants(context, state.claims[number])


def test_a_follower_comes_back_where_it_stood_and_proves_old_states(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        roots = [story.tree.root]
        for _ in range(4):
            story.make_blocks(1)
            await story.post()
            roots.append(story.tree.root)
        await story.follow()
        story.follower.close()
        story.follower = story.open_follower()
        assert story.follower.chain.head.log_index == 4
        for log_index in (4, 2, 0):
            proof = story.follower.prove([CURSOR_KEY], log_index)
            assert proof is not None
            root, witness = proof
            assert root == roots[log_index]
            assert PartialTree.decode(witness).root == root
            assert PartialTree.decode(witness).get(CURSOR_KEY) is not None
        assert story.follower.prove([CURSOR_KEY], 9) is None

    tell(plot)


def test_an_entry_that_l1_replaced_is_taken_back(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(1)
        await story.post()
        story.make_blocks(1)
        await story.post()
        await story.follow()
        before = story.follower.chain.output_at(1)
        story.l1.reorganise(1)
        garbage = encode_entry([b"no frame", b"at all"])
        await MemoryL1(story.l1, address_of(POSTER_KEY)).append(1, garbage)
        story.l1.mine()
        await story.follow()
        chain = story.follower.chain
        assert chain.output_at(1) == before
        assert (chain.head.log_index, chain.head.height) == (2, 3)
        times = [entry.time for entry in story.l1.contract.state.log]
        for height, log_index in ((1, 1), (2, 2), (3, 2)):
            posting = story.follower.posted(height)
            assert posting is not None
            assert (posting.log_index, posting.time) == (log_index, times[log_index - 1])
        block = story.follower.block(3)
        assert block is not None
        assert block.hashes == []
        assert chain.trees[2].root == chain.head.post_root

    tell(plot)


def test_settled_claims_are_not_read_again_and_the_final_one_is_known(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        for _ in range(3):
            story.make_blocks(1)
            await story.post()
            await story.claim()
        story.l1.mine(1, step_ms=WINDOW_MS)
        assert await story.poster.deriver.refresh()
        story.poster.deriver.settle()
        before = story.poster.deriver.book
        assert story.statuses[3] is ClaimStatus.FINAL
        assert before.unsettled == 0
        assert story.poster.chain.step(1) is not None, "L1 may still take it back"
        story.l1.mine(FINAL_BLOCKS)
        assert await story.poster.deriver.refresh()
        story.poster.deriver.settle()
        assert before.final is not None
        assert (before.final.number, before.unsettled) == (3, 3)
        story.poster.close()
        story.poster = story.open_poster()
        story.poster.doubt()
        after = story.poster.deriver.book
        assert after.unsettled == 3
        assert await story.poster.deriver.refresh()
        assert after.final == before.final
        assert story.poster.chain.step(3) is not None
        assert story.poster.chain.step(2) is None
        story.make_blocks(1)
        await story.post()
        await story.claim()
        assert story.l1.contract.state.claims[4].parent == 3

    tell(plot)


def test_a_draft_stands_only_if_l1_noted_nothing_that_matters(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        batch = story.make_blocks(2)
        assert await story.poster.deriver.refresh()
        draft = await story.poster.draft(batch)
        derived = story.poster.chain.preview(draft)
        rules, time = story.contract.rules, derived.blocks[-1].block.time
        late = InboxItem(InboxKind.DEPOSIT, USER, 0, Micros(1), Millis(time))
        overdue = replace(late, time=Millis(time - rules.inbox_deadline_ms))
        assert stands(rules, derived, draft, [])
        assert stands(rules, derived, replace(draft, time=draft.time + 1_000), [])
        assert stands(rules, derived, replace(draft, inbox_count=1), [late])
        assert not stands(rules, derived, replace(draft, inbox_count=1), [overdue])
        assert not stands(rules, derived, replace(draft, index=1), [])
        assert not stands(rules, derived, replace(draft, data=draft.data + b"\0"), [])
        late_by = draft.time + rules.receipt_deadline_ms + 1
        assert not stands(rules, derived, replace(draft, time=late_by), [])
        early_by = time - rules.drift_ms - 1
        assert not stands(rules, derived, replace(draft, time=early_by), [])
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        draft = await story.poster.draft(batch)
        derived = story.poster.chain.preview(draft)
        [known] = story.poster.chain.replica.inbox
        assert stands(rules, derived, draft, [known])
        assert not stands(rules, derived, draft, [late])

    tell(plot)


def test_what_a_draft_was_found_to_do_is_not_executed_again(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(3)
        assert await story.poster.deriver.refresh()
        assert story.poster.is_followed()
        await story.poster.post(story.poster.next_batch())
        fed: list[int] = []
        feed = story.poster.chain.replica.feed

        def count(entry: PostedEntry) -> Derived:
            fed.append(entry.index)
            return feed(entry)

        monkeypatch.setattr(story.poster.chain.replica, "feed", count)
        assert await story.poster.deriver.refresh()
        assert fed == []
        await story.follow()
        assert story.poster.chain.head == story.follower.chain.head
        assert story.poster.chain.replica.tree.root == story.tree.root
        story.make_blocks(1)
        await story.post()
        assert fed == [1]
        assert story.poster.chain.replica.tree.root == story.tree.root

    tell(plot)


async def as_a_newcomer_sees_it(story: Story) -> Output:
    """Return the output that who derives everything afresh comes to."""
    folder = story.folder / f"newcomer-{len(list(story.folder.iterdir()))}"
    chain = DerivedChain(folder, "newcomer", story.contract)
    try:
        newcomer = deriver.Deriver(MemoryL1(story.l1), chain, lambda _derived, _blocks: None)
        assert await newcomer.refresh()
        return chain.head
    finally:
        chain.close()


def test_the_same_bytes_at_another_time_are_derived_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(2)
        await story.post()
        await story.follow()
        before = story.follower.chain.head
        story.l1.time += story.contract.rules.receipt_deadline_ms
        story.l1.reorganise(1, again=True)
        await story.follow()
        assert await story.poster.deriver.refresh()
        after = await as_a_newcomer_sees_it(story)
        assert after != before, "the frames came too late in the other block"
        assert story.follower.chain.head == story.poster.chain.head == after

    tell(plot)


def test_an_entry_that_changed_below_one_that_did_not_is_noticed(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        posted = []
        for _ in range(3):
            story.make_blocks(1)
            await story.post()
            posted.append(story.l1.data[-1])
        await story.follow()
        times = [entry.time for entry in story.l1.contract.state.log]
        story.l1.reorganise(2)
        poster = MemoryL1(story.l1, address_of(POSTER_KEY))
        for index, data in ((1, encode_entry([b"no frame"])), (2, posted[2])):
            story.l1.time = times[index] - 1_000
            assert (await poster.append(index, data)).ok
        await story.follow()
        assert story.l1.contract.state.log[2].time == times[2]
        assert story.follower.chain.head == await as_a_newcomer_sees_it(story)

    tell(plot)


def test_inbox_items_that_l1_replaced_are_not_derived_from(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        user = MemoryL1(story.l1, USER)
        story.make_blocks(1)
        await story.post()
        for amount in (5_000_000, 6_000_000):
            await user.deposit(USER, 0, amount)
        await story.follow()
        story.make_blocks(1)
        await story.post()
        await story.follow()
        assert len(story.follower.chain.replica.inbox) == 2
        story.l1.reorganise(3)
        await user.deposit(USER, 0, 7_000_000)
        story.l1.mine(3)
        [queued] = story.l1.contract.state.inbox
        story.core.observe(0, [queued.item], 1 << 60)
        await story.post()
        story.source.ready.clear()
        heights = range(story.poster.chain.head.height + 1, story.core.cursor.height + 1)
        for height in heights:
            source = story.disk.journal.read(height)
            assert source is not None
            frame = RootedFrame(height, source.time, source.frame, story.roots[height])
            story.source.ready.append(frame)
        story.make_blocks(1)
        await story.post()
        await story.follow()
        assert story.follower.chain.replica.inbox == [queued.item]
        assert story.follower.chain.head.post_root == story.tree.root
        story.follower.close()
        story.follower = story.open_follower()
        assert story.follower.chain.replica.inbox == [queued.item], "nor are they on disk"

    tell(plot)


def test_a_draft_after_another_parent_is_derived_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(1)
        await story.post()
        draft = await story.poster.draft(story.make_blocks(1))
        story.poster.chain.preview(draft)
        story.l1.reorganise(1)
        poster = MemoryL1(story.l1, address_of(POSTER_KEY))
        for index, data in enumerate((encode_entry([b"no frame"]), draft.data)):
            assert (await poster.append(index, data)).ok
        assert await story.poster.deriver.refresh()
        assert story.poster.chain.head == await as_a_newcomer_sees_it(story)

    tell(plot)


def test_nothing_is_derived_from_answers_of_two_forks(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plot(story: Story) -> None:
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        story.make_blocks(1)
        await story.post()
        true = MemoryL1.inbox_items

        async def of_another_fork(l1: MemoryL1, from_index: int) -> list[QueuedItem]:
            page = await true(l1, from_index)
            return [replace(queued, item=replace(queued.item, sub=9)) for queued in page]

        monkeypatch.setattr(MemoryL1, "inbox_items", of_another_fork)
        assert await story.follower.deriver.refresh() is False
        assert story.follower.chain.head == story.contract.genesis
        monkeypatch.setattr(MemoryL1, "inbox_items", true)
        await story.follow()
        assert story.follower.chain.head == story.poster.chain.head

    tell(plot)


def test_what_l1_took_back_while_nobody_looked_is_taken_back(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        for _ in range(2):
            story.make_blocks(1)
            await story.post()
        await MemoryL1(story.l1, USER).deposit(USER, 0, 5_000_000)
        await story.follow()
        story.follower.close()
        story.l1.time += story.contract.rules.receipt_deadline_ms
        story.l1.reorganise(2)
        poster = MemoryL1(story.l1, address_of(POSTER_KEY))
        await poster.append(1, encode_entry([b"no frame"]))
        story.l1.mine(FINAL_BLOCKS)
        story.follower = story.open_follower()
        await story.follow()
        assert story.follower.chain.head == await as_a_newcomer_sees_it(story)
        assert story.follower.chain.replica.inbox == []

    tell(plot)


def test_a_follower_stands_at_the_fork_point_until_the_log_grows_again(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        for _ in range(2):
            story.make_blocks(1)
            await story.post()
        await story.follow()
        story.l1.reorganise(1)
        story.l1.mine(2)
        await story.follow()
        status = story.follower.status()
        assert (status.safe.height, status.safe.log_index) == (1, 1)
        assert story.follower.cursor.height == 1
        assert story.follower.block(2) is None
        assert story.follower.posted(2) is None
        assert story.follower.audience.rooted_height == 1

    tell(plot)


def test_who_listens_is_cut_off_when_other_blocks_come_and_only_then(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        blocks = story.follower.subscribe()
        news = asyncio.ensure_future(anext(blocks))
        await asyncio.sleep(0)
        for _ in range(2):
            story.make_blocks(1)
            await story.post()
            await story.follow()
        story.l1.reorganise(1, again=True)
        await story.follow()
        heard = [(await news).height, *[(await anext(blocks)).height for _ in range(2)]]
        assert heard == [1, 2, 2], "the same block again"
        story.l1.reorganise(2)
        garbage = encode_entry([b"no frame"])
        await MemoryL1(story.l1, address_of(POSTER_KEY)).append(1, garbage)
        story.l1.mine(2)
        await story.follow()
        assert (await anext(blocks)).height == 2
        with pytest.raises(Lagging, match="on a fork"):
            await asyncio.wait_for(anext(blocks), 5)

    tell(plot)


def test_a_reorg_as_deep_as_l1_allows_is_undone_though_claims_were_final(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.l1.final_blocks = 10
        story.l1.mine(10)
        for _ in range(3):
            story.make_blocks(1)
            await story.post()
            await story.claim()
        story.l1.mine(1, step_ms=WINDOW_MS)
        await story.follow()
        story.follower.deriver.settle()
        assert await story.poster.deriver.refresh()
        story.poster.deriver.settle()
        assert story.statuses == [ClaimStatus.FINAL] * 4
        story.l1.reorganise(10)
        story.l1.mine(11)
        await story.follow()
        assert await story.poster.deriver.refresh()
        genesis = story.contract.genesis
        assert story.follower.chain.head == story.poster.chain.head == genesis
        assert story.follower.status().final.log_index == 0

    tell(plot)


def test_an_l1_that_changes_what_was_final_is_not_followed(tell: Tell) -> None:
    async def plot(story: Story) -> None:
        story.make_blocks(1)
        await story.post()
        story.l1.mine(FINAL_BLOCKS)
        await story.follow()
        story.l1.reorganise(FINAL_BLOCKS + 1)
        story.l1.mine(FINAL_BLOCKS + 2)
        with pytest.raises(StorageCorrupt, match="after it was final"):
            await story.follow()

    tell(plot)


def test_on_the_stub_an_entry_in_another_block_is_derived_again(
    tmp_path: Path, contract: ContractRules
) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(address_of(POSTER_KEY))
        poster = bench.adapter(POSTER_KEY)
        chain = DerivedChain(tmp_path / "chain", "test", contract)
        follower = deriver.Deriver(bench.adapter(), chain, lambda _derived, _blocks: None)
        for index in range(2):
            await poster.append(index, encode_entry([b"no frame"]))
            assert await follower.refresh()
        before = chain.head
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))
        assert await follower.refresh()
        newcomer = DerivedChain(tmp_path / "newcomer", "test", contract)
        await deriver.Deriver(poster, newcomer, lambda _derived, _blocks: None).refresh()
        assert chain.head == newcomer.head
        assert chain.head != before, "an empty block has L1's time"
        chain.close()
        newcomer.close()

    on_stub(tmp_path / "stub", story, rules=contract)


def test_on_the_stub_a_reorg_below_a_claim_that_was_final_is_undone(
    tmp_path: Path, contract: ContractRules
) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(address_of(POSTER_KEY))
        poster = bench.adapter(POSTER_KEY)
        chain = DerivedChain(tmp_path / "chain", "test", contract)
        follower = deriver.Deriver(poster, chain, lambda _derived, _blocks: None)
        for index in range(2):
            await poster.append(index, encode_entry([b"no frame"]))
            assert await follower.refresh()
            step = chain.step(index + 1)
            assert step is not None
            assert (await poster.propose(index, step.output, step.trace)).ok
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=contract.window_ms))
        assert await follower.refresh()
        follower.settle()
        assert follower.book.claims[2].status is ClaimStatus.FINAL
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=5, drop_calls=True))
        assert await follower.refresh()
        assert chain.head == contract.genesis
        chain.close()

    settings = {"rules": contract, "final_blocks": 8}
    on_stub(tmp_path / "stub", story, **settings)
