"""Receipts: what became of a transaction, and the proof that it did.

The sequencer signs one thing per block: {chain id, height, hash of the
cursor}.  The cursor holds the frontier of the block's receipt tree, so the
receipts' root follows from it, and a Merkle path leads from a receipt to
that root.  ``verify_receipt`` walks this chain; nothing on it is taken on
the node's word except the address that signs, which is pinned.
"""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Final

from sextant.errors import ProofInvalid
from statemachine import receipts as leaves
from statemachine.cursor import PHASE_REST, Cursor, decode_cursor
from statemachine.errors import RETRYABLE, Code, StorageCorrupt
from statemachine.identity.signing import block_digest, recover

RETRYABLE_CODES: Final = frozenset(map(int, RETRYABLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A block as the sequencer signed it."""

    chain_id: int
    height: int
    time_ms: int
    cursor: bytes
    receipts_root: bytes
    receipts_count: int
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one transaction, or of one leg of a bulk.

    ``filled`` lots, ``notional`` and ``fee`` micro-USDC are the signed
    integers of the exchange; ``fee`` is negative for a rebate.
    """

    transaction_hash: bytes
    height: int
    time_ms: int
    index: int
    leg: int
    code: int
    code_name: str
    arguments: tuple[int, ...]
    order_id: int
    filled: int
    notional: int
    fee: int
    leaf: int
    path: tuple[bytes, ...] | None = None

    @property
    def accepted(self) -> bool:
        """Whether the rules let it happen."""
        return self.code == 0

    @property
    def retryable(self) -> bool:
        """Whether the same request, signed anew, may succeed later."""
        return self.code in RETRYABLE_CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """A transaction in a block: its receipts, under a signed header."""

    transaction_hash: bytes
    receipts: tuple[Receipt, ...]
    header: Header
    duplicate: bool = False

    @property
    def receipt(self) -> Receipt:
        """The only receipt, or a bulk's first."""
        return self.receipts[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order that was taken: ``order_id`` names it from now on."""

    order_id: int
    client_id: bytes
    filled: Decimal
    average_price: Decimal | None
    fee: Decimal
    existed: bool
    receipt: Receipt


def name_of(code: int) -> str:
    """Return a code's name, or its number if this version does not know it."""
    try:
        return Code(code).name
    except ValueError:
        return f"CODE_{code}"


def header_digest(header: Header) -> bytes:
    """Return the 32 bytes that the sequencer signs for a block."""
    cursor_hash = sha256(header.cursor).digest()
    return block_digest(header.chain_id, header.height, cursor_hash)


def verify_header(header: Header, *, sequencer: bytes, chain_id: int | None = None) -> Cursor:
    """Check a block's signature, and that the header says what the cursor says.

    Returns the cursor, which names the receipts' root and their count.  Without a
    ``chain_id`` it is for the caller to see which one the header names: a signature for
    another chain promises nothing that L1 would punish on this one.

    Raises
    ------
    ProofInvalid
        ``HEADER_CHAIN``, ``HEADER_SIGNATURE`` or ``HEADER_FIELDS``.
    """
    if chain_id not in (None, header.chain_id):
        raise ProofInvalid(
            "HEADER_CHAIN",
            f"block {header.height} is signed for chain {header.chain_id}, not for {chain_id}",
            advice="do not trust this node: nobody can be held to that signature",
        )
    if not header.signature:
        raise ProofInvalid(
            "HEADER_UNSIGNED",
            f"block {header.height} is not signed: blocks at its height were taken back before",
            advice="wait until it is on L1, then `sextant proof` shows what it did",
        )
    signer = recover(header_digest(header), header.signature)
    if signer != sequencer or not sequencer:
        raise ProofInvalid(
            "HEADER_SIGNATURE",
            f"block {header.height} is signed by {f'0x{signer.hex()}' if signer else 'nobody'},"
            f" not by the sequencer 0x{sequencer.hex()}",
            advice="do not trust this node",
        )
    try:
        cursor = decode_cursor(header.cursor)
    except StorageCorrupt as error:
        raise ProofInvalid("HEADER_FIELDS", f"block {header.height}: {error}") from error
    signed = (cursor.height, cursor.time, cursor.phase, cursor.receipts)
    if signed != (header.height, header.time_ms, PHASE_REST, header.receipts_count):
        raise ProofInvalid(
            "HEADER_FIELDS", f"block {header.height}: the header is not what was signed"
        )
    return cursor


def verify_receipt(
    receipt: Receipt, header: Header, *, sequencer: bytes, chain_id: int | None = None
) -> None:
    """Check that ``receipt`` is in the block that ``header`` signs.

    Raises
    ------
    ProofInvalid
        ``HEADER_CHAIN``, ``HEADER_SIGNATURE``, ``HEADER_FIELDS``, ``PATH_MISSING`` or ``PATH``.
    """
    check_path(receipt, verify_header(header, sequencer=sequencer, chain_id=chain_id))


def check_path(receipt: Receipt, cursor: Cursor) -> None:
    """Check a receipt's Merkle path to the root in a verified cursor.

    Raises
    ------
    ProofInvalid
        ``PATH_MISSING`` or ``PATH``.
    """
    name = f"receipt {receipt.leaf} of block {cursor.height}"
    if receipt.path is None:
        raise ProofInvalid("PATH_MISSING", f"{name} came without its Merkle path")
    leaf = leaves.Receipt(
        receipt.transaction_hash,
        receipt.index,
        receipt.leg,
        receipt.code,
        receipt.arguments,
        receipt.order_id,
        receipt.filled,
        receipt.notional,
        receipt.fee,
    ).leaf()
    root, path = leaves.root_of(cursor.frontier), list(receipt.path)
    if receipt.height != cursor.height or not leaves.verify_path(
        root, leaf, receipt.leaf, cursor.receipts, path
    ):
        raise ProofInvalid("PATH", f"{name} is not what the sequencer signed")


def verify_sequenced(sequenced: Sequenced, data: bytes, *, sequencer: bytes, chain_id: int) -> None:
    """Check that the answer is about ``data``, and that the sequencer signed all of it.

    ``chain_id`` is the one that ``data`` was signed for.

    Raises
    ------
    ProofInvalid
        Some step of the way does not hold.
    """
    cursor = verify_header(sequenced.header, sequencer=sequencer, chain_id=chain_id)
    expected = sha256(data).digest()
    if not sequenced.receipts:
        raise ProofInvalid("PATH_MISSING", "the answer has no receipt")
    for receipt in sequenced.receipts:
        if receipt.transaction_hash != expected:
            raise ProofInvalid("RECEIPT", "the receipt is about another transaction")
        check_path(receipt, cursor)
