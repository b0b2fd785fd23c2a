"""Cancel one order, or all orders of a market, of a side, or of a portfolio."""

from statemachine import events, keys
from statemachine.actions import MARKET_EVERY, SIDE_BOTH, Cancel, CancelAll
from statemachine.book.resting import book_key, find_sequence, remove_order
from statemachine.costs import COST_PORTFOLIO, COST_REMOVE, COST_VISIT
from statemachine.errors import Code, invariant
from statemachine.records import OWNED_ASLEEP, OWNED_PEGGED, OWNED_TWAP, decode_owned
from statemachine.state import State
from statemachine.step import Step
from statemachine.waiting.sleeping import remove_sleeper
from statemachine.waiting.twap import remove_twap


def execute_cancel(step: Step, action: Cancel) -> None:
    """Take one order off the book, or out of its sleep; ``order_id`` names it."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_REMOVE
    number = step.account << 8 | action.sub
    sequence = find_sequence(state, number, action.market, action.ref)

    # CHECKS
    owned = state.blob(keys.owned_key(number, action.market, sequence))
    if owned is None:
        step.refuse(Code.ORDER_UNKNOWN)
        return

    # EFFECTS
    step.order_id = sequence
    remove_owned(state, action.market, sequence, owned, events.REMOVED_CANCELLED)


def remove_owned(state: State, market: int, sequence: int, owned: bytes, reason: int) -> None:
    """Remove an order, wherever ``owned``, its place in its owner's list, says that it stands."""
    place = book_key(market, sequence, owned)
    if place is not None:
        order = state.order(place)
        if order is not None:
            remove_order(state, order, reason)
        return
    side, price = decode_owned(owned)
    if side == OWNED_TWAP:
        plan = state.twap(sequence)
        if plan is not None:
            remove_twap(state, plan, reason)
        return
    sleeper = state.sleeper(keys.sleeper_key(market, side - OWNED_ASLEEP, price, sequence))
    if sleeper is not None:
        remove_sleeper(state, sleeper, reason)


def execute_cancel_all(step: Step, action: CancelAll) -> None:
    """Take every order of ``action.market`` off the book, 16 a step; ``args``: how many."""
    # READ
    state = step.state
    cursor = step.cursor
    number = step.account << 8 | action.sub
    step.cost += COST_PORTFOLIO

    # CHECKS
    if action.market != MARKET_EVERY and action.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return

    # EFFECTS
    market = None if action.market == MARKET_EVERY else action.market
    place, start = (cursor.remaining, cursor.order_id) if cursor.continuation else (market or 0, 0)
    removed, left = cancel_orders(
        step, number, market, events.REMOVED_CANCELLED, action.side, place, start
    )
    cursor.filled += removed
    if left is not None:
        step.more = True
        cursor.continuation = 1
        cursor.remaining, cursor.order_id = left
        return
    step.args = (cursor.filled,)


def cancel_orders(
    step: Step,
    portfolio: int,
    market: int | None,
    reason: int,
    side: int = SIDE_BOTH,
    start: int = 0,
    sequence: int = 0,
) -> tuple[int, tuple[int, int] | None]:
    """Remove up to a step's visits of a portfolio's orders.

    Begins at order ``sequence`` of market ``start``; returns how many were
    removed, and the (market, sequence) at which to go on, if there is more.
    """
    state = step.state
    owned = state.range(keys.owned_range(portfolio))
    removed = 0
    key = owned.seek(keys.owned_key(portfolio, start if market is None else market, sequence))
    while key is not None:
        at, sequence = keys.owned_place(key)
        if market is not None and at != market:
            return removed, None
        if step.visits >= step.rules.step_visits_max:
            return removed, (at, sequence)
        step.visits += 1
        step.cost += COST_VISIT
        place = state.blob(key)
        if place is None:
            invariant(condition=False, message="an owned order is in its owner's list")
            return removed, None
        if side == SIDE_BOTH or owned_side(place) == side:
            remove_owned(state, at, sequence, place, reason)
            removed += 1
        key = owned.seek(keys.owned_key(portfolio, at, sequence + 1))
    return removed, None


def owned_side(owned: bytes) -> int:
    """Return the book side of an owned order; what is not on the book has neither."""
    side = decode_owned(owned)[0]
    if side >= OWNED_PEGGED:
        return side - OWNED_PEGGED
    return side if side < OWNED_ASLEEP else -1
