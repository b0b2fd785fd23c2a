"""Auto-deleveraging: who gained most on the other side closes what nobody else will.

Only a portfolio whose equity is below zero by more than insurance may pay is
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
from statemachine.keys import BUY, SELL, rank_portfolio, rank_range
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
