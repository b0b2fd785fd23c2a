"""The sequencer's core: a queue in, executed blocks out.  No clock, socket or disk.

The surrounding process (``node.sequencing.runtime``) feeds transactions whose signers
are known, what L1 says, and the time; it takes executed blocks, makes them
durable, and then lets the core answer those who wait.  A block is executed on
the state in memory at once, so the next one may be built while the disk is
still busy; whoever cannot write a block down must stop, not go on.

A transaction is known by its hash.  The same bytes again, queued, in a block
on its way to disk or sequenced long ago, get the one answer.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from node.ledger.blocks import BlockSigner, ExecutedBlock
from node.ledger.feed import Outcome, Reason, Refusal, Sequenced
from node.sequencing.censor import Censor
from node.sequencing.forks import EMPTY_FRAME
from node.sequencing.gate import Gate
from node.sequencing.tickets import DEFAULT_LIMITS, Limits, Queued, Ticket, rank_of
from node.storage.journal import BlockInput
from prover.derivation import derive_block
from prover.entry import EntryFacts
from prover.rulesbook import RulesBook
from statemachine.actions import OracleUpdate, Transaction, decode_transaction
from statemachine.block import Block, BlockResult
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import FrameInvalid, StorageCorrupt, invariant
from statemachine.frame import FRAME_BYTES_MAX, Frame, encode_frame
from statemachine.inbox import InboxItem
from statemachine.keys import CURSOR_KEY
from statemachine.rules import FLAG_CLASS_ORDER, Rules
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block
from statemachine.units import Millis
from statemachine.working_set import WorkingSet

BLOCK_SCAN_MAX: Final = 8_192
"""Queued transactions looked at for one block, where many must wait for the next."""
INBOX_ITEMS_MAX: Final = 64
STALE_FRACTION: Final = 2
"""Half of the receipt deadline is for making blocks, the other half for posting them."""
FRAME_HEAD_BYTES: Final = 64
ITEM_HEAD_BYTES: Final = 5
RECENT_MAX: Final = 100_000
"""Answers kept in memory; older ones are on disk."""


@final
@dataclass(frozen=True, slots=True)
class Execution:
    """A block executed in memory, not yet durable.

    ``segments`` are the writes of each segment, ``writes`` all of them, and
    ``undo`` the values they replaced.
    """

    source: BlockInput
    block: ExecutedBlock
    segments: Sequence[Mapping[bytes, bytes | None]]
    writes: Mapping[bytes, bytes | None]
    undo: Mapping[bytes, bytes | None]
    queued: Sequence[Queued]


@final
class Sequencer:
    """Queue, dedupe, block building and execution."""

    def __init__(
        self,
        rules: Rules,
        store: MemoryStore,
        signer: BlockSigner,
        find: Callable[[bytes], Sequenced | None],
        limits: Limits = DEFAULT_LIMITS,
        book: RulesBook | None = None,
    ) -> None:
        """``store`` is at rest; ``find`` looks up old transactions on disk.

        ``rules`` are those of genesis, ``book`` knows of others.
        """
        self.limits = limits
        self.book = book or RulesBook(rules)
        self.rules = rules
        self.store = store
        self.known = WorkingSet()
        self.signer = signer
        self.find = find
        self.gate = Gate(rules, store)
        self.cursor = stored_cursor(store)
        self.queue: deque[Queued] = deque()
        self.pending: dict[bytes, Queued] = {}
        self.recent: dict[bytes, ExecutedBlock] = {}
        self.load: dict[bytes, int] = {}
        self.inbox: deque[InboxItem] = deque()
        self.inbox_from = self.cursor.inbox_index
        self.horizon = 0
        self.censor = Censor()
        self.enter(self.book.version_at(self.cursor.time))

    def enter(self, version: int) -> None:
        """Go on by a version of the rules, from the next block on.

        Raises
        ------
        RulesUnknown
            It is none that this program knows.
        """
        rules = self.book.at(version)
        if rules is not self.rules:
            self.rules = self.gate.rules = rules
            self.known.clear()

    # What comes in

    def offer(self, data: bytes, signer: bytes, now: int, ticket: Ticket, place: int) -> None:
        """Queue one transaction, or settle its outcome at once.

        ``signer`` as ``recover_signer`` returned it; ``now`` is chain time, ms.
        """
        try:
            transaction = decode_transaction(data)
        except FrameInvalid as error:
            ticket.settle(place, Refusal(Reason.MALFORMED, str(error)))
            return
        known = self.pending.get(transaction.hash)
        if known is not None:
            known.echoes.append((ticket, place))
            return
        answer = self.repeat(transaction, signer) or self.refuse(transaction, signer, now)
        if answer is not None:
            ticket.settle(place, answer)
            return
        self.enqueue(transaction, signer, ticket, place)

    def enqueue(self, transaction: Transaction, signer: bytes, ticket: Ticket, place: int) -> None:
        """Let a transaction wait for the next block, whatever becomes of it there."""
        queued = Queued(transaction, signer, ticket, place)
        self.pending[transaction.hash] = queued
        self.load[signer] = self.load.get(signer, 0) + 1
        self.queue.append(queued)

    def requeue(self, taken: Sequence[tuple[bytes, bytes]]) -> None:
        """Sequence again what stood in blocks that were taken back: (transaction, signer) pairs.

        Without the checks of :meth:`offer`: the deposit that makes a signer
        known may be about to be consumed again, too.
        """
        ticket = Ticket(len(taken), lambda _: None)
        for place, (data, signer) in enumerate(taken):
            transaction = decode_transaction(data)
            if transaction.hash not in self.pending:
                self.enqueue(transaction, signer, ticket, place)

    def repeat(self, transaction: Transaction, signer: bytes) -> Outcome | None:
        """Return what a transaction gets whose bytes, or whose nonce, a block has already.

        The disk is asked only about a burnt nonce: one that is not burnt was never sequenced.
        """
        nonce = transaction.nonce
        if isinstance(transaction.action, OracleUpdate):
            return self.answered(transaction.hash)
        if transaction.hash not in self.recent and not self.gate.is_burnt(signer, nonce):
            return None
        answer = self.answered(transaction.hash)
        if answer is None:
            message = f"nonce: {nonce} was used by another transaction, or is below the window"
            return Refusal(Reason.NONCE_USED, message)
        return answer

    def answered(self, tx_hash: bytes) -> Sequenced | None:
        """Return the original answer to a transaction that is in a durable block."""
        block = self.recent.get(tx_hash)
        return self.find(tx_hash) if block is None else block.outcome(tx_hash, duplicate=True)

    def refuse(self, transaction: Transaction, signer: bytes, now: int) -> Refusal | None:
        """Return why a transaction is not even queued, if it is not."""
        if self.censor.ignores(signer):
            message = f"the sequencer was told to ignore 0x{signer.hex()}"
            return Refusal(Reason.SIGNER_IGNORED, message)
        most = self.limits.queue_transactions_max
        if len(self.pending) >= most:
            return Refusal(Reason.QUEUE_FULL, f"queue: {most} transactions wait already")
        most = self.limits.signer_transactions_max
        if self.load.get(signer, 0) >= most:
            return Refusal(Reason.SIGNER_BUSY, f"signer: {most} of its transactions wait already")
        return self.gate.refuse(transaction, signer, now)

    def observe(self, first: int, items: Sequence[InboxItem], horizon: int) -> None:
        """Take L1-final inbox items, the first of which has index ``first``.

        ``horizon``: no block may be later, ms.  Up to it an item that we have
        not seen cannot be overdue.
        """
        self.horizon = max(self.horizon, horizon)
        until = self.inbox_from + len(self.inbox)
        invariant(first <= until, f"inbox: items {until} to {first} are missing")
        self.inbox.extend(items[until - first :])

    # What goes out

    def due(self, now: int) -> bool:
        """Return whether a block should be made at chain time ``now``."""
        waits = bool(self.queue or self.named_items)
        return waits or now - self.cursor.time >= self.limits.idle_ms_max

    @property
    def named_items(self) -> int:
        """How many inbox items the next block names."""
        return self.censor.named(self.inbox, INBOX_ITEMS_MAX)

    @property
    def stale_ms(self) -> int:
        """How far behind the clock a block may be that is not in L1's log yet."""
        return self.rules.receipt_deadline_ms // STALE_FRACTION

    def full(self) -> bool:
        """Return whether the queue fills a block, roughly, so that waiting gains nothing."""
        return len(self.queue) * 128 >= FRAME_BYTES_MAX

    def build(self, now: int) -> Execution | None:
        """Make and execute the next block; ``None`` while the view of L1 is too old.

        That is: the block would be past the horizon, or, with the horizon far
        behind the clock, too late for L1's log as soon as it is made.
        """
        time = max(self.cursor.time + 1, min(now, self.horizon))
        if time > self.horizon or now - time > self.stale_ms:
            return None
        self.enter(self.book.version_at(time))
        queued = self.choose()
        transactions = [item.transaction for item in queued]
        height = self.cursor.height + 1
        until = self.inbox_from + self.named_items
        data = encode_frame(height, time, until, transactions)
        invariant(len(data) <= FRAME_BYTES_MAX, f"block {height}: {len(data)} bytes")
        frame = Frame(height, Millis(time), until, tuple(transactions))
        signers = [item.signer for item in queued]
        items = list(self.inbox)
        block = Block(frame, time, signers, items, self.inbox_from)
        result = apply_block(self.store, self.rules, block, self.known)
        consumed = result.cursor.inbox_index - self.inbox_from
        source = BlockInput(
            height, time, data, tuple(signers), self.inbox_from, tuple(items[:consumed])
        )
        return self.advance(source, result, queued)

    def choose(self) -> list[Queued]:
        """Take what fits the next block from the queue, in class order.

        Within a class, and for each signer, the order of arrival stays.
        """
        room = FRAME_BYTES_MAX - FRAME_HEAD_BYTES
        chosen: list[Queued] = []
        waiting: list[Queued] = []
        counts: dict[bytes, int] = {}
        queue = self.queue
        limit = self.rules.signer_transactions_max
        for _ in range(min(len(queue), BLOCK_SCAN_MAX)):
            item = queue[0]
            count = counts.get(item.signer, 0)
            if count >= limit:
                waiting.append(queue.popleft())
                continue
            room -= len(item.transaction.data) + ITEM_HEAD_BYTES
            if room < 0:
                break
            counts[item.signer] = count + 1
            chosen.append(queue.popleft())
        queue.extendleft(reversed(waiting))
        if self.rules.flags & FLAG_CLASS_ORDER:
            chosen.sort(key=rank_of)
        return chosen

    def replay(self, source: BlockInput, frame: Frame | None) -> Execution:
        """Execute a block of the journal again; ``None`` is the frame of an empty one."""
        height = self.cursor.height + 1
        invariant(source.height == height, f"replay: {source.height} after {height - 1}")
        self.enter(self.book.version_at(source.time))
        block = Block(frame, source.time, list(source.signers), source.inbox, source.inbox_from)
        result = apply_block(self.store, self.rules, block, self.known)
        return self.advance(source, result, ())

    def adopt(self, data: bytes, entry: EntryFacts, version: int = 1) -> Execution:
        """Execute the next block as L1's log has it, by the rules of its entry: an empty one.

        Raises
        ------
        StorageCorrupt
            ``data`` is a valid frame: another sequencer made it.
        """
        items = list(self.inbox)[: entry.inbox_count - self.inbox_from]
        invariant(
            len(items) == max(0, entry.inbox_count - self.inbox_from),
            f"entry {entry.index}: inbox items up to {entry.inbox_count} are known",
        )
        self.enter(version)
        block = derive_block(self.rules, self.cursor, data, entry, items, lambda _: [])
        height = self.cursor.height + 1
        if block.frame is not None:
            raise StorageCorrupt(f"L1 log entry {entry.index}: block {height} is not ours")
        result = apply_block(self.store, self.rules, block, self.known)
        consumed = tuple(items[: result.cursor.inbox_index - self.inbox_from])
        source = BlockInput(height, block.time, EMPTY_FRAME, (), self.inbox_from, consumed)
        return self.advance(source, result, ())

    def advance(
        self,
        source: BlockInput,
        result: BlockResult,
        queued: Sequence[Queued],
    ) -> Execution:
        """Move the state in memory past an executed block; one of ours is signed."""
        cursor = result.cursor
        invariant(cursor.height == source.height, f"block {source.height}: at {cursor.height}")
        store = self.store
        writes = result.writes
        undo = {key: store.get(key) for key in writes}
        store.apply(writes)
        self.cursor = stored_cursor(store)
        for _ in range(min(cursor.inbox_index - self.inbox_from, len(self.inbox))):
            self.inbox.popleft()
        self.inbox_from = cursor.inbox_index
        ours = source.frame != EMPTY_FRAME
        signature = self.signer.sign(source.height, self.cursor.hash) if ours else b""
        block = ExecutedBlock(
            source,
            result.receipts,
            result.events,
            self.cursor,
            len(result.segments),
            signature,
        )
        return Execution(source, block, result.segments, writes, undo, queued)

    def commit(self, execution: Execution) -> None:
        """Answer those who wait for a block that is durable now."""
        block = execution.block
        for item in execution.queued:
            tx_hash = item.transaction.hash
            del self.pending[tx_hash]
            left = self.load[item.signer] - 1
            if left:
                self.load[item.signer] = left
            else:
                del self.load[item.signer]
            self.recent[tx_hash] = block
            item.ticket.settle(item.place, block.outcome(tx_hash))
            for ticket, place in item.echoes:
                ticket.settle(place, block.outcome(tx_hash, duplicate=True))
        while len(self.recent) > RECENT_MAX:
            del self.recent[next(iter(self.recent))]

    def rewind(self) -> None:
        """Take up the state in memory anew, after blocks were taken back."""
        self.known.clear()
        self.cursor = stored_cursor(self.store)
        self.enter(self.book.version_at(self.cursor.time))
        self.inbox.clear()
        self.inbox_from = self.cursor.inbox_index
        self.recent.clear()

    def refuse_all(self, refusal: Refusal) -> None:
        """Answer everyone whose transaction is in no block: the node stops."""
        while self.queue:
            item = self.queue.popleft()
            del self.pending[item.transaction.hash]
            item.refuse(refusal)
        self.load.clear()


def stored_cursor(store: MemoryStore) -> Cursor:
    """Return the cursor that the state holds."""
    data = store.get(CURSOR_KEY)
    invariant(data is not None, "the state has no cursor")
    return decode_cursor(data or b"")
