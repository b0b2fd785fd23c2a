"""Liquidation never makes anybody poorer against his margin, and no absurd wish stops a block.

Traders on high leverage, prices that jump, and books that are thin: each block
is run one step at a time, so that a portfolio can be measured right before and
right after a slice of it is sold.
"""

from random import Random

import pytest

from statemachine import keys
from statemachine.actions import (
    Action,
    ApproveAgent,
    Cancel,
    CancelAll,
    Modify,
    PlaceOrder,
    Poke,
    RevokeAgent,
    Transfer,
    Withdraw,
)
from statemachine.events import (
    STAGE_BACKSTOP,
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_RELEASED,
    STAGE_SLICE,
    Event,
    Liquidated,
)
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.risk.margin import Margin, margin_of, not_riskier
from statemachine.state import State
from statemachine.transition import apply_segment
from statemachine.units import (
    LOTS_LIMIT,
    PRICE_LIMIT,
    TIME_LIMIT,
    Lots,
    Micros,
    Millis,
    Price,
)
from tests.models.auditor import audit
from tests.worlds import USDC, World, trader_key, world_rules

TRADERS = 5
MID = 6_000_000


def measure(world: World, portfolio: int) -> Margin:
    """Return a portfolio's margin as stored."""
    state = State(world.store, world.rules)
    record = state.portfolio(portfolio)
    assert record is not None
    return margin_of(state, record)


def check_slices(before: dict[int, Margin], world: World, events: list[Event]) -> int:
    """Check I15 and the end of a liquidation for one step; return how many lots it sold."""
    sold = 0
    for event in events:
        if not isinstance(event, Liquidated):
            continue
        first, now = before[event.portfolio], measure(world, event.portfolio)
        if event.stage == STAGE_FLAGGED:
            assert first.equity < first.maintenance
        elif event.stage == STAGE_DELEVERAGE:
            sold += abs(event.size)
            assert first.equity < 0
        elif event.stage in (STAGE_SLICE, STAGE_BACKSTOP):
            sold += abs(event.size)
            if first.equity >= 0:
                assert now.equity >= 0
                # One micro is what rounding each requirement up may cost.
                assert not_riskier(first.equity, first.maintenance + 1, now.equity, now.maintenance)
        elif event.stage == STAGE_RELEASED:
            assert now.equity * 100 >= now.maintenance * 105
        elif event.stage == STAGE_DEFICIT:
            assert world.state.ledger().insurance == 0
    return sold


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("loan_ppm", [25_000, 400_000])
def test_no_slice_lowers_equity_over_maintenance(seed: int, loan_ppm: int) -> None:
    random = Random(seed)
    rules = world_rules(
        2,
        segment_steps_max=1,
        slice_interval_ms=1_000,
        slice_notional_min=50 * USDC,
        loan_initial_ppm=max(50_000, loan_ppm),
        loan_maintenance_ppm=loan_ppm,
    )
    world = World(rules)
    world.open(TRADERS, MID, 1_000 * USDC)
    world.deposit(0, 1_000_000 * USDC)
    prices = [MID, MID]
    sold = 0
    for _ in range(50):
        market = random.randrange(2)
        prices[market] = prices[market] * random.choice([94, 95, 98, 102, 105, 106]) // 100
        transactions = [world.prices(m, prices[m]) for m in range(2)]
        for trader in (0, 0, 0, random.randrange(TRADERS), random.randrange(TRADERS)):
            market, side = random.randrange(2), random.randrange(2)
            mark = world.market(market).mark
            price = mark * random.choice([980, 995, 1_000, 1_005, 1_020]) // 10_000 * 10
            size = random.choice([1_000, 3_000]) if trader else 2_000
            order = PlaceOrder(0, market, side, Price(price), Lots(size))
            transactions.append(world.sign(trader, order))
        pokes = [Poke(world.account(trader), 0) for trader in range(1, TRADERS)]
        transactions += [world.sign(0, poke) for poke in pokes]
        block = world.block(transactions, advance=random.choice([100, 1_100]))
        ended = False
        while not ended:
            before = {
                int.from_bytes(key[1:], "big"): measure(world, int.from_bytes(key[1:], "big"))
                for key in world.store.values
                if key[0] == keys.TABLE_PORTFOLIO
            }
            segment = apply_segment(world.store, rules, block)
            world.store.apply(segment.writes)
            sold += check_slices(before, world, segment.events)
            ended = segment.ended
        audit(world.store.values, rules)
    assert sold > 0


def extreme(random: Random, limit: int) -> int:
    """Return a number below ``limit`` at which something may break."""
    edges = [0, 1, limit // 2, limit - 1, 1 << random.randrange(limit.bit_length() - 1)]
    return random.choice([*edges, random.randrange(limit), random.randrange(min(limit, 1_000))])


def absurd_action(random: Random) -> Action:
    """Return what nobody means, but anybody may sign."""
    sub, market = random.choice([0, 0, 255]), random.choice([0, 1, 2, 65_534])
    price = Price(random.choice([extreme(random, PRICE_LIMIT), MID + 10 * random.randrange(9_000)]))
    size = Lots(extreme(random, LOTS_LIMIT))
    number = extreme(random, 1 << 64)
    agent = address_of(trader_key(random.randrange(9)))
    actions: list[Action] = [
        PlaceOrder(sub, market, random.randrange(16), price, size, b"x" * 16),
        PlaceOrder(sub, random.randrange(2), random.randrange(16), price, size),
        Modify(sub, market, random.randrange(16), number, price, size),
        Cancel(sub, market, number),
        CancelAll(sub, random.choice([market, 65_535])),
        Withdraw(sub, Micros(number)),
        Transfer(sub, random.choice([0, 7]), Micros(number)),
        ApproveAgent(agent, Millis(extreme(random, TIME_LIMIT)), number % (1 << 32), number),
        RevokeAgent(agent),
        Poke(number % (1 << 32), sub),
    ]
    return random.choice(actions)


@pytest.mark.parametrize("seed", range(4))
def test_no_absurd_wish_stops_a_block(seed: int) -> None:
    random = Random(seed)
    world = World()
    world.open(5)
    for _ in range(60):
        transactions = [
            world.sign(random.randrange(9), absurd_action(random))
            for _ in range(random.randrange(8))
        ]
        market = random.randrange(3)
        transactions.append(world.prices(market, extreme(random, PRICE_LIMIT)))
        transactions.append(world.prices(0, MID, [0]))
        owner = address_of(trader_key(random.randrange(9)))
        kind = random.choice([InboxKind.DEPOSIT, InboxKind.FORCED_WITHDRAW])
        amount = Micros(extreme(random, 1 << 50))
        world.inbox.append(InboxItem(kind, owner, 0, amount, Millis(world.now)))
        result = world.run(*transactions, advance=random.choice([1, 100, 70_000]))
        assert len(result.receipts) == len(transactions) + 1
        audit(world.store.values, world.rules)
