"""Who leaves a fund, and what waits until it fits."""

from statemachine.actions import FundWithdraw
from statemachine.errors import Code
from statemachine.fund_events import FUND_ASKED, FUND_PAID, FUND_WAITS
from statemachine.keys import BUY, SELL, market_key
from tests.unit.funds.scene import (
    ANN,
    BOB,
    LEADER,
    LOCK,
    MAKER,
    PRICE,
    SUB,
    act,
    buy,
    fund,
    invest,
    opened,
    order,
    sell,
    stake,
    told,
    wait,
)
from tests.worlds import USDC


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
