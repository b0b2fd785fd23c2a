"""Writing the state tree: a batch of writes, or a whole tree from sorted items.

A batch is sorted and descends once; each branch it touches is made, and hashed,
once.  The walks work on any nodes, whole or partly closed, so the post-root of a
witness comes from the same code as that of the whole state.  Old nodes are never
changed: whoever still holds them holds the state before.
"""

from bisect import insort
from collections.abc import Iterable, Mapping

from statemachine.errors import invariant
from statemachine.merkle.nodes import (
    HEADER_BYTES,
    KEY_BYTES_MAX,
    MASKS,
    VALUE_BYTES_MAX,
    Branch,
    Leaf,
    Node,
    Stub,
    bit_at,
    branch_header,
    is_below,
    join_at,
    shared_bits,
)


def write_nodes(node: Node | None, writes: Mapping[bytes, bytes | None]) -> Node | None:
    """Return the tree under ``node`` with all of ``writes`` applied; ``None`` deletes."""
    for key, value in writes.items():
        size = len(key)
        if size == 0 or size > KEY_BYTES_MAX:  # messages are made for who needs them only
            invariant(condition=False, message=f"key of {size} bytes")
        if value is not None and len(value) > VALUE_BYTES_MAX:
            invariant(condition=False, message=f"value too long at {key.hex()}")
    keys = sorted(writes)
    return merge_writes(node, writes, keys, 0, len(keys), 0) if keys else node


def merge_writes(
    node: Node | None,
    writes: Mapping[bytes, bytes | None],
    keys: list[bytes],
    low: int,
    high: int,
    known: int,
) -> Node | None:
    """Return the tree under ``node`` with ``keys[low:high]`` written.

    ``keys`` are the sorted keys of ``writes``; those in the range share ``known``
    leading bits with one another and with every key under ``node``.  There is at
    least one.
    """
    if high - low == 1:
        return put_leaf(node, keys[low], writes[keys[low]], known)
    if isinstance(node, Stub):
        node = node.open()
    if not isinstance(node, Branch):
        return build_range(writes, keys, low, high, node if isinstance(node, Leaf) else None)
    bit = node.bit
    if bit != known and not (
        is_below(keys[low], node.header, known, bit)
        and is_below(keys[high - 1], node.header, known, bit)
    ):
        prefix = node.header[HEADER_BYTES:]
        shared = min(shared_bits(keys[low], prefix), shared_bits(keys[high - 1], prefix))
        return merge_beside(node, writes, keys, low, high, shared)
    middle = split_keys(keys, low, high, bit)
    left: Node | None = node.left
    right: Node | None = node.right
    if low < middle:
        left = merge_writes(left, writes, keys, low, middle, bit + 1)
    if middle < high:
        right = merge_writes(right, writes, keys, middle, high, bit + 1)
    if left is None or right is None:
        return left if right is None else right
    if left is node.left and right is node.right:
        return node
    return Branch(bit, node.header, left, right)


def merge_beside(
    node: Branch,
    writes: Mapping[bytes, bytes | None],
    keys: list[bytes],
    low: int,
    high: int,
    bit: int,
) -> Node | None:
    """Write ``keys[low:high]`` where some of them leave the prefix of ``node`` at ``bit``."""
    middle = split_keys(keys, low, high, bit)
    if bit_at(node.header[HEADER_BYTES:], bit):
        apart = build_range(writes, keys, low, middle, None)
        low, key = middle, keys[low]
    else:
        apart = build_range(writes, keys, middle, high, None)
        high, key = middle, keys[high - 1]
    beside: Node | None = node
    if low < high:
        beside = merge_writes(node, writes, keys, low, high, bit + 1)
    if apart is None:
        return beside
    return apart if beside is None else join_at(bit, key, beside, apart)


def split_keys(keys: list[bytes], low: int, high: int, bit: int) -> int:
    """Return the first index in ``low..high`` of a key with a 1 at ``bit``, else ``high``."""
    place, mask = bit >> 3, MASKS[bit & 7]
    while low < high:
        middle = (low + high) >> 1
        key = keys[middle]
        if place < len(key) and key[place] & mask:
            high = middle
        else:
            low = middle + 1
    return low


def build_range(
    writes: Mapping[bytes, bytes | None], keys: list[bytes], low: int, high: int, leaf: Leaf | None
) -> Node | None:
    """Return the tree of the values set in ``keys[low:high]``, and of ``leaf`` unless it is."""
    found = [key for key in keys[low:high] if writes[key] is not None]
    if leaf is not None and leaf.key not in writes:
        insort(found, leaf.key)
    leaves: list[Leaf] = []
    for key in found:
        value = writes.get(key)
        if value is not None:
            leaves.append(Leaf(key, value))
        elif leaf is not None:
            leaves.append(leaf)
    return build_nodes(leaves)


def build_nodes(leaves: Iterable[Leaf]) -> Node | None:
    """Return the tree of ``leaves``, which come in increasing order of their keys."""
    pending: list[tuple[int, Node]] = []  # left subtrees that wait for their right one
    key = b""
    node: Node | None = None
    for leaf in leaves:
        if node is not None:
            bit = shared_bits(key, leaf.key)
            if key >= leaf.key or bit == 8 * len(key):
                invariant(condition=False, message=f"key {leaf.key.hex()} follows {key.hex()}")
            while pending and pending[-1][0] > bit:
                above, left = pending.pop()
                node = Branch(above, branch_header(key, above), left, node)
            pending.append((bit, node))
        key = leaf.key
        node = leaf
    while pending and node is not None:
        above, left = pending.pop()
        node = Branch(above, branch_header(key, above), left, node)
    return node


def put_leaf(node: Node | None, key: bytes, value: bytes | None, known: int) -> Node | None:
    """Return the tree under ``node`` with one key set, or deleted if ``value`` is ``None``.

    ``known`` is the number of leading bits that ``key`` is known to share with
    every key under ``node``.
    """
    if isinstance(node, Stub):
        opened = node.open()
        changed = put_leaf(opened, key, value, known)
        return node if changed is opened else changed
    if not isinstance(node, Branch):
        return replace_node(node, key, value)
    bit = node.bit
    if bit != known and not is_below(key, node.header, known, bit):
        return replace_node(node, key, value)
    place = bit >> 3
    if place < len(key) and key[place] & MASKS[bit & 7]:
        below: Node = node.right
        fresh = put_leaf(below, key, value, bit + 1)
        if fresh is None:
            return node.left
        return node if fresh is below else Branch(bit, node.header, node.left, fresh)
    below = node.left
    fresh = put_leaf(below, key, value, bit + 1)
    if fresh is None:
        return node.right
    return node if fresh is below else Branch(bit, node.header, fresh, node.right)


def replace_node(node: Node | None, key: bytes, value: bytes | None) -> Node | None:
    """Return what stands in the place of ``node``, where the way of ``key`` ends."""
    if isinstance(node, Leaf):
        if node.key == key:
            if value is None:
                return None
            return node if node.value == value else Leaf(key, value)
        shared = shared_bits(key, node.key)
        if shared == 8 * len(node.key):
            invariant(condition=False, message=f"key {node.key.hex()} is a prefix of another")
    elif isinstance(node, Branch):
        shared = shared_bits(key, node.header[HEADER_BYTES:])
    else:
        return None if value is None else Leaf(key, value)
    return node if value is None else join_at(shared, key, node, Leaf(key, value))
