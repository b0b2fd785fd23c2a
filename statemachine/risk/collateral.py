"""Collateral beyond USDC: what a portfolio holds of each asset, and what that counts for.

* for maintenance: ``floor(amount * index * weight)``, at the last index however
  old it is: nobody is liquidated by silence
* for initial margin: ``floor(amount * min(index, slow price) * initial weight)``,
  and nothing while the index is stale.  The slow price is the index's guarded
  mean (:mod:`statemachine.pricing.guards`): a price that is pushed up for an hour
  lends nothing

A portfolio counts at most ``ASSETS_PER_PORTFOLIO_MAX`` assets, and with its
markets at most ``MARKETS_PER_PORTFOLIO_MAX``: each costs a step what a market
does.  What L1 pays in beyond that is never lost: it is held, and can leave, but
counts for nothing (its bit in ``Portfolio.assets`` stays clear) until more of it
comes in while there is room.
"""

from typing import final

from statemachine import keys
from statemachine.assets import ASSETS_PER_PORTFOLIO_MAX, AssetRules
from statemachine.errors import invariant
from statemachine.records import (
    MARKETS_PER_PORTFOLIO_MAX,
    AssetSums,
    Holding,
    Portfolio,
    decode_asset,
    decode_holding,
)
from statemachine.state import State
from statemachine.units import PPM_ONE, div_ceil, div_floor

# Records


def holding_of(state: State, portfolio: int, asset: int) -> Holding:
    """Return what a portfolio holds of an asset, nothing if it never had any."""
    number = portfolio << 8 | asset
    record = state.records.holdings.get(number)
    if record is None:
        key = keys.holding_key(portfolio, asset)
        data = state.store.get(key)
        record = Holding(key, False) if data is None else decode_holding(key, data)
        state.records.holdings[number] = record
    return record


def sums_of(state: State, asset: int) -> AssetSums:
    """Return what was paid in and out of an asset."""
    record = state.records.assets.get(asset)
    if record is None:
        key = keys.asset_key(asset)
        data = state.store.get(key)
        record = AssetSums(key, False) if data is None else decode_asset(key, data)
        state.records.assets[asset] = record
    return record


def assets_of(portfolio: Portfolio) -> list[int]:
    """Return the assets that a portfolio counts, in ascending order."""
    mask = portfolio.assets
    found: list[int] = []
    asset = 1
    while mask:
        if mask & 1:
            found.append(asset)
        mask >>= 1
        asset += 1
    return found


def has_room(portfolio: Portfolio, asset: int) -> bool:
    """Return whether a portfolio counts an asset, or may come to."""
    mask = portfolio.assets
    if mask >> (asset - 1) & 1:
        return True
    count = len(assets_of(portfolio))
    return (
        count < ASSETS_PER_PORTFOLIO_MAX
        and count + len(portfolio.markets) < MARKETS_PER_PORTFOLIO_MAX
    )


def change_holding(state: State, portfolio: Portfolio, asset: int, change: int) -> None:
    """Add units of an asset to what a portfolio holds, or take them away."""
    holding = holding_of(state, portfolio.portfolio, asset)
    bit = 1 << (asset - 1)
    counts = has_room(portfolio, asset)
    holding.amount += change
    invariant(holding.amount >= 0, "no asset is lent")
    holding.live = holding.amount != 0
    state.touch(holding)
    if change > 0 and counts:
        portfolio.assets |= bit
    elif holding.amount == 0:
        portfolio.assets &= ~bit
    state.touch(portfolio)


# Values


@final
class Prices:
    """What a lot's worth of an asset counts for, in micros * ppm: one of each valuation."""

    __slots__ = ("initial", "maintenance")

    def __init__(self, maintenance: int, initial: int) -> None:
        """Take the two weighted prices."""
        self.maintenance = maintenance
        self.initial = initial


def prices_of(state: State, rules: AssetRules) -> Prices:
    """Return an asset's weighted prices now."""
    market = state.market(rules.market)
    maintenance = market.index * rules.weight_ppm
    if state.cursor.time - market.index_time > state.rules.oracle_age_ms_max:
        return Prices(maintenance, 0)
    return Prices(maintenance, min(market.index, market.stable) * rules.initial_weight_ppm)


def value_of(rules: AssetRules, amount: int, price: int) -> int:
    """Return what ``amount`` counts for at a weighted price, in micros, floored."""
    return div_floor(amount * price, rules.lot_units * PPM_ONE)


def worth_of(state: State, rules: AssetRules, amount: int) -> int:
    """Return what ``amount`` is worth at the last index, unweighted, in micros, rounded up."""
    return div_ceil(amount * state.market(rules.market).index, rules.lot_units)


def collateral_of(state: State, portfolio: Portfolio) -> tuple[int, int]:
    """Return what a portfolio's assets count for in micros: (maintenance, initial)."""
    maintenance = initial = 0
    for asset in assets_of(portfolio):
        rules = state.asset_rules[asset]
        amount = holding_of(state, portfolio.portfolio, asset).amount
        prices = prices_of(state, rules)
        maintenance += value_of(rules, amount, prices.maintenance)
        initial += value_of(rules, amount, prices.initial)
    return maintenance, initial


def amount_free(state: State, portfolio: Portfolio, asset: int, slack: int) -> int:
    """Return how much of an asset may leave a portfolio with ``slack`` micros over its IM.

    The most after which ``E_im >= IM`` still holds; all of what does not count.
    """
    held = holding_of(state, portfolio.portfolio, asset).amount
    if not portfolio.assets >> (asset - 1) & 1:
        return held
    rules = state.asset_rules[asset]
    price = prices_of(state, rules).initial
    need = value_of(rules, held, price) - slack
    if need <= 0:
        return held
    if price == 0:
        return 0
    # The least that still counts for what is needed stays.
    stays = div_ceil(need * rules.lot_units * PPM_ONE, price)
    return max(0, held - stays)
