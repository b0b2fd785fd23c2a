"""The follower: everything from L1's data alone, and a second opinion on every claim.

It never speaks to the sequencer.  It derives each log entry, serves state,
blocks, receipts and proofs of it; it states the right output where the proposer's
claim is missing or was disproved (``propose``), and appends entries of inbox items
where the sequencer is gone (``keep_alive``).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, final

import structlog

from node.derivation.claimant import Claimant
from node.derivation.derived import DerivedChain
from node.derivation.deriver import Deriver
from node.derivation.keepalive import KeepAlive
from node.l1.postings import Posting, Postings
from node.ledger.audience import Audience
from node.ledger.blocks import ExecutedBlock
from node.ledger.feed import Head, SealedBlock, Sequenced, Status
from node.process.metrics import Metrics
from prover.contract.rules import ContractRules
from prover.derivation import Recover
from prover.l1 import L1, L1Refused, L1Unreachable
from prover.ranges import KeyRange
from prover.replica import Derived
from prover.roots import Roots
from statemachine.cursor import Cursor
from statemachine.rules import Rules
from statemachine.storage import Store

PATIENCE_SECONDS: Final = 15.0
"""How long the proposer may take before the follower states an output itself."""

LOG = structlog.get_logger("follower")


@final
class Follower:
    """A running follower; satisfies ``feed.Ledger``."""

    def __init__(
        self,
        directory: Path,
        deployment: ContractRules,
        l1: L1,
        *,
        propose: bool = False,
        keep_alive: bool = False,
        patience: float = PATIENCE_SECONDS,
        poll_ms: int = 200,
        owner: str = "follower",
        metrics: Metrics | None = None,
        recover: Recover | None = None,
        roots: Roots | None = None,
    ) -> None:
        """Open the store; nothing runs before :meth:`run`.

        ``recover`` and ``roots`` do their parts of the work elsewhere.
        """
        self.deployment = deployment
        self.chain = DerivedChain(directory / "chain", owner, deployment, recover, roots)
        self.rules: Rules = self.chain.rules
        self.store: Store = self.chain.trees[self.chain.head.log_index]
        self.audience = Audience(self.chain.archive.read, self.chain.head.height)
        self.deriver = Deriver(l1, self.chain, self.on_derived, self.on_taken_back)
        self.claimant = Claimant(l1, self.chain, self.deriver.book, patience)
        self.propose = propose
        self.keeper = KeepAlive(l1, self.deriver, deployment) if keep_alive else None
        self.poll_seconds = poll_ms / 1000
        self.metrics = metrics or Metrics()
        self.cursor: Cursor = self.chain.cursor
        self.postings = Postings()
        self.finals = Postings()
        self.ready = False

    async def run(self) -> None:
        """Follow L1 until cancelled, or until something is not right."""
        while True:
            if await self.deriver.refresh():
                self.deriver.settle()
                self.note_final()
                if not self.ready:
                    self.ready = True
                    LOG.info("ready", height=self.chain.head.height)
                if self.propose and await self.proposed():
                    continue
                if self.keeper is not None and await self.kept_alive(self.keeper):
                    continue
            await asyncio.sleep(self.poll_seconds)

    def note_final(self) -> None:
        """Remember since when blocks are final."""
        heads, output = self.deriver.heads, self.deriver.book.final_output
        if heads is not None and output is not None:
            self.finals.advance(output.height, output.log_index, heads.latest.time)

    async def proposed(self) -> bool:
        """Propose the right output if it is our turn; return whether we did."""
        try:
            return await self.claimant.act()
        except (L1Unreachable, L1Refused) as error:
            LOG.warning("L1 does not answer", why=str(error))
            return False

    async def kept_alive(self, keeper: KeepAlive) -> bool:
        """Append an entry of inbox items if one is due; return whether we did."""
        try:
            return await keeper.act()
        except (L1Unreachable, L1Refused) as error:
            LOG.warning("L1 does not answer", why=str(error))
            return False

    def on_derived(self, derived: Derived, blocks: Sequence[ExecutedBlock]) -> None:
        """Publish the blocks of an entry."""
        # A snapshot: entries are derived on a thread, and no query may see half of one.
        self.store = self.chain.trees[derived.output.log_index]
        self.cursor = self.chain.cursor
        self.rules = derived.rules
        last = derived.output.height
        first = last - len(blocks) + 1
        log_index = derived.output.log_index
        self.postings.add(Posting(first, last, log_index, derived.facts.time))
        empty = sum(made.block.frame is None for made in derived.blocks)
        LOG.info(
            "derived",
            log_index=derived.output.log_index,
            height=derived.output.height,
            root=derived.output.post_root,
            empty_blocks=empty,
        )
        for block in blocks:
            self.audience.publish(block)
            self.audience.root(block.height)

    def on_taken_back(self) -> None:
        """Stand at the fork point: what came after it is not true any more."""
        head = self.chain.head
        self.store = self.chain.trees[head.log_index]
        self.cursor = self.chain.cursor
        self.rules = self.chain.rules
        self.audience.cut(head.height)
        self.postings.cut(head.log_index)

    def close(self) -> None:
        """Release the store."""
        self.chain.close()

    # Ledger

    def status(self) -> Status:
        """Return the node's view of itself and of the heads."""
        head = self.chain.head
        output = self.deriver.book.final_output or self.deployment.genesis
        safe = Head(head.height, self.cursor.time, head.log_index)
        final_time = self.audience.time_of(output.height)
        return Status(
            role="follower",
            chain_id=self.rules.chain_id,
            rollup=self.rules.rollup,
            rules_hash=self.rules.hash,
            l1="stub",
            time=self.deriver.clock,
            unsafe=safe,
            safe=safe,
            final=Head(output.height, final_time, output.log_index),
            root_height=head.height,
            root=head.post_root,
            queued=0,
            ready=self.ready,
            halted="",
            l1_heads=self.deriver.heads,
            genesis_root=self.deployment.genesis.post_root,
            rules_version=self.chain.book.version_at(self.cursor.time),
            rules_unknown=self.chain.book.first_unknown,
        )

    def block(self, height: int) -> SealedBlock | None:
        """Return a block, with its receipts; no events if it is from disk."""
        return self.audience.block(height)

    def find(self, tx_hash: bytes) -> Sequenced | None:
        """Return what became of a transaction, or ``None`` if no block has it."""
        return self.chain.find(tx_hash)

    def posted(self, height: int) -> Posting | None:
        """Return the log entry that carries a block, if it was seen."""
        return self.postings.find(height)

    def final_since(self, height: int) -> int:
        """Return when a block was first seen to be final, ms; 0 if it was not."""
        found = self.finals.find(height)
        return 0 if found is None else found.time

    def subscribe(self) -> AsyncIterator[SealedBlock]:
        """Yield each newly derived block."""
        return self.audience.subscribe()

    def rooted(self, height: int) -> AsyncIterator[SealedBlock]:
        """Yield blocks from ``height`` on, each with its roots."""
        return self.audience.rooted(height)

    def prove(
        self, keys: Sequence[bytes], log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes] | None:
        """Return (root, witness) of the state under an output, if it is kept."""
        return self.chain.prove(keys, log_index, ranges)

    def entry_data(self, index: int) -> bytes | None:
        """Return the bytes of an entry of L1's log, if it was derived."""
        return self.chain.entries.read(index)
