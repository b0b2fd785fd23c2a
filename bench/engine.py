"""The engine: orders per second through ``apply_block``, on one core.

1,000 funded accounts trade 10 markets: 55% limit orders that rest near a
random-walk mid, 35% cancels of a resting order, 10% takers (IOC), each a
transaction of its own, with margin, fees, bands and nonces; 300 to a block, which
is what a full frame holds.  Timed are ``apply_block`` and the commit of its writes
to a store in memory; decoding and recovery happen in other processes.  The garbage
collector is kept as a node keeps it.
"""

import random
from collections import Counter
from statistics import median
from typing import Final, final

from bench.arena import Arena, Signed, owner_address
from bench.figures import Figure
from node.process.garbage import tame_collector
from statemachine import transition
from statemachine.actions import FLAG_IOC, FLAG_SELL, Cancel, PlaceOrder
from statemachine.block import BlockResult
from statemachine.errors import invariant
from statemachine.events import Fill, OrderRemoved, OrderRested
from statemachine.merkle.tree import Tree
from statemachine.rules import MarketRules, Rules
from statemachine.units import Lots, Price

ACCOUNTS: Final = 1_000
MARKETS: Final = 10
BLOCK_ORDERS: Final = 300
WARM_BLOCKS: Final = 40
ROUNDS: Final = 5
ROUND_BLOCKS: Final = 20
PRICE_BLOCKS: Final = 20
TICK: Final = 100
DEPOSIT: Final = 10_000_000 * 10**6
FIRST_MID: Final = 6_000_000


def engine_rules() -> Rules:
    """Return rules with ten markets like BTC, and everything switched on."""
    markets = tuple(
        MarketRules(
            market=number,
            symbol=b"M%d" % number,
            lot_decimals=4,
            tick=TICK,
            initial_ppm=50_000,
            maintenance_ppm=30_000,
            maker_ppm=100,
            taker_ppm=500,
            fill_band_ppm=30_000,
            notional_min=10**6,
        )
        for number in range(MARKETS)
    )
    publishers = tuple(bytes([0xA0 + place]) * 20 for place in range(3))
    return Rules(
        chain_id=1, rollup=bytes(20), publishers=publishers, publishers_min=2, markets=markets
    )


@final
class Traders:
    """A seeded crowd: what it sends next depends on what is left of its orders."""

    def __init__(self, arena: Arena, seed: str) -> None:
        self.arena = arena
        self.rng = random.Random(seed)
        self.mids = [FIRST_MID + 100_000 * number for number in range(MARKETS)]
        self.resting: list[tuple[int, int]] = []  # (owner, order id)
        self.places: dict[int, tuple[int, int]] = {}  # order id -> (place in resting, market)
        self.codes: Counter[str] = Counter()
        self.blocks = 0
        self.first_account = arena.account_of(owner_address(0))

    def next_block(self) -> list[Signed]:
        """Return the next transactions; once a second prices as well."""
        rng = self.rng
        block: list[Signed] = []
        if self.blocks % PRICE_BLOCKS == 0:
            for market in range(MARKETS):
                self.mids[market] += TICK * rng.randint(-20, 20)
                block.append(self.arena.prices(market, self.mids[market]))
        self.blocks += 1
        for _ in range(BLOCK_ORDERS):
            draw = rng.random()
            if draw < 0.35 and self.resting:
                block.append(self.cancel())
            else:
                block.append(self.order(taker=draw >= 0.9))
        return block

    def order(self, *, taker: bool) -> Signed:
        """Return a limit order some ticks away from the mid, or one that crosses it."""
        rng = self.rng
        market = rng.randrange(MARKETS)
        side = rng.randrange(2)
        away = TICK * rng.randint(1, 50)
        down = (side == 0) != taker
        price = self.mids[market] - away if down else self.mids[market] + away
        flags = (FLAG_SELL if side else 0) | (FLAG_IOC if taker else 0)
        size = rng.randint(1, 100)
        action = PlaceOrder(0, market, flags, Price(price), Lots(size))
        return self.arena.transaction(owner_address(rng.randrange(ACCOUNTS)), action)

    def cancel(self) -> Signed:
        """Return a cancel of some resting order; it may be filled before it is cancelled."""
        owner, order_id = self.rng.choice(self.resting)
        market = self.places[order_id][1]
        return self.arena.transaction(owner_address(owner), Cancel(0, market, order_id))

    def learn(self, result: BlockResult) -> None:
        """Take note of what rests and what is gone."""
        self.codes.update(receipt.name for receipt in result.receipts)
        for event in result.events:
            if isinstance(event, OrderRested):
                self.places[event.order_id] = (len(self.resting), event.market)
                self.resting.append(((event.portfolio >> 8) - self.first_account, event.order_id))
            elif isinstance(event, OrderRemoved):
                self.forget(event.order_id)
            elif isinstance(event, Fill) and event.maker_remaining == 0:
                self.forget(event.maker_order)

    def forget(self, order_id: int) -> None:
        """Take an order out of the list; the last one moves into its place."""
        place, _ = self.places.pop(order_id, (-1, 0))
        if place < 0:
            return
        last = self.resting.pop()
        if place < len(self.resting):
            self.resting[place] = last
            self.places[last[1]] = (place, self.places[last[1]][1])


def measure(variant: str) -> list[Figure]:
    """Return the engine's figure; ``variant`` is the form that runs."""
    compiled = str(transition.__file__).endswith(".so")
    invariant(compiled == (variant == "compiled"), f"this is not the {variant} form")
    arena = Arena(engine_rules())
    arena.fund(ACCOUNTS, DEPOSIT)
    traders = Traders(arena, "engine")
    for _ in range(WARM_BLOCKS):
        traders.learn(arena.run(traders.next_block()))
    traders.codes.clear()
    tame_collector()
    rates = []
    for _ in range(ROUNDS):
        arena.seconds = 0.0
        for _ in range(ROUND_BLOCKS):
            traders.learn(arena.run(traders.next_block()))
        rates.append(ROUND_BLOCKS * BLOCK_ORDERS / arena.seconds)
    done = traders.codes.total()
    accepted = traders.codes["OK"] / done
    root = Tree.from_items(sorted(arena.store.values.items())).root
    note = (
        f"{min(rates):,.0f} to {max(rates):,.0f} in {ROUNDS} rounds; {accepted:.0%} accepted, "
        f"{len(traders.resting):,} resting, root {root.hex()[:8]}"
    )
    floor = 20_000 if variant == "interpreted" else 50_000
    return [Figure(f"engine.{variant}", median(rates), "orders/s", note, floor=floor)]
