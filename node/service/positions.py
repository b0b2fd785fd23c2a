"""Positions as a trader reads them: entry, profit, margin, and where it would be liquidated.

* entry price = cost / size, rounded against the trader
* unrealised profit = size * mark - cost
* liquidation price: see :mod:`statemachine.risk.exposure`
"""

from node.service.answers import saturate
from proto.sextant.v1 import query_pb2
from statemachine.pricing.funding import unsettled_funding
from statemachine.records import Portfolio, Position
from statemachine.risk.exposure import liquidation_price, margin_alone
from statemachine.risk.margin import Margin
from statemachine.state import State


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


def entry_price(position: Position) -> int:
    """Return cost over size: rounded up for a long, down for a short; 0 if flat."""
    if not position.size:
        return 0
    if position.size > 0:
        return max(0, -(-position.cost // position.size))
    return max(0, -position.cost // -position.size)
