"""The dead-man's switch: a sub-account's orders all go at a time it set, unless it set another.

A sub-account has one item of due work for it.  A switch that is moved or
disarmed takes its item away, so that nobody crowds the users' lane by moving
one again and again.
"""

from typing import Final

from statemachine import events, keys
from statemachine.costs import COST_DUE, COST_PORTFOLIO
from statemachine.errors import invariant
from statemachine.handlers.cancel import cancel_orders
from statemachine.keys import LANE_USER
from statemachine.records import Portfolio
from statemachine.step import Step

DUE_SWITCH: Final = 18
"""Kind of due work: a dead-man's switch."""


def arm_switch(step: Step, portfolio: Portfolio, time: int) -> None:
    """Let a portfolio's orders go at ``time`` (ms)."""
    key = step.state.add_due(LANE_USER, time, DUE_SWITCH, 0, portfolio.portfolio)
    portfolio.cancel_at = time
    portfolio.cancel_item = keys.due_number(key)
    step.state.touch(portfolio)


def disarm_switch(step: Step, portfolio: Portfolio) -> None:
    """Take a portfolio's switch away, with its due work; it may have none."""
    if portfolio.cancel_at == 0:
        return
    step.cost += COST_DUE
    key = keys.due_key(LANE_USER, portfolio.cancel_at, portfolio.cancel_item)
    step.state.remove_due(LANE_USER, key)
    portfolio.cancel_at = 0
    portfolio.cancel_item = 0
    step.state.touch(portfolio)


def process_switch(step: Step, number: int) -> None:
    """Cancel a portfolio's orders, 16 a step; its due item is gone already."""
    state = step.state
    step.cost += COST_PORTFOLIO
    portfolio = state.portfolio(number)
    if portfolio is None:
        invariant(condition=False, message="a switch has an owner")
        return
    portfolio.cancel_at = 0
    portfolio.cancel_item = 0
    state.touch(portfolio)
    _, left = cancel_orders(step, number, None, events.REMOVED_SWITCH)
    if left is not None:
        arm_switch(step, portfolio, step.now)
