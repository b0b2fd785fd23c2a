"""Exposure: at which price a portfolio would be liquidated, for those who ask beforehand.

No handler needs it; but who shows a trader a liquidation price has to mean the
same margin rule that will judge him, so it stands beside that rule.

The price is the mark ``m`` of one market alone at which equity meets maintenance
margin.  With equity ``E`` and requirement ``MM`` at today's mark, ``E + size * (m
- mark) = MM + |size| * (m - mark) * mmf``, so ``m = mark - (E - MM) / (size -
|size| * mmf)``; where the rate depends on the price, or a loan does, it is found by
bisection.
"""

from typing import Final

from statemachine.records import Portfolio, Position
from statemachine.risk.margin import Margin, loan_maintenance, margin_of
from statemachine.risk.tiers import maintenance_of
from statemachine.state import State
from statemachine.units import PPM_ONE, PRICE_LIMIT

ENOUGH: Final = 1 << 94
"""Micros: with so much no position is paid for by a loan."""


def margin_alone(state: State, portfolio: Portfolio, position: Position) -> Margin:
    """Return what one position asks for by itself, by the one margin rule."""
    alone = Portfolio(portfolio.key, False, portfolio.portfolio)
    alone.markets = [position.market]
    alone.positions = [position]
    alone.complete = True
    return margin_of(state, alone, ENOUGH)


def liquidation_price(state: State, position: Position, margin: Margin) -> int:
    """Return the mark at which this position alone would make its portfolio liquidable.

    0 if there is none above zero.
    """
    size = position.size
    parameters = state.market_rules[position.market]
    market = state.market(position.market)
    mark, rate = market.mark, market.maintenance_ppm
    if not size or not rate:
        return 0  # a settled market moves no more
    if not parameters.tiers and margin.cushion >= 0:
        slope = size * PPM_ONE - abs(size) * rate
        price = mark - (margin.equity - margin.maintenance) * PPM_ONE // slope
        if cushion_at(position, mark, margin, price) >= 0:
            return max(0, min(price, (1 << 63) - 1))
    return nearest_liquidation_price(state, position, mark, rate, margin)


def cushion_at(position: Position, mark: int, margin: Margin, price: int) -> int:
    """Return what a portfolio's cushion would be with one market at another price."""
    before = min(0, position.size * mark - position.cost)
    return margin.cushion - before + min(0, position.size * price - position.cost)


def nearest_liquidation_price(
    state: State, position: Position, mark: int, rate: int, margin: Margin
) -> int:
    """Return the same where tiers or a loan depend on the price: by bisection, both monotone.

    The nearest price to the mark at which the portfolio is liquidable.
    """
    size, held = position.size, abs(position.size)
    rules = state.market_rules[position.market]
    others = margin.maintenance - loan_maintenance(state.rules, margin.cushion)
    others -= maintenance_of(rules, rate, held * mark)

    def is_liquidable(price: int) -> bool:
        loan = loan_maintenance(state.rules, cushion_at(position, mark, margin, price))
        need = others + maintenance_of(rules, rate, held * price) + loan
        return margin.equity + size * (price - mark) < need

    # A long's margin grows with the price, a short's shrinks.
    low, high = 0, PRICE_LIMIT - 1
    if not is_liquidable(low if size > 0 else high):
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        if is_liquidable(middle) == (size > 0):
            low = middle
        else:
            high = middle
    return low if size > 0 else high
