"""Who bears what a debtor cannot pay: insurance, suppliers, the market."""

import pytest

from statemachine.actions import PlaceOrder, Poke, PoolRedeem, PoolSupply
from statemachine.events import (
    BALANCE_POOL,
    STAGE_DEFICIT,
    STAGE_INSURANCE,
    STAGE_POOL,
    STAGE_RELEASED,
    BalanceChanged,
    Liquidated,
)
from statemachine.keys import portfolio_key
from statemachine.records import PORTFOLIO_LIQUIDATING, Portfolio
from statemachine.risk.balances import credit
from statemachine.risk.debts import make_good, note_loan_of_open
from statemachine.risk.pool import bear_loss, unsettled_interest
from statemachine.stakes import POOL_LOST, POOL_VOIDED, PoolChanged
from statemachine.step import Step
from statemachine.units import Lots, Micros, Price
from tests.exchange_vectors.lending import LENDER, LOW, bankrupt, borrowed, lending, moved
from tests.exchange_vectors.scene import MAKER, MID, OTHER, TRADER
from tests.models.auditor import audit
from tests.unit.pool.scene import debtor, events_of
from tests.worlds import USDC, World, world_rules


def stages_of(world: World) -> list[int]:
    return [e.stage for e in events_of(world, Liquidated) if isinstance(e, Liquidated)]


def test_suppliers_bear_what_they_had_lent_and_the_market_the_rest() -> None:
    world = bankrupt()
    lent = unsettled_interest(world.state, debtor(world)) - debtor(world).balance
    world.run(world.sign(OTHER, Poke(world.account(TRADER), 0)), advance=0)
    assert stages_of(world)[-3:] == [STAGE_POOL, STAGE_DEFICIT, STAGE_RELEASED]
    portfolio, pool = debtor(world), world.state.pool()
    assert (portfolio.balance, portfolio.borrowed, portfolio.markets) == (0, 0, [])
    # 200 USDC less than the loan was lost at once, and the slice's slippage with it.
    (lost,) = events_of(world, PoolChanged)
    assert isinstance(lost, PoolChanged)
    assert (lost.stage, lost.amount) == (POOL_LOST, -lent)
    assert pool.supplied == 1_000 * USDC + (lent - 416_800_000) - lent
    assert pool.shares == 1_000 * USDC
    assert world.market(1).deficit == 240 * USDC
    assert pool.lent == 0
    audit(world.store.values, world.rules)


def test_insurance_pays_before_suppliers_do() -> None:
    world = bankrupt()
    world.insure(300 * USDC)
    world.run(world.sign(OTHER, Poke(world.account(TRADER), 0)), advance=0)
    assert stages_of(world)[-3:] == [STAGE_INSURANCE, STAGE_POOL, STAGE_RELEASED]
    borne = [
        e.amount
        for e in events_of(world, BalanceChanged)
        if isinstance(e, BalanceChanged) and e.reason == BALANCE_POOL
    ]
    assert len(borne) == 1
    debt = 416_800_000 + 240 * USDC
    assert 0 <= borne[0] - (debt - 300 * USDC) < 100
    assert world.market(1).deficit == 0
    audit(world.store.values, world.rules)


def test_a_pool_without_hope_starts_again() -> None:
    world = bankrupt(200 * USDC)
    assert world.state.pool().lent > 200 * USDC
    world.run(world.sign(OTHER, Poke(world.account(TRADER), 0)), advance=0)
    kinds = [e.stage for e in events_of(world, PoolChanged) if isinstance(e, PoolChanged)]
    assert kinds == [POOL_LOST, POOL_VOIDED]
    pool = world.state.pool()
    assert (pool.supplied, pool.shares, pool.epoch) == (0, 0, 1)
    audit(world.store.values, world.rules)
    assert world.act(LENDER, PoolRedeem(0, 0)) == "SHARES"
    assert world.act(LENDER, PoolSupply(0, Micros(5 * USDC))) == "OK"
    supply = world.state.supply(world.account(LENDER))
    assert (supply.epoch, supply.shares) == (1, 5 * USDC)
    audit(world.store.values, world.rules)


def test_what_a_liquidation_itself_loses_is_not_the_pools() -> None:
    """A long that goes bankrupt owed nothing before: its market bears it."""
    world = World(world_rules(1, grace_ms=0, grace_updates_min=0, rank_notional_min=1 << 62))
    world.deposit(TRADER, 1_000 * USDC)
    for trader in (MAKER, LENDER):
        world.deposit(trader, 100_000 * USDC)
    for _ in range(2):
        world.run(world.prices(0, MID), advance=500)
    assert world.act(LENDER, PoolSupply(0, Micros(1_000 * USDC))) == "OK"
    for trader, side in ((MAKER, 1), (TRADER, 0)):
        order = PlaceOrder(0, 0, side, Price(MID), Lots(3_000))
        assert world.act(trader, order) == "OK"
    low = MID * 92 // 100
    for _ in range(2):
        world.run(world.prices(0, low), advance=500)
    assert world.act(MAKER, PlaceOrder(0, 0, 0, Price(low), Lots(3_000))) == "OK"
    world.act(OTHER, Poke(world.account(TRADER), 0))
    for _ in range(30):
        world.act(LENDER, Poke(world.account(TRADER), 0))
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
    assert world.market(0).deficit > 400 * USDC
    assert world.state.pool().shares == 1_000 * USDC
    assert world.state.pool().supplied >= 1_000 * USDC


@pytest.mark.parametrize(
    ("supplied", "lent", "borrowed", "balance", "rest", "borne"),
    [
        (1_000, 500, 0, -500, 500, 0),  # all of it was lost in closing
        (1_000, 500, 300, -500, 500, 300),
        (1_000, 500, 300, -500, 200, 200),  # insurance paid 300
        (1_000, 100, 300, -100, 100, 100),  # gains paid most of it
        (200, 700, 300, -500, 500, 120),  # 500 were lent before, of which 200 are suppliers'
        (0, 700, 300, -500, 500, 0),
    ],
)
def test_what_of_a_debt_is_the_pools(
    supplied: int, lent: int, borrowed: int, balance: int, rest: int, borne: int
) -> None:
    state = World().state
    pool = state.pool()
    pool.supplied, pool.lent, pool.shares = supplied, lent, supplied
    pool.time = state.cursor.time
    portfolio = Portfolio(b"x", False, 99)
    portfolio.balance, portfolio.borrowed = balance, borrowed
    assert bear_loss(state, portfolio, rest) == borne
    assert pool.supplied == supplied - borne


@pytest.mark.parametrize("left", [0, 1])
def test_the_end_of_a_market_is_shared_like_a_liquidation(left: int) -> None:
    """What was lent before it is the pool's, what it took itself is the market's."""
    state = lending().state
    step = Step(state)
    portfolio = Portfolio(portfolio_key(99 << 8), False, 99 << 8)
    credit(state, portfolio, -60)
    note_loan_of_open(state, portfolio)
    assert portfolio.borrowed == 60
    credit(state, portfolio, -40)
    if left:
        state.open_position(portfolio, 1)
    make_good(step, portfolio, 0)
    assert portfolio.borrowed == 0
    assert portfolio.balance == (-100 if left else 0)
    assert state.pool().supplied == 1_000 * USDC - (0 if left else 60)
    assert state.market(0).deficit == (0 if left else 40)


def test_a_loan_is_noted_only_where_there_is_one() -> None:
    state = lending().state
    portfolio = Portfolio(portfolio_key(99 << 8), False, 99 << 8)
    note_loan_of_open(state, portfolio)
    assert portfolio.borrowed == 0
    credit(state, portfolio, -60)
    portfolio.flags |= PORTFOLIO_LIQUIDATING
    note_loan_of_open(state, portfolio)
    assert portfolio.borrowed == 0


def test_a_deposit_makes_a_debtor_sound_again() -> None:
    world = moved(borrowed(), LOW, MID * 105 // 100)
    world.deposit(TRADER, 2_000 * USDC)
    world.run(advance=100)
    assert debtor(world).balance > 0
    assert (debtor(world).loan_index, world.state.pool().lent) == (0, 0)
    assert world.act(LENDER, PoolRedeem(0, 0)) == "OK"
    assert world.portfolio(LENDER).balance >= 100_000 * USDC
    audit(world.store.values, world.rules)
