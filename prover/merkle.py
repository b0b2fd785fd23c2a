"""Merkle trees over lists: a posted entry's chunks, a claim's trace of roots.

Leaves are hashed by the caller, under a tag of their own; inner nodes are
``sha256(0x11 | left | right)``; the last node of an odd level rises unchanged.
The root of the list commits to its length too, where the caller adds it
(``seal``), so that a path proves a place in a list of known length.

A *span* is a run of neighbouring leaves ``first .. first + n``; its proof is
the list of the siblings that lead from it to the root, left before right, from
the leaves upwards.  A single leaf is a span of one.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from statemachine.errors import invariant

TAG_NODE: Final = b"\x11"


def hash_pair(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(TAG_NODE + left + right).digest()


def rise(level: Sequence[bytes]) -> list[bytes]:
    """Return the level above ``level``."""
    pairs = [hash_pair(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) % 2:
        pairs.append(level[-1])
    return pairs


def list_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over one leaf or more."""
    invariant(len(leaves) > 0, "a Merkle tree needs a leaf")
    level = list(leaves)
    while len(level) > 1:
        level = rise(level)
    return level[0]


def seal(tag: bytes, length: int, root: bytes) -> bytes:
    """Return the commitment to a list: what it is, how long, and its root."""
    return sha256(tag + length.to_bytes(8, "big") + root).digest()


def open_span(leaves: Sequence[bytes], first: int, count: int) -> list[bytes]:
    """Return the siblings that prove ``leaves[first : first + count]``."""
    invariant(0 <= first < first + count <= len(leaves), "the span lies inside the list")
    siblings: list[bytes] = []
    level = list(leaves)
    low, high = first, first + count
    while len(level) > 1:
        if low % 2:
            low -= 1
            siblings.append(level[low])
        if high % 2 and high < len(level):
            siblings.append(level[high])
            high += 1
        level = rise(level)
        low, high = low // 2, (high + 1) // 2
    return siblings


def close_span(
    total: int, first: int, leaves: Sequence[bytes], siblings: Sequence[bytes]
) -> bytes | None:
    """Return the root that a span and its siblings lead to.

    ``None`` if the span does not fit a list of ``total`` leaves, or if the
    number of siblings is not exactly the one such a span has.
    """
    if not leaves or first < 0 or first + len(leaves) > total:
        return None
    supply = iter(siblings)
    level, low, width = list(leaves), first, total
    while width > 1:
        if low % 2:
            sibling = next(supply, None)
            if sibling is None:
                return None
            level.insert(0, sibling)
            low -= 1
        if (low + len(level)) % 2 and low + len(level) < width:
            sibling = next(supply, None)
            if sibling is None:
                return None
            level.append(sibling)
        level = rise(level)
        low, width = low // 2, (width + 1) // 2
    return level[0] if next(supply, None) is None else None
