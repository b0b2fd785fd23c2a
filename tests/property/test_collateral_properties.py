"""Crowds of owners of assets: every step costs what it touches, and no sale makes anyone poorer."""

from dataclasses import replace

import pytest

from statemachine.block import Block, BlockResult
from statemachine.events import STAGE_COLLATERAL, Liquidated
from statemachine.risk.margin import margin_of
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block, apply_segment
from tests.collateral import CollateralDuel
from tests.duels import Seeded
from tests.property.test_exchange_properties import steps_cost_what_they_touch


class WatchedDuel(CollateralDuel):
    """A duel whose every block is also run step by step."""

    def __init__(self, seed: int) -> None:
        self.sales = 0
        self.watched = 0
        super().__init__(Seeded(seed))

    def watch(self, store: MemoryStore, rules: Rules, block: Block) -> BlockResult:
        """Run a block as the engine does, and look at its steps."""
        items = store.values.items()
        steps_cost_what_they_touch(MemoryStore(items), self.world, block)
        self.watch_sales(MemoryStore(items), rules, block)
        self.watched += 1
        return apply_block(store, rules, block)

    def watch_sales(self, store: MemoryStore, rules: Rules, block: Block) -> None:
        """Check that what a step sells of a debtor's assets leaves him no poorer."""
        single = replace(rules, segment_steps_max=1)
        while True:
            before = MemoryStore(store.values.items())
            segment = apply_segment(store, single, block)
            store.apply(segment.writes)
            for event in segment.events:
                if isinstance(event, Liquidated) and event.stage == STAGE_COLLATERAL:
                    self.sales += 1
                    # At today's prices both: the market leaf is the same before and after.
                    # At one time as well: a block's first step lets interest accrue.
                    past, after = State(before, rules), State(store, rules)
                    past.cursor.time = after.cursor.time
                    was, now = past.portfolio(event.portfolio), after.portfolio(event.portfolio)
                    assert was is not None
                    assert now is not None
                    assert margin_of(after, now).equity >= margin_of(past, was).equity
            if segment.ended:
                return


@pytest.mark.parametrize("seed", range(100, 104))
def test_crowds_of_owners_of_assets(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    duel: WatchedDuel | None = None

    def run_engine(store: MemoryStore, rules: Rules, block: Block) -> BlockResult:
        return apply_block(store, rules, block) if duel is None else duel.watch(store, rules, block)

    monkeypatch.setattr("tests.duels.run_engine", run_engine)
    duel = WatchedDuel(seed)
    for _ in range(60):
        duel.random_block()
    assert duel.watched == 60
