"""Agents' budgets: what a key may trade and lose in a day."""

from typing import Any

from statemachine.actions import (
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    ApproveAgent,
    Bulk,
    CancelAll,
    PlaceOrder,
    SetLeverage,
    Transfer,
    Withdraw,
)
from statemachine.handlers.agents import KINDS_ALLOWED
from statemachine.identity.signing import address_of
from statemachine.records import Signer
from statemachine.units import Lots, Micros, Millis, Price
from tests.worlds import USDC, World

PRICE = 6_000_000
AGENT = b"\x55" * 32
DAY = 86_400_000


def approved(notional: int = 0, loss: int = 0) -> World:
    """Return a world in which trader 0 has an agent with these budgets."""
    world = World()
    world.open(traders=2, price=PRICE)
    world.act(0, approval(world, notional, loss))
    return world


def approval(world: World, notional: int, loss: int) -> ApproveAgent:
    expiry = Millis(world.now + 10 * DAY)
    agent = address_of(AGENT)
    return ApproveAgent(agent, expiry, KINDS_ALLOWED, 0, Micros(notional), Micros(loss))


def order(size: int, flags: int = 0, price: int = PRICE, sub: int = 0) -> PlaceOrder:
    return PlaceOrder(sub, 0, flags, Price(price), Lots(size))


def agent_of(world: World) -> Signer:
    signer = world.state.signer(address_of(AGENT))
    assert signer is not None
    return signer


def test_notional_is_counted_by_day() -> None:
    world = approved(notional=600 * USDC)
    assert world.act(AGENT, order(60)) == "OK"
    assert world.act(AGENT, order(41)) == "AGENT_NOTIONAL"
    assert world.act(AGENT, order(40)) == "OK"
    assert world.act(AGENT, order(1)) == "AGENT_NOTIONAL"
    assert agent_of(world).notional == 600 * USDC
    # Cancels go on; so do other keys.
    assert world.act(AGENT, CancelAll(0, 0)) == "OK"
    assert world.act(AGENT, SetLeverage(0, 0, 10)) == "OK"
    assert world.act(0, order(1)) == "OK"
    world.run(advance=DAY - world.now % DAY)
    world.run(world.prices(0, PRICE))
    assert world.act(AGENT, order(100)) == "OK"


def test_every_leg_of_a_bulk_counts() -> None:
    world = approved(notional=600 * USDC)
    legs = tuple(order(25) for _ in range(4))
    assert world.codes(world.sign(AGENT, Bulk(0, legs))) == ["OK"] * 4
    assert world.act(AGENT, Bulk(0, (order(1),))) == "AGENT_NOTIONAL"


def test_approving_again_changes_the_budget_not_its_use() -> None:
    world = approved(notional=600 * USDC)
    world.act(AGENT, order(100))
    world.act(0, approval(world, 660 * USDC, 0))
    assert world.act(AGENT, order(11)) == "AGENT_NOTIONAL"
    assert world.act(AGENT, order(10)) == "OK"


def lose(world: World, lots: int, price: int) -> None:
    """Let the agent buy high, and the price fall."""
    assert world.act(1, order(lots, FLAG_SELL)) == "OK"
    assert world.act(AGENT, order(lots)) == "OK"
    world.run(world.prices(0, price))


def test_loss_is_counted_from_the_days_first_order() -> None:
    world = approved(loss=20 * USDC)
    lose(world, 100, PRICE - 150_000)
    # 15 USDC and the fee are lost; 4.5 USDC more are not.
    assert world.act(AGENT, order(1, FLAG_IOC, PRICE - 150_000)) == "IOC_UNFILLED"
    world.run(world.prices(0, PRICE - 200_000))
    assert world.act(AGENT, order(1, FLAG_IOC, PRICE - 200_000)) == "AGENT_LOSS"
    # What reduces is always allowed.
    assert world.act(1, order(50, 0, PRICE - 200_000)) == "OK"
    closing = order(50, FLAG_SELL | FLAG_REDUCE_ONLY | FLAG_IOC, PRICE - 200_000)
    assert world.act(AGENT, closing) == "OK"
    world.run(advance=DAY - world.now % DAY)
    world.run(world.prices(0, PRICE - 200_000))
    assert world.act(AGENT, order(1, FLAG_IOC, PRICE - 200_000)) == "IOC_UNFILLED"


def test_moving_money_is_neither_loss_nor_profit() -> None:
    world = approved(loss=20 * USDC)
    assert world.act(AGENT, order(1)) == "OK"
    for action in (Withdraw(0, Micros(500 * USDC)), Transfer(0, 3, Micros(500 * USDC))):
        assert world.act(0, action) == "OK"
    assert world.act(AGENT, order(1)) == "OK"
    lose(world, 100, PRICE - 300_000)
    world.deposit(0, 1_000 * USDC)
    assert world.act(0, Transfer(3, 0, Micros(500 * USDC))) == "OK"
    assert world.act(AGENT, order(1, 0, PRICE - 300_000)) == "AGENT_LOSS"


def test_a_budget_of_losses_serves_one_sub_account_a_day() -> None:
    world = approved(loss=20 * USDC)
    world.act(0, Transfer(0, 3, Micros(500 * USDC)))
    assert world.act(AGENT, order(1)) == "OK"
    assert world.act(AGENT, order(1, sub=3)) == "AGENT_LOSS"
    world.run(advance=DAY - world.now % DAY)
    world.run(world.prices(0, PRICE))
    assert world.act(AGENT, order(1, sub=3)) == "OK"


def test_a_refused_order_says_what_is_left() -> None:
    world = approved(notional=600 * USDC)
    world.act(AGENT, order(60))
    result: Any = world.run(world.sign(AGENT, order(50)))
    assert result.receipts[0].args == (600 * USDC, 360 * USDC, 300 * USDC)


def test_a_budget_is_used_up_to_the_last_micro() -> None:
    # 100 lots at 500 ppm cost 0.3 USDC in fees, and 10,000 micros a lot make 1 USDC.
    for budget, code in ((1_300_000, "AGENT_LOSS"), (1_300_001, "IOC_UNFILLED")):
        world = approved(loss=budget)
        lose(world, 100, PRICE - 10_000)
        assert world.act(AGENT, order(1, FLAG_IOC, PRICE - 10_000)) == code
