"""Collateral sales: a debt that no position is left to pay for is paid with assets.

A flagged portfolio without positions, but with a balance below zero, sells what
it holds to the vault of the asset's market, at ``index * (1 - penalty)``:

* of its first asset that a vault can pay for, at most a slice in a step: as large
  as one of a position (:mod:`statemachine.risk.vaults`), never more than the debt
  asks for, nor than the vault's free balance pays
* at fresh prices only, and not while the asset's market is halted
* the vault pays ``ceil``: as no asset's weight is above ``1 - penalty``, a sale
  never makes the portfolio's equity less
* if no vault can pay, the portfolio waits, flagged.  A vault with a debt of its
  own cannot buy from itself: it waits for buyers

Before that, while there are positions, the *surplus* counts: what a sale would bring
beyond what the assets count for.  Neither insurance nor those who gained pay for
somebody whose assets would.

Vaults are no collectors: what one holds anyone may buy from it, at ``index * (1 -
penalty / 2)``, so that half of the penalty is the depositors'.
"""

from statemachine.assets import AssetRules
from statemachine.costs import COST_BACKSTOP
from statemachine.events import (
    BALANCE_COLLATERAL_BOUGHT,
    BALANCE_COLLATERAL_SOLD,
    AssetChanged,
    BalanceChanged,
)
from statemachine.pricing.mark import is_stale
from statemachine.records import PORTFOLIO_LIQUIDATING, Market, Portfolio
from statemachine.risk.balances import credit
from statemachine.risk.collateral import assets_of, change_holding, has_room, holding_of, value_of
from statemachine.risk.margin import withdrawable
from statemachine.risk.vaults import vault_portfolio
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.states import STATE_PAUSED
from statemachine.step import Step
from statemachine.units import PPM_ONE, div_ceil, div_floor


def is_tradable(step: Step, market: Market) -> bool:
    """Return whether an asset's price is fresh, and its market not halted."""
    return market.state != STATE_PAUSED and not is_stale(step, market)


def sale_proceeds(rules: AssetRules, index: int, amount: int) -> int:
    """Return what a vault pays for ``amount`` units in a liquidation, in micros, rounded up."""
    return div_ceil(amount * index * (PPM_ONE - rules.penalty_ppm), rules.lot_units * PPM_ONE)


def offer_price(rules: AssetRules, index: int) -> int:
    """Return at what a vault offers what it holds, in micros per lot, rounded up."""
    return div_ceil(index * (2 * PPM_ONE - rules.penalty_ppm), 2 * PPM_ONE)


def offer_cost(rules: AssetRules, price: int, amount: int) -> int:
    """Return what ``amount`` units cost at an offer's price, in micros, rounded up."""
    return div_ceil(amount * price, rules.lot_units)


def sale_surplus(state: State, portfolio: Portfolio) -> int:
    """Return what a portfolio's assets would bring beyond what they count for, in micros."""
    surplus = 0
    for asset in assets_of(portfolio):
        rules = state.asset_rules[asset]
        amount = holding_of(state, portfolio.portfolio, asset).amount
        index = state.market(rules.market).index
        surplus += sale_proceeds(rules, index, amount)
        surplus -= value_of(rules, amount, index * rules.weight_ppm)
    return surplus


def sale_amount(rules: Rules, asset: AssetRules, index: int, held: int, debt: int) -> int:
    """Return the units of one slice out of ``held``, at most what ``debt`` micros ask for."""
    discounted = index * (PPM_ONE - asset.penalty_ppm)
    part = div_ceil(held * rules.slice_ppm, PPM_ONE)
    least = div_ceil(rules.slice_notional_min * asset.lot_units, index)
    wanted = div_ceil(debt * asset.lot_units * PPM_ONE, discounted) if discounted else held
    return min(held, max(part, least), wanted)


def sell_collateral(step: Step, portfolio: Portfolio) -> int:
    """Sell a slice of a debtor's first asset that a vault can pay for.

    Returns which asset it was, 0 if there was none.
    """
    state = step.state
    for asset in assets_of(portfolio):
        rules = state.asset_rules[asset]
        market = state.market(rules.market)
        if not is_tradable(step, market):
            continue
        if sell_slice_to(step, portfolio, rules, market):
            return asset
    return 0


def sell_slice_to(step: Step, portfolio: Portfolio, rules: AssetRules, market: Market) -> int:
    """Sell a slice of one asset to its market's vault; return the units sold."""
    state = step.state
    step.cost += COST_BACKSTOP
    number = vault_portfolio(rules.market)
    backer = state.portfolio(number)
    if (
        backer is None
        or number == portfolio.portfolio
        or backer.flags & PORTFOLIO_LIQUIDATING
        or not has_room(backer, rules.asset)
    ):
        return 0
    held = holding_of(state, portfolio.portfolio, rules.asset).amount
    amount = sale_amount(step.rules, rules, market.index, held, -portfolio.balance)
    room = max(0, withdrawable(state, backer))
    if sale_proceeds(rules, market.index, amount) > room:
        discounted = market.index * (PPM_ONE - rules.penalty_ppm)
        amount = div_floor(room * rules.lot_units * PPM_ONE, discounted)
    if amount == 0:
        return 0
    paid = sale_proceeds(rules, market.index, amount)
    move_for_money(state, portfolio, backer, rules.asset, amount, paid)
    return amount


def move_for_money(
    state: State, seller: Portfolio, buyer: Portfolio, asset: int, amount: int, paid: int
) -> None:
    """Give units of an asset for micros; neither side made them by trading."""
    change_holding(state, seller, asset, -amount)
    change_holding(state, buyer, asset, amount)
    credit(state, seller, paid)
    seller.moved += paid
    credit(state, buyer, -paid)
    buyer.moved -= paid
    events = state.events
    pair = (seller.portfolio, buyer.portfolio)
    events.append(AssetChanged(pair[0], asset, -amount, BALANCE_COLLATERAL_SOLD, pair[1]))
    events.append(BalanceChanged(pair[0], paid, BALANCE_COLLATERAL_SOLD, asset))
    events.append(AssetChanged(pair[1], asset, amount, BALANCE_COLLATERAL_BOUGHT, pair[0]))
    events.append(BalanceChanged(pair[1], -paid, BALANCE_COLLATERAL_BOUGHT, asset))
