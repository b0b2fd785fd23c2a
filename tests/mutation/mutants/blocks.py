"""Blocks and the state they leave."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import STEP

MUTANTS: Final = (
    Mutant(
        "transition.py",
        "cursor.due_count < self.state.rules.due_items_max:",
        "cursor.due_count <= self.state.rules.due_items_max:",
        "one item of due work too many",
    ),
    Mutant(
        "transition.py",
        "            cursor.flags |= FLAG_BACKLOG",
        "            cursor.flags |= 0",
        "takers do not wait for due work",
    ),
    Mutant(
        "transition.py",
        "if item.time + deadline_of(rules, cursor) <= cursor.time:",
        "if item.time + deadline_of(rules, cursor) < cursor.time:",
        "an overdue item waits a block",
    ),
    Mutant(
        "transition.py",
        "            cursor.framed_at = cursor.time\n",
        "",
        "the sequencer seems to be silent",
    ),
    Mutant(
        "cursor.py",
        "        if self.continuation or self.filled or self.group:",
        "        if self.height == 0:",
        "a continuation leaks into the next transaction",
    ),
    Mutant(
        "journal.py",
        "            if self.head is None or key < self.head:",
        "            if self.head is None:",
        "a better order of the same block is overlooked",
    ),
    Mutant(
        "journal.py",
        "        if self.scanned and key == self.head:\n            self.scanned = False",
        "        if self.scanned and key == self.head:\n            self.head = None",
        "the book ends behind a filled order",
    ),
    Mutant(
        "step.py",
        "tuple([clamp(arg, ARG_MIN, ARG_MAX) for arg in args])",
        "args",
        "an absurd order stops the block",
        (STEP,),
    ),
)
