"""The cursor: where execution stands.

It is a leaf of the state, so a segment starts where the root before it says,
and no step can be skipped, added or moved.  Between blocks it is at rest
(phase 0).  Inside a block it names the phase, the transaction and the leg to
run next, and what a continued step must remember.  It also carries the
frontier of the block's receipt tree, so that its hash commits to every
receipt: one signature over it acknowledges a whole block.

``framed_at`` is the time (ms) of the last block that had a valid frame, of
genesis before the first: how long there has been no sequencer, which L1 cannot
see in the log, where junk and silence look alike.
"""

from struct import Struct
from typing import Final, final

from statemachine.digest import hash_joined
from statemachine.errors import StorageCorrupt
from statemachine.keys import CURSOR_KEY
from statemachine.records import RECORD_VERSION, Record, money, unmoney

PHASE_REST: Final = 0
PHASE_INBOX: Final = 1
PHASE_DUE: Final = 2
PHASE_ORACLE: Final = 3
PHASE_TRIGGERS: Final = 4
PHASE_USER_DUE: Final = 5
PHASE_TRANSACTIONS: Final = 6

FLAG_EMPTY: Final = 1
"""The frame was not valid: no transaction of it runs."""
FLAG_BACKLOG: Final = 2
"""System work is due beyond this block's bound: takers wait."""

LAYOUT: Final = Struct(">BQQBBIBBQHHQIBQQQQQ12s12s12sI12s12sQQQ")


@final
class Cursor(Record):
    """See the module's docstring; one object per run, changed in place."""

    __slots__ = (
        "account",
        "builder_fee",
        "client_hash",
        "continuation",
        "cost",
        "due_count",
        "expires_at",
        "fee",
        "filled",
        "flags",
        "framed_at",
        "frontier",
        "group",
        "height",
        "inbox_counted",
        "inbox_index",
        "inbox_spent",
        "leg",
        "notional",
        "order_id",
        "phase",
        "receipts",
        "referable",
        "remaining",
        "scan",
        "sub",
        "time",
        "transaction",
    )

    def __init__(self, stored: bool) -> None:
        """Start at rest at height 0."""
        super().__init__(CURSOR_KEY, stored)
        self.height = 0
        self.time = 0
        self.framed_at = 0
        self.phase = PHASE_REST
        self.flags = 0
        self.transaction = 0
        self.leg = 0
        self.inbox_index = 0
        # How long items had to wait, and up to when that was counted: see `delay`.
        self.inbox_spent = 0
        self.inbox_counted = 0
        self.due_count = 0
        self.scan = 0
        self.cost = 0
        # What a continued step remembers: who acts, and how far it got.
        self.continuation = 0
        self.account = 0
        self.sub = 0
        self.order_id = 0
        self.client_hash = 0
        self.expires_at = 0
        self.group = 0
        self.remaining = 0
        self.filled = 0
        self.notional = 0
        self.fee = 0
        self.builder_fee = 0
        self.referable = 0
        # The block's receipt tree, append-only: one hash per set bit of `receipts`.
        self.receipts = 0
        self.frontier: list[bytes] = []

    def forget_continuation(self) -> None:
        """Clear what a continued step had to remember."""
        if self.continuation or self.filled or self.group:
            self.continuation = 0
            self.order_id = 0
            self.client_hash = 0
            self.expires_at = 0
            self.group = 0
            self.remaining = 0
            self.filled = 0
            self.notional = 0
            self.fee = 0
            self.builder_fee = 0
            self.referable = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        head = LAYOUT.pack(
            RECORD_VERSION,
            self.height,
            self.time,
            self.phase,
            self.flags,
            self.transaction,
            self.leg,
            self.continuation,
            self.inbox_index,
            self.due_count,
            self.scan,
            self.cost,
            self.account,
            self.sub,
            self.order_id,
            self.client_hash,
            self.expires_at,
            self.group,
            self.remaining,
            money(self.filled),
            money(self.notional),
            money(self.fee),
            self.receipts,
            money(self.builder_fee),
            money(self.referable),
            self.framed_at,
            self.inbox_spent,
            self.inbox_counted,
        )
        return head + b"".join(self.frontier)

    @property
    def hash(self) -> bytes:
        """Return what the sequencer signs for a block at rest."""
        return hash_joined(self.encode())


def decode_cursor(data: bytes) -> Cursor:
    """Return the cursor that ``data`` encodes."""
    head = LAYOUT.size
    if len(data) < head or data[0] != RECORD_VERSION:
        raise StorageCorrupt(f"not a cursor: {data[:24].hex()}")
    cursor = Cursor(stored=True)
    values = LAYOUT.unpack(data[:head])
    cursor.height = values[1]
    cursor.time = values[2]
    cursor.phase = values[3]
    cursor.flags = values[4]
    cursor.transaction = values[5]
    cursor.leg = values[6]
    cursor.continuation = values[7]
    cursor.inbox_index = values[8]
    cursor.due_count = values[9]
    cursor.scan = values[10]
    cursor.cost = values[11]
    cursor.account = values[12]
    cursor.sub = values[13]
    cursor.order_id = values[14]
    cursor.client_hash = values[15]
    cursor.expires_at = values[16]
    cursor.group = values[17]
    cursor.remaining = values[18]
    cursor.filled = unmoney(values[19])
    cursor.notional = unmoney(values[20])
    cursor.fee = unmoney(values[21])
    cursor.receipts = values[22]
    cursor.builder_fee = unmoney(values[23])
    cursor.referable = unmoney(values[24])
    cursor.framed_at = values[25]
    cursor.inbox_spent = values[26]
    cursor.inbox_counted = values[27]
    tail = data[head:]
    if len(tail) != 32 * cursor.receipts.bit_count():
        raise StorageCorrupt("cursor: the frontier does not fit the count of receipts")
    cursor.frontier = [tail[i : i + 32] for i in range(0, len(tail), 32)]
    return cursor
