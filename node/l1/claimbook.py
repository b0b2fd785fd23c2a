"""The claims on L1: as they stand at its latest block, and what can no longer change.

A re-org may take back a claim, its conviction, or its becoming final.  So all
that may change is read afresh each time, and a claim counts as final only once
it is so *at a final L1 block*: it was proposed under that block and its window
had passed by that block's time, after which nobody can convict it on any fork.
Undo records, and the tag final that a node tells, go by it.
"""

from typing import Final, final

from prover.contract.records import Claim, ClaimStatus
from prover.l1 import L1, Heads
from prover.outputs import Output

GENESIS_CLAIM: Final = 0


@final
class ClaimBook:
    """Claims by number, from the last final one on."""

    def __init__(self, l1: L1, first: int = 0) -> None:
        """Read from claim number ``first`` on: ``unsettled`` of an earlier life."""
        self.l1 = l1
        self.claims: dict[int, Claim] = {}
        self.unsettled = first
        """Claims before this one are decided for good."""
        self.block = -1
        """The L1 block up to which they were read, at least."""
        self.final: Claim | None = None

    @property
    def final_output(self) -> Output | None:
        """The output of the last claim that is final at a final L1 block."""
        return None if self.final is None else self.final.output

    async def refresh(self, heads: Heads) -> None:
        """Read all claims that may have changed; ``heads`` were read before."""
        window_ms = (await self.l1.deployment()).window_ms
        claims: dict[int, Claim] = {}
        number = self.unsettled
        while True:
            page = await self.l1.claims(number)
            if not page:
                break
            claims.update((posted.claim.number, posted.claim) for posted in page)
            number = page[-1].claim.number + 1
        final = (claim for claim in claims.values() if claim.status is ClaimStatus.FINAL)
        settled = [claim for claim in final if is_settled(claim, heads, window_ms)]
        self.final = max(settled, key=place_of, default=self.final)
        if self.final is not None:
            # Who came before it has a window that ended before its own.
            self.unsettled = self.final.number
        self.block = heads.latest.number
        self.claims = {n: claim for n, claim in claims.items() if n >= self.unsettled}


def place_of(claim: Claim) -> int:
    """Return how much of the log a claim covers."""
    return claim.output.log_index


def is_settled(claim: Claim, heads: Heads, window_ms: int) -> bool:
    """Return whether what became of a claim is the same on every fork after the final block."""
    if claim.number == GENESIS_CLAIM:
        return True
    closed = claim.time + window_ms
    return claim.block <= heads.final.number and closed <= heads.final.time
