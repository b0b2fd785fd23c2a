"""Whoever can take L1 blocks back: with them goes what the challenger did, or saw.

Every phase of a batch's life, in all depths, with all real parts around it, is played
by ``tests/simulation/test_reorgs.py``; here it is the dispute that is undone.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from prover.contract.calls import CommitFault, ProveFault
from prover.contract.disputes import commitment_to
from prover.defence import PATIENCE_PARTS
from prover.replica import genesis_replica
from prover.traffic import START_MS
from statemachine.storage import MemoryStore
from tests.adversaries.actors.disputes import SALT, ended, richer, traded
from tests.adversaries.actors.duty import Mortal, attacked, count_of
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import LIAR, WINDOW_MS, Land
from tests.simulation.test_challenger import DEFENDER, PROPOSER

DEEPEST = 64
URGENT_ROUNDS = 2 + WINDOW_MS // (1_000 * PATIENCE_PARTS)
"""Rounds, a second each, until a defender waits no more for his commitment to be final."""
PHASES = {"claimed": 0, "committed": 1, "proven": URGENT_ROUNDS}
"""Rounds of the defender before L1 takes its blocks back."""


def take_back(land: Land, depth: int) -> None:
    """Lose L1's last blocks and all that was in them, and follow what is left."""
    land.chain.reorganise(depth)
    land.chain.time = land.chain.block_at(land.chain.block).time
    land.chain.mine(depth)
    land.honest = genesis_replica(land.rules, START_MS)
    assert isinstance(land.honest.store, MemoryStore)
    land.desk.store = land.honest.store
    land.derived = []
    for index in range(len(land.chain.contract.state.log)):
        land.derive(index)
    land.spent.clear()
    claims = land.chain.contract.state.claims
    for who in (PROPOSER, DEFENDER, LIAR):
        staked = sum(claim.bond for claim in claims if claim.proposer == who)
        land.start[who] = land.eth(who) + staked


def undone(depth: int) -> Outcome:
    """Play a dispute for each phase, and take so many blocks back when it has come to it."""
    outcomes: list[Outcome] = []
    for rounds in PHASES.values():
        land = traded()
        land.chain.final_blocks = DEEPEST + 6
        land.chain.mine(DEEPEST, 10)
        land.post([])
        parent = land.claim_honestly(2)
        land.lie(richer(land, land.derived[-1]), parent)
        post = land.station()
        for left in reversed(range(rounds)):
            post.round()
            land.chain.mine(1 if left else 0)
        assert (count_of(land, ProveFault) > 0) is (rounds == URGENT_ROUNDS)
        take_back(land, depth)
        if len(land.derived) < 3:
            land.post([])
        parent = land.claim_honestly(2)
        wrong = outlived(land)
        if wrong is None:
            wrong = land.lie(richer(land, land.derived[-1]), parent)
        land.fight(post, URGENT_ROUNDS + 2)
        verdict = land.verdict_on(wrong)
        land.close()
        outcomes.append(land.outcome(verdict))
    [verdict] = {outcome.verdict for outcome in outcomes}
    return Outcome(
        verdict,
        all(outcome.paid for outcome in outcomes),
        all(outcome.final_right for outcome in outcomes),
        all(outcome.honest_whole for outcome in outcomes),
    )


@adversary("re-org while the challenger is dead", "10", "SEGMENT convicted")
def behind_his_back() -> Outcome:
    """Take back the commitment while nobody looks, and kill the challenger in every block after."""
    land, wrong = attacked()
    with TemporaryDirectory() as folder:
        mortal = Mortal(land, Path(folder) / "store")
        mortal.live(1)
        assert count_of(land, CommitFault) == 1
        take_back(land, 2)
        assert not list(land.chain.contract.state.commitments)
        for _ in range(9):
            mortal.live(1)
    return ended(land, wrong, land.verdict_on(wrong))


def outlived(land: Land) -> int | None:
    """Return the liar's claim, if the re-org left it, pending or convicted."""
    claims = land.chain.contract.state.claims
    return next((claim.number for claim in claims if claim.proposer == LIAR), None)


@adversary("re-org of 1 block, at each phase", "10", "SEGMENT convicted")
def shallow() -> Outcome:
    """Take back the last block: the claim, the commitment, or the proof."""
    return undone(1)


@adversary("re-org of 5 blocks, at each phase", "10", "SEGMENT convicted")
def deeper() -> Outcome:
    """Take back the whole dispute."""
    return undone(5)


@adversary("re-org of 64 blocks, at each phase", "10", "SEGMENT convicted")
def deepest() -> Outcome:
    """Take back the dispute, the batch, and what was agreed before."""
    return undone(64)


@adversary("re-org that makes a proof public", "10", "SEGMENT convicted")
def published() -> Outcome:
    """Take commitment and proof back once the proof was seen; commit to it, and show it, first."""
    land, wrong = attacked()
    post = land.station()
    while not (shown := [call for call in land.chain.calls if isinstance(call, ProveFault)]):
        post.round()
        land.chain.mine()
    take_back(land, land.chain.final_blocks)
    stolen = replace(shown[0], payee=LIAR, salt=SALT)
    assert land.send(LIAR, CommitFault(commitment_to(stolen))).ok
    land.chain.mine(land.deployment.commitment_blocks_min - 1)
    post.round()
    land.send(LIAR, stolen)
    land.fight(post)
    return ended(land, wrong, land.verdict_on(wrong))
