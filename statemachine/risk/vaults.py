"""Backstop vaults: depositors' money that takes over what would go under.

Each market has a vault of its own, so that a depositor chooses his risk: it is
portfolio ``(account 0, sub = market)``, margined like any other, and holds
that market only.

* takeover: a portfolio in liquidation with ``0 <= E < CO`` gives the vault its
  position at mark, with its share ``E * MM_i / MM`` of the margin, floored; not
  if the vault would be below its own IM.  Below zero the vault takes nothing:
  depositors never pay anybody's debt knowingly
* unwinding: what a vault holds is sold slice by slice, by reduce-only orders of
  the exchange's own, no worse than ``vault_slippage_ppm`` from mark
* collateral: it buys what debtors hold of assets priced by its market, below the
  index, and offers it to anyone (:mod:`statemachine.risk.collateral_sales`)
* value: its equity at mark and at index, its assets by their weight and whole;
  whoever comes in pays the higher one, whoever leaves gets the lower one; neither
  happens while it is below its IM
* exits are paid ``vault_notice_ms`` after they were asked for, at the value then.
  A vault that cannot pay one yet, because its margin is in use or it is below
  its IM, tries again with the next slice
* a vault that is left with nothing ends an epoch: its shares are void.  Whoever has
  some of them on notice comes in again once that is over

What remains when the last share has left goes to the insurance fund.
"""

from typing import Final

from statemachine.book.matching import match_system, trade
from statemachine.costs import COST_BACKSTOP, COST_MONEY, COST_PORTFOLIO
from statemachine.events import (
    BALANCE_BACKSTOP,
    BALANCE_VAULT_EXIT,
    BalanceChanged,
)
from statemachine.keys import BUY, LANE_SYSTEM, LANE_USER, SELL
from statemachine.pricing.funding import unsettled_funding
from statemachine.pricing.mark import is_stale
from statemachine.records import PORTFOLIO_LIQUIDATING, Market, Portfolio, Position, Share
from statemachine.risk.balances import credit
from statemachine.risk.collateral import assets_of, collateral_of, holding_of, worth_of
from statemachine.risk.funds import open_home
from statemachine.risk.margin import Margin, charge_assets, margin_of
from statemachine.risk.pool import unsettled_interest
from statemachine.risk.ranks import is_clearing
from statemachine.rules import Rules
from statemachine.stakes import SHARES_DELAYED, SHARES_LOST, SHARES_PAID, SharesChanged
from statemachine.state import State
from statemachine.states import STATE_PAUSED, STATE_SETTLED
from statemachine.step import Step
from statemachine.units import PPM_ONE, div_ceil, div_floor

VAULT_ACCOUNT: Final = 0
SHARES_LIMIT: Final = 1 << 63
SHARES_MIN: Final = 10_000
"""A deposit buys at least so many, as in a fund, and whoever does not leave keeps so many: what
rounding takes is below 0.01%, and as much as is in a vault already is enough to come in."""
DUE_UNWIND: Final = 5
"""Kind of due work: the next slice of what a vault holds."""
DUE_EXIT: Final = 19
"""Kind of due work: shares on notice are to be paid."""


def vault_portfolio(market: int) -> int:
    """Return the number of a market's vault among portfolios."""
    return VAULT_ACCOUNT << 8 | market


def is_vault(portfolio: int) -> bool:
    """Return whether a portfolio is a vault's."""
    return portfolio >> 8 == VAULT_ACCOUNT and not is_clearing(portfolio)


def slice_size(rules: Rules, mark: int, held: int) -> int:
    """Return the lots of one slice out of ``held``."""
    part = div_ceil(held * rules.slice_ppm, PPM_ONE)
    least = div_ceil(rules.slice_notional_min, mark)
    return min(held, max(part, least))


# Taking over


def take_over(
    step: Step, portfolio: Portfolio, position: Position, market: Market, share: int
) -> bool:
    """Move a position at mark, with ``share`` micros of margin, to the market's vault.

    Nothing happens, and ``False`` is returned, if the vault would be below its IM.
    """
    state = step.state
    step.cost += COST_BACKSTOP
    number = vault_portfolio(market.market)
    backer = state.portfolio(number)
    if backer is not None:
        charge_assets(step, backer)
    if backer is None or number == portfolio.portfolio or backer.flags & PORTFOLIO_LIQUIDATING:
        return False
    held = state.open_position(backer, market.market)
    size = position.size
    if not stays_initial(state, backer, held, size, size * market.mark, share):
        state.drop_position(backer, held)
        return False
    trade(state, portfolio, position, market, -size, market.mark)
    trade(state, backer, held, market, size, market.mark)
    credit(state, portfolio, -share)
    credit(state, backer, share)
    state.touch(market)
    state.drop_position(portfolio, position)
    state.drop_position(backer, held)
    events = state.events
    for name, amount in ((portfolio.portfolio, -share), (number, share)):
        if amount:
            events.append(BalanceChanged(name, amount, BALANCE_BACKSTOP, market.market))
    vault = state.vault(market.market)
    if not vault.unwinding:
        vault.unwinding = 1
        state.touch(vault)
        arm_unwinding(step, market.market)
    return True


def stays_initial(
    state: State, backer: Portfolio, held: Position, size: int, cost: int, share: int
) -> bool:
    """Return whether a vault that took ``size`` lots for ``cost`` would keep its IM."""
    held.size += size
    held.cost += cost
    after = margin_of(state, backer, share)
    held.size -= size
    held.cost -= cost
    return after.free >= 0


# Unwinding


def arm_unwinding(step: Step, market: int) -> None:
    """Come back to what a vault holds after a slice's pause."""
    time = step.now + step.rules.slice_interval_ms
    step.state.add_due(LANE_SYSTEM, time, DUE_UNWIND, market, vault_portfolio(market))


def process_unwind(step: Step, number: int, market_number: int) -> None:
    """Sell a slice of what a vault holds; come back while there is more."""
    state = step.state
    step.cost += COST_PORTFOLIO + COST_BACKSTOP
    backer = state.portfolio(number)
    vault = state.vault(market_number)
    market = state.market(market_number)
    position = None if backer is None else state.find_position(backer, market_number)
    if backer is None or position is None or position.size == 0:
        vault.unwinding = 0
        state.touch(vault)
        return
    # What is settled is not sold: it is closed with everybody else's.
    waits = market.state in (STATE_PAUSED, STATE_SETTLED) or is_stale(step, market)
    if not backer.flags & PORTFOLIO_LIQUIDATING and not waits:
        unwind_slice(step, backer, position, market)
    arm_unwinding(step, market_number)


def unwind_slice(step: Step, portfolio: Portfolio, position: Position, market: Market) -> None:
    """Sell, or buy back, a slice of a position near the mark, as far as the book allows."""
    side = SELL if position.size > 0 else BUY
    limit = unwinding_price(step, market, side)
    size = slice_size(step.rules, market.mark, abs(position.size))
    match_system(step, portfolio, market, side, size, limit)
    step.more = False


def unwinding_price(step: Step, market: Market, side: int) -> int:
    """Return the worst price of a sale or purchase near the mark, to the tick in its favour."""
    tick = step.state.market_rules[market.market].tick
    slippage = step.rules.vault_slippage_ppm
    if side == SELL:
        return div_ceil(market.mark * (PPM_ONE - slippage), PPM_ONE * tick) * tick
    return div_floor(market.mark * (PPM_ONE + slippage), PPM_ONE * tick) * tick


# Shares


def values_of(state: State, backer: Portfolio, market: Market) -> tuple[int, int]:
    """Return the lower and the higher of a vault's equity at mark and at index, in micros."""
    least = most = backer.balance - unsettled_interest(state, backer)
    if backer.assets:
        least += collateral_of(state, backer)[0]
        for asset in assets_of(backer):
            amount = holding_of(state, backer.portfolio, asset).amount
            most += worth_of(state, state.asset_rules[asset], amount)
    position = state.find_position(backer, market.market)
    if position is None or position.size == 0:
        return least, most
    base = unsettled_funding(position, market) - position.cost
    first = base + position.size * market.mark
    second = base + position.size * market.index
    return least + min(first, second), most + max(first, second)


def shares_for(shares: int, value: int, amount: int) -> int:
    """Return the shares that ``amount`` micros buy at the higher value, floored."""
    return div_floor(amount * shares, value) if shares else amount


def process_exit(step: Step, number: int, market_number: int, shares: int) -> None:
    """Pay shares whose notice is over, at the lower value now; or try again later."""
    state = step.state
    step.cost += COST_PORTFOLIO + COST_BACKSTOP + COST_MONEY
    market = state.market(market_number)
    vault = state.vault(market_number)
    holder = state.share(market_number, number >> 8)
    backer = state.portfolio(vault_portfolio(market_number))
    if holder.epoch != vault.epoch or backer is None:
        forget_notice(state, holder, shares)
        state.events.append(SharesChanged(number, market_number, SHARES_LOST, shares, 0, 0))
        return
    charge_assets(step, backer)
    value = values_of(state, backer, market)[0]
    amount = max(0, div_floor(value * shares, vault.shares))
    margin: Margin = margin_of(state, backer)
    ready = not backer.flags & PORTFOLIO_LIQUIDATING and margin.free >= 0
    room = min(margin.free, backer.balance)
    priced = backer.markets or backer.assets
    if not ready or amount > room or (priced and is_stale(step, market)):
        time = step.now + step.rules.slice_interval_ms
        state.add_due(LANE_USER, time, DUE_EXIT, market_number, number, shares)
        state.events.append(
            SharesChanged(number, market_number, SHARES_DELAYED, shares, amount, time)
        )
        return
    portfolio = open_home(state, number)
    credit(state, backer, -amount)
    credit(state, portfolio, amount)
    portfolio.moved += amount
    vault.shares -= shares
    holder.notice -= shares
    holder.live = holder.held != 0 or holder.notice != 0
    state.touch(vault)
    state.touch(holder)
    events = state.events
    events.append(BalanceChanged(backer.portfolio, -amount, BALANCE_VAULT_EXIT, market_number))
    home = portfolio.portfolio
    events.append(BalanceChanged(home, amount, BALANCE_VAULT_EXIT, market_number))
    events.append(SharesChanged(number, market_number, SHARES_PAID, shares, amount, 0))
    if vault.shares == 0 and not backer.markets:
        sweep_rest(state, backer, market_number)


def forget_notice(state: State, holder: Share, shares: int) -> None:
    """Let void shares go, which were on notice as their epoch ended; with the last, all of them."""
    holder.notice -= shares
    holder.live = holder.notice != 0
    state.touch(holder)


def sweep_rest(state: State, backer: Portfolio, market: int) -> None:
    """Give what nobody's share is to the insurance fund."""
    rest = backer.balance
    if rest <= 0:
        return
    ledger = state.ledger()
    credit(state, backer, -rest)
    ledger.settled -= rest
    ledger.insurance += rest
    state.touch(ledger)
    state.events.append(BalanceChanged(backer.portfolio, -rest, BALANCE_VAULT_EXIT, market))


def void_shares(state: State, portfolio: Portfolio) -> None:
    """End a vault's epoch if it has nothing left: whoever had shares has none."""
    if not is_vault(portfolio.portfolio) or portfolio.balance > 0:
        return
    if portfolio.markets or portfolio.assets:
        return
    vault = state.vault(portfolio.portfolio & 255)
    if vault.shares:
        vault.shares = 0
        vault.epoch += 1
        state.touch(vault)
