"""Which handler executes which action."""

from statemachine.actions import (
    FLAG_PEG,
    Action,
    ApproveAgent,
    ApproveBuilder,
    Bracket,
    Bulk,
    BuyCollateral,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Modify,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Scale,
    Send,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Transfer,
    TransferAsset,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
)
from statemachine.errors import Code
from statemachine.handlers.agents import execute_approve, execute_revoke
from statemachine.handlers.assets import execute_transfer_asset, execute_withdraw_asset
from statemachine.handlers.cancel import execute_cancel, execute_cancel_all
from statemachine.handlers.collateral import execute_buy_collateral
from statemachine.handlers.compound import execute_bracket, execute_cancel_at, execute_twap
from statemachine.handlers.fund import (
    execute_create_fund,
    execute_fund_deposit,
    execute_fund_withdraw,
)
from statemachine.handlers.leverage import execute_leverage
from statemachine.handlers.market_state import execute_margin, execute_market_state
from statemachine.handlers.modify import execute_modify
from statemachine.handlers.order import execute_close, execute_order, scale_leg
from statemachine.handlers.poke import execute_poke
from statemachine.handlers.pool import execute_pool_redeem, execute_pool_supply
from statemachine.handlers.referrals import execute_approve_builder, execute_set_referrer
from statemachine.handlers.transfer import execute_send, execute_transfer
from statemachine.handlers.vault import execute_vault_deposit, execute_vault_withdraw
from statemachine.handlers.withdraw import execute_withdraw
from statemachine.step import Step


def execute(step: Step, action: Action) -> None:
    """Execute an action of one leg; the most frequent kinds are asked for first."""
    if isinstance(action, PlaceOrder):
        execute_order(step, action)
    elif isinstance(action, Cancel):
        execute_cancel(step, action)
    elif isinstance(action, Modify):
        execute_modify(step, action)
    elif isinstance(action, CancelAll):
        execute_cancel_all(step, action)
    elif isinstance(action, Poke):
        execute_poke(step, action)
    elif isinstance(action, ClosePosition):
        execute_close(step, action)
    elif isinstance(action, Bracket):
        execute_bracket(step, action)
    elif isinstance(action, Twap):
        execute_twap(step, action)
    elif isinstance(action, CancelAt):
        execute_cancel_at(step, action)
    elif isinstance(action, SetLeverage):
        execute_leverage(step, action)
    else:
        execute_money(step, action)


def execute_money(step: Step, action: Action) -> None:
    """Execute an action that moves money, or says who may act."""
    if isinstance(action, Withdraw):
        execute_withdraw(step, action)
    elif isinstance(action, Transfer):
        execute_transfer(step, action)
    elif isinstance(action, Send):
        execute_send(step, action)
    elif isinstance(action, ApproveAgent):
        execute_approve(step, action)
    elif isinstance(action, RevokeAgent):
        execute_revoke(step, action)
    elif isinstance(action, VaultDeposit):
        execute_vault_deposit(step, action)
    elif isinstance(action, VaultWithdraw):
        execute_vault_withdraw(step, action)
    elif isinstance(action, PoolSupply):
        execute_pool_supply(step, action)
    elif isinstance(action, PoolRedeem):
        execute_pool_redeem(step, action)
    elif isinstance(action, SetMarketState):
        execute_market_state(step, action)
    elif isinstance(action, SetMargin):
        execute_margin(step, action)
    elif isinstance(action, SetReferrer):
        execute_set_referrer(step, action)
    elif isinstance(action, ApproveBuilder):
        execute_approve_builder(step, action)
    else:
        execute_asset(step, action)


def execute_asset(step: Step, action: Action) -> None:
    """Execute an action about another asset than USDC."""
    if isinstance(action, WithdrawAsset):
        execute_withdraw_asset(step, action)
    elif isinstance(action, TransferAsset):
        execute_transfer_asset(step, action)
    elif isinstance(action, BuyCollateral):
        execute_buy_collateral(step, action)
    else:
        execute_fund(step, action)


def execute_fund(step: Step, action: Action) -> None:
    """Execute an action about a fund."""
    if isinstance(action, CreateFund):
        execute_create_fund(step, action)
    elif isinstance(action, FundDeposit):
        execute_fund_deposit(step, action)
    elif isinstance(action, FundWithdraw):
        execute_fund_withdraw(step, action)


def execute_leg(step: Step, bulk: Bulk | Scale, place: int) -> None:
    """Execute one leg of a bulk, or one order of a scale."""
    if isinstance(bulk, Scale):
        if bulk.flags & FLAG_PEG:
            # A ladder is made of prices, and a pegged order has none.
            step.refuse(Code.FIELD, (bulk.flags,))
            return
        execute_order(step, scale_leg(step, bulk, place))
        return
    leg = bulk.legs[place]
    if isinstance(leg, PlaceOrder):
        execute_order(step, leg)
    elif isinstance(leg, Cancel):
        execute_cancel(step, leg)
    else:
        execute_modify(step, leg)
