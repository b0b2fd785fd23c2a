"""Buy collateral that a vault took over: anyone may, at half of the penalty below the index."""

from statemachine.actions import BuyCollateral
from statemachine.costs import COST_ASSET, COST_BACKSTOP, COST_MARKET, COST_PORTFOLIO
from statemachine.errors import Code, invariant
from statemachine.pricing.mark import is_stale, stale_market
from statemachine.records import PORTFOLIO_LIQUIDATING
from statemachine.risk.collateral import has_room, holding_of, prices_of, value_of
from statemachine.risk.collateral_sales import move_for_money, offer_cost, offer_price
from statemachine.risk.funds import refuses_fund
from statemachine.risk.margin import charge_markets, margin_of
from statemachine.risk.vaults import vault_portfolio
from statemachine.states import STATE_PAUSED
from statemachine.step import Step


def execute_buy_collateral(step: Step, action: BuyCollateral) -> None:
    """Buy units of an asset out of its market's vault with settled collateral."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_BACKSTOP + COST_ASSET + COST_MARKET
    buyer = state.portfolio(step.account << 8 | action.sub)
    rules = state.asset_rules.get(action.asset)

    # CHECKS, in the order of their codes
    if buyer is None:
        step.refuse(Code.MARGIN, (0, 0))
        return
    charge_markets(step, buyer)
    if rules is None:
        step.refuse(Code.ASSET_UNKNOWN, (action.asset,))
        return
    market = state.market(rules.market)
    price = offer_price(rules, market.index)
    if market.state == STATE_PAUSED:
        step.refuse(Code.MARKET_STATE, (market.state,))
        return
    stale = rules.market if is_stale(step, market) else stale_market(step, buyer)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return
    if price > action.price:
        step.refuse(Code.BAND, (price,))
        return
    if buyer.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return
    cost = offer_cost(rules, price, action.amount)
    held = holding_of(state, buyer.portfolio, action.asset).amount
    lent = prices_of(state, rules).initial
    margin = margin_of(state, buyer)
    # What it held uncounted comes to count with what is bought.
    counted = held if buyer.assets >> (action.asset - 1) & 1 else 0
    have = margin.equity_initial - cost - value_of(rules, counted, lent)
    have += value_of(rules, held + action.amount, lent)
    if have < margin.initial:
        step.refuse(Code.MARGIN, (margin.initial, have))
        return
    if action.amount == 0:
        step.refuse(Code.AMOUNT, (1,))
        return
    if cost > buyer.balance:
        step.refuse(Code.BALANCE, (cost, buyer.balance))
        return
    number = vault_portfolio(rules.market)
    offered = holding_of(state, number, action.asset).amount
    if action.amount > offered:
        step.refuse(Code.VAULT_SHORT, (action.amount, offered))
        return
    if not has_room(buyer, action.asset):
        step.refuse(Code.ASSETS_MAX, (len(buyer.markets), buyer.assets))
        return
    if refuses_fund(step, buyer):
        return

    # EFFECTS
    backer = state.open_portfolio(number)
    move_for_money(state, backer, buyer, action.asset, action.amount, cost)
    invariant(buyer.balance >= 0, "a purchase of collateral creates no debt")

    # RECEIPT
    step.filled = action.amount
    step.notional = cost
