"""An attester at work: a challenger who signs what he finds right.

He judges every claim by what he derived himself from the data on L1, and vouches for
one only when its log entry is in a block that L1 takes back no more: what he signs can
then never become wrong.  What he sent may be taken back, and is then sent again.  A claim
that he disagrees with he leaves to challengers.

Whatever he signs is on disk first (:mod:`prover.vows`): about one log entry he never
vouches for two outputs, over crashes and restarts.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, final

from prover.bls import Bls
from prover.cases import JudgedClaim, Standing
from prover.contract.attesters import attestation_digest, bitmap_of
from prover.contract.calls import Attest
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus
from prover.l1 import L1Block, L1Refused, L1Unreachable
from prover.patrol import PAUSE_MAX_SECONDS, Patrol
from prover.vows import Vows

DONE: Final = frozenset(
    {ContractCode.OK, ContractCode.CLAIM_DEAD, ContractCode.CLAIM_DECIDED, ContractCode.SIGNERS}
)
"""Answers after which a claim need not be attested again."""


@final
@dataclass(frozen=True, slots=True)
class Seal:
    """An attester's number on L1, and the secret of his BLS key."""

    number: int
    secret: int
    bls: Bls

    def attestation(self, l1_chain_id: int, contract: bytes, claim: int, output: bytes) -> Attest:
        """Return the call that vouches for a claim, whose output has this hash."""
        digest = attestation_digest(l1_chain_id, contract, output)
        signature = self.bls.sign(self.secret, digest)
        return Attest(claim, bitmap_of([self.number]), signature)


@final
class Attester:
    """Makes a challenger's rounds, and vouches for what they found right.

    ``every`` n-th log entry only: a claim stands for all before it, so that is enough, if
    all attesters choose the same.
    """

    def __init__(
        self, patrol: Patrol, seal: Seal, every: int = 1, vows: Vows | None = None
    ) -> None:
        self.every = every
        self.patrol = patrol
        self.seal = seal
        self.vows = vows or Vows(None)
        self.attested: dict[bytes, L1Block | None] = dict(self.vows.answers)
        """Hashes of outputs that need no more of him while L1 has the block of the answer;
        ``None``: it takes that back no more."""
        self.broken: set[bytes] = set()
        """Hashes of outputs that another one has the vow of."""

    async def run(self, pause: float) -> None:
        """Make rounds until cancelled; ``pause`` in seconds."""
        missing = 0
        while True:
            try:
                await self.make_round()
                missing = 0
            except L1Unreachable as error:
                missing += 1
                if missing == 1:
                    self.patrol.note("warning", f"L1 does not answer, waiting for it: {error}")
            await asyncio.sleep(min(pause * (1 + missing), PAUSE_MAX_SECONDS))

    async def make_round(self) -> None:
        """Read L1 once, and vouch for every claim that is right for good."""
        await self.patrol.make_round()
        await self.look_back()
        for claim in self.ripe():
            await self.attest(claim)

    async def look_back(self) -> None:
        """Forget every answer whose block L1 has no longer."""
        seen = self.patrol.seen
        for output_hash, block in list(self.attested.items()):
            if block is None:
                continue
            found = await self.patrol.l1.block(block.number)
            if found is None or found.hash != block.hash:
                del self.attested[output_hash]
                self.vows.forget(output_hash)
            elif seen is not None and block.number <= seen.final.number:
                self.attested[output_hash] = None

    def ripe(self) -> list[JudgedClaim]:
        """Return pending claims that are right, whatever L1 may still take back."""
        core = self.patrol.core
        return [
            claim
            for _, claim in sorted(core.docket.claims.items())
            if claim.standing is Standing.AGREED
            and claim.posted.claim.status is ClaimStatus.PENDING
            and claim.posted.claim.output.log_index <= core.next_entry
            and claim.posted.claim.output.log_index % self.every == 0
            and claim.output_hash not in self.attested
            and claim.output_hash not in self.broken
        ]

    async def attest(self, claim: JudgedClaim) -> None:
        """Vouch for a claim."""
        deployment, number = self.patrol.core.deployment, claim.posted.claim.number
        log_index = claim.posted.claim.output.log_index
        if not self.vows.take(log_index, claim.output_hash):
            self.broken.add(claim.output_hash)
            known = self.vows.outputs[log_index].hex()[:16]
            self.patrol.note(
                "alert",
                f"claim {number}: not attested: of log entry {log_index - 1} output {known}.. was "
                f"attested before, this is {claim.output_hash.hex()[:16]}..; one of them is wrong, "
                "or L1 is another one (then use another --datadir)",
            )
            return
        call = self.seal.attestation(
            deployment.l1_chain_id, deployment.rules.rollup, number, claim.output_hash
        )
        try:
            receipt = await self.patrol.l1.send(call)
        except L1Refused as error:
            self.patrol.note("alert", f"claim {number}: L1 refuses the attestation: {error}")
            return
        if receipt.code in DONE:
            block = await self.patrol.l1.block(receipt.block)
            if block is not None:
                self.attested[claim.output_hash] = block
                self.vows.note(log_index, block)
        if receipt.code is ContractCode.OK:
            self.patrol.note(
                "info", f"attested claim {number}: {receipt.value} micros vouch for it"
            )
        else:
            self.patrol.note("warning", f"claim {number}: not attested: {receipt.message}")
