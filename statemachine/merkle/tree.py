"""The state tree: the whole of it, one that records, and the part in a witness.

All three are stores (``get`` and ``seek``) and give roots through the same walks
(:mod:`statemachine.merkle.lookup`, :mod:`statemachine.merkle.merge`): there is no second
algorithm that could disagree with the first.

* :class:`Tree` holds everything, in memory
* :class:`RecordingTree` answers from a tree and notes which nodes that opened
* :class:`PartialTree` knows only the nodes of a witness, and refuses the rest

Every kind of proof is the same object.  Inclusion, absence, "first key at or
after", and the post-root of a batch are all shown by opening a witness whose
root is the claimed one, and asking it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import final

from statemachine.errors import invariant
from statemachine.merkle.lookup import find_leaf, first_leaf
from statemachine.merkle.merge import build_nodes, write_nodes
from statemachine.merkle.multiproof import decode_nodes, encode_nodes
from statemachine.merkle.nodes import EMPTY_ROOT, KEY_BYTES_MAX, Branch, Leaf, Node, Stub, Trace


def root_of(node: Node | None) -> bytes:
    """Return the root hash of the tree under ``node``."""
    return EMPTY_ROOT if node is None else node.hash


def value_at(node: Node | None, key: bytes) -> bytes | None:
    """Return the value at ``key`` in the tree under ``node``, or ``None``."""
    leaf = find_leaf(node, key)
    return None if leaf is None else leaf.value


def key_from(node: Node | None, prefix: bytes, start: bytes) -> bytes | None:
    """Return the first key at or after ``start`` that begins with ``prefix``, or ``None``."""
    leaf = first_leaf(node, prefix, start)
    return None if leaf is None else leaf.key


def leaves_of(items: Iterable[tuple[bytes, bytes]]) -> Iterator[Leaf]:
    """Yield a leaf for each item."""
    for key, value in items:
        invariant(0 < len(key) <= KEY_BYTES_MAX, f"key of {len(key)} bytes")
        yield Leaf(key, value)


@final
class Tree:
    """The whole state with its hashes, in memory: about 500 bytes per key."""

    __slots__ = ("top",)

    def __init__(self, top: Node | None = None) -> None:
        self.top = top

    @classmethod
    def from_items(cls, items: Iterable[tuple[bytes, bytes]]) -> "Tree":
        """Return the tree of ``items``, which come in increasing order of their keys."""
        return cls(build_nodes(leaves_of(items)))

    @property
    def root(self) -> bytes:
        """The root hash."""
        return root_of(self.top)

    def snapshot(self) -> "Tree":
        """Return this tree as it is now, whatever is written to it later.  Costs nothing."""
        return Tree(self.top)

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``, or ``None``."""
        return value_at(self.top, key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` that begins with ``prefix``, or ``None``."""
        return key_from(self.top, prefix, start)

    def update(self, writes: Mapping[bytes, bytes | None]) -> bytes:
        """Apply ``writes``, where ``None`` deletes, and return the new root."""
        self.top = write_nodes(self.top, writes)
        return self.root

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield all keys and values in order of the keys."""
        waiting = [self.top]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Branch):
                waiting.append(node.right)
                waiting.append(node.left)
            elif isinstance(node, Leaf):
                yield node.key, node.value


@final
class RecordingTree:
    """A store over a tree as it is now, which notes every node that an answer opens.

    The tree may move on meanwhile.  Reads are noted whether or not what read them
    came to anything: refused transactions are replayed too.
    """

    __slots__ = ("_source", "_top", "_trace")

    def __init__(self, tree: Tree) -> None:
        source, trace = tree.top, Trace()
        self._source = source
        self._trace = trace
        self._top: Node | None = None if source is None else Stub(source.hash, source, trace)

    @property
    def root(self) -> bytes:
        """The root before any write."""
        return root_of(self._source)

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``, or ``None``, and note what that took."""
        return value_at(self._top, key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` within ``prefix``, and note what that took."""
        return key_from(self._top, prefix, start)

    def witness(self, writes: Mapping[bytes, bytes | None]) -> bytes:
        """Return the multiproof of all reads so far and of the post-root of ``writes``."""
        write_nodes(self._top, writes)
        return encode_nodes(self._source, self._trace)


@final
class PartialTree:
    """The part of a state that a witness opens, under the root of the whole.

    Raises
    ------
    WitnessIncomplete
        From ``get``, ``seek`` and ``update``, when the answer rests on a node that
        the witness does not open: what is not proved is never "absent".
    """

    __slots__ = ("_top",)

    def __init__(self, top: Node | None) -> None:
        self._top = top

    @classmethod
    def decode(cls, data: bytes) -> "PartialTree":
        """Return the tree that ``data`` opens.

        Raises
        ------
        WitnessIncomplete
            If ``data`` is not a canonical multiproof.
        """
        return cls(decode_nodes(data))

    @property
    def root(self) -> bytes:
        """The root hash, of the whole tree."""
        return root_of(self._top)

    def size(self) -> tuple[int, int, int]:
        """Return how many branches, leaves and bytes of values are open."""
        branches = leaves = size = 0
        waiting = [self._top]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Branch):
                branches += 1
                waiting += (node.left, node.right)
            elif isinstance(node, Leaf):
                leaves += 1
                size += len(node.value)
        return branches, leaves, size

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``, or ``None`` if the witness proves that there is none."""
        return value_at(self._top, key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` within ``prefix``; ``None`` if proved."""
        return key_from(self._top, prefix, start)

    def update(self, writes: Mapping[bytes, bytes | None]) -> bytes:
        """Apply ``writes``, where ``None`` deletes, and return the root of the whole after it."""
        self._top = write_nodes(self._top, writes)
        return self.root
