"""The bytes of a witness: some opened nodes of a tree, and hashes for the rest.

A version byte, then the nodes in preorder, left before right:

=======  ========================================================================
Tag      What follows
=======  ========================================================================
``00``   nothing: the tree is empty; only at the top
``01``   leaf: key length (u8), key from byte ``known / 8`` on, value length (u16),
         value
``02``   branch: bit (u16), prefix from byte ``known / 8`` on, then both children;
         no prefix bytes at all where ``bit`` equals ``known``
``03``   stub: 32 bytes of hash
=======  ========================================================================

``known`` is the number of leading bits that follow from the branches above: the
bit of the nearest one plus one, or 0 at the top.  The bits that both it and the
node itself state must agree, so that children always extend their prefix, and
bits increase on every way down.  Unused bits are 0.  Any set of nodes that holds
the parent of each of its nodes has exactly one encoding; what could not have
been encoded is refused.
"""

from typing import Final, final

from statemachine.errors import WitnessIncomplete
from statemachine.merkle.nodes import (
    HEADER_BYTES,
    KEY_BYTES_MAX,
    MASKS,
    Branch,
    Leaf,
    Node,
    Stub,
    Trace,
    branch_header,
    prefix_of,
    shared_bits,
)

WITNESS_VERSION: Final = 1
EMPTY: Final = 0
LEAF: Final = 1
BRANCH: Final = 2
STUB: Final = 3
HASH_BYTES: Final = 32


def encode_nodes(top: Node | None, trace: Trace) -> bytes:
    """Return the witness of the nodes in ``trace``, all of which are under ``top``."""
    out = bytearray((WITNESS_VERSION,))
    if top is None:
        out.append(EMPTY)
    else:
        append_node(out, top, trace, 0)
    return bytes(out)


def append_node(out: bytearray, node: Node, trace: Trace, known: int) -> None:
    """Append ``node``, and what is opened below it, to ``out``."""
    if node.hash not in trace.opened:
        out.append(STUB)
        out += node.hash
    elif isinstance(node, Leaf):
        out.append(LEAF)
        out.append(len(node.key))
        out += node.key[known >> 3 :]
        out += len(node.value).to_bytes(2, "big")
        out += node.value
    elif isinstance(node, Branch):
        out.append(BRANCH)
        out += node.bit.to_bytes(2, "big")
        if node.bit != known:
            out += node.header[HEADER_BYTES + (known >> 3) :]
        append_node(out, node.left, trace, node.bit + 1)
        append_node(out, node.right, trace, node.bit + 1)


def decode_nodes(data: bytes) -> Node | None:
    """Return the nodes that ``data`` opens, with stubs for the others.

    Raises
    ------
    WitnessIncomplete
        If :func:`encode_nodes` could not have written ``data``.
    """
    reader = Reader(data)
    if reader.take_int(1) != WITNESS_VERSION:
        raise WitnessIncomplete("not a witness of version 1")
    top = None if data[1:] == bytes((EMPTY,)) else reader.take_node(b"", 0)
    if top is not None and reader.position != len(data):
        raise WitnessIncomplete(f"{len(data) - reader.position} bytes after the witness")
    return top


@final
class Reader:
    """A position in the bytes of a witness."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        end = self.position + count
        if end > len(self.data):
            raise WitnessIncomplete(f"witness ends at {len(self.data)}, inside a node")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def take_int(self, count: int) -> int:
        """Return the next ``count`` bytes as a number."""
        return int.from_bytes(self.take(count), "big")

    def take_node(self, prefix: bytes, known: int) -> Node:
        """Return the next node; ``prefix`` holds the ``known`` bits that it has to begin with."""
        tag = self.take_int(1)
        if tag == STUB:
            return Stub(self.take(HASH_BYTES), None, None)
        if tag == LEAF:
            return self.take_leaf(prefix, known)
        if tag == BRANCH:
            return self.take_branch(prefix, known)
        raise WitnessIncomplete(f"unknown node tag {tag} at byte {self.position - 1}")

    def take_leaf(self, prefix: bytes, known: int) -> Leaf:
        """Return a leaf whose key begins with ``prefix``."""
        length = self.take_int(1)
        if not 0 < length <= KEY_BYTES_MAX or 8 * length < known:
            raise WitnessIncomplete(f"key of {length} bytes below bit {known}")
        key = self.take_rest(prefix, known, 8 * length)
        return Leaf(key, self.take(self.take_int(2)))

    def take_branch(self, prefix: bytes, known: int) -> Branch:
        """Return a branch whose prefix begins with ``prefix``, and everything below it."""
        bit = self.take_int(2)
        if not known <= bit < 8 * KEY_BYTES_MAX:
            raise WitnessIncomplete(f"branch at bit {bit} below bit {known}")
        if bit != known:
            prefix = self.take_rest(prefix, known, bit)
        header = branch_header(prefix, bit)
        whole, mask = bit >> 3, MASKS[bit & 7]
        last = prefix[whole] if bit & 7 else 0
        left = self.take_node(prefix[:whole] + bytes((last,)), bit + 1)
        right = self.take_node(prefix[:whole] + bytes((last | mask,)), bit + 1)
        return Branch(bit, header, left, right)

    def take_rest(self, prefix: bytes, known: int, bits: int) -> bytes:
        """Return ``bits`` bits that begin with ``prefix``, of which only the rest is written."""
        given = known >> 3
        whole = prefix[:given] + self.take(((bits + 7) >> 3) - given)
        if shared_bits(whole, prefix) < known:
            raise WitnessIncomplete(f"a node leaves the prefix {prefix.hex()} of {known} bits")
        if prefix_of(whole, bits) != whole:
            raise WitnessIncomplete(f"unused bits of a prefix of {bits} bits are set")
        return whole
