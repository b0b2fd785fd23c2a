"""Market state: the guardian's brake, and the end of a market.

The rules name one address.  It must have an account, as every signer, and it
can do this one thing more than others: see :mod:`statemachine.states`.
"""

from statemachine.actions import SetMarketState
from statemachine.costs import COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.risk.grace import resume_market
from statemachine.rules import NO_GUARDIAN
from statemachine.states import STATE_ACTIVE, STATE_PAUSED, STATE_POST_ONLY, may_follow
from statemachine.step import Step


def execute_market_state(step: Step, action: SetMarketState) -> None:
    """Move a market to another state; the receipt's argument is the one before."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO
    signer = step.signer
    guardian = step.rules.guardian

    # CHECKS, in the order of their codes
    if signer is None or guardian == NO_GUARDIAN or signer.key[1:] != guardian:
        step.refuse(Code.GUARDIAN)
        return
    if action.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    market = state.market(action.market)
    # What only prices collateral never takes an order.
    opens = action.state in (STATE_ACTIVE, STATE_POST_ONLY)
    only = state.market_rules[action.market].collateral_only
    if not may_follow(market.state, action.state) or (only and opens):
        step.refuse(Code.MARKET_STATE, (market.state,))
        return

    # EFFECTS
    before = market.state
    market.state = action.state
    if before == STATE_PAUSED:
        resume_market(state, market, step.now)
    state.touch(market)

    # RECEIPT
    step.args = (before,)
