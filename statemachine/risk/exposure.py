"""Exposure: at which price a portfolio would be liquidated, for those who ask beforehand.

No handler needs it; but who shows a trader a liquidation price has to mean the
same margin rule that will judge him, so it stands beside that rule.

The price is the mark ``m`` of one market alone at which equity meets maintenance
margin.  With equity ``E`` and requirement ``MM`` at today's mark, ``E + size * (m
- mark) = MM + |size| * (m - mark) * mmf``, so ``m = mark - (E - MM) / (size -
|size| * mmf)``; where the rate depends on the price, it is found by bisection.
"""

from statemachine.records import Portfolio, Position
from statemachine.risk.margin import Margin, margin_of
from statemachine.risk.tiers import maintenance_of
from statemachine.rules import MarketRules
from statemachine.state import State
from statemachine.units import PPM_ONE, PRICE_LIMIT


def margin_alone(state: State, portfolio: Portfolio, position: Position) -> Margin:
    """Return what one position asks for by itself, by the one margin rule."""
    alone = Portfolio(portfolio.key, False, portfolio.portfolio)
    alone.markets = [position.market]
    alone.positions = [position]
    alone.complete = True
    return margin_of(state, alone)


def liquidation_price(state: State, position: Position, margin: Margin) -> int:
    """Return the mark at which this position alone would make its portfolio liquidable.

    0 if there is none above zero.
    """
    size = position.size
    parameters = state.market_rules[position.market]
    market = state.market(position.market)
    price, rate = market.mark, market.maintenance_ppm
    if not size or not rate:
        return 0  # a settled market moves no more
    if parameters.tiers:
        return tiered_liquidation_price(parameters, rate, size, price, margin)
    slope = size * PPM_ONE - abs(size) * rate
    price -= (margin.equity - margin.maintenance) * PPM_ONE // slope
    return max(0, min(price, (1 << 63) - 1))


def tiered_liquidation_price(
    rules: MarketRules, rate: int, size: int, mark: int, margin: Margin
) -> int:
    """Return the same where the rate depends on the price: by bisection, as tiers are monotone.

    The nearest price to the mark at which the portfolio is liquidable.
    """
    held = abs(size)
    now = maintenance_of(rules, rate, held * mark)

    def is_liquidable(price: int) -> bool:
        equity = margin.equity + size * (price - mark)
        return equity < margin.maintenance - now + maintenance_of(rules, rate, held * price)

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
