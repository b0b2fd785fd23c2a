"""Deficits: what nobody paid cuts withdrawals until fees have repaid it."""

import pytest

from statemachine.actions import Withdraw
from statemachine.keys import BUY, SELL
from statemachine.risk.deficits import payable
from statemachine.units import Micros
from tests.models.auditor import audit
from tests.unit.tail.scene import BACKER, MAKER, PRICE, SELLER, order, world_of
from tests.worlds import USDC, World


def test_an_uncovered_deficit_cuts_every_withdrawal_by_the_same_share() -> None:
    world = world_of()
    world.lose(3_000_000 * USDC)
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
    world.insure(3_000_000 * USDC)
    assert world.act(BACKER, Withdraw(0, Micros(1_000 * USDC))) == "OK"
    assert world.last.receipts[0].notional == 1_000 * USDC


def test_trading_fees_repay_a_deficit_first() -> None:
    world = world_of()
    world.lose(5 * USDC)
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
