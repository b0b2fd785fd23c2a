"""The tail: vaults, deleveraging, insurance, deficits that are shared, velocity, grace."""

from dataclasses import replace

import pytest

from statemachine.actions import PlaceOrder, Poke, VaultDeposit, VaultWithdraw, Withdraw
from statemachine.events import (
    STAGE_BACKSTOP,
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_INSURANCE,
    STAGE_SLICE,
    Deleveraged,
    Liquidated,
)
from statemachine.keys import BUY, LEDGER_KEY, SELL
from statemachine.records import Ledger, Portfolio, Vault
from statemachine.risk.deficits import payable
from statemachine.risk.deleverage import bankruptcy_price
from statemachine.risk.margin import Margin, margin_of
from statemachine.risk.vaults import shares_for, values_of, vault_portfolio
from statemachine.risk.velocity import cap_of, capacity_at, time_for
from statemachine.rules import Rules
from statemachine.stakes import (
    SHARES_BOUGHT,
    SHARES_DELAYED,
    SHARES_LOST,
    SHARES_NOTICE,
    SHARES_PAID,
    SharesChanged,
)
from statemachine.units import Lots, Micros, Price
from tests.models.auditor import audit
from tests.worlds import FREE_LOANS, USDC, World, world_rules

PRICE = 6_000_000
MAKER, VICTIM, SELLER, POKER, BACKER = range(5)
DAY_MS = 86_400_000


def world_of(size: int = 3_000, amount: int = 1_000 * USDC, **changes: int) -> World:
    """Return a world in which the victim is long ``size`` lots at PRICE, the seller short."""
    rules = world_rules(1, grace_ms=0, grace_updates_min=0, vault_notice_ms=10_000, **changes)
    world = World(rules)
    world.deposit(VICTIM, amount)
    for trader in (MAKER, SELLER, BACKER):
        world.deposit(trader, 10_000_000 * USDC)
    world.deposit(POKER, 10 * USDC)
    world.run(world.prices(0, PRICE))
    order(world, VICTIM, BUY, PRICE, size)
    order(world, SELLER, SELL, PRICE, size)
    return world


def order(world: World, trader: int, side: int, price: int, size: int) -> None:
    assert world.act(trader, PlaceOrder(0, 0, side, Price(price), Lots(size))) == "OK"


def fall(world: World, price: int) -> None:
    world.run(advance=100)
    world.run(world.prices(0, price))
    assert world.market().mark == price


def poke(world: World, trader: int = VICTIM) -> str:
    name = world.act(POKER, Poke(world.account(trader), 0))
    audit(world.store.values, world.rules)
    return name


def back(world: World, amount: int = 100_000 * USDC, trader: int = BACKER) -> str:
    name = world.act(trader, VaultDeposit(0, 0, Micros(amount)))
    audit(world.store.values, world.rules)
    return name


def stages(world: World) -> list[tuple[int, int]]:
    assert world.last is not None
    return [(e.stage, e.size) for e in world.last.events if isinstance(e, Liquidated)]


def shares_events(world: World) -> list[tuple[int, int, int]]:
    assert world.last is not None
    found = [e for e in world.last.events if isinstance(e, SharesChanged)]
    return [(e.stage, e.shares, e.amount) for e in found]


def vault_of(world: World) -> tuple[Vault, Portfolio | None]:
    state = world.state
    return state.vault(0), state.portfolio(vault_portfolio(0))


def insure(world: World, amount: int) -> None:
    ledger = world.state.ledger()
    ledger.insurance += amount
    ledger.deposits += amount
    world.store.apply({LEDGER_KEY: ledger.encode()})


def owe(world: World, amount: int) -> None:
    """As if ``amount`` had been lost by somebody who is gone."""
    ledger, market = world.state.ledger(), world.market()
    ledger.deposits -= amount
    ledger.deficits += amount
    market.deficit += amount
    world.store.apply({LEDGER_KEY: ledger.encode(), market.key: market.encode()})


# Backstop vaults


def test_the_vault_takes_a_position_over_with_its_share_of_the_margin() -> None:
    world = world_of()
    assert back(world) == "OK"
    fall(world, PRICE - 300_000)  # E = 98, MM = 513, CO = 342
    before = margin_of(world.state, world.portfolio(VICTIM))
    assert 0 <= before.equity < before.closeout
    assert poke(world) == "OK"
    assert (STAGE_BACKSTOP, 3_000) in stages(world)
    assert world.position(VICTIM) is None
    assert world.portfolio(VICTIM).balance == 0
    vault, backer = vault_of(world)
    assert backer is not None
    assert values_of(world.state, backer, world.market())[0] == 100_000 * USDC + before.equity
    assert vault.unwinding == 1
    # Slice by slice, it sells what it took, near mark.
    order(world, MAKER, BUY, PRICE - 301_000, 100_000)
    for _ in range(30):
        world.run(world.prices(0, PRICE - 300_000), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
    vault, backer = vault_of(world)
    assert vault.unwinding == 0
    assert backer is not None
    assert backer.markets == []


def test_a_vault_that_would_fall_below_its_margin_takes_nothing() -> None:
    world = world_of()
    assert back(world, 700 * USDC) == "OK"  # IM of the position would be 855
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    assert STAGE_BACKSTOP not in [stage for stage, _ in stages(world)]
    assert vault_of(world)[0].unwinding == 0


def test_deposits_and_exits_of_a_vault_in_code_order() -> None:
    world = world_of()
    assert world.act(BACKER, VaultDeposit(0, 9, Micros(USDC))) == "MARKET_UNKNOWN"
    assert world.act(BACKER, VaultDeposit(7, 0, Micros(USDC))) == "BALANCE"
    assert world.act(BACKER, VaultDeposit(0, 0, Micros(1))) == "AMOUNT"
    assert world.act(BACKER, VaultDeposit(0, 0, Micros(1 << 60))) == "BALANCE"
    assert back(world) == "OK"
    assert shares_events(world) == [(SHARES_BOUGHT, 10**11, 10**11)]
    assert world.act(BACKER, VaultWithdraw(0, 9, 1)) == "MARKET_UNKNOWN"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10**11 + 1)) == "SHARES"
    assert world.act(MAKER, VaultWithdraw(0, 0, 0)) == "SHARES"
    world.run(world.prices(0, PRICE), advance=70_000)
    world.run(advance=70_000)
    assert world.act(BACKER, VaultDeposit(0, 0, Micros(USDC))) == "ORACLE_STALE"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10**10)) == "OK"
    assert shares_events(world) == [(SHARES_NOTICE, 10**10, 0)]
    balance = world.portfolio(BACKER).balance
    world.run(advance=9_000)
    assert shares_events(world) == []
    world.run(advance=1_000)
    assert shares_events(world) == [(SHARES_PAID, 10**10, 10**10)]
    assert world.portfolio(BACKER).balance == balance + 10**10
    audit(world.store.values, world.rules)


def test_deposits_pay_the_higher_value_and_exits_get_the_lower() -> None:
    world = world_of()
    assert back(world) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    # Mark and index part: the book says more than the index.
    market = world.market()
    market.mark += 20_000
    world.store.apply({market.key: market.encode()})
    vault, backer = vault_of(world)
    assert backer is not None
    low, high = values_of(world.state, backer, world.market())
    assert high - low == 3_000 * 20_000
    held = vault.shares
    world.store.apply({market.key: market.encode()})
    transaction = world.sign(MAKER, VaultDeposit(0, 0, Micros(1_000 * USDC)))
    world.run(transaction, advance=10)
    assert world.last is not None
    assert world.last.receipts[0].filled == 1_000 * USDC * held // high
    assert shares_for(held, high, 1_000 * USDC) < shares_for(held, low, 1_000 * USDC)


def test_an_exit_waits_while_the_margin_is_in_use() -> None:
    world = world_of()
    assert back(world, 1_000 * USDC) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    assert world.act(BACKER, VaultWithdraw(0, 0, 0)) == "OK"
    world.run(world.prices(0, PRICE - 300_000), advance=10_000)
    assert shares_events(world)[0][0] == SHARES_DELAYED
    order(world, MAKER, BUY, PRICE - 300_000, 100_000)
    seen = []
    for _ in range(40):
        world.run(world.prices(0, PRICE - 300_000), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
        seen += [stage for stage, _, _ in shares_events(world)]
    assert seen[-1] == SHARES_PAID
    vault, backer = vault_of(world)
    assert vault.shares == 0
    assert backer is not None
    assert backer.balance == 0


def test_a_vault_that_lost_everything_starts_again() -> None:
    world = world_of(rank_notional_min=1 << 62)
    assert back(world, 1_000 * USDC) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10**8)) == "OK"
    low = PRICE - 900_000
    fall(world, low)
    assert world.act(MAKER, VaultDeposit(0, 0, Micros(100 * USDC))) == "VAULT_SHORT"
    order(world, MAKER, BUY, low - 10_000, 100_000)
    assert world.act(POKER, Poke(0, 0)) == "OK"
    seen: list[int] = []
    for _ in range(60):
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
        seen += [stage for stage, _, _ in shares_events(world)]
    vault, _ = vault_of(world)
    assert (vault.shares, vault.epoch) == (0, 1)
    assert SHARES_LOST in seen
    assert world.act(BACKER, VaultWithdraw(0, 0, 0)) == "SHARES"
    assert back(world, 50 * USDC) == "OK"
    assert vault_of(world)[0].shares == 50 * USDC


# Deleveraging


def test_who_gained_most_is_deleveraged_first_at_the_zero_price() -> None:
    world = world_of(size=2_000, amount=640 * USDC)
    for number, price in ((5, PRICE + 50_000), (6, PRICE + 20_000), (7, PRICE + 50_000)):
        world.deposit(number, 100_000 * USDC)
        world.run(world.prices(0, price))
        order(world, MAKER, BUY, price, 500)
        order(world, number, SELL, price, 500)
    fall(world, PRICE - 400_000)  # lost 800 of 639
    before = margin_of(world.state, world.portfolio(VICTIM))
    assert before.equity < 0
    assert poke(world) == "OK"
    assert world.last is not None
    cuts = [e for e in world.last.events if isinstance(e, Deleveraged)]
    names = [world.account(trader) << 8 for trader in (5, 7, 6, SELLER)]
    assert [cut.portfolio for cut in cuts] == names
    assert [cut.size for cut in cuts] == [-500, -500, -500, -500]
    position_mm = before.maintenance
    zero = bankruptcy_price(PRICE - 400_000, 2_000, position_mm, before, before.equity)
    assert {cut.price for cut in cuts} == {zero}
    assert PRICE - 400_000 < zero < PRICE
    assert (STAGE_DELEVERAGE, 2_000) in stages(world)
    after = world.portfolio(VICTIM)
    assert 0 <= after.balance < 2_000  # what rounding in its favour left
    assert world.market().deficit == 0


def test_at_most_eight_in_a_step_and_none_who_has_not_gained() -> None:
    world = world_of(size=2_000, amount=640 * USDC, victims_max=2)
    for number in range(5, 9):
        world.deposit(number, 100_000 * USDC)
        world.run()
        price = PRICE + 10_000 * number
        order(world, MAKER, BUY, price, 100)
        order(world, number, SELL, price, 100)
    fall(world, PRICE - 400_000)
    assert poke(world) == "OK"
    cuts = []
    for _ in range(2):
        assert world.last is not None
        cuts.append([e.portfolio >> 8 for e in world.last.events if isinstance(e, Deleveraged)])
        world.run(advance=100)
    # The rest in steps of their own, as due work of the next block.
    names = [world.account(trader) for trader in (8, 7, 6, 5, SELLER)]
    assert cuts == [names[:2], names[2:]]


def test_insurance_is_asked_before_the_winners_up_to_its_daily_cap() -> None:
    world = world_of(size=2_000, amount=640 * USDC, insurance_daily_max=1_000 * USDC, **FREE_LOANS)
    insure(world, 5_000 * USDC)
    fall(world, PRICE - 400_000)
    order(world, MAKER, BUY, PRICE - 400_000, 50_000)
    assert poke(world) == "OK"
    seen = stages(world)
    for _ in range(20):
        world.run(world.prices(0, PRICE - 400_000), advance=world.rules.slice_interval_ms)
        seen += stages(world)
        audit(world.store.values, world.rules)
    kinds = [stage for stage, _ in seen]
    assert STAGE_INSURANCE in kinds
    assert STAGE_DELEVERAGE not in kinds
    assert STAGE_DEFICIT not in kinds
    used = world.state.vault(0)
    assert used.insured == 5_000 * USDC - world.state.ledger().insurance > 0


def test_insurance_pays_with_each_slice_and_promises_nothing_twice() -> None:
    world = world_of(size=2_000, amount=640 * USDC, **FREE_LOANS)
    insure(world, 1_000 * USDC)
    fall(world, PRICE - 400_000)
    before = margin_of(world.state, world.portfolio(VICTIM))
    order(world, MAKER, BUY, PRICE - 400_000, 50_000)
    assert poke(world) == "OK"
    kinds = [stage for stage, _ in stages(world)]
    assert kinds == [STAGE_FLAGGED, STAGE_SLICE, STAGE_INSURANCE]
    # A fifth was sold, at the mark: a fifth of what is missing is paid, and E/MM stays.
    paid = 1_000 * USDC - world.state.ledger().insurance
    assert paid == -before.equity // 5
    after = margin_of(world.state, world.portfolio(VICTIM))
    assert abs(after.equity * before.maintenance - before.equity * after.maintenance) < (
        2 * before.maintenance
    )


def test_beyond_the_cap_of_insurance_winners_pay_the_rest() -> None:
    world = world_of(size=2_000, amount=640 * USDC, insurance_daily_max=100 * USDC)
    insure(world, 5_000 * USDC)
    fall(world, PRICE - 400_000)
    before = margin_of(world.state, world.portfolio(VICTIM)).equity
    assert before < -100 * USDC
    assert poke(world) == "OK"
    assert [stage for stage, _ in stages(world)][1:3] == [STAGE_DELEVERAGE, STAGE_INSURANCE]
    paid = 5_000 * USDC - world.state.ledger().insurance
    assert 100 * USDC - 2_000 <= paid <= 100 * USDC
    assert world.market().deficit == 0


@pytest.mark.parametrize(
    ("size", "equity", "price"),
    [
        (7, -1_000_000, 1_030_004),
        (-7, -1_000_000, 970_002),
        (7, -1, 1_000_004),
        (-7, -1, 1_000_002),
    ],
)
def test_zero_prices_below_zero_equity(size: int, equity: int, price: int) -> None:
    own = 210_001  # 3% of 7 lots at 1,000,003
    assert bankruptcy_price(1_000_003, size, own, Margin(0, 0, 1_000_000, 0), equity) == price


# Deficits


def test_an_uncovered_deficit_cuts_every_withdrawal_by_the_same_share() -> None:
    world = world_of()
    owe(world, 3_000_000 * USDC)
    audit(world.store.values, world.rules)
    ledger = world.state.ledger()
    settled, uncovered = ledger.settled, ledger.deficits
    assert world.act(MAKER, Withdraw(0, Micros(1_000 * USDC))) == "OK"
    assert world.last is not None
    receipt = world.last.receipts[0]
    assert receipt.notional == 1_000 * USDC * (settled - uncovered) // settled
    assert receipt.fee == 1_000 * USDC - receipt.notional
    audit(world.store.values, world.rules)
    # Whoever comes next is cut by the same share, to a micro.
    assert world.act(BACKER, Withdraw(0, Micros(1_000 * USDC))) == "OK"
    assert abs(world.last.receipts[0].notional - receipt.notional) <= 1
    # Nothing is cut once insurance covers it.
    insure(world, 3_000_000 * USDC)
    assert world.act(BACKER, Withdraw(0, Micros(1_000 * USDC))) == "OK"
    assert world.last.receipts[0].notional == 1_000 * USDC


def test_trading_fees_repay_a_deficit_first() -> None:
    world = world_of()
    owe(world, 5 * USDC)
    fees = world.state.ledger().fees
    order(world, MAKER, BUY, PRICE, 1_000)
    order(world, SELLER, SELL, PRICE, 1_000)
    ledger = world.state.ledger()
    earned = 6_000_000_000 * 600 // 1_000_000
    assert world.market().deficit == ledger.deficits == 5 * USDC - earned
    assert ledger.fees == fees
    order(world, MAKER, BUY, PRICE, 1_000)
    order(world, SELLER, SELL, PRICE, 1_000)
    assert world.market().deficit == 0
    assert world.state.ledger().fees == fees + 2 * earned - 5 * USDC
    audit(world.store.values, world.rules)


@pytest.mark.parametrize(
    ("insurance", "deficits", "settled", "supplied", "paid"),
    [
        (0, 0, 100, 0, 50),
        (10, 10, 100, 0, 50),
        (0, 1, 100, 0, 49),
        (0, 1, 60, 40, 49),
        (0, 50, 100, 0, 25),
        (0, 50, 10, 90, 25),
        (0, 100, 100, 0, 0),
    ],
)
def test_what_a_withdrawal_of_50_is_paid(
    insurance: int, deficits: int, settled: int, supplied: int, paid: int
) -> None:
    state = World().state
    ledger = state.ledger()
    ledger.insurance, ledger.deficits, ledger.settled = insurance, deficits, settled
    state.pool().supplied = supplied
    assert payable(state, 50) == paid


# Velocity


def test_capacity_is_used_up_and_grows_back() -> None:
    world = world_of(velocity_min=1_000 * USDC, velocity_ppm=1)
    assert world.act(MAKER, Withdraw(0, Micros(1_001 * USDC))) == "VELOCITY"
    assert world.last is not None
    assert world.last.receipts[0].args == (1_000 * USDC, 0)
    assert world.act(MAKER, Withdraw(0, Micros(600 * USDC))) == "OK"
    assert world.act(MAKER, Withdraw(0, Micros(600 * USDC))) == "VELOCITY"
    capacity, when = world.last.receipts[0].args
    assert 400 * USDC <= capacity < 401 * USDC
    world.run(world.prices(0, PRICE), advance=when - world.now)
    audit(world.store.values, world.rules)
    assert world.act(MAKER, Withdraw(0, Micros(600 * USDC))) == "OK"
    audit(world.store.values, world.rules)


def test_capacity_stays_within_its_bounds() -> None:
    rules: Rules = replace(world_rules(), velocity_min=100, velocity_ppm=250_000)
    ledger = Ledger(stored=False)
    velocity = World(rules).state.velocity()
    assert cap_of(rules, ledger) == 100
    ledger.deposits = 1_000
    assert cap_of(rules, ledger) == 250
    assert capacity_at(rules, ledger, velocity, DAY_MS) == 250
    velocity.time = DAY_MS
    assert capacity_at(rules, ledger, velocity, DAY_MS) == 0
    assert capacity_at(rules, ledger, velocity, DAY_MS * 3 // 2) == 125
    assert time_for(rules, ledger, velocity, DAY_MS, 125) == DAY_MS * 3 // 2
    assert time_for(rules, ledger, velocity, DAY_MS, 251) == 0


# Grace


def test_after_an_outage_liquidations_wait_for_prices_and_time() -> None:
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=3)
    fall(world, PRICE - 280_000)
    world.run(advance=62_001)
    world.run(world.prices(0, PRICE - 280_000))
    assert poke(world) == "GRACE"
    assert world.last is not None
    until, missing = world.last.receipts[0].args
    assert missing == 2
    for _ in range(2):
        world.run(world.prices(0, PRICE - 280_000), advance=1_000)
    assert poke(world) == "GRACE"
    assert world.last.receipts[0].args == (until, 0)
    while world.now < until - 100:
        world.run(world.prices(0, PRICE - 280_000), advance=min(1_000, until - 100 - world.now))
    assert poke(world) == "OK"


def test_a_market_that_opens_late_has_missed_nothing() -> None:
    world = World(world_rules(1))
    world.now += 10 * DAY_MS
    world.open(1, PRICE)
    for _ in range(3):
        world.run(world.prices(0, PRICE), advance=1_000)
    market = world.market()
    assert market.sample_time > 0
    assert market.resumed_at == 0


def test_a_round_of_prices_counts_once_in_however_many_updates() -> None:
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=3)
    fall(world, PRICE - 280_000)
    world.run(advance=62_001)
    low = PRICE - 280_000
    world.run(*[world.prices(0, low, pair) for pair in ((0, 1), (2,))])
    assert poke(world) == "GRACE"
    assert world.last is not None
    assert world.last.receipts[0].args[1] == 2


def test_slices_wait_too() -> None:
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=1)
    fall(world, PRICE - 280_000)
    assert poke(world) == "OK"
    order(world, MAKER, BUY, PRICE - 280_000, 100_000)
    world.run(advance=100_000)
    assert stages(world) == []
    seen = []
    for _ in range(60):
        seen += stages(world)
        world.run(world.prices(0, PRICE - 280_000), advance=1_000)
    assert seen == []
    assert stages(world) == [(STAGE_SLICE, 600)]
