"""Rules every replica must share.  Their hash is part of genesis and of every claim.

Ports, paths and intervals are node settings and may differ; a different value
*here* is a different chain.
"""

from dataclasses import dataclass, fields
from typing import Any, Final, final

from statemachine.assets import (
    AssetRules,
    check_assets,
    decode_asset_rules,
    encode_asset_rules,
)
from statemachine.codec import as_bytes, as_int, as_list, as_symbol, as_uint, pack, unpack
from statemachine.costs import COST_TABLE
from statemachine.digest import hash_joined
from statemachine.errors import FrameInvalid
from statemachine.records import PUBLISHERS_MAX
from statemachine.schedule import check_ramp, check_shares, check_tiers
from statemachine.units import PPM_ONE

RULES_VERSION: Final = 1
FLAG_CLASS_ORDER: Final = 1
FLAG_FILL_BAND: Final = 2
FLAG_SELF_TRADE: Final = 4
FLAGS_ALL: Final = 7
TIERS_MAX: Final = 8
NUMBER_LIMIT: Final = 1 << 63
NO_GUARDIAN: Final = bytes(20)
LOAN_RATE_MAX_PPM: Final = 10 * PPM_ONE
"""A thousand percent a year, for each part of a loan's rate."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRules:
    """Parameters of one market.

    ``tick`` in micros per lot; one lot is 10**-``lot_decimals`` of the base
    unit; rates in ppm of notional; ``maker_ppm`` may be negative (a rebate,
    never above the taker fee); ``notional_min`` in micros.

    ``tiers``: (notional from which it counts in micros, initial, maintenance
    in ppm), for what lies above it; below the first one ``initial_ppm`` and
    ``maintenance_ppm`` count.  Between ``open_interest_lower`` and
    ``open_interest_upper`` (micros, at mark) the initial rate rises to 100%.
    ``open_interest_max`` in lots; ``index_band_ppm``: a farther jump of the
    index needs a second confirming update; ``collateral_only``: it serves as an
    asset's price alone, and never takes orders.  For the last six, 0 or nothing
    means "no such rule".
    """

    market: int
    symbol: bytes
    lot_decimals: int
    tick: int
    initial_ppm: int
    maintenance_ppm: int
    maker_ppm: int
    taker_ppm: int
    fill_band_ppm: int
    notional_min: int
    tiers: tuple[tuple[int, int, int], ...] = ()
    open_interest_lower: int = 0
    open_interest_upper: int = 0
    open_interest_max: int = 0
    index_band_ppm: int = 0
    collateral_only: int = 0

    def __post_init__(self) -> None:
        """Refuse parameters that could not work, once, at the edge."""
        if not 0 < self.maintenance_ppm <= self.initial_ppm <= PPM_ONE:
            raise ValueError(
                "need 0 < maintenance_ppm <= initial_ppm <= 1000000, "
                f"have {self.maintenance_ppm} and {self.initial_ppm}"
            )
        if self.tick < 1 or not 0 < self.fill_band_ppm <= PPM_ONE:
            raise ValueError(f"need tick >= 1, have {self.tick}, and 0 < fill_band_ppm <= 1000000")
        if not 0 <= self.taker_ppm < PPM_ONE or not -self.taker_ppm <= self.maker_ppm < PPM_ONE:
            raise ValueError(f"need -taker_ppm <= maker_ppm, have {self.maker_ppm}")
        if not 0 <= self.market < 64 or not 1 <= len(self.symbol) <= 16:
            raise ValueError("need a market below 64 and a symbol of 1 to 16 bytes")
        if len(self.tiers) > TIERS_MAX:
            raise ValueError(f"need at most {TIERS_MAX} tiers, have {len(self.tiers)}")
        before = (0, self.initial_ppm, self.maintenance_ppm)
        for tier in self.tiers:
            if not (
                before[0] < tier[0]
                and before[1] <= tier[1] <= PPM_ONE
                and before[2] <= tier[2] <= tier[1]
            ):
                raise ValueError(f"need tiers that ascend, have {before} before {tier}")
            before = tier
        if not 0 <= self.open_interest_lower <= self.open_interest_upper or (
            self.open_interest_upper and self.open_interest_lower == self.open_interest_upper
        ):
            raise ValueError(
                "need open_interest_lower < open_interest_upper, "
                f"have {self.open_interest_lower} and {self.open_interest_upper}"
            )
        if self.open_interest_max < 0 or not 0 <= self.index_band_ppm <= PPM_ONE:
            raise ValueError("need open_interest_max >= 0 and 0 <= index_band_ppm <= 1000000")
        if self.collateral_only not in (0, 1):
            raise ValueError(f"need collateral_only 0 or 1, have {self.collateral_only}")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Consensus parameters.  Times in ms, money in micros, rates in ppm."""

    chain_id: int
    rollup: bytes
    publishers: tuple[bytes, ...]
    publishers_min: int
    markets: tuple[MarketRules, ...]
    guardian: bytes = NO_GUARDIAN

    flags: int = FLAGS_ALL
    # Steps, segments, blocks: see `costs`
    step_visits_max: int = 16
    step_continuations_max: int = 16
    segment_steps_max: int = 64
    segment_cost_max: int = 128
    segment_bytes_max: int = 16_384
    signer_transactions_max: int = 128
    due_items_max: int = 64
    inbox_items_max: int = 256
    user_items_max: int = 64
    triggers_max: int = 32
    scan_cost_max: int = 56
    atomic_legs_max: int = 8
    atomic_visits_max: int = 8
    # Time
    nonce_past_ms: int = 7_200_000
    nonce_future_ms: int = 60_000
    inbox_deadline_ms: int = 86_400_000
    inbox_deadline_ms_min: int = 1_800_000
    inbox_delay_free_ms: int = 900_000
    inbox_refill_ppm: int = 40_000
    receipt_deadline_ms: int = 3_600_000
    drift_ms: int = 15_000
    # Orders
    orders_per_portfolio_max: int = 1_024
    reduce_only_per_position_max: int = 8
    twap_interval_min: int = 1_000
    orders_free_max: int = 64
    order_equity: int = 5_000_000
    # Oracle, mark and funding; the average is that of the index
    oracle_age_ms_max: int = 60_000
    average_window_ms: int = 3_600_000
    average_factor_max: int = 5
    sample_interval_ms: int = 1_000
    basis_window_ms: int = 150_000
    premium_interval_ms: int = 5_000
    funding_interval_ms: int = 3_600_000
    impact_notional: int = 500_000_000
    oracle_move_ppm: int = 1_000
    # Liquidation
    slice_ppm: int = 200_000
    slice_notional_min: int = 1_000_000_000
    slice_interval_ms: int = 30_000
    liquidation_fee_ppm: int = 1_000
    liquidation_margin_ppm: int = 50_000
    poke_reward: int = 100_000
    # The tail: fee ramp, pause after an outage, insurance, vaults, deleveraging
    liquidation_fee_ppm_max: int = 10_000
    liquidation_ramp_ms: int = 600_000
    outage_ms_max: int = 60_000
    grace_ms: int = 60_000
    grace_updates_min: int = 3
    insurance_daily_max: int = 100_000_000_000
    rank_notional_min: int = 10_000_000
    victims_max: int = 8
    vault_notice_ms: int = 86_400_000
    vault_deposit_min: int = 10_000_000
    vault_slippage_ppm: int = 2_500
    # Settings: over what time, and how often, margin rates move to new ones
    ramp_notice_ms: int = 604_800_000
    ramp_step_ms: int = 60_000
    # Money
    withdrawal_min: int = 1_000_000
    velocity_min: int = 10_000_000_000_000
    velocity_ppm: int = 250_000
    velocity_period_ms: int = 86_400_000
    # Funds: a lock of an hour at least, so that nobody comes for one payment of funding
    fund_profit_ppm_max: int = 200_000
    fund_lock_ms_min: int = 3_600_000
    fund_lock_ms_max: int = 2_678_400_000
    fund_leader_ppm: int = 50_000
    fund_deposit_min: int = 10_000_000
    fund_notice_ms: int = 86_400_000
    # Collateral beyond USDC
    assets: tuple[AssetRules, ...] = ()
    # The lending pool: what loans cost a year, the two slopes as what they add by the kink and
    # by full utilisation; what a loan adds to a portfolio's margin
    loan_rate_base_ppm: int = 10_000
    loan_rate_kink_ppm: int = 800_000
    loan_slope_below_ppm: int = 70_000
    loan_slope_above_ppm: int = 600_000
    loan_initial_ppm: int = 50_000
    loan_maintenance_ppm: int = 25_000
    pool_supply_min: int = 1_000_000
    # Fees: (14-day volume from which it counts, share of the base rate left to makers, to
    # takers), above the base rates; the ramp; what others may get
    fee_tiers: tuple[tuple[int, int, int], ...] = (
        (5_000_000_000_000, 800_000, 900_000),
        (25_000_000_000_000, 500_000, 800_000),
        (100_000_000_000_000, 250_000, 700_000),
    )
    fee_ramp_factor: int = 3
    fee_ramp_ms: int = 600_000
    referral_ppm: int = 100_000
    builder_ppm_max: int = 1_000

    def __post_init__(self) -> None:
        """Refuse rules that could not work, once, at the edge."""
        if not 0 <= self.flags <= FLAGS_ALL:
            raise ValueError(f"need flags from 0 to {FLAGS_ALL}, have {self.flags}")
        if not 1 <= self.publishers_min <= len(self.publishers) <= PUBLISHERS_MAX:
            raise ValueError(
                f"need 1 <= publishers_min <= publishers <= {PUBLISHERS_MAX}, "
                f"have {self.publishers_min} and {len(self.publishers)}"
            )
        free, least = self.inbox_delay_free_ms, self.inbox_deadline_ms_min
        if not 0 <= free < least or not 0 <= self.inbox_refill_ppm <= PPM_ONE:
            raise ValueError(
                "need 0 <= inbox_delay_free_ms < inbox_deadline_ms_min and inbox_refill_ppm in "
                f"ppm, have {free}, {least} and {self.inbox_refill_ppm}"
            )
        if self.ramp_notice_ms < 0 or self.ramp_step_ms < 1:
            raise ValueError(
                "need ramp_notice_ms >= 0 and ramp_step_ms >= 1, "
                f"have {self.ramp_notice_ms} and {self.ramp_step_ms}"
            )
        if any(len(name) != 20 for name in (self.rollup, self.guardian, *self.publishers)):
            raise ValueError("addresses have 20 bytes")
        if not 0 <= self.fund_lock_ms_min <= self.fund_lock_ms_max or not (
            0 <= self.fund_profit_ppm_max <= PPM_ONE and 0 < self.fund_leader_ppm <= PPM_ONE
        ):
            raise ValueError("need fund_lock_ms_min <= fund_lock_ms_max, and shares in ppm")
        if self.orders_free_max < 0 or self.order_equity < 1:
            raise ValueError(
                "need orders_free_max >= 0 and order_equity >= 1, "
                f"have {self.orders_free_max} and {self.order_equity}"
            )
        numbers = [market.market for market in self.markets]
        if numbers != sorted(set(numbers)) or not numbers:
            raise ValueError(f"need markets in ascending order, have {numbers}")
        check_assets(self.assets, {market.market: market.lot_decimals for market in self.markets})
        slopes = (self.loan_rate_base_ppm, self.loan_slope_below_ppm, self.loan_slope_above_ppm)
        if not 0 < self.loan_rate_kink_ppm < PPM_ONE or not 0 <= min(slopes) <= max(slopes) <= (
            LOAN_RATE_MAX_PPM
        ):
            raise ValueError(
                "need 0 < loan_rate_kink_ppm < 1000000 and rates of loans from 0 to "
                f"{LOAN_RATE_MAX_PPM}, have {self.loan_rate_kink_ppm} and {slopes}"
            )
        if not 0 <= self.loan_maintenance_ppm <= self.loan_initial_ppm <= PPM_ONE:
            raise ValueError(
                "need 0 <= loan_maintenance_ppm <= loan_initial_ppm <= 1000000, "
                f"have {self.loan_maintenance_ppm} and {self.loan_initial_ppm}"
            )
        check_tiers(self.fee_tiers)
        check_ramp(self.fee_ramp_factor, self.fee_ramp_ms)
        check_shares(self.referral_ppm, self.builder_ppm_max)

    def encode(self) -> bytes:
        """Return the canonical bytes of these rules."""
        values: list[Any] = [RULES_VERSION, list(COST_TABLE)]
        for name in FIELDS:
            value = getattr(self, name)
            if name == "publishers":
                value = list(value)
            elif name == "markets":
                value = [encode_market_rules(market) for market in value]
            elif name == "assets":
                value = [encode_asset_rules(asset) for asset in value]
            elif name == "fee_tiers":
                value = [list(tier) for tier in value]
            values.append(value)
        return pack(values)

    @property
    def hash(self) -> bytes:
        """Return what genesis and claims bind: the SHA-256 of the encoding."""
        return hash_joined(self.encode())


FIELDS: Final = tuple(field.name for field in fields(Rules))
MARKET_FIELDS: Final = tuple(field.name for field in fields(MarketRules))


def encode_market_rules(market: MarketRules) -> list[Any]:
    """Return a market's parameters in the order of their declaration."""
    values: list[Any] = [getattr(market, name) for name in MARKET_FIELDS]
    values[MARKET_FIELDS.index("tiers")] = [list(tier) for tier in market.tiers]
    return values


def decode_market_rules(value: object) -> MarketRules:
    """Return the parameters that :func:`encode_market_rules` wrote."""
    items = as_list(value, len(MARKET_FIELDS), "market rules")
    named: dict[str, Any] = dict(zip(MARKET_FIELDS, items, strict=True))
    tiers = [read_numbers(tier, 3, "tier") for tier in as_sequence(named["tiers"], "tiers")]
    for name, item in named.items():
        if name == "symbol":
            as_symbol(item)
        elif name != "tiers":
            as_int(item, NUMBER_LIMIT, name)
    named["tiers"] = tuple(tiers)
    return MarketRules(**named)


def as_sequence(value: object, name: str) -> list[object]:
    """Return an array of any length, or raise ``FrameInvalid``."""
    return as_list(value, len(value) if isinstance(value, list) else 0, name)


def read_numbers(value: object, count: int, name: str) -> tuple[int, ...]:
    """Return so many whole numbers, or raise ``FrameInvalid``."""
    return tuple(as_uint(item, NUMBER_LIMIT, name) for item in as_list(value, count, name))


def decode_rules(data: bytes) -> Rules:
    """Return the rules that ``data`` encodes, or raise ``FrameInvalid``."""
    version, costs, *values = as_list(unpack(data), len(FIELDS) + 2, "rules")
    if version != RULES_VERSION or costs != list(COST_TABLE):
        raise FrameInvalid(f"rules version: {version!r} with costs {costs!r} is not known")
    named: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
    publishers, markets, assets, tiers = (
        as_sequence(named.pop(name), name)
        for name in ("publishers", "markets", "assets", "fee_tiers")
    )
    found: dict[str, Any] = {
        name: as_bytes(named.pop(name), 20, name) for name in ("rollup", "guardian")
    }
    found.update({name: as_uint(value, NUMBER_LIMIT, name) for name, value in named.items()})
    found["fee_tiers"] = tuple(read_numbers(tier, 3, "fee tier") for tier in tiers)
    try:
        return Rules(
            publishers=tuple(as_bytes(each, 20, "publisher") for each in publishers),
            markets=tuple(decode_market_rules(market) for market in markets),
            assets=tuple(decode_asset_rules(asset) for asset in assets),
            **found,
        )
    except (TypeError, ValueError) as error:
        raise FrameInvalid(f"rules: {error}") from error
