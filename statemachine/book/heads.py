"""Heads: one side of a book as whoever looks at it meets it, fixed and pegged orders together.

A pegged order has no price of its own, but an offset from the index and a hard
limit.  Its range is sorted by offset, so the order in which its side is met
never changes; only the prices do:

* bid: ``min(floor(index + offset), best fixed ask - tick)``
* ask: ``max(ceil(index + offset), best fixed bid + tick)``

to the tick, offsets being multiples of it.  Of a fixed and a pegged order at one
price the fixed one comes first.  A pegged order whose price is past its limit
(above it for a bid, below it for an ask) trades nothing, and is removed when it
is visited; a bid without a price above zero is not met at all.

So a book is never crossed, wherever the index goes:

* fixed orders never cross each other, as a taker's remainder rests behind what
  it did not take
* a pegged order comes at an offset that crosses nothing (:mod:`statemachine.book.posting`),
  and from then on keeps a tick from the other side's best fixed order
* two pegged orders are entered with the bid's offset at least a tick below the
  ask's; then ``floor(index + bid) < ceil(index + ask)`` for every index, and what
  keeps from a fixed order only moves away from the other side

Nothing of this is stored: prices are those of the moment someone looks.
"""

from typing import Final, final

from statemachine.costs import COST_IMPACT, COST_PEGS
from statemachine.keys import (
    BUY,
    PRIORITY_TOP,
    SELL,
    TABLE_PEGGED,
    pegged_place,
    pegged_range,
)
from statemachine.records import Market, Order
from statemachine.state import State
from statemachine.step import Step
from statemachine.storage import successor

PEGS_LOOK_MAX: Final = 4
"""So many pegged orders past their limits are looked behind for a best price."""


def fixed_price(key: bytes) -> int:
    """Return the price in the key of an order that has one, in micros per lot."""
    priority = int.from_bytes(key[4:12], "big")
    return priority if key[3] == SELL else PRIORITY_TOP - priority


def pegged_price(side: int, index: int, tick: int, offset: int, across: int) -> int:
    """Return the price of a pegged order, in micros per lot.

    ``across`` is the best fixed price of the other side, 0 if it has none.  Not
    above zero for a bid that has no price.
    """
    wanted = index + offset
    if side == BUY:
        price = wanted - wanted % tick  # floored
        return min(price, across - tick) if across else price
    price = wanted + -wanted % tick  # ceiled
    return max(price, across + tick) if across else price


def is_past(side: int, price: int, limit: int) -> bool:
    """Return whether ``price`` is worse for a pegged order's owner than its hard limit."""
    return price > limit if side == BUY else price < limit


def best_fixed(state: State, market: int, side: int) -> int:
    """Return the best fixed price of one side in micros per lot, 0 if it has none."""
    key = state.book(market, side).first()
    return 0 if key is None else fixed_price(key)


def price_now(state: State, market: Market, side: int, offset: int) -> int:
    """Return the price that an offset has now."""
    tick = state.market_rules[market.market].tick
    across = best_fixed(state, market.market, 1 - side)
    return pegged_price(side, market.index, tick, offset, across)


@final
class BookSide:
    """One side of a book, the best order first; ``price`` is that of the last key given."""

    __slots__ = (
        "across",
        "fixed",
        "fixed_key",
        "index",
        "pegged",
        "pegged_key",
        "price",
        "side",
        "tick",
    )

    def __init__(self, step: Step, market: Market, side: int) -> None:
        """Look at nothing yet; pegged orders, where a market has any, are charged for."""
        state = step.state
        number = market.market
        self.side = side
        self.price = 0
        self.fixed = state.book(number, side)
        self.fixed_key: bytes | None = None
        self.pegged_key: bytes | None = None
        self.index = market.index
        self.across = 0
        self.tick = 0
        self.pegged = None if market.pegs == 0 else state.range(pegged_range(number, side))
        if market.pegs:
            step.cost += COST_PEGS
            self.tick = state.market_rules[number].tick
            self.across = best_fixed(state, number, 1 - side)

    def first(self) -> bytes | None:
        """Return the key of the best order, if there is one."""
        key = self.fixed.first()
        self.fixed_key = key
        if self.pegged is not None:
            self.pegged_key = self.pegged.first()
            return self.better()
        if key is not None:
            self.price = fixed_price(key)
        return key

    def after(self, key: bytes) -> bytes | None:
        """Return the key of the order behind the one last given, which is ``key``."""
        if key[0] == TABLE_PEGGED and self.pegged is not None:
            self.pegged_key = self.pegged.seek(successor(key))
        else:
            self.fixed_key = self.fixed.seek(successor(key))
        return self.better()

    def better(self) -> bytes | None:
        """Return the better one of two heads; of equal ones the fixed one."""
        fixed = self.fixed_key
        pegged = self.pegged_key
        price = 0 if fixed is None else fixed_price(fixed)
        self.price = price
        if pegged is None:
            return fixed
        offset = pegged_place(pegged)[2]
        moved = pegged_price(self.side, self.index, self.tick, offset, self.across)
        if self.side == BUY and moved <= 0:
            return fixed
        if fixed is not None and (price >= moved if self.side == BUY else price <= moved):
            return fixed
        self.price = moved
        return pegged

    def is_past(self, order: Order) -> bool:
        """Return whether the order last given is pegged, and past its limit."""
        return order.limit != 0 and is_past(self.side, self.price, order.limit)


def best_price(step: Step, market: Market, side: int) -> int:
    """Return the best price of one side in micros per lot, 0 if it is empty.

    What is past its limit has none to offer; a bounded number of such orders is
    looked behind, and then the best fixed order counts.
    """
    book = BookSide(step, market, side)
    key = book.first()
    looked = 0
    while key is not None and key[0] == TABLE_PEGGED:
        if looked == PEGS_LOOK_MAX:
            return best_fixed(step.state, market.market, side)
        looked += 1
        step.cost += COST_IMPACT
        order = step.state.order(key)
        if order is not None and not book.is_past(order):
            break
        key = book.after(key)
    return 0 if key is None else book.price
