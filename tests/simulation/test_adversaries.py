"""A seeded world: liars, crashes, re-orgs, lost answers, and one defender who must win.

Whatever the seed, in the end: every final claim is right, no right claim was
convicted, and no wrong one outlived its window.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from node.storage.database import Database
from prover.contract.calls import Propose
from prover.contract.records import ClaimStatus
from prover.drill import CORRUPTIONS, corrupt
from prover.keeper import SCHEMA
from prover.outputs import Output
from prover.replica import Derived, genesis_replica
from prover.traffic import START_MS
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.test_challenger import DEFENDER, PROPOSER, RIVAL, Post, Scene

STEPS = 40
ENTRIES_MAX = 12
WINDOW_MS = 100_000_000
"""Longer than all warps of a story together."""


class Story:
    """One run of a seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.scene = Scene(WINDOW_MS)
        self.folder = folder
        self.disk = Database(folder / "store", SCHEMA)
        self.post = self.scene.station(disk=self.disk)
        self.rival = self.scene.station(payee=RIVAL)
        self.wrong: set[bytes] = set()
        self.told: list[str] = []

    def right(self) -> dict[bytes, Derived]:
        """Return what was derived, by the hash of the right output."""
        return {derived.output.hash: derived for derived in self.scene.derived}

    def alive(self) -> list[int]:
        """Return the claims on which one may build."""
        state = self.scene.chain.contract.state
        return [claim.number for claim in state.claims if not claim.status.is_dead]

    def append(self) -> None:
        if len(self.scene.derived) < ENTRIES_MAX:
            self.scene.append(frames=self.random.randint(1, 2))

    def propose_right(self) -> None:
        """Claim the next right output above the longest right branch."""
        claims = self.scene.chain.contract.state.claims
        right = self.right()
        tip = max(
            (claims[n] for n in self.alive() if n == 0 or claims[n].output.hash in right),
            key=lambda claim: claim.output.log_index,
        )
        if tip.output.log_index < len(self.scene.derived):
            derived = self.scene.derived[tip.output.log_index]
            l1 = MemoryL1(self.scene.chain, PROPOSER)
            asyncio.run(l1.propose(tip.number, derived.output, derived.trace))

    def propose_wrong(self) -> None:
        """Claim something wrong above any living claim, right or wrong."""
        claims = self.scene.chain.contract.state.claims
        parent = claims[self.random.choice(self.alive())]
        if parent.output.log_index >= len(self.scene.derived):
            return
        derived = self.scene.derived[parent.output.log_index]
        segment = self.random.randint(1, derived.output.segments)
        how = self.random.choice(CORRUPTIONS)
        output, trace = corrupt(derived, how, segment, self.random.random())
        output = replace(output, previous_output=parent.output.hash)
        self.wrong.add(output.hash)
        l1 = MemoryL1(self.scene.chain, RIVAL)
        asyncio.run(l1.propose(parent.number, output, trace))

    def round(self) -> None:
        self.post.round()

    def round_rival(self) -> None:
        self.rival.round()

    def crash(self) -> None:
        """Lose everything but the disk."""
        self.told.append(self.post.said)
        self.disk.close()
        self.disk = Database(self.folder / "store", SCHEMA)
        self.post = self.scene.station(disk=self.disk)

    def lose_answer(self) -> None:
        self.scene.chain.lose_answers = 1
        self.post.round()
        self.scene.chain.lose_answers = 0

    def reorganise(self) -> None:
        """Take back up to two L1 blocks, and derive honestly what is left."""
        scene = self.scene
        scene.chain.reorganise(self.random.randint(1, 2))
        state = scene.chain.contract.state
        scene.derived = []
        scene.honest = genesis_replica(scene.deployment.rules, START_MS)
        for index in range(len(state.log)):
            scene.derive(index)

    def fork(self) -> None:
        """Append, let the defender see it, and take it back."""
        self.append()
        self.propose_right()
        self.post.round()
        self.reorganise()

    def play(self) -> None:
        acts = [
            *(self.append, self.append, self.propose_right, self.propose_right),
            *(self.propose_wrong, self.propose_wrong, self.round, self.round, self.round),
            *(self.round_rival, self.crash, self.lose_answer, self.fork),
            self.reorganise,
        ]
        for _ in range(STEPS):
            self.random.choice(acts)()
            self.scene.chain.mine(self.random.randint(0, 2))

    def end(self) -> None:
        """Let everybody finish, then let the windows pass."""
        for _ in range(ENTRIES_MAX):
            self.propose_right()
            for _ in range(4):
                self.post.round()
                self.scene.chain.mine()
        self.scene.chain.mine(ENTRIES_MAX + 4, WINDOW_MS)
        self.post.round()
        self.told.append(self.post.said)
        self.disk.close()


def outputs_with(post: Post, status: ClaimStatus, scene: Scene) -> list[Output]:
    assert post.core is not None
    state = scene.chain.contract.state
    return [claim.output for claim in state.claims[1:] if claim.status is status]


@pytest.mark.parametrize("seed", range(8))
def test_truth_wins(seed: int, tmp_path: Path) -> None:
    story = Story(seed, tmp_path)
    story.play()
    story.end()
    scene, right = story.scene, story.right()
    final = outputs_with(story.post, ClaimStatus.FINAL, scene)
    assert [output.log_index for output in final] == list(range(1, len(scene.derived) + 1))
    assert all(output.hash in right for output in final)
    convicted = outputs_with(story.post, ClaimStatus.CONVICTED, scene)
    assert convicted
    assert not any(output.hash in right for output in convicted)
    assert not outputs_with(story.post, ClaimStatus.PENDING, scene)
    said = "\n".join(story.told)
    assert "WRONG and became final" not in said
    assert "too late" not in said
    assert "would not convict" not in said
    assert story.post.core.replica.head == scene.honest.head
    proposals = [call for call in scene.chain.calls if isinstance(call, Propose)]
    assert len(proposals) >= len(final)
    assert DEFENDER != RIVAL
