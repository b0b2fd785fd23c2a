"""From a wrong claim to the proof of its fault.

A claim is compared with the output and trace that its log entry was found to
have (``Derived``).  The first difference names the fault; everything before it
agrees, so the state that the witness opens is one that honest execution
reached.  The segment in question is executed once more, over a tree that
records what is read, to learn what the verdict will need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final, overload

from prover.derivation import Recover, derive_block, frame_place, is_empty
from prover.entry import frame_spans, head_length, open_range
from prover.faults import ClaimFacts, FaultKind, Verdict, item_hash
from prover.outputs import OUTPUT_VERSION, ROOT_NONE, Output, trace_path
from prover.replica import Derived, cursor_in
from prover.verdict import judge_fault
from prover.witness import Witness
from statemachine.errors import invariant
from statemachine.inbox import InboxItem
from statemachine.keys import CURSOR_KEY
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.rules import Rules
from statemachine.transition import apply_segment


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a claim, as far as comparing shows it."""

    kind: FaultKind
    segment: int
    correct_root: bytes
    reason: str


@final
@dataclass(frozen=True, slots=True)
class Accusation:
    """A fault and its proof: what ``prove_fault`` is called with."""

    kind: FaultKind
    segment: int
    correct_root: bytes
    witness: bytes
    reason: str


@final
class RecordingItems(Sequence[InboxItem]):
    """Inbox items that note how many of them, from the first, were looked at."""

    def __init__(self, items: Sequence[InboxItem]) -> None:
        """Offer ``items``; none of them is read yet."""
        self.items = items
        self.read = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> InboxItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[InboxItem]: ...
    def __getitem__(self, index: int | slice) -> InboxItem | Sequence[InboxItem]:
        """Return an item, and remember that it was read."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self.items)))]
        place = index + len(self.items) if index < 0 else index
        item = self.items[place]
        self.read = max(self.read, place + 1)
        return item


@final
class ItemHashes(Sequence[bytes]):
    """The hashes of the inbox items that an entry's blocks see, each made when it is asked for.

    A verdict looks at a few of them, and the inbox only ever grows.
    """

    def __init__(self, derived: Derived) -> None:
        """Stand for the inbox up to the end of what ``derived`` could see."""
        self.first = derived.parent.inbox_index
        self.items = derived.inbox

    def __len__(self) -> int:
        """Return how many items there are, with those before."""
        return self.first + len(self.items)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        """Return the hash of an item; those before the entry's are not at hand."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not self.first <= index < len(self):
            raise IndexError(index)
        return item_hash(self.items[index - self.first].encode())


def find_fault(derived: Derived, output: Output, trace: Sequence[bytes]) -> Fault | None:
    """Return the first thing wrong with a claim about a derived entry, if any.

    ``derived.parent`` is the output of the claim's parent: a claim that builds
    on a wrong one dies with it, and is not accused itself.
    """
    right = derived.output
    if (output.version, output.chain_id, output.log_index) != (
        OUTPUT_VERSION,
        right.chain_id,
        right.log_index,
    ) or (output.previous_output, output.rules_hash) != (right.previous_output, right.rules_hash):
        return Fault(FaultKind.FIELDS, 0, ROOT_NONE, "the output is not about this entry")
    for index, (claimed, correct) in enumerate(zip(trace, derived.trace, strict=False)):
        if claimed == correct:
            continue
        if index == 0:
            reason = "the trace does not start at the parent's root"
            return Fault(FaultKind.WRONG_START, 0, correct, reason)
        reason = f"root {index}: claimed {shorten(claimed)}, is {shorten(correct)}"
        return Fault(FaultKind.SEGMENT, index, correct, reason)
    if len(trace) != len(derived.trace):
        index = min(len(trace), len(derived.trace)) - 1
        reason = f"{len(trace) - 1} segments claimed, {right.segments} executed"
        return Fault(FaultKind.TRACE_LENGTH, index, ROOT_NONE, reason)
    if output != right:
        wrong = [
            f"{name}: claimed {claimed}, is {correct}"
            for name, claimed, correct in (
                ("post root", shorten(output.post_root), shorten(right.post_root)),
                ("height", output.height, right.height),
                ("inbox index", output.inbox_index, right.inbox_index),
            )
            if claimed != correct
        ]
        return Fault(FaultKind.FIELDS, 0, ROOT_NONE, "; ".join(wrong))
    return None


def shorten(root: bytes) -> str:
    """Return as much of a root as a line has room for."""
    return f"{root.hex()[:16]}.."


def tree_at(derived: Derived, segment: int) -> Tree:
    """Return the tree on which segment ``segment`` (from 1) of an entry starts."""
    tree = derived.before.snapshot()
    done = 1
    for block in derived.blocks:
        for writes in block.result.segments:
            if done == segment:
                return tree
            tree.update(writes)
            done += 1
    return tree


def open_head(derived: Derived) -> bytes:
    """Return the proof of the entry's head, of its first bytes if it has none."""
    size = head_length(derived.data)
    return open_range(derived.data, 0, min(max(size, 3), len(derived.data)))


def open_cursor(tree: Tree) -> bytes:
    """Return a multiproof that opens the cursor and nothing else."""
    recording = RecordingTree(tree)
    recording.get(CURSOR_KEY)
    return recording.witness({})


def build_segment(
    rules: Rules, derived: Derived, trace: Sequence[bytes], segment: int, recover: Recover
) -> Witness:
    """Return the witness of segment ``segment``, whose claimed roots are in ``trace``."""
    recording = RecordingTree(tree_at(derived, segment))
    cursor = cursor_in(recording)
    spans = frame_spans(derived.data, len(derived.data))
    begin, end = spans[frame_place(cursor, derived.parent.height)]
    data = derived.data[begin:end]
    skipped = cursor.inbox_index - derived.parent.inbox_index
    items = RecordingItems(derived.inbox[skipped:])
    block = derive_block(rules, cursor, data, derived.facts, items, recover)
    result = apply_segment(recording, rules, block)
    needs_frame = begin < end and not is_empty(cursor)
    return Witness(
        index=segment,
        roots=[trace[segment - 1], trace[segment]],
        path=trace_path(trace, segment - 1, 2),
        state=recording.witness(result.writes),
        head=open_head(derived),
        frame=open_range(derived.data, begin, end) if needs_frame else b"",
        items=[item.encode() for item in items.items[: items.read]],
    )


def build_witness(
    rules: Rules,
    derived: Derived,
    output: Output,
    trace: Sequence[bytes],
    fault: Fault,
    recover: Recover,
) -> Witness:
    """Return the evidence for ``fault`` in the claim ``output`` with ``trace``."""
    index = fault.segment
    match fault.kind:
        case FaultKind.SEGMENT:
            return build_segment(rules, derived, trace, index, recover)
        case FaultKind.WRONG_START:
            return Witness(0, [trace[0]], trace_path(trace, 0))
        case FaultKind.TRACE_LENGTH:
            tree = tree_at(derived, index + 1)
            path = trace_path(trace, index)
            return Witness(index, [trace[index]], path, open_cursor(tree), open_head(derived))
        case FaultKind.FIELDS:
            last = len(trace) - 1
            if output.post_root != trace[last]:
                return Witness(0, [trace[last]], trace_path(trace, last))
            return Witness(0, state=open_cursor(tree_at(derived, last + 1)))


def accuse(
    rules: Rules,
    derived: Derived,
    output: Output,
    trace: Sequence[bytes],
    fault: Fault,
    recover: Recover,
) -> Accusation:
    """Return the whole accusation of a claim for ``fault``."""
    witness = build_witness(rules, derived, output, trace, fault, recover)
    return Accusation(fault.kind, fault.segment, fault.correct_root, witness.encode(), fault.reason)


def rehearse(facts: ClaimFacts, accusation: Accusation) -> Verdict:
    """Return the verdict that L1 will give; it must convict, and name the same root."""
    verdict = judge_fault(accusation.kind, facts, accusation.witness)
    if verdict.guilty:
        named = (verdict.segment, verdict.correct_root)
        invariant(
            named == (accusation.segment, accusation.correct_root),
            f"verdict names {named[0]} {named[1].hex()}, the accusation does not",
        )
    return verdict
