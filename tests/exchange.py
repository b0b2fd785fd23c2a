"""A node in memory, as the gRPC services see one: no disk, no workers, no L1.

It sequences with the real core and answers as soon as a block is executed, so
that a test of the services runs the real rules at the speed of a function call.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from node.l1.postings import Posting, Postings
from node.ledger.audience import Audience
from node.ledger.blocks import BlockSigner, ExecutedBlock
from node.ledger.feed import (
    Controls,
    Head,
    Outcome,
    Reason,
    Refusal,
    SealedBlock,
    Sequenced,
    Status,
)
from node.sequencing.sequencer import Sequencer
from node.sequencing.signatures import judge_signature
from node.sequencing.tickets import Ticket
from prover.l1 import Heads, L1Block
from prover.ranges import KeyRange, read_range
from statemachine.cursor import Cursor
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.rules import Rules
from statemachine.storage import Store
from tests.worlds import GENESIS_MS, World

SEQUENCER_KEY = b"\x51" * 32


@dataclass
class Exchange(Controls):
    """A sequencer in memory; satisfies ``feed.Gateway``, and remembers what it was told to do."""

    world: World = field(default_factory=World)
    ready: bool = True
    held: bool = False
    corrupted: list[tuple[str, int | None]] = field(default_factory=list)
    censored: list[tuple[frozenset[bytes], bool]] = field(default_factory=list)
    safe_height: int = 0
    final_height: int = 0

    def __post_init__(self) -> None:
        """Go on from where the world stands."""
        self.rules: Rules = self.world.rules
        self.store: Store = self.world.store
        signer = BlockSigner(SEQUENCER_KEY, self.rules.chain_id)
        self.core = Sequencer(self.rules, self.world.store, signer, lambda _: None)
        self.core.observe(self.core.inbox_from, [], 1 << 60)
        self.blocks: dict[int, ExecutedBlock] = {}
        self.audience = Audience(self.blocks.get, self.core.cursor.height)
        self.postings = Postings()
        self.finals = Postings()
        self.now = self.world.now

    @property
    def cursor(self) -> Cursor:
        """The cursor after the last block."""
        return self.core.cursor

    async def submit(self, transactions: Sequence[bytes]) -> list[Outcome]:
        """Sequence a batch; all that wait at the same time share a block."""
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self.offer(transactions, Ticket(len(transactions), answer.set_result))
        if not self.held:
            asyncio.get_running_loop().call_soon(self.make_block)
        return await answer

    def submit_now(self, data: bytes) -> None:
        """Sequence one transaction in a block of its own, without a pause for anyone."""
        self.offer([data], Ticket(1, lambda _: None))
        self.make_block()

    def offer(self, transactions: Sequence[bytes], ticket: Ticket) -> None:
        """Judge and queue transactions."""
        for place, data in enumerate(transactions):
            judged = judge_signature(self.world.domain, data)
            if isinstance(judged, bytes):
                self.core.offer(data, judged, self.now, ticket, place)
            else:
                ticket.settle(place, Refusal(Reason(judged[0]), judged[1]))

    def make_block(self) -> SealedBlock | None:
        """Make a block of what waits, if anything does."""
        if not self.core.queue:
            return None
        self.now += 100
        self.world.now = self.now
        execution = self.core.build(self.now)
        assert execution is not None
        block = execution.block
        self.blocks[block.height] = block
        self.core.commit(execution)
        self.audience.publish(block)
        return block

    def status(self) -> Status:
        """Return the node's view of itself."""
        head = Head(self.cursor.height, self.cursor.time)
        return Status(
            role="sequencer",
            chain_id=self.rules.chain_id,
            rollup=self.rules.rollup,
            rules_hash=self.rules.hash,
            l1="stub",
            time=self.now,
            unsafe=head,
            safe=Head(self.safe_height, 0, 3),
            final=Head(self.final_height, 0, 2),
            root_height=self.audience.rooted_height,
            root=bytes(32),
            queued=len(self.core.pending),
            ready=self.ready,
            halted="",
            l1_heads=Heads(l1_block(9), l1_block(8), l1_block(7), 0),
            rules_version=self.core.book.version_at(self.cursor.time),
            rules_unknown=self.core.book.first_unknown,
        )

    def block(self, height: int) -> SealedBlock | None:
        """Return a block that was made here."""
        return self.blocks.get(height)

    def find(self, tx_hash: bytes) -> Sequenced | None:
        """Return what became of a transaction."""
        return self.core.answered(tx_hash)

    def waits(self, tx_hash: bytes) -> bool:
        """Return whether a transaction is queued."""
        return tx_hash in self.core.pending

    def posted(self, height: int) -> Posting | None:
        """Return the log entry that carries a block, if it was seen."""
        return self.postings.find(height)

    def final_since(self, height: int) -> int:
        """Return when a block was first seen to be final, ms; 0 if it was not."""
        found = self.finals.find(height)
        return 0 if found is None else found.time

    def subscribe(self) -> AsyncIterator[SealedBlock]:
        """Yield each new block."""
        return self.audience.subscribe()

    def rooted(self, height: int) -> AsyncIterator[SealedBlock]:
        """Yield blocks with their roots."""
        return self.audience.rooted(height)

    def entry_data(self, index: int) -> bytes | None:
        """Return what an entry would hold if there were one."""
        return bytes(1 << 20) if index == 0 else None

    def prove(
        self, keys: Sequence[bytes], log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes] | None:
        """Prove keys under the state as it is now, whatever the log entry from 3 on."""
        if log_index < 3:
            return None
        tree = Tree.from_items(sorted(self.world.store.values.items()))
        recording = RecordingTree(tree)
        for key in keys:
            recording.get(key)
        for wanted in ranges:
            read_range(recording, wanted)
        return tree.root, recording.witness({})

    async def hold(self) -> None:
        """Stop making blocks."""
        self.held = True

    async def resume(self) -> None:
        """Go on, with what waited."""
        self.held = False
        self.make_block()

    @property
    def waiting(self) -> int:
        """Nothing waits: every transaction gets a block at once."""
        return 0

    async def make_block_at(self, time: int, submitted: int) -> Head | None:
        """Return the head, if held."""
        del time, submitted
        return self.status().unsafe if self.held else None

    def censor(self, addresses: frozenset[bytes], *, inbox: bool) -> None:
        """Remember what was asked."""
        self.censored.append((addresses, inbox))

    def corrupt_next_claim(self, corruption: str, segment: int | None) -> int | None:
        """Remember what was asked."""
        self.corrupted.append((corruption, segment))
        return 7


def l1_block(number: int) -> L1Block:
    """Return a block of some L1."""
    return L1Block(number, bytes(32), GENESIS_MS)
