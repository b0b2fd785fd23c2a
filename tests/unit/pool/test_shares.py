"""Supplying and redeeming: what comes in, and what has to stay."""

from statemachine.actions import PoolRedeem, PoolSupply
from statemachine.risk.pool import INDEX_SHIFT, YEAR_MS, free_of, index_at, loan_rate, utilisation
from statemachine.stakes import POOL_REDEEMED, POOL_SUPPLIED, PoolChanged
from statemachine.units import PPM_ONE, Micros
from tests.exchange_vectors.lending import LENDER, a_day_later, borrowed, hedged
from tests.exchange_vectors.scene import OTHER, TRADER
from tests.models.auditor import audit
from tests.unit.pool.scene import events_of
from tests.worlds import USDC


def test_supply_and_redeem() -> None:
    world = hedged()
    free = world.portfolio(LENDER).balance
    assert world.act(LENDER, PoolSupply(0, Micros(100 * USDC))) == "OK"
    (event,) = events_of(world, PoolChanged)
    assert isinstance(event, PoolChanged)
    assert (event.stage, event.shares, event.amount) == (POOL_SUPPLIED, 100 * USDC, 100 * USDC)
    assert world.portfolio(LENDER).balance == free - 100 * USDC
    assert world.portfolio(LENDER).moved == 100_000 * USDC - 100 * USDC
    assert world.act(LENDER, PoolRedeem(3, 40 * USDC)) == "OK"
    assert world.portfolio(LENDER, sub=3).balance == 40 * USDC
    assert world.act(LENDER, PoolRedeem(0, 0)) == "OK"
    (event,) = events_of(world, PoolChanged)
    assert isinstance(event, PoolChanged)
    assert (event.stage, event.shares, event.supplied) == (POOL_REDEEMED, -60 * USDC, 0)
    assert world.portfolio(LENDER).balance == free - 40 * USDC
    assert world.state.supply(world.account(LENDER)).shares == 0
    audit(world.store.values, world.rules)


def test_nobody_gains_by_coming_and_going_around_a_settlement() -> None:
    world = a_day_later(borrowed())
    before = world.portfolio(OTHER).balance
    assert world.act(OTHER, PoolSupply(0, Micros(10_000 * USDC))) == "OK"
    world.deposit(TRADER, USDC)
    world.run(advance=0)
    assert world.act(OTHER, PoolRedeem(0, 0)) == "OK"
    # Of the interest of 100 ms a part is his, less what flooring takes; of a day's nothing.
    assert -3 <= world.portfolio(OTHER).balance - before <= 3
    audit(world.store.values, world.rules)


def test_what_is_lent_stays() -> None:
    world = borrowed()
    free = free_of(world.state.pool())
    assert free == 1_000 * USDC - 416_800_000
    assert world.act(LENDER, PoolRedeem(0, free + 1)) == "POOL_SHORT"
    assert world.last is not None
    assert world.last.receipts[-1].args == (free + 1, free)
    assert world.act(LENDER, PoolRedeem(0, free)) == "OK"
    assert world.act(LENDER, PoolRedeem(0, 0)) == "POOL_SHORT"
    assert utilisation(world.state.pool()) == PPM_ONE


def test_more_may_be_lent_than_there_is_at_the_highest_rate() -> None:
    world = borrowed(100 * USDC)
    pool = world.state.pool()
    assert pool.lent > pool.supplied
    assert free_of(pool) == 0
    day = index_at(world.rules, pool, pool.time + YEAR_MS) - pool.index
    assert day == loan_rate(world.rules, PPM_ONE) * YEAR_MS * 2**INDEX_SHIFT // (PPM_ONE * YEAR_MS)
