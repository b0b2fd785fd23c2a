"""A fund's money moves only against shares: nothing else takes it out, or puts any in."""

import pytest

from statemachine.actions import (
    KIND_OF,
    Action,
    ApproveAgent,
    BuyCollateral,
    CancelAll,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Kind,
    Modify,
    PlaceOrder,
    PoolRedeem,
    PoolSupply,
    Send,
    Transfer,
    TransferAsset,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
)
from statemachine.fund_events import FUND_PAID
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import BUY, SELL
from statemachine.risk.collateral import holding_of
from statemachine.units import Lots, Micros, Millis, Price
from tests.exchange_vectors.assets import LOT, STAKED, deposit_asset, offered
from tests.exchange_vectors.scene import OTHER, do
from tests.models.auditor import audit
from tests.unit.funds.scene import (
    ANN,
    LEADER,
    LOCK,
    MAKER,
    PRICE,
    SUB,
    act,
    buy,
    invest,
    opened,
    order,
    sell,
    told,
    wait,
)
from tests.worlds import USDC, trader_key

MONEY_KINDS: dict[Kind, Action] = {
    Kind.WITHDRAW: Withdraw(SUB, Micros(USDC)),
    Kind.TRANSFER: Transfer(SUB, 0, Micros(USDC)),
    Kind.SEND: Send(address_of(trader_key(ANN)), SUB, 0, Micros(USDC)),
    Kind.VAULT_DEPOSIT: VaultDeposit(SUB, 0, Micros(10 * USDC)),
    Kind.VAULT_WITHDRAW: VaultWithdraw(SUB, 0, 10_000),
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
    for staked in (VaultDeposit(0, 0, Micros(10 * USDC)), PoolSupply(0, Micros(10 * USDC))):
        assert world.act(LEADER, staked) == "OK"
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
