"""Place an order, a ladder of them, or one that closes a whole position."""

from statemachine import keys
from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    ClosePosition,
    PlaceOrder,
    Scale,
)
from statemachine.book.continuation import resume
from statemachine.book.entering import enter_order
from statemachine.book.entry import (
    ORDER_LOTS_LIMIT,
    Entry,
    book_allows,
    fill_allows,
    margin_allows,
    market_allows,
    shape_allows,
)
from statemachine.book.resting import NO_CLIENT, hash_client_id
from statemachine.book.room import room_allows
from statemachine.costs import COST_PLACE, COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.records import decode_client_id
from statemachine.risk.margin import charge_markets
from statemachine.step import Step
from statemachine.units import Lots, Price, div_floor
from statemachine.waiting.sleeping import put_to_sleep


def execute_order(step: Step, action: PlaceOrder, group: int = 0) -> None:
    """Place ``action``; args of the receipt's code are in the table of codes.

    ``group`` is 1 for the entry of a bracket, which takes the order's own number.
    """
    # READ
    state = step.state
    number = step.account << 8 | action.sub
    step.cost += COST_PORTFOLIO + COST_PLACE
    if step.cursor.continuation:
        resume(step, action)
        return
    parameters = state.market_rules.get(action.market)
    portfolio = state.portfolio(number)

    # CHECKS, in the order of their codes
    if parameters is None:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    if portfolio is None:
        step.refuse(Code.MARGIN, (0, 0))
        return
    charge_markets(step, portfolio)
    client_hash = NO_CLIENT
    if action.client_id:
        client_hash = hash_client_id(action.client_id)
        taken = state.blob(keys.client_id_key(number, client_hash))
        if taken is not None:
            step.refuse(Code.CLIENT_ID_EXISTS, (decode_client_id(taken)[2],))
            return
    terms = action.terms
    entry = Entry(
        portfolio,
        state.market(action.market),
        parameters,
        action.flags,
        action.price,
        action.size,
        action.client_id,
        client_hash,
        terms.expires_at,
        terms.self_trade,
        terms.max_fee_ppm,
        state.ledger().next_sequence if group else 0,
    )
    entry.offset = terms.offset
    entry.builder = terms.builder
    entry.builder_ppm = terms.builder_ppm
    if terms.trigger_price:
        put_to_sleep(step, entry, terms.trigger, terms.trigger_price)
        return
    place(step, entry)


def place(step: Step, entry: Entry) -> None:
    """Check an entry against everything, and let it in."""
    state = step.state
    portfolio = entry.portfolio
    market = entry.market.market
    position = state.find_position(portfolio, market)
    if not (shape_allows(step, entry) and book_allows(step, entry, position)):
        return
    if not entry.flags & (FLAG_IOC | FLAG_FOK) and not room_allows(step, portfolio):
        return
    if position is None:
        if not market_allows(step, portfolio, market):
            return
        position = state.open_position(portfolio, market)
    if not (margin_allows(step, entry, position) and fill_allows(step, entry, position)):
        state.drop_position(portfolio, position)
        return

    # EFFECTS: from here on the order must be accepted.
    enter_order(step, entry, position)


def execute_close(step: Step, action: ClosePosition) -> None:
    """Close a position of whatever size it has by now, at ``action.price`` or better."""
    state = step.state
    portfolio = state.portfolio(step.account << 8 | action.sub)
    size = 0
    if portfolio is not None and action.market in state.market_rules:
        position = state.find_position(portfolio, action.market)
        size = 0 if position is None else position.size
    flags = FLAG_IOC | FLAG_REDUCE_ONLY | (FLAG_SELL if size > 0 else 0)
    # With nothing to close the order is refused as reduce-only.
    lots = Lots(min(max(1, abs(size)), ORDER_LOTS_LIMIT - 1))
    execute_order(step, PlaceOrder(action.sub, action.market, flags, action.price, lots))


def scale_leg(step: Step, action: Scale, place: int) -> PlaceOrder:
    """Return order number ``place`` of a scale: evenly spaced, floored to the tick.

    The first orders take the lots that do not divide evenly.
    """
    parameters = step.state.market_rules.get(action.market)
    tick = 1 if parameters is None else parameters.tick
    last = action.orders - 1
    price = action.first + div_floor((action.last - action.first) * place, last)
    size = div_floor(action.size, action.orders) + (place < action.size % action.orders)
    price -= price % tick
    return PlaceOrder(action.sub, action.market, action.flags, Price(price), Lots(size))
