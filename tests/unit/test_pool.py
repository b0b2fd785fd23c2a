"""The lending pool: rates, interest, shares, what a loan asks for, and who bears a loss."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.actions import (
    ClosePosition,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    VaultDeposit,
)
from statemachine.book.matching import trade
from statemachine.events import (
    BALANCE_INTEREST,
    BALANCE_POOL,
    STAGE_DEFICIT,
    STAGE_INSURANCE,
    STAGE_POOL,
    STAGE_RELEASED,
    BalanceChanged,
    Liquidated,
)
from statemachine.keys import LEDGER_KEY, portfolio_key
from statemachine.records import PORTFOLIO_LIQUIDATING, Pool, Portfolio
from statemachine.risk.balances import credit
from statemachine.risk.debts import make_good, note_loan_of_open
from statemachine.risk.liquidation import position_maintenance, zero_price
from statemachine.risk.margin import Margin, margin_of, not_riskier, with_loan, without_loan
from statemachine.risk.pool import (
    INDEX_LIMIT,
    INDEX_SHIFT,
    YEAR_MS,
    bear_loss,
    free_of,
    index_at,
    loan_rate,
    unsettled_interest,
    utilisation,
    value_of,
)
from statemachine.risk.vaults import values_of
from statemachine.stakes import POOL_LOST, POOL_REDEEMED, POOL_SUPPLIED, POOL_VOIDED, PoolChanged
from statemachine.step import Step
from statemachine.units import PPM_ONE, Lots, Micros, Price
from tests.exchange_vectors.lending import (
    DAY_MS,
    HIGH,
    LENDER,
    LOTS,
    LOW,
    a_day_later,
    bankrupt,
    borrowed,
    hedged,
    lending,
    moved,
)
from tests.exchange_vectors.scene import MAKER, MID, OTHER, TRADER
from tests.models.auditor import audit
from tests.worlds import USDC, World, world_rules

RULES = world_rules(
    loan_rate_base_ppm=10_000,
    loan_rate_kink_ppm=800_000,
    loan_slope_below_ppm=70_000,
    loan_slope_above_ppm=600_000,
)


def pool_with(supplied: int, lent: int, shares: int = 1, **more: int) -> Pool:
    pool = Pool(stored=False)
    pool.supplied, pool.lent, pool.shares = supplied, lent, shares
    for name, value in more.items():
        setattr(pool, name, value)
    return pool


def debtor(world: World) -> Portfolio:
    return world.portfolio(TRADER)


def events_of(world: World, kind: type) -> list[object]:
    assert world.last is not None
    return [event for event in world.last.events if isinstance(event, kind)]


def insure(world: World, amount: int) -> World:
    ledger = world.state.ledger()
    ledger.insurance += amount
    ledger.deposits += amount
    world.store.apply({LEDGER_KEY: ledger.encode()})
    return world


# Rates


@pytest.mark.parametrize(
    ("supplied", "lent", "used"),
    [
        (0, 0, 0),
        (100, 0, 0),
        (100, 1, 10_000),
        (3, 1, 333_333),
        (100, 100, 1_000_000),
        (100, 101, 1_000_000),
        (0, 1, 1_000_000),
    ],
)
def test_utilisation(supplied: int, lent: int, used: int) -> None:
    assert utilisation(pool_with(supplied, lent)) == used


@pytest.mark.parametrize(
    ("used", "rate"),
    [
        (0, 10_000),
        (400_000, 45_000),
        (799_999, 79_999),
        (800_000, 80_000),
        (800_001, 80_003),
        (900_000, 380_000),
        (1_000_000, 680_000),
    ],
)
def test_two_slopes_with_a_kink(used: int, rate: int) -> None:
    assert loan_rate(RULES, used) == rate


def test_rates_beyond_what_a_loan_may_cost_are_no_rules() -> None:
    for name, value in (
        ("loan_rate_kink_ppm", 0),
        ("loan_rate_kink_ppm", PPM_ONE),
        ("loan_rate_base_ppm", -1),
        ("loan_slope_above_ppm", 10 * PPM_ONE + 1),
        ("loan_maintenance_ppm", 50_001),
        ("loan_initial_ppm", PPM_ONE + 1),
    ):
        with pytest.raises(ValueError, match="loan"):
            world_rules(**{name: value})


def test_the_index_grows_linearly_and_rests_while_nothing_is_lent() -> None:
    pool = pool_with(1_000, 800, time=1_000)
    year = index_at(RULES, pool, 1_000 + YEAR_MS)
    assert year == floor(Fraction(80_000, PPM_ONE) * 2**INDEX_SHIFT)
    assert index_at(RULES, pool, 1_000) == index_at(RULES, pool, 0) == 0
    assert index_at(RULES, pool, 1_001) == (80_000 << INDEX_SHIFT) // (PPM_ONE * YEAR_MS)
    assert index_at(RULES, pool_with(1_000, 0, index=7), YEAR_MS) == 7
    near = pool_with(1_000, 800, index=INDEX_LIMIT - 1)
    assert index_at(RULES, near, YEAR_MS) == INDEX_LIMIT - 1


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=20), st.integers(1, 10**15))
def test_how_often_it_is_touched_matters_by_less_than_a_unit_each(
    waits: list[int], lent: int
) -> None:
    once = index_at(RULES, pool_with(10**15, lent), sum(waits))
    pool = pool_with(10**15, lent)
    for wait in waits:
        index = index_at(RULES, pool, pool.time + wait)
        pool.index, pool.time = index, pool.time + wait
    assert once - len(waits) < pool.index <= once


# Interest


def test_a_loan_owes_interest_rounded_up_from_the_next_millisecond_on() -> None:
    world = borrowed()
    portfolio, state = debtor(world), world.state
    assert portfolio.balance == -416_800_000
    assert portfolio.loan_index == state.pool().index
    assert unsettled_interest(state, portfolio) == 0
    before = margin_of(state, portfolio).equity
    world.run(advance=1)
    assert unsettled_interest(world.state, debtor(world)) == 1
    assert margin_of(world.state, debtor(world)).equity == before - 1
    assert debtor(world).balance == -416_800_000  # nothing is written until it is touched


def test_interest_is_the_suppliers_and_settled_when_the_balance_changes() -> None:
    world = a_day_later(borrowed())
    state = world.state
    owed = unsettled_interest(state, debtor(world))
    # 10% and the slope below the kink at 41.68%, for a day and a second.
    rate = 100_000 + 70_000 * 416_800 // 800_000
    exact = Fraction(416_800_000 * rate * (DAY_MS + 1_000), PPM_ONE * YEAR_MS)
    assert owed == ceil(exact)
    low, high = value_of(world.rules, state.pool(), world.now)
    assert (low, high) == (1_000 * USDC + floor(exact), 1_000 * USDC + ceil(exact))
    world.deposit(TRADER, USDC)
    world.run(advance=0)
    assert debtor(world).balance == -416_800_000 - owed + USDC
    pool = world.state.pool()
    assert pool.supplied == 1_000 * USDC + owed
    assert (pool.interest, pool.lent) == (0, -debtor(world).balance)
    (event,) = [
        e
        for e in events_of(world, BalanceChanged)
        if isinstance(e, BalanceChanged) and e.reason == BALANCE_INTEREST
    ]
    assert (event.portfolio, event.amount) == (debtor(world).portfolio, -owed)
    audit(world.store.values, world.rules)


def test_what_accrues_without_suppliers_is_insurances() -> None:
    world = hedged()
    world.act(MAKER, PlaceOrder(0, 0, 0, Price(LOW), Lots(LOTS)))
    assert world.act(TRADER, ClosePosition(0, 0, Price(LOW))) == "OK"
    a_day_later(world)
    first = unsettled_interest(world.state, debtor(world))
    insured = world.state.ledger().insurance
    # Whoever comes now has no part in it.
    assert world.act(LENDER, PoolSupply(0, Micros(1_000 * USDC))) == "OK"
    assert world.state.pool().shares == 1_000 * USDC
    assert value_of(world.rules, world.state.pool(), world.now)[0] == 1_000 * USDC
    a_day_later(world)
    both = unsettled_interest(world.state, debtor(world))
    world.deposit(TRADER, USDC)
    world.run(advance=0)
    gained = world.state.ledger().insurance - insured
    assert first <= gained < first + 1_000
    assert world.state.pool().supplied == 1_000 * USDC + both - gained
    assert world.state.pool().unowned < 1 << INDEX_SHIFT
    audit(world.store.values, world.rules)


def test_a_balance_above_zero_never_looks_at_the_pool() -> None:
    world = hedged()
    state = world.state
    portfolio = state.portfolio(debtor(world).portfolio)
    assert portfolio is not None
    credit(state, portfolio, -portfolio.balance)
    margin_of(state, portfolio)
    assert (portfolio.balance, state.lending) == (0, False)
    credit(state, portfolio, -1)
    assert (state.pool().lent, state.lending) == (1, True)


# Shares


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


# Margin


def test_a_loan_adds_its_own_requirements() -> None:
    world = borrowed(loan_initial_ppm=100_000, loan_maintenance_ppm=30_000)
    found = margin_of(world.state, debtor(world))
    held = LOTS * HIGH
    assert found.cushion == -416_800_000
    assert found.initial == held * 50_000 // PPM_ONE + 41_680_000
    assert found.maintenance == held * 30_000 // PPM_ONE + 12_504_000


def test_realising_a_loss_changes_no_requirement_but_that_of_the_position() -> None:
    world = lending()
    before = margin_of(world.state, debtor(world))
    # The loss is as much a loan before it is realised as after; only the fee is new.
    fee = LOTS * LOW * 500 // PPM_ONE
    assert before.cushion == debtor(world).balance - 2_400 * USDC == -416_800_000 + fee
    world.act(MAKER, PlaceOrder(0, 0, 0, Price(LOW), Lots(LOTS)))
    assert world.act(TRADER, ClosePosition(0, 0, Price(LOW))) == "OK"
    after = margin_of(world.state, debtor(world))
    assert after.equity == before.equity - fee
    rates = world.rules.markets[0]
    own = LOTS * LOW
    loan = (fee * world.rules.loan_initial_ppm) // PPM_ONE
    assert after.initial == before.initial - own * rates.initial_ppm // PPM_ONE + loan


def test_funding_and_interest_settle_without_a_change_of_margin() -> None:
    world = a_day_later(borrowed())
    state = world.state
    portfolio = state.portfolio(debtor(world).portfolio)
    assert portfolio is not None
    before = margin_of(state, portfolio)
    credit(state, portfolio, 0)
    after = margin_of(state, portfolio)
    names = ("equity", "initial", "maintenance", "cushion")
    assert [getattr(before, name) for name in names] == [getattr(after, name) for name in names]


@pytest.mark.parametrize(
    ("cushion", "maintenance"),
    [(1_000, 1_000), (300, 1_000), (299, 1_025), (0, 1_025), (-5, 1_025)],
)
def test_what_a_loan_would_add_counts_where_one_may_be_needed(
    cushion: int, maintenance: int
) -> None:
    """E 1,000 of MM 1,000, a position's own 300: a cushion of 300 pays for its share of E."""
    margin = Margin(1_000, 2_000, 1_000, cushion)
    assert with_loan(world_rules(), margin, 300).maintenance == maintenance


@pytest.mark.parametrize("lots", [1, 400, LOTS])
@pytest.mark.parametrize("rate", [25_000, 400_000, 1_000_000])
@pytest.mark.parametrize("second", [MID * 108 // 100, MID * 106 // 100, MID * 104 // 100])
def test_closing_a_loser_at_the_zero_price_keeps_equity_over_maintenance(
    lots: int, rate: int, second: int
) -> None:
    """What is given up below mark has to be borrowed, and a loan asks for margin."""
    world = moved(hedged(loan_initial_ppm=rate, loan_maintenance_ppm=rate), LOW, second)
    state = world.state
    portfolio = state.portfolio(debtor(world).portfolio)
    assert portfolio is not None
    market, position = state.market(0), state.position(portfolio.portfolio, 0)
    before = margin_of(state, portfolio)
    assert before.cushion < 0 < before.equity
    own = position_maintenance(state, position)
    weight = with_loan(world.rules, before, own)
    limit = zero_price(1, market.mark, position.size, own, weight)
    worse = zero_price(1, market.mark, position.size, own, before)
    assert worse < limit < market.mark
    trade(state, portfolio, position, market, -lots, limit)
    after = margin_of(state, portfolio)
    # One micro is what rounding each of two requirements up may cost.
    assert not_riskier(before.equity, before.maintenance + 2, after.equity, after.maintenance)


def test_a_bankrupt_shares_out_what_is_missing_among_positions_alone() -> None:
    margin = Margin(-400, 2_000, 1_010, -400)
    assert without_loan(world_rules(), margin).maintenance == 1_000


# Losses


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
    world = insure(bankrupt(), 300 * USDC)
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


def test_a_vault_is_worth_less_by_what_its_loan_owes() -> None:
    world = hedged()
    assert world.act(LENDER, VaultDeposit(0, 0, Micros(100 * USDC))) == "OK"
    state = world.state
    backer = state.portfolio(0)
    assert backer is not None
    credit(state, backer, -150 * USDC)
    state.cursor.time += DAY_MS
    owed = unsettled_interest(state, backer)
    assert owed > 0
    assert values_of(state, backer, state.market(0)) == (-50 * USDC - owed, -50 * USDC - owed)
