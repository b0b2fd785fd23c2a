"""Continuations: an order that its last step left unfinished goes on where the cursor stands."""

from statemachine.actions import PlaceOrder
from statemachine.book.entering import run_entry
from statemachine.book.entry import Entry, set_rates
from statemachine.errors import invariant
from statemachine.risk.margin import charge_markets
from statemachine.step import Step


def resume(step: Step, order: PlaceOrder) -> None:
    """Go on with an order that its last step left unfinished."""
    cursor = step.cursor
    state = step.state
    portfolio = state.portfolio(step.account << 8 | order.sub)
    parameters = state.market_rules.get(order.market)
    if portfolio is None or parameters is None:
        invariant(condition=False, message="a continued order has an owner and a market")
        return
    charge_markets(step, portfolio)
    step.order_id = cursor.order_id
    client_hash = cursor.client_hash.to_bytes(8, "big")
    entry = Entry(
        portfolio,
        state.market(order.market),
        parameters,
        order.flags,
        order.price,
        cursor.remaining + cursor.filled,
        b"",
        client_hash,
        cursor.expires_at,
        order.terms.self_trade,
        order.terms.max_fee_ppm,
        cursor.group,
    )
    entry.builder = order.terms.builder
    entry.builder_ppm = order.terms.builder_ppm
    set_rates(step, entry)
    position = state.open_position(portfolio, order.market)
    run_entry(step, entry, position, cursor.remaining)
