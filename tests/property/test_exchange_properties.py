"""What holds for every history: zero sums, one result per block, costs that cover.

Seeded traders do everything there is to do, badly and often.  After every
block the whole state is audited; the block, run with what earlier ones
decoded, is run again segment by segment from the cursor leaf alone, and again
one step at a time over a store that counts what is touched.
"""

from dataclasses import replace
from random import Random

import pytest

from statemachine import keys
from statemachine.actions import (
    MARKET_EVERY,
    NO_TERMS,
    Action,
    ApproveAgent,
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    Leg,
    Modify,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Scale,
    Send,
    Terms,
    Transaction,
    Transfer,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.block import Block
from statemachine.costs import COST_MAX
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block, apply_segment
from statemachine.units import Lots, Micros, Millis, Price
from statemachine.working_set import WorkingSet
from tests.counting import CountingStore
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

TRADERS = 6
MARKETS = 3
MID = 6_000_000
AGENT = b"\x55" * 32


class Crowd:
    """Seeded traders of a world with little money and many markets."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        rules = world_rules(
            MARKETS,
            step_visits_max=3,
            step_continuations_max=4,
            orders_per_portfolio_max=30,
            slice_interval_ms=2_000,
            slice_notional_min=10 * USDC,
            vault_notice_ms=5_000,
            loan_slope_above_ppm=10_000_000,
        )
        maker_ppm = (100, -200, 0)
        markets = (
            market_rules(i, maker_ppm=maker_ppm[i], initial_ppm=40_000 + 10_000 * i)
            for i in range(MARKETS)
        )
        rules = replace(rules, markets=tuple(markets))
        self.world = World(rules)
        self.price = [MID] * MARKETS
        self.world.open(TRADERS, MID, 2_000 * USDC)

    def price_near(self, market: int) -> Price:
        base = self.price[market]
        return Price((base + self.random.randint(-12, 12) * base // 1_000) // 10 * 10)

    def leg(self, trader: int) -> Leg:
        pick = self.random
        market = pick.randrange(MARKETS)
        roll = pick.random()
        client_id = bytes([trader, pick.randrange(6)]) * 8
        if roll < 0.7:
            cid = client_id if pick.random() < 0.4 else b""
            size = Lots(pick.choice((5, 400, 2_000, 5_000)))
            if roll < 0.15:
                return self.peg(market, size, cid)
            return PlaceOrder(
                0,
                market,
                pick.choice((0, 1, 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 16, 17, 36, 37)),
                self.price_near(market),
                size,
                cid,
                self.terms(market),
            )
        ref = self.some_ref(trader, client_id)
        if roll < 0.85:
            return Cancel(0, market, ref)
        size = Lots(pick.choice((1, 4, 100)))
        return Modify(
            0, market, pick.choice((0, 1, 4, 8, 9, 64, 65)), ref, self.price_near(market), size
        )

    def peg(self, market: int, size: Lots, client_id: bytes) -> PlaceOrder:
        """Return an order that follows the index, as far as its limit lets it."""
        pick = self.random
        side = pick.randrange(2)
        flags = side | pick.choice((132, 132, 164, 140))
        limit = self.price[market] * pick.choice((98, 102, 100)) // 1_000 * 10
        terms = Terms(offset=pick.randint(-30, 30) * 100)
        return PlaceOrder(0, market, flags, Price(limit), size, client_id, terms)

    def some_ref(self, trader: int, client_id: bytes) -> int | bytes:
        prefix = keys.owned_range(self.world.account(trader) << 8)
        owned = self.world.store.ranges.get(prefix, [])
        if owned and self.random.random() < 0.7:
            return keys.owned_place(self.random.choice(owned))[1]
        return client_id

    def action(self, trader: int) -> Action:
        pick = self.random
        roll = pick.random()
        if roll < 0.6:
            return self.leg(trader)
        if roll < 0.75:
            legs = tuple(self.leg(trader) for _ in range(pick.randint(1, 6)))
            return Bulk(0, legs, atomic=pick.random() < 0.5)
        if roll < 0.8:
            return Poke(self.world.account(pick.randrange(TRADERS)), 0)
        if roll < 0.9:
            return self.compound()
        amount = Micros(pick.choice((0, 1, USDC, 300 * USDC, 10_000 * USDC)))
        agent = address_of(bytes([0x60 + pick.randrange(3)]) * 32)
        return pick.choice(
            (
                CancelAll(0, pick.choice((0, 1, MARKET_EVERY)), pick.randrange(3)),
                Withdraw(pick.randrange(2), amount),
                Transfer(pick.randrange(2), pick.randrange(2), amount),
                Send(address_of(trader_key(pick.randrange(5))), 0, 1, amount),
                ApproveAgent(agent, Millis(self.world.now + 5_000), 62, 0),
                RevokeAgent(agent),
                VaultDeposit(pick.randrange(2), pick.randrange(MARKETS + 1), amount),
                VaultWithdraw(0, pick.randrange(MARKETS), pick.choice((0, 5 * USDC))),
                PoolSupply(pick.randrange(2), amount),
                PoolRedeem(pick.randrange(2), pick.choice((0, 1, 100 * USDC))),
            )
        )

    def terms(self, market: int) -> Terms:
        pick = self.random
        roll = pick.random()
        if roll < 0.6:
            return NO_TERMS
        if roll < 0.75:
            return Terms(Millis(self.world.now + pick.choice((1, 500, 5_000, 70_000))))
        if roll < 0.85:
            return Terms(self_trade=pick.randrange(8), max_fee_ppm=pick.choice((0, 499, 10_000)))
        return Terms(trigger=pick.randrange(6), trigger_price=self.price_near(market))

    def compound(self) -> Action:
        pick = self.random
        market = pick.randrange(MARKETS)
        price = self.price_near(market)
        side = pick.randrange(2)
        size = Lots(pick.choice((40, 400, 2_000)))
        exits = tuple(
            PlaceOrder(
                0,
                market,
                1 - side | pick.choice((0, 2)),
                self.price_near(market),
                size,
                b"",
                Terms(trigger=pick.randrange(6), trigger_price=self.price_near(market)),
            )
            for _ in range(2)
        )
        entry = PlaceOrder(0, market, side | pick.choice((0, 2, 4)), price, size)
        now = self.world.now
        return pick.choice(
            (
                Bracket(0, entry, exits[: pick.randint(1, 2)]),
                Bracket(0, entry, exits),
                Bracket(0, None, exits),
                Twap(0, market, side, price, size, pick.randint(2, 5), Millis(1_000)),
                CancelAt(0, Millis(pick.choice((0, now + 200, now + 3_000)))),
                ClosePosition(0, market, price),
                Scale(0, market, side, price, self.price_near(market), size, pick.randint(2, 6)),
            )
        )

    def transactions(self) -> list[Transaction]:
        pick = self.random
        made = [
            self.world.sign(trader, self.action(trader))
            for trader in (pick.randrange(TRADERS) for _ in range(pick.randint(0, 20)))
        ]
        for market in range(MARKETS):
            if pick.random() < 0.9:
                move = pick.choice((0, 1, -1, 5, -5, 15, -15, 40, -40))
                self.price[market] = max(10, self.price[market] * (1_000 + move) // 1_000)
                made.append(self.world.prices(market, self.price[market]))
        if pick.random() < 0.1:
            owner = address_of(trader_key(pick.randrange(TRADERS + 2)))
            kind = pick.choice(list(InboxKind))
            amount = Micros(pick.choice((0, USDC, 500 * USDC)))
            self.world.inbox.append(InboxItem(kind, owner, 0, amount, Millis(self.world.now)))
        return made

    def next_block(self) -> Block:
        advance = self.random.choice((*[50] * 6, *[1_000] * 4, 2_000, 6_000, 61_000, 3_600_000))
        for market in range(MARKETS):
            # Mostly fresh prices, or nothing would ever trade.
            self.price[market] = self.price[market] // 10 * 10
        return self.world.block(self.transactions(), advance=advance)


@pytest.mark.parametrize("seed", range(12))
def test_every_history(seed: int) -> None:
    crowd = Crowd(seed)
    world = crowd.world
    codes: set[str] = set()
    known = WorkingSet()
    for _ in range(100):
        block = crowd.next_block()
        before = MemoryStore(world.store.values.items())
        result = apply_block(world.store, world.rules, block, known)
        assert world.store.values == before.values, "apply_block must not touch its pre-state"
        world.store.apply(result.writes)
        codes |= {receipt.name for receipt in result.receipts}

        audit(world.store.values, world.rules)

        again = MemoryStore(before.values.items())
        leaves = []
        for writes in result.segments:
            segment = apply_segment(again, world.rules, block)
            assert segment.writes == writes
            leaves += [receipt.leaf() for receipt in segment.receipts]
            again.apply(segment.writes)
        assert segment.ended
        assert again.values == world.store.values
        assert leaves == [receipt.leaf() for receipt in result.receipts]

        steps_cost_what_they_touch(before, world, block)
    assert len(codes) > 8, codes


def steps_cost_what_they_touch(before: MemoryStore, world: World, block: Block) -> None:
    """Run the block one step at a time and count leaves against each step's cost."""
    single = replace(world.rules, segment_steps_max=1)
    while True:
        counting = CountingStore(before)
        segment = apply_segment(counting, single, block)
        touched = counting.touched | set(segment.writes)
        units = sum(1 + len(before.get(key) or b"") // 129 for key in touched)
        written = sum(1 + len(value or b"") // 129 for value in segment.writes.values())
        assert segment.cost <= COST_MAX
        if segment.steps:
            assert max(units, written) <= segment.cost, [k.hex() for k in sorted(touched)]
        before.apply(segment.writes)
        if segment.ended:
            return
