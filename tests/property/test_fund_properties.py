"""Funds in crowds: what a step costs, what a memory changes, and that a leader just trades.

The crowds are those that the model is compared in (:mod:`tests.fundraising`).
"""

from collections import Counter
from random import Random
from typing import Any

import pytest

import tests.duels
from statemachine.actions import CreateFund, FundDeposit, FundWithdraw, PlaceOrder, Transaction
from statemachine.block import Block, BlockResult
from statemachine.fund_events import (
    FUND_BOUGHT,
    FUND_EXITING,
    FUND_OPENED,
    FUND_PAID,
    FUND_RELEASED,
    FUND_WAITS,
    FundChanged,
)
from statemachine.rules import Rules
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block
from statemachine.units import Lots, Micros, Millis, Price
from statemachine.working_set import WorkingSet
from tests.duels import Seeded
from tests.fundraising import FundDuel
from tests.models.auditor import audit
from tests.property.test_exchange_properties import steps_cost_what_they_touch
from tests.worlds import USDC, World, world_rules

MID = 6_000_000
SUB = 64


@pytest.mark.parametrize("seed", range(3))
def test_steps_of_funds_cost_what_they_touch_whatever_is_remembered(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: Counter[int] = Counter()
    known: dict[int, WorkingSet] = {}

    def run(store: MemoryStore, rules: Rules, block: Block) -> BlockResult:
        result = apply_block(store, rules, block)
        remembered = known.setdefault(id(store), WorkingSet())
        again = apply_block(store, rules, block, remembered)
        assert [receipt.leaf() for receipt in again.receipts] == [
            receipt.leaf() for receipt in result.receipts
        ]
        assert again.writes == result.writes
        stages.update(e.stage for e in result.events if isinstance(e, FundChanged))
        world = World(rules)
        steps_cost_what_they_touch(MemoryStore(store.values.items()), world, block)
        return result

    monkeypatch.setattr(tests.duels, "run_engine", run)
    duel = FundDuel(Seeded(seed))
    for _ in range(40):
        duel.random_block()
    assert {FUND_OPENED, FUND_BOUGHT} <= set(stages), stages


def test_crowds_see_funds_that_wait_and_are_made_to_sell(monkeypatch: pytest.MonkeyPatch) -> None:
    stages: Counter[int] = Counter()

    def run(*arguments: Any) -> BlockResult:
        result = apply_block(*arguments)
        stages.update(e.stage for e in result.events if isinstance(e, FundChanged))
        return result

    monkeypatch.setattr(tests.duels, "run_engine", run)
    for seed in (1, 2, 3, 4):
        duel = FundDuel(Seeded(seed))
        for _ in range(40):
            duel.random_block()
    assert {FUND_PAID, FUND_WAITS, FUND_EXITING, FUND_RELEASED} <= set(stages), stages


def story(seed: int, *, as_fund: bool) -> tuple[list[tuple[int, ...]], World]:
    """Let somebody trade from sub-account 64, which is a fund or is not."""
    pick = Random(seed)
    world = World(world_rules(2))
    world.open(3, MID, 10_000 * USDC)
    world.deposit(0, 1_000 * USDC, sub=SUB)
    world.run()
    if as_fund:
        assert world.act(0, CreateFund(SUB, 100_000, Millis(3_600_000))) == "OK"
    outcomes = []
    price = MID
    for _ in range(60):
        price = price * (1_000 + pick.choice((0, 0, 3, -3))) // 10_000 * 10
        transactions: list[Transaction] = [world.prices(m, price) for m in (0, 1)]
        for trader in (1, 2, 0):
            side = pick.randrange(2)
            at = Price(price + 10 * pick.randrange(-600, 600))
            size = Lots(pick.choice((10, 300, 900)))
            order = PlaceOrder(SUB if trader == 0 else 0, pick.randrange(2), side, at, size)
            transactions.append(world.sign(trader, order))
        result = world.run(*transactions, advance=1_000)
        outcomes += [(r.code, r.filled, r.notional, r.fee, *r.args) for r in result.receipts]
        audit(world.store.values, world.rules)
    return outcomes, world


@pytest.mark.parametrize("seed", range(3))
def test_a_leader_trades_a_fund_exactly_as_any_sub_account(seed: int) -> None:
    led, fund = story(seed, as_fund=True)
    plain, other = story(seed, as_fund=False)
    assert led == plain
    one, two = fund.portfolio(0, SUB), other.portfolio(0, SUB)
    assert (one.balance, one.moved, one.markets) == (two.balance, two.moved, two.markets)


@pytest.mark.parametrize("seed", range(6))
def test_shares_bought_in_parts_are_never_more_nor_is_what_they_are_paid(seed: int) -> None:
    pick = Random(seed)
    amount = pick.randrange(20 * USDC, 900 * USDC)
    parts = [amount // 2, amount - amount // 2]
    found = []
    for split in ([amount], parts):
        _, world = story(seed, as_fund=True)
        for market in (0, 1):
            world.run(world.prices(market, MID), advance=1)
        before = world.portfolio(1).balance
        bought = 0
        for part in split:
            receipt = world.run(world.sign(1, FundDeposit(1, SUB, 0, Micros(part)))).receipts[-1]
            assert receipt.name == "OK"
            bought += receipt.filled
        world.run(*(world.prices(m, MID) for m in (0, 1)), advance=3_600_001)
        result = world.run(world.sign(1, FundWithdraw(1, SUB, 0, 0)))
        assert result.receipts[-1].name == "OK"
        audit(world.store.values, world.rules)
        found.append((bought, world.portfolio(1).balance - before))
    (whole, gain), (pieces, gain_of_pieces) = found
    assert pieces <= whole
    assert whole - pieces <= 1
    assert abs(gain - gain_of_pieces) <= 2
