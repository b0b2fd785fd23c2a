"""Every rung of the ladder is reached, in random crashes, and the books balance on each.

Traders on high leverage, vaults that some of them fund, little insurance, and
prices that jump: after every block the whole state is audited (ranks against a
brute-force order, settled balances, deficits and shares against their leaves), and
every step's cost against the leaves it touched.
"""

from collections import Counter
from dataclasses import replace
from random import Random

from statemachine.actions import (
    Action,
    PlaceOrder,
    Poke,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.events import (
    STAGE_BACKSTOP,
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_INSURANCE,
    STAGE_RELEASED,
    STAGE_SLICE,
    Deleveraged,
    Liquidated,
)
from statemachine.keys import BUY, SELL
from statemachine.risk.deleverage import victim_price
from statemachine.stakes import SHARES_BOUGHT, SHARES_NOTICE, SHARES_PAID, SharesChanged
from statemachine.storage import MemoryStore
from statemachine.transition import apply_block
from statemachine.units import Lots, Micros, Price
from tests.models.auditor import Books, audit
from tests.models.backstops import order_of_victims
from tests.property.test_exchange_properties import steps_cost_what_they_touch
from tests.worlds import USDC, World, world_rules

TRADERS = 6
MARKETS = 2
MID = 6_000_000
STAGES = (
    STAGE_FLAGGED,
    STAGE_SLICE,
    STAGE_BACKSTOP,
    STAGE_INSURANCE,
    STAGE_DELEVERAGE,
    STAGE_DEFICIT,
    STAGE_RELEASED,
)


def check_victims(before: MemoryStore, world: World, cuts: list[Deleveraged]) -> None:
    """Check one block's cuts: in the order of ranks, at no victim's loss against his entry."""
    books = Books(before.values)
    for cut in cuts:
        position = books.positions.get((cut.portfolio, cut.market))
        if position is None or (position.size > 0) != (cut.size > 0):
            continue  # opened in this very block
        if position.cost // position.size != position.rank * (1 if position.size > 0 else -1):
            continue
        assert victim_price(position, cut.mark, cut.price) in (cut.price, -1)
    order = [
        order_of_victims(books, world.rules, market, side)
        for market in range(MARKETS)
        for side in (BUY, SELL)
    ]
    for names in order:
        assert len(names) == len(set(names))


def action_of(random: Random, world: World, trader: int, prices: list[int]) -> Action:
    """Return what a reckless trader does next."""
    market = random.randrange(MARKETS)
    roll = random.random()
    if roll < 0.06:
        amount = Micros(random.choice((20, 200, 2_000)) * USDC)
        return VaultDeposit(0, market, amount)
    if roll < 0.12:
        return VaultWithdraw(0, market, random.choice((0, 0, 10 * USDC)))
    if roll < 0.15:
        return Withdraw(0, Micros(random.choice((5, 500)) * USDC))
    side = random.randrange(2)
    mark = world.market(market).mark or prices[market]
    price = mark * random.choice((985, 995, 1_000, 1_005, 1_015)) // 10_000 * 10
    size = random.choice((1_000, 3_000)) if trader else random.choice((500, 2_000))
    return PlaceOrder(0, market, side, Price(price), Lots(size))


def test_every_rung_is_reached() -> None:
    seen: Counter[int] = Counter()
    shares: Counter[int] = Counter()
    for seed in range(10):
        random = Random(seed)
        rules = world_rules(
            MARKETS,
            slice_interval_ms=1_000,
            slice_notional_min=50 * USDC,
            slice_ppm=1_000_000 if seed % 2 else 200_000,
            insurance_daily_max=(1 if seed % 2 else 200) * USDC,
            vault_notice_ms=3_000,
            grace_ms=2_000,
            grace_updates_min=2,
            velocity_min=1_000 * USDC,
            rank_notional_min=(10 if seed % 2 else 1_000_000) * USDC,
        )
        world = World(replace(rules, victims_max=1 + seed % 8))
        world.open(TRADERS, MID, 1_000 * USDC)
        world.deposit(0, 50_000 * USDC)
        prices = [MID] * MARKETS
        for _ in range(60):
            market = random.randrange(MARKETS)
            prices[market] = (
                prices[market] * random.choice((92, 95, 97, 99, 101, 103, 105, 108)) // 100
            )
            transactions = [world.prices(m, prices[m]) for m in range(MARKETS)]
            traders = (0, 0, *(random.randrange(TRADERS) for _ in range(3)))
            transactions += [
                world.sign(trader, action_of(random, world, trader, prices)) for trader in traders
            ]
            transactions += [
                world.sign(0, Poke(world.account(trader), 0)) for trader in range(1, TRADERS)
            ]
            transactions += [world.sign(0, Poke(0, m)) for m in range(MARKETS)]
            outage = 62_000 if random.random() < 0.2 else 9
            advance = random.choice((100, 500, 1_100, 2_500, outage))
            block = world.block(transactions, advance=advance)
            before = MemoryStore(world.store.values.items())
            result = apply_block(world.store, world.rules, block)
            world.store.apply(result.writes)
            audit(world.store.values, world.rules)
            seen.update(e.stage for e in result.events if isinstance(e, Liquidated))
            shares.update(e.stage for e in result.events if isinstance(e, SharesChanged))
            cuts = [e for e in result.events if isinstance(e, Deleveraged)]
            check_victims(before, world, cuts)
            if random.random() < 0.2:
                steps_cost_what_they_touch(before, world, block)
    assert all(seen[stage] for stage in STAGES), seen
    assert all(shares[stage] for stage in (SHARES_BOUGHT, SHARES_NOTICE, SHARES_PAID)), shares
