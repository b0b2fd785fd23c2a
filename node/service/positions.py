"""Positions as a trader reads them: entry, profit, margin, and where it would be liquidated.

* entry price = cost / size, rounded against the trader
* unrealised profit = size * mark - cost
* liquidation price: the mark ``m`` of this market alone at which equity meets
  maintenance margin.  With equity ``E`` and requirement ``MM`` at today's mark,
  ``E + size * (m - mark) = MM + |size| * (m - mark) * mmf``, so
  ``m = mark - (E - MM) / (size - |size| * mmf)``
"""

from node.service.answers import saturate
from proto.sextant.v1 import query_pb2
from statemachine.pricing.funding import unsettled_funding
from statemachine.records import Portfolio, Position
from statemachine.risk.margin import Margin, margin_of
from statemachine.risk.tiers import maintenance_of
from statemachine.rules import MarketRules
from statemachine.state import State
from statemachine.units import PPM_ONE, PRICE_LIMIT


def position_view(
    state: State, portfolio: Portfolio, position: Position, margin: Margin
) -> query_pb2.Position:
    """Return one position of a portfolio whose margin is known."""
    market = state.market(position.market)
    size, mark = position.size, market.mark
    own = margin_alone(state, portfolio, position)
    return query_pb2.Position(
        market=position.market,
        size_lots=size,
        cost_micros=saturate(position.cost),
        entry_price=entry_price(position),
        mark=mark,
        unrealised_micros=saturate(size * mark - position.cost) if size else 0,
        funding_micros=saturate(unsettled_funding(position, market)),
        bid_lots=position.bids,
        ask_lots=position.asks,
        initial_margin_micros=saturate(own.initial),
        maintenance_margin_micros=saturate(own.maintenance),
        liquidation_price=liquidation_price(state, position, margin),
        leverage=position.leverage,
    )


def margin_alone(state: State, portfolio: Portfolio, position: Position) -> Margin:
    """Return what one position asks for by itself, by the one margin rule."""
    alone = Portfolio(portfolio.key, False, portfolio.portfolio)
    alone.markets = [position.market]
    alone.positions = [position]
    alone.complete = True
    return margin_of(state, alone)


def entry_price(position: Position) -> int:
    """Return cost over size: rounded up for a long, down for a short; 0 if flat."""
    if not position.size:
        return 0
    if position.size > 0:
        return max(0, -(-position.cost // position.size))
    return max(0, -position.cost // -position.size)


def liquidation_price(state: State, position: Position, margin: Margin) -> int:
    """Return the mark at which this position alone would make its portfolio liquidable.

    0 if there is none above zero.
    """
    size = position.size
    if not size:
        return 0
    parameters = state.market_rules[position.market]
    market = state.market(position.market)
    price, rate = market.mark, market.maintenance_ppm
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
