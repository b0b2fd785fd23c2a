"""Many wrong claims at once: the defender's calls share L1's blocks."""

import asyncio

import pytest

from prover import docket
from prover.accusation import ItemHashes
from prover.contract.calls import Call, CommitFault, ProveFault
from prover.contract.records import ClaimStatus
from prover.l1 import CallReceipt
from tests.adversaries.actors.disputes import richer, traded
from tests.adversaries.world import LIAR, MAKER, SELL
from tests.simulation.memory_l1 import MemoryChain, MemoryL1
from tests.simulation.test_challenger import BOND, DEFENDER

CROWD = 12
PATIENCE_SECONDS = 20.0


class CrowdedL1(MemoryL1):
    """An L1 whose next block comes when so many calls wait for it, as many as are expected."""

    def __init__(self, chain: MemoryChain, address: bytes, expected: int) -> None:
        super().__init__(chain, address)
        self.crowd = asyncio.Barrier(expected)

    async def send(self, call: Call, *, fee_max: int = 0) -> CallReceipt:
        if isinstance(call, CommitFault | ProveFault):
            await asyncio.wait_for(self.crowd.wait(), PATIENCE_SECONDS)
        return await super().send(call, fee_max=fee_max)


def test_a_block_has_the_calls_about_every_claim() -> None:
    land = traded()
    parent = land.claim_honestly(1)
    derived = land.derived[-1]
    wrong = [land.lie(richer(land, derived, n + 1), parent, 0) for n in range(CROWD)]
    post = land.station()

    async def defend() -> None:
        land.chain.final_blocks = 0  # here each call has a block of its own
        post.patrol.l1 = CrowdedL1(land.chain, DEFENDER, CROWD)
        for _ in range(4):
            await post.patrol.make_round()
            land.chain.mine()

    asyncio.run(defend())
    assert {land.status_of(claim) for claim in wrong} == {ClaimStatus.CONVICTED}


def test_no_crowd_of_descendants_makes_a_defender_forget_what_he_fights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """He keeps so many claims, and those that are not decided for good besides."""
    monkeypatch.setattr(docket, "CLAIMS_KEPT_MAX", CROWD)
    land = traded()
    third = land.post([land.order(MAKER, SELL, 5)])
    land.chain.contract.mint(LIAR, 10 * CROWD * BOND, 0)
    forged = richer(land, land.derived[1])
    wrong = land.lie(forged, land.claim_honestly(1))
    believed = forged.carry_on(third)
    for n in range(3 * CROWD):
        land.lie(richer(land, believed, n + 1), wrong, 0)
    post = land.fight()
    assert land.status_of(wrong) is ClaimStatus.CONVICTED
    assert len(post.core.docket.claims) > 3 * CROWD, "L1 may still decide about them"
    land.close()
    land.chain.mine(land.chain.final_blocks)
    land.claim_honestly()
    land.fight(post, 2)
    assert len(post.core.docket.claims) == CROWD
    assert land.is_final_right


def test_a_case_hashes_no_more_of_the_inbox_than_its_entry_saw() -> None:
    land = traded()
    land.deposit(MAKER)
    derived = land.post(land.quotes())
    known = land.chain.contract.state.item_hashes
    hashes = ItemHashes(derived)
    first = derived.parent.inbox_index
    assert 0 < first < len(hashes) == len(known)
    assert hashes[first:] == known[first:]
    with pytest.raises(IndexError):
        hashes[first - 1]
