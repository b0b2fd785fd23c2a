"""The engine against the model: whatever is done, they agree to the unit.

Hypothesis looks for short stories that tell them apart; seeded crowds play
long ones.  ``make soak`` plays 100,000 steps and more.
"""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from statemachine.actions import Bulk, Poke
from statemachine.errors import Code
from tests.duels import HOUR, RULES, SECOND, TRADERS, Duel, Item, Seeded

SOAK_STEPS_MIN = 35_000
SOAK_BLOCKS_PER_SEED = 300
UNREACHED = {
    Code.SIGNER_LIMIT,  # not enforced by the rules: admission counts
    Code.MARKET_STATE,  # every market has a price from the first block on
    Code.MARKETS_MAX,  # needs 17 markets; a vector shows it
}
"""Codes that no crowd of these provokes."""

data = st.data()
traders = st.integers(0, TRADERS - 1)


class Drawn:
    """A chooser that asks hypothesis, so that what it chose can shrink."""

    def __init__(self, source: st.DataObject) -> None:
        self.source = source

    def pick(self, items: Sequence[Item]) -> Item:
        return self.source.draw(st.sampled_from(items))

    def number(self, low: int, high: int) -> int:
        return self.source.draw(st.integers(low, high))


class Histories(RuleBasedStateMachine):
    """One rule for each thing that can be asked for; a block now and then."""

    duel: Duel

    @initialize(name=st.sampled_from(sorted(RULES)), source=data)
    def open(self, name: str, source: st.DataObject) -> None:
        self.duel = Duel(RULES[name], Drawn(source))

    def choose(self, source: st.DataObject) -> Duel:
        """Let ``source`` make the next choices."""
        self.duel.chooser = Drawn(source)
        return self.duel

    @rule(trader=traders, source=data)
    def order(self, trader: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, duel.order(trader))

    @rule(trader=traders, source=data)
    def leg(self, trader: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, duel.leg(trader))

    @rule(trader=traders, legs=st.integers(1, 8), source=data)
    def bulk(self, trader: int, legs: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, Bulk(0, tuple(duel.leg(trader) for _ in range(legs))))

    @rule(trader=traders, source=data)
    def errand(self, trader: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, duel.errand())

    @rule(trader=traders, source=data)
    def poke(self, trader: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, Poke(duel.account(), 0))

    @precondition(lambda self: self.duel.sent)
    @rule(source=data)
    def repeat(self, source: st.DataObject) -> None:
        self.choose(source).repeat()

    @rule(source=data)
    def queue_on_l1(self, source: st.DataObject) -> None:
        self.choose(source).queue_on_l1()

    @rule(permille=st.integers(-60, 60), source=data)
    def prices(self, permille: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.publish(duel.chooser.pick(duel.numbers), permille)

    @rule(
        wait=st.sampled_from((50, SECOND, 2 * SECOND, 6 * SECOND, 61 * SECOND, HOUR)),
        named=st.booleans(),
        valid=st.booleans() | st.just(value=True),
    )
    def block(self, wait: int, *, named: bool, valid: bool) -> None:
        self.duel.finish_block(valid=valid, named=None if named else 0)
        self.duel.wait(wait)

    def teardown(self) -> None:
        if hasattr(self, "duel"):
            self.duel.finish_block()


Histories.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestHistories = Histories.TestCase


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("seed", range(2))
def test_crowds(name: str, seed: int) -> None:
    duel = Duel(RULES[name], Seeded(seed))
    for _ in range(80):
        duel.random_block()
    assert len(duel.codes) > 15, duel.codes


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", sorted(RULES))
def test_soak(name: str) -> None:
    steps, seed = 0, 1_000
    codes: Counter[str] = Counter()
    stages: Counter[int] = Counter()
    while steps < SOAK_STEPS_MIN:
        duel = Duel(RULES[name], Seeded(seed))
        for _ in range(SOAK_BLOCKS_PER_SEED):
            duel.random_block()
        steps += duel.steps
        codes += duel.codes
        stages += duel.stages
        seed += 1
    print(f"{name}: {steps} steps, {seed - 1_000} seeds, {dict(stages)}, {dict(codes)}")  # noqa: T201  what a soak reached is worth reading
    expected = {code.name for code in Code} - {code.name for code in UNREACHED}
    if name != "backlog":
        expected -= {Code.DUE.name}
    assert expected <= set(codes), expected - set(codes)
    assert set(stages) == {1, 2, 3, 4, 5}
