"""Which assets could work, and how they have to fit the markets."""

from dataclasses import replace
from typing import Any

import pytest

from statemachine.assets import AssetRules
from statemachine.rules import decode_rules
from tests.exchange_vectors.assets import ORACLE_ONLY, holding, staked_rules
from tests.worlds import market_rules, world_rules


@pytest.mark.parametrize(
    "change",
    [
        {"asset": 0},
        {"asset": 9},
        {"symbol": b""},
        {"decimals": 10},
        {"initial_weight_ppm": 900_001},
        {"weight_ppm": 960_001},
        {"penalty_ppm": -1},
        {"cap": 0},
        {"cap": 1 << 63},
        {"deposit_min": 0},
    ],
)
def test_an_asset_that_could_not_work_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"need"):
        staked_rules(**{"asset": 1} | change)


@pytest.mark.parametrize(
    "assets",
    [
        (staked_rules(2), staked_rules(1)),
        (staked_rules(1, 9),),
        (staked_rules(1, lot_units=10),),
        (staked_rules(1, decimals=3, lot_units=1),),
        tuple(staked_rules(number) for number in range(1, 6)),
    ],
    ids=["order", "market", "units", "coarse", "a vault's room"],
)
def test_assets_have_to_fit_the_markets(assets: tuple[AssetRules, ...]) -> None:
    rules = world_rules(1)
    with pytest.raises(ValueError, match=r"asset|market"):
        replace(rules, markets=(market_rules(ORACLE_ONLY),), assets=assets)


def test_rules_with_assets_are_read_again() -> None:
    rules = holding().rules
    assert decode_rules(rules.encode()) == rules
