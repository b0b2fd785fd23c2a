"""Assets beyond USDC as their holders read them: their rules, prices, and what they count for."""

from typing import Final

from node.service.answers import saturate
from proto.sextant.v1 import query_pb2
from statemachine.assets import AssetRules
from statemachine.records import PORTFOLIO_LIQUIDATING, Portfolio
from statemachine.risk.collateral import (
    amount_free,
    holding_of,
    prices_of,
    sums_of,
    value_of,
)
from statemachine.risk.collateral_sales import offer_price
from statemachine.risk.margin import Margin
from statemachine.risk.vaults import vault_portfolio
from statemachine.rules import Rules
from statemachine.state import State

USDC_DECIMALS: Final = 6


def asset_view(state: State, rules: AssetRules) -> query_pb2.Asset:
    """Return one asset."""
    market = state.market(rules.market)
    sums = sums_of(state, rules.asset)
    offered = holding_of(state, vault_portfolio(rules.market), rules.asset).amount
    return query_pb2.Asset(
        asset=rules.asset,
        symbol=rules.symbol.decode("ascii", "replace"),
        decimals=rules.decimals,
        market=rules.market,
        lot_units=rules.lot_units,
        weight_ppm=rules.weight_ppm,
        initial_weight_ppm=rules.initial_weight_ppm,
        penalty_ppm=rules.penalty_ppm,
        cap_units=rules.cap,
        deposit_min_units=rules.deposit_min,
        index=market.index,
        stable=market.stable,
        stale=is_stale_at(state, rules),
        deposits_units=saturate(sums.deposits),
        withdrawals_units=saturate(sums.withdrawals),
        offered_units=saturate(offered),
        offer_price=offer_price(rules, market.index),
    )


def is_stale_at(state: State, rules: AssetRules) -> bool:
    """Return whether an asset's price is too old to lend on."""
    age = state.cursor.time - state.market(rules.market).index_time
    return age > state.rules.oracle_age_ms_max


def holdings_of(state: State, portfolio: Portfolio, margin: Margin) -> list[query_pb2.AssetHolding]:
    """Return what a portfolio of known margin holds of each asset, counted or not."""
    found = []
    frozen = portfolio.flags & PORTFOLIO_LIQUIDATING != 0
    for asset, rules in state.asset_rules.items():
        units = holding_of(state, portfolio.portfolio, asset).amount
        if units:
            prices = prices_of(state, rules)
            free = 0 if frozen else amount_free(state, portfolio, asset, margin.free)
            found.append(
                query_pb2.AssetHolding(
                    asset=asset,
                    units=saturate(units),
                    counted=portfolio.assets >> (asset - 1) & 1 != 0,
                    value_micros=saturate(value_of(rules, units, prices.maintenance)),
                    value_initial_micros=saturate(value_of(rules, units, prices.initial)),
                    withdrawable_units=saturate(free),
                    symbol=rules.symbol.decode("ascii", "replace"),
                    decimals=rules.decimals,
                )
            )
    return found


def name_asset(rules: Rules, asset: int) -> tuple[str, int]:
    """Return an asset's symbol and decimals; those of USDC for 0."""
    found = next((one for one in rules.assets if one.asset == asset), None)
    if found is None:
        return "USDC", USDC_DECIMALS
    return found.symbol.decode("ascii", "replace"), found.decimals
