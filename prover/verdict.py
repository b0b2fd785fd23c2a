"""What L1 decides when a claim is accused: a pure function of claim and witness.

Everything in the witness is opened against what the contract knows: the trace
roots against the output's trace root, the state against a trace root, head and
frame against the entry's data root, inbox items against their hashes.  What
remains is re-execution of one segment by ``apply_segment``, the code that the
sequencer runs; there is no other.

Accusations fail safe: whatever is missing, malformed or inconsistent in a
witness acquits the claim.  An acquittal never means "the claim is right", only
"this does not prove it wrong".
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from struct import error as StructError  # noqa: N812  an exception, named like one
from typing import Final, final, overload

from prover.derivation import derive_block, frame_place, is_empty, is_resting
from prover.entry import CHUNK_BYTES, HEAD, frame_spans, head_length, verify_range
from prover.faults import ClaimFacts, FaultKind, Verdict, Work, item_hash
from prover.outputs import OUTPUT_VERSION, Output, verify_trace
from prover.witness import Witness, decode_witness
from statemachine.actions import Transaction
from statemachine.costs import COST_MAX
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import InvariantBroken, SextantError, WitnessIncomplete, invariant
from statemachine.identity.signing import Domain, recover_signers
from statemachine.inbox import InboxItem, decode_inbox_item
from statemachine.keys import CURSOR_KEY
from statemachine.merkle.tree import PartialTree
from statemachine.rules import Rules
from statemachine.storage import Store
from statemachine.transition import apply_segment

CAUSED_BY_WITNESS: Final = (
    SextantError,
    InvariantBroken,
    StructError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)
"""What re-execution may raise over a state that only the accuser vouches for.

Under a root that honest execution never reached, records may break any
invariant; that is no bug of ours, and on an EVM the call would revert.
"""

WORD_BYTES: Final = 32
PAIR_BYTES: Final = 65
"""An inner node of a list's tree: tag and two hashes."""
BRANCH_BYTES: Final = 99
"""A branch of the state tree, at its longest: tag, bit, prefix, two hashes."""
LEAF_BYTES: Final = 66
"""A leaf of the state tree, at its longest: tag, length, key, hash of the value."""


@final
class ProvedItems(Sequence[InboxItem]):
    """Inbox items from an index on: as many as were queued, some of them shown."""

    def __init__(self, queued: int, items: Sequence[InboxItem]) -> None:
        """So many are ``queued``; ``items`` are the first of them."""
        self.queued = queued
        self.items = items

    def __len__(self) -> int:
        """Return how many there are, shown or not."""
        return self.queued

    @overload
    def __getitem__(self, index: int) -> InboxItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[InboxItem]: ...
    def __getitem__(self, index: int | slice) -> InboxItem | Sequence[InboxItem]:
        """Return an item; what exists but is not shown cannot be read."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.queued))]
        place = index + self.queued if index < 0 else index
        if not 0 <= place < self.queued:
            raise IndexError(place)
        if place >= len(self.items):
            raise WitnessIncomplete(f"inbox item {place} is not in the witness")
        return self.items[place]


def judge_fault(kind: int, facts: ClaimFacts, witness: bytes) -> Verdict:
    """Return the verdict: whether ``witness`` proves that a claim has a fault of this kind."""
    judges: dict[int, Callable[[ClaimFacts, Witness, Work], Verdict]] = {
        FaultKind.SEGMENT: judge_segment,
        FaultKind.TRACE_LENGTH: judge_trace_length,
        FaultKind.WRONG_START: judge_start,
        FaultKind.FIELDS: judge_fields,
    }
    judge = judges.get(kind)
    if judge is None:
        return Verdict(False, f"fault kind: {kind} is not known")
    work = Work(decoded=len(witness))
    try:
        return replace(judge(facts, decode_witness(witness), work), work=work)
    except CAUSED_BY_WITNESS as error:
        return Verdict(False, f"witness: {type(error).__name__}: {error}", work=work)


def open_trace(
    facts: ClaimFacts, first: int, roots: list[bytes], path: list[bytes], work: Work
) -> None:
    """Check that ``roots`` are the claim's, from place ``first`` on."""
    open_roots(facts.output, first, roots, path, work)


def open_roots(
    output: Output, first: int, roots: list[bytes], path: list[bytes], work: Work
) -> None:
    """Check that ``roots`` are in the trace of an output, from place ``first`` on."""
    work.hash(2 * len(roots) + len(path) + 1, PAIR_BYTES)
    if not verify_trace(output, first, roots, path):
        raise WitnessIncomplete(f"the claim's trace does not have these roots at {first}")


def open_state(state: bytes, root: bytes, work: Work) -> PartialTree:
    """Return the part of the state under ``root`` that the witness shows."""
    tree = PartialTree.decode(state)
    branches, leaves, size = tree.size()
    work.nodes += branches + leaves
    work.hash(branches, BRANCH_BYTES)
    count_leaves(leaves, size, work)
    if tree.root != root:
        raise WitnessIncomplete(f"the state shown has root {tree.root.hex()}, not {root.hex()}")
    return tree


def count_leaves(leaves: int, size: int, work: Work) -> None:
    """Count the hashing of so many leaves, whose values have ``size`` bytes in all."""
    work.hash(leaves, LEAF_BYTES)
    work.hashes += leaves
    work.words += leaves + size // WORD_BYTES


def open_range(facts: ClaimFacts, span: tuple[int, int], proof: bytes, work: Work) -> bytes:
    """Return proved bytes of the entry, from ``span[0]`` to ``span[1]``."""
    chunks = len(proof) // CHUNK_BYTES + 1
    work.hash(chunks, CHUNK_BYTES + 1)
    work.hash(2 * chunks + len(proof) % CHUNK_BYTES // WORD_BYTES, PAIR_BYTES)
    return verify_range(facts.entry.data_root, facts.entry.length, *span, proof)


def open_cursor(tree: Store) -> Cursor | None:
    """Return the cursor of a state; ``None`` if the state provably has none."""
    value = tree.get(CURSOR_KEY)
    return None if value is None else decode_cursor(value)


def open_spans(facts: ClaimFacts, head: bytes, work: Work) -> list[tuple[int, int]]:
    """Return where the frames of the entry lie, from its proved head."""
    entry = facts.entry
    opening = open_range(facts, (0, min(HEAD.size, entry.length)), head, work)
    size = min(head_length(opening), entry.length)
    shown = open_range(facts, (0, size), head, work) if size else opening
    return frame_spans(shown, entry.length)


def open_items(facts: ClaimFacts, first: int, items: list[bytes], work: Work) -> ProvedItems:
    """Return the inbox as the entry's blocks see it from item ``first`` on."""
    count = max(facts.entry.inbox_count - first, 0)
    if len(items) > count:
        raise WitnessIncomplete(f"inbox: {len(items)} items shown, {count} queued")
    for place, item in enumerate(items, first):
        work.hash(1, len(item) + 1)
        if item_hash(item) != facts.item_hashes[place]:
            raise WitnessIncomplete(f"inbox: item {place} is another one")
    return ProvedItems(count, [decode_inbox_item(item) for item in items])


def recover_window(
    rules: Rules, first: int, count: int, transactions: Sequence[Transaction]
) -> list[bytes]:
    """Return the signers of the ``count`` transactions from ``first`` on.

    A step executes at most one transaction, so a segment never needs the
    others; they stand as unsigned.
    """
    domain = Domain(rules.chain_id, rules.rollup)
    signers = [b""] * len(transactions)
    window = transactions[first : first + count]
    signers[first : first + len(window)] = recover_signers(domain, window)
    return signers


def judge_segment(facts: ClaimFacts, witness: Witness, work: Work) -> Verdict:
    """Re-execute one segment over the state shown, and compare the root."""
    rules, index = facts.rules, witness.index
    if not 1 <= index <= facts.output.segments or len(witness.roots) != 2:
        return Verdict(False, f"segment: need 1 to {facts.output.segments} and its two roots")
    before, claimed = witness.roots
    open_trace(facts, index - 1, witness.roots, witness.path, work)
    tree = open_state(witness.state, before, work)
    cursor = open_cursor(tree)
    if cursor is None:
        return Verdict(False, "segment: the state before it has no cursor")
    spans = open_spans(facts, witness.head, work)
    place = frame_place(cursor, facts.parent.height)
    if not 0 <= place < len(spans):
        return Verdict(False, f"segment: the entry has no frame {place}; see TRACE_LENGTH")
    begin, end = spans[place]
    data = b""
    if begin < end and not is_empty(cursor):
        data = open_range(facts, (begin, end), witness.frame, work)
    items = open_items(facts, cursor.inbox_index, witness.items, work)
    first = 0 if is_resting(cursor) else cursor.transaction
    window = rules.segment_steps_max + 1
    recover = partial(recover_window, rules, first, window)
    work.steps, work.cost = rules.segment_steps_max, rules.segment_cost_max + COST_MAX
    block = derive_block(rules, cursor, data, facts.entry, items, recover)
    work.recoveries = max(min(len(block.signers) - first, window), 0)
    result = apply_segment(tree, rules, block)
    work.steps, work.cost = result.steps, result.cost
    reached = len(block.signers) if result.ended else result.cursor.transaction
    invariant(
        result.ended or reached <= first + window, "a segment stays inside its signers' window"
    )
    root = tree.update(result.writes)
    work.hash(tree.size()[0], BRANCH_BYTES)
    written = [value for value in result.writes.values() if value is not None]
    count_leaves(len(written), sum(map(len, written)), work)
    if root == claimed:
        return Verdict(False, f"segment {index} is right: {root.hex()}")
    return Verdict(True, f"segment {index} gives {root.hex()}", index, root)


def judge_trace_length(facts: ClaimFacts, witness: Witness, work: Work) -> Verdict:
    """Check whether the trace ends exactly where the entry ends."""
    index = witness.index
    if len(witness.roots) != 1:
        return Verdict(False, "trace length: need one root")
    open_trace(facts, index, witness.roots, witness.path, work)
    cursor = open_cursor(open_state(witness.state, witness.roots[0], work))
    if cursor is None:
        return Verdict(True, f"root {index} has no cursor", index)
    end = facts.parent.height + len(open_spans(facts, witness.head, work))
    at_end = is_resting(cursor) and cursor.height == end
    if index < facts.output.segments and at_end:
        return Verdict(True, f"the trace runs on after root {index}", index)
    if index == facts.output.segments and not at_end:
        return Verdict(True, f"the trace stops at height {cursor.height} of {end}", index)
    return Verdict(False, f"root {index} is where the trace may stand")


def judge_start(facts: ClaimFacts, witness: Witness, work: Work) -> Verdict:
    """Check whether the trace starts at the parent's post root."""
    if len(witness.roots) != 1:
        return Verdict(False, "start: need one root")
    open_trace(facts, 0, witness.roots, witness.path, work)
    right = facts.parent.post_root
    if witness.roots[0] == right:
        return Verdict(False, "the trace starts at the parent's root")
    return Verdict(True, f"the trace must start at {right.hex()}", 0, right)


def judge_fields(facts: ClaimFacts, witness: Witness, work: Work) -> Verdict:
    """Check the fields of an output against what they stand for."""
    output, parent = facts.output, facts.parent
    known = {
        "version": (output.version, OUTPUT_VERSION),
        "chain id": (output.chain_id, facts.rules.chain_id),
        "log index": (output.log_index, facts.entry.index + 1),
        "previous output": (output.previous_output, parent.hash),
        "rules hash": (output.rules_hash, facts.rules.hash),
    }
    for name, (claimed, right) in known.items():
        if claimed != right:
            return Verdict(True, f"{name}: claimed {claimed!r}, must be {right!r}")
    if len(witness.roots) == 1:
        open_trace(facts, output.segments, witness.roots, witness.path, work)
        if witness.roots[0] != output.post_root:
            return Verdict(True, "the post root is not the last of the trace")
        return Verdict(False, "the post root is the last of the trace")
    cursor = open_cursor(open_state(witness.state, output.post_root, work))
    if cursor is None:
        return Verdict(True, "the post root has no cursor")
    if cursor.height != output.height:
        return Verdict(True, f"height: claimed {output.height}, must be {cursor.height}")
    if cursor.inbox_index != output.inbox_index:
        return Verdict(
            True, f"inbox index: claimed {output.inbox_index}, must be {cursor.inbox_index}"
        )
    return Verdict(False, "the fields agree with the post root")
