"""Cancel one order, or all orders of a market or of a portfolio."""

from statemachine import events, keys
from statemachine.actions import MARKET_EVERY, Cancel, CancelAll
from statemachine.costs import COST_PORTFOLIO, COST_REMOVE, COST_VISIT
from statemachine.errors import Code, invariant
from statemachine.matching import find_order, own_order, remove_order
from statemachine.step import Step


def execute_cancel(step: Step, action: Cancel) -> None:
    """Take one order off the book; ``order_id`` of the receipt names it."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_REMOVE
    order = find_order(state, step.account << 8 | action.sub, action.market, action.ref)

    # CHECKS
    if order is None:
        step.refuse(Code.ORDER_UNKNOWN)
        return

    # EFFECTS
    step.order_id = int.from_bytes(order.key[12:20], "big")
    remove_order(state, order, events.REMOVED_CANCELLED)


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
    removed, more = cancel_orders(step, number, market, events.REMOVED_CANCELLED)
    cursor.filled += removed
    if more:
        step.more = True
        cursor.continuation = 1
        return
    step.args = (cursor.filled,)


def cancel_orders(step: Step, portfolio: int, market: int | None, reason: int) -> tuple[int, bool]:
    """Remove up to a step's visits of a portfolio's orders; return (how many, more left)."""
    state = step.state
    prefix = keys.owned_range(portfolio)
    start = prefix if market is None else keys.owned_key(portfolio, market, 0)
    owned = state.range(prefix)
    removed = 0
    while True:
        key = owned.seek(start)
        if key is None:
            return removed, False
        at, sequence = keys.owned_place(key)
        if market is not None and at != market:
            return removed, False
        if step.visits >= step.rules.step_visits_max:
            return removed, True
        step.visits += 1
        step.cost += COST_VISIT
        order = own_order(state, portfolio, at, sequence)
        if order is None:
            invariant(condition=False, message="an owned order is on the book")
            return removed, False
        remove_order(state, order, reason)
        removed += 1
