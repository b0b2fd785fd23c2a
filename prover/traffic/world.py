"""The world of synthetic traffic: its rules, and the keys of who lives there."""

from hashlib import sha256
from typing import Final

from statemachine.assets import AssetRules
from statemachine.identity.signing import address_of
from statemachine.rules import MarketRules, Rules

START_MS: Final = 1_767_225_600_000
PUBLISHERS: Final = 3
PRICES: Final = {1: 6_500_000, 2: 3_500_000, 3: 1_500_000}
MARKET_NAMES: Final = {1: b"BTC", 2: b"ETH", 3: b"SOL"}
STAKED: Final = 1
TIERS: Final = ((10_000_000_000, 100_000, 50_000), (40_000_000_000, 200_000, 100_000))


def key_of(name: str) -> bytes:
    """Return the secret key of one inhabitant of this world."""
    return sha256(b"sextant traffic " + name.encode()).digest()


def traffic_rules() -> Rules:
    """Return rules under which everything happens within minutes."""
    markets = tuple(
        MarketRules(
            market=number,
            symbol=symbol,
            lot_decimals=4,
            tick=10,
            initial_ppm=50_000,
            maintenance_ppm=25_000,
            maker_ppm=-50,
            taker_ppm=350,
            fill_band_ppm=50_000,
            notional_min=1_000_000,
            tiers=TIERS if number == 3 else (),
            open_interest_lower=20_000_000_000 if number == 2 else 0,
            open_interest_upper=90_000_000_000 if number == 2 else 0,
            open_interest_max=40_000 if number == 3 else 0,
            index_band_ppm=50_000 if number == 1 else 0,
        )
        for number, symbol in MARKET_NAMES.items()
    )
    return Rules(
        chain_id=7_714_999,
        rollup=address_of(key_of("rollup")),
        publishers=tuple(address_of(key_of(f"publisher {i}")) for i in range(PUBLISHERS)),
        publishers_min=2,
        markets=markets,
        inbox_deadline_ms=20_000,
        slice_interval_ms=2_000,
        guardian=address_of(key_of("trader 0")),
        grace_ms=500,
        grace_updates_min=1,
        insurance_daily_max=50_000_000,
        velocity_min=300_000_000,
        velocity_ppm=0,
        velocity_period_ms=60_000,
        vault_notice_ms=5_000,
        ramp_notice_ms=20_000,
        ramp_step_ms=1_500,
        assets=(
            AssetRules(
                asset=STAKED,
                symbol=b"STETH",
                decimals=6,
                market=2,
                lot_units=100,
                weight_ppm=900_000,
                initial_weight_ppm=800_000,
                penalty_ppm=50_000,
                cap=10**15,
            ),
        ),
    )
