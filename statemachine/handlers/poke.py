"""Poke: ask the exchange to look at a portfolio.  Anyone may.

With ``MM <= E < IM`` the orders that could add to a position are cancelled,
nothing else.  With ``E < MM`` the liquidation begins
(:mod:`statemachine.risk.liquidation`), and whoever poked is paid out of its first
fee; right after an outage or a halt it waits (:mod:`statemachine.risk.grace`), and
only those orders go.  The receipt's figures are those of the portfolio that was poked.

What it still holds in a settled market comes first: a poke that finds any closes it
all at the settlement price (:mod:`statemachine.risk.clearing`), and does nothing else.
"""

from statemachine.actions import FLAG_REDUCE_ONLY, Poke
from statemachine.book.resting import own_order, remove_order
from statemachine.costs import COST_DUE, COST_MONEY, COST_PORTFOLIO, COST_VISIT
from statemachine.errors import Code
from statemachine.events import REMOVED_LIQUIDATING
from statemachine.keys import BUY, SELL, owned_key, owned_place, owned_range
from statemachine.records import PORTFOLIO_LIQUIDATING, Portfolio, Position
from statemachine.risk.clearing import NONE_CLEARED, clear_portfolio
from statemachine.risk.debts import make_good
from statemachine.risk.grace import grace_for
from statemachine.risk.liquidation import close_orders, start_closing
from statemachine.risk.margin import charge_markets, margin_of
from statemachine.state import State
from statemachine.step import Step


def execute_poke(step: Step, action: Poke) -> None:
    """Look at a portfolio, and do what its margin calls for."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY + COST_DUE
    portfolio = state.portfolio(action.account << 8 | action.sub)
    if portfolio is None:
        step.refuse(Code.HEALTHY, (0, 0))
        return
    charge_markets(step, portfolio)
    flagged = portfolio.flags & PORTFOLIO_LIQUIDATING != 0
    if step.cursor.continuation:
        if flagged:
            close_orders(step, portfolio)
        else:
            cancel_risky(step, portfolio)
        return
    settled = clear_portfolio(step, portfolio)
    if settled != NONE_CLEARED:
        make_good(step, portfolio, settled)
        return
    margin = margin_of(state, portfolio)

    # CHECKS, in the order of their codes
    if margin.free >= 0:
        step.refuse(Code.HEALTHY, (margin.equity_initial, margin.initial))
        return
    if flagged or (margin.equity >= margin.maintenance and not has_risky(state, portfolio)):
        step.refuse(Code.NOTHING_TO_DO, (margin.equity, margin.maintenance))
        return

    until, missing = grace_for(step, portfolio)
    if until and margin.equity < margin.maintenance and not has_risky(state, portfolio):
        step.refuse(Code.GRACE, (until, missing))
        return

    # EFFECTS
    if until or margin.equity >= margin.maintenance:
        cancel_risky(step, portfolio)
        return
    start_closing(step, portfolio, margin)


def is_risky(position: Position, side: int) -> bool:
    """Return whether filling all of one side's orders could leave a larger position."""
    if side == BUY:
        return position.bids > max(0, -position.size)
    return position.asks > max(0, position.size)


def has_risky(state: State, portfolio: Portfolio) -> bool:
    """Return whether any order of a portfolio could add to a position."""
    return any(is_risky(p, BUY) or is_risky(p, SELL) for p in state.all_positions(portfolio))


def cancel_risky(step: Step, portfolio: Portfolio) -> None:
    """Cancel the orders that could add to a position, oldest first, 16 a step.

    Reduce-only orders reserve nothing and stay.  The cursor remembers the
    place at which the next step goes on.
    """
    state = step.state
    cursor = step.cursor
    number = portfolio.portfolio
    owned = state.range(owned_range(number))
    start = owned_key(number, cursor.remaining, cursor.order_id)
    key = owned.seek(start)
    while key is not None:
        market, sequence = owned_place(key)
        if step.visits >= step.rules.step_visits_max:
            if cursor.continuation < step.rules.step_continuations_max - 1:
                cursor.continuation += 1
                cursor.remaining = market
                cursor.order_id = sequence
                step.more = True
            return
        step.visits += 1
        step.cost += COST_VISIT
        order = own_order(state, number, market, sequence)
        # What sleeps or waits for its slice reserves nothing, and is checked when it acts.
        reserves = order is not None and order.flags & FLAG_REDUCE_ONLY == 0
        if (
            order is not None
            and reserves
            and is_risky(state.position(number, market), order.key[3])
        ):
            remove_order(state, order, REMOVED_LIQUIDATING)
        key = owned.seek(owned_key(number, market, sequence + 1))
