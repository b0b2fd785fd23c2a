"""What a running node offers to its own servers: one small interface.

The gRPC services, the metrics and the developer's controls see a node only
through the protocols below, so that a sequencer, a follower and a test's fake
look the same to them.

* :class:`Ledger`: state and blocks to read, and a feed of new blocks.  Every
  role has one.
* :class:`Gateway`: a ledger that also takes transactions.  The sequencer.
* :class:`Controls`: what a developer may do to a process on a devnet.

Heights count blocks; block 0 is the genesis state and has no frame.
"""

from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, final

from node.l1.postings import Posting
from prover.l1 import Heads
from prover.ranges import KeyRange
from prover.rulesbook import VERSION_FIRST
from statemachine.cursor import Cursor
from statemachine.events import Event
from statemachine.inbox import InboxItem
from statemachine.receipts import Receipt
from statemachine.rules import Rules
from statemachine.storage import Store


@final
class Reason(StrEnum):
    """Why a transaction was not sequenced; the names of the wire, less their prefix."""

    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO_LARGE"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    SIGNATURE_HIGH_S = "SIGNATURE_HIGH_S"
    SIGNER_UNKNOWN = "SIGNER_UNKNOWN"
    EXPIRED = "EXPIRED"
    NONCE_USED = "NONCE_USED"
    NONCE_OLD = "NONCE_OLD"
    NONCE_AHEAD = "NONCE_AHEAD"
    SIGNER_IGNORED = "SIGNER_IGNORED"
    SIGNER_BUSY = "SIGNER_BUSY"
    QUEUE_FULL = "QUEUE_FULL"
    NOT_READY = "NOT_READY"
    SHUTTING_DOWN = "SHUTTING_DOWN"


RETRYABLE = frozenset(
    {
        Reason.NONCE_AHEAD,
        Reason.SIGNER_IGNORED,
        Reason.SIGNER_BUSY,
        Reason.QUEUE_FULL,
        Reason.NOT_READY,
        Reason.SHUTTING_DOWN,
    }
)
"""Reasons after which the very same bytes may be accepted later."""


@final
@dataclass(frozen=True, slots=True)
class Refusal:
    """A transaction that no block contains; nothing happened, no nonce is burnt."""

    reason: Reason
    message: str

    @property
    def retryable(self) -> bool:
        """Whether sending the same bytes again may succeed."""
        return self.reason in RETRYABLE


@final
@dataclass(frozen=True, slots=True)
class Sequenced:
    """A transaction that is in a durable block, with all its receipts.

    ``first`` is the place of the first receipt in ``block.receipts``;
    ``block.path(first + i)`` proves the i-th to ``block.receipts_root``.
    """

    block: "SealedBlock"
    index: int
    first: int
    receipts: Sequence[Receipt]
    duplicate: bool = False  # these bytes had been submitted before


Outcome = Sequenced | Refusal


class SealedBlock(Protocol):
    """One executed block; immutable once it is seen."""

    height: int
    time: int
    frame: bytes
    inbox_from: int
    inbox: Sequence[InboxItem]
    hashes: Sequence[bytes]  # of the transactions, in execution order
    receipts: Sequence[Receipt]
    events: Sequence[Event]
    cursor: Cursor
    cursor_hash: bytes
    receipts_root: bytes
    signature: bytes  # the sequencer's, 65 bytes; empty on a follower
    segments: int
    roots: Sequence[bytes]  # one per segment; empty until the root worker has caught up

    def path(self, place: int) -> list[bytes]:
        """Return the Merkle path of receipt number ``place`` to the receipts root."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: a block and, where L1 knows of it, its log entry."""

    height: int
    time: int
    log_index: int = -1


@final
@dataclass(frozen=True, slots=True)
class Status:
    """What a node knows of itself, in one piece."""

    role: str
    chain_id: int
    rollup: bytes
    rules_hash: bytes
    l1: str  # "stub" or the name of a real network: a stub gives no security
    time: int  # the chain's clock now, ms
    unsafe: Head
    safe: Head
    final: Head
    root_height: int  # the last block whose state roots are known
    root: bytes
    queued: int
    ready: bool
    halted: str  # why the node stopped making blocks, or ""
    l1_heads: Heads | None = None  # as last seen
    genesis_root: bytes = b""
    rules_version: int = VERSION_FIRST  # in force at the last block's time
    rules_unknown: int = 0  # the first version that this program does not know; 0: none


class Lagging(Exception):
    """A subscriber read too slowly and has missed blocks; subscribe again."""


class Ledger(Protocol):
    """A node's state and blocks."""

    store: Store  # the state after the last block

    @property
    def rules(self) -> Rules:
        """The rules that executed the last block."""
        ...

    @property
    def cursor(self) -> Cursor:
        """The cursor of that state."""
        ...

    def status(self) -> Status:
        """Return the node's view of itself and of the heads."""
        ...

    def block(self, height: int) -> SealedBlock | None:
        """Return a block, with its receipts, from memory or disk; no events if from disk."""
        ...

    def find(self, tx_hash: bytes) -> Sequenced | None:
        """Return what became of a transaction, or ``None`` if no block has it."""
        ...

    def posted(self, height: int) -> Posting | None:
        """Return the log entry that carries a block, if it was seen."""
        ...

    def final_since(self, height: int) -> int:
        """Return the L1 time, ms, at which a block was first seen to be final; 0: not known."""
        ...

    def subscribe(self) -> "AsyncIterator[SealedBlock]":
        """Yield each new durable block, from the next on; ``Lagging`` if too slow."""
        ...

    def rooted(self, height: int) -> "AsyncIterator[SealedBlock]":
        """Yield blocks from ``height`` on, each as soon as its roots are known."""
        ...

    def prove(
        self, keys: Sequence[bytes], log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes] | None:
        """Return (root, witness of ``keys`` and ``ranges``) under the output of a log entry.

        ``None`` where that state is not kept: a sequencer keeps none, a
        follower keeps those from the last final output on.
        """
        ...

    def entry_data(self, index: int) -> bytes | None:
        """Return the bytes of an entry of L1's log, if this node keeps them."""
        ...


class Gateway(Ledger, Protocol):
    """A node that sequences."""

    def submit(self, transactions: Sequence[bytes]) -> Awaitable[list[Outcome]]:
        """Queue transactions; the answer has one outcome for each, in order.

        Awaits durability: every ``Sequenced`` survives a crash.  The same
        bytes sent again get the original receipts.
        """
        ...

    def waits(self, tx_hash: bytes) -> bool:
        """Return whether a transaction is queued and in no durable block yet."""
        ...


class Controls:
    """Devnet only: what a developer may do to a process.

    Each process derives from this, and what it has no part in does nothing.
    """

    @property
    def waiting(self) -> int:
        """How many transactions wait for a block."""
        return 0

    async def hold(self) -> None:
        """Stop making blocks, once all that were made are in the L1 log (to warp time)."""

    async def resume(self) -> None:
        """Read the L1 clock again and go on making blocks."""

    async def make_block_at(self, time: int, submitted: int) -> Head | None:
        """Make the next block at ``time``, ms, of all that waits.

        First wait until ``submitted`` transactions were taken in since the start.  Return the new
        head, or ``None`` if this process is not held, or L1 is not final at that time.
        """
        del time, submitted
        return None

    def censor(self, addresses: frozenset[bytes], *, inbox: bool) -> None:
        """Ignore these owners from now on, and name no inbox item of theirs, or none at all."""

    def corrupt_next_claim(self, corruption: str, segment: int | None) -> int | None:
        """Make exactly the next claim wrong; return its log index if it is known.

        ``corruption`` is ``segment-root``, ``trace-length`` or ``wrong-start``;
        ``segment`` is the one to corrupt, by default one in the middle.
        """
        del corruption, segment
        return None
