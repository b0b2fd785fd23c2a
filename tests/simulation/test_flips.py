"""Random corruption: any bit of any committed value, and nothing gets through."""

import pytest

from tests.adversaries.flips import FATES, Gauntlet

QUICK = 440
LONG = 1_000


def run(seed: int, count: int) -> None:
    gauntlet = Gauntlet(seed)
    fates = gauntlet.run(count)
    for told in fates:
        kind, _, fate = told.partition(": ")
        assert fate.startswith(FATES[kind]), told
    assert {told.partition(": ")[0] for told in fates} == set(gauntlet.kinds) == set(FATES)
    assert sum(fates.values()) == count
    gauntlet.end()


def test_no_flipped_bit_gets_through() -> None:
    run(1, QUICK)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_no_flipped_bit_gets_through_for_long(seed: int) -> None:
    run(seed, LONG)
