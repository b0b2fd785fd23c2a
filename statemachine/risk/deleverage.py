"""Auto-deleveraging: who gained most on the other side closes what nobody else will.

A bankrupt is closed so, and whoever leaves by force where nobody trades
(:mod:`statemachine.handlers.forced`): he at the mark, in the same order, and
against those who have lost as well, if they can pay for it; so it costs nobody
anything but the position.

Of the others only a portfolio whose equity is below zero by more than insurance may pay is
deleveraged, and at its *zero price*, where it ends with what insurance gives
and no more: ``mark - sign * (MM_i / |size|) * E / MM``, not rounded to a tick.
Nobody trades worse than at his own entry price, and nobody who has not gained:
the order is the range of ranks (:mod:`statemachine.risk.ranks`), at most
``victims_max`` in a step.  Passed over: a portfolio that is being liquidated
itself.
"""

from statemachine.book.matching import trade
from statemachine.costs import COST_RANK, COST_VICTIM
from statemachine.events import Deleveraged
from statemachine.keys import BUY, SELL, rank_entry, rank_key_at, rank_portfolio, rank_range
from statemachine.pricing.funding import unsettled_funding
from statemachine.records import PORTFOLIO_LIQUIDATING, Market, Portfolio, Position
from statemachine.risk.margin import Margin
from statemachine.step import Step
from statemachine.storage import successor
from statemachine.units import div_ceil, div_floor


def bankruptcy_price(mark: int, size: int, maintenance: int, margin: Margin, equity: int) -> int:
    """Return the price at which closing ``size`` lots uses up its share of ``equity``.

    ``maintenance`` is the position's own.  Rounded in the portfolio's favour.
    """
    whole = abs(size) * margin.maintenance
    if size > 0:
        return mark + div_ceil(-maintenance * equity, whole)
    return max(0, mark - div_ceil(-maintenance * equity, whole))


def victim_price(victim: Position, mark: int, price: int) -> int:
    """Return at what price a victim trades, no worse than his entry; -1 if he has not gained."""
    cost, size = victim.cost, victim.size
    if size > 0:
        entry = div_ceil(cost, size)
        return -1 if entry >= mark else max(price, entry)
    entry = div_floor(cost, size)
    return -1 if entry <= mark else min(price, entry)


def deleverage(
    step: Step, portfolio: Portfolio, position: Position, market: Market, price: int
) -> int:
    """Close a bankrupt's position against those who gained most; return lots closed."""
    state = step.state
    state.rank_positions()
    step.cost += COST_RANK
    number = market.market
    ranks = state.range(rank_range(number, SELL if position.size > 0 else BUY))
    left = abs(position.size)
    closing = -1 if position.size > 0 else 1
    closed = victims = 0
    key = ranks.first()
    while key is not None and left and victims < step.rules.victims_max:
        victims += 1
        step.cost += COST_VICTIM
        name = rank_portfolio(key)
        victim = state.portfolio(name)
        key = ranks.seek(successor(key))
        held = state.position(name, number)
        agreed = victim_price(held, market.mark, price)
        if agreed < 0:
            break
        if victim is None or victim.flags & PORTFOLIO_LIQUIDATING:
            continue
        size = min(left, abs(held.size))
        trade(state, portfolio, position, market, closing * size, agreed)
        trade(state, victim, held, market, -closing * size, agreed)
        state.touch(victim)
        state.drop_position(victim, held)
        left -= size
        closed += size
        sold = closing * size
        state.events.append(
            Deleveraged(name, number, sold, agreed, market.mark, portfolio.portfolio)
        )
    state.touch(portfolio)
    state.touch(market)
    state.drop_position(portfolio, position)
    return closed


def pays_at_mark(victim: Portfolio, position: Position, market: Market) -> bool:
    """Return whether a victim can close at the mark without borrowing what it lost.

    Counts a loss on all of the position, though less of it may be closed.
    """
    result = position.size * market.mark - position.cost
    return result >= 0 or victim.balance + result + unsettled_funding(position, market) >= 0


def close_at_mark(step: Step, portfolio: Portfolio, position: Position, market: Market) -> bool:
    """Close a position at the mark against the ranks; return whether there are more of them.

    The cursor remembers who was looked at last.  Adds to the step's lots and notional.
    Passed over: whoever is being liquidated, or would have to borrow.
    """
    state = step.state
    cursor = step.cursor
    state.rank_positions()
    step.cost += COST_RANK
    number = market.market
    ranks = state.range(rank_range(number, SELL if position.size > 0 else BUY))
    closing = -1 if position.size > 0 else 1
    before = abs(position.size)
    price = market.mark
    looked = 0
    if cursor.group:
        side = SELL if position.size > 0 else BUY
        key = ranks.seek(successor(rank_key_at(number, side, cursor.client_hash, cursor.group)))
    else:
        key = ranks.first()
    while key is not None and position.size and looked < step.rules.victims_max:
        looked += 1
        step.cost += COST_VICTIM
        name = rank_portfolio(key)
        cursor.client_hash, cursor.group = rank_entry(key), name
        victim = state.portfolio(name)
        key = ranks.seek(successor(key))
        held = state.position(name, number)
        if (
            victim is None
            or victim.flags & PORTFOLIO_LIQUIDATING
            or not pays_at_mark(victim, held, market)
        ):
            continue
        size = min(abs(position.size), abs(held.size))
        trade(state, portfolio, position, market, closing * size, price)
        trade(state, victim, held, market, -closing * size, price)
        state.touch(victim)
        state.drop_position(victim, held)
        sold = closing * size
        state.events.append(Deleveraged(name, number, sold, price, price, portfolio.portfolio))
    closed = before - abs(position.size)
    if closed:
        state.touch(portfolio)
        state.touch(market)
        sold = -closing * closed
        own = portfolio.portfolio
        state.events.append(Deleveraged(own, number, sold, price, price, own))
    step.filled += closed
    step.notional += closed * price
    return key is not None and position.size != 0
