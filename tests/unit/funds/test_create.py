"""How a fund opens, and which rules about funds are none."""

import pytest

from statemachine.actions import CreateFund, PlaceOrder, SetLeverage, Transfer
from statemachine.errors import Code
from statemachine.fund_events import FUND_OPENED
from statemachine.keys import BUY
from statemachine.risk.funds import fund_of
from statemachine.rules import Rules
from statemachine.units import Lots, Micros, Millis, Price
from tests.unit.funds.scene import LEADER, LOCK, PRICE, SUB, act, opened, told
from tests.worlds import USDC, world_rules


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


def test_rules_about_funds_that_could_not_work_are_refused() -> None:
    for changes in (
        {"fund_lock_ms_min": 5, "fund_lock_ms_max": 4},
        {"fund_profit_ppm_max": 1_000_001},
        {"fund_leader_ppm": 0},
    ):
        with pytest.raises(ValueError, match="fund_lock_ms_min"):
            world_rules(1, **changes)
    assert isinstance(world_rules(1, fund_leader_ppm=1), Rules)
