"""The claims on L1 as far as they may still change, and the last final one."""

from typing import final

from prover.contract.records import Claim, ClaimStatus
from prover.l1 import L1
from prover.outputs import Output


@final
class ClaimBook:
    """Claims by number: all from the oldest pending one on, and the last final one."""

    def __init__(self, l1: L1, first: int = 0) -> None:
        """Read from claim number ``first`` on: ``unsettled`` of an earlier life."""
        self.l1 = l1
        self.claims: dict[int, Claim] = {}
        self.unsettled = first
        self.final: Claim | None = None

    @property
    def final_output(self) -> Output | None:
        """The output of the last final claim."""
        return None if self.final is None else self.final.output

    async def refresh(self) -> None:
        """Read claims that are new or may have changed."""
        number = self.unsettled
        while True:
            page = await self.l1.claims(number)
            if not page:
                break
            for posted in page:
                self.claims[posted.claim.number] = posted.claim
            number = page[-1].claim.number + 1
        for claim in self.claims.values():
            if claim.status is ClaimStatus.FINAL:
                self.take_final(claim)
        for number in sorted(self.claims):
            if self.claims[number].status is ClaimStatus.PENDING:
                break
            if self.final is not None and number < self.final.number:
                del self.claims[number]
                self.unsettled = number + 1

    def take_final(self, claim: Claim) -> None:
        """Keep the final claim that covers most of the log."""
        if self.final is None or claim.output.log_index > self.final.output.log_index:
            self.final = claim
