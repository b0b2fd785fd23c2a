"""Books in which some orders follow the index: where each stands now, and who comes first."""

from fractions import Fraction
from math import ceil, floor

from tests.models.exchange.state import BUY, SELL, Exchange, Order

PEGS_LOOKED_AT = 4


def fixed_side(exchange: Exchange, market: int, side: int) -> list[Order]:
    """Return the orders of one side that have a price of their own, the best first."""
    sign = 1 if side == SELL else -1
    found = [o for o in exchange.orders.values() if (o.market, o.side) == (market, side)]
    fixed = [order for order in found if order.offset is None]
    return sorted(fixed, key=lambda order: (sign * order.price, order.number))


def pegged_side(exchange: Exchange, market: int, side: int) -> list[tuple[int, Order]]:
    """Return the offsets and pegged orders of one side, the best first."""
    sign = 1 if side == SELL else -1
    found = [
        (order.offset, order)
        for order in exchange.orders.values()
        if (order.market, order.side) == (market, side) and order.offset is not None
    ]
    return sorted(found, key=lambda item: (sign * item[0], item[1].number))


def price_of_peg(exchange: Exchange, market: int, side: int, offset: int) -> int:
    """Return index and offset, to the tick, a tick away from the other side's fixed orders."""
    tick = exchange.markets[market].rules.tick
    ticks = Fraction(exchange.markets[market].index + offset, tick)
    across = [order.price for order in fixed_side(exchange, market, 1 - side)]
    if side == BUY:
        return min([floor(ticks) * tick, *(price - tick for price in across)])
    return max([ceil(ticks) * tick, *(price + tick for price in across)])


def side_of(exchange: Exchange, market: int, side: int) -> list[tuple[int, Order]]:
    """Return where the orders of one side stand: by price, fixed before pegged, then by age."""
    standing = [(order.price, order) for order in fixed_side(exchange, market, side)]
    for offset, order in pegged_side(exchange, market, side):
        price = price_of_peg(exchange, market, side, offset)
        if price > 0 or side == SELL:
            standing.append((price, order))
    sign = 1 if side == SELL else -1
    # The sort is stable, and pegged orders of one price stand by offset.
    return sorted(standing, key=lambda item: (sign * item[0], item[1].offset is not None))


def is_past_limit(price: int, order: Order) -> bool:
    """Return whether an order is pegged, and stands where its owner would not trade."""
    if order.offset is None:
        return False
    return price > order.price if order.side == BUY else price < order.price


def best_price(exchange: Exchange, market: int, side: int) -> int | None:
    """Return the best price of one side of a book, if it has any."""
    for looked_at, (price, order) in enumerate(side_of(exchange, market, side)):
        if order.offset is None:
            return price
        if looked_at == PEGS_LOOKED_AT:
            break
        if not is_past_limit(price, order):
            return price
    return next((order.price for order in fixed_side(exchange, market, side)), None)
