"""Proposes claims: the poster's half that stakes bonds, and the follower's vigil.

Looks at the claims on L1 and proposes the first right one that is missing, once L1
takes its log entry back no more: a claim that was sent may come into a block of another
fork, where the entry in that place makes another block, or is another one, and what was
right is a lie.  How long it lets others go first is its patience.  On a devnet it can be told
to lie once: it then defends the lie with descendants, as a thief would, until
the lie is dead.
"""

import time
from collections.abc import Callable
from typing import Final, final

import structlog

from node.derivation.derived import DerivedChain
from node.derivation.proposer import Missing, corrupt, descend, find_missing
from node.l1.claimbook import ClaimBook
from prover.contract.codes import ContractCode
from prover.l1 import L1
from prover.outputs import Output

REFUSED_SECONDS: Final = 5.0
"""How long we pause after L1 refused a proposal: no bond, most likely."""
REMORSE_SECONDS: Final = 20.0
"""How long a liar that was caught leaves the right claim to others."""

LOG = structlog.get_logger("proposer")


@final
class Claimant:
    """Proposes over one adapter with one key."""

    def __init__(self, l1: L1, chain: DerivedChain, book: ClaimBook, patience: float) -> None:
        """``patience``: seconds that others may take to propose before we do."""
        self.l1 = l1
        self.chain = chain
        self.book = book
        self.patience = patience
        self.noticed: dict[int, float] = {}
        self.pause = 0.0
        self.remorse = (0, 0.0)
        self.corruption = ""
        self.segment: int | None = None
        self.lies: list[tuple[int, Output]] = []
        self.proposed_block = 0

    def corrupt_next(self, corruption: str, segment: int | None) -> int | None:
        """Make the next claim wrong; return its log index if it is known."""
        self.corruption = corruption
        self.segment = segment
        missing = self.find(self.chain.output_at)
        return None if missing is None else missing.log_index

    def find(self, output_at: Callable[[int], Output | None]) -> Missing | None:
        """Return the first right claim that is missing, of entries with these outputs."""
        last = self.book.final
        if last is None:
            return None
        return find_missing(self.book.claims.values(), last, output_at)

    def settled_output(self, log_index: int) -> Output | None:
        """Return what we derived, if it is of an entry that L1 takes back no more."""
        return self.chain.output_at(log_index) if log_index <= self.chain.fixed else None

    async def act(self) -> bool:
        """Propose at most one claim; return whether L1 has to be looked at again."""
        if self.lies:
            first, wrong = self.lies[0]
            if not self.is_dead(first, wrong):
                return await self.extend_lie()
            LOG.warning("the wrong claim is dead", claim=first)
            self.remorse = (wrong.log_index, time.monotonic() + REMORSE_SECONDS)
            self.lies.clear()
        missing = self.find(self.settled_output)
        if missing is None or time.monotonic() < self.pause or not self.is_our_turn(missing):
            return False
        step = self.chain.step(missing.log_index)
        if step is None:
            return False
        output, trace = step.output, step.trace
        lying, self.corruption = self.corruption, ""
        if lying:
            output, trace = corrupt(output, trace, lying, self.segment)
        number = await self.propose(missing.parent, output, trace)
        if lying and number is not None:
            LOG.warning("proposed a wrong claim, as told", claim=number, corruption=lying)
            self.lies = [(number, output)]
        return True

    def is_our_turn(self, missing: Missing) -> bool:
        """Return whether we have waited long enough for others."""
        now = time.monotonic()
        for old in [index for index in self.noticed if index < missing.log_index]:
            del self.noticed[old]
        waited = now - self.noticed.setdefault(missing.log_index, now)
        if missing.log_index == self.remorse[0]:
            return now >= self.remorse[1]
        return missing.disputed or waited >= self.patience

    def is_dead(self, number: int, output: Output) -> bool:
        """Return whether a claim of ours lost, or was taken back by a re-org."""
        claim = self.book.claims.get(number)
        if claim is None:
            return number < self.book.unsettled or self.book.block >= self.proposed_block
        return claim.status.is_dead or claim.output != output

    async def extend_lie(self) -> bool:
        """Propose the next entry's output on top of our wrong claims."""
        number, output = self.lies[-1]
        step = self.chain.step(output.log_index + 1)
        if step is None:
            return False
        wrong, trace = descend(step.output, step.trace, output)
        child = await self.propose(number, wrong, trace)
        if child is not None:
            self.lies.append((child, wrong))
        return child is not None

    async def propose(self, parent: int, output: Output, trace: tuple[bytes, ...]) -> int | None:
        """Send a proposal; return the claim's number, unless L1 refused it."""
        LOG.info("proposing", log_index=output.log_index, parent=parent, root=output.post_root)
        receipt = await self.l1.propose(parent, output, trace)
        if receipt.ok:
            self.proposed_block = receipt.block
            LOG.info("proposed", claim=receipt.value, log_index=output.log_index)
            return receipt.value
        if receipt.code in {ContractCode.CLAIM_EXISTS, ContractCode.PARENT_DECIDED}:
            LOG.info("proposed by another", log_index=output.log_index)
            return None
        self.pause = time.monotonic() + REFUSED_SECONDS
        LOG.warning("not proposed", log_index=output.log_index, why=receipt.message)
        return None
