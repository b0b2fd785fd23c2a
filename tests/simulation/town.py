"""Everybody around one L1: sequencer, poster, follower, challenger, a user who wants his money.

The parts are the real ones, without their processes: the sequencer's core with
its disk and its view of L1, the poster and proposer, a follower, a defender with
his store.  A tick is one L1 block in which each of them looks once.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest

from node.derivation import claimant, deriver
from node.derivation.derived import DerivedChain
from node.derivation.deriver import Deriver
from node.derivation.follower import Follower
from node.l1.view import L1View
from node.ledger.blocks import BlockSigner
from node.posting.frames import FrameSource, RootedFrame
from node.posting.poster import Poster
from node.sequencing.chain import ChainStore
from node.sequencing.sequencer import Sequencer
from node.storage.database import Database
from prover.board import Board
from prover.cases import Stage
from prover.challenger import Challenger
from prover.contract.bank import check_conservation
from prover.contract.records import Claim, ClaimStatus
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.defence import Defence
from prover.entry import parse_entry
from prover.keeper import SCHEMA, Keeper
from prover.outputs import Output, genesis_output
from prover.patrol import Patrol
from prover.rulesbook import settled_versions
from statemachine.genesis import genesis_state
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import Tree
from tests.e2e.processes import FOLLOWER_KEY, POSTER_KEY, SEQUENCER_KEY
from tests.simulation.memory_l1 import MemoryChain, MemoryL1
from tests.simulation.townsfolk import ATTESTER, BUYER, STAKE, Townsman
from tests.worlds import GENESIS_MS, world_rules

FINAL_BLOCKS = 70
WINDOW_MS = 20_000
BLOCK_EVERY = 8
"""Ticks between two blocks of the sequencer."""
TICKS_MAX = 600
POSTER, FOLLOWER = address_of(POSTER_KEY), address_of(FOLLOWER_KEY)
USER_KEY = b"\x62" * 32
DEFENDER, USER = address_of(b"\x61" * 32), address_of(USER_KEY)
GOVERNOR = address_of(b"\x63" * 32)
DEPOSIT, WITHDRAWAL = 9_000_000, 4_000_000
ETH = 10**9


def town_rules(**changes: Any) -> ContractRules:
    """Return a contract whose window is shorter than L1 takes to make a block final.

    Unless ``changes`` say something else.
    """
    rules = world_rules(inbox_deadline_ms=900_000, receipt_deadline_ms=600_000, ramp_notice_ms=0)
    root = Tree.from_items(sorted(genesis_state(rules, GENESIS_MS).items())).root
    base = ContractRules(
        l1_chain_id=31_337,
        rules=rules,
        genesis=genesis_output(rules.chain_id, rules.hash, root),
        genesis_time_ms=GENESIS_MS,
        sequencer=POSTER,
        window_ms=WINDOW_MS,
        bond_gwei=1_000_000,
        gas_price_max=30_000,
        commitment_blocks_min=2,
        deposit_micros_min=1,
        liveness_ms_max=3_600_000,
        attester_micros_min=1,
        governor=GOVERNOR,
    )
    return replace(base, **changes)


class Town:
    """See the module.

    The sequencer makes blocks by the clock once it ``works``, and else only for
    items of the inbox; nothing at all once it is ``silent``.  ``folk`` act last in
    a tick; nobody claims a withdrawal by the normal road while the user ``waits``.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, **changes: Any) -> None:
        self.folder = folder
        self.contract = town_rules(**changes)
        self.l1 = MemoryChain(self.contract, GENESIS_MS + 10_000, final_blocks=FINAL_BLOCKS)
        patch.setattr(deriver, "now_ms", lambda: self.l1.time)
        patch.setattr(claimant, "REMORSE_SECONDS", 0.0)
        patch.setattr(claimant, "REFUSED_SECONDS", 0.0)
        for who in (POSTER, FOLLOWER, DEFENDER, USER):
            self.l1.contract.mint(who, ETH, DEPOSIT)
        self.l1.contract.mint(BUYER, ETH, DEPOSIT)
        self.l1.contract.mint(ATTESTER, ETH, STAKE)
        self.disk = ChainStore(folder / "sequencer", "test", self.contract)
        self.core = self.make_core()
        memory = self.disk.state.memory
        self.view = L1View(MemoryL1(self.l1), 0)
        self.taken: list[InboxItem] = []
        self.tree = Tree.from_items(sorted(memory.values.items()))
        self.roots: dict[int, list[bytes]] = {}
        self.trees = {self.tree.root: self.tree.snapshot()}
        self.folk: list[Townsman] = []
        self.source = FrameSource("127.0.0.1:1")
        self.poster = Poster(
            folder / "poster", self.contract, MemoryL1(self.l1, POSTER), self.source, batch_ms=0
        )
        self.follower = Follower(
            folder / "follower", self.contract, MemoryL1(self.l1, FOLLOWER), patience=1e9
        )
        self.store = Database(folder / "defender", SCHEMA)
        self.stream = io.StringIO()
        self.patrol = self.make_patrol()
        self.ticks = self.salts = 0
        self.works = self.wants_withdrawal = self.silent = False
        self.waits: Callable[[], bool] = lambda: False
        self.posts = True

    def make_core(self) -> Sequencer:
        """Return the sequencer, as its disk has it."""
        rules, memory = self.contract.rules, self.disk.state.memory
        signer = BlockSigner(SEQUENCER_KEY, rules.chain_id)
        return Sequencer(rules, memory, signer, self.disk.find, book=self.disk.book)

    def make_patrol(self) -> Patrol:
        """Return the defender, as his store has him."""
        keeper = Keeper(self.store, self.contract)
        defence = Defence(self.contract, DEFENDER, keeper.cases(), self.draw_salt, lambda: 0)
        core = Challenger(self.contract, keeper.load(), lambda: 0, defence)
        board = Board("defend", self.stream, as_json=False, path=None, port=None)
        return Patrol(MemoryL1(self.l1, DEFENDER), core, board, keeper, lambda: GENESIS_MS)

    def draw_salt(self) -> bytes:
        self.salts += 1
        return self.salts.to_bytes(32, "big")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.disk.close()
        self.poster.close()
        self.follower.close()
        self.store.close()
        await self.source.close()

    @property
    def state(self) -> ContractState:
        """What the contract holds."""
        return self.l1.contract.state

    # One L1 block

    async def reorganise(self, depth: int, *, again: bool) -> None:
        """Take so many L1 blocks back, and see that nothing final goes with them.

        ``again``: their calls come once more.
        """
        final = self.follower.status().final.log_index
        self.l1.reorganise(depth, again=again)
        if not again:
            self.l1.mine(depth)  # as on a real L1, the fork that wins is the longer one
        await self.tick()
        assert self.follower.status().final.log_index >= final, "final never goes back"

    async def tick(self) -> None:
        """Mine a block, then let everybody look at L1 and act."""
        self.ticks += 1
        self.l1.mine()
        if not self.silent:
            await self.sequence()
        if self.posts:
            await self.post()
        assert await self.follower.deriver.refresh()
        self.follower.deriver.settle()
        await self.patrol.make_round()
        await self.use()
        for one in self.folk:
            await one.act()

    async def sequence(self) -> None:
        """Take in what is final, check that the final log is ours, make a block now and then."""
        if await self.view.refresh():
            first, items = self.view.take_final_items()
            assert first == len(self.taken)
            self.taken += items
            heads = self.view.heads
            assert heads is not None
            versions = await self.view.l1.versions()
            self.core.book.learn(settled_versions(versions, heads.final.number))
            self.disk.keep_book(self.core.book.encode())
            horizon = heads.final.time + self.contract.rules.inbox_deadline_ms - 1
            self.core.observe(first, items, horizon)
            for entry, mark in self.view.take_final_entries():
                frames = parse_entry(entry.data)
                for height, data in enumerate(frames, mark.height - len(frames) + 1):
                    ours = self.disk.journal.read(height)
                    assert ours is not None
                    assert ours.frame == data
        idle = self.ticks % BLOCK_EVERY or not self.works
        if self.core.inbox or not idle:
            execution = self.core.build(self.l1.time)
            assert execution is not None
            self.disk.commit(execution, lambda _done, _redo: None)
            roots = [self.tree.update(writes) for writes in execution.segments]
            self.roots[execution.source.height] = roots
            self.trees[roots[-1]] = self.tree.snapshot()

    async def post(self) -> None:
        """Let the poster post and propose, as its two tasks would."""
        poster, source = self.poster, self.source
        assert await poster.deriver.refresh()
        poster.deriver.settle()
        source.restart = False
        while source.next_height <= self.core.cursor.height:
            height = source.next_height
            block = self.disk.journal.read(height)
            assert block is not None
            source.ready.append(RootedFrame(height, block.time, block.frame, self.roots[height]))
            source.next_height += 1
        batch = poster.next_batch() if poster.is_followed() else []
        if batch:
            await poster.post(batch)
            assert await poster.deriver.refresh()
        if await poster.claimant.act():
            assert await poster.deriver.refresh()

    async def use(self) -> None:
        """Let the user see to it that L1 has what he asked of it."""
        user, asked = MemoryL1(self.l1, USER), len(self.state.inbox)
        if asked == 0:
            assert (await user.deposit(USER, 0, DEPOSIT)).ok
        elif asked == 1 and self.wants_withdrawal:
            assert (await user.force_withdraw(0, WITHDRAWAL)).ok
        if self.waits():
            return
        final = self.final_claim
        proof = self.follower.prove([withdrawal_key(0)], final.output.log_index)
        held = self.tree.get(withdrawal_key(0)) is not None
        if held and 0 not in self.state.paid and proof is not None:
            assert proof[0] == final.output.post_root
            await user.claim_withdrawal(final.number, 0, proof[1])

    # What has come about

    @property
    def final_claim(self) -> Claim:
        """The newest final claim, at the latest block."""
        final = (claim for claim in self.state.claims if claim.status is ClaimStatus.FINAL)
        return max(final, key=lambda claim: claim.output.log_index)

    @property
    def stages(self) -> list[Stage]:
        """How far the defender's cases have come."""
        defence = self.patrol.core.defence
        return [] if defence is None else [case.stage for case in defence.cases.values()]

    def has_status(self, status: ClaimStatus) -> bool:
        """Return whether any claim but genesis stands like this."""
        return any(claim.status is status for claim in self.state.claims[1:])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        limit = self.ticks + TICKS_MAX
        while not condition():
            assert self.ticks < limit, self.stream.getvalue()
            await self.tick()

    async def rest(self) -> None:
        """Make no more blocks, and let time pass until L1 can take nothing back any more."""
        self.works = False
        await self.until(lambda: self.source.next_height > self.core.cursor.height)
        await self.until(lambda: self.follower.chain.head.height == self.core.cursor.height)
        await self.until(lambda: self.final_claim.output == self.follower.chain.head)
        for _ in range(FINAL_BLOCKS):
            await self.tick()
        self.works = True

    async def truth(self) -> list[Output]:
        """Return the right outputs: who derives L1's log afresh comes to them."""
        chain = DerivedChain(self.folder / f"newcomer-{self.ticks}", "test", self.contract)
        try:
            assert await Deriver(MemoryL1(self.l1), chain, lambda _derived, _blocks: None).refresh()
            outputs = [chain.output_at(index) for index in range(chain.head.log_index + 1)]
        finally:
            chain.close()
        return [output for output in outputs if output is not None]

    async def check(self) -> None:
        """Check that L1 tells the truth, and that everybody believes it."""
        check_conservation(self.state)
        assert self.taken == [queued.item for queued in self.state.inbox][: len(self.taken)]
        truth = await self.truth()
        right = {output.hash for output in truth}
        for claim in self.state.claims:
            fates = {ClaimStatus.PENDING, ClaimStatus.FINAL}
            if claim.output.hash in right:
                assert claim.status in fates, "a right claim died"
            else:
                assert claim.status is not ClaimStatus.FINAL, "a wrong claim is final"
        heads = {
            "follower": self.follower.chain.head,
            "challenger": self.patrol.core.replica.head,
        }
        if not self.silent:
            heads["poster"] = self.poster.chain.head
            assert truth[-1].post_root == self.roots[truth[-1].height][-1]
        assert heads == dict.fromkeys(heads, truth[-1])
        alerts = [line for line in self.stream.getvalue().splitlines() if "ALERT" in line]
        known = ["disagreed with", "still stands"] + ["holds back"] * self.silent
        assert all(any(text in line for text in known) for line in alerts), alerts
