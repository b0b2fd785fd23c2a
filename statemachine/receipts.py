"""Receipts: what became of each step, committed to by the block's cursor.

A block's receipts are the leaves of an append-only Merkle tree.  The cursor
keeps only its frontier (one hash per set bit of the count, largest subtree
first); the root folds the frontier from the smallest subtree upwards, so a
path to any receipt can be given once the block is done.
"""

from typing import Final, final

from statemachine.codec import as_bytes, as_int, as_list, as_uint, pack, unpack
from statemachine.digest import hash_joined
from statemachine.errors import Code, FrameInvalid

LEAF_TAG: Final = b"\x10"
NODE_TAG: Final = b"\x11"
EMPTY_ROOT: Final = hash_joined(b"\x12")
WIDE: Final = 1 << 63
"""An amount of this size takes 12 bytes instead of an integer's 8."""


@final
class Receipt:
    """One step's outcome.

    ``index`` is the transaction's place in its block, ``leg`` the leg of a
    bulk; ``args`` explain ``code`` (see the table of codes in the docs).
    ``filled`` in lots, ``notional`` and ``fee`` in micros, over all
    continuations of the step.
    """

    __slots__ = ("args", "code", "fee", "filled", "index", "leg", "notional", "order_id", "tx_hash")

    def __init__(
        self,
        tx_hash: bytes,
        index: int,
        leg: int,
        code: int,
        args: tuple[int, ...],
        order_id: int,
        filled: int,
        notional: int,
        fee: int,
    ) -> None:
        """Take every field, in the order of the encoding."""
        self.tx_hash = tx_hash
        self.index = index
        self.leg = leg
        self.code = code
        self.args = args
        self.order_id = order_id
        self.filled = filled
        self.notional = notional
        self.fee = fee

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        # Sums over a step can pass 64 bits only where balances (95 bits) do.
        fits = self.notional < WIDE and -WIDE <= self.fee < WIDE
        return pack(
            (
                self.tx_hash,
                self.index,
                self.leg,
                self.code,
                self.args,
                self.order_id,
                self.filled,
                self.notional if fits else wide(self.notional),
                self.fee if fits else wide(self.fee),
            )
        )

    def leaf(self) -> bytes:
        """Return this receipt's leaf of the block's receipt tree."""
        return hash_joined(LEAF_TAG, self.encode())

    @property
    def name(self) -> str:
        """Return the code's name."""
        return Code(self.code).name


def wide(value: int) -> int | bytes:
    """Return an amount as an integer where 63 bits hold it, else as 12 bytes."""
    if -WIDE <= value < WIDE:
        return value
    return value.to_bytes(12, "big", signed=True)


def unwide(value: object, name: str) -> int:
    """Return the amount that :func:`wide` wrote."""
    if isinstance(value, bytes):
        amount = int.from_bytes(as_bytes(value, 12, name), "big", signed=True)
        if wide(amount) != value:
            raise FrameInvalid(f"{name}: a short amount in a long form")
        return amount
    return as_int(value, (1 << 63) + 1, name)


def decode_receipt(data: bytes) -> Receipt:
    """Return the receipt that ``data`` encodes, or raise ``FrameInvalid``."""
    values = as_list(unpack(data), 9, "receipt")
    args = values[4]
    if type(args) is not list:
        raise FrameInvalid("receipt: args are an array")
    code = as_uint(values[3], 1 << 16, "code")
    if code not in CODES:
        raise FrameInvalid(f"receipt code: {code} is not known")
    return Receipt(
        as_bytes(values[0], 32, "transaction hash"),
        as_uint(values[1], 1 << 32, "index"),
        as_uint(values[2], 256, "leg"),
        code,
        tuple(as_int(arg, 1 << 64, "arg") for arg in args),
        as_uint(values[5], 1 << 64, "order id"),
        as_uint(values[6], 1 << 63, "filled"),
        unwide(values[7], "notional"),
        unwide(values[8], "fee"),
    )


CODES: Final = frozenset(int(code) for code in Code)


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hash_joined(NODE_TAG, left, right)


def append(frontier: list[bytes], count: int, leaf: bytes) -> None:
    """Add the leaf with index ``count`` to a frontier, in place."""
    while count & 1:
        leaf = node(frontier.pop(), leaf)
        count >>= 1
    frontier.append(leaf)


def root_of(frontier: list[bytes]) -> bytes:
    """Return the root of a frontier: smaller subtrees fold into larger ones."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for peak in reversed(frontier[:-1]):
        root = node(peak, root)
    return root


def path_of(leaves: list[bytes], index: int) -> list[bytes]:
    """Return the sibling hashes from leaf ``index`` up to the root.

    Follows the shape of :func:`root_of`: a level's odd last node is lifted
    unchanged, so the path has no entry for it.
    """
    path = []
    level = leaves
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            pairs.append(level[-1])
        level, index = pairs, index >> 1
    return path


def verify_path(root: bytes, leaf: bytes, index: int, count: int, path: list[bytes]) -> bool:
    """Return whether ``leaf`` is number ``index`` of ``count`` under ``root``."""
    if not 0 <= index < count:
        return False
    rest = list(path)
    while count > 1:
        if index ^ 1 < count:
            if not rest:
                return False
            sibling = rest.pop(0)
            leaf = node(leaf, sibling) if index % 2 == 0 else node(sibling, leaf)
        index, count = index >> 1, (count + 1) >> 1
    return leaf == root and not rest
