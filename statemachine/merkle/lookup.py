"""Reading the state tree: one key, or the first key of a range.

Both walks work on any nodes, whole or partly closed: the tree of a node, a tree
that records what is read, and the few nodes of a witness.  They open only what
the answer rests on: a walk stops at the first branch whose prefix leaves the
key, for nothing below it can matter.
"""

from statemachine.merkle.nodes import (
    HEADER_BYTES,
    MASKS,
    PADDING,
    Branch,
    Leaf,
    Node,
    Stub,
    bit_at,
    is_below,
    shared_bits,
)


def find_leaf(node: Node | None, key: bytes) -> Leaf | None:
    """Return the leaf of ``key``, or ``None`` if the tree proves that there is none."""
    padded = key + PADDING
    known = 0  # bits of the key that the node is already known to share
    while True:
        if isinstance(node, Branch):
            bit = node.bit
            if bit != known and not is_below(padded, node.header, known, bit):
                return None
            node = node.right if padded[bit >> 3] & MASKS[bit & 7] else node.left
            known = bit + 1
        elif isinstance(node, Stub):
            node = node.open()
        else:
            break
    return node if isinstance(node, Leaf) and node.key == key else None


def first_leaf(node: Node | None, prefix: bytes, start: bytes) -> Leaf | None:
    """Return the leaf of the first key at or after ``start`` that begins with ``prefix``."""
    if not start.startswith(prefix):
        if start > prefix:
            return None
        start = prefix
    padded = start + PADDING
    inside = 8 * len(prefix)
    known = 0
    later: Node | None = None  # the nearest subtree inside the range whose keys all follow
    while True:
        if isinstance(node, Branch):
            bit = node.bit
            shared = bit
            if bit != known:
                shared = min(bit, shared_bits(padded, node.header[HEADER_BYTES:]))
            if shared < bit:
                if shared >= inside and bit_at(node.header[HEADER_BYTES:], shared):
                    return leftmost_leaf(node)
                return leftmost_leaf(later)
            if padded[bit >> 3] & MASKS[bit & 7]:
                node = node.right
            else:
                if bit >= inside:
                    later = node.right
                node = node.left
            known = bit + 1
        elif isinstance(node, Stub):
            node = node.open()
        else:
            break
    if isinstance(node, Leaf) and node.key >= start and node.key.startswith(prefix):
        return node
    return leftmost_leaf(later)


def leftmost_leaf(node: Node | None) -> Leaf | None:
    """Return the first leaf under ``node``."""
    while True:
        if isinstance(node, Branch):
            node = node.left
        elif isinstance(node, Stub):
            node = node.open()
        else:
            return node if isinstance(node, Leaf) else None
