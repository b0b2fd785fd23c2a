"""Histories in markets with every margin rule at once: tiers, crowds, caps, bands, states, budgets.

The crowd of the other histories, in smaller markets, with agents on a budget,
isolated sub-accounts, leverage of their own, and a guardian with a nervous hand.
After every block the state is audited, run again by segments and by steps, and
nobody who acted himself has less than he needs, unless he got less risky.
"""

from dataclasses import replace
from random import Random

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_SELL,
    Action,
    ApproveAgent,
    PlaceOrder,
    SetLeverage,
    SetMarketState,
    Transaction,
    Transfer,
)
from statemachine.handlers.agents import KINDS_ALLOWED
from statemachine.identity.signing import address_of
from statemachine.risk.margin import margin_of
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block, apply_segment
from statemachine.units import Lots, Micros, Millis, Price
from statemachine.working_set import WorkingSet
from tests.models.auditor import audit
from tests.property.test_exchange_properties import (
    MARKETS,
    MID,
    TRADERS,
    Crowd,
    steps_cost_what_they_touch,
)
from tests.worlds import USDC, World, market_rules, trader_key

AGENTS = tuple(bytes([0x70 + number]) * 32 for number in range(3))
ISOLATED = (128, 255)


class MarginCrowd(Crowd):
    """Traders of markets with every margin rule."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.random = Random(seed)
        markets = tuple(
            market_rules(
                number,
                initial_ppm=40_000 + 10_000 * number,
                tiers=((3_000 * USDC, 80_000, 40_000), (20_000 * USDC, 200_000, 100_000)),
                open_interest_lower=10_000 * USDC * (number > 0),
                open_interest_upper=60_000 * USDC * (number > 0),
                open_interest_max=6_000 * (number < 2),
                index_band_ppm=20_000 * number,
            )
            for number in range(MARKETS)
        )
        guardian = address_of(trader_key(0))
        self.world = World(replace(self.world.rules, markets=markets, guardian=guardian))
        self.price = [MID] * MARKETS
        self.world.open(TRADERS, MID, 2_000 * USDC)

    def transactions(self) -> list[Transaction]:
        made = super().transactions()
        for _ in range(self.random.randint(0, 8)):
            signer, action = self.rule_action()
            made.append(self.world.sign(signer, action))
        return made

    def rule_action(self) -> tuple[int | bytes, Action]:
        """Return what only these markets know, and who signs it."""
        pick = self.random
        trader = pick.randrange(TRADERS)
        market = pick.randrange(MARKETS)
        roll = pick.random()
        sub = pick.choice((0, *ISOLATED))
        if roll < 0.2:
            return trader, SetLeverage(sub, market, pick.choice((0, 1, 2, 5, 10, 25, 60)))
        if roll < 0.4:
            amount = Micros(pick.choice((USDC, 100 * USDC, 900 * USDC)))
            places = pick.sample((0, *ISOLATED), 2)
            return trader, Transfer(places[0], places[1], amount)
        if roll < 0.5:
            return pick.choice((0, 0, trader)), SetMarketState(market, pick.choice((1, 1, 2, 3, 4)))
        if roll < 0.6:
            budget = Micros(pick.choice((0, 500 * USDC, 20_000 * USDC)))
            loss = Micros(pick.choice((0, USDC, 50 * USDC)))
            agent = address_of(AGENTS[trader % len(AGENTS)])
            expiry = Millis(self.world.now + 90_000_000)
            return trader % len(AGENTS), ApproveAgent(agent, expiry, KINDS_ALLOWED, 0, budget, loss)
        size = Lots(pick.choice((5, 400, 2_000, 5_000)))
        flags = pick.choice((0, 1, 0, 1, 2, 3, 4, 5, 9, 11))
        order = PlaceOrder(sub, market, flags, self.price_near(market), size)
        return (trader if roll < 0.8 else pick.choice(AGENTS)), order


@pytest.mark.parametrize("seed", range(8))
def test_every_history_with_every_margin_rule(seed: int) -> None:
    crowd = MarginCrowd(seed)
    world = crowd.world
    codes: set[str] = set()
    known = WorkingSet()
    for _ in range(80):
        block = crowd.next_block()
        before = MemoryStore(world.store.values.items())
        result = apply_block(world.store, world.rules, block, known)
        world.store.apply(result.writes)
        codes |= {receipt.name for receipt in result.receipts}
        audit(world.store.values, world.rules)
        again = MemoryStore(before.values.items())
        for writes in result.segments:
            segment = apply_segment(again, world.rules, block)
            assert segment.writes == writes
            again.apply(segment.writes)
        assert again.values == world.store.values
        steps_cost_what_they_touch(before, world, block)
    assert len(codes) > 12, codes


def test_histories_meet_every_code_of_these_rules() -> None:
    wanted = {"ISOLATED", "OPEN_INTEREST", "LEVERAGE", "GUARDIAN", "MARKET_STATE"}
    wanted |= {"AGENT_NOTIONAL", "AGENT_LOSS", "MARGIN"}
    for seed in range(20, 40):
        crowd = MarginCrowd(seed)
        for _ in range(60):
            result = apply_block(crowd.world.store, crowd.world.rules, crowd.next_block())
            crowd.world.store.apply(result.writes)
            wanted -= {receipt.name for receipt in result.receipts}
        if not wanted:
            return
    assert not wanted


def order_of(crowd: MarginCrowd, trader: int) -> PlaceOrder:
    """Return an order as good as any, or one that takes some of his position off at once."""
    pick, world = crowd.random, crowd.world
    held = [p for p in world.state.all_positions(world.portfolio(trader)) if p.size]
    if held and pick.random() < 0.5:
        position = pick.choice(held)
        size = Lots(max(1, abs(position.size) // pick.choice((1, 2, 4))))
        mark, side = world.market(position.market).mark, FLAG_SELL if position.size > 0 else 0
        worst = Price((mark - mark // 100 if side else mark + mark // 100) // 10 * 10)
        return PlaceOrder(0, position.market, FLAG_IOC | side, worst, size)
    side = pick.choice((0, FLAG_SELL))
    market, size = pick.randrange(MARKETS), Lots(pick.choice((5, 400, 2_000, 5_000)))
    return PlaceOrder(0, market, side, crowd.price_near(market), size)


def choose(crowd: MarginCrowd) -> int:
    """Return anybody but the rich one, more often whoever has the least to spare."""

    def spare(trader: int) -> int:
        margin = margin_of(crowd.world.state, crowd.world.portfolio(trader))
        return margin.equity - margin.initial

    anybody = range(1, TRADERS)
    return min(anybody, key=spare) if crowd.random.random() < 0.4 else crowd.random.choice(anybody)


def move(crowd: MarginCrowd) -> None:
    """Let all prices go elsewhere, and somebody rich quote there."""
    world, level = crowd.world, MID * crowd.random.randint(88, 112) // 100 // 10 * 10
    crowd.price = [level] * MARKETS
    world.run(*(world.prices(m, level) for m in range(MARKETS)))
    for market in range(MARKETS):
        mark = world.market(market).mark
        for side, away in ((0, -1), (FLAG_SELL, 1)):
            price = Price((mark + away * mark // 500) // 10 * 10)
            world.run(world.sign(0, PlaceOrder(0, market, side, price, Lots(2_000))), advance=1)


def test_whoever_opens_is_covered_at_the_end_of_his_own_order() -> None:
    """I5, block by block: one order each, so that nothing else moves his margin."""
    covered, less_risky = 0, 0
    for seed in range(4):
        crowd = MarginCrowd(seed + 100)
        world = crowd.world
        world.deposit(0, 10_000_000 * USDC)
        for _ in range(150):
            trader = choose(crowd)
            order = order_of(crowd, trader)
            was = margin_of(world.state, world.portfolio(trader))
            receipt = world.run(world.sign(trader, order), advance=1).receipts[-1]
            now = margin_of(world.state, world.portfolio(trader))
            if receipt.name == "OK" and now.equity < now.initial:
                assert now.equity * was.maintenance >= was.equity * now.maintenance, (seed, order)
                less_risky += 1
            covered += receipt.name == "OK" and now.equity >= now.initial
            if crowd.random.random() < 0.2:
                move(crowd)
    assert covered > 200
    assert less_risky > 2
