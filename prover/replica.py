"""The chain as L1's log alone makes it: state, tree, outputs, and the way back.

A replica is fed log entries in order.  Each one advances the flat state, the
tree, and the head output, and leaves a ``Derived`` behind: the right output and
trace of that entry, what its blocks did, and what is needed to take it back
when L1 re-orgs.  Each entry is executed by the version of the rules that it names
(:mod:`prover.rulesbook`).  Poster, follower and challenger run the same replica over
different stores; who persists what is their business.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, final

from prover.derivation import PostedEntry, Recover, RecoverAhead, derive_block, facts_of
from prover.entry import EntryFacts, parse_entry
from prover.outputs import OUTPUT_VERSION, Output, genesis_output, trace_root
from prover.roots import LateTree, Roots
from prover.rulesbook import RulesBook
from statemachine.block import Block, BlockResult
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import StorageCorrupt, invariant
from statemachine.genesis import genesis_state
from statemachine.identity.signing import Domain, recover_signers
from statemachine.inbox import InboxItem
from statemachine.keys import CURSOR_KEY
from statemachine.merkle.tree import Tree
from statemachine.rules import Rules
from statemachine.storage import MemoryStore, Store
from statemachine.transition import apply_block
from statemachine.working_set import WorkingSet

LATE_KEYS_MAX: Final = 50_000
"""Keys that a late tree may lack: it is made within half a second."""


class WritableStore(Store, Protocol):
    """A store of the flat state that takes the writes of a block."""

    def apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        """Set each key to its value; ``None`` deletes."""


@final
@dataclass(frozen=True, slots=True)
class DerivedBlock:
    """One block of an entry: its frame's bytes, its inputs, what it did."""

    data: bytes
    block: Block
    result: BlockResult
    segment: int


@final
@dataclass(frozen=True, slots=True)
class Derived:
    """What one log entry makes of the state before it.

    ``parent`` and ``output`` are the outputs before and after; ``trace`` holds
    the root before and after each segment; ``late`` gives the tree ``before`` the
    entry; ``writes`` and ``undo`` lead forward and back; ``inbox`` are the
    items that this entry's blocks could see, from the first not yet consumed;
    ``rules`` are those that executed it.
    """

    facts: EntryFacts
    data: bytes
    parent: Output
    output: Output
    trace: list[bytes]
    blocks: list[DerivedBlock]
    inbox: list[InboxItem]
    late: LateTree
    writes: dict[bytes, bytes | None]
    undo: dict[bytes, bytes | None]
    rules: Rules

    @property
    def before(self) -> Tree:
        """The tree before the entry."""
        return self.late.snapshot()


@final
class Replica:
    """State derived from log entries; ``head`` is the output it stands at."""

    def __init__(
        self,
        rules: Rules,
        store: WritableStore,
        tree: Tree,
        head: Output,
        recover: Recover | None = None,
        book: RulesBook | None = None,
        *,
        roots: Roots | None = None,
        late_keys_max: int = LATE_KEYS_MAX,
    ) -> None:
        """Stand at ``head``, of which ``store`` and ``tree`` hold the state.

        ``rules`` are those of genesis, ``book`` knows of others.  ``roots`` computes roots
        elsewhere; without it they are computed here.  With it the tree here may lack
        ``late_keys_max`` keys after an entry.
        """
        self.book = book or RulesBook(rules)
        self.store = store
        self.known = WorkingSet()
        self.late = LateTree(tree)
        self.roots = roots
        self.late_keys_max = late_keys_max
        self.rooting = False
        self.head = head
        self.inbox: list[InboxItem] = []
        self.history: deque[Derived] = deque()
        domain = Domain(rules.chain_id, rules.rollup)
        self.recover: Recover = recover or partial(recover_signers, domain)
        if tree.root != head.post_root:
            raise StorageCorrupt(
                f"state root is {tree.root.hex()}, the output says {head.post_root.hex()}"
            )
        self.rules = self.book.named(head.rules_hash)

    @property
    def tree(self) -> Tree:
        """The tree at the head, for whoever reads it: a snapshot."""
        return self.late.snapshot()

    @property
    def next_index(self) -> int:
        """The log index of the entry to feed next."""
        return self.head.log_index

    @property
    def cursor(self) -> Cursor:
        """Where execution stands: always at rest, between two entries."""
        return cursor_in(self.store)

    def add_inbox(self, index: int, items: Sequence[InboxItem]) -> None:
        """Take note of inbox items, the first of which has ``index``.

        Items known already are replaced: L1 may have re-ordered what was not
        final.
        """
        invariant(0 <= index <= len(self.inbox), f"inbox: item {len(self.inbox)} comes next")
        self.inbox[index:] = items

    def expect(self, entries: Sequence[PostedEntry]) -> None:
        """Let signers be recovered ahead of entries that come next: small ones add up."""
        if isinstance(self.recover, RecoverAhead):
            fresh = [entry for entry in entries if entry.index >= self.next_index]
            self.recover.expect([frame for entry in fresh for frame in parse_entry(entry.data)])

    def feed(self, entry: PostedEntry) -> Derived:
        """Derive the next entry and advance to it.

        Raises
        ------
        RulesUnknown
            Its version is none that this program knows; nothing has changed.
        """
        invariant(entry.index == self.next_index, f"log: entry {self.next_index} comes next")
        invariant(entry.inbox_count <= len(self.inbox), "the inbox is known up to the entry")
        self.enter(self.book.at(entry.version))
        parent, cursor = self.head, self.cursor
        facts = facts_of(entry)
        known = self.inbox[cursor.inbox_index : entry.inbox_count]
        derived = Derived(
            facts,
            entry.data,
            parent,
            parent,
            [parent.post_root],
            [],
            known,
            self.late,
            {},
            {},
            self.rules,
        )
        frames = parse_entry(entry.data)
        self.expect([entry])
        roots = self.engage(len(entry.data))
        for data in frames:
            cursor = self.step(derived, cursor, data, roots)
        self.trace(derived, roots)
        output = Output(
            version=OUTPUT_VERSION,
            chain_id=self.rules.chain_id,
            log_index=entry.index + 1,
            height=cursor.height,
            previous_output=parent.hash,
            post_root=derived.trace[-1],
            trace_root=trace_root(derived.trace),
            segments=len(derived.trace) - 1,
            inbox_index=cursor.inbox_index,
            rules_hash=self.rules.hash,
        )
        derived = replace(derived, output=output)
        self.head = output
        self.history.append(derived)
        return derived

    def enter(self, rules: Rules) -> None:
        """Go on by these rules: records that were read by others are read again."""
        if rules is not self.rules:
            self.rules = rules
            self.known.clear()

    def engage(self, size: int) -> Roots | None:
        """Return what will compute the roots of an entry of ``size`` bytes, at the head now."""
        roots = self.roots
        if roots is None or not (self.rooting or roots.is_worth(size)):
            return None
        if not self.rooting:
            roots.start(self.tree.items())
        self.rooting = False  # until its roots are taken
        return roots

    def step(self, derived: Derived, cursor: Cursor, data: bytes, roots: Roots | None) -> Cursor:
        """Execute one frame of an entry; return the cursor after it."""
        inbox = self.inbox[cursor.inbox_index : derived.facts.inbox_count]
        block = derive_block(self.rules, cursor, data, derived.facts, inbox, self.recover)
        result = apply_block(self.store, self.rules, block, self.known)
        made = derived.blocks[-1] if derived.blocks else None
        first = 1 if made is None else made.segment + len(made.result.segments)
        derived.blocks.append(DerivedBlock(data, block, result, first))
        if roots is not None:
            roots.advance(result.segments)
        writes = result.writes
        for key in writes:
            if key not in derived.undo:
                derived.undo[key] = self.store.get(key)
        derived.writes.update(writes)
        self.store.apply(writes)
        return result.cursor

    def trace(self, derived: Derived, roots: Roots | None) -> None:
        """Add the root after each segment to an entry's trace, and move the tree on."""
        segments = [writes for made in derived.blocks for writes in made.result.segments]
        late = self.late.after(derived.writes)
        if roots is not None and late.late_keys > self.late_keys_max:
            late.snapshot()  # while the roots are computed elsewhere
        taken = None if roots is None else roots.take()
        self.rooting = taken is not None
        if taken is None:
            tree = derived.before
            derived.trace.extend([tree.update(writes) for writes in segments])
            self.late = LateTree(tree)
            return
        invariant(len(taken) == len(segments), f"{len(taken)} roots of {len(segments)} segments")
        late.expect(taken[-1])
        derived.trace.extend(taken)
        self.late = late

    def adopt(self, derived: Derived) -> None:
        """Advance by what an entry is known to do, without executing it again."""
        self.enter(derived.rules)
        self.store.apply(derived.writes)
        tree = self.tree
        root = tree.update(derived.writes)
        invariant(root == derived.output.post_root, "the writes of an entry lead to its root")
        self.late, self.head, self.rooting = LateTree(tree), derived.output, False

    def undo(self) -> Derived:
        """Take back the last entry; return it."""
        self.known.clear()
        invariant(len(self.history) > 0, "an entry to take back is still remembered")
        derived = self.history.pop()
        self.store.apply(derived.undo)
        self.late, self.rooting = derived.late, False
        self.head = derived.parent
        self.rules = self.book.named(self.head.rules_hash)
        return derived

    def forget(self, log_index: int) -> list[Derived]:
        """Drop what is needed to go back before ``log_index``; return it, oldest first."""
        dropped = []
        while self.history and self.history[0].output.log_index <= log_index:
            dropped.append(self.history.popleft())
        return dropped

    def derived_at(self, log_index: int) -> Derived | None:
        """Return what entry ``log_index`` was found to do, if it is remembered."""
        if not self.history:
            return None
        place = log_index - self.history[0].facts.index
        return self.history[place] if 0 <= place < len(self.history) else None


def cursor_in(store: Store) -> Cursor:
    """Return the cursor leaf of a state."""
    value = store.get(CURSOR_KEY)
    if value is None:
        raise StorageCorrupt("the state has no cursor")
    return decode_cursor(value)


def genesis_replica(
    rules: Rules,
    time_ms: int,
    recover: Recover | None = None,
    book: RulesBook | None = None,
    *,
    roots: Roots | None = None,
) -> Replica:
    """Return a replica in memory, before the first log entry."""
    state = genesis_state(rules, time_ms)
    store = MemoryStore()
    store.apply(state)
    tree = Tree.from_items(sorted(state.items()))
    head = genesis_output(rules.chain_id, rules.hash, tree.root)
    return Replica(rules, store, tree, head, recover, book, roots=roots)
