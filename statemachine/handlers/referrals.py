"""Who shares in an account's fees: its referrer, once; its builders, each up to a rate."""

from statemachine.actions import ApproveBuilder, SetReferrer
from statemachine.costs import COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.fees.standing import standing_of
from statemachine.keys import account_key, builder_key
from statemachine.records import encode_builder
from statemachine.step import Step


def execute_set_referrer(step: Step, action: SetReferrer) -> None:
    """Say who brought this account, once and for all.

    The sub-account that it is signed for knows at once, every other one with
    its first order of another day.
    """
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY
    standing = standing_of(state, step.account)
    known = state.blob(account_key(action.referrer)) is not None

    # CHECKS
    if standing.referrer or not known or action.referrer == step.account:
        step.refuse(Code.REFERRER, (standing.referrer,))
        return

    # EFFECTS
    standing.referrer = action.referrer
    state.touch(standing)
    portfolio = state.portfolio(step.account << 8 | action.sub)
    if portfolio is not None:
        portfolio.referrer = action.referrer
        state.touch(portfolio)


def execute_approve_builder(step: Step, action: ApproveBuilder) -> None:
    """Let a builder ask for up to ``max_fee_ppm`` on this account's orders; 0 ends it."""
    # READ
    state = step.state
    step.cost += COST_MONEY
    key = builder_key(step.account, action.builder)
    known = state.blob(account_key(action.builder)) is not None
    approved = state.blob(key)
    most = step.rules.builder_ppm_max

    # CHECKS, in the order of their codes
    if not known:
        step.refuse(Code.FIELD, (action.builder,))
        return
    if action.max_fee_ppm > most:
        step.refuse(Code.BUILDER, (most, action.max_fee_ppm))
        return
    if action.builder == step.account:
        step.refuse(Code.ACCOUNT_SELF)
        return

    # EFFECTS
    if action.max_fee_ppm:
        state.add_blob(key, encode_builder(action.max_fee_ppm))
    elif approved is not None:
        state.remove_blob(key)
