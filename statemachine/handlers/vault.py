"""Vault shares: buy into a market's backstop, and leave it after a notice.

A deposit is priced at once, at the higher valuation; an exit when its notice is
over, at the lower one then (:mod:`statemachine.risk.vaults`).  Shares are no
collateral: margin never counts them.
"""

from statemachine.actions import VaultDeposit, VaultWithdraw
from statemachine.costs import COST_BACKSTOP, COST_DUE, COST_MONEY, COST_PORTFOLIO
from statemachine.errors import Code, invariant
from statemachine.events import (
    BALANCE_VAULT_DEPOSIT,
    BalanceChanged,
)
from statemachine.keys import LANE_USER
from statemachine.pricing.mark import is_stale, stale_market
from statemachine.records import PORTFOLIO_LIQUIDATING, Share, Vault
from statemachine.risk.balances import credit
from statemachine.risk.funds import refuses_fund
from statemachine.risk.margin import charge_assets, charge_markets, margin_of, withdrawable
from statemachine.risk.vaults import (
    DUE_EXIT,
    SHARES_LIMIT,
    SHARES_MIN,
    shares_for,
    values_of,
    vault_portfolio,
)
from statemachine.stakes import SHARES_BOUGHT, SHARES_NOTICE, SharesChanged
from statemachine.state import State
from statemachine.states import STATE_SETTLED
from statemachine.step import Step


def execute_vault_deposit(step: Step, action: VaultDeposit) -> None:
    """Move settled collateral into a vault, for shares at its higher value."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_MONEY + COST_BACKSTOP
    source = state.portfolio(step.account << 8 | action.sub)

    # CHECKS, in the order of their codes
    if action.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    market = state.market(action.market)
    if market.state == STATE_SETTLED:
        step.refuse(Code.MARKET_STATE, (market.state,))
        return
    if source is None:
        step.refuse(Code.BALANCE, (action.amount, 0))
        return
    charge_markets(step, source)
    stale = action.market if is_stale(step, market) else stale_market(step, source)
    if stale >= 0:
        step.refuse(Code.ORACLE_STALE, (stale,))
        return
    if source.flags & PORTFOLIO_LIQUIDATING:
        step.refuse(Code.LIQUIDATING)
        return
    least = max(SHARES_MIN, step.rules.vault_deposit_min)
    if action.amount < least:
        step.refuse(Code.AMOUNT, (least,))
        return
    most = withdrawable(state, source)
    if action.amount > most:
        step.refuse(Code.BALANCE, (action.amount, most))
        return
    vault = state.vault(action.market)
    number = vault_portfolio(action.market)
    backer = state.portfolio(number)
    value = 0
    if backer is not None:
        charge_assets(step, backer)
        margin = margin_of(state, backer)
        value = values_of(state, backer, market)[1]
        if margin.free < 0 or (vault.shares and value <= 0):
            step.refuse(Code.VAULT_SHORT, (margin.equity_initial, margin.initial))
            return
    shares = shares_for(vault.shares, value, action.amount)
    if not SHARES_MIN <= shares < SHARES_LIMIT - vault.shares:
        step.refuse(Code.SHARES, (vault.shares, value))
        return
    holder = state.share(action.market, step.account)
    if not epoch_allows(step, holder, vault) or refuses_fund(step, source):
        return

    # EFFECTS
    backer = state.open_portfolio(number)
    begin_epoch(holder, vault)
    credit(state, source, -action.amount)
    source.moved -= action.amount
    invariant(source.balance >= 0, "a deposit into a vault creates no debt")
    credit(state, backer, action.amount)
    vault.shares += shares
    holder.held += shares
    state.touch(vault)
    state.touch(holder)

    # RECEIPT
    step.filled = shares
    step.notional = action.amount
    tell_bought(state, source.portfolio, action, shares)


def tell_bought(state: State, source: int, action: VaultDeposit, shares: int) -> None:
    """Note a deposit for streams and screens."""
    events = state.events
    amount, market = action.amount, action.market
    target = vault_portfolio(market)
    events.append(BalanceChanged(source, -amount, BALANCE_VAULT_DEPOSIT, market))
    events.append(BalanceChanged(target, amount, BALANCE_VAULT_DEPOSIT, market))
    events.append(SharesChanged(source, market, SHARES_BOUGHT, shares, amount, 0))


def epoch_allows(step: Step, holder: Share, vault: Vault) -> bool:
    """Check that no due work still names void shares: they would be paid as if they were new."""
    if holder.epoch == vault.epoch or holder.notice == 0:
        return True
    step.refuse(Code.LOCKED, (step.now + step.rules.vault_notice_ms,))
    return False


def begin_epoch(holder: Share, vault: Vault) -> None:
    """Let a share that is new, or of an epoch that is over, count in the vault's present one.

    One that is on notice since then has to wait until no due work names it.
    """
    if holder.epoch != vault.epoch or not holder.live:
        holder.epoch = vault.epoch
        holder.held = holder.notice = 0
        holder.live = True


def execute_vault_withdraw(step: Step, action: VaultWithdraw) -> None:
    """Put shares on notice; they are paid to a sub-account when it is over."""
    # READ
    state = step.state
    step.cost += COST_BACKSTOP + COST_DUE
    target = state.portfolio(step.account << 8 | action.sub)

    # CHECKS, in the order of their codes
    if action.market not in state.market_rules:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    vault = state.vault(action.market)
    holder = state.share(action.market, step.account)
    held = holder.held if holder.live and holder.epoch == vault.epoch else 0
    shares = action.shares or held
    # A few that stay could be made so dear that nobody else may come in; a few that leave, many
    # times, would crowd the users' lane.
    if not 0 < shares <= held or (shares < held and min(shares, held - shares) < SHARES_MIN):
        step.refuse(Code.SHARES, (shares, held))
        return
    if refuses_fund(step, target):
        return

    # EFFECTS
    number = step.account << 8 | action.sub
    due = step.now + step.rules.vault_notice_ms
    holder.held -= shares
    holder.notice += shares
    state.touch(holder)
    state.add_due(LANE_USER, due, DUE_EXIT, action.market, number, shares)

    # RECEIPT
    step.filled = shares
    state.events.append(SharesChanged(number, action.market, SHARES_NOTICE, shares, 0, due))
