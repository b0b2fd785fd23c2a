"""Withdraw, transfer and send: every outcome, in the order of the codes."""

from typing import Any

import pytest

from statemachine.actions import (
    ApproveAgent,
    Kind,
    PlaceOrder,
    RevokeAgent,
    Send,
    Transfer,
    Withdraw,
)
from statemachine.errors import Code
from statemachine.events import BALANCE_SEND, BALANCE_TRANSFER, BalanceChanged
from statemachine.identity.signing import address_of
from statemachine.keys import portfolio_key, withdrawal_key
from statemachine.receipts import Receipt
from statemachine.records import decode_withdrawal
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, trader_key

PRICE = 6_000_000
HELD = 1_000 * USDC
FREE = HELD - 60_000 - 30 * USDC
"""Trader 0 holds 600 USDC of notional: its fee is paid, 5% of it must stay."""


def world_with_a_trade() -> World:
    """Return a world in which trader 0 is long 100 lots, trader 1 short, trader 2 flat."""
    world = World()
    world.open(3, PRICE, HELD)
    for trader, flags in ((0, 0), (1, 1)):
        order = PlaceOrder(0, 0, flags, Price(PRICE), Lots(100))
        assert world.act(trader, order) == "OK"
    return world


def receipt_of(world: World, trader: int, action: Any) -> Receipt:
    receipt = world.run(world.sign(trader, action)).receipts[0]
    audit(world.store.values, world.rules)
    return receipt


def flag(world: World, trader: int) -> None:
    """Flag a portfolio, as a liquidation would."""
    portfolio = world.portfolio(trader)
    portfolio.flags, portfolio.flagged_at = 1, world.now
    world.store.apply({portfolio_key(portfolio.portfolio): portfolio.encode()})


@pytest.mark.parametrize(
    ("trader", "sub", "amount", "code", "args"),
    [
        (2, 7, 1, Code.BALANCE, (1, 0)),
        (2, 0, 0, Code.AMOUNT, (USDC,)),
        (2, 0, USDC - 1, Code.AMOUNT, (USDC,)),
        (2, 0, HELD + 1, Code.BALANCE, (HELD + 1, HELD)),
        (2, 0, (1 << 64) - 1, Code.BALANCE, ((1 << 64) - 1, HELD)),
        (0, 0, FREE + 1, Code.BALANCE, (FREE + 1, FREE)),
        (2, 0, HELD, Code.OK, ()),
        (2, 0, USDC, Code.OK, ()),
        (0, 0, FREE, Code.OK, ()),
    ],
)
def test_withdrawals_in_code_order(
    trader: int, sub: int, amount: int, code: Code, args: tuple[int, ...]
) -> None:
    world = world_with_a_trade()
    before = world.portfolio(trader).balance
    receipt = receipt_of(world, trader, Withdraw(sub, Micros(amount)))
    assert (receipt.name, receipt.args) == (code.name, args)
    paid = amount if code == Code.OK else 0
    assert world.portfolio(trader).balance == before - paid
    assert world.state.ledger().withdrawals == paid
    data = world.store.get(withdrawal_key(0))
    if paid:
        assert data is not None
        assert decode_withdrawal(data) == (address_of(trader_key(trader)), paid, world.now, 0)
    else:
        assert data is None


def test_withdrawal_of_the_last_crumbs_and_the_next_index() -> None:
    world = world_with_a_trade()
    assert receipt_of(world, 2, Withdraw(0, Micros(HELD - 5))).order_id == 0
    assert receipt_of(world, 2, Withdraw(0, Micros(4))).name == "AMOUNT"
    last = receipt_of(world, 2, Withdraw(0, Micros(5)))
    assert (last.name, last.order_id, last.notional) == ("OK", 1, 5)


def test_unrealised_profit_cannot_leave() -> None:
    world = world_with_a_trade()
    world.run(world.prices(0, 2 * PRICE))
    receipt = receipt_of(world, 0, Withdraw(0, Micros(HELD)))
    assert receipt.name == "BALANCE"
    assert receipt.args[1] == world.portfolio(0).balance == HELD - 300_000 + 240_000


def test_stale_prices_hold_back_only_those_with_positions() -> None:
    world = world_with_a_trade()
    world.run(advance=3_600_000)
    withdraw = Withdraw(0, Micros(USDC))
    receipt = receipt_of(world, 0, withdraw)
    assert (receipt.name, receipt.args) == ("ORACLE_STALE", (0,))
    assert receipt_of(world, 0, Transfer(0, 1, Micros(1))).name == "ORACLE_STALE"
    assert receipt_of(world, 2, withdraw).name == "OK"


def test_a_portfolio_in_liquidation_pays_nothing_out() -> None:
    world = world_with_a_trade()
    flag(world, 2)
    names = world.codes(
        world.sign(2, Withdraw(0, Micros(USDC))), world.sign(2, Transfer(0, 1, Micros(1)))
    )
    assert names == ["LIQUIDATING", "LIQUIDATING"]


@pytest.mark.parametrize(
    ("trader", "source", "target", "amount", "code", "args"),
    [
        (2, 7, 0, 1, Code.BALANCE, (1, 0)),
        (2, 0, 1, 0, Code.AMOUNT, (1,)),
        (2, 0, 1, HELD + 1, Code.BALANCE, (HELD + 1, HELD)),
        (0, 0, 1, FREE + 1, Code.BALANCE, (FREE + 1, FREE)),
        (2, 0, 0, 1, Code.ACCOUNT_SELF, ()),
        (2, 0, 255, HELD, Code.OK, ()),
        (0, 0, 1, FREE, Code.OK, ()),
    ],
)
def test_transfers_in_code_order(
    trader: int, source: int, target: int, amount: int, code: Code, args: tuple[int, ...]
) -> None:
    world = world_with_a_trade()
    before = world.portfolio(trader).balance
    receipt = receipt_of(world, trader, Transfer(source, target, Micros(amount)))
    assert (receipt.name, receipt.args) == (code.name, args)
    if code == Code.OK:
        assert world.portfolio(trader).balance == before - amount
        assert world.portfolio(trader, target).balance == amount
        assert world.last is not None
        moved = [e for e in world.last.events if isinstance(e, BalanceChanged)]
        assert [e.amount for e in moved] == [-amount, amount]
        assert all(e.reason == BALANCE_TRANSFER for e in moved)
    else:
        assert world.portfolio(trader).balance == before


OWNERS = [address_of(trader_key(number)) for number in range(3)]
KEY, ENDED, STRANGER = (address_of(trader_key(number)) for number in (70, 71, 72))


@pytest.mark.parametrize(
    ("trader", "to", "source", "target", "amount", "code", "args"),
    [
        (2, OWNERS[1], 7, 0, 1, Code.BALANCE, (1, 0)),
        (2, OWNERS[1], 0, 0, 0, Code.AMOUNT, (1,)),
        (2, STRANGER, 0, 0, 0, Code.AMOUNT, (1,)),
        (0, OWNERS[1], 0, 0, FREE + 1, Code.BALANCE, (FREE + 1, FREE)),
        (2, OWNERS[2], 0, 1, 1, Code.ACCOUNT_SELF, ()),
        (2, STRANGER, 0, 0, 1, Code.RECIPIENT, (0,)),
        (0, KEY, 0, 0, 1, Code.RECIPIENT, (1,)),
        (2, KEY, 0, 0, 1, Code.RECIPIENT, (1,)),
        (2, ENDED, 0, 0, 1, Code.RECIPIENT, (2,)),
        (2, bytes(20), 0, 0, 1, Code.RECIPIENT, (0,)),
        (2, OWNERS[1], 0, 200, HELD, Code.OK, ()),
        (0, OWNERS[2], 0, 3, FREE, Code.OK, ()),
    ],
)
def test_sends_in_code_order(
    trader: int, to: bytes, source: int, target: int, amount: int, code: Code, args: tuple[int, ...]
) -> None:
    world = world_with_a_trade()
    later = Millis(world.now + 1_000_000)
    for agent in (KEY, ENDED):
        assert world.act(0, ApproveAgent(agent, later, 1 << Kind.ORDER, 0)) == "OK"
    assert world.act(0, RevokeAgent(ENDED)) == "OK"
    before = world.portfolio(trader)
    receipt = receipt_of(world, trader, Send(to, source, target, Micros(amount)))
    assert (receipt.name, receipt.args) == (code.name, args)
    after = world.portfolio(trader)
    if code != Code.OK:
        assert (after.balance, after.moved) == (before.balance, before.moved)
        return
    assert (before.balance - after.balance, before.moved - after.moved) == (amount, amount)
    theirs = world.portfolio(OWNERS.index(to), target)
    assert (theirs.balance, theirs.moved) == (amount, amount)
    assert world.last is not None
    assert [
        (e.portfolio, e.amount, e.reason, e.reference)
        for e in world.last.events
        if isinstance(e, BalanceChanged)
    ] == [
        (after.portfolio, -amount, BALANCE_SEND, theirs.portfolio),
        (theirs.portfolio, amount, BALANCE_SEND, after.portfolio),
    ]


def test_a_session_key_sends_nothing() -> None:
    world = world_with_a_trade()
    later = Millis(world.now + 1_000_000)
    world.act(0, ApproveAgent(KEY, later, (1 << Kind.SCALE + 1) - 2, 0))
    assert world.act(trader_key(70), Send(OWNERS[1], 0, 0, Micros(1))) == "AGENT_ACTION"
    kinds = 1 << Kind.ORDER | 1 << Kind.SEND
    assert world.act(0, ApproveAgent(STRANGER, later, kinds, 0)) == "FIELD"
