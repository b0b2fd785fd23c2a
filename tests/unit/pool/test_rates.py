"""What a loan costs: utilisation, two slopes with a kink, and the index that grows."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.risk.pool import (
    INDEX_LIMIT,
    INDEX_SHIFT,
    YEAR_MS,
    index_at,
    loan_rate,
    utilisation,
)
from statemachine.units import PPM_ONE
from tests.unit.pool.scene import RULES, pool_with
from tests.worlds import world_rules


@pytest.mark.parametrize(
    ("supplied", "lent", "used"),
    [
        (0, 0, 0),
        (100, 0, 0),
        (100, 1, 10_000),
        (3, 1, 333_333),
        (100, 100, 1_000_000),
        (100, 101, 1_000_000),
        (0, 1, 1_000_000),
    ],
)
def test_utilisation(supplied: int, lent: int, used: int) -> None:
    assert utilisation(pool_with(supplied, lent)) == used


@pytest.mark.parametrize(
    ("used", "rate"),
    [
        (0, 10_000),
        (400_000, 45_000),
        (799_999, 79_999),
        (800_000, 80_000),
        (800_001, 80_003),
        (900_000, 380_000),
        (1_000_000, 680_000),
    ],
)
def test_two_slopes_with_a_kink(used: int, rate: int) -> None:
    assert loan_rate(RULES, used) == rate


def test_rates_beyond_what_a_loan_may_cost_are_no_rules() -> None:
    for name, value in (
        ("loan_rate_kink_ppm", 0),
        ("loan_rate_kink_ppm", PPM_ONE),
        ("loan_rate_base_ppm", -1),
        ("loan_slope_above_ppm", 10 * PPM_ONE + 1),
        ("loan_maintenance_ppm", 50_001),
        ("loan_initial_ppm", PPM_ONE + 1),
    ):
        with pytest.raises(ValueError, match="loan"):
            world_rules(**{name: value})


def test_the_index_grows_linearly_and_rests_while_nothing_is_lent() -> None:
    pool = pool_with(1_000, 800, time=1_000)
    year = index_at(RULES, pool, 1_000 + YEAR_MS)
    assert year == floor(Fraction(80_000, PPM_ONE) * 2**INDEX_SHIFT)
    assert index_at(RULES, pool, 1_000) == index_at(RULES, pool, 0) == 0
    assert index_at(RULES, pool, 1_001) == (80_000 << INDEX_SHIFT) // (PPM_ONE * YEAR_MS)
    assert index_at(RULES, pool_with(1_000, 0, index=7), YEAR_MS) == 7
    near = pool_with(1_000, 800, index=INDEX_LIMIT - 1)
    assert index_at(RULES, near, YEAR_MS) == INDEX_LIMIT - 1


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=20), st.integers(1, 10**15))
def test_how_often_it_is_touched_matters_by_less_than_a_unit_each(
    waits: list[int], lent: int
) -> None:
    once = index_at(RULES, pool_with(10**15, lent), sum(waits))
    pool = pool_with(10**15, lent)
    for wait in waits:
        index = index_at(RULES, pool, pool.time + wait)
        pool.index, pool.time = index, pool.time + wait
    assert once - len(waits) < pool.index <= once
