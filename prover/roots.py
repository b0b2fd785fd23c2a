"""Where the roots of segments come from, and trees that are made only when somebody asks.

To judge a claim takes the root after every segment, a dozen times the hashing that the
state after the entry alone would take.  A replica may leave it to other processes
(``Roots``) while it executes the next blocks.  It then needs a tree of its own for a
witness only: ``LateTree`` is the last tree there was and what was written since, merged
when a tree is wanted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, final

from statemachine.errors import StorageCorrupt
from statemachine.merkle.tree import Tree

Writes = Mapping[bytes, bytes | None]


class Roots(Protocol):
    """Computes roots of segments elsewhere; all of it can be done here as well."""

    def is_worth(self, size: int) -> bool:
        """Return whether to start for an entry of so many bytes, if it has not been."""
        ...

    def start(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Forget everything; stand at the state of these items, in order of their keys."""

    def advance(self, segments: Sequence[Writes]) -> None:
        """Begin with a block's segments, on top of all those before."""

    def take(self) -> list[bytes] | None:
        """Wait for the roots of all segments since they were last taken; ``None``: it failed.

        After a failure it has to be started again.
        """
        ...


@final
class LateTree:
    """The tree of one state, made when it is asked for; see the module."""

    __slots__ = ("late_keys", "made", "older", "root", "writes")

    def __init__(self, tree: Tree) -> None:
        """Be this tree, which nobody changes any more."""
        self.made: Tree | None = tree
        self.root = tree.root
        self.older: LateTree | None = None
        self.writes: Writes = {}
        self.late_keys = 0

    def after(self, writes: Writes) -> "LateTree":
        """Return the tree after ``writes``, not made yet; ``expect`` says what its root is."""
        later = LateTree(Tree())
        later.made, later.root = None, b""
        later.older, later.writes = self, writes
        later.late_keys = self.late_keys + len(writes)
        return later

    def expect(self, root: bytes) -> None:
        """Take note of the root that was computed elsewhere.

        Raises
        ------
        StorageCorrupt
            The tree is made, and has another one.
        """
        self.root = root
        if self.made is not None:
            self.check(self.made)

    def check(self, tree: Tree) -> None:
        """Compare a made tree with the root that it has to have, if that is known."""
        if self.root not in (b"", tree.root):
            raise StorageCorrupt(
                f"state root: {self.root.hex()} was computed elsewhere, is {tree.root.hex()}"
            )

    def snapshot(self) -> Tree:
        """Return the tree: make it, unless it is.

        Raises
        ------
        StorageCorrupt
            Its root is not the one that was computed elsewhere.
        """
        if self.made is not None:
            return self.made.snapshot()
        parts = [self.writes]
        older = self.older
        while older is not None and older.made is None:
            parts.append(older.writes)
            older = older.older
        merged: dict[bytes, bytes | None] = {}
        for writes in reversed(parts):
            merged.update(writes)
        tree = Tree() if older is None or older.made is None else older.made.snapshot()
        tree.update(merged)
        self.check(tree)
        self.made, self.older, self.writes, self.late_keys = tree, None, {}, 0
        return tree.snapshot()
