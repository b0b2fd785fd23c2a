"""Liquidation: a poke looks, a flag stays, slices close, a debt is made good.

Steps are bounded: one visits ``step_visits_max`` orders and goes on in the
next, ``step_continuations_max`` times.  Of that only counts of visits are left
here.
"""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import Poke
from statemachine.errors import Code
from tests.models.exchange.collateral import owes_assets, sell_for_debt, surplus
from tests.models.exchange.grace import grace_for, waits
from tests.models.exchange.margin import (
    Margin,
    loan_need,
    maintenance_of,
    margin_of,
    weight_of,
)
from tests.models.exchange.matching import Taker, match, worst_price
from tests.models.exchange.money import draw_insurance, insurance_room, repay
from tests.models.exchange.removal import remove, remove_some
from tests.models.exchange.settlement import close_settled, make_good, write_off
from tests.models.exchange.state import (
    BUY,
    MILLION,
    SELL,
    SLICE,
    Due,
    Exchange,
    Market,
    Order,
    Outcome,
    Refused,
)
from tests.models.exchange.tail import back, deleverage, void_shares


def poke(exchange: Exchange, account: int | None, action: Poke) -> Outcome:
    """Look at a portfolio, and do what its margin calls for.  ``None``: nobody with an account."""
    portfolio = action.account << 8 | action.sub
    if portfolio not in exchange.balances:
        raise Refused(Code.HEALTHY, 0, 0)
    settled = close_settled(exchange, portfolio)
    if settled is not None:
        make_good(exchange, portfolio, settled)
        return Outcome()
    margin = margin_of(exchange, portfolio)
    flagged = portfolio in exchange.flagged
    risky = [order for order in exchange.orders_of(portfolio) if is_risky(exchange, order)]
    if margin.equity_initial >= margin.initial:
        raise Refused(Code.HEALTHY, margin.equity_initial, margin.initial)
    if flagged or (margin.equity >= margin.maintenance and not risky):
        raise Refused(Code.NOTHING_TO_DO, margin.equity, margin.maintenance)
    until, missing = grace_for(exchange, portfolio)
    if until and margin.equity < margin.maintenance and not risky:
        raise Refused(Code.GRACE, until, missing)
    if until or margin.equity >= margin.maintenance:
        cancel_risky(exchange, portfolio)
        return Outcome()
    exchange.flagged[portfolio] = exchange.now
    exchange.pay(portfolio, 0)
    exchange.borrowed[portfolio] = max(0, -exchange.balances[portfolio])
    return close(exchange, portfolio, poker=account)


def is_risky(exchange: Exchange, order: Order) -> bool:
    """Return whether an order's side, all filled, could leave a larger position."""
    if order.reduce_only:
        return False
    size = exchange.size_of(order.portfolio, order.market)
    same_side = [
        other.remaining
        for other in exchange.orders_of(order.portfolio, order.market)
        if other.side == order.side and not other.reduce_only
    ]
    return sum(same_side) > max(0, -size if order.side == BUY else size)


def cancel_risky(exchange: Exchange, portfolio: int) -> None:
    """Cancel what could add to a position, oldest first, until nothing can any more."""
    rules = exchange.rules
    visits = rules.step_visits_max * rules.step_continuations_max
    for order in exchange.owned(portfolio)[:visits]:
        if isinstance(order, Order) and is_risky(exchange, order):
            remove(exchange, order)


def close(exchange: Exchange, portfolio: int, poker: int | None) -> Outcome:
    """Cancel a flagged portfolio's orders; with visits left in the last step, sell a slice."""
    rules = exchange.rules
    steps, used = divmod(len(exchange.owned(portfolio)), rules.step_visits_max)
    remove_some(exchange, portfolio, rules.step_visits_max * rules.step_continuations_max)
    if steps >= rules.step_continuations_max:
        exchange.arm(exchange.now, SLICE, None, portfolio)
        return Outcome()
    return cut_slice(exchange, portfolio, None, rules.step_visits_max - used, poker)


def run_due_slice(exchange: Exchange, item: Due) -> None:
    """Go on with a flagged portfolio."""
    portfolio = item.portfolio
    if portfolio not in exchange.flagged:
        return
    settled = close_settled(exchange, portfolio)
    if settled is not None:
        exchange.arm(exchange.now, SLICE, settled, portfolio)
        return
    until, missing = grace_for(exchange, portfolio)
    if until:
        wait = exchange.rules.sample_interval_ms if missing else 0
        exchange.arm(max(exchange.now + wait, until), SLICE, item.market, portfolio)
        return
    visits = exchange.rules.step_visits_max
    found = len(exchange.owned(portfolio))
    remove_some(exchange, portfolio, visits)
    if found >= visits:
        exchange.arm(exchange.now, SLICE, item.market, portfolio)
    else:
        cut_slice(exchange, portfolio, item.market, visits - found, None)


def is_safe(exchange: Exchange, margin: Margin) -> bool:
    """Return whether a liquidation may end."""
    above = Fraction(exchange.rules.liquidation_margin_ppm, MILLION)
    return margin.equity >= margin.maintenance * (1 + above)


def largest(exchange: Exchange, portfolio: int) -> int | None:
    """Return the market whose position needs the most maintenance, the lowest of equal ones."""
    needs = [
        (-maintenance_of(exchange, market, position.size), market)
        for (owner, market), position in exchange.positions.items()
        if owner == portfolio
    ]
    return min(needs)[1] if needs else None


def largest_open(exchange: Exchange, portfolio: int) -> int | None:
    """Return the same of the markets that do not wait."""
    needs = [
        (-maintenance_of(exchange, market, position.size), market)
        for (owner, market), position in exchange.positions.items()
        if owner == portfolio and not waits(exchange, market)
    ]
    return min(needs)[1] if needs else None


def zero_price(exchange: Exchange, portfolio: int, number: int, margin: Margin) -> int:
    """Return the price at which a fill leaves E/MM as it was; to the tick, for the owner."""
    market = exchange.markets[number]
    size = exchange.size_of(portfolio, number)
    own = Fraction(maintenance_of(exchange, number, size), abs(size))
    away = own * Fraction(margin.equity, weight_of(exchange, margin, own * abs(size)))
    tick = market.rules.tick
    if size > 0:
        return ceil((market.mark - away) / tick) * tick
    return floor((market.mark + away) / tick) * tick


def slice_of(exchange: Exchange, market: Market, held: int) -> int:
    """Return the lots of one slice out of ``held``."""
    part = ceil(held * Fraction(exchange.rules.slice_ppm, MILLION))
    least = ceil(Fraction(exchange.rules.slice_notional_min, market.mark))
    return min(held, max(part, least))


def sell_near_mark(exchange: Exchange, portfolio: int, number: int, visits: int) -> None:
    """Sell a slice of what a vault or a fund holds, no further from the mark than they may."""
    market, size = exchange.markets[number], exchange.size_of(portfolio, number)
    away = Fraction(exchange.rules.vault_slippage_ppm, MILLION)
    tick = market.rules.tick
    side, limit = SELL, ceil(market.mark * (1 - away) / tick) * tick
    if size < 0:
        side, limit = BUY, floor(market.mark * (1 + away) / tick) * tick
    taker = Taker(portfolio, number, side, limit, slice_of(exchange, market, abs(size)), 0)
    taker.forced = True
    match(exchange, taker, visits)


def cut_slice(
    exchange: Exchange, portfolio: int, last: int | None, visits: int, poker: int | None
) -> Outcome:
    """Close a slice of the largest position; release the portfolio or come back to it."""
    before = margin_of(exchange, portfolio)
    number = largest_open(exchange, portfolio)
    if is_safe(exchange, before) or is_done(exchange, portfolio):
        release(exchange, portfolio, last)
        return Outcome()
    if number is None and largest(exchange, portfolio) is not None:
        again = exchange.now + exchange.rules.sample_interval_ms
        exchange.arm(again, SLICE, last, portfolio)
        return Outcome()
    if number is None:
        exchange.pay(portfolio, 0)
        sell_for_debt(exchange, portfolio)
        if is_safe(exchange, margin_of(exchange, portfolio)) or is_done(exchange, portfolio):
            release(exchange, portfolio, last)
        else:
            again = exchange.now + exchange.rules.slice_interval_ms
            exchange.arm(again, SLICE, last, portfolio)
        return Outcome()
    wait = 0
    outcome = Outcome()
    backed = 0 <= before.equity < before.closeout and back(exchange, portfolio, number, before)
    room = insurance_room(exchange, exchange.markets[number]) + surplus(exchange, portfolio)
    bankrupt = before.equity < 0 and before.equity + room < 0
    if not backed and not (bankrupt and deleverage(exchange, portfolio, number, before, room)):
        outcome, wait = sell_slice(exchange, portfolio, number, before, visits, poker)
    if is_safe(exchange, margin_of(exchange, portfolio)) or is_done(exchange, portfolio):
        release(exchange, portfolio, number)
    else:
        exchange.arm(exchange.now + wait, SLICE, number, portfolio)
    return outcome


def is_done(exchange: Exchange, portfolio: int) -> bool:
    """Return whether there is nothing left to close, and nothing to sell for a debt."""
    return largest(exchange, portfolio) is None and not owes_assets(exchange, portfolio)


def sell_slice(
    exchange: Exchange,
    portfolio: int,
    number: int,
    before: Margin,
    visits: int,
    poker: int | None,
) -> tuple[Outcome, int]:
    """Close a slice on the book; return what it did, and how long to wait for the next."""
    market = exchange.markets[number]
    size = exchange.size_of(portfolio, number)
    side = SELL if size > 0 else BUY
    limit = worst_price(market, side)
    if before.equity >= 0:
        limit = zero_price(exchange, portfolio, number, before)
    taker = Taker(portfolio, number, side, limit, slice_of(exchange, market, abs(size)), 0)
    taker.forced = True
    own = maintenance_of(exchange, number, size)
    cut = match(exchange, taker, visits)
    fee = 0
    if taker.filled and before.equity < 0:
        left = maintenance_of(exchange, number, exchange.size_of(portfolio, number))
        insure(exchange, portfolio, market, before, own - left)
    elif taker.filled:
        fee = charge(exchange, taker, before, poker)
    rules = exchange.rules
    wait = rules.sample_interval_ms if cut else rules.slice_interval_ms
    return Outcome(filled=taker.filled, notional=taker.notional, fee=fee), wait


def insure(exchange: Exchange, portfolio: int, market: Market, before: Margin, closed: int) -> None:
    """Let insurance pay what the closed part of a bankrupt's positions is short of."""
    short = -margin_of(exchange, portfolio).equity
    if short <= 0 or exchange.counted.get(portfolio):
        return
    positions = before.maintenance - loan_need(exchange, -before.left)
    share = floor(short * Fraction(closed, positions))
    exchange.pay(portfolio, draw_insurance(exchange, market, share))


def fee_rate(exchange: Exchange, portfolio: int) -> int:
    """Return the fee's rate by now, in ppm."""
    rules = exchange.rules
    passed = min(rules.liquidation_ramp_ms, exchange.now - exchange.flagged[portfolio])
    grown = rules.liquidation_fee_ppm_max - rules.liquidation_fee_ppm
    return rules.liquidation_fee_ppm + floor(Fraction(grown * passed, rules.liquidation_ramp_ms))


def charge(exchange: Exchange, taker: Taker, before: Margin, poker: int | None) -> int:
    """Take the fee, out of nothing but what the slice did better than the zero price."""
    if before.equity < 0:
        return 0
    after = margin_of(exchange, taker.portfolio)
    at_zero_price = ceil(before.equity * Fraction(after.maintenance, before.maintenance))
    full = ceil(taker.notional * Fraction(fee_rate(exchange, taker.portfolio), MILLION))
    spare = after.equity - at_zero_price
    if after.left < spare:
        # Borrowed, it would ask for margin itself, and a micro more for rounding that up.
        need = before.maintenance + loan_need(exchange, before.equity)
        spare = floor(spare * Fraction(before.maintenance, need)) - 1
    fee = max(0, min(full, spare))
    exchange.pay(taker.portfolio, -fee)
    reward = 0 if poker is None else min(fee, exchange.rules.poke_reward)
    if poker is not None and reward:
        exchange.pay(poker << 8, reward)
    exchange.insurance += repay(exchange.markets[taker.market], fee - reward)
    return fee


def release(exchange: Exchange, portfolio: int, last: int | None) -> None:
    """End a liquidation; a debt without positions is paid by insurance, or stands as a deficit."""
    if exchange.balances[portfolio] < 0 and is_done(exchange, portfolio):
        write_off(exchange, portfolio, exchange.rules.markets[0].market if last is None else last)
    void_shares(exchange, portfolio)
    exchange.borrowed.pop(portfolio, None)
    del exchange.flagged[portfolio]
