"""The lending pool as messages, and what a debtor sees of his loan."""

from node.service.events import account_events_of
from node.service.lending import pool_view
from proto.sextant.v1 import stream_pb2
from statemachine.events import BALANCE_INTEREST, STAGE_POOL, BalanceChanged, Liquidated
from statemachine.risk.pool import unsettled_interest
from statemachine.stakes import POOL_LOST, POOL_VOIDED, PoolChanged
from tests.exchange_vectors.lending import LENDER, a_day_later, borrowed, hedged
from tests.exchange_vectors.scene import OTHER, TRADER
from tests.worlds import USDC


def test_an_empty_pool() -> None:
    found = pool_view(hedged().state, 0)
    assert (found.shares, found.value_micros, found.lent_micros, found.free_micros) == (0, 0, 0, 0)
    assert (found.utilisation_ppm, found.loan_rate_ppm, found.supply_rate_ppm) == (0, 100_000, 0)


def test_a_pool_shows_its_rates_and_the_shares_of_whoever_asks() -> None:
    world = a_day_later(borrowed())
    found = pool_view(world.state, world.account(LENDER))
    interest = unsettled_interest(world.state, world.portfolio(TRADER))
    assert found.lent_micros == 416_800_000
    assert found.value_micros == 1_000 * USDC + interest - 1
    assert found.free_micros == 1_000 * USDC - 416_800_000
    assert found.utilisation_ppm == 416_800
    assert found.loan_rate_ppm == 100_000 + 70_000 * 416_800 // 800_000
    assert found.supply_rate_ppm == found.loan_rate_ppm * 4_168 // 10_000
    assert (found.held_shares, found.held_micros) == (1_000 * USDC, found.value_micros)
    assert pool_view(world.state, world.account(OTHER)).held_shares == 0


def test_lenders_and_debtors_are_told() -> None:
    ((name, message),) = account_events_of(PoolChanged(7 << 8 | 2, POOL_LOST, 0, -5, 6, 7))
    assert name == 7 << 8 | 2
    assert message.portfolio.sub == 2
    told = message.pool
    assert told.stage == stream_pb2.POOL_STAGE_LOST
    assert (told.shares, told.amount_micros) == (0, -5)
    assert (told.supplied_micros, told.lent_micros) == (6, 7)
    ((_, message),) = account_events_of(PoolChanged(7 << 8, POOL_VOIDED, -9, -1, 0, 0))
    assert message.pool.stage == stream_pb2.POOL_STAGE_VOIDED
    ((_, message),) = account_events_of(BalanceChanged(7 << 8, -3, BALANCE_INTEREST, 0))
    assert message.money.kind == stream_pb2.MONEY_KIND_INTEREST
    ((_, message),) = account_events_of(Liquidated(7 << 8, STAGE_POOL, 1, 0, -9, 3))
    assert message.liquidation.stage == stream_pb2.LIQUIDATION_STAGE_POOL
