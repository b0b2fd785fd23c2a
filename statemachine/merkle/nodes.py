"""Nodes of the state tree: what is hashed, and how.

The tree is binary and path-compressed.  A leaf holds one key and its value; a
branch stands at the first bit in which the keys below it differ.  No node knows
its parent, and no hash depends on one, so that a node whose sibling was deleted
moves up unchanged, and one set of keys and values has exactly one root.

=======  ====================================================================
Node     Hash: SHA-256 of
=======  ====================================================================
leaf     ``00``, key length (u8), key, SHA-256 of the value
branch   ``01``, bit (u16), prefix, hash of the left, hash of the right child
nothing  ``02``
=======  ====================================================================

``bit`` counts from the most significant bit of the first byte of the key.  The
prefix is the ``bit`` bits that all keys below share, in ``ceil(bit / 8)`` bytes,
the last one filled up with zeros; its length therefore follows from ``bit``.
Keys below the left child have a 0 at ``bit``, those below the right one a 1.

Keys are 1 to 32 bytes, and no key is a prefix of another.  Nodes never change:
an update makes new ones and shares the rest, so a snapshot is a reference.
"""

from typing import Final, final

from statemachine.digest import hash_joined
from statemachine.errors import WitnessIncomplete, invariant

KEY_BYTES_MAX: Final = 32
VALUE_BYTES_MAX: Final = 65_535

LEAF_TAG: Final = b"\x00"
BRANCH_TAG: Final = b"\x01"
EMPTY_ROOT: Final = hash_joined(b"\x02")
"""The root of a tree without keys."""

LEAF_HEADS: Final = [LEAF_TAG + bytes((size,)) for size in range(KEY_BYTES_MAX + 1)]
"""What stands before a key of each length in a leaf's hashed bytes."""

HEADER_BYTES: Final = 3
"""Tag and bit: what stands before the prefix in a branch's hashed bytes."""

MASKS: Final = b"\x80\x40\x20\x10\x08\x04\x02\x01"
"""The bit of a byte that a bit index modulo 8 stands for."""

PREFIX_MASKS: Final = b"\x00\x80\xc0\xe0\xf0\xf8\xfc\xfe"
"""The part of a byte that belongs to a prefix of so many bits."""

PADDING: Final = bytes(KEY_BYTES_MAX)
"""Appended to a key so that every bit index can be read from it."""


class Node:
    """Anything that has a hash in the tree."""

    __slots__ = ("hash",)

    def __init__(self, digest: bytes) -> None:
        self.hash = digest


@final
class Leaf(Node):
    """One key and its value."""

    __slots__ = ("key", "value")

    def __init__(self, key: bytes, value: bytes) -> None:
        self.hash = hash_joined(LEAF_HEADS[len(key)], key, hash_joined(value))
        self.key = key
        self.value = value


@final
class Branch(Node):
    """Two subtrees whose keys part at ``bit``; ``header`` is its hashed bytes up to the prefix."""

    __slots__ = ("bit", "header", "left", "right")

    def __init__(self, bit: int, header: bytes, left: Node, right: Node) -> None:
        self.hash = hash_joined(header, left.hash, right.hash)
        self.bit = bit
        self.header = header
        self.left = left
        self.right = right


@final
class Trace:
    """Which nodes of a tree were opened, by hash, and what opening each one gave."""

    __slots__ = ("opened",)

    def __init__(self) -> None:
        self.opened: dict[bytes, Node] = {}


@final
class Stub(Node):
    """A node of which only the hash is known here.

    In a witness that is all there is.  While a witness is being recorded the stub
    also knows the real node, opens it on demand, and leaves a trace of that.
    """

    __slots__ = ("source", "trace")

    def __init__(self, digest: bytes, source: Node | None, trace: Trace | None) -> None:
        self.hash = digest
        self.source = source
        self.trace = trace

    def open(self) -> Node:
        """Return the node itself; a branch comes with stubs for children.

        Raises
        ------
        WitnessIncomplete
            If the node is not part of the witness.
        """
        source, trace = self.source, self.trace
        if source is None or trace is None:
            raise WitnessIncomplete(f"node {self.hash.hex()} is not in the witness")
        node = trace.opened.get(self.hash)
        if node is None:
            node = source
            if isinstance(source, Branch):
                left = Stub(source.left.hash, source.left, trace)
                right = Stub(source.right.hash, source.right, trace)
                node = Branch(source.bit, source.header, left, right)
            trace.opened[self.hash] = node
        return node


def shared_bits(first: bytes, second: bytes) -> int:
    """Return how many leading bits two byte strings share, up to the shorter one's end."""
    length = min(len(first), len(second))
    difference = int.from_bytes(first[:length], "big") ^ int.from_bytes(second[:length], "big")
    return 8 * length - difference.bit_length()


def is_below(key: bytes, header: bytes, known: int, bit: int) -> bool:
    """Return whether ``key`` has the prefix of a branch at ``bit`` whose header this is.

    The first ``known`` bits are known to be the same.  The rest is compared, not counted as
    :func:`shared_bits` does: a third of the time, and almost every key that is asked about is.
    """
    start, whole, rest = known >> 3, bit >> 3, bit & 7
    if 8 * len(key) < bit:
        return False
    if start < whole and key[start:whole] != header[start + HEADER_BYTES : whole + HEADER_BYTES]:
        return False
    return rest == 0 or (key[whole] ^ header[whole + HEADER_BYTES]) & PREFIX_MASKS[rest] == 0


def prefix_of(key: bytes, bits: int) -> bytes:
    """Return the first ``bits`` bits of ``key``, the last byte filled up with zeros."""
    whole, rest = bits >> 3, bits & 7
    if rest == 0:
        return key[:whole]
    return key[:whole] + (key[whole] & PREFIX_MASKS[rest]).to_bytes(1, "big")


def branch_header(key: bytes, bit: int) -> bytes:
    """Return a branch's hashed bytes up to the prefix, from any key below it."""
    return BRANCH_TAG + bit.to_bytes(2, "big") + prefix_of(key, bit)


def bit_at(key: bytes, bit: int) -> bool:
    """Return one bit of ``key``; past its end all bits are 0."""
    return bit >> 3 < len(key) and key[bit >> 3] & MASKS[bit & 7] != 0


def join_at(bit: int, key: bytes, beside: Node, fresh: Node) -> Branch:
    """Return the branch that parts ``fresh``, whose keys begin like ``key``, from ``beside``."""
    if bit >= 8 * len(key):
        invariant(condition=False, message=f"key {key.hex()} is a prefix of another")
    if bit_at(key, bit):
        return Branch(bit, branch_header(key, bit), beside, fresh)
    return Branch(bit, branch_header(key, bit), fresh, beside)
