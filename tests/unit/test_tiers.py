"""Tiers, crowds and leverage: published numbers, and a slow model."""

from dataclasses import replace
from fractions import Fraction
from math import ceil
from random import Random

import pytest

from statemachine.risk.margin import not_riskier
from statemachine.risk.tiers import initial_of, leverage_max, maintenance_of
from statemachine.rules import MarketRules, decode_rules
from statemachine.units import PPM_ONE
from tests.worlds import USDC, market_rules, world_rules

MILLION = 1_000_000 * USDC


def hyperliquid(first: int, *tiers: tuple[int, int]) -> MarketRules:
    """Return rules of a Hyperliquid table: leverages from notionals in micros; MM is half of IM."""
    rates = [(lower, -(-PPM_ONE // most)) for lower, most in tiers]
    return market_rules(
        0,
        initial_ppm=PPM_ONE // first,
        maintenance_ppm=PPM_ONE // first // 2,
        tiers=tuple((lower, rate, -(-rate // 2)) for lower, rate in rates),
    )


# Source: hyperliquid.gitbook.io/hyperliquid-docs/trading/margin-tiers, "Mainnet Margin Tiers"
# and "Testnet Margin Tiers"; deductions by the recursion given there.
BTC = hyperliquid(40, (150 * MILLION, 20))
ETH = hyperliquid(25, (100 * MILLION, 15))
SOL = hyperliquid(20, (70 * MILLION, 10))
XRP = hyperliquid(20, (40 * MILLION, 10))
DOGE_TESTNET = hyperliquid(10, (20_000 * USDC, 5), (100_000 * USDC, 4))


@pytest.mark.parametrize(
    ("rules", "notional", "maintenance"),
    [
        # The page's own example of a rate: at 20x, maintenance is 2.5%.
        (SOL, 1_000 * USDC, 25 * USDC),
        (BTC, 150 * MILLION, 1_875_000 * USDC),
        # deduction(1) = 150M * (2.5% - 1.25%) = 1.875M
        (BTC, 200 * MILLION, 5 * MILLION - 1_875_000 * USDC),
        (SOL, 70 * MILLION, 1_750_000 * USDC),
        # deduction(1) = 70M * (5% - 2.5%) = 1.75M
        (SOL, 100 * MILLION, 5 * MILLION - 1_750_000 * USDC),
        # deduction(1) = 40M * (5% - 2.5%) = 1M
        (XRP, 60 * MILLION, 3 * MILLION - 1 * MILLION),
        (DOGE_TESTNET, 20_000 * USDC, 1_000 * USDC),
        # deduction(1) = 20k * (10% - 5%) = 1k; deduction(2) = 1k + 100k * (12.5% - 10%) = 3.5k
        (DOGE_TESTNET, 100_000 * USDC, 9_000 * USDC),
        (DOGE_TESTNET, 200_000 * USDC, 25_000 * USDC - 3_500 * USDC),
    ],
)
def test_maintenance_is_that_of_hyperliquids_tables(
    rules: MarketRules, notional: int, maintenance: int
) -> None:
    assert maintenance_of(rules, rules.maintenance_ppm, notional) == maintenance


@pytest.mark.parametrize(
    ("initial_ppm", "notional", "crowd", "lower", "upper", "initial"),
    [
        # Source: dydxprotocol/v4-chain, x/perpetuals/types/liquidity_tier_test.go, the cases of
        # open interest margin: 20% + 0.5 * (1 - 20%) = 60%; all of it; none of it.
        (200_000, 500_000, 1_500_000_000_000, 1_000_000_000_000, 2_000_000_000_000, 300_000),
        (200_000, 500_000, 80_000_000_000_000, 25_000_000_000_000, 50_000_000_000_000, 500_000),
        (200_000, 500_000, 25_000_000_000_000, 25_000_000_000_000, 50_000_000_000_000, 100_000),
        # Caps of the "mid cap" and "long tail" liquidity tiers, app/upgrades/v5.0.0/upgrade.go.
        (100_000, 1_000_000, 37_500_000_000_000, 25_000_000_000_000, 50_000_000_000_000, 550_000),
        (100_000, 1_000_000, 0, 25_000_000_000_000, 50_000_000_000_000, 100_000),
    ],
)
def test_initial_grows_with_open_interest_as_on_dydx(
    initial_ppm: int, notional: int, crowd: int, lower: int, upper: int, initial: int
) -> None:
    rules = market_rules(
        0, initial_ppm=initial_ppm, open_interest_lower=lower, open_interest_upper=upper
    )
    assert initial_of(rules, initial_ppm, notional, crowd, 0) == initial
    # Not scaled: a crowd's growth liquidates nobody.
    assert maintenance_of(rules, 30_000, notional) == notional * 30_000 // PPM_ONE


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        # Source: starkware-libs/stark-perpetual, the rule of a legal change of a position:
        # total value over total risk may not fall, and with no risk left the value may not.
        ((100, 200), (100, 200), True),
        ((100, 200), (50, 100), True),
        ((100, 200), (49, 100), False),
        ((100, 200), (51, 100), True),
        ((-100, 200), (-50, 100), True),
        ((-100, 200), (-51, 100), False),
        ((100, 200), (0, 0), True),
        ((100, 200), (-1, 0), False),
        ((100, 0), (100, 0), True),
        ((100, 0), (99, 0), False),
    ],
)
def test_not_riskier_as_on_starkex(
    before: tuple[int, int], after: tuple[int, int], *, allowed: bool
) -> None:
    assert not_riskier(*before, *after) is allowed


def slow(rules: MarketRules, column: int, notional: int) -> Fraction:
    """Return what each part of a notional asks for at its own tier's rate, exactly."""
    tiers = [(0, rules.initial_ppm, rules.maintenance_ppm), *rules.tiers]
    ends = [tier[0] for tier in tiers[1:]] + [1 << 200]
    total = Fraction(0)
    for tier, end in zip(tiers, ends, strict=True):
        part = max(0, min(notional, end) - tier[0])
        total += Fraction(part * tier[column], PPM_ONE)
    return total


def test_requirements_are_those_of_the_slow_model() -> None:
    random = Random(7)
    for _ in range(500):
        lowers = sorted(random.sample(range(1, 1_000_000), random.randint(0, 4)))
        initials = sorted(random.sample(range(20_000, PPM_ONE), len(lowers) + 1))
        shares = [random.randint(1, initial) for initial in initials]
        kept = [max(shares[: i + 1]) for i in range(len(shares))]
        kept = [min(rate, initial) for rate, initial in zip(kept, initials, strict=True)]
        for place in range(1, len(kept)):
            kept[place] = max(kept[place], kept[place - 1])
        lower = random.randint(0, 1_000)
        rules = market_rules(
            0,
            initial_ppm=initials[0],
            maintenance_ppm=kept[0],
            tiers=tuple(zip(lowers, initials[1:], kept[1:], strict=True)),
            open_interest_lower=lower,
            open_interest_upper=lower + random.randint(1, 1_000),
        )
        notional = random.choice((0, random.randint(0, 2_000_000), *lowers))
        crowd = random.randint(0, 3_000)
        leverage = random.randint(0, leverage_max(rules.initial_ppm))
        width = rules.open_interest_upper - lower
        share = max(Fraction(0), min(Fraction(1), Fraction(crowd - lower, width)))
        base = slow(rules, 1, notional)
        wanted = ceil(base + (notional - base) * share)
        if leverage:
            wanted = max(wanted, ceil(Fraction(notional, leverage)))
        assert initial_of(rules, initials[0], notional, crowd, leverage) == wanted
        assert maintenance_of(rules, kept[0], notional) == ceil(slow(rules, 2, notional))
        assert wanted >= maintenance_of(rules, kept[0], notional), "I6"
        assert initial_of(rules, initials[0], notional + 1, crowd, leverage) >= wanted, (
            "I6: monotone"
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"tiers": ((100, 50_000, 30_000), (100, 60_000, 30_000))},
        {"tiers": ((100, 40_000, 30_000),)},
        {"tiers": ((100, 60_000, 20_000),)},
        {"tiers": ((100, 60_000, 70_000),)},
        {"tiers": ((0, 60_000, 40_000),)},
        {"tiers": tuple((i + 1, 60_000, 40_000) for i in range(9))},
        {"open_interest_lower": 5},
        {"open_interest_lower": 5, "open_interest_upper": 5},
        {"open_interest_max": -1},
        {"index_band_ppm": PPM_ONE + 1},
    ],
)
def test_rules_that_could_not_work_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="need "):
        market_rules(0, **changes)


def test_rules_with_tiers_survive_their_encoding() -> None:
    rules = world_rules(markets=1)
    tiered = replace(rules, markets=(DOGE_TESTNET,))
    assert decode_rules(tiered.encode()) == tiered
    assert tiered.hash != rules.hash
