"""The state transition: the only code that changes state.

``apply_block`` runs a block to its end; ``apply_segment`` runs one segment of
it, from wherever the cursor leaf says, and is all that an L1 verdict executes.
Both walk the same steps:

1. *inbox*: L1 items the frame names, and any that is overdue
2. *system due work* whose time has come, at most K items
3. *oracle updates* at the front of the frame
4. *triggers*: sleeping orders whose price has come, at most T
5. *user due work*: brackets, slices, switches, at most K items
6. *transactions*, in the frame's order; a bulk's legs one by one, or all in one step

A segment ends with the first step at which it has 64 steps, cost 128 or
16 KiB of transactions, or with its block.
"""

from typing import Final, final

from statemachine import due
from statemachine.actions import Bulk, Kind, OracleUpdate, Scale, Transaction
from statemachine.block import Block, BlockResult, SegmentResult, Writes
from statemachine.costs import COST_LOAN, COST_SEGMENT, COST_SIGNED, COST_STEP
from statemachine.cursor import (
    FLAG_BACKLOG,
    FLAG_EMPTY,
    PHASE_DUE,
    PHASE_INBOX,
    PHASE_ORACLE,
    PHASE_REST,
    PHASE_TRANSACTIONS,
    PHASE_TRIGGERS,
    PHASE_USER_DUE,
    Cursor,
)
from statemachine.delay import deadline_of, note_delay
from statemachine.errors import WitnessIncomplete, invariant
from statemachine.handlers.atomic import execute_atomic
from statemachine.handlers.dispatch import execute, execute_leg
from statemachine.handlers.inbox import execute_inbox
from statemachine.handlers.oracle import execute_oracle
from statemachine.identity.authority import authorise
from statemachine.inbox import InboxItem
from statemachine.keys import LANE_USER
from statemachine.receipts import Receipt, append
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.step import Step
from statemachine.storage import Store
from statemachine.waiting.sleeping import TRIGGERS, wake_next
from statemachine.working_set import WorkingSet

ORACLE: Final = int(Kind.ORACLE)
LEG_INBOX: Final = 255
"""The leg number of an inbox item's receipt; its index is the item's."""


@final
class Run:
    """One run over a store: a whole block, or one segment of it."""

    __slots__ = (
        "block",
        "bytes",
        "cost",
        "cursor",
        "empty",
        "receipts",
        "state",
        "step",
        "steps",
        "transactions",
    )

    def __init__(self, store: Store, rules: Rules, block: Block, known: WorkingSet | None) -> None:
        """Stand where the cursor leaf says."""
        self.state = State(store, rules, known)
        self.cursor: Cursor = self.state.cursor
        self.block = block
        self.step = Step(self.state)
        self.receipts: list[Receipt] = []
        self.transactions: tuple[Transaction, ...] = ()
        self.empty = False
        self.steps = 0
        self.cost = 0
        self.bytes = 0
        if self.cursor.phase == PHASE_REST:
            self.open_block()
        self.empty = self.cursor.flags & FLAG_EMPTY != 0
        frame = block.frame
        if not self.empty:
            if frame is None:
                invariant(condition=False, message="a block with transactions has a frame")
                return
            self.transactions = frame.transactions

    def open_block(self) -> None:
        """Leave the rest between two blocks."""
        cursor = self.cursor
        invariant(self.block.time >= cursor.time, "block time does not go back")
        cursor.height += 1
        cursor.time = self.block.time
        cursor.phase = PHASE_INBOX
        cursor.flags = FLAG_EMPTY
        if self.block.frame is not None:
            cursor.flags = 0
            cursor.framed_at = cursor.time
        cursor.transaction = 0
        cursor.leg = 0
        cursor.due_count = 0
        cursor.cost = 0
        cursor.receipts = 0
        cursor.frontier = []
        self.step.enter_block(cursor.time)

    # Segments

    def run_segment(self) -> Writes:
        """Run steps until the segment is full or the block ends; return its writes."""
        rules = self.state.rules
        self.steps = 0
        self.cost = COST_SEGMENT
        self.bytes = 0
        cursor = self.cursor
        while self.run_step():
            if self.state.lending:
                self.state.lending = False
                self.step.cost += COST_LOAN
            self.steps += 1
            self.cost += self.step.cost
            if (
                self.steps >= rules.segment_steps_max
                or self.cost >= rules.segment_cost_max
                or self.bytes >= rules.segment_bytes_max
            ):
                if cursor.phase == PHASE_TRANSACTIONS and cursor.transaction >= len(
                    self.transactions
                ):
                    self.close_block()
                break
        cursor.cost += self.cost
        self.state.touch(cursor)
        return self.state.flush()

    def close_block(self) -> None:
        """Come to rest."""
        self.cursor.phase = PHASE_REST
        self.cursor.flags = 0
        self.cursor.transaction = 0
        self.cursor.due_count = 0

    @property
    def ended(self) -> bool:
        """Whether the block is complete."""
        return self.cursor.phase == PHASE_REST

    # Steps

    def run_step(self) -> bool:
        """Run the next step; return whether there was one, else come to rest."""
        cursor = self.cursor
        if cursor.phase != PHASE_TRANSACTIONS and self.run_early_step():
            return True
        if cursor.transaction < len(self.transactions):
            self.run_transaction()
            return True
        self.close_block()
        return False

    def run_early_step(self) -> bool:
        """Run the next step of those before the users' transactions, if there is one left."""
        cursor = self.cursor
        if cursor.phase == PHASE_INBOX:
            item = self.next_inbox_item()
            if item is not None:
                self.run_inbox_item(item)
                return True
            self.enter_phase(PHASE_DUE)
        if cursor.phase == PHASE_DUE:
            key = due.next_due(self.state, cursor.time)
            if key is not None and cursor.due_count < self.state.rules.due_items_max:
                self.step.begin(COST_STEP)
                due.execute_due(self.step, key)
                cursor.due_count += 1
                return True
            if key is not None:
                cursor.flags |= FLAG_BACKLOG
            self.enter_phase(PHASE_ORACLE)
        if cursor.phase == PHASE_ORACLE:
            if self.has_oracle_update():
                self.run_transaction()
                return True
            self.enter_phase(PHASE_TRIGGERS)
        if cursor.phase == PHASE_TRIGGERS:
            if self.run_trigger():
                return True
            self.enter_phase(PHASE_USER_DUE)
        if cursor.phase == PHASE_USER_DUE:
            key = due.next_due(self.state, cursor.time, LANE_USER)
            if key is not None and cursor.due_count < self.state.rules.user_items_max:
                self.step.begin(COST_STEP)
                due.execute_user_due(self.step, key)
                cursor.due_count += 1
                return True
            self.enter_phase(PHASE_TRANSACTIONS)
        return False

    def enter_phase(self, phase: int) -> None:
        """Go on to the next phase of the block."""
        self.cursor.phase = phase
        self.cursor.due_count = 0
        self.cursor.scan = 0

    def has_oracle_update(self) -> bool:
        """Return whether the next transaction is one of the oracle updates at the front."""
        place = self.cursor.transaction
        return place < len(self.transactions) and self.transactions[place].kind == ORACLE

    def run_trigger(self) -> bool:
        """Wake one sleeping order, or scan on; return whether there was anything to do."""
        cursor = self.cursor
        if self.state.ledger().sleepers == 0:
            return False
        if cursor.due_count >= self.state.rules.triggers_max:
            return False
        if cursor.scan >= len(self.state.rules.markets) * TRIGGERS:
            return False
        self.step.begin(COST_STEP)
        if wake_next(self.step):
            cursor.due_count += 1
        return True

    def next_inbox_item(self) -> InboxItem | None:
        """Return the next L1 item to consume: one the frame names, or an overdue one."""
        cursor = self.cursor
        rules = self.state.rules
        block = self.block
        index = cursor.inbox_index
        if cursor.due_count >= rules.inbox_items_max:
            return None
        place = index - block.inbox_from
        known = 0 <= place < len(block.inbox)
        if not self.empty and block.frame is not None and index < block.frame.inbox_until:
            if not known:
                raise WitnessIncomplete(f"inbox item {index}: named by the frame, not at hand")
            return block.inbox[place]
        if known:
            item = block.inbox[place]
            if item.time + deadline_of(rules, cursor) <= cursor.time:
                return item
        return None

    def run_inbox_item(self, item: InboxItem) -> None:
        """Run an L1 item's next step, and consume the item with its last.

        It always leaves a receipt, and never fails the block.
        """
        cursor = self.cursor
        step = self.step
        step.begin(COST_STEP)
        step.queued_at = min(item.time, cursor.time)
        execute_inbox(step, item)
        step.queued_at = 0
        if step.more:
            return
        self.add_receipt(item.hash, cursor.inbox_index, LEG_INBOX)
        cursor.forget_continuation()
        note_delay(self.state.rules, cursor, item)
        cursor.inbox_index += 1
        cursor.due_count += 1

    def run_transaction(self) -> None:
        """Run a transaction's next step: its only one, a continuation, or a bulk's leg."""
        cursor = self.cursor
        step = self.step
        transaction = self.transactions[cursor.transaction]
        action = transaction.action
        step.begin(COST_STEP)
        if cursor.continuation == 0 and cursor.leg == 0:
            self.bytes += len(transaction.data)
            if transaction.kind == ORACLE and isinstance(action, OracleUpdate):
                execute_oracle(step, action, self.block.signers[cursor.transaction])
                self.finish_transaction(transaction)
                return
            step.cost += COST_SIGNED
            if not authorise(step, transaction, self.block.signers[cursor.transaction]):
                self.finish_transaction(transaction)
                return
            cursor.account = step.account
        else:
            step.account = cursor.account
        if isinstance(action, Bulk):
            if action.atomic:
                self.run_atomic(transaction, action)
            else:
                self.run_leg(transaction, action)
        elif isinstance(action, Scale):
            self.run_leg(transaction, action)
        else:
            execute(step, action)
            if not step.more:
                self.finish_transaction(transaction)

    def run_leg(self, transaction: Transaction, bulk: Bulk | Scale) -> None:
        """Run one leg of a bulk or a scale, or its continuation."""
        cursor = self.cursor
        step = self.step
        legs = bulk.orders if isinstance(bulk, Scale) else len(bulk.legs)
        execute_leg(step, bulk, cursor.leg)
        if step.more:
            return
        self.add_receipt(transaction.hash, cursor.transaction, cursor.leg)
        cursor.forget_continuation()
        cursor.leg += 1
        if cursor.leg == legs:
            cursor.leg = 0
            cursor.transaction += 1

    def run_atomic(self, transaction: Transaction, bulk: Bulk) -> None:
        """Run all legs of an atomic bulk; each has a receipt of its own."""
        cursor = self.cursor
        step = self.step
        for leg, outcome in enumerate(execute_atomic(step, bulk)):
            outcome.show(step)
            self.add_receipt(transaction.hash, cursor.transaction, leg)
        step.more = False
        cursor.forget_continuation()
        cursor.transaction += 1

    def finish_transaction(self, transaction: Transaction) -> None:
        """Leave the receipt and move on."""
        cursor = self.cursor
        self.add_receipt(transaction.hash, cursor.transaction, 0)
        cursor.forget_continuation()
        cursor.transaction += 1

    def add_receipt(self, tx_hash: bytes, index: int, leg: int) -> None:
        """Commit to the step's outcome."""
        step = self.step
        cursor = self.cursor
        receipt = Receipt(
            tx_hash,
            index,
            leg,
            step.code,
            step.args,
            step.order_id,
            step.filled,
            step.notional,
            step.fee,
        )
        self.receipts.append(receipt)
        append(cursor.frontier, cursor.receipts, receipt.leaf())
        cursor.receipts += 1


def apply_block(
    store: Store, rules: Rules, block: Block, known: WorkingSet | None = None
) -> BlockResult:
    """Run ``block`` on top of ``store``, whose cursor is at rest.

    The caller commits the result's writes; this function cannot.  ``known``
    saves decoding again what earlier blocks decoded; the result is the same.
    """
    if known is None:
        return run_block(store, rules, block, None)
    known.trim()
    try:
        return run_block(store, rules, block, known)
    except BaseException:
        # Half a block is in these records, and in no store.
        known.clear()
        raise


def run_block(store: Store, rules: Rules, block: Block, known: WorkingSet | None) -> BlockResult:
    """Run all segments of a block."""
    run = Run(store, rules, block, known)
    segments = [run.run_segment()]
    while not run.ended:
        segments.append(run.run_segment())
    return BlockResult(segments, run.receipts, run.state.events, run.cursor)


def apply_segment(store: Store, rules: Rules, block: Block) -> SegmentResult:
    """Run one segment of ``block``, from where the cursor leaf in ``store`` stands."""
    run = Run(store, rules, block, None)
    writes = run.run_segment()
    return SegmentResult(
        writes, run.receipts, run.state.events, run.cursor, run.steps, run.cost, run.ended
    )
