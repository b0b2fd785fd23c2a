"""The end of a market: one price, no orders, nobody left in a position, not a micro lost."""

from dataclasses import replace
from typing import Any

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    Action,
    Bracket,
    Cancel,
    ClosePosition,
    PlaceOrder,
    Poke,
    SetLeverage,
    SetMargin,
    SetMarketState,
    Terms,
    Transfer,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
)
from statemachine.events import (
    REMOVED_SETTLED,
    STAGE_DEFICIT,
    STAGE_INSURANCE,
    Liquidated,
    MarketChanged,
    OrderAwake,
    OrderRemoved,
    PositionSettled,
    TwapChanged,
)
from statemachine.identity.signing import address_of
from statemachine.pricing.guards import AVERAGE_SHIFT
from statemachine.records import PORTFOLIO_LIQUIDATING, Portfolio
from statemachine.risk.clearing import clearing_portfolio
from statemachine.states import STATE_ACTIVE, STATE_PAUSED, STATE_SETTLED
from statemachine.storage import MemoryStore
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.property.test_exchange_properties import steps_cost_what_they_touch
from tests.worlds import USDC, World, market_rules, trader_key, world_rules

PRICE = 6_000_000
GUARDIAN, LONG, SHORT, THIRD, FOURTH = range(5)
ISOLATED = 128
HOUR = 3_600_000


def world_of(traders: int = 5, amount: int = 10_000 * USDC, **changes: Any) -> World:
    """Return an open world of two markets, whose guardian is trader 0."""
    rules = replace(
        world_rules(2, grace_ms=0, grace_updates_min=0, vault_notice_ms=1_000, **changes),
        guardian=address_of(trader_key(GUARDIAN)),
    )
    world = World(rules)
    world.open(traders, PRICE, amount)
    return world


def order(size: int, flags: int = 0, price: int = PRICE, **rest: Any) -> PlaceOrder:
    market, sub = rest.pop("market", 0), rest.pop("sub", 0)
    return PlaceOrder(sub, market, flags, Price(price), Lots(size), **rest)


def do(world: World, trader: int, *actions: Action) -> None:
    for action in actions:
        assert world.act(trader, action) == "OK", action


def trade(world: World, buyer: int, seller: int, size: int, price: int = PRICE, **at: Any) -> None:
    do(world, seller, order(size, FLAG_SELL, price, market=at.get("market", 0)))
    do(world, buyer, order(size, 0, price, **at))


def settle(world: World, market: int = 0) -> int:
    """End a market; return its settlement price."""
    do(world, GUARDIAN, SetMarketState(market, STATE_SETTLED))
    audit(world.store.values, world.rules)
    found: int = world.market(market).mark
    return found


def run(world: World, blocks: int = 1, advance: int = 100) -> list[Any]:
    """Run blocks without transactions, audited and costed; return their events."""
    events: list[Any] = []
    for _ in range(blocks):
        block = world.block([world.prices(1, PRICE)], advance=advance)
        steps_cost_what_they_touch(MemoryStore(world.store.values.items()), world, block)
        world.now -= advance
        events += world.run(world.prices(1, PRICE), advance=advance).events
        audit(world.store.values, world.rules)
    return events


def clearing(world: World, market: int = 0) -> Portfolio | None:
    return world.state.portfolio(clearing_portfolio(market))


def size_of(world: World, trader: int, market: int = 0, sub: int = 0) -> int:
    position = world.position(trader, market, sub)
    return 0 if position is None else position.size


# The price


def test_the_price_is_the_index_of_the_hour_and_stands_still() -> None:
    world = world_of()
    for price in (PRICE, PRICE + 60_000, PRICE + 120_000):
        world.run(advance=599_000)
        world.run(world.prices(0, price), world.prices(1, PRICE), advance=1_000)
    mean = world.state.oracle(0).average >> AVERAGE_SHIFT
    assert PRICE < mean < PRICE + 60_000
    assert settle(world) == mean
    market = world.market()
    assert (market.index, market.initial_ppm, market.maintenance_ppm) == (mean, 0, 0)
    for _ in range(5):
        world.codes(world.prices(0, PRICE * 2), advance=1_000)
        assert world.codes(world.prices(0, PRICE)) == ["MARKET_STATE"]
        assert (world.market().index, world.market().mark) == (mean, mean)
        audit(world.store.values, world.rules)
    run(world, 2, advance=2 * HOUR)
    now = world.market()
    assert (now.mark, now.sample_time, now.funding_index) == (mean, market.sample_time, 0)


def test_one_update_moves_it_by_what_it_weighs_in_an_hour() -> None:
    prices = []
    for last in (PRICE, PRICE * 2):
        world = world_of()
        for _ in range(10):
            world.run(world.prices(0, PRICE), advance=1_000)
        world.run(world.prices(0, last), advance=1_000)
        prices.append(settle(world))
    assert prices[0] == PRICE
    assert prices[1] - PRICE == PRICE * 1_000 // HOUR


def test_what_the_guardian_did_is_told() -> None:
    world = world_of()
    settle(world)
    assert world.last is not None
    changed = [e for e in world.last.events if isinstance(e, MarketChanged)]
    assert [(e.market, e.before, e.state) for e in changed] == [(0, STATE_ACTIVE, STATE_SETTLED)]


def test_rates_on_their_way_go_no_further() -> None:
    world = world_of(ramp_notice_ms=10_000, ramp_step_ms=1_000)
    do(world, GUARDIAN, SetMargin(0, 100_000, 50_000))
    settle(world)
    run(world, 12, advance=1_000)
    assert world.market().initial_ppm == 0
    assert world.act(GUARDIAN, SetMargin(0, 100_000, 50_000)) == "MARKET_STATE"


# Positions


def test_everyone_is_closed_at_it_to_the_unit() -> None:
    world = world_of(20)
    entries = {}
    for trader in range(2, 20, 2):
        size, price = 10 + trader, PRICE + 1_000 * trader
        trade(world, trader, trader + 1, size, price)
        entries[trader], entries[trader + 1] = (size, price), (-size, price)
    do(world, LONG, Transfer(0, ISOLATED, Micros(500 * USDC)))
    trade(world, LONG, 19, 50, sub=ISOLATED)
    before = {trader: world.portfolio(trader).balance for trader in entries}
    settled = world.state.ledger().settled
    price = settle(world)
    events = [e for e in run(world, 1) if isinstance(e, PositionSettled)]
    assert len(events) == len(entries) + 1
    assert {e.price for e in events} == {price}
    # What the exchange holds for them is never more than one of theirs.
    held, most = 0, max(abs(e.size) for e in events)
    for event in events:
        held += event.size
        assert abs(held) <= most
    for trader, (size, entry) in entries.items():
        if trader != 19:
            assert world.portfolio(trader).balance - before[trader] == size * (price - entry)
        assert world.portfolio(trader).markets == [], "the place is free again"
    assert world.portfolio(LONG, ISOLATED).balance == 500 * USDC - 150_000
    assert world.market().open_interest == 0
    assert world.state.ledger().settled == settled
    end = clearing(world)
    assert end is not None
    assert (end.balance, end.markets) == (0, [])
    world.run()
    assert world.cursor.due_count == 0, "nothing is left to do"


def test_funding_is_settled_on_the_way_and_stops() -> None:
    world = world_of()
    trade(world, LONG, SHORT, 1_000)
    for _ in range(61):
        world.run(world.prices(0, PRICE), world.prices(1, PRICE), advance=60_000)
    owed = world.market().funding_index
    assert owed > 0
    balance = world.portfolio(LONG).balance
    settle(world)
    events = [e for e in run(world, 3, advance=HOUR) if isinstance(e, PositionSettled)]
    assert world.market().funding_index == owed
    paid = -(-1_000 * owed >> 32)
    assert {e.size: e.amount for e in events}[1_000] == -paid
    assert world.portfolio(LONG).balance == balance - paid


def test_steps_are_bounded_and_leave_room_for_other_work() -> None:
    world = world_of(42, step_visits_max=2, due_items_max=10)
    for trader in range(2, 42, 2):
        trade(world, trader, trader + 1, 10)
    settle(world)
    closed = []
    while world.market().open_interest:
        told = run(world, 1)
        closed.append(sum(isinstance(e, PositionSettled) for e in told))
        # Takers of other markets are not held up.
        assert world.act(LONG, order(1, FLAG_IOC, market=1)) == "IOC_UNFILLED"
        assert len(closed) < 20
    assert sum(closed) <= 40
    assert max(closed) <= 2 * 5
    assert all(size_of(world, trader) == 0 for trader in range(2, 42))


def test_dust_waits_for_anybodys_poke() -> None:
    world = world_of()
    trade(world, LONG, SHORT, 1)  # 6 USDC: not ranked
    trade(world, LONG, THIRD, 10)
    trade(world, FOURTH, LONG, 10)  # what is left to LONG is dust
    settle(world)
    run(world, 3)
    assert (size_of(world, LONG), size_of(world, SHORT)) == (1, -1)
    assert (size_of(world, THIRD), size_of(world, FOURTH)) == (0, 0)
    end = clearing(world)
    assert end is not None
    assert (end.balance, end.markets) == (0, [])
    assert world.act(THIRD, Poke(world.account(LONG), 0)) == "OK"
    audit(world.store.values, world.rules)
    held = world.state.position(clearing_portfolio(0), 0)
    assert (held.size, held.cost, held.rank) == (1, world.market().mark, 0)
    # It has no margin, and nobody can do anything to it.
    assert world.act(THIRD, Poke(0, clearing_portfolio(0))) == "HEALTHY"
    assert world.act(SHORT, Poke(world.account(SHORT), 0)) == "OK"
    audit(world.store.values, world.rules)
    end = clearing(world)
    assert end is not None
    assert (end.balance, end.markets) == (0, [])
    assert world.market().open_interest == 0


def test_a_poke_closes_all_settled_markets_at_once_within_its_cost() -> None:
    markets = tuple(market_rules(number) for number in range(16))
    rules = replace(world_of().rules, markets=markets, rank_notional_min=1 << 60)
    world = World(rules)
    world.open(4, PRICE, 10_000 * USDC)
    for market in range(16):
        trade(world, LONG, SHORT, 1, market=market)
    world.run(*(world.sign(GUARDIAN, SetMarketState(m, STATE_SETTLED)) for m in range(16)))
    assert len(world.portfolio(LONG).markets) == 16
    poke = world.sign(THIRD, Poke(world.account(LONG), 0))
    block = world.block([poke])
    steps_cost_what_they_touch(MemoryStore(world.store.values.items()), world, block)
    assert world.codes(poke) == ["OK"]
    audit(world.store.values, world.rules)
    assert world.portfolio(LONG).markets == []
    assert world.act(THIRD, Poke(world.account(LONG), 0)) == "HEALTHY"


def test_leverage_is_given_up() -> None:
    world = world_of()
    do(world, LONG, SetLeverage(0, 0, 5))
    do(world, THIRD, SetLeverage(0, 0, 5))
    do(world, FOURTH, SetLeverage(0, 0, 5))
    trade(world, LONG, SHORT, 10)
    settle(world)
    assert world.act(SHORT, SetLeverage(0, 0, 2)) == "MARKET_STATE"
    run(world, 2)
    assert world.portfolio(LONG).markets == []
    # A flat one is nobody's position: its owner, or a poke, gives it up.
    assert world.portfolio(THIRD).markets == [0]
    do(world, THIRD, SetLeverage(0, 0, 0))
    assert world.portfolio(THIRD).markets == []
    do(world, SHORT, Poke(world.account(FOURTH), 0))
    assert world.portfolio(FOURTH).markets == []
    audit(world.store.values, world.rules)


# Orders


def test_all_orders_go_and_none_comes() -> None:
    world = world_of(orders_per_portfolio_max=1_024)
    trade(world, LONG, SHORT, 100)
    stop = Terms(trigger=1, trigger_price=Price(PRICE - 50_000))
    take = Terms(trigger=0, trigger_price=Price(PRICE + 50_000))
    exits = tuple(
        order(100, FLAG_SELL | FLAG_IOC, PRICE - 60_000, terms=terms) for terms in (stop, take)
    )
    do(world, LONG, Bracket(0, None, exits))
    world.run()
    entry = order(5, 0, PRICE - 1_000)
    do(world, THIRD, Bracket(0, entry, exits[:1]))
    do(world, SHORT, order(2, FLAG_SELL | FLAG_IOC, PRICE - 1_000))
    do(world, THIRD, Twap(0, 0, 0, Price(PRICE), Lots(100), 50, Millis(1_000)))
    for n in range(20):
        do(world, SHORT, order(1 + n, 0, PRICE - 100 * n, client_id=bytes([n]) * 16))
        do(world, FOURTH, order(2, FLAG_SELL, PRICE + 10_000 + 100 * n))
        do(world, FOURTH, order(3, FLAG_SELL | FLAG_IOC, PRICE - 9_000, terms=stop))
    do(world, FOURTH, order(1, 0, PRICE - 10_000, market=1))
    settle(world)
    assert world.act(LONG, order(1, FLAG_SELL | FLAG_REDUCE_ONLY | FLAG_IOC)) == "MARKET_STATE"
    assert world.act(LONG, ClosePosition(0, 0, Price(PRICE))) == "MARKET_STATE"
    assert world.act(LONG, Bracket(0, None, exits)) == "MARKET_STATE"
    assert world.act(LONG, order(1, 0, terms=take)) == "MARKET_STATE"
    told = run(world, 3, advance=1_000)
    removed = [e for e in told if isinstance(e, OrderRemoved)]
    assert {e.reason for e in removed} <= {REMOVED_SETTLED}
    assert any(isinstance(e, TwapChanged) and e.reason == REMOVED_SETTLED for e in told)
    for trader in (LONG, SHORT, THIRD):
        assert world.portfolio(trader).open_orders == 0
        assert world.portfolio(trader).markets == []
    assert world.book() == ([], [])
    assert world.portfolio(FOURTH).markets == [1], "another market's orders stay"
    assert world.state.ledger().sleepers == 0
    assert not [k for k in world.store.values if k[0] in (0x33, 0x34, 0x35)], "brackets, TWAPs"
    assert world.act(SHORT, Cancel(0, 0, 1)) == "ORDER_UNKNOWN"


def test_orders_go_from_the_book_first_then_those_that_sleep() -> None:
    world = world_of(step_visits_max=2, due_items_max=2)
    stop = Terms(trigger=1, trigger_price=Price(PRICE - 50_000))
    trade(world, LONG, SHORT, 100)
    do(world, LONG, order(100, FLAG_SELL | FLAG_IOC, PRICE - 60_000, terms=stop))
    do(world, THIRD, order(3, 0, PRICE - 1_000))
    do(world, FOURTH, order(3, FLAG_SELL, PRICE + 1_000))
    settle(world)
    kinds = [
        [
            type(e)
            for e in run(world, 1)
            if isinstance(e, OrderRemoved | OrderAwake | PositionSettled)
        ]
        for _ in range(2)
    ]
    assert kinds == [[OrderRemoved] * 2, [OrderAwake, PositionSettled]]


# Debts


def broke(*, other: bool = False, **changes: Any) -> World:
    """Return a world in which LONG has lost 1,500 USDC of 1,000, at a mean that knows it."""
    world = world_of(amount=1_000 * USDC, average_window_ms=1_000, **changes)
    world.deposit(SHORT, 100_000 * USDC)
    world.deposit(THIRD, 100_000 * USDC)
    world.run(world.prices(0, PRICE))
    trade(world, LONG, SHORT, 3_000)
    if other:
        trade(world, LONG, THIRD, 2, market=1)
    world.run(world.prices(0, PRICE - 500_000), world.prices(1, PRICE), advance=1_000)
    world.run(world.prices(0, PRICE - 500_000), world.prices(1, PRICE), advance=1_000)
    return world


def test_a_debt_and_nothing_else_ends_at_once() -> None:
    world = broke()
    world.insure(100 * USDC)
    price = settle(world)
    assert price == PRICE - 500_000
    told = run(world, 1)
    fee = 9 * USDC  # 0.05% of 18,000 USDC
    owed = 500 * USDC + fee
    stages = [(e.stage, e.market, e.equity) for e in told if isinstance(e, Liquidated)]
    assert stages == [(STAGE_INSURANCE, 0, -owed), (STAGE_DEFICIT, 0, -owed)]
    assert world.portfolio(LONG).balance == 0
    assert (world.market().deficit, world.state.ledger().insurance) == (owed - 100 * USDC, 0)


def test_a_debt_beside_another_position_is_the_ladders() -> None:
    world = broke(other=True)
    settle(world)
    run(world, 1)
    assert world.portfolio(LONG).balance < 0
    assert world.portfolio(LONG).markets == [1]
    assert world.act(FOURTH, Poke(world.account(LONG), 0)) == "OK"
    audit(world.store.values, world.rules)


def test_who_is_being_liquidated_is_closed_first_and_then_settled_with() -> None:
    world = broke(rank_notional_min=1 << 60)  # nobody is ranked: the walk finds nobody
    world.insure(600 * USDC)
    do(world, FOURTH, Poke(world.account(LONG), 0))
    assert world.portfolio(LONG).flags & PORTFOLIO_LIQUIDATING
    settle(world)
    world.run(world.prices(1, PRICE), advance=30_000)
    audit(world.store.values, world.rules)
    portfolio = world.portfolio(LONG)
    assert (portfolio.flags, portfolio.balance, portfolio.markets) == (0, 0, [])
    assert size_of(world, SHORT) == -3_000, "dust by these rules, until it is poked"
    do(world, FOURTH, Poke(world.account(SHORT), 0))
    assert world.market().open_interest == 0
    audit(world.store.values, world.rules)


# Vaults, and the way out


def test_a_vault_is_closed_and_its_shares_are_paid() -> None:
    world = broke(slice_interval_ms=100_000)
    world.deposit(FOURTH, 50_000 * USDC)
    world.run(world.prices(0, PRICE - 250_000), world.prices(1, PRICE), advance=1_000)
    world.run(world.prices(0, PRICE - 250_000), world.prices(1, PRICE), advance=1_000)
    do(world, FOURTH, VaultDeposit(0, 0, Micros(20_000 * USDC)))
    do(world, THIRD, Poke(world.account(LONG), 0))
    backer = world.state.portfolio(0)
    assert backer is not None
    assert world.state.position(0, 0).size == 3_000
    settle(world)
    run(world, 2)
    backer = world.state.portfolio(0)
    assert backer is not None
    assert backer.markets == []
    assert world.act(FOURTH, VaultDeposit(0, 0, Micros(20 * USDC))) == "MARKET_STATE"
    before, value = world.portfolio(FOURTH).balance, backer.balance
    do(world, FOURTH, VaultWithdraw(0, 0, 0))
    run(world, 1, advance=101_000)
    assert world.portfolio(FOURTH).balance - before == value
    assert world.state.vault(0).unwinding == 0


@pytest.mark.parametrize("hours", [0, 30])
def test_a_settlement_price_is_never_stale(hours: int) -> None:
    world = world_of()
    trade(world, LONG, SHORT, 1)  # dust: still there
    settle(world)
    run(world, 1, advance=1_000 + hours * HOUR)
    assert size_of(world, LONG) == 1
    balance = world.portfolio(LONG).balance
    do(world, LONG, Withdraw(0, Micros(balance)))


def test_a_paused_market_can_be_settled_and_nothing_waits_for_it() -> None:
    world = broke()
    do(world, GUARDIAN, SetMarketState(0, STATE_PAUSED))
    settle(world)
    run(world, 1)
    assert world.market().open_interest == 0
    assert world.act(GUARDIAN, SetMarketState(0, STATE_ACTIVE)) == "MARKET_STATE"
