"""Worlds with a fund: its leader, two who come in, and a maker for what it trades."""

from typing import Any

from statemachine.actions import CreateFund, FundDeposit, FundWithdraw, PlaceOrder
from statemachine.fund_events import FundChanged
from statemachine.keys import BUY, SELL
from statemachine.receipts import Receipt
from statemachine.records import PORTFOLIO_EXITING, Fund, Stake
from statemachine.risk.funds import fund_of, stake_of
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, world_rules

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
