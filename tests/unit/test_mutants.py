"""The list of mutants fits the rules as they are; ``make mutants`` runs them."""

import pytest

from tests.mutation.__main__ import problem_of
from tests.mutation.mutant import Mutant
from tests.mutation.mutants import MUTANTS

MUTANTS_MIN = 40


def test_there_are_enough_and_no_two_alike() -> None:
    assert len(MUTANTS) >= MUTANTS_MIN
    assert len({(m.file, m.old, m.new) for m in MUTANTS}) == len(MUTANTS)
    assert len({m.breaks for m in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.breaks.replace(" ", "-"))
def test_a_mutant_can_be_made(mutant: Mutant) -> None:
    assert not problem_of(mutant), "the rules changed: change tests/mutation/mutants/ with them"
    assert mutant.new != mutant.old
