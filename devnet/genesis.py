"""The devnet's rules, contract and first state: constants but for the salt of each deployment.

The first root is the same everywhere; chain id and contract address follow from the salt
(:mod:`devnet.deployments`).

The prices in the comments are only to show the scale; prices come from the publishers.
"""

from dataclasses import replace
from typing import Final

from devnet.identities import PUBLISHERS, identity_of
from prover.contract.rules import GWEI_PER_ETH, ContractRules
from prover.outputs import genesis_output
from statemachine.assets import AssetRules
from statemachine.genesis import genesis_state
from statemachine.merkle.tree import Tree
from statemachine.rules import MarketRules, Rules

CHAIN_ID: Final = 7_714_001
SALT_FIXED: Final = 0
SALT_MAX: Final = 99_999_999
"""Eight decimals after ``CHAIN_ID``: a chain id that any wallet takes (below 2**52)."""
L1_CHAIN_ID: Final = 7_714_000
GENESIS_TIME_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z
WINDOW_MS: Final = 60_000
LIVENESS_MS_MAX: Final = 120_000
FREEZE_MS: Final = 240_000
ESCAPE_MS: Final = 300_000
EXIT_MICROS_MIN: Final = 5_000_000_000_000
EXIT_PPM: Final = 250_000
BOND_GWEI: Final = GWEI_PER_ETH
DEPOSIT_MICROS_MIN: Final = 1_000_000
USDC: Final = 1_000_000
COMMITMENT_BLOCKS_MIN: Final = 1
STAKED_MARKET: Final = 4
UNITS_PER_WSTETH: Final = 10**9


def market(number: int, symbol: bytes, lot_decimals: int, tick: int) -> MarketRules:
    """Return a market with 20 times leverage, less for large positions and large crowds."""
    return MarketRules(
        market=number,
        symbol=symbol,
        lot_decimals=lot_decimals,
        tick=tick,
        initial_ppm=50_000,
        maintenance_ppm=25_000,
        maker_ppm=100,
        taker_ppm=350,
        fill_band_ppm=25_000,
        notional_min=10_000_000,
        tiers=((2_000_000 * USDC, 100_000, 50_000), (10_000_000 * USDC, 200_000, 100_000)),
        open_interest_lower=25_000_000 * USDC,
        open_interest_upper=50_000_000 * USDC,
        index_band_ppm=50_000,
    )


def staked_ether() -> AssetRules:
    """Return collateral beyond USDC: a staking derivative, priced by a market of its own."""
    return AssetRules(
        asset=1,
        symbol=b"WSTETH",
        decimals=9,
        market=STAKED_MARKET,
        lot_units=1_000_000,
        weight_ppm=900_000,
        initial_weight_ppm=800_000,
        penalty_ppm=50_000,
        cap=1_000_000 * UNITS_PER_WSTETH,
        deposit_min=UNITS_PER_WSTETH // 1_000,
    )


def chain_id_of(salt: int) -> int:
    """Return the chain id of the devnet with a salt: ``CHAIN_ID``, then the salt's digits."""
    return CHAIN_ID if salt == SALT_FIXED else CHAIN_ID * (SALT_MAX + 1) + salt


def salt_of(chain_id: int) -> int:
    """Return the salt of a devnet with a chain id, or raise ``ValueError``."""
    if chain_id == CHAIN_ID:
        return SALT_FIXED
    first, salt = divmod(chain_id, SALT_MAX + 1)
    if first != CHAIN_ID or salt == SALT_FIXED:
        raise ValueError(f"chain id {chain_id} is no devnet's")
    return salt


def devnet_rules(salt: int = SALT_FIXED) -> Rules:
    """Return the rules of every devnet: markets, publishers, an asset, short deadlines."""
    return Rules(
        chain_id=chain_id_of(salt),
        rollup=identity_of("rollup" if salt == SALT_FIXED else f"rollup/{salt}").address,
        publishers=tuple(identity_of(name).address for name in PUBLISHERS),
        publishers_min=2,
        guardian=identity_of("guardian").address,
        markets=(
            market(1, b"BTC", 4, 10),  # lot 0.0001 BTC, tick 0.1 USD: 65,000 USD is 6,500,000
            market(2, b"ETH", 3, 10),  # lot 0.001 ETH, tick 0.01 USD: 3,500 USD is 3,500,000
            market(3, b"SOL", 2, 100),  # lot 0.01 SOL, tick 0.01 USD: 150 USD is 1,500,000
            # It only prices the asset: lot 0.001 WSTETH, 4,200 USD is 4,200,000
            replace(market(STAKED_MARKET, b"WSTETH", 3, 10), collateral_only=1),
        ),
        assets=(staked_ether(),),
        inbox_deadline_ms=60_000,
        receipt_deadline_ms=100_000,
        slice_interval_ms=5_000,
        fund_lock_ms_min=10_000,
        fund_notice_ms=60_000,
        ramp_notice_ms=600_000,
        ramp_step_ms=10_000,
    )


def devnet_contract(salt: int = SALT_FIXED) -> ContractRules:
    """Return the contract as a devnet deploys it; its genesis output names the first root."""
    rules = devnet_rules(salt)
    root = Tree.from_items(genesis_state(rules, GENESIS_TIME_MS).items()).root
    return ContractRules(
        l1_chain_id=L1_CHAIN_ID,
        rules=rules,
        genesis=genesis_output(rules.chain_id, rules.hash, root),
        genesis_time_ms=GENESIS_TIME_MS,
        sequencer=identity_of("poster").address,
        window_ms=WINDOW_MS,
        bond_gwei=BOND_GWEI,
        commitment_blocks_min=COMMITMENT_BLOCKS_MIN,
        deposit_micros_min=DEPOSIT_MICROS_MIN,
        liveness_ms_max=LIVENESS_MS_MAX,
        signer=identity_of("sequencer").address,
        governor=identity_of("governor").address,
        freeze_ms=FREEZE_MS,
        escape_ms=ESCAPE_MS,
        exit_micros_min=EXIT_MICROS_MIN,
        exit_ppm=EXIT_PPM,
    )
