"""A sequencer, an L1 in memory, and the poster and follower around it."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from node.derivation import deriver
from node.derivation.derived import DerivedChain
from node.derivation.follower import Follower
from node.ledger.blocks import BlockSigner
from node.posting.frames import FrameSource, RootedFrame
from node.posting.poster import Poster
from node.sequencing.chain import ChainStore
from node.sequencing.sequencer import Sequencer
from prover.contract.records import ClaimStatus
from prover.outputs import Output
from statemachine.identity.signing import address_of
from statemachine.merkle.tree import Tree
from tests.e2e.processes import FOLLOWER_KEY, POSTER_KEY, deployment
from tests.simulation.memory_l1 import MemoryChain, MemoryL1
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
        """Let the poster propose once, as soon as L1 takes the entry back no more, and look."""
        self.l1.mine(self.l1.final_blocks)
        assert await self.poster.deriver.refresh()
        await self.poster.claimant.act()
        self.l1.mine()
        assert await self.poster.deriver.refresh()

    async def claim_at_once(self) -> None:
        """Let somebody propose what L1 may still take back, above the last claim."""
        step = self.poster.chain.step(self.poster.chain.head.log_index)
        assert step is not None
        hasty, parent = MemoryL1(self.l1, address_of(FOLLOWER_KEY)), len(self.statuses) - 1
        assert (await hasty.propose(parent, step.output, step.trace)).ok
        self.l1.mine()
        assert await self.poster.deriver.refresh()

    async def follow(self) -> bool:
        """Let the follower look, and propose if it is its turn."""
        assert await self.follower.deriver.refresh()
        return await self.follower.proposed()

    @property
    def statuses(self) -> list[ClaimStatus]:
        return [claim.status for claim in self.l1.contract.state.claims]


Tell = Callable[[Callable[[Story], Coroutine[None, None, None]]], None]


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
