"""Modify an order: a smaller size keeps its priority, anything else is a new order.

A pegged order can only get smaller; to move it, cancel it and place another.

Either the change is allowed and the receipt carries the id under which the
order now lives, or nothing changed.
"""

from statemachine import events, keys
from statemachine.actions import (
    FEE_ANY,
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_TOTAL,
    NO_TERMS,
    Modify,
    PlaceOrder,
)
from statemachine.book.continuation import resume
from statemachine.book.entering import enter_order
from statemachine.book.entry import (
    Entry,
    book_allows,
    margin_allows,
    shape_allows,
)
from statemachine.book.resting import (
    NO_CLIENT,
    find_order,
    place_of,
    release,
    remove_order,
    tell_rested,
)
from statemachine.costs import COST_PLACE, COST_PORTFOLIO, COST_REMOVE
from statemachine.errors import Code
from statemachine.records import Order, Position, decode_client_id
from statemachine.risk.margin import charge_markets
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import Lots
from statemachine.waiting.grouping import count_filled


def execute_modify(step: Step, action: Modify) -> None:
    """Give an order ``action.price`` and ``action.size`` lots still to fill."""
    # READ
    state = step.state
    number = step.account << 8 | action.sub
    step.cost += COST_PORTFOLIO + COST_REMOVE + COST_PLACE
    if step.cursor.continuation:
        flags = action.flags & ~FLAG_TOTAL
        resume(step, PlaceOrder(action.sub, action.market, flags, action.price, action.size))
        return

    # CHECKS, in the order of their codes
    parameters = state.market_rules.get(action.market)
    if parameters is None:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    order = find_order(state, number, action.market, action.ref)
    portfolio = state.portfolio(number)
    if order is None or portfolio is None:
        step.refuse(Code.ORDER_UNKNOWN)
        return
    charge_markets(step, portfolio)
    _, side, price, sequence = place_of(order)
    kept = FLAG_SELL | FLAG_REDUCE_ONLY
    if action.flags & (FLAG_IOC | FLAG_FOK) or (order.flags ^ action.flags) & kept:
        # A change of side or kind is a new order, to be signed as one.
        step.refuse(Code.FIELD, (action.flags,))
        return
    size = action.size
    if action.flags & FLAG_TOTAL:
        # What was filled since the client last looked is not traded again.
        size = Lots(max(0, size - (order.size - order.remaining)))
    client_id = b""
    if order.client_hash != NO_CLIENT:
        data = state.blob(keys.client_id_key(number, order.client_hash))
        client_id = b"" if data is None else decode_client_id(data)[0]
    entry = Entry(
        portfolio,
        state.market(action.market),
        parameters,
        action.flags & ~FLAG_TOTAL,
        action.price,
        size,
        client_id,
        order.client_hash,
        order.expires_at,
        NO_TERMS.self_trade,
        FEE_ANY,
        order.group,
    )
    position = state.position(number, action.market)
    if price == action.price and 0 < size <= order.remaining:
        # Less of what rests already: allowed whatever the market's state and prices.
        shrink(step, order, position, side, price, size, sequence)
        return
    if (order.flags | action.flags) & FLAG_PEG:
        step.refuse(Code.FIELD, (action.flags,))
        return
    if not shape_allows(step, entry):
        return
    if not replacement_allowed(step, entry, position, order):
        return

    # EFFECTS: from here on the order must be accepted.
    if order.group:
        keep_entry(state, order)
    remove_order(state, order, events.REMOVED_MODIFIED)
    position = state.open_position(portfolio, action.market)
    enter_order(step, entry, position)


def keep_entry(state: State, order: Order) -> None:
    """Let a bracket's entry change its order: what it filled counts, but it has not ended."""
    count_filled(state, order.group, order.size - order.remaining)
    order.group = 0


def shrink(
    step: Step, order: Order, position: Position, side: int, price: int, size: int, sequence: int
) -> None:
    """Keep the order where it is, with fewer lots left."""
    state = step.state
    step.order_id = sequence
    release(position, order, side, price, order.remaining - size)
    order.size -= order.remaining - size
    order.remaining = size
    state.touch(order)
    state.touch(position)
    tell_rested(state, order)


def replacement_allowed(step: Step, entry: Entry, position: Position, order: Order) -> bool:
    """Check the new order as if the old one were gone; change nothing."""
    price = keys.order_place(order.key)[2]
    remaining = order.remaining
    reduce_only = 1 if order.flags & FLAG_REDUCE_ONLY else 0
    position.reduce_only -= reduce_only
    release(position, order, entry.side, price, remaining)
    allowed = book_allows(step, entry, position) and margin_allows(step, entry, position)
    release(position, order, entry.side, price, -remaining)
    position.reduce_only += reduce_only
    return allowed
