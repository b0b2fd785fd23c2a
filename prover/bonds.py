"""Getting bonds back: those of claims that died with somebody else's.

A bond on a claim that became final is returned by itself.  One on a claim that
was orphaned or superseded waits on L1 until anybody asks for it; it is paid to
its proposer.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import final

from prover.contract.calls import ClaimBond
from prover.contract.codes import ContractCode
from prover.contract.records import Claim, ClaimStatus
from prover.l1 import L1, CallReceipt


@final
@dataclass(frozen=True, slots=True)
class Payment:
    """What became of asking for one bond, in gwei."""

    claim: int
    bond: int
    receipt: CallReceipt

    @property
    def is_settled(self) -> bool:
        """Whether the bond is paid, by this call or by one before it."""
        return self.receipt.code in {ContractCode.OK, ContractCode.BOND_PAID}


async def read_claims(l1: L1) -> list[Claim]:
    """Return every claim as it stands."""
    claims: list[Claim] = []
    while page := await l1.claims(len(claims)):
        claims += [posted.claim for posted in page]
    return claims


def returnable(claims: list[Claim], proposer: bytes) -> list[Claim]:
    """Return the claims of ``proposer`` that are dead, marked or not, and whose bonds wait.

    ``claims`` are all claims by number; a claim is dead if its parent is, or if
    another child of its parent is final.
    """
    dead: set[int] = set()
    heirs = {c.parent for c in claims if c.number and c.status is ClaimStatus.FINAL}
    for claim in claims:
        lost = claim.parent in dead or claim.parent in heirs
        if claim.status.is_dead or (claim.status is ClaimStatus.PENDING and lost):
            dead.add(claim.number)
    return [c for c in claims if c.number in dead and c.bond and c.proposer == proposer]


async def claim_bonds(l1: L1, say: Callable[[str], None]) -> AsyncIterator[Payment]:
    """Ask for every bond of the adapter's own address that waits, parents first."""
    waiting = returnable(await read_claims(l1), l1.address)
    say(f"{len(waiting)} bonds of {l1.address.hex()} wait")
    for claim in waiting:
        yield Payment(claim.number, claim.bond, await l1.send(ClaimBond(claim.number)))
