"""Budgets of agents: how much a session key may trade, and lose, in a day.

* notional: what its orders could add, at their own prices, counted as they are
  signed.  Cancels and reduce-only orders cost nothing
* loss: what its sub-account had made by trading (equity less what was moved in)
  at the day's first order, less what it has made by now.  An agent with such a
  budget trades for one sub-account a day: that of its first order

A day is one of UTC.  An agent past a budget can still cancel and reduce.
"""

from statemachine.actions import (
    FLAG_REDUCE_ONLY,
    Action,
    Bracket,
    Bulk,
    Modify,
    PlaceOrder,
    Scale,
    Twap,
)
from statemachine.costs import COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.records import Signer
from statemachine.risk.margin import charge_markets, margin_of
from statemachine.step import Step
from statemachine.units import DAY_MS


def notional_of(action: Action) -> int:
    """Return what an action could add to positions, in micros."""
    if isinstance(action, PlaceOrder | Modify | Twap):
        return 0 if action.flags & FLAG_REDUCE_ONLY else action.price * action.size
    if isinstance(action, Bulk):
        return sum(notional_of(leg) for leg in action.legs)
    if isinstance(action, Bracket):
        return 0 if action.entry is None else notional_of(action.entry)
    if isinstance(action, Scale):
        price = max(action.first, action.last)
        return 0 if action.flags & FLAG_REDUCE_ONLY else price * action.size
    return 0


def sub_of(action: Action) -> int:
    """Return the sub-account for which an action trades."""
    if isinstance(action, PlaceOrder | Modify | Twap | Bulk | Bracket | Scale):
        return action.sub
    return 0


def budgets_allow(step: Step, action: Action, signer: Signer) -> bool:
    """Check an agent's budgets, and use them up."""
    wanted = notional_of(action)
    if wanted == 0 or not (signer.notional_max or signer.loss_max):
        return True
    day = step.today
    sub = sub_of(action)
    made = made_by_trading(step, signer, sub) if signer.loss_max else 0
    if signer.day != day:
        signer.day = day
        signer.notional = 0
        signer.sub = sub
        signer.start = made
        step.state.touch(signer)
    if signer.notional_max and signer.notional + wanted > signer.notional_max:
        step.refuse(Code.AGENT_NOTIONAL, (signer.notional_max, signer.notional, wanted))
        return False
    loss = signer.start - made
    if signer.loss_max and (sub != signer.sub or loss >= signer.loss_max):
        step.refuse(Code.AGENT_LOSS, (signer.loss_max, loss, signer.sub))
        return False
    if signer.notional_max:
        signer.notional += wanted
        step.state.touch(signer)
    return True


def made_by_trading(step: Step, signer: Signer, sub: int) -> int:
    """Return a sub-account's equity less all that was moved into it, in micros.

    Other assets than USDC are left out: what their prices do is not the agent's doing.
    """
    step.cost += COST_PORTFOLIO
    portfolio = step.state.portfolio(signer.account << 8 | sub)
    if portfolio is None:
        return 0
    charge_markets(step, portfolio)
    margin = margin_of(step.state, portfolio)
    return margin.equity - margin.collateral - portfolio.moved


def notional_today(signer: Signer, now: int) -> int:
    """Return what an agent has used of its notional on the day of ``now``, in micros."""
    return signer.notional if signer.day == now // DAY_MS else 0
