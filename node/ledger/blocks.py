"""Executed blocks: receipts with their Merkle paths, as memory and disk keep them.

The hashes between a block's receipts and its receipts root are made once, on
the first path that anyone asks for.  On disk a block's *archive record* holds
what follows from executing it, so that a query need not execute it again:
the cursor, the sequencer's signature, and the receipts.
"""

from collections.abc import Sequence
from typing import Any, Final, final

from coincurve import PrivateKey

from node.ledger.feed import Sequenced
from node.storage.database import Batch, Database, after
from node.storage.journal import BlockInput, Journal, height_key, unpack_record
from statemachine.codec import pack
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import FrameInvalid, StorageCorrupt
from statemachine.events import Event
from statemachine.identity.signing import block_digest
from statemachine.inbox import InboxItem
from statemachine.receipts import Receipt, decode_receipt, node, root_of

RECEIPTS: Final = b"C"
PLACES: Final = b"T"
ROOTS: Final = b"P"
RECORD_VERSION: Final = 1
ROOT_BYTES: Final = 32


@final
class ExecutedBlock:
    """One block and what became of its transactions; satisfies ``feed.SealedBlock``."""

    __slots__ = (
        "cursor",
        "cursor_hash",
        "events",
        "firsts",
        "frame",
        "hashes",
        "height",
        "inbox",
        "inbox_from",
        "levels",
        "receipts",
        "receipts_root",
        "roots",
        "segments",
        "signature",
        "time",
    )

    def __init__(
        self,
        source: BlockInput,
        receipts: Sequence[Receipt],
        events: Sequence[Event],
        cursor: Cursor,
        segments: int,
        signature: bytes,
    ) -> None:
        self.height = source.height
        self.time = source.time
        self.frame = source.frame
        self.inbox_from = source.inbox_from
        self.inbox: Sequence[InboxItem] = source.inbox
        self.hashes: Sequence[bytes] = [receipt.tx_hash for receipt in receipts if receipt.leg == 0]
        self.receipts = receipts
        self.events = events
        self.cursor = cursor
        self.cursor_hash = cursor.hash
        self.receipts_root = root_of(cursor.frontier)
        self.signature = signature
        self.segments = segments
        self.roots: Sequence[bytes] = ()
        self.levels: list[list[bytes]] = []
        self.firsts = first_places(receipts)

    def outcome(self, tx_hash: bytes, *, duplicate: bool = False) -> Sequenced:
        """Return what became of one of the block's transactions."""
        first = self.firsts[tx_hash]
        stop = first + 1
        while stop < len(self.receipts) and self.receipts[stop].tx_hash == tx_hash:
            stop += 1
        index = self.receipts[first].index
        return Sequenced(self, index, first, self.receipts[first:stop], duplicate)

    def path(self, place: int) -> list[bytes]:
        """Return the Merkle path of receipt number ``place`` to the receipts root."""
        if not self.levels:
            self.levels = receipt_levels(self.receipts)
        path = []
        for level in self.levels:
            if place ^ 1 < len(level):
                path.append(level[place ^ 1])
            place >>= 1
        return path

    def encode_archive(self) -> bytes:
        """Return the archive record."""
        receipts: list[Any] = [receipt.encode() for receipt in self.receipts]
        return pack([RECORD_VERSION, self.cursor.encode(), self.signature, self.segments, receipts])


def first_places(receipts: Sequence[Receipt]) -> dict[bytes, int]:
    """Return where each transaction's receipts begin."""
    firsts: dict[bytes, int] = {}
    for place, receipt in enumerate(receipts):
        firsts.setdefault(receipt.tx_hash, place)
    return firsts


def receipt_levels(receipts: Sequence[Receipt]) -> list[list[bytes]]:
    """Return every level of the receipt tree, leaves first, without the root."""
    levels = []
    level = [receipt.leaf() for receipt in receipts]
    while len(level) > 1:
        levels.append(level)
        pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            pairs.append(level[-1])
        level = pairs
    return levels


@final
class BlockSigner:
    """Signs one message per block: (chain id, height, cursor hash).

    Up to height ``silent_until`` nothing is signed: blocks there were signed once and
    then taken back, and two signatures at one height cost the sequencer's bond.
    """

    def __init__(self, key: bytes, chain_id: int, silent_until: int = 0) -> None:
        self.key = PrivateKey(key)
        self.chain_id = chain_id
        self.silent_until = silent_until

    def sign(self, height: int, cursor_hash: bytes) -> bytes:
        """Return the 65-byte recoverable signature that acknowledges a block; maybe none."""
        if height <= self.silent_until:
            return b""
        digest = block_digest(self.chain_id, height, cursor_hash)
        return self.key.sign_recoverable(digest, hasher=None)


@final
class Archive:
    """Receipts by block, transactions by hash, roots by block: all recomputable."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.journal = Journal(database)

    def read(self, height: int) -> ExecutedBlock | None:
        """Return a block as it was executed, without its events."""
        source = self.journal.read(height)
        data = self.database.get(height_key(RECEIPTS, height))
        if source is None or data is None:
            return None
        cursor, signature, segments, receipts = unpack_record(data, RECORD_VERSION, "archive")
        try:
            decoded = [decode_receipt(receipt) for receipt in receipts]
        except FrameInvalid as error:
            raise StorageCorrupt(f"archive of block {height}: {error}") from error
        block = ExecutedBlock(source, decoded, (), decode_cursor(cursor), segments, signature)
        block.roots = self.roots(height)
        return block

    def height_of(self, tx_hash: bytes) -> int | None:
        """Return the height of the block that has a transaction."""
        place = self.database.get(PLACES + tx_hash)
        return None if place is None else int.from_bytes(place, "big")

    def roots(self, height: int) -> list[bytes]:
        """Return the segment roots of a block; none if they are not known yet."""
        data = self.database.get(height_key(ROOTS, height)) or b""
        return [data[i : i + ROOT_BYTES] for i in range(0, len(data), ROOT_BYTES)]

    def root_height(self) -> int:
        """Return the last height whose roots are known; -1 before genesis."""
        last = self.database.last(ROOTS)
        return -1 if last is None else int.from_bytes(last[0][1:], "big")

    def truncate(self, batch: Batch, height: int) -> None:
        """Add to ``batch`` the removal of every block above ``height``."""
        for prefix in (RECEIPTS, ROOTS):
            start, stop = height_key(prefix, height + 1), after(prefix)
            for key, _ in self.database.scan(start, stop):
                batch.delete(key)


def write_block(batch: Batch, block: ExecutedBlock) -> None:
    """Add a block's archive record to a write batch, and the places of what has receipts.

    An inbox item is found by its hash, like a transaction.
    """
    batch.put(height_key(RECEIPTS, block.height), block.encode_archive())
    place = block.height.to_bytes(8, "big")
    for tx_hash in block.firsts:
        batch.put(PLACES + tx_hash, place)


def write_roots(batch: Batch, height: int, roots: Sequence[bytes]) -> None:
    """Add a block's segment roots to a write batch."""
    batch.put(height_key(ROOTS, height), b"".join(roots))
