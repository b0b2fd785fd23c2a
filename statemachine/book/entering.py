"""Entering: an order that is allowed is matched, and what is left rests, goes on, or ends.

All its checks are behind it (:mod:`statemachine.book.entry`).  An order with more
to match than a step may visit goes on in the next step, before anything else
happens; the cursor remembers how far it got.
"""

from statemachine import keys
from statemachine.actions import FLAG_IOC, FLAG_POST_ONLY
from statemachine.book.entry import Entry, taker_of
from statemachine.book.matching import meets, open_book, take_from
from statemachine.book.resting import NO_CLIENT, bind_client_id, rest_order
from statemachine.errors import Code
from statemachine.fees.shares import pay_shares
from statemachine.fees.standing import report
from statemachine.records import Position
from statemachine.step import Step
from statemachine.waiting.grouping import end_entry


def enter_order(step: Step, entry: Entry, position: Position) -> None:
    """Give an allowed order its number, match it, and rest, continue or end it."""
    ledger = step.state.ledger()
    step.order_id = ledger.next_sequence
    ledger.next_sequence += 1
    step.state.touch(ledger)
    report(step, entry.portfolio)
    if entry.flags & FLAG_POST_ONLY:
        settle_entry(step, entry, position, entry.size)
        return
    run_entry(step, entry, position, entry.size)


def run_entry(step: Step, entry: Entry, position: Position, remaining: int) -> None:
    """Match ``remaining`` lots; then rest, continue or end."""
    cursor = step.cursor
    if cursor.continuation == 0 and not meets(step, entry.market, entry.side, entry.price):
        # Most orders meet nobody.
        if entry.flags & FLAG_IOC:
            step.refuse(Code.IOC_UNFILLED, (entry.price,))
            forget_entry(step, entry, position)
        else:
            settle_entry(step, entry, position, remaining)
        return
    taker = taker_of(step, entry, position, remaining)
    taker.shares.builder_fee = cursor.builder_fee
    taker.shares.referable = cursor.referable
    take_from(step, taker, open_book(step, entry.market, entry.side))
    if step.more and cursor.continuation < step.rules.step_continuations_max - 1:
        if cursor.continuation == 0 and entry.client_id:
            bind_entry(step, entry)
        cursor.continuation += 1
        cursor.order_id = step.order_id
        cursor.client_hash = int.from_bytes(entry.client_hash, "big")
        cursor.expires_at = entry.expires_at
        cursor.group = entry.group
        cursor.remaining = taker.remaining
        cursor.filled += step.filled
        cursor.notional += step.notional
        cursor.fee += step.fee
        cursor.builder_fee = taker.shares.builder_fee
        cursor.referable = taker.shares.referable
        return
    step.filled += cursor.filled
    step.notional += cursor.notional
    step.fee += cursor.fee
    pay_shares(step, entry.portfolio, entry.builder, taker.shares)
    if step.more:
        step.more = False
        step.refuse(Code.FILL_LIMIT, (taker.remaining,))
    elif taker.stopped or (taker.decremented and not taker.remaining):
        step.refuse(Code.SELF_TRADE, (taker.remaining + taker.decremented,))
    elif taker.remaining and entry.flags & FLAG_IOC and step.filled == 0:
        step.refuse(Code.IOC_UNFILLED, (entry.price,))
    elif taker.remaining and not entry.flags & FLAG_IOC:
        entry.size -= taker.decremented
        settle_entry(step, entry, taker.position, taker.remaining)
        return
    if cursor.continuation and entry.client_hash != NO_CLIENT:
        step.state.remove_blob(keys.client_id_key(entry.portfolio.portfolio, entry.client_hash))
    forget_entry(step, entry, taker.position)


def forget_entry(step: Step, entry: Entry, position: Position) -> None:
    """Let go of an order of which nothing rests, and of a position that it leaves empty."""
    if entry.group:
        end_entry(step.state, entry.group, step.filled)
    if position.live:
        step.state.drop_position(entry.portfolio, position)


def settle_entry(step: Step, entry: Entry, position: Position, remaining: int) -> None:
    """Rest what is left of an order."""
    if entry.client_id:
        bind_entry(step, entry)
    if not position.live:
        # Its own last order there was just removed, and the empty position with it.
        position = step.state.open_position(entry.portfolio, entry.market.market)
    rest_order(
        step,
        entry.portfolio,
        position,
        entry.side,
        entry.price,
        entry.offset,
        entry.size,
        remaining,
        entry.flags,
        entry.client_hash,
        entry.expires_at,
        entry.group,
    )


def bind_entry(step: Step, entry: Entry) -> None:
    """Note which order has the entry's client id."""
    bind_client_id(
        step.state,
        entry.portfolio.portfolio,
        entry.client_hash,
        entry.client_id,
        entry.market.market,
        step.order_id,
    )
