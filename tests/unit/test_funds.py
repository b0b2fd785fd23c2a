"""Funds: who may come in and leave, at what price, and what a leader cannot do to them."""

from typing import Any

import pytest

from statemachine.actions import (
    KIND_OF,
    Action,
    ApproveAgent,
    BuyCollateral,
    CancelAll,
    ClosePosition,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Kind,
    Modify,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    Send,
    SetLeverage,
    Transfer,
    TransferAsset,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
)
from statemachine.errors import Code
from statemachine.events import (
    BalanceChanged,
    OrderRemoved,
)
from statemachine.fund_events import (
    BALANCE_FUND_PROFIT,
    FUND_ASKED,
    FUND_BOUGHT,
    FUND_EXITING,
    FUND_LOST,
    FUND_OPENED,
    FUND_PAID,
    FUND_RELEASED,
    FUND_VOID,
    FUND_WAITS,
    REMOVED_EXITING,
    FundChanged,
)
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import BUY, SELL, market_key
from statemachine.receipts import Receipt
from statemachine.records import PORTFOLIO_EXITING, Fund, Stake
from statemachine.risk.collateral import holding_of
from statemachine.risk.funds import fund_of, stake_of, values_of_fund, void_fund
from statemachine.risk.margin import margin_of
from statemachine.rules import Rules
from statemachine.units import Lots, Micros, Millis, Price
from tests.exchange_vectors.assets import LOT, STAKED, deposit_asset, offered
from tests.exchange_vectors.scene import OTHER, do
from tests.models.auditor import audit
from tests.worlds import USDC, World, trader_key, world_rules

PRICE = 6_000_000
LEADER, ANN, BOB, MAKER = range(4)
SUB = 64
LOCK = 10_000
TERMS = {
    "fund_lock_ms_min": 1_000,
    "fund_lock_ms_max": 100_000,
    "fund_notice_ms": 60_000,
    "slice_interval_ms": 1_000,
    "vault_notice_ms": 1_000,
    "oracle_age_ms_max": 10_000_000,
    "outage_ms_max": 10_000_000,
}


def opened(stake: int = 1_000 * USDC, profit: int = 100_000, **rules: int) -> World:
    """Return a world in which the leader's fund is open with ``stake`` micros of his."""
    world = World(world_rules(2, **{**TERMS, **rules}))
    world.open(3, PRICE, 100_000 * USDC)
    world.deposit(MAKER, 10_000_000 * USDC)
    world.deposit(LEADER, stake, sub=SUB)
    world.run()
    assert act(world, LEADER, CreateFund(SUB, profit, Millis(LOCK))).name == "OK"
    return world


def act(world: World, trader: int | bytes, action: Any) -> Receipt:
    """Run one action in a block of its own, and audit."""
    receipt = world.run(world.sign(trader, action)).receipts[-1]
    audit(world.store.values, world.rules)
    return receipt


def buy(world: World, trader: int, amount: int, sub: int = 0) -> Receipt:
    return act(world, trader, FundDeposit(world.account(LEADER), SUB, sub, Micros(amount)))


def sell(world: World, trader: int, shares: int = 0, sub: int = 0) -> Receipt:
    return act(world, trader, FundWithdraw(world.account(LEADER), SUB, sub, shares))


def wait(world: World, milliseconds: int, price: int = PRICE) -> None:
    world.run(*(world.prices(m.market, price) for m in world.rules.markets), advance=milliseconds)
    audit(world.store.values, world.rules)


def order(world: World, trader: int, side: int, size: int, price: int = PRICE, **more: Any) -> str:
    sub = SUB if trader == LEADER else 0
    flags = side | more.pop("flags", 0)
    placed = PlaceOrder(sub, more.pop("market", 0), flags, Price(price), Lots(size))
    return act(world, trader, placed).name


def invest(world: World, size: int, market: int = 0) -> None:
    """Let the fund hold ``size`` lots, long, at ``PRICE``."""
    assert order(world, MAKER, SELL, size, market=market) == "OK"
    assert order(world, LEADER, BUY, size, market=market) == "OK"


def fund(world: World) -> Fund:
    found = fund_of(world.state, number(world))
    assert found is not None
    return found


def stake(world: World, trader: int) -> Stake:
    return stake_of(world.state, number(world), fund(world), world.account(trader))


def number(world: World) -> int:
    return world.account(LEADER) << 8 | SUB


def told(world: World) -> list[int]:
    assert world.last is not None
    return [event.stage for event in world.last.events if isinstance(event, FundChanged)]


def closing(world: World) -> bool:
    return world.portfolio(LEADER, SUB).flags & PORTFOLIO_EXITING != 0


# Coming in


@pytest.mark.parametrize(
    ("action", "code", "args"),
    [
        (CreateFund(65, 200_001, Millis(LOCK)), Code.FIELD, (0, 200_000)),
        (CreateFund(65, 0, Millis(999)), Code.FIELD, (1, 1_000, 100_000)),
        (CreateFund(65, 0, Millis(100_001)), Code.FIELD, (1, 1_000, 100_000)),
        (CreateFund(99, 0, Millis(LOCK)), Code.BALANCE, (10 * USDC, 0)),
        (CreateFund(66, 0, Millis(LOCK)), Code.BALANCE, (10 * USDC, 10 * USDC - 1)),
        (CreateFund(0, 0, Millis(LOCK)), Code.FUND, (2,)),
        (CreateFund(63, 0, Millis(LOCK)), Code.FUND, (2,)),
        (CreateFund(128, 0, Millis(LOCK)), Code.FUND, (2,)),
        (CreateFund(SUB, 0, Millis(LOCK)), Code.FUND, (3,)),
        (CreateFund(67, 0, Millis(LOCK)), Code.FUND, (4,)),
        (CreateFund(68, 0, Millis(LOCK)), Code.FUND, (4,)),
        (CreateFund(65, 200_000, Millis(100_000)), Code.OK, ()),
        (CreateFund(127, 0, Millis(1_000)), Code.OK, ()),
    ],
)
def test_a_fund_opens_in_code_order(action: CreateFund, code: Code, args: tuple[int, ...]) -> None:
    world = opened()
    for sub, amount in ((63, 0), (65, 0), (66, -1), (67, 0), (68, 0), (127, 0), (128, 0)):
        assert world.act(LEADER, Transfer(0, sub, Micros(10 * USDC + amount))) == "OK"
    # Somebody who has chosen a leverage in a market is in it.
    for sub in (67, 68):
        assert world.act(LEADER, SetLeverage(sub, 0, 2)) == "OK"
    order = PlaceOrder(67, 0, BUY, Price(PRICE - 60_000), Lots(2))
    assert world.act(LEADER, order) == "OK"
    receipt = act(world, LEADER, action)
    assert (receipt.name, receipt.args) == (code.name, args)
    if code == Code.OK:
        assert told(world) == [FUND_OPENED]
        assert (receipt.filled, receipt.notional) == (10 * USDC, 10 * USDC)
        made = fund_of(world.state, world.account(LEADER) << 8 | action.sub)
        assert made is not None
        assert (made.shares, made.profit_ppm) == (10 * USDC, action.profit_ppm)


def test_a_portfolio_in_liquidation_becomes_no_fund() -> None:
    world = opened()
    assert world.act(LEADER, Transfer(0, 65, Micros(100 * USDC))) == "OK"
    portfolio = world.portfolio(LEADER, 65)
    portfolio.flags, portfolio.flagged_at = 1, world.now
    world.store.apply({portfolio.key: portfolio.encode()})
    assert world.act(LEADER, CreateFund(65, 0, Millis(LOCK))) == "LIQUIDATING"


def test_shares_are_bought_at_once_and_locked() -> None:
    world = opened()
    receipt = buy(world, ANN, 500 * USDC)
    assert (receipt.name, receipt.filled, receipt.notional) == ("OK", 500 * USDC, 500 * USDC)
    assert told(world) == [FUND_BOUGHT]
    assert world.portfolio(ANN).balance == 99_500 * USDC
    assert world.portfolio(ANN).moved == 99_500 * USDC
    assert world.portfolio(LEADER, SUB).balance == 1_500 * USDC
    mine = stake(world, ANN)
    assert (mine.shares, mine.basis, mine.locked_until) == (
        500 * USDC,
        500 * USDC,
        world.now + LOCK,
    )
    # More shares lock all of them anew.
    wait(world, 3_000)
    buy(world, ANN, 10 * USDC)
    assert stake(world, ANN).locked_until == world.now + LOCK
    assert sell(world, ANN).args == (world.now - 100 + LOCK,)


def test_who_comes_in_in_code_order() -> None:
    world = opened()
    leader = world.account(LEADER)
    most = world.portfolio(ANN).balance
    for action, code, args in (
        (FundDeposit(leader, SUB, 9, Micros(1)), Code.BALANCE, (1, 0)),
        (FundDeposit(leader, SUB, 0, Micros(10 * USDC - 1)), Code.AMOUNT, (10 * USDC,)),
        (FundDeposit(leader, SUB, 0, Micros(most + 1)), Code.BALANCE, (most + 1, most)),
        (FundDeposit(leader, SUB, 0, Micros(most)), Code.LEADER_SHARE, (10**9, 5_050 * USDC)),
        (FundDeposit(leader, SUB + 1, 0, Micros(10 * USDC)), Code.FUND, (1,)),
        (FundDeposit(leader, 0, 0, Micros(10 * USDC)), Code.FUND, (1,)),
        (FundDeposit(77, SUB, 0, Micros(10 * USDC)), Code.FUND, (1,)),
        (FundDeposit(leader, SUB, 0, Micros(10 * USDC)), Code.OK, ()),
    ):
        receipt = act(world, ANN, action)
        assert (receipt.name, receipt.args) == (code.name, args)
    # The leader's own fund is no source, nor is anybody else's.
    own = FundDeposit(leader, SUB, SUB, Micros(10 * USDC))
    assert act(world, LEADER, own).args == (0,)


def test_nobody_comes_in_blind_or_while_it_is_short() -> None:
    world = opened(oracle_age_ms_max=5_000)
    invest(world, 3_000)  # 18,000 USDC on less than 1,000
    world.run(advance=6_000)
    assert buy(world, ANN, 10 * USDC).name == "ORACLE_STALE"
    wait(world, 100, PRICE - 60_000)
    short = buy(world, ANN, 10 * USDC)
    assert short.name == "VAULT_SHORT"
    assert short.args[0] < short.args[1]
    wait(world, 100, PRICE - 200_000)
    wait(world, 100, PRICE - 200_000)
    assert act(world, BOB, Poke(world.account(LEADER), SUB)).name == "OK"
    flagged = buy(world, ANN, 10 * USDC)
    assert (flagged.name, flagged.args) == ("LIQUIDATING", (1,))


def test_the_leader_holds_his_part_of_what_others_bring() -> None:
    world = opened(stake=50 * USDC)
    assert buy(world, ANN, 950 * USDC).name == "OK"  # to the unit: 5% of 1,000
    refused = buy(world, BOB, 10 * USDC)
    assert (refused.name, refused.args) == ("LEADER_SHARE", (50 * USDC, 50_500_000))
    assert buy(world, LEADER, 10 * USDC).name == "OK"
    assert buy(world, BOB, 190 * USDC).name == "OK"
    wait(world, LOCK)
    refused = sell(world, LEADER, 1)
    assert (refused.name, refused.args) == ("LEADER_SHARE", (60 * USDC - 1, 60 * USDC))
    # What others leave with is free at once; the last one may take all.
    assert sell(world, ANN).name == "OK"
    assert sell(world, LEADER, 40 * USDC).name == "OK"
    assert sell(world, LEADER).name == "LEADER_SHARE"
    assert sell(world, BOB).name == "OK"
    assert sell(world, LEADER).name == "OK"
    assert fund(world).shares == world.portfolio(LEADER, SUB).balance == 0
    # An empty fund begins again with its leader, and with nobody else.
    assert buy(world, ANN, 10 * USDC).name == "LEADER_SHARE"
    assert buy(world, LEADER, 10 * USDC).filled == 10 * USDC


def test_a_deposit_pays_the_higher_and_an_exit_gets_the_lower_price_of_each_market() -> None:
    world = opened()
    invest(world, 100)
    invest(world, 100, market=1)
    wait(world, LOCK)
    # Mark above index in one market, below it in the other: the two would cancel.
    for market, mark in ((0, PRICE + 100_000), (1, PRICE - 100_000)):
        record = world.market(market)
        record.mark = mark
        world.store.apply({market_key(market): record.encode()})
    state = world.state
    portfolio = state.portfolio(number(world))
    assert portfolio is not None
    equity = margin_of(state, portfolio).equity
    low, high = values_of_fund(state, portfolio, equity)
    assert (low, high) == (equity - 10 * USDC, equity + 10 * USDC)
    before = fund(world).shares
    receipt = buy(world, ANN, 100 * USDC)
    assert receipt.filled == 100 * USDC * before // high


# The attacks


def test_a_share_cannot_be_made_so_dear_that_rounding_robs_the_next_one() -> None:
    world = opened(stake=10 * USDC)
    wait(world, LOCK)
    assert sell(world, LEADER, 10 * USDC - 1).name == "OK"
    assert fund(world).shares == 1
    assert buy(world, LEADER, 100 * USDC).name == "OK"
    wait(world, LOCK)
    assert sell(world, LEADER, 100 * USDC - 1_000).name == "OK"
    held = fund(world).shares
    assert held == 1_001
    # He gives his fund 500 USDC, as by trading against himself at the edge of the band.
    portfolio = world.portfolio(LEADER, SUB)
    portfolio.balance += 500 * USDC
    ledger = world.state.ledger()
    ledger.deposits += 500 * USDC
    ledger.settled += 500 * USDC
    world.store.apply({portfolio.key: portfolio.encode(), ledger.key: ledger.encode()})
    assert buy(world, BOB, 20 * USDC).name == "SHARES"
    least = -(-10_000 * (500 * USDC + 1_001) // held)
    receipt = buy(world, LEADER, least)
    assert receipt.name == "OK"
    assert receipt.filled >= 10_000


@pytest.mark.parametrize("amount", [10 * USDC, 10 * USDC + 1, 33_333_333, 777 * USDC])
def test_in_and_out_is_never_a_gain(amount: int) -> None:
    world = opened(stake=100 * USDC, profit=0)
    invest(world, 71)
    wait(world, 1_000, PRICE + 1_230)
    before = world.portfolio(ANN).balance
    assert buy(world, ANN, amount).name == "OK"
    wait(world, LOCK, PRICE + 1_230)
    receipt = sell(world, ANN)
    assert (receipt.name, receipt.args) == ("OK", ())
    assert before - 2 <= world.portfolio(ANN).balance <= before
    # In pieces, it is no more.
    assert buy(world, ANN, amount).name == "OK"
    wait(world, LOCK, PRICE + 1_230)
    for _ in range(7):
        assert sell(world, ANN, stake(world, ANN).shares // 3 + 1).name == "OK"
    sell(world, ANN)
    assert world.portfolio(ANN).balance <= before


def test_shares_of_nothing_but_dust_are_paid_nothing() -> None:
    world = opened(profit=0)
    buy(world, ANN, 10 * USDC)
    invest(world, 1_000)
    wait(world, LOCK, PRICE - 10_000)
    before = world.portfolio(ANN).balance
    assert sell(world, ANN, 1).notional == 0
    assert world.portfolio(ANN).balance == before
    assert stake(world, ANN).shares == 10 * USDC - 1


def test_the_leader_shares_the_profit_of_what_leaves_and_no_loss() -> None:
    world = opened(stake=1_000 * USDC, profit=200_000)
    buy(world, ANN, 1_000 * USDC)
    buy(world, BOB, 500 * USDC)
    invest(world, 1_000)
    wait(world, LOCK, PRICE + 300_000)
    wait(world, 1_000, PRICE + 300_000)
    assert order(world, MAKER, BUY, 1_000, PRICE + 300_000) == "OK"
    assert order(world, LEADER, SELL, 1_000, PRICE + 300_000) == "OK"
    worth = world.portfolio(LEADER, SUB).balance
    assert worth > 2_790 * USDC
    home = world.portfolio(LEADER).balance
    receipt = sell(world, ANN, 400 * USDC)
    gross = worth * 400 // 2_500
    cut = -(-(gross - 400 * USDC) * 200_000 // 1_000_000)
    assert (receipt.notional, receipt.fee) == (gross - cut, cut)
    assert told(world) == [FUND_ASKED, FUND_PAID]
    assert world.portfolio(LEADER).balance == home + cut
    assert world.portfolio(LEADER).moved == 100_000 * USDC + cut
    assert world.portfolio(ANN).balance == 99_000 * USDC + gross - cut
    assert stake(world, ANN).basis == 600 * USDC
    assert world.last is not None
    profits = [e for e in world.last.events if isinstance(e, BalanceChanged)]
    assert [e.amount for e in profits if e.reason == BALANCE_FUND_PROFIT] == [cut]
    # His own shares owe him nothing.
    assert sell(world, LEADER, 100 * USDC).fee == 0
    # A loss is nobody's but the holder's.
    invest_at = PRICE + 300_000
    assert order(world, MAKER, SELL, 1_000, invest_at) == "OK"
    assert order(world, LEADER, BUY, 1_000, invest_at) == "OK"
    wait(world, 1_000, PRICE - 200_000)
    wait(world, 1_000, PRICE - 200_000)
    lost = sell(world, BOB, 100 * USDC)
    assert (lost.name, lost.fee) == ("OK", 0)
    assert 0 < lost.notional < 100 * USDC


# Leaving


def test_who_leaves_in_code_order() -> None:
    world = opened()
    buy(world, ANN, 100 * USDC)
    leader = world.account(LEADER)
    for action, code, args in (
        (FundWithdraw(leader, SUB + 1, 0, 0), Code.FUND, (1,)),
        (FundWithdraw(99, SUB, 0, 0), Code.FUND, (1,)),
        (FundWithdraw(leader, SUB, 0, 100 * USDC + 1), Code.SHARES, (100_000_001, 100_000_000)),
        (FundWithdraw(leader, SUB, 0, 1), Code.LOCKED, (stake(world, ANN).locked_until,)),
    ):
        receipt = act(world, ANN, action)
        assert (receipt.name, receipt.args) == (code.name, args)
    assert sell(world, BOB).name == "SHARES"
    wait(world, stake(world, ANN).locked_until - world.now - 101)
    assert sell(world, ANN).name == "LOCKED"  # a millisecond early
    assert sell(world, ANN).name == "OK"
    assert sell(world, ANN).name == "SHARES"


def test_what_does_not_fit_waits_and_is_paid_as_soon_as_it_does() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)  # 27,000 USDC: 1,350 of 1,486 are margin
    wait(world, LOCK)
    receipt = sell(world, ANN, 400 * USDC)
    due = world.now + world.rules.fund_notice_ms
    assert (receipt.name, receipt.args, receipt.filled, receipt.notional) == (
        "OK",
        (due,),
        400 * USDC,
        0,
    )
    assert told(world) == [FUND_ASKED, FUND_WAITS]
    assert (fund(world).leaving, stake(world, ANN).leaving) == (400 * USDC, 400 * USDC)
    # What has been asked for is not asked for twice; the rest can be, and waits with it.
    assert sell(world, ANN, 100 * USDC + 1).args == (100 * USDC + 1, 100 * USDC)
    assert sell(world, ANN, 50 * USDC, sub=3).name == "OK"
    assert stake(world, ANN).leaving == 450 * USDC
    # The leader is free to trade on, and closes something.
    wait(world, 1_100)
    assert told(world) == [FUND_WAITS]
    assert order(world, MAKER, BUY, 3_000) == "OK"
    assert order(world, LEADER, SELL, 3_000) == "OK"
    wait(world, 1_000)
    assert told(world) == [FUND_PAID]
    assert 0 < world.portfolio(ANN, 3).balance < 450 * USDC
    assert (fund(world).leaving, stake(world, ANN).shares) == (0, 50 * USDC)
    # A due item that is left over finds nothing to do.
    wait(world, 2_000)
    assert told(world) == []


def test_nobody_is_locked_in_by_a_leader() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    resting = order(world, LEADER, SELL, 100, PRICE + 60_000)
    assert resting == "OK"
    wait(world, LOCK)
    sell(world, ANN)
    before = world.portfolio(ANN).balance
    assert order(world, MAKER, BUY, 4_500, PRICE - 10_000) == "OK"
    for _ in range(61):
        wait(world, 1_000)
    assert closing(world)
    # His orders are gone, and all he can do is reduce, at once.
    assert world.portfolio(LEADER, SUB).open_orders == 0
    refused = act(world, LEADER, PlaceOrder(SUB, 0, BUY, Price(PRICE), Lots(1)))
    assert (refused.name, refused.args) == ("LIQUIDATING", (1,))
    assert act(world, LEADER, SetLeverage(SUB, 0, 1)).args == (1,)
    refused = buy(world, BOB, 10 * USDC)
    assert (refused.name, refused.args) == ("LIQUIDATING", (1,))
    assert act(world, LEADER, ClosePosition(SUB, 0, Price(PRICE + 10))).name == "IOC_UNFILLED"
    # A fifth each pause, no worse than 0.25% from mark, until it fits.
    slices = 0
    while closing(world):
        held = world.position(LEADER, 0, SUB)
        assert held is not None
        wait(world, 1_000)
        now = world.position(LEADER, 0, SUB)
        assert now is not None
        assert held.size - now.size in (0, -(-held.size // 5))
        slices += held.size != now.size
        assert slices < 20
    assert told(world) == [FUND_PAID, FUND_RELEASED]
    assert 400 * USDC < world.portfolio(ANN).balance - before < 500 * USDC
    assert order(world, LEADER, BUY, 1) == "OK"


def test_a_fund_that_makes_room_says_so_and_sells_no_worse_than_the_backstop() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    assert order(world, LEADER, SELL, 100, PRICE + 60_000) == "OK"
    wait(world, LOCK)
    sell(world, ANN)
    assert order(world, MAKER, BUY, 4_500, PRICE * 9_974 // 10_000 // 10 * 10) == "OK"
    wait(world, 59_000)
    wait(world, 1_100)
    assert told(world) == [FUND_EXITING, FUND_WAITS]
    assert world.last is not None
    removed = [e.reason for e in world.last.events if isinstance(e, OrderRemoved)]
    assert removed == [REMOVED_EXITING]
    for _ in range(5):
        wait(world, 1_000)
    held = world.position(LEADER, 0, SUB)
    assert held is not None
    assert held.size == 4_500  # nobody buys within 0.25% of mark
    assert closing(world)


def test_asking_for_more_begins_the_notice_anew() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    sell(world, ANN, 300 * USDC)
    for _ in range(61):
        wait(world, 1_000)
    assert closing(world)
    assert stake(world, ANN).overdue == fund(world).overdue == 1
    assert sell(world, ANN, 100 * USDC).name == "OK"
    assert FUND_RELEASED in told(world)
    assert not closing(world)
    assert stake(world, ANN).overdue == 0
    wait(world, 59_000)
    assert not closing(world)
    wait(world, 2_000)
    wait(world, 1_000)
    assert closing(world)


def test_orders_of_a_fund_that_makes_room_go_when_they_are_met() -> None:
    world = opened(step_visits_max=2)
    buy(world, ANN, 500 * USDC)
    invest(world, 4_400)
    for place in range(5):
        assert order(world, LEADER, SELL, 10, PRICE + 10_000 + 10 * place) == "OK"
    wait(world, LOCK)
    sell(world, ANN)
    wait(world, 59_000)
    # One step cancels two; the next ones follow at once, and only then something is sold.
    wait(world, 1_100)
    assert closing(world)
    assert world.portfolio(LEADER, SUB).open_orders < 5
    assert order(world, MAKER, BUY, 50, PRICE + 20_000, flags=2) == "IOC_UNFILLED"
    assert world.portfolio(LEADER, SUB).open_orders == 0


def exiting_with_two() -> World:
    """Return a world in which ANN waits for 100 USDC and BOB for 900, for too long."""
    world = opened()
    buy(world, ANN, 100 * USDC)
    buy(world, BOB, 900 * USDC)
    invest(world, 6_500)
    wait(world, LOCK)
    for trader in (ANN, BOB):
        assert sell(world, trader).notional == 0
    for _ in range(61):
        wait(world, 1_000)
    assert fund(world).overdue == 2
    return world


def test_two_who_wait_have_one_slice_sold_each_pause() -> None:
    world = exiting_with_two()
    assert order(world, MAKER, BUY, 6_500, PRICE - 10_000) == "OK"
    held = world.position(LEADER, 0, SUB)
    assert held is not None
    wait(world, 1_000)
    now = world.position(LEADER, 0, SUB)
    assert now is not None
    assert held.size - now.size == held.size // 5


def test_the_leader_is_free_once_all_who_waited_too_long_are_paid() -> None:
    world = exiting_with_two()
    assert order(world, MAKER, BUY, 1_300, PRICE - 10_000) == "OK"
    for _ in range(3):
        wait(world, 1_000)
    assert stake(world, ANN).shares == 0
    assert stake(world, BOB).shares == 900 * USDC
    assert fund(world).overdue == 1
    assert closing(world)


def test_due_work_of_an_exit_that_was_paid_does_nothing_for_the_next() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    assert sell(world, ANN, 200 * USDC).notional == 0
    assert order(world, MAKER, BUY, 1_000) == "OK"
    assert order(world, LEADER, SELL, 1_000) == "OK"
    assert sell(world, ANN, 1).notional > 190 * USDC
    invest(world, 600)
    assert sell(world, ANN, 250 * USDC).notional == 0
    wait(world, 450)
    assert told(world) == []
    wait(world, 600)
    assert told(world) == [FUND_WAITS]


def test_an_exit_waits_for_prices_and_for_a_liquidation() -> None:
    world = opened(oracle_age_ms_max=5_000)
    buy(world, ANN, 500 * USDC)
    invest(world, 100)
    wait(world, LOCK)
    world.run(advance=6_000)
    assert sell(world, ANN).notional == 0
    assert stake(world, ANN).leaving == 500 * USDC
    wait(world, 1_000)
    assert told(world) == [FUND_PAID]
    buy(world, BOB, 100 * USDC)
    wait(world, LOCK)
    portfolio = world.portfolio(LEADER, SUB)
    portfolio.flags, portfolio.flagged_at = portfolio.flags | 1, world.now
    world.store.apply({portfolio.key: portfolio.encode()})
    receipt = world.run(world.sign(BOB, FundWithdraw(world.account(LEADER), SUB, 0, 0))).receipts[0]
    assert (receipt.name, receipt.notional) == ("OK", 0)


def test_the_last_share_leaves_an_empty_fund() -> None:
    world = opened(stake=100 * USDC)
    invest(world, 10)
    wait(world, LOCK)
    # Not even where the mark is so far above the index that its margin would be left over.
    record = world.market(0)
    record.mark = PRICE + 600_000
    world.store.apply({market_key(0): record.encode()})
    assert sell(world, LEADER).notional == 0
    wait(world, 100)
    assert order(world, MAKER, BUY, 10) == "OK"
    assert order(world, LEADER, SELL, 10) == "OK"
    wait(world, 1_100)
    assert told(world) == [FUND_PAID]
    assert world.portfolio(LEADER, SUB).balance == 0
    assert fund(world).shares == 0


# The end


RUINOUS = {"slice_ppm": 1_000_000, "grace_ms": 0, "grace_updates_min": 0, "victims_max": 0}
"""Closed at once, on the book, whatever it leaves behind."""


def ruin(world: World) -> None:
    """Let the fund lose everything."""
    invest(world, 4_800)
    wait(world, LOCK)
    fallen = PRICE - 400_000
    wait(world, 500, fallen)
    wait(world, 500, fallen)
    assert order(world, MAKER, BUY, 5_000, fallen) == "OK"
    assert act(world, BOB, Poke(world.account(LEADER), SUB)).name == "OK"


def test_a_fund_that_lost_everything_ends_its_shares_and_begins_again() -> None:
    world = opened(**RUINOUS)
    buy(world, ANN, 500 * USDC)
    ruin(world)
    assert FUND_VOID in told(world)
    ended = fund(world)
    assert (ended.shares, ended.epoch) == (0, 1)
    assert world.portfolio(LEADER, SUB).balance == 0
    assert sell(world, ANN).name == "SHARES"
    # The leader begins again; what others had is forgotten.
    assert buy(world, ANN, 10 * USDC).name == "LEADER_SHARE"
    assert buy(world, LEADER, 100 * USDC).filled == 100 * USDC
    assert buy(world, ANN, 10 * USDC).filled == 10 * USDC
    mine = stake(world, ANN)
    assert (mine.shares, mine.basis, mine.epoch) == (10 * USDC, 10 * USDC, 1)


def test_shares_that_waited_are_lost_with_the_rest() -> None:
    world = opened(**RUINOUS)
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    sell(world, ANN)
    fallen = PRICE - 400_000
    wait(world, 500, fallen)
    wait(world, 500, fallen)
    assert order(world, MAKER, BUY, 5_000, fallen) == "OK"
    act(world, BOB, Poke(world.account(LEADER), SUB))
    assert fund(world).epoch == 1
    wait(world, 1_000, fallen)
    assert told(world) == [FUND_LOST]
    assert stake(world, ANN).shares == 0


def test_a_fund_that_has_a_position_has_something_left() -> None:
    world = opened()
    invest(world, 10)
    state = world.state
    portfolio = state.portfolio(number(world))
    assert portfolio is not None
    portfolio.balance = 0
    void_fund(state, portfolio)
    assert fund(world).shares == 1_000 * USDC
    kept = fund_of(state, portfolio.portfolio)
    assert kept is not None
    assert (kept.shares, kept.epoch) == (1_000 * USDC, 0)


def test_crumbs_of_a_fund_are_its_holders_still() -> None:
    world = opened(**{**RUINOUS, "victims_max": 8})
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    wait(world, LOCK)
    for _ in range(2):
        wait(world, 500, PRICE - 400_000)
    act(world, BOB, Poke(world.account(LEADER), SUB))  # deleveraged, to the favour of the fund
    left = world.portfolio(LEADER, SUB).balance
    assert 0 < left < 10_000
    assert FUND_VOID not in told(world)
    assert sell(world, ANN).notional == left // 3
    assert sell(world, LEADER).notional == left - left // 3
    assert world.portfolio(LEADER, SUB).balance == fund(world).shares == 0
    assert buy(world, LEADER, 50 * USDC).filled == 50 * USDC


# A fund's money moves only against shares

MONEY_KINDS: dict[Kind, Action] = {
    Kind.WITHDRAW: Withdraw(SUB, Micros(USDC)),
    Kind.TRANSFER: Transfer(SUB, 0, Micros(USDC)),
    Kind.SEND: Send(address_of(trader_key(ANN)), SUB, 0, Micros(USDC)),
    Kind.VAULT_DEPOSIT: VaultDeposit(SUB, 0, Micros(10 * USDC)),
    Kind.VAULT_WITHDRAW: VaultWithdraw(SUB, 0, 1),
    Kind.POOL_SUPPLY: PoolSupply(SUB, Micros(10 * USDC)),
    Kind.POOL_REDEEM: PoolRedeem(SUB, 1),
    Kind.FUND_DEPOSIT: FundDeposit(1, SUB, SUB, Micros(10 * USDC)),
    Kind.FUND_WITHDRAW: FundWithdraw(1, SUB, SUB, 1),
}
"""What would move money of the fund of account 1 out, or other money into it, by kind."""
ASSET_KINDS = {Kind.WITHDRAW_ASSET, Kind.TRANSFER_ASSET, Kind.BUY_COLLATERAL}
NO_MONEY = {
    Kind.ORDER,
    Kind.CANCEL,
    Kind.CANCEL_ALL,
    Kind.MODIFY,
    Kind.BULK,
    Kind.BRACKET,
    Kind.TWAP,
    Kind.CANCEL_AT,
    Kind.CLOSE,
    Kind.SCALE,
    Kind.APPROVE_AGENT,
    Kind.REVOKE_AGENT,
    Kind.SET_LEVERAGE,
    Kind.CREATE_FUND,
    Kind.ORACLE,
    Kind.POKE,
    Kind.SET_MARKET_STATE,
    Kind.SET_MARGIN,
    Kind.SET_REFERRER,
    Kind.APPROVE_BUILDER,
}
"""Kinds that trade, set or look: they move no money but by trading."""


def test_every_kind_of_action_is_known_to_move_money_or_not() -> None:
    assert set(KIND_OF.values()) == set(MONEY_KINDS) | ASSET_KINDS | NO_MONEY


@pytest.mark.parametrize("kind", sorted(MONEY_KINDS), ids=lambda kind: Kind(kind).name)
def test_no_kind_moves_a_funds_money(kind: Kind) -> None:
    world = opened()
    for stake in (VaultDeposit(0, 0, Micros(10 * USDC)), PoolSupply(0, Micros(10 * USDC))):
        assert world.act(LEADER, stake) == "OK"
    wait(world, LOCK)
    action = MONEY_KINDS[kind]
    assert KIND_OF[type(action)] == kind
    receipt = act(world, LEADER, action)
    assert (receipt.name, receipt.args) == ("FUND", (0,))
    assert world.portfolio(LEADER, SUB).balance == 1_000 * USDC


def test_nor_does_anything_move_into_it() -> None:
    world = opened()
    for trader, action in (
        (LEADER, Transfer(0, SUB, Micros(USDC))),
        (ANN, Send(address_of(trader_key(LEADER)), 0, SUB, Micros(USDC))),
    ):
        receipt = act(world, trader, action)
        assert (receipt.name, receipt.args) == ("FUND", (0,))
    # A forced withdrawal is refused; a deposit on L1 is its owner's, at home.
    owner = address_of(trader_key(LEADER))
    for kind in (InboxKind.FORCED_WITHDRAW, InboxKind.DEPOSIT):
        item = InboxItem(kind, owner, SUB, Micros(5 * USDC), Millis(world.now))
        world.inbox.append(item)
    names = [receipt.name for receipt in world.run().receipts]
    assert names == ["FUND", "OK"]
    audit(world.store.values, world.rules)
    assert world.portfolio(LEADER, SUB).balance == 1_000 * USDC
    assert world.portfolio(LEADER).balance == 100_005 * USDC


def test_a_fund_holds_no_asset_but_usdc() -> None:
    world = offered()
    do(world, OTHER, Transfer(0, SUB, Micros(1_000 * USDC)), Transfer(0, 65, Micros(20 * USDC)))
    assert world.act(OTHER, BuyCollateral(0, STAKED, LOT, Price(PRICE))) == "OK"
    do(world, OTHER, TransferAsset(0, 65, STAKED, 1))
    create = CreateFund(65, 0, Millis(3_600_000))
    refused = act(world, OTHER, create)
    assert (refused.name, refused.args) == ("FUND", (4,))
    do(world, OTHER, TransferAsset(65, 0, STAKED, 1), create)
    do(world, OTHER, CreateFund(SUB, 0, Millis(3_600_000)))
    for action in (TransferAsset(0, SUB, STAKED, 1), BuyCollateral(SUB, STAKED, 1, Price(PRICE))):
        refused = act(world, OTHER, action)
        assert (refused.name, refused.args) == ("FUND", (0,))
    assert act(world, OTHER, WithdrawAsset(SUB, STAKED, 1)).args == (1, 0)
    deposit_asset(world, 7, STAKED, SUB, OTHER)
    before = holding_of(world.state, world.account(OTHER) << 8, STAKED).amount
    assert [receipt.name for receipt in world.run().receipts] == ["OK"]
    audit(world.store.values, world.rules)
    assert holding_of(world.state, world.account(OTHER) << 8, STAKED).amount == before + 7


def test_an_exit_that_was_to_come_to_what_is_a_fund_by_then_comes_home() -> None:
    world = opened()
    act(world, LEADER, Transfer(0, 65, Micros(50 * USDC)))
    act(world, LEADER, VaultDeposit(0, 0, Micros(10 * USDC)))
    act(world, LEADER, VaultWithdraw(65, 0, 0))
    act(world, LEADER, CreateFund(65, 0, Millis(LOCK)))
    before = world.portfolio(LEADER).balance
    wait(world, 1_000)
    assert world.portfolio(LEADER).balance == before + 10 * USDC
    assert world.portfolio(LEADER, 65).balance == 50 * USDC


def test_so_does_an_exit_of_another_fund() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    invest(world, 4_500)
    act(world, ANN, Transfer(0, 65, Micros(50 * USDC)))
    wait(world, LOCK)
    sell(world, ANN, sub=65)
    act(world, ANN, CreateFund(65, 0, Millis(LOCK)))
    before = world.portfolio(ANN).balance
    order(world, MAKER, BUY, 4_500)
    order(world, LEADER, SELL, 4_500)
    wait(world, 1_100)
    assert told(world) == [FUND_PAID]
    assert world.portfolio(ANN).balance > before + 400 * USDC
    assert world.portfolio(ANN, 65).balance == 50 * USDC


def test_a_leaders_agent_trades_for_the_fund_and_moves_nothing() -> None:
    world = opened()
    key = trader_key(70)
    later = Millis(world.now + 1_000_000)
    kinds = (1 << Kind.SCALE + 1) - 2
    assert world.act(LEADER, ApproveAgent(address_of(key), later, kinds, 0)) == "OK"
    placed = PlaceOrder(SUB, 0, BUY, Price(PRICE - 60_000), Lots(10))
    assert act(world, key, placed).name == "OK"
    changed = Modify(SUB, 0, BUY, 1, Price(PRICE - 60_000), Lots(5))
    assert act(world, key, changed).name == "OK"
    assert act(world, key, CancelAll(SUB, 0)).name == "OK"
    for action in (
        CreateFund(65, 0, Millis(LOCK)),
        FundDeposit(1, SUB, 0, Micros(10 * USDC)),
        FundWithdraw(1, SUB, 0, 0),
    ):
        assert act(world, key, action).name == "AGENT_ACTION"
        refused = ApproveAgent(address_of(key), later, 1 << KIND_OF[type(action)], 0)
        assert act(world, LEADER, refused).name == "FIELD"


def test_shares_are_no_collateral() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    portfolio = world.portfolio(ANN)
    assert margin_of(world.state, portfolio).equity == 99_500 * USDC


def test_rules_about_funds_that_could_not_work_are_refused() -> None:
    for changes in (
        {"fund_lock_ms_min": 5, "fund_lock_ms_max": 4},
        {"fund_profit_ppm_max": 1_000_001},
        {"fund_leader_ppm": 0},
    ):
        with pytest.raises(ValueError, match="fund_lock_ms_min"):
            world_rules(1, **changes)
    assert isinstance(world_rules(1, fund_leader_ppm=1), Rules)
