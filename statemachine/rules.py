"""Rules every replica must share.  Their hash is part of genesis and of every claim.

Ports, paths and intervals are node settings and may differ; a different value
*here* is a different chain.
"""

from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any, Final, final

from statemachine.codec import as_bytes, as_list, pack, unpack
from statemachine.costs import COST_TABLE
from statemachine.errors import FrameInvalid
from statemachine.records import PUBLISHERS_MAX
from statemachine.units import PPM_ONE

RULES_VERSION: Final = 1
FLAG_CLASS_ORDER: Final = 1
FLAG_FILL_BAND: Final = 2
FLAG_SELF_TRADE: Final = 4
FLAGS_ALL: Final = 7


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRules:
    """Parameters of one market.

    ``tick`` in micros per lot; one lot is 10**-``lot_decimals`` of the base
    unit; rates in ppm of notional; ``maker_ppm`` may be negative (a rebate,
    never above the taker fee); ``notional_min`` in micros.
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


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Consensus parameters.  Times in ms, money in micros, rates in ppm."""

    chain_id: int
    rollup: bytes
    publishers: tuple[bytes, ...]
    publishers_min: int
    markets: tuple[MarketRules, ...]

    flags: int = FLAGS_ALL
    # Steps, segments, blocks: see `costs`
    step_visits_max: int = 16
    step_continuations_max: int = 16
    segment_steps_max: int = 64
    segment_cost_max: int = 192
    segment_bytes_max: int = 16_384
    signer_transactions_max: int = 128
    due_items_max: int = 64
    inbox_items_max: int = 256
    # Time
    nonce_past_ms: int = 7_200_000
    nonce_future_ms: int = 60_000
    inbox_deadline_ms: int = 86_400_000
    receipt_deadline_ms: int = 3_600_000
    drift_ms: int = 15_000
    # Orders
    orders_per_portfolio_max: int = 1_024
    reduce_only_per_position_max: int = 8
    # Oracle, mark and funding
    oracle_age_ms_max: int = 60_000
    sample_interval_ms: int = 1_000
    basis_window_ms: int = 150_000
    premium_interval_ms: int = 5_000
    funding_interval_ms: int = 3_600_000
    impact_notional: int = 500_000_000
    # Liquidation
    slice_ppm: int = 200_000
    slice_notional_min: int = 1_000_000_000
    slice_interval_ms: int = 30_000
    liquidation_fee_ppm: int = 1_000
    liquidation_margin_ppm: int = 50_000
    poke_reward: int = 100_000
    # Money
    withdrawal_min: int = 1_000_000

    def __post_init__(self) -> None:
        """Refuse rules that could not work, once, at the edge."""
        if not 1 <= self.publishers_min <= len(self.publishers) <= PUBLISHERS_MAX:
            raise ValueError(
                f"need 1 <= publishers_min <= publishers <= {PUBLISHERS_MAX}, "
                f"have {self.publishers_min} and {len(self.publishers)}"
            )
        if len(self.rollup) != 20 or any(len(p) != 20 for p in self.publishers):
            raise ValueError("addresses have 20 bytes")
        numbers = [market.market for market in self.markets]
        if numbers != sorted(set(numbers)) or not numbers:
            raise ValueError(f"need markets in ascending order, have {numbers}")

    def encode(self) -> bytes:
        """Return the canonical bytes of these rules."""
        values: list[Any] = [RULES_VERSION, list(COST_TABLE)]
        for name in FIELDS:
            value = getattr(self, name)
            if name == "publishers":
                value = list(value)
            elif name == "markets":
                value = [[getattr(m, part) for part in MARKET_FIELDS] for m in value]
            values.append(value)
        return pack(values)

    @property
    def hash(self) -> bytes:
        """Return what genesis and claims bind: the SHA-256 of the encoding."""
        return sha256(self.encode()).digest()


FIELDS: Final = tuple(field.name for field in fields(Rules))
MARKET_FIELDS: Final = tuple(field.name for field in fields(MarketRules))


def decode_rules(data: bytes) -> Rules:
    """Return the rules that ``data`` encodes, or raise ``FrameInvalid``."""
    version, costs, *values = as_list(unpack(data), len(FIELDS) + 2, "rules")
    if version != RULES_VERSION or costs != list(COST_TABLE):
        raise FrameInvalid(f"rules version: {version!r} with costs {costs!r} is not known")
    named: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
    try:
        named["publishers"] = tuple(as_bytes(p, 20, "publisher") for p in named["publishers"])
        named["markets"] = tuple(
            MarketRules(**dict(zip(MARKET_FIELDS, market, strict=True)))
            for market in named["markets"]
        )
        return Rules(**named)
    except (TypeError, ValueError) as error:
        raise FrameInvalid(f"rules: {error}") from error
