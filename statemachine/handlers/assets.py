"""Assets beyond USDC: credited by L1, moved between sub-accounts, and out again.

An asset may leave a portfolio as long as ``E_im >= IM`` holds after it; it is
never lent, so nothing becomes negative.  What leaves for L1 uses up as much of
the velocity's capacity as it is worth at the last index.  No deficit cuts an
asset's withdrawal: a deficit is USDC that is missing, while of every asset L1
holds, unit by unit, what the holdings sum to.
"""

from statemachine.actions import TransferAsset, WithdrawAsset
from statemachine.costs import COST_ASSET, COST_MARKET, COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, StorageCorrupt
from statemachine.events import (
    BALANCE_DEPOSIT,
    BALANCE_TRANSFER,
    BALANCE_WITHDRAWAL,
    AssetChanged,
)
from statemachine.inbox import InboxItem
from statemachine.keys import account_key, withdrawal_key
from statemachine.pricing.mark import stale_market
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    ROLE_OWNER,
    Portfolio,
    decode_account,
    encode_withdrawal,
)
from statemachine.risk.collateral import (
    amount_free,
    change_holding,
    has_room,
    sums_of,
    worth_of,
)
from statemachine.risk.funds import refuses_fund
from statemachine.risk.margin import charge_markets, margin_of
from statemachine.risk.velocity import capacity_at, time_for, use_capacity
from statemachine.step import Step
from statemachine.units import div_floor


def credit_asset(step: Step, portfolio: Portfolio, asset: int, amount: int, index: int) -> None:
    """Credit a deposit that passed its checks."""
    # EFFECTS
    state = step.state
    sums = sums_of(state, asset)
    sums.deposits += amount
    state.touch(sums)
    change_holding(state, portfolio, asset, amount)

    # RECEIPT
    step.notional = amount
    number = portfolio.portfolio
    state.events.append(AssetChanged(number, asset, amount, BALANCE_DEPOSIT, index))


def asset_allows(step: Step, portfolio: Portfolio | None, asset: int, amount: int) -> bool:
    """Check what every departure of an asset asks of its portfolio, up to the amount."""
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY + COST_ASSET + COST_MARKET
    if portfolio is None:
        step.refuse(Code.BALANCE, (amount, 0))
        return False
    charge_markets(step, portfolio)
    stale = stale_market(step, portfolio)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
    elif portfolio.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
    elif asset not in state.asset_rules:
        step.refuse(Code.ASSET_UNKNOWN, (asset,))
    else:
        return True
    return False


def execute_withdraw_asset(step: Step, action: WithdrawAsset) -> None:
    """Take units of an asset off a sub-account and let L1 owe them to the owner."""
    # READ
    state = step.state
    portfolio = state.portfolio(step.account << 8 | action.sub)

    # CHECKS, in the order of their codes
    if not asset_allows(step, portfolio, action.asset, action.amount) or portfolio is None:
        return
    if action.amount == 0:
        step.refuse(Code.AMOUNT, (1,))
        return
    most = amount_free(state, portfolio, action.asset, margin_of(state, portfolio).free)
    if action.amount > most:
        step.refuse(Code.BALANCE, (action.amount, most))
        return
    worth = worth_of(state, state.asset_rules[action.asset], action.amount)
    capacity = capacity_at(step.rules, state.ledger(), state.velocity(), step.now)
    if worth > capacity:
        when = time_for(step.rules, state.ledger(), state.velocity(), step.now, worth)
        step.refuse(Code.VELOCITY, (capacity, when))
        return
    data = state.blob(account_key(step.account))
    if data is None:
        raise StorageCorrupt(f"account {step.account} has a signer, but no record")

    # EFFECTS and RECEIPT
    pay_out_asset(step, portfolio, decode_account(data), action.asset, action.amount)


def force_asset(step: Step, item: InboxItem) -> None:
    """Pay an owner the asset that he asks for, or as much as may leave; 0 asks for all.

    What the capacity of the moment does not let out stays: it can be asked for again.
    """
    # READ
    state = step.state
    signer = state.signer(item.owner)

    # CHECKS, in the order of their codes
    if signer is None or signer.role != ROLE_OWNER:
        step.cost += COST_PORTFOLIO
        step.refuse(Code.SIGNER_UNKNOWN)
        return
    portfolio = state.portfolio(signer.account << 8 | item.sub)
    if not asset_allows(step, portfolio, item.asset, item.amount) or portfolio is None:
        return
    most = amount_free(state, portfolio, item.asset, margin_of(state, portfolio).free)
    amount = min(item.amount or most, most)
    if amount == 0:
        step.refuse(Code.BALANCE, (item.amount, most))
        return
    worth = worth_of(state, state.asset_rules[item.asset], amount)
    capacity = capacity_at(step.rules, state.ledger(), state.velocity(), step.now)
    if worth > capacity:
        # Worth is rounded up, so of a share of it no more than the capacity is worth leaves.
        amount = div_floor(amount * capacity, worth)
        if amount == 0:
            when = time_for(step.rules, state.ledger(), state.velocity(), step.now, 1)
            step.refuse(Code.VELOCITY, (capacity, when))
            return

    # EFFECTS and RECEIPT
    pay_out_asset(step, portfolio, item.owner, item.asset, amount)


def pay_out_asset(step: Step, portfolio: Portfolio, owner: bytes, asset: int, amount: int) -> None:
    """Take units off a portfolio, and let L1 owe them to its owner."""
    # EFFECTS
    state = step.state
    ledger = state.ledger()
    index = ledger.next_withdrawal
    ledger.next_withdrawal += 1
    state.touch(ledger)
    sums = sums_of(state, asset)
    sums.withdrawals += amount
    state.touch(sums)
    use_capacity(state, step.now, worth_of(state, state.asset_rules[asset], amount), 0)
    change_holding(state, portfolio, asset, -amount)
    state.add_blob(withdrawal_key(index), encode_withdrawal(owner, amount, step.now, asset))

    # RECEIPT
    step.order_id = index
    step.notional = amount
    number = portfolio.portfolio
    state.events.append(AssetChanged(number, asset, -amount, BALANCE_WITHDRAWAL, index))


def execute_transfer_asset(step: Step, action: TransferAsset) -> None:
    """Take units that may leave one sub-account, and give them to another."""
    # READ
    state = step.state
    base = step.account << 8
    source = state.portfolio(base | action.source)

    # CHECKS, in the order of their codes
    if not asset_allows(step, source, action.asset, action.amount) or source is None:
        return
    if action.amount == 0:
        step.refuse(Code.AMOUNT, (1,))
        return
    most = amount_free(state, source, action.asset, margin_of(state, source).free)
    if action.amount > most:
        step.refuse(Code.BALANCE, (action.amount, most))
        return
    if action.source == action.target:
        step.refuse(Code.ACCOUNT_SELF)
        return
    target = state.portfolio(base | action.target)
    if target is not None and not has_room(target, action.asset):
        step.refuse(Code.ASSETS_MAX, (len(target.markets), target.assets))
        return
    if refuses_fund(step, target):
        return

    # EFFECTS
    target = state.open_portfolio(base | action.target)
    change_holding(state, source, action.asset, -action.amount)
    change_holding(state, target, action.asset, action.amount)

    # RECEIPT
    step.notional = action.amount
    events = state.events
    pair = (source.portfolio, target.portfolio)
    asset, amount = action.asset, action.amount
    events.append(AssetChanged(pair[0], asset, -amount, BALANCE_TRANSFER, pair[1]))
    events.append(AssetChanged(pair[1], asset, amount, BALANCE_TRANSFER, pair[0]))
