"""The engine against the model: whatever is done, they agree to the unit.

Hypothesis looks for short stories that tell them apart; seeded crowds play
long ones.  ``make soak`` plays 100,000 steps and more.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from statemachine.actions import Bulk, Poke, SetMarketState, Transaction
from statemachine.block import Block, BlockResult
from statemachine.errors import Code
from statemachine.events import STAGE_COLLATERAL, STAGE_POOL
from statemachine.states import STATE_SETTLED
from statemachine.transition import apply_block
from tests.backing import BackedDuel
from tests.borrowers import BorrowersDuel
from tests.collateral import CollateralDuel
from tests.duels import HOUR, RULES, SECOND, TRADERS, Chooser, Duel, Item, Seeded
from tests.exchange_vectors import all_scenes
from tests.exchange_vectors.scene import Scene
from tests.extremes import ExtremeDuel
from tests.fundraising import FundDuel
from tests.models.exchange import Exchange
from tests.models.exchange import apply_block as run_model
from tests.models.exchange.comparison import compare
from tests.models.exchange.state import SETTLE
from tests.variety import VariedDuel
from tests.worlds import World

SOAK_STEPS_MIN = 30_000
SOAK_BLOCKS_PER_SEED = 300
UNREACHED = {
    Code.SIGNER_LIMIT,  # not enforced by the rules: admission counts
    Code.ASSETS_MAX,  # needs five assets; a vector shows it
    Code.MARKETS_MAX,  # needs 17 markets; a vector shows it
}
"""Codes that no crowd of these is sure to provoke."""

DUELS: dict[str, Callable[[Chooser], Duel]] = {
    **{name: partial(Duel, rules) for name, rules in RULES.items()},
    "limits": ExtremeDuel,
    "varied": VariedDuel,
    "funds": FundDuel,
    "borrowers": BorrowersDuel,
    "collateral": CollateralDuel,
    "backed": BackedDuel,
}

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

    @initialize(name=st.sampled_from(sorted(DUELS)), source=data)
    def open(self, name: str, source: st.DataObject) -> None:
        self.duel = DUELS[name](Drawn(source))

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

    @rule(trader=traders, legs=st.integers(1, 8), source=data)
    def atomic(self, trader: int, legs: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, Bulk(0, tuple(duel.leg(trader) for _ in range(legs)), atomic=True))

    @rule(trader=traders, source=data)
    def errand(self, trader: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, duel.errand())

    @rule(trader=traders, source=data)
    def poke(self, trader: int, source: st.DataObject) -> None:
        duel = self.choose(source)
        duel.send(trader, Poke(duel.account(), 0))

    @rule(trader=traders, source=data)
    def crowd_nonces(self, trader: int, source: st.DataObject) -> None:
        self.choose(source).crowd_nonces(trader)

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


@pytest.mark.parametrize("name", sorted(DUELS))
@pytest.mark.parametrize("seed", range(2))
def test_crowds(name: str, seed: int) -> None:
    duel = DUELS[name](Seeded(seed))
    for _ in range(60):
        duel.random_block()
    assert len(duel.codes) > 15, duel.codes


@pytest.mark.parametrize("seed", range(3))
def test_markets_end_in_a_crowd(seed: int) -> None:
    """Two of three markets end while everybody trades; engine and model agree on the way out."""
    duel = VariedDuel(Seeded(100 + seed))
    for block in range(60):
        for number, after in zip(duel.numbers, (30, 45), strict=False):
            if block >= after and duel.model.markets[number].state != STATE_SETTLED:
                end = SetMarketState(number, STATE_SETTLED)
                duel.pending.append(duel.world.sign(0, end))
        duel.random_block()
    while any(item.kind == SETTLE for item in duel.model.due):
        duel.wait(SECOND)
        duel.finish_block()
    for number in duel.numbers[:2]:
        assert duel.model.markets[number].state == STATE_SETTLED
        assert not [o for o in duel.model.orders.values() if o.market == number]


class ModelledWorld(World):
    """A world whose every block the model runs too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.model = Exchange(self.rules, self.now)

    def run(self, *transactions: Transaction, advance: int = 100) -> BlockResult:
        result = self.run_block(self.block(transactions, advance=advance))
        self.last = result
        return result

    def run_block(self, block: Block) -> BlockResult:
        result = apply_block(self.store, self.rules, block)
        self.store.apply(result.writes)
        compare(result.receipts, self.store.values, run_model(self.model, block), self.model)
        return result


@pytest.mark.parametrize("scene", all_scenes(), ids=lambda scene: f"{scene.handler}-{scene.file}")
def test_scenes_of_the_vectors(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.exchange_vectors.scene.World", ModelledWorld)
    shown = scene.play()
    assert isinstance(shown.world, ModelledWorld)
    shown.world.run_block(shown.block)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_soak() -> None:
    codes: Counter[str] = Counter()
    stages: Counter[int] = Counter()
    for name, start in DUELS.items():
        steps, seed = 0, 1_000
        while steps < SOAK_STEPS_MIN:
            duel = start(Seeded(seed))
            for _ in range(SOAK_BLOCKS_PER_SEED):
                duel.random_block()
            steps += duel.steps
            codes += duel.codes
            stages += duel.stages
            seed += 1
        print(f"{name}: {steps} steps, {seed - 1_000} seeds")  # noqa: T201  figures of the soak
    print(dict(codes.most_common()), dict(stages))  # noqa: T201  likewise
    unseen = {code.name for code in Code} - {code.name for code in UNREACHED} - set(codes)
    assert not unseen, f"a soak that never saw {unseen} shows too little"
    # Loans that go bad are rare; a vector shows one.
    assert set(stages) - {STAGE_POOL} == {1, 2, 3, 4, 5, 6, 7, STAGE_COLLATERAL}
