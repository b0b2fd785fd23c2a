"""Closing by force: the book first; where it gives nothing, the ranks, at the mark."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from statemachine.actions import FLAG_IOC, FLAG_REDUCE_ONLY, FLAG_SELL
from statemachine.errors import Code
from tests.models.exchange.fees import report
from tests.models.exchange.matching import is_beyond, match, move, worst_price
from tests.models.exchange.pegs import side_of
from tests.models.exchange.state import (
    ACTIVE,
    BUY,
    PAUSED,
    SELL,
    Exchange,
    Market,
    Outcome,
    Refused,
)
from tests.models.exchange.tail import rank_of
from tests.models.exchange.trading import (
    NOTIONAL_LIMIT,
    SIZE_LIMIT,
    Request,
    check_margin,
    share_out,
    taker_of,
)

Place = tuple[int, int]
"""A rank, and who has it."""


@dataclass
class Closing:
    """A position on its way out, whose it is, and what was named for it."""

    exchange: Exchange
    portfolio: int
    market: Market
    price: int

    @property
    def number(self) -> int:
        return self.market.rules.market

    @property
    def size(self) -> int:
        return self.exchange.size_of(self.portfolio, self.number)

    @property
    def side(self) -> int:
        return SELL if self.size > 0 else BUY

    def is_worse(self, price: int, limit: int) -> bool:
        """Return whether a price is worse for whoever leaves than a limit."""
        return price < limit if self.side == SELL else price > limit

    @property
    def bound(self) -> int:
        """The worst price that may be traded at."""
        if self.price and not is_beyond(self.market, self.side, self.price):
            return self.price
        return worst_price(self.market, self.side)

    def request_at(self, limit: int) -> Request:
        """Return the order that closes it at a limit."""
        most = (NOTIONAL_LIMIT - 1) // max(1, limit, self.market.mark)
        size = min(abs(self.size), SIZE_LIMIT - 1, most)
        flags = FLAG_IOC | FLAG_REDUCE_ONLY | (FLAG_SELL if self.side == SELL else 0)
        return Request(self.portfolio, self.market, flags, limit, size)

    def request(self) -> Request:
        """Return the order that its owner's margin bears: at the bound, else at the mark."""
        tried = [self.bound]
        if not self.is_worse(self.market.mark, self.bound):
            tried.append(self.market.mark)
        for limit in tried:
            try:
                check_margin(self.exchange, self.request_at(limit), without=None)
            except Refused as refused:
                why = refused
            else:
                return self.request_at(limit)
        raise why

    def mark_serves(self, limit: int) -> bool:
        """Return whether it may be closed at the mark, as nobody within reach trades."""
        if self.exchange.is_stale(self.number):
            return False
        if self.price and self.is_worse(self.market.mark, self.price):
            return False
        book = side_of(self.exchange, self.number, 1 - self.side)
        reached = book and not self.is_worse(book[0][0], worst_price(self.market, self.side))
        return limit != self.bound or not reached


def close_by_force(exchange: Exchange, portfolio: int, number: int, price: int) -> Outcome:
    """Close a whole position, in as many steps as there may be."""
    if number not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, number)
    market = exchange.markets[number]
    closing = Closing(exchange, portfolio, market, price)
    if portfolio not in exchange.balances or closing.size == 0:
        raise Refused(Code.REDUCE_ONLY, 0)
    if not ACTIVE <= market.state < PAUSED:
        raise Refused(Code.MARKET_STATE, market.state)
    if portfolio in exchange.flagged:
        raise Refused(Code.LIQUIDATING)
    request = closing.request()
    total = taker_of(exchange, request)
    order = exchange.number_order()
    report(exchange, portfolio)
    place = None
    code = Code.FILL_LIMIT
    for _ in range(exchange.rules.step_continuations_max):
        try:
            request = closing.request()
        except Refused as refused:
            if not total.filled:
                return Outcome(refused.code, refused.figures, order)
            code = Code.OK
            break
        taker = replace(total, limit=request.price, remaining=request.size, visits=0)
        cut = match(exchange, taker, exchange.rules.step_visits_max)
        total = taker
        more = cut or taker.visits > 0
        if closing.size and not taker.visits and closing.mark_serves(request.price):
            lots, place = close_at_mark(closing, place)
            total.filled += lots
            total.notional += lots * market.mark
            more = place is not None
        if closing.size == 0 or not more:
            code = Code.OK
            break
    share_out(exchange, total)
    outcome = Outcome(order_id=order, filled=total.filled, notional=total.notional, fee=total.fee)
    if total.filled == 0:
        outcome.code, outcome.args = Code.IOC_UNFILLED, (request.price,)
    elif code != Code.OK:
        outcome.code, outcome.args = code, (abs(closing.size),)
    return outcome


def close_at_mark(closing: Closing, after: Place | None) -> tuple[int, Place | None]:
    """Close against the ranks after a place; return the lots, and the place looked at last.

    ``None`` instead of a place means that there is nobody left to look at.
    """
    exchange, number, mark = closing.exchange, closing.number, closing.market.mark
    sign = -1 if closing.size > 0 else 1
    ranked = sorted(
        (rank_of(exchange, position), owner)
        for (owner, market), position in exchange.positions.items()
        if market == number and position.size * sign > 0 and rank_of(exchange, position)
    )
    ranked = [place for place in ranked if after is None or place > after]
    lots, most = 0, exchange.rules.victims_max
    for place in ranked[:most]:
        if closing.size == 0:
            break
        after, victim = place, place[1]
        held = exchange.positions[victim, number]
        result = held.size * mark - held.cost
        owed = floor(-held.size * Fraction(closing.market.funding_index - held.settled_at))
        pays = result >= 0 or exchange.balances[victim] + result + owed >= 0
        if victim in exchange.flagged or not pays:
            continue
        part = min(abs(closing.size), abs(held.size))
        move(exchange, closing.portfolio, number, sign * part, mark)
        move(exchange, victim, number, -sign * part, mark)
        lots += part
    return lots, after if len(ranked) > most else None
