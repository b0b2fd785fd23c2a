"""Liquidation: each rung of the ladder, and what a poke answers, in code order."""

from dataclasses import replace

import pytest

from statemachine.actions import PlaceOrder, Poke
from statemachine.events import (
    STAGE_DEFICIT,
    STAGE_FLAGGED,
    STAGE_INSURANCE,
    STAGE_RELEASED,
    STAGE_SLICE,
    Fill,
    Liquidated,
)
from statemachine.keys import BUY, SELL, rank_key
from statemachine.records import PORTFOLIO_LIQUIDATING
from statemachine.risk.balances import credit
from statemachine.risk.liquidation import is_safe, zero_price
from statemachine.risk.margin import Margin, margin_of, not_riskier
from statemachine.risk.ranks import rank_of
from statemachine.risk.vaults import slice_size
from statemachine.units import PPM_ONE, Lots, Price
from tests.models.auditor import audit
from tests.worlds import FREE_LOANS, USDC, World, world_rules

PRICE = 6_000_000
NOBODY = 1 << 62
"""As the least notional that is ranked: nobody is deleveraged."""
MAKER, VICTIM, SELLER, POKER = range(4)
SLICE_MS = world_rules().slice_interval_ms


def order(
    world: World, trader: int, side: int, price: int, size: int, flags: int = 0, market: int = 0
) -> str:
    action = PlaceOrder(0, market, side | flags, Price(price), Lots(size))
    return world.act(trader, action)


def world_of(
    size: int = 3_000, amount: int = 1_000 * USDC, markets: int = 2, **changes: int
) -> World:
    """Return a world in which the victim is long ``size`` lots at PRICE on ``amount``.

    At 3,000 lots that is 18,000 USDC of notional: IM 900, MM 540, fee 1.8.
    """
    world = World(world_rules(markets, **changes))
    world.deposit(VICTIM, amount)
    for trader in (MAKER, SELLER):
        world.deposit(trader, 10_000_000 * USDC)
    world.deposit(POKER, 10 * USDC)
    world.run(*(world.prices(m, PRICE) for m in range(markets)))
    assert order(world, VICTIM, BUY, PRICE, size) == "OK"
    assert order(world, SELLER, SELL, PRICE, size) == "OK"
    audit(world.store.values, world.rules)
    return world


def fall(world: World, price: int, market: int = 0, advance: int = 100) -> None:
    """Let all publishers say ``price`` until the mark is there."""
    world.run(advance=advance)
    world.run(world.prices(market, price))
    assert world.market(market).mark == price


def margin(world: World, trader: int = VICTIM) -> Margin:
    state = world.state
    portfolio = state.portfolio(world.account(trader) << 8)
    assert portfolio is not None
    return margin_of(state, portfolio)


def poke(world: World, trader: int = VICTIM, sub: int = 0, poker: int = POKER) -> str:
    name = world.act(poker, Poke(world.account(trader), sub))
    audit(world.store.values, world.rules)
    return name


def stages(world: World) -> list[tuple[int, int, int]]:
    """Return (stage, market, size) of the last block's liquidations."""
    assert world.last is not None
    events = [e for e in world.last.events if isinstance(e, Liquidated)]
    return [(e.stage, e.market, e.size) for e in events]


def flagged(world: World) -> bool:
    return world.portfolio(VICTIM).flags & PORTFOLIO_LIQUIDATING != 0


def test_pokes_in_code_order() -> None:
    world = world_of()
    assert poke(world) == "HEALTHY"
    assert world.last is not None
    found = world.last.receipts[0].args
    assert found == (margin(world).equity, margin(world).initial)
    assert poke(world, sub=9) == "HEALTHY"  # never opened
    assert world.act(POKER, Poke(4_000_000_000, 0)) == "HEALTHY"
    fall(world, PRICE - 60_000)  # E = 818, IM = 891: short of it, but without orders
    assert poke(world) == "NOTHING_TO_DO"
    fall(world, PRICE - 200_000)  # E = 398, MM = 522
    assert poke(world) == "OK"
    assert flagged(world)
    assert poke(world) == "NOTHING_TO_DO"


def test_stage_1_cancels_what_could_add_to_a_position_and_nothing_else() -> None:
    world = world_of()
    # Bids and too many asks add; asks within the position do not, nor what only reduces.
    assert order(world, VICTIM, BUY, PRICE - 50_000, 2, market=0) == "OK"
    assert order(world, VICTIM, SELL, PRICE + 50_000, 3, market=0) == "OK"
    assert order(world, VICTIM, SELL, PRICE + 60_000, 4, flags=8, market=0) == "OK"
    assert order(world, VICTIM, SELL, PRICE + 50_000, 5, market=1) == "OK"
    fall(world, PRICE - 60_000)
    assert poke(world) == "OK"
    bids, asks = world.book(0)
    assert (bids, asks) == ([], [(PRICE + 50_000, 3), (PRICE + 60_000, 4)])
    assert world.book(1) == ([], [])
    assert not flagged(world)
    assert poke(world) == "NOTHING_TO_DO"


def test_stage_1_leaves_what_closes_a_position() -> None:
    world = world_of()
    # Long 10 in market 1: of its asks, 10 lots may stay, and so may what only reduces.
    assert order(world, SELLER, SELL, PRICE, 10, market=1) == "OK"
    assert order(world, VICTIM, BUY, PRICE, 10, market=1) == "OK"
    assert order(world, VICTIM, SELL, PRICE + 70_000, 4, flags=8, market=1) == "OK"
    assert order(world, VICTIM, SELL, PRICE + 50_000, 6, market=1) == "OK"
    assert order(world, VICTIM, SELL, PRICE + 60_000, 6, market=1) == "OK"
    fall(world, PRICE - 60_000)
    assert poke(world) == "OK"
    assert world.book(1)[1] == [(PRICE + 60_000, 6), (PRICE + 70_000, 4)]


def test_stage_1_leaves_what_closes_a_short() -> None:
    world = world_of()
    assert order(world, SELLER, BUY, PRICE, 10, market=1) == "OK"
    assert order(world, VICTIM, SELL, PRICE, 10, market=1) == "OK"
    assert order(world, VICTIM, BUY, PRICE - 50_000, 6, market=1) == "OK"
    fall(world, PRICE - 60_000)
    assert poke(world) == "NOTHING_TO_DO"
    assert order(world, VICTIM, BUY, PRICE - 50_000, 6, flags=4, market=1) == "MARGIN"
    assert world.book(1)[0] == [(PRICE - 50_000, 6)]


def test_stage_1_goes_on_over_steps_from_where_it_stood() -> None:
    world = world_of()
    for _ in range(20):
        assert order(world, VICTIM, SELL, PRICE + 50_000, 1) == "OK"
    for _ in range(20):
        assert order(world, VICTIM, BUY, PRICE - 50_000, 1) == "OK"
    fall(world, PRICE - 60_000)
    assert poke(world) == "OK"
    assert world.portfolio(VICTIM).open_orders == 20
    assert world.book(0)[0] == []
    assert world.cursor.continuation == 0


def test_stage_2_cancels_everything_then_sells_a_slice() -> None:
    world = world_of()
    for i in range(40):
        assert order(world, VICTIM, BUY, PRICE - 280_000 - 10 * i, 1) == "OK"
    fall(world, PRICE - 280_000)
    assert order(world, MAKER, BUY, PRICE - 290_000, 5_000) == "OK"
    before = margin(world)
    assert 0 < before.equity < before.maintenance
    held = world.portfolio(POKER).balance
    assert poke(world) == "OK"
    assert flagged(world)
    assert world.portfolio(VICTIM).open_orders == 0
    # 20% of 3,000 lots, which is more than 1,000 USDC.
    assert stages(world) == [(STAGE_FLAGGED, 0, 0), (STAGE_SLICE, 0, 600)]
    position = world.position(VICTIM)
    assert position is not None
    assert position.size == 2_400
    after = margin(world)
    assert not_riskier(before.equity, before.maintenance, after.equity, after.maintenance)
    # The fee: 0.1% of the slice; out of it the reward, the rest to the insurance fund.
    fee = -(-600 * (PRICE - 290_000) * 1_000 // PPM_ONE)
    assert world.portfolio(POKER).balance - held == 100_000
    assert world.state.ledger().insurance == fee - 100_000
    assert world.last is not None
    assert world.last.receipts[-1].fee == fee
    # The next one comes by itself, 30 s later and no sooner.
    fall(world, PRICE - 280_000, advance=SLICE_MS - 1_000)
    assert stages(world) == []
    result = world.run(advance=1_500)
    assert stages(world)[0] == (STAGE_SLICE, 0, 480)
    assert world.portfolio(POKER).balance - held == 100_000
    assert any(isinstance(e, Fill) and e.taker_order == 0 for e in result.events)
    audit(world.store.values, world.rules)


def test_slices_stop_when_the_margin_is_back() -> None:
    world = world_of()
    fall(world, PRICE - 280_000)
    assert order(world, MAKER, BUY, PRICE - 280_000, 50_000) == "OK"
    assert poke(world) == "OK"
    for _ in range(40):
        before = margin(world)
        world.run(world.prices(0, PRICE - 280_000), advance=10_000)
        after = margin(world)
        assert not_riskier(before.equity, before.maintenance, after.equity, after.maintenance)
        audit(world.store.values, world.rules)
        if not flagged(world):
            break
    assert not flagged(world)
    assert stages(world)[-1][0] == STAGE_RELEASED
    assert after.equity * PPM_ONE >= after.maintenance * (PPM_ONE + 50_000)
    assert before.equity * PPM_ONE < before.maintenance * (PPM_ONE + 50_000)
    position = world.position(VICTIM)
    assert position is not None
    assert position.size > 0
    assert world.act(VICTIM, PlaceOrder(0, 0, 8 | 1, Price(PRICE), Lots(1))) == "OK"


def test_a_deposit_in_time_ends_it() -> None:
    world = world_of()
    fall(world, PRICE - 280_000)
    assert poke(world) == "OK"
    assert stages(world)[-1] == (STAGE_SLICE, 0, 0)  # nobody bids
    world.deposit(VICTIM, 1_000 * USDC)
    world.run(world.prices(0, PRICE - 280_000), advance=SLICE_MS)
    assert stages(world) == [(STAGE_RELEASED, 0, 0)]
    assert not flagged(world)
    audit(world.store.values, world.rules)


def test_no_slice_trades_beyond_the_zero_price() -> None:
    world = world_of()
    fall(world, PRICE - 280_000)
    measured = margin(world)
    limit = zero_price(10, PRICE - 280_000, 3_000, measured.maintenance, measured)
    assert order(world, MAKER, BUY, limit - 10, 5_000) == "OK"
    assert poke(world) == "OK"
    assert stages(world)[-1] == (STAGE_SLICE, 0, 0)
    assert order(world, MAKER, BUY, limit, 700) == "OK"
    world.run(world.prices(0, PRICE - 280_000), advance=SLICE_MS)
    assert stages(world)[-1] == (STAGE_SLICE, 0, 600)
    after = margin(world)
    # There is next to no improvement, so there is next to no fee, and E/MM stays.
    assert not_riskier(measured.equity, measured.maintenance, after.equity, after.maintenance)
    assert world.state.ledger().insurance < 600 * 10


def test_a_slice_cut_short_by_visits_goes_on_soon() -> None:
    world = world_of()
    fall(world, PRICE - 280_000)
    for _ in range(20):
        assert order(world, MAKER, BUY, PRICE - 280_000, 1) == "OK"
    assert poke(world) == "OK"
    assert stages(world)[-1] == (STAGE_SLICE, 0, 16)
    world.run(advance=1_100)
    assert stages(world) == [(STAGE_SLICE, 0, 4)]
    audit(world.store.values, world.rules)


def test_a_short_is_bought_back() -> None:
    world = world_of(size=10)
    world.deposit(5, 1_000 * USDC)
    assert order(world, MAKER, BUY, PRICE, 3_000) == "OK"
    assert order(world, 5, SELL, PRICE, 3_000) == "OK"
    fall(world, PRICE + 280_000)
    assert order(world, MAKER, SELL, PRICE + 290_000, 10_000) == "OK"
    before = margin(world, 5)
    assert poke(world, 5) == "OK"
    assert stages(world)[-1] == (STAGE_SLICE, 0, -600)
    after = margin(world, 5)
    assert not_riskier(before.equity, before.maintenance, after.equity, after.maintenance)


def test_the_position_with_the_largest_requirement_goes_first() -> None:
    world = world_of(size=1_000, amount=1_250 * USDC, markets=3)
    for market, size in ((1, 1_500), (2, 1_500)):
        assert order(world, SELLER, SELL, PRICE, size, market=market) == "OK"
        assert order(world, VICTIM, BUY, PRICE, size, market=market) == "OK"
    for market in (1, 2):
        fall(world, PRICE - 200_000, market)
    for market in range(3):
        assert order(world, MAKER, BUY, world.market(market).mark, 9_000, market=market) == "OK"
    assert margin(world).equity < margin(world).maintenance
    assert poke(world) == "OK"
    assert [stage[:2] for stage in stages(world)] == [(STAGE_FLAGGED, 0), (STAGE_SLICE, 1)]
    world.run(*(world.prices(m, PRICE - 200_000 * (m > 0)) for m in range(3)))
    world.run(advance=SLICE_MS)
    assert stages(world)[0][:2] == (STAGE_SLICE, 2)
    audit(world.store.values, world.rules)


@pytest.mark.parametrize("insurance", [0, 50 * USDC, 10_000 * USDC])
def test_a_debt_is_paid_by_insurance_and_the_rest_stands_as_a_deficit(insurance: int) -> None:
    world = world_of(size=3_000, amount=920 * USDC, rank_notional_min=NOBODY, **FREE_LOANS)
    world.insure(insurance)
    low = PRICE - 400_000  # the victim has lost 1,200 of his 918 USDC
    fall(world, low)
    assert order(world, MAKER, BUY, low - 10_000, 50_000) == "OK"
    assert margin(world).equity < 0
    assert poke(world) == "OK"
    seen = [stage for stage, _, _ in stages(world)]
    for _ in range(60):
        world.run(world.prices(0, low), advance=SLICE_MS)
        seen += [stage for stage, _, _ in stages(world)]
        audit(world.store.values, world.rules)
        if not flagged(world):
            break
    assert not flagged(world)
    assert world.position(VICTIM) is None
    portfolio = world.portfolio(VICTIM)
    assert (portfolio.balance, portfolio.markets) == (0, [])
    debt = 3_000 * 400_000 + 3_000 * 10_000 - 920 * USDC + 1_800_000
    assert world.market().deficit == max(0, debt - insurance)
    assert world.state.ledger().insurance == max(0, insurance - debt)
    assert (STAGE_INSURANCE in seen) == (insurance > 0)
    assert (STAGE_DEFICIT in seen) == (insurance < debt)
    assert seen[-1] == STAGE_RELEASED
    # It may trade again, once it has something to trade with.
    assert poke(world) == "HEALTHY"


def test_insurance_pays_no_debt_that_profits_cover() -> None:
    world = world_of(**FREE_LOANS)
    fall(world, PRICE - 280_000)
    assert poke(world) == "OK"
    state = world.state
    ledger = state.ledger()
    ledger.insurance += 5_000 * USDC
    ledger.deposits += 5_000 * USDC
    number = world.portfolio(VICTIM).portfolio
    portfolio, position = state.portfolio(number), state.position(number, 0)
    assert portfolio is not None
    insured = ledger.insurance
    # As if 2,000 USDC had been lost elsewhere, and made here.
    credit(state, portfolio, -2_000 * USDC)
    position.cost -= 2_000 * USDC
    ledger.settled -= 2_000 * USDC
    rank = rank_of(position.size, position.cost, world.rules.rank_notional_min)
    keyed = [rank_key(0, r, portfolio.portfolio) for r in (position.rank, rank)]
    world.store.apply({keyed[0]: None})
    world.store.apply({keyed[1]: b"\x01"})
    position.rank = rank
    for record in (ledger, portfolio, position, state.pool()):
        world.store.apply({record.key: record.encode()})
    world.run(world.prices(0, PRICE), advance=SLICE_MS)
    world.run(advance=SLICE_MS)
    assert not flagged(world)
    assert world.portfolio(VICTIM).balance == portfolio.balance < 0
    assert world.state.ledger().insurance == insured
    audit(world.store.values, world.rules)


def test_below_zero_the_band_bounds_the_slices() -> None:
    world = world_of(size=3_000, amount=920 * USDC, rank_notional_min=NOBODY)
    low = PRICE - 400_000
    fall(world, low)
    band = low * 970_000 // PPM_ONE
    band += -band % 10
    assert order(world, MAKER, BUY, band, 10_000) == "OK"
    assert poke(world) == "OK"
    assert stages(world)[-1] == (STAGE_SLICE, 0, 600)
    assert world.state.ledger().insurance == 0


def test_fees_of_later_slices_repay_the_deficit_first() -> None:
    world = world_of()
    world.lose(500_000)
    fall(world, PRICE - 280_000)
    assert order(world, MAKER, BUY, PRICE - 280_000, 50_000) == "OK"
    assert poke(world) == "OK"
    fee = -(-600 * (PRICE - 280_000) * 1_000 // PPM_ONE)
    assert world.market().deficit == world.state.ledger().deficits == 0
    # What the maker paid for trading went there first, instead of to the exchange.
    traded = -(-600 * (PRICE - 280_000) * 100 // PPM_ONE)
    assert world.state.ledger().insurance == fee - 100_000 - (500_000 - traded)


def test_many_orders_are_closed_by_due_work_when_the_poke_has_no_steps_left() -> None:
    rules = replace(world_rules(), step_continuations_max=2)
    world = world_of()
    for _ in range(50):
        assert order(world, VICTIM, BUY, PRICE - 280_000, 1) == "OK"
    fall(world, PRICE - 280_000)
    world.rules = rules
    assert poke(world) == "OK"
    assert world.portfolio(VICTIM).open_orders == 50 - 32
    world.run(advance=10)
    assert world.portfolio(VICTIM).open_orders == 0
    assert stages(world)[-1] == (STAGE_SLICE, 0, 0)
    audit(world.store.values, world.rules)


@pytest.mark.parametrize(
    ("mark", "held", "size"),
    [
        (PRICE, 1, 1),
        (PRICE, 166, 166),
        (PRICE, 167, 167),
        (PRICE, 168, 167),
        (PRICE, 1_000, 200),
        (PRICE, 1_001, 201),
        (1, 10_000_000_000, 2_000_000_000),
    ],
)
def test_slices_are_a_fifth_but_at_least_a_thousand(mark: int, held: int, size: int) -> None:
    assert slice_size(world_rules(), mark, held) == size


@pytest.mark.parametrize(
    ("equity", "maintenance", "safe"),
    [(105, 100, True), (104, 100, False), (0, 0, True), (-1, 0, False), (21, 20, True)],
)
def test_liquidation_ends_a_twentieth_above_maintenance(
    equity: int, maintenance: int, safe: bool
) -> None:
    assert is_safe(world_rules(), Margin(equity, 2 * maintenance, maintenance, equity)) == safe


@pytest.mark.parametrize(
    ("size", "equity", "price"),
    [
        (7, 0, 1_000_010),  # 1,000,003
        (7, 1_000_000, 970_010),  # 970,002.91
        (7, 500_000, 985_010),
        (-7, 0, 1_000_000),
        (-7, 1_000_000, 1_030_000),  # 1,030,003.09
        (-7, 333_000, 1_009_990),
    ],
)
def test_zero_price_is_rounded_to_the_tick_in_the_owners_favour(
    size: int, equity: int, price: int
) -> None:
    own = 210_001  # 3% of 7 lots at 1,000,003
    margin_there = Margin(equity, 2_000_000, 1_000_000, equity)
    assert zero_price(10, 1_000_003, size, own, margin_there) == price
