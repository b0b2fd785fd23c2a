"""The chain as L1's log makes it, kept on disk: a replica that survives a restart.

Poster and follower both stand on it.  One LevelDB holds the flat state, the
output it stands at, the inbox, an archive of the blocks, and for each log
entry since the last final output a *step*: what L1 noted of it, its output, its
trace, and the values that it replaced.  With these a re-org is taken back, a
claim can be judged or proposed, and the state under any of those outputs can be
proved.  Final is what is so at a final L1 block, so undo reaches as far back as
L1 can.

======  ======================  =============================================
prefix  then                    value
======  ======================  =============================================
``S``   state key               state value
``E``   log index u64           step: of the output with that log index
``I``   inbox index u64         inbox item
others                          as in ``node.storage.journal``, ``node.ledger.blocks``
                                and ``node.derivation.entries``
======  ======================  =============================================
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final, final

from node.derivation.drafts import stands
from node.derivation.entries import Entries
from node.derivation.steps import Step, decode_step, place_of
from node.ledger.blocks import Archive, ExecutedBlock, write_block, write_roots
from node.ledger.feed import Sequenced
from node.storage.database import Batch, Database, after
from node.storage.journal import BLOCK, BlockInput, height_key
from node.storage.store import StateStore, write_state
from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from prover.contract.log import LogEntry
from prover.contract.records import RulesVersion
from prover.contract.rules import ContractRules
from prover.derivation import PostedEntry, Recover, facts_of
from prover.outputs import Output, decode_output
from prover.ranges import KeyRange, read_range
from prover.replica import Derived, DerivedBlock, Replica
from prover.roots import Roots
from prover.rulesbook import decode_book
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import StorageCorrupt, invariant
from statemachine.genesis import genesis_state
from statemachine.inbox import InboxItem, decode_inbox_item
from statemachine.keys import CURSOR_KEY
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.rules import Rules

SCHEMA: Final = "sextant-derived-3"
DEPLOYMENT_KEY: Final = b"!deployment"
HEAD_KEY: Final = b"!output"
CLAIMS_KEY: Final = b"!claims"
FIXED_KEY: Final = b"!fixed"
VERSIONS_KEY: Final = b"!versions"
STEP: Final = b"E"
INBOX: Final = b"I"
TREES_EVERY: Final = 256
"""Of the trees that lead to an older one, so many apart are kept: the next is near one."""


@final
class DerivedChain:
    """A replica with its store; all methods block."""

    def __init__(
        self,
        path: Path,
        owner: str,
        deployment: ContractRules,
        recover: Recover | None = None,
        roots: Roots | None = None,
    ) -> None:
        """Open the store, or begin it with the deployment's genesis."""
        self.database = Database(path, SCHEMA, owner)
        self.archive = Archive(self.database)
        self.entries = Entries(self.database)
        self.deployment = deployment
        self.state = StateStore(self.database)
        if self.state.empty:
            genesis = genesis_state(deployment.rules, deployment.genesis_time_ms)
            self.database.put(DEPLOYMENT_KEY, deployment.hash)
            self.database.put(HEAD_KEY, deployment.genesis.encode())
            self.state.create(genesis)
        elif self.database.get(DEPLOYMENT_KEY) != deployment.hash:
            self.database.close()
            raise StorageCorrupt(f"{path}: belongs to another deployment; use another --datadir")
        self.book = decode_book(deployment.rules, self.database.get(VERSIONS_KEY) or b"")
        self.recover = recover
        self.roots = roots
        self.trees: dict[int, Tree] = {}
        self.closing = Lock()
        self.settled = -1
        self.drafted: Derived | None = None
        self.head = decode_output(self.database.get(HEAD_KEY) or b"")
        """The output after the last entry derived; a preview does not move it."""
        self.replica = self.make_replica(self.head)
        self.trees[self.head.log_index] = self.replica.tree
        self.replica.add_inbox(0, [decode_inbox_item(data) for data in self.inbox_records()])

    def make_replica(self, head: Output, tree: Tree | None = None) -> Replica:
        """Return a replica that stands at ``head``, over the state in memory."""
        memory = self.state.memory
        if tree is None:
            tree = Tree.from_items(sorted(memory.values.items()))
        # Every tree is kept for proofs: make each while its roots are computed elsewhere.
        return Replica(
            self.deployment.rules,
            memory,
            tree,
            head,
            self.recover,
            self.book,
            roots=self.roots,
            late_keys_max=0,
        )

    def inbox_records(self) -> list[bytes]:
        """Return the encoded inbox items, in order."""
        return [data for _, data in self.database.scan(INBOX, after(INBOX))]

    @property
    def rules(self) -> Rules:
        """The rules that executed the last entry derived."""
        return self.book.named(self.head.rules_hash)

    def learn(self, versions: Sequence[RulesVersion]) -> list[RulesVersion]:
        """Take note of the versions that L1 lists; return what is new or changed."""
        before = set(self.book.versions)
        fresh = self.book.learn(versions)
        if fresh or set(self.book.versions) != before:
            self.database.put(VERSIONS_KEY, self.book.encode(), sync=True)
        return fresh

    @property
    def cursor(self) -> Cursor:
        """The cursor after the last entry derived."""
        data = self.state.memory.get(CURSOR_KEY)
        invariant(data is not None, "the state has no cursor")
        return decode_cursor(data or b"")

    # Forward

    def add_inbox(self, first: int, items: Sequence[InboxItem]) -> None:
        """Take note of inbox items, the first of which has index ``first``: L1 has no others."""
        known = len(self.replica.inbox)
        self.replica.add_inbox(first, items)
        with self.database.batch() as batch:
            for index, item in enumerate(items, first):
                batch.put(height_key(INBOX, index), item.encode())
            for index in range(first + len(items), known):
                batch.delete(height_key(INBOX, index))

    @property
    def inbox_from(self) -> int:
        """The first inbox item that the last entry does not vouch for."""
        step = self.step(self.head.log_index)
        return 0 if step is None else step.place.inbox_count

    def covers(self, entry: LogEntry) -> bool:
        """Return whether our inbox is the one that L1 had when it took the next entry."""
        inbox, first = self.replica.inbox, self.inbox_from
        if not first <= entry.inbox_count <= len(inbox):
            return False
        step = self.step(self.head.log_index)
        accumulator = ACCUMULATOR_EMPTY if step is None else step.place.inbox_accumulator
        for item in inbox[first : entry.inbox_count]:
            accumulator = accumulate(accumulator, item)
        return accumulator == entry.inbox_accumulator

    def preview(self, draft: PostedEntry) -> Derived:
        """Derive a draft and take it back: what the entry would do."""
        derived = self.replica.feed(draft)
        self.replica.undo()
        self.drafted = derived
        return derived

    def confirm(self, entry: PostedEntry) -> Derived | None:
        """Advance by what the entry's draft was found to do; ``None`` if there is none."""
        replica = self.replica
        derived, self.drafted = self.drafted, None
        if derived is None or derived.output.rules_hash != self.book.hash_at(entry.version):
            return None
        if not stands(derived.rules, derived, entry, replica.inbox):
            return None
        replica.adopt(derived)
        return replace(derived, facts=facts_of(entry))

    def feed(self, entry: LogEntry) -> tuple[Derived, list[ExecutedBlock]]:
        """Derive the next entry and keep what it did; return it with its blocks."""
        derived = self.confirm(entry) or self.replica.feed(entry)
        output = derived.output
        step = Step(place_of(entry), output, tuple(derived.trace), derived.undo)
        first = derived.parent.height + 1
        blocks = [executed(block, height) for height, block in enumerate(derived.blocks, first)]
        with self.database.batch() as batch:
            write_state(batch, derived.writes, output.height)
            batch.put(height_key(STEP, output.log_index), step.encode())
            batch.put(HEAD_KEY, output.encode())
            frames = [block.frame for block in blocks]
            self.entries.write(batch, entry.index, derived.data, first, frames)
            for block, made in zip(blocks, derived.blocks, strict=True):
                self.write_block(batch, block, derived, made)
        self.state.height = output.height
        self.head = output
        self.trees[output.log_index] = self.replica.tree
        self.replica.forget(output.log_index)
        return derived, blocks

    def write_block(
        self, batch: Batch, block: ExecutedBlock, derived: Derived, made: DerivedBlock
    ) -> None:
        """Add one block to the archive."""
        items = tuple(block.inbox)
        source = BlockInput(block.height, block.time, block.frame, (), block.inbox_from, items)
        batch.put(height_key(BLOCK, block.height), source.encode())
        write_block(batch, block)
        block.roots = derived.trace[made.segment : made.segment + block.segments]
        write_roots(batch, block.height, block.roots)

    # Back

    def step(self, log_index: int) -> Step | None:
        """Return what led to the output with ``log_index``, if it is still kept."""
        data = self.database.get(height_key(STEP, log_index))
        return None if data is None else decode_step(data)

    def undo(self) -> None:
        """Take back the last entry: L1 has another one in its place."""
        if self.head.log_index <= self.fixed:
            raise StorageCorrupt(
                f"L1 changed log entry {self.head.log_index - 1} after it was final: "
                "it is another L1, or it broke its promise; derive again in another --datadir"
            )
        last = self.step(self.head.log_index)
        before = self.output_at(self.head.log_index - 1)
        invariant(last is not None, f"step {self.head.log_index} is kept until it is final")
        invariant(before is not None, f"output {self.head.log_index - 1} is kept")
        if last is None:
            return
        head = before or self.deployment.genesis
        memory, tree, inbox = self.state.memory, self.replica.tree, self.replica.inbox
        memory.apply(last.undo)
        tree.update(last.undo)
        with self.database.batch(sync=True) as batch:
            write_state(batch, last.undo, head.height)
            batch.delete(height_key(STEP, last.output.log_index))
            self.entries.delete(batch, head.log_index)
            batch.put(HEAD_KEY, head.encode())
            for key, _ in self.database.scan(height_key(BLOCK, head.height + 1), after(BLOCK)):
                batch.delete(key)
            self.archive.truncate(batch, head.height)
        self.state.height = head.height
        self.head = head
        self.trees.pop(last.output.log_index, None)
        self.trees[head.log_index] = tree.snapshot()
        self.replica = self.make_replica(head, tree)
        self.replica.add_inbox(0, inbox)

    @property
    def fixed(self) -> int:
        """How many entries L1 cannot change any more, as far as we know."""
        return int.from_bytes(self.database.get(FIXED_KEY) or b"", "big")

    def fix(self, block: int) -> None:
        """Take note that L1 block ``block`` is final; all entries were compared with L1's."""
        known = fixed = self.fixed
        while (step := self.step(fixed + 1)) is not None and step.place.block <= block:
            fixed += 1
        if fixed > known:
            self.database.put(FIXED_KEY, fixed.to_bytes(8, "big"))

    def output_at(self, log_index: int) -> Output | None:
        """Return the output with ``log_index``, if it is still kept."""
        if log_index == self.head.log_index:
            return self.head
        if log_index == 0:
            return self.deployment.genesis
        step = self.step(log_index)
        return None if step is None else step.output

    @property
    def claims_from(self) -> int:
        """The number of the first claim that still mattered when we last settled."""
        return int.from_bytes(self.database.get(CLAIMS_KEY) or b"", "big")

    def settle(self, log_index: int, claims_from: int) -> None:
        """Forget the steps before the final output with ``log_index``."""
        if log_index == self.settled:
            return
        self.settled = log_index
        start, stop = height_key(STEP, 0), height_key(STEP, log_index)
        with self.database.batch() as batch:
            for key, _ in self.database.scan(start, stop):
                batch.delete(key)
            batch.put(CLAIMS_KEY, claims_from.to_bytes(8, "big"))
        for index in [index for index in list(self.trees) if index < log_index]:
            self.trees.pop(index, None)

    # Reading

    def prove(
        self, keys: Sequence[bytes], log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes] | None:
        """Return (root, witness of ``keys`` and ``ranges``) under an output, if it is kept."""
        tree = self.tree_at(log_index)
        if tree is None:
            return None
        recording = RecordingTree(tree)
        for key in keys:
            recording.get(key)
        for wanted in ranges:
            read_range(recording, wanted)
        return tree.root, recording.witness({})

    def tree_at(self, log_index: int) -> Tree | None:
        """Return the tree under an output: from memory, or by undoing what came later.

        May be asked on another thread than entries are derived on, and takes long for what
        is old.  So trees on the way are kept as well, and none that is not what it should be.
        """
        known = self.trees.get(log_index)
        if known is not None or not 0 <= log_index < self.head.log_index:
            return known
        if self.kept_step(log_index + 1) is None:
            return None  # the oldest are dropped first
        trees = dict(self.trees)
        nearest = min(index for index in trees if index > log_index)
        tree = trees[nearest].snapshot()
        for index in range(nearest, log_index, -1):
            step = self.kept_step(index)
            if step is None:
                return None
            tree.update(step.undo)
            if index - 1 == log_index or (index - 1) % TREES_EVERY == 0:
                if tree.root != step.trace[0]:
                    return None  # L1 re-organised meanwhile
                self.trees[index - 1] = tree.snapshot()
        return tree

    def kept_step(self, log_index: int) -> Step | None:
        """Return a step, on whichever thread; none once the store is closed."""
        with self.closing:
            return None if self.database.closed else self.step(log_index)

    def find(self, tx_hash: bytes) -> Sequenced | None:
        """Return what became of a transaction, if a block has it."""
        height = self.archive.height_of(tx_hash)
        block = None if height is None else self.archive.read(height)
        if block is None or tx_hash not in block.firsts:
            return None
        return block.outcome(tx_hash)

    def close(self) -> None:
        """Write everything out and release the store."""
        with self.closing:
            if not self.database.closed:
                self.database.sync()
                self.database.close()


def executed(made: DerivedBlock, height: int) -> ExecutedBlock:
    """Return a derived block in the form in which it is kept and published."""
    block, result = made.block, made.result
    consumed = tuple(block.inbox[: result.cursor.inbox_index - block.inbox_from])
    source = BlockInput(height, block.time, made.data, (), block.inbox_from, consumed)
    return ExecutedBlock(
        source, result.receipts, result.events, result.cursor, len(result.segments), b""
    )
