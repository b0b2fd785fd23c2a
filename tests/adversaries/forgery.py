"""Claims that are wrong and look right: a lie at one place, everything after it honest.

``drill.corrupt`` puts random bytes where roots belong; whoever looks at such a state
sees that it is none.  A forger executes the entry himself, over a real tree: he
edits records after one segment (``cheat``), executes other transactions than were
posted (``distort``), or executes by other rules (``misrule``).  What comes out is
a state that could have been, with the output and trace that lead to it; only
re-execution tells it from the right one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from prover.derivation import Recover, derive_block
from prover.entry import parse_entry
from prover.outputs import Output, trace_root
from prover.replica import Derived, cursor_in
from prover.roots import LateTree
from statemachine.actions import Transaction
from statemachine.frame import decode_frame, encode_frame
from statemachine.identity.signing import Domain, recover_signers
from statemachine.merkle.tree import Tree
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.transition import apply_segment

Edit = Callable[[State, State], None]
"""Changes records of the state after a segment; the second one is before it."""
Change = Callable[[list[Transaction]], list[Transaction]]
"""Returns what is executed in place of a block's transactions."""


@dataclass(frozen=True)
class Forgery:
    """A claim and the state that it claims."""

    output: Output
    trace: list[bytes]
    tree: Tree

    def carry_on(self, following: Derived) -> Derived:
        """Return the next entry as whoever believes this claim would begin it."""
        return replace(following, parent=self.output, late=LateTree(self.tree))


def execute(
    rules: Rules,
    derived: Derived,
    frames: Sequence[bytes],
    *,
    by: Rules | None = None,
    edits: Mapping[int, Edit] | None = None,
    believe: Recover | None = None,
) -> Forgery:
    """Return what an entry of these frames comes to.

    ``edits`` are made after the segments of these numbers, from 1; ``by`` are the
    rules that execution follows, though the claim names ``rules``; ``believe`` says
    whose transactions they are, in place of their signatures.
    """
    followed = by or rules
    recover = believe or partial(recover_signers, Domain(rules.chain_id, rules.rollup))
    tree, trace = derived.before.snapshot(), [derived.parent.post_root]
    for data in frames:
        ended = False
        while not ended:
            before = tree.snapshot()
            cursor = cursor_in(before)
            inbox = derived.inbox[cursor.inbox_index - derived.parent.inbox_index :]
            block = derive_block(followed, cursor, data, derived.facts, inbox, recover)
            result = apply_segment(before, followed, block)
            ended = result.ended
            tree.update(result.writes)
            edit = None if edits is None else edits.get(len(trace))
            if edit is not None:
                after = State(tree.snapshot(), followed)
                edit(after, State(before, followed))
                after.touch(after.cursor)
                tree.update(after.flush())
            trace.append(tree.root)
    cursor = cursor_in(tree)
    output = replace(
        derived.output,
        previous_output=derived.parent.hash,
        height=cursor.height,
        inbox_index=cursor.inbox_index,
        post_root=trace[-1],
        trace_root=trace_root(trace),
        segments=len(trace) - 1,
    )
    return Forgery(output, trace, tree)


def cheat(rules: Rules, derived: Derived, segment: int, edit: Edit) -> Forgery:
    """Return the claim of who edits what one segment wrote, and goes on honestly."""
    return execute(rules, derived, parse_entry(derived.data), edits={segment: edit})


def distort(rules: Rules, derived: Derived, place: int, change: Change) -> Forgery:
    """Return the claim of who executes other transactions in block ``place`` of an entry."""
    frames = parse_entry(derived.data)
    frame = decode_frame(frames[place])
    executed = change(list(frame.transactions))
    frames[place] = encode_frame(frame.height, frame.time, frame.inbox_until, executed)
    return execute(rules, derived, frames)


def misrule(rules: Rules, derived: Derived, by: Rules) -> Forgery:
    """Return the claim of who executes an entry by other rules than he names."""
    return execute(rules, derived, parse_entry(derived.data), by=by)


def impersonate(rules: Rules, derived: Derived, signer: bytes) -> Forgery:
    """Return the claim of who takes every signature for that of ``signer``."""
    frames = parse_entry(derived.data)
    return execute(rules, derived, frames, believe=lambda txs: [signer] * len(txs))
