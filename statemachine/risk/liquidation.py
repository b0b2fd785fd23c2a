"""Liquidation: a ladder, gradual on purpose, that anyone may set in motion.

1. ``MM <= E < IM``: orders that could add to a position are cancelled, nothing
   else (:mod:`statemachine.handlers.poke`).
2. ``E < MM``: the portfolio is flagged, all its orders are cancelled, and the
   position with the largest MM is closed slice by slice, by orders of the
   exchange's own that trade no worse than the *zero price*
   ``mark * (1 - sign * MMF * E / MM)`` with ``MMF = MM_i / N_i``.  There a fill
   leaves E/MM as it was.  It ends once ``E >= MM * (1 + h)``.
3. ``0 <= E < CO``: the market's backstop vault takes the whole position, with
   its share of the margin (:mod:`statemachine.risk.vaults`); if it cannot, stage 2
   goes on.
4. ``E < 0``: the zero price would be beyond the mark; while insurance may pay
   what is missing, or a sale of other assets would, the fill band bounds the
   slices instead, and insurance pays with each of them what the closed part was
   short of.  If not, those who gained most on the other side are deleveraged
   (:mod:`statemachine.risk.deleverage`); if nobody did, slices go on.
5. No position left, but a debt and other assets: these are sold to vaults, slice by
   slice, until the debt is paid (:mod:`statemachine.risk.collateral_sales`).
6. Nothing left but a debt: insurance pays what it may, the lending pool bears what
   it had lent before the liquidation (:mod:`statemachine.risk.pool`), and the rest
   stands in the deficit account of the market closed last
   (:mod:`statemachine.risk.deficits`).

What is given up below the mark may have to be borrowed, and a loan adds to MM;
where it would, zero price and takeover give up ``E * MM_i / (MM + E * loan rate)``
and not ``E * MM_i / MM``: E/MM stays as it was all the same.

A slice's fee is at most what it improved over the zero price, so liquidation
never lowers E/MM while E >= 0; its rate grows from ``liquidation_fee_ppm`` to
``liquidation_fee_ppm_max`` in the ``liquidation_ramp_ms`` after the flag.  Out of
the fee of the first slice whoever poked gets a small reward, then the market's
deficit is repaid, and the rest goes to the insurance fund.  After an outage or
a halt all of this waits in its markets (:mod:`statemachine.risk.grace`).  What a portfolio holds in
a settled market is closed before anything else (:mod:`statemachine.risk.clearing`).
"""

from typing import Final

from statemachine.book.matching import band_of, match_system
from statemachine.costs import COST_FUND, COST_MONEY, COST_PORTFOLIO
from statemachine.events import (
    BALANCE_LIQUIDATION_FEE,
    BALANCE_POKE_REWARD,
    REMOVED_LIQUIDATING,
    STAGE_BACKSTOP,
    STAGE_COLLATERAL,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_RELEASED,
    STAGE_SLICE,
    BalanceChanged,
)
from statemachine.handlers.cancel import cancel_orders
from statemachine.keys import BUY, LANE_SYSTEM, SELL
from statemachine.records import PORTFOLIO_LIQUIDATING, Market, Portfolio, Position
from statemachine.risk.balances import credit
from statemachine.risk.clearing import NONE_CLEARED, clear_portfolio
from statemachine.risk.collateral_sales import sale_surplus, sell_collateral
from statemachine.risk.debts import cover_debt, insure_slice, note_loan, tell
from statemachine.risk.deficits import insurance_room, repay_deficit
from statemachine.risk.deleverage import bankruptcy_price, deleverage
from statemachine.risk.funds import is_fund, void_fund
from statemachine.risk.grace import grace_for, waits
from statemachine.risk.margin import (
    Margin,
    charge_markets,
    loan_maintenance,
    margin_of,
    with_loan,
    without_loan,
)
from statemachine.risk.tiers import maintenance_of
from statemachine.risk.vaults import slice_size, take_over, void_shares
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE, clamp, div_ceil, div_floor

DUE_SLICE: Final = 4
"""Kind of due work: the next slice of a flagged portfolio."""


def process_slice(step: Step, number: int, market: int) -> None:
    """Run a flagged portfolio's due work: orders that are left, then one slice."""
    step.cost += COST_PORTFOLIO + COST_MONEY
    portfolio = step.state.portfolio(number)
    if portfolio is None or not portfolio.flags & PORTFOLIO_LIQUIDATING:
        return
    charge_markets(step, portfolio)
    settled = clear_portfolio(step, portfolio)
    if settled != NONE_CLEARED:
        arm_slice(step, portfolio, settled, 0)
        return
    until, missing = grace_for(step, portfolio)
    if until:
        wait = step.rules.sample_interval_ms if missing else 0
        arm_slice(step, portfolio, market, max(wait, until - step.now))
        return
    _, left = cancel_orders(step, number, None, REMOVED_LIQUIDATING)
    if left is not None or step.visits >= step.rules.step_visits_max:
        arm_slice(step, portfolio, market, 0)
        return
    run_slice(step, portfolio, market, rewarded=False)


# Stages 2 to 4


def start_closing(step: Step, portfolio: Portfolio, margin: Margin) -> None:
    """Flag a portfolio whose equity is below MM, and begin."""
    portfolio.flags |= PORTFOLIO_LIQUIDATING
    portfolio.flagged_at = step.now
    note_loan(step.state, portfolio)
    tell(step.state, portfolio, STAGE_FLAGGED, 0, 0, margin)
    close_orders(step, portfolio)


def close_orders(step: Step, portfolio: Portfolio) -> None:
    """Cancel a flagged portfolio's orders, 16 a step; after the last one, slice."""
    cursor = step.cursor
    _, left = cancel_orders(step, portfolio.portfolio, None, REMOVED_LIQUIDATING)
    if left is None and step.visits < step.rules.step_visits_max:
        run_slice(step, portfolio, -1, rewarded=True)
    elif cursor.continuation < step.rules.step_continuations_max - 1:
        cursor.continuation += 1
        step.more = True
    else:
        arm_slice(step, portfolio, -1, 0)


def run_slice(step: Step, portfolio: Portfolio, last: int, *, rewarded: bool) -> None:
    """Close a slice of the position with the largest MM; release, settle or go on.

    ``last`` is the market closed last, -1 if there is none.
    """
    state = step.state
    before = margin_of(state, portfolio)
    position = None if is_safe(step.rules, before) else largest_open(step, portfolio)
    if position is None:
        if not is_safe(step.rules, before) and largest_position(state, portfolio) is not None:
            # All that is left is in markets that wait.
            arm_slice(step, portfolio, last, step.rules.sample_interval_ms)
        elif is_safe(step.rules, before) or not owes_assets(portfolio):
            finish(step, portfolio, last, before)
        else:
            pay_in_assets(step, portfolio, last, before)
        return
    market = state.market(position.market)
    wait = 0
    if (
        0 <= before.equity < before.closeout
        and back_position(step, portfolio, position, market, before)
    ) or (before.equity < 0 and deleverage_position(step, portfolio, position, market, before)):
        pass
    else:
        wait = sell_slice(step, portfolio, position, market, before, rewarded=rewarded)
    after = margin_of(state, portfolio)
    closed = largest_position(state, portfolio) is None and not owes_assets(portfolio)
    if is_safe(step.rules, after) or closed:
        finish(step, portfolio, market.market, after)
        return
    arm_slice(step, portfolio, market.market, wait)


def owes_assets(portfolio: Portfolio) -> bool:
    """Return whether a portfolio has a debt, and assets to pay it with."""
    return portfolio.balance < 0 and portfolio.assets != 0


def pay_in_assets(step: Step, portfolio: Portfolio, last: int, before: Margin) -> None:
    """Sell a slice of collateral, and release, settle or go on."""
    state = step.state
    # What is to be paid is the loan with its interest.
    credit(state, portfolio, 0)
    asset = sell_collateral(step, portfolio)
    if asset:
        tell(state, portfolio, STAGE_COLLATERAL, state.asset_rules[asset].market, 0, before)
    after = margin_of(state, portfolio)
    if is_safe(step.rules, after) or not owes_assets(portfolio):
        finish(step, portfolio, last, after)
        return
    arm_slice(step, portfolio, last, step.rules.slice_interval_ms)


def back_position(
    step: Step, portfolio: Portfolio, position: Position, market: Market, before: Margin
) -> bool:
    """Give a whole position to the market's vault, if it can take it."""
    size = position.size
    own = position_maintenance(step.state, position)
    share = div_floor(before.equity * own, with_loan(step.rules, before, own).maintenance)
    if not take_over(step, portfolio, position, market, share):
        return False
    tell(step.state, portfolio, STAGE_BACKSTOP, market.market, size, before)
    return True


def deleverage_position(
    step: Step, portfolio: Portfolio, position: Position, market: Market, before: Margin
) -> bool:
    """Close a position against those who gained, if neither assets nor insurance may pay."""
    equity = before.equity + insurance_room(step, market)
    if portfolio.assets:
        equity += sale_surplus(step.state, portfolio)
    if equity >= 0:
        return False
    size = position.size
    own = position_maintenance(step.state, position)
    price = bankruptcy_price(market.mark, size, own, without_loan(step.rules, before), equity)
    closed = deleverage(step, portfolio, position, market, price)
    if closed == 0:
        return False
    signed = closed if size > 0 else -closed
    tell(step.state, portfolio, STAGE_DELEVERAGE, market.market, signed, before)
    return True


def sell_slice(
    step: Step,
    portfolio: Portfolio,
    position: Position,
    market: Market,
    before: Margin,
    *,
    rewarded: bool,
) -> int:
    """Close a slice of a position on the book; return how long to wait for the next, in ms."""
    state = step.state
    parameters = state.market_rules[market.market]
    side = SELL if position.size > 0 else BUY
    own = position_maintenance(state, position)
    if before.equity >= 0:
        weight = with_loan(step.rules, before, own)
        limit = zero_price(parameters.tick, market.mark, position.size, own, weight)
    else:
        limit = band_of(parameters, market.mark, side)
    size = slice_size(step.rules, market.mark, abs(position.size))
    notional = step.notional
    filled = match_system(step, portfolio, market, side, size, limit)
    cut = step.more
    step.more = False
    signed = filled if side == SELL else -filled
    tell(state, portfolio, STAGE_SLICE, market.market, signed, before)
    if filled and before.equity < 0:
        insure_slice(step, portfolio, market, before, own - position_maintenance(state, position))
    elif filled:
        charge_fee(step, portfolio, market, before, step.notional - notional, rewarded=rewarded)
    # A slice cut short by the bound on visits goes on soon.
    return step.rules.sample_interval_ms if cut else step.rules.slice_interval_ms


def is_safe(rules: Rules, margin: Margin) -> bool:
    """Return whether liquidation may end: ``E >= MM * (1 + h)``."""
    return margin.equity * PPM_ONE >= margin.maintenance * (PPM_ONE + rules.liquidation_margin_ppm)


def largest_position(state: State, portfolio: Portfolio) -> Position | None:
    """Return the position with the largest MM, of equal ones the lowest market's."""
    return largest_of(state, state.all_positions(portfolio))


def largest_open(step: Step, portfolio: Portfolio) -> Position | None:
    """Return the same of those whose market does not wait."""
    positions = step.state.all_positions(portfolio)
    return largest_of(step.state, [p for p in positions if not waits(step, p.market)])


def largest_of(state: State, positions: list[Position]) -> Position | None:
    """Return the one with the largest MM, of equal ones the lowest market's."""
    found: Position | None = None
    most = 0
    for position in positions:
        maintenance = position_maintenance(state, position)
        if maintenance > most:
            found, most = position, maintenance
    return found


def position_maintenance(state: State, position: Position) -> int:
    """Return a position's own part of its portfolio's MM, in micros."""
    market = state.market(position.market)
    held = abs(position.size) * market.mark
    return maintenance_of(state.market_rules[position.market], market.maintenance_ppm, held)


def zero_price(tick: int, mark: int, size: int, maintenance: int, margin: Margin) -> int:
    """Return the price at which closing ``size`` lots leaves E/MM unchanged, to the tick.

    ``maintenance`` is the position's own.  Rounded in the portfolio's favour: up
    for a sale, down for a purchase.
    """
    whole = abs(size) * margin.maintenance
    part = maintenance * margin.equity
    if size > 0:
        return div_ceil(mark * whole - part, whole * tick) * tick
    return div_floor(mark * whole + part, whole * tick) * tick


def charge_fee(
    step: Step,
    portfolio: Portfolio,
    market: Market,
    before: Margin,
    notional: int,
    *,
    rewarded: bool,
) -> None:
    """Take a slice's fee, out of nothing but its improvement over the zero price."""
    state = step.state
    if before.equity < 0:
        return
    after = margin_of(state, portfolio)
    # At the zero price equity would have shrunk with maintenance, in proportion.
    floor = div_ceil(before.equity * after.maintenance, before.maintenance)
    fee = div_ceil(notional * fee_rate(step, portfolio), PPM_ONE)
    spare = after.equity - floor
    if after.cushion < spare:
        # The fee would be borrowed, and what a loan adds to MM comes out of it too.
        added = loan_maintenance(step.rules, -before.equity)
        spare = div_floor(spare * before.maintenance, before.maintenance + added) - 1
    fee = min(fee, spare)
    if fee <= 0:
        return
    ledger = state.ledger()
    credit(state, portfolio, -fee)
    step.fee += fee
    # Whoever pokes through L1 may have no account to be paid into.
    reward = min(fee, step.rules.poke_reward) if rewarded and step.account else 0
    repaid = repay_deficit(ledger, market, fee - reward)
    ledger.insurance += fee - reward - repaid
    ledger.settled -= fee - reward
    state.touch(market)
    state.touch(ledger)
    events = state.events
    number = market.market
    events.append(BalanceChanged(portfolio.portfolio, -fee, BALANCE_LIQUIDATION_FEE, number))
    if reward:
        poker = state.open_portfolio(step.account << 8)
        credit(state, poker, reward)
        events.append(BalanceChanged(poker.portfolio, reward, BALANCE_POKE_REWARD, number))


def fee_rate(step: Step, portfolio: Portfolio) -> int:
    """Return the fee's rate by now in ppm, floored: it grows with time in liquidation."""
    rules = step.rules
    time = clamp(step.now - portfolio.flagged_at, 0, rules.liquidation_ramp_ms)
    grown = rules.liquidation_fee_ppm_max - rules.liquidation_fee_ppm
    return rules.liquidation_fee_ppm + div_floor(grown * time, rules.liquidation_ramp_ms)


# Stage 6, and the end


def finish(step: Step, portfolio: Portfolio, last: int, margin: Margin) -> None:
    """Release a portfolio that is safe again, or has nothing left; a debt is made good."""
    state = step.state
    broke = portfolio.balance < 0 and not portfolio.assets
    if broke and largest_position(state, portfolio) is None:
        cover_debt(step, portfolio, last, margin)
    void_shares(state, portfolio)
    if is_fund(portfolio):
        step.cost += COST_FUND
        void_fund(state, portfolio)
    portfolio.flags &= ~PORTFOLIO_LIQUIDATING
    portfolio.flagged_at = 0
    portfolio.borrowed = 0
    state.touch(portfolio)
    tell(state, portfolio, STAGE_RELEASED, max(0, last), 0, margin)


def arm_slice(step: Step, portfolio: Portfolio, market: int, wait: int) -> None:
    """Come back to a flagged portfolio after ``wait`` ms; a flag has one such item.

    ``market`` is the one closed last; -1, none, makes it the first of all.
    """
    last = step.rules.markets[0].market if market < 0 else market
    step.state.add_due(LANE_SYSTEM, step.now + wait, DUE_SLICE, last, portfolio.portfolio)
