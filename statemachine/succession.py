"""Succession: which rules may follow which, on a chain that goes on.

New rules come into force between two blocks, over a state that the old ones made.
So whatever the state was built on must stay as it was: who the chain is, its
markets and assets with their units, the clocks that its due work stands on, the
windows that burnt nonces were forgotten by.  What an L1 verdict may cost stays as
well, and so do the deadlines of the ways out: no upgrade may make a fault too
large to be proved, or a promise wait longer than it said.

Margin rates are no matter of an upgrade either.  They are in the state, and move
by the guardian's ramps (:mod:`statemachine.risk.ramps`); the bounds of a market's
first size tier never fall below rates that may be in force.
"""

from dataclasses import fields
from typing import Any, Final

from statemachine.assets import AssetRules
from statemachine.rules import MarketRules, Rules
from statemachine.units import PPM_ONE

FIXED: Final = (
    # Who the chain is
    "chain_id",
    "rollup",
    # What a segment, and so a verdict, may take
    "step_visits_max",
    "step_continuations_max",
    "segment_steps_max",
    "segment_cost_max",
    "segment_bytes_max",
    "scan_cost_max",
    "atomic_legs_max",
    "atomic_visits_max",
    "victims_max",
    # What blocks and records are built for
    "signer_transactions_max",
    "due_items_max",
    "user_items_max",
    "triggers_max",
    "orders_per_portfolio_max",
    "reduce_only_per_position_max",
    # The windows of nonces
    "nonce_past_ms",
    "nonce_future_ms",
    # The deadlines of the ways out
    "inbox_deadline_ms",
    "inbox_deadline_ms_min",
    "inbox_delay_free_ms",
    "inbox_refill_ppm",
    "inbox_items_max",
    "receipt_deadline_ms",
    "drift_ms",
    # The grids that due work stands on
    "sample_interval_ms",
    "premium_interval_ms",
    "funding_interval_ms",
)
"""Fields of ``Rules`` that stay."""
POSITIVE: Final = (
    "twap_interval_min",
    "order_equity",
    "oracle_age_ms_max",
    "average_window_ms",
    "average_factor_max",
    "basis_window_ms",
    "impact_notional",
    "slice_ppm",
    "slice_notional_min",
    "slice_interval_ms",
    "liquidation_ramp_ms",
    "ramp_step_ms",
    "rank_notional_min",
    "velocity_period_ms",
)
"""Fields that the rules divide by, or wait for: none of them is 0."""
SHARES: Final = (
    "oracle_move_ppm",
    "slice_ppm",
    "liquidation_fee_ppm",
    "liquidation_fee_ppm_max",
    "liquidation_margin_ppm",
    "vault_slippage_ppm",
    "velocity_ppm",
)
"""Fields that are a part of something: none of them is more than all of it."""
NUMBER_LIMIT: Final = 1 << 53
"""Amounts and durations stay below it, so that sums of them fit their records."""
FIXED_OF_MARKET: Final = (
    "market",
    "symbol",
    "lot_decimals",
    "tick",
    "initial_ppm",
    "maintenance_ppm",
    "collateral_only",
)
FIXED_OF_ASSET: Final = ("asset", "symbol", "decimals", "market", "lot_units")


def check_succession(before: Rules, after: Rules) -> None:
    """Raise ``ValueError`` if ``after`` may not follow ``before``; it names the field."""
    check_fixed("", FIXED, before, after)
    check_numbers(after)
    for market in after.markets:
        check_range(f"market {market.market}: ", market, signed=("maker_ppm",))
    check_members("markets", before.markets, after.markets)
    for old, new in zip(before.markets, after.markets, strict=True):
        check_fixed(f"market {old.market}: ", FIXED_OF_MARKET, old, new)
        check_tiers(old, new)
    check_members("assets", before.assets, after.assets)
    for asset, successor in zip(before.assets, after.assets, strict=True):
        check_fixed(f"asset {asset.asset}: ", FIXED_OF_ASSET, asset, successor)


def check_fixed(place: str, names: tuple[str, ...], before: object, after: object) -> None:
    """Refuse another value of a field that stays."""
    for name in names:
        old: Any = getattr(before, name)
        new: Any = getattr(after, name)
        if old != new:
            raise ValueError(f"{place}{name}: {old!r} stays, have {new!r}")


def check_numbers(after: Rules) -> None:
    """Refuse numbers that execution could not work by: nobody could prove it wrong then."""
    check_range("", after)
    for name in POSITIVE:
        if getattr(after, name) < 1:
            raise ValueError(f"{name}: need 1 or more")
    for name in SHARES:
        if getattr(after, name) > PPM_ONE:
            raise ValueError(f"{name}: need {PPM_ONE} or less, have {getattr(after, name)}")
    if after.liquidation_fee_ppm > after.liquidation_fee_ppm_max:
        raise ValueError(
            f"liquidation_fee_ppm: need at most liquidation_fee_ppm_max, "
            f"have {after.liquidation_fee_ppm} and {after.liquidation_fee_ppm_max}"
        )


def check_range(place: str, record: Rules | MarketRules, signed: tuple[str, ...] = ()) -> None:
    """Refuse numbers below 0, but for those that are ``signed``, and too large ones."""
    for field in fields(record):
        value: Any = getattr(record, field.name)
        low = -NUMBER_LIMIT if field.name in signed else 0
        if isinstance(value, int) and not low <= value < NUMBER_LIMIT:
            raise ValueError(f"{place}{field.name}: need {low} to {NUMBER_LIMIT - 1}, have {value}")


def check_members(
    name: str,
    before: tuple[MarketRules, ...] | tuple[AssetRules, ...],
    after: tuple[MarketRules, ...] | tuple[AssetRules, ...],
) -> None:
    """Refuse a market or an asset more, or fewer: the state holds those of genesis."""
    if len(before) != len(after):
        raise ValueError(f"{name}: {len(before)} stay, have {len(after)}")


def check_tiers(before: MarketRules, after: MarketRules) -> None:
    """Refuse a first tier whose rates could lie below those in force."""
    if not after.tiers:
        return
    place = f"market {before.market}: tiers"
    if not before.tiers:
        raise ValueError(f"{place}: there were none, so any rate may be in force")
    old, new = before.tiers[0], after.tiers[0]
    if new[1] < old[1] or new[2] < old[2]:
        raise ValueError(f"{place}: the first one's rates {old[1:]} may not fall to {new[1:]}")
