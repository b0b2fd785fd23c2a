"""Leverage: a trader's own bound on what a position in one market may be.

It only ever raises the initial margin.  The choice is kept in the position's
record, so it lasts while the position is flat, and holds a place among the
portfolio's markets; 0 gives it up, and the place with it.  In a settled market that
is all that can be asked for.
"""

from statemachine.actions import SetLeverage
from statemachine.book.entry import market_allows
from statemachine.costs import COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.records import PORTFOLIO_EXITING
from statemachine.risk.margin import charge_markets, margin_of
from statemachine.risk.tiers import leverage_max
from statemachine.states import STATE_SETTLED
from statemachine.step import Step


def execute_leverage(step: Step, action: SetLeverage) -> None:
    """Set a portfolio's leverage in one market; the receipt's argument is the one before."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO
    parameters = state.market_rules.get(action.market)
    portfolio = state.portfolio(step.account << 8 | action.sub)

    # CHECKS, in the order of their codes
    if parameters is None:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    market = state.market(action.market)
    if market.state == STATE_SETTLED and action.leverage:
        step.refuse(Code.MARKET_STATE, (market.state,))
        return
    if portfolio is None:
        step.refuse(Code.MARGIN, (0, 0))
        return
    charge_markets(step, portfolio)
    if portfolio.flags & PORTFOLIO_EXITING:
        step.refuse(Code.LIQUIDATING, (1,))
        return
    position = state.find_position(portfolio, action.market)
    if position is None and not market_allows(step, portfolio, action.market):
        return
    most = leverage_max(market.initial_ppm)
    if action.leverage > most:
        step.refuse(Code.LEVERAGE, (most,))
        return
    before = 0 if position is None else position.leverage
    if position is not None and action.leverage != before:
        need = margin_of(state, portfolio).initial
        position.leverage = action.leverage
        after = margin_of(state, portfolio)
        position.leverage = before
        if after.initial > need and after.free < 0:
            step.refuse(Code.MARGIN, (after.initial, after.equity_initial))
            return

    # EFFECTS
    if action.leverage != before:
        position = state.open_position(portfolio, action.market)
        position.leverage = action.leverage
        state.touch(position)
        state.drop_position(portfolio, position)

    # RECEIPT
    step.args = (before,)
