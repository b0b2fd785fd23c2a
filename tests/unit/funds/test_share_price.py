"""What a share of a fund costs and pays: no gain by coming and going, no theft by rounding."""

import pytest

from statemachine.events import BalanceChanged
from statemachine.fund_events import BALANCE_FUND_PROFIT, FUND_ASKED, FUND_PAID
from statemachine.keys import BUY, SELL, market_key
from statemachine.risk.funds import values_of_fund
from statemachine.risk.margin import margin_of
from tests.unit.funds.scene import (
    ANN,
    BOB,
    LEADER,
    LOCK,
    MAKER,
    PRICE,
    SUB,
    buy,
    fund,
    invest,
    number,
    opened,
    order,
    sell,
    stake,
    told,
    wait,
)
from tests.worlds import USDC


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


def test_shares_are_no_collateral() -> None:
    world = opened()
    buy(world, ANN, 500 * USDC)
    portfolio = world.portfolio(ANN)
    assert margin_of(world.state, portfolio).equity == 99_500 * USDC
