"""What a loan owes, from when on, and whose it is."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import ClosePosition, PlaceOrder, PoolSupply, VaultDeposit
from statemachine.events import BALANCE_INTEREST, BalanceChanged
from statemachine.risk.balances import credit
from statemachine.risk.margin import margin_of
from statemachine.risk.pool import INDEX_SHIFT, YEAR_MS, unsettled_interest, value_of
from statemachine.risk.vaults import values_of
from statemachine.units import PPM_ONE, Lots, Micros, Price
from tests.exchange_vectors.lending import DAY_MS, LENDER, LOTS, LOW, a_day_later, borrowed, hedged
from tests.exchange_vectors.scene import MAKER, TRADER
from tests.models.auditor import audit
from tests.unit.pool.scene import debtor, events_of
from tests.worlds import USDC


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


def test_suppliers_earn_on_what_they_lent_and_not_on_what_everybody_did() -> None:
    world = borrowed(100 * USDC)
    pool = world.state.pool()
    assert (pool.lent, pool.supplied) == (416_800_000, 100 * USDC)
    insured = world.state.ledger().insurance
    a_day_later(world)
    owed = unsettled_interest(world.state, debtor(world))
    part = Fraction(owed * 100 * USDC, 416_800_000)
    low, high = value_of(world.rules, world.state.pool(), world.now)
    assert abs(low - 100 * USDC - part) < 2
    assert abs(high - 100 * USDC - part) < 2
    world.deposit(TRADER, USDC)
    world.run(advance=0)
    assert abs(world.state.pool().supplied - 100 * USDC - part) < 2
    assert abs(world.state.ledger().insurance - insured - owed + part) < 2
    audit(world.store.values, world.rules)
