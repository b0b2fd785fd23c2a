"""The dead-man's switch: a sub-account's orders all go at a time it set, unless it set another.

A switch moved or disarmed leaves its old due item behind, which then finds
another time in the portfolio and does nothing.
"""

from typing import Final

from statemachine import events
from statemachine.costs import COST_PORTFOLIO
from statemachine.handlers.cancel import cancel_orders
from statemachine.keys import LANE_USER
from statemachine.step import Step

DUE_SWITCH: Final = 18
"""Kind of due work: a dead-man's switch."""


def process_switch(step: Step, number: int, time: int) -> None:
    """Cancel a portfolio's orders, 16 a step, if this is still the time it set."""
    state = step.state
    step.cost += COST_PORTFOLIO
    portfolio = state.portfolio(number)
    if portfolio is None or portfolio.cancel_at != time:
        return
    _, left = cancel_orders(step, number, None, events.REMOVED_SWITCH)
    portfolio.cancel_at = 0 if left is None else step.now
    state.touch(portfolio)
    if left is not None:
        state.add_due(LANE_USER, step.now, DUE_SWITCH, 0, number)
