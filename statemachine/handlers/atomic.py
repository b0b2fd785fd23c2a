"""Atomic bulks: all of the legs within one step, or none of them.

The legs share the step's visits, of which an atomic bulk has few, and its
portfolio and markets are paid for once, so that the largest one costs less than
the largest step may.  Whether a leg is refused, fills only in part and says so, or
would have to go on in another step: the first one that is not done ends the
bulk, and everything that the others did is undone.  What stays is that it was
tried: nonce, budget, cost, and a receipt for each leg, the failing one with its
own code, the others with ``ATOMIC(leg, code)``.
"""

from typing import final

from statemachine.actions import Bulk
from statemachine.costs import COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.handlers.dispatch import execute_leg
from statemachine.risk.margin import charge_markets
from statemachine.savepoint import Savepoint
from statemachine.step import Step


@final
class Outcome:
    """What a leg left in its step."""

    __slots__ = ("args", "code", "fee", "filled", "notional", "order_id")

    def __init__(self, step: Step) -> None:
        """Take it from there."""
        self.code = step.code
        self.args = step.args
        self.order_id = step.order_id
        self.filled = step.filled
        self.notional = step.notional
        self.fee = step.fee

    def show(self, step: Step) -> None:
        """Put it there again."""
        step.code = self.code
        step.args = self.args
        step.order_id = self.order_id
        step.filled = self.filled
        step.notional = self.notional
        step.fee = self.fee


def execute_atomic(step: Step, bulk: Bulk) -> list[Outcome]:
    """Execute every leg, or leave everything as it is; return what each came to."""
    number = step.account << 8 | bulk.sub
    portfolio = step.state.portfolio(number)
    paid = [] if portfolio is None else list(portfolio.markets)
    if step.charged != number:
        # An agent's budget may have asked for its margin already.
        step.cost += COST_PORTFOLIO
        if portfolio is not None:
            charge_markets(step, portfolio)
    step.visits_max = step.rules.atomic_visits_max
    legs = len(bulk.legs)
    if legs > step.rules.atomic_legs_max:
        step.refuse(Code.FIELD, (legs, step.rules.atomic_legs_max))
        return refuse_all(step, 0, legs)
    savepoint = Savepoint(step.state)
    outcomes = []
    for place in range(legs):
        step.renew()
        execute_leg(step, bulk, place)
        if bulk.legs[place].market in paid:
            # The portfolio, its position and the market are paid for already.
            step.cost -= COST_PORTFOLIO
        else:
            paid.append(bulk.legs[place].market)
        if step.more:
            step.refuse(Code.FILL_LIMIT, (step.cursor.remaining,))
        if step.code != Code.OK:
            savepoint.undo()
            return refuse_all(step, place, legs)
        outcomes.append(Outcome(step))
    savepoint.keep()
    return outcomes


def refuse_all(step: Step, failed: int, legs: int) -> list[Outcome]:
    """Return the outcomes of a bulk of which leg ``failed`` left its code in the step."""
    code = step.code
    args = step.args
    step.renew()
    step.refuse(Code.ATOMIC, (failed, code))
    outcomes = [Outcome(step)] * legs
    step.code = code
    step.args = args
    outcomes[failed] = Outcome(step)
    return outcomes
