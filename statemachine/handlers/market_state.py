"""What the guardian may do: move a market to another state, and its margin rates.

The rules name one address.  It must have an account, as every signer, and it
can do these two things more than others: brake or end a market
(:mod:`statemachine.states`, :mod:`statemachine.risk.settlement`), and announce margin
rates that come into force slowly (:mod:`statemachine.risk.ramps`), never above those
of the market's first size tier.
"""

from statemachine.actions import SetMargin, SetMarketState
from statemachine.costs import COST_DUE, COST_ORACLE, COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.events import MarketChanged
from statemachine.records import Market
from statemachine.risk.grace import resume_market
from statemachine.risk.ramps import ramp_of, start_ramp
from statemachine.risk.settlement import settle_market
from statemachine.rules import NO_GUARDIAN, MarketRules
from statemachine.states import (
    STATE_ACTIVE,
    STATE_PAUSED,
    STATE_POST_ONLY,
    STATE_SETTLED,
    may_follow,
)
from statemachine.step import Step
from statemachine.units import PPM_ONE


def is_guardian(step: Step) -> bool:
    """Return whether the rules' guardian signed."""
    signer = step.signer
    guardian = step.rules.guardian
    return signer is not None and guardian != NO_GUARDIAN and signer.key[1:] == guardian


def prices_assets(step: Step, market: Market) -> bool:
    """Return whether a market's index is the price of some collateral."""
    return any(asset.market == market.market for asset in step.state.asset_rules.values())


def execute_market_state(step: Step, action: SetMarketState) -> None:
    """Move a market to another state; the receipt's argument is the one before."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO

    # CHECKS, in the order of their codes
    if not is_guardian(step):
        step.refuse(Code.GUARDIAN)
        return
    if action.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    market = state.market(action.market)
    # What only prices collateral never takes an order.
    opens = action.state in (STATE_ACTIVE, STATE_POST_ONLY)
    only = state.market_rules[action.market].collateral_only
    ends = action.state == STATE_SETTLED
    barred = (only and opens) or (ends and prices_assets(step, market))
    if barred or not may_follow(market.state, action.state):
        step.refuse(Code.MARKET_STATE, (market.state,))
        return

    # EFFECTS
    before = market.state
    market.state = action.state
    if before == STATE_PAUSED:
        resume_market(state, market, step.now)
    state.touch(market)
    state.events.append(MarketChanged(action.market, before, action.state))
    if ends:
        step.cost += COST_ORACLE + COST_DUE
        settle_market(step, market)

    # RECEIPT
    step.args = (before,)


def rates_max(parameters: MarketRules) -> tuple[int, int]:
    """Return the largest rates that a market may have below its first size tier, in ppm."""
    if parameters.tiers:
        return parameters.tiers[0][1], parameters.tiers[0][2]
    return PPM_ONE, PPM_ONE


def execute_margin(step: Step, action: SetMargin) -> None:
    """Let a market's margin rates move; the receipt's arguments are those now, and when."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_DUE
    initial, maintenance = action.initial_ppm, action.maintenance_ppm

    # CHECKS, in the order of their codes
    if not is_guardian(step):
        step.refuse(Code.GUARDIAN)
        return
    parameters = state.market_rules.get(action.market)
    if parameters is None:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    market = state.market(action.market)
    before = market.initial_ppm, market.maintenance_ppm
    if market.state == STATE_SETTLED:
        step.refuse(Code.MARKET_STATE, (market.state,))
        return
    most = rates_max(parameters)
    if not (0 < maintenance <= initial <= most[0] and maintenance <= most[1]):
        step.refuse(Code.FIELD, most)
        return
    ramp = ramp_of(state, action.market)
    if ramp is not None:
        step.refuse(Code.RAMP, (ramp.end,))
        return
    if before == (initial, maintenance):
        step.refuse(Code.NOTHING_TO_DO, before)
        return

    # EFFECTS
    start_ramp(step, market, initial, maintenance)

    # RECEIPT
    step.args = (*before, step.now + step.rules.ramp_notice_ms)
