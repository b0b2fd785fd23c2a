"""Vaults, deleveraging and solvency as messages."""

from node.service.backstops import payable_ppm, solvency_view, vault_view
from node.service.events import account_events_of
from proto.sextant.v1 import stream_pb2
from statemachine.actions import VaultDeposit, VaultWithdraw
from statemachine.events import (
    Deleveraged,
)
from statemachine.stakes import SHARES_DELAYED, SharesChanged
from statemachine.units import Micros
from tests.worlds import USDC, World


def test_a_vault_shows_its_value_and_the_shares_of_whoever_asks() -> None:
    world = World()
    world.open(2)
    assert world.act(0, VaultDeposit(0, 1, Micros(100 * USDC))) == "OK"
    assert world.act(0, VaultWithdraw(0, 1, 30 * USDC)) == "OK"
    found = vault_view(world.state, 1, world.account(0))
    assert (found.shares, found.value_low_micros, found.value_high_micros) == (10**8, 10**8, 10**8)
    assert (found.held_shares, found.notice_shares) == (70 * USDC, 30 * USDC)
    assert vault_view(world.state, 1, 0).held_shares == 0
    assert vault_view(world.state, 0, 0).shares == 0


def test_what_stands_behind_withdrawals() -> None:
    world = World()
    world.open(2, amount=1_000 * USDC)
    found = solvency_view(world.state, world.now)
    assert found.settled_micros == 2_000 * USDC
    assert found.payable_ppm == 1_000_000
    assert found.withdrawal_capacity_micros == found.withdrawal_capacity_max_micros
    state = World().state
    ledger = state.ledger()
    ledger.settled, ledger.deficits, ledger.insurance = 300, 150, 50
    state.pool().supplied = 100
    assert payable_ppm(state) == 750_000


def test_victims_and_depositors_are_told() -> None:
    ((name, message),) = account_events_of(Deleveraged(7 << 8 | 2, 1, -50, 6_000, 5_900, 9 << 8))
    assert name == 7 << 8 | 2
    assert message.portfolio.account == 7
    cut = message.deleverage
    assert (cut.market, cut.closed_lots, cut.price, cut.mark) == (1, -50, 6_000, 5_900)
    ((_, told),) = account_events_of(SharesChanged(7 << 8, 1, SHARES_DELAYED, 5, 6, 7))
    assert told.shares.stage == stream_pb2.SHARES_STAGE_DELAYED
    assert (told.shares.shares, told.shares.amount_micros, told.shares.due_ms) == (5, 6, 7)
