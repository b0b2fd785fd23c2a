"""Who may come into a fund, and when."""

from statemachine.actions import FundDeposit, Poke
from statemachine.errors import Code
from statemachine.fund_events import FUND_BOUGHT
from statemachine.units import Micros
from tests.unit.funds.scene import (
    ANN,
    BOB,
    LEADER,
    LOCK,
    PRICE,
    SUB,
    act,
    buy,
    fund,
    invest,
    opened,
    sell,
    stake,
    told,
    wait,
)
from tests.worlds import USDC


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
