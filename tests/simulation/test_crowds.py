"""Many wrong claims at once: the defender's calls share L1's blocks."""

import asyncio

from prover.contract.calls import Call, CommitFault, ProveFault
from prover.contract.records import ClaimStatus
from prover.l1 import CallReceipt
from tests.adversaries.actors.disputes import richer, traded
from tests.simulation.memory_l1 import MemoryChain, MemoryL1
from tests.simulation.test_challenger import DEFENDER

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
        post.patrol.l1 = CrowdedL1(land.chain, DEFENDER, CROWD)
        for _ in range(4):
            await post.patrol.make_round()
            land.chain.mine()

    asyncio.run(defend())
    assert {land.status_of(claim) for claim in wrong} == {ClaimStatus.CONVICTED}
