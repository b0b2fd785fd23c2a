"""Re-orgs of every depth in every phase of a batch's life: nobody stops, and the truth wins.

L1 makes blocks final after 70; the deepest re-org takes back 64, which is longer
than a claim's window.  The calls of the lost blocks are lost too, or come again
later, in blocks with other times.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from prover.cases import Stage
from prover.contract.records import ClaimStatus
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.town import DEPOSIT, ETH, POSTER, USER, WITHDRAWAL, Town

DEPTHS = (1, 5, 64)
Condition = Callable[[Town], bool]


def is_final_at_latest(town: Town) -> bool:
    """Return whether a claim is final on which nobody may rely yet."""
    final = town.follower.deriver.book.final
    return final is not None and final.number < town.final_claim.number


PHASES: dict[str, Condition] = {
    "posted": lambda town: len(town.state.log) > 0,
    "claimed": lambda town: town.has_status(ClaimStatus.PENDING),
    "committed": lambda town: Stage.COMMITTED in town.stages,
    "proven": lambda town: town.has_status(ClaimStatus.CONVICTED),
    "final at latest": is_final_at_latest,
    "withdrawal queued": lambda town: len(town.state.inbox) > 1,
    "paid": lambda town: 0 in town.state.paid,
}
DISPUTED = ("committed", "proven")
WITHDRAWN = ("withdrawal queued", "paid")


async def live(town: Town, phase: str, depth: int, *, again: bool) -> None:
    """Come to a phase, take back so many blocks, and live on until all is well."""
    if phase in DISPUTED:
        town.poster.corrupt_next_claim("segment-root", None)
    await town.until(lambda: len(town.taken) == 1)
    town.works = True
    town.wants_withdrawal = phase in WITHDRAWN
    await town.until(lambda: PHASES[phase](town))
    await town.reorganise(depth, again=again)
    await town.until(lambda: PHASES[phase](town) or phase in DISPUTED)
    await town.rest()
    await town.check()
    if phase in WITHDRAWN:
        assert 0 in town.state.paid
        assert town.state.account_of(USER).token == WITHDRAWAL
        assert town.state.totals.token_escrowed == DEPOSIT - WITHDRAWAL


@pytest.mark.parametrize("again", [False, True], ids=["lost", "later"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_reorg_leaves_the_truth(
    phase: str, depth: int, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        async with Town(tmp_path, monkeypatch) as town:
            await live(town, phase, depth, again=again)

    asyncio.run(play())


@pytest.mark.parametrize("ticks", [1, 4])
def test_a_reorg_under_an_honest_claim_costs_its_proposer_nothing(
    ticks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry and the claim about it come again, in blocks with other times.

    The entry then makes another block, and an output that was right is so no longer.
    """

    async def play() -> None:
        async with Town(tmp_path, monkeypatch) as town:
            await town.until(lambda: town.follower.chain.head.log_index == 1)
            await town.until(lambda: town.final_claim.output == town.follower.chain.head)
            town.silent = True
            town.l1.time += 2 * town.contract.liveness_ms_max
            fork = town.l1.block
            assert (await MemoryL1(town.l1, USER).append_empty(1)).ok
            for _ in range(ticks):
                await town.tick()
            town.l1.reorganise(town.l1.block - fork, again=True)
            await town.until(lambda: town.follower.chain.head.log_index == 2)
            await town.until(lambda: town.final_claim.output == town.follower.chain.head)
            assert not town.has_status(ClaimStatus.CONVICTED)
            assert town.state.account_of(POSTER).eth == ETH
            await town.check()

    asyncio.run(play())
