"""Matching: price-time priority over sorted keys, at the maker's price.

A taker looks at the other side's best order (:mod:`statemachine.book.heads`),
visits it, and goes on.  A visit fills the order or removes it: because it has
expired, its owner is being liquidated or is the taker himself, it may no
longer reduce, it is pegged and past its hard limit, or because its price has
come to be worse than mark by more than the fill band, so that no stale order
drains an account past its margin.  Visits are bounded per step.

Of two orders of one owner that meet, the taker's mode says which one goes:
the maker's (0), the taker's (1), both (2), or the smaller one, with as much of
the larger (3); no trade, no fee.
"""

from typing import Final, final

from statemachine import events, keys
from statemachine.actions import (
    FLAG_REDUCE_ONLY,
    SELF_TRADE_DECREMENT,
    SELF_TRADE_MAKER,
    SELF_TRADE_MODE,
    SELF_TRADE_OWN_SUB,
    SELF_TRADE_TAKER,
)
from statemachine.book.heads import BookSide, fixed_price
from statemachine.book.resting import forget_order, release, remove_order, tell_rested
from statemachine.costs import COST_GROUPED, COST_RANK, COST_VISIT
from statemachine.errors import invariant
from statemachine.fees.rates import NO_RATES, Rates
from statemachine.fees.shares import Shares, charge_fill
from statemachine.fees.standing import count_volume
from statemachine.fund_events import (
    REMOVED_EXITING,
)
from statemachine.pricing.funding import settle_funding
from statemachine.records import (
    PORTFOLIO_CLOSING,
    PORTFOLIO_LIQUIDATING,
    Market,
    Order,
    Portfolio,
    Position,
)
from statemachine.risk.balances import credit
from statemachine.rules import FLAG_FILL_BAND, FLAG_SELF_TRADE, MarketRules
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import PPM_ONE

NO_CLIENT: Final = bytes(8)
SYSTEM_ORDER: Final = 0


@final
class Taker:
    """What takes from the book: an order on its way in, or a liquidation."""

    __slots__ = (
        "decremented",
        "limit",
        "market",
        "order_id",
        "parameters",
        "portfolio",
        "position",
        "rates",
        "remaining",
        "self_trade",
        "shares",
        "side",
        "stopped",
    )

    def __init__(
        self,
        portfolio: Portfolio,
        position: Position,
        market: Market,
        parameters: MarketRules,
        side: int,
        limit: int,
        remaining: int,
        order_id: int,
        rates: Rates,
        self_trade: int,
    ) -> None:
        """Want ``remaining`` lots at ``limit`` or better."""
        self.portfolio = portfolio
        self.position = position
        self.market = market
        self.parameters = parameters
        self.side = side
        self.limit = limit
        self.remaining = remaining
        self.order_id = order_id
        self.rates = rates
        self.shares = Shares(0, 0)
        self.self_trade = self_trade
        self.decremented = 0
        self.stopped = False


def band_of(parameters: MarketRules, mark: int, side: int) -> int:
    """Return the worst price an owner may offer: highest for a bid, lowest for an ask."""
    if side == keys.BUY:
        return mark * (PPM_ONE + parameters.fill_band_ppm) // PPM_ONE
    return -(-mark * (PPM_ONE - parameters.fill_band_ppm) // PPM_ONE)


def match_orders(step: Step, taker: Taker) -> None:
    """Fill ``taker`` as far as the book, its limit and the step's visits allow.

    Sets ``step.more`` if visits ran out before the book or the taker did.
    """
    take_from(step, taker, open_book(step, taker.market, taker.side))


def open_book(step: Step, market: Market, side: int) -> BookSide:
    """Return what a taker of ``side`` takes from; he is charged for looking."""
    step.cost += COST_RANK
    return BookSide(step, market, 1 - side)


def meets(step: Step, market: Market, side: int, limit: int) -> bool:
    """Return whether a taker of ``side`` finds an order at ``limit`` or better.

    A book without pegged orders, as most are, need not be opened for that; then who is
    answered no is charged for looking all the same.
    """
    if market.pegs:
        return True
    other = 1 - side
    key = step.state.book(market.market, other).first()
    if key is not None:
        price = fixed_price(key)
        if price >= limit if other == keys.BUY else price <= limit:
            return True
    step.cost += COST_RANK
    return False


def take_from(step: Step, taker: Taker, book: BookSide) -> None:
    """Fill ``taker`` from a book that is open: see :func:`match_orders`."""
    state = step.state
    side = taker.side
    limit = taker.limit
    other = 1 - side
    banded = step.rules.flags & FLAG_FILL_BAND != 0
    worst = band_of(taker.parameters, taker.market.mark, other) if banded else 0
    visits_max = step.visits_max
    while taker.remaining and not taker.stopped:
        key = book.first()
        if key is None:
            return
        price = book.price
        if price > limit if side == keys.BUY else price < limit:
            return
        if step.visits >= visits_max:
            step.more = True
            return
        step.visits += 1
        step.cost += COST_VISIT
        order = state.order(key)
        if order is None:
            invariant(condition=False, message="a key of the book has an order")
            return
        if order.group:
            step.cost += COST_GROUPED
        reason = 0
        if banded and (price > worst if other == keys.BUY else price < worst):
            reason = events.REMOVED_BAND
        elif order.limit and book.is_past(order):
            reason = events.REMOVED_LIMIT
        visit_order(step, taker, order, price, reason)


def visit_order(step: Step, taker: Taker, order: Order, price: int, reason: int) -> None:
    """Fill one resting order, or remove it and say why."""
    state = step.state
    maker = state.portfolio(order.portfolio)
    if maker is None:
        invariant(condition=False, message="an order has an owner")
        return
    position = state.position(order.portfolio, taker.market.market)
    available = order.remaining
    if order.expires_at and order.expires_at <= step.now:
        reason = events.REMOVED_EXPIRED
    elif maker.flags & PORTFOLIO_CLOSING:
        flagged = maker.flags & PORTFOLIO_LIQUIDATING
        reason = events.REMOVED_LIQUIDATING if flagged else REMOVED_EXITING
    elif is_own(step, taker, order):
        if reason == 0:
            meet_own(step, taker, order, position, price)
            return
    elif order.flags & FLAG_REDUCE_ONLY and reason == 0:
        available = min(available, max(0, -position.size if taker.side else position.size))
        if available == 0:
            reason = events.REMOVED_REDUCE_ONLY
    if reason:
        remove_order(state, order, reason)
        return
    fill_order(step, taker, order, maker, position, price, min(taker.remaining, available))


def is_own(step: Step, taker: Taker, order: Order) -> bool:
    """Return whether a resting order is the taker's own, in the scope it asked for."""
    if not step.rules.flags & FLAG_SELF_TRADE:
        return False
    if taker.self_trade & SELF_TRADE_OWN_SUB:
        return order.portfolio == taker.portfolio.portfolio
    return order.portfolio >> 8 == taker.portfolio.portfolio >> 8


def meet_own(step: Step, taker: Taker, order: Order, position: Position, price: int) -> None:
    """End one's own orders that meet, as the taker's mode says."""
    state = step.state
    mode = taker.self_trade & SELF_TRADE_MODE
    size = min(taker.remaining, order.remaining)
    if mode == SELF_TRADE_DECREMENT and size < order.remaining:
        release(position, order, 1 - taker.side, price, size)
        order.size -= size
        order.remaining -= size
        state.touch(order)
        state.touch(position)
        tell_rested(state, order)
    elif mode != SELF_TRADE_TAKER:
        remove_order(state, order, events.REMOVED_SELF_TRADE)
    if mode == SELF_TRADE_DECREMENT:
        taker.remaining -= size
        taker.decremented += size
    elif mode != SELF_TRADE_MAKER:
        taker.stopped = True


def fill_order(
    step: Step,
    taker: Taker,
    order: Order,
    maker: Portfolio,
    position: Position,
    price: int,
    size: int,
) -> None:
    """Trade ``size`` lots at ``price``: both positions, both fees, the order, the market."""
    state = step.state
    market = taker.market
    notional = price * size
    signed = -size if taker.side else size
    if not taker.position.live:
        # Its own last order there was just removed, and the empty position with it.
        taker.position = state.open_position(taker.portfolio, market.market)
    trade(state, taker.portfolio, taker.position, market, signed, price)
    trade(state, maker, position, market, -signed, price)
    taker_fee, maker_fee = charge_fill(
        step, taker.portfolio, maker, market, taker.parameters, taker.rates, taker.shares, notional
    )
    if taker.order_id != SYSTEM_ORDER:
        count_volume(taker.portfolio, notional)
    market.last = price
    state.touch(market)
    taker.remaining -= size
    step.filled += size
    step.notional += notional
    step.fee += taker_fee
    order.remaining -= size
    release(position, order, 1 - taker.side, price, size)
    state.touch(position)
    sequence = int.from_bytes(order.key[12:20], "big")
    state.events.append(
        events.Fill(
            market.market,
            taker.side,
            price,
            size,
            order.portfolio,
            sequence,
            order.remaining,
            maker_fee,
            taker.portfolio.portfolio,
            taker.order_id,
            taker_fee,
        )
    )
    if order.remaining == 0:
        forget_order(state, order, maker, position, sequence)
    else:
        state.touch(order)


def trade(
    state: State, portfolio: Portfolio, position: Position, market: Market, signed: int, price: int
) -> None:
    """Change a position by ``signed`` lots at ``price``; closing realises its result.

    The cost of a closed part is rounded up, so that what is realised rounds down.
    """
    if position.funding_index != market.funding_index:
        settle_funding(state, portfolio, position, market)
    size = position.size
    after = size + signed
    if size == 0 or (size > 0) == (signed > 0):
        position.cost += signed * price
    else:
        held = size if size > 0 else -size
        closed = min(held, abs(signed))
        part = -(-position.cost * closed // held)
        flow = closed * price if size > 0 else -closed * price
        credit(state, portfolio, flow - part)
        ledger = state.ledger()
        ledger.settled += flow - part
        state.touch(ledger)
        if closed == held:
            # What is left of the order opens the other way.
            position.cost = after * price
        else:
            position.cost -= part
    position.size = after
    grown = (max(0, after)) - (max(0, size))
    market.open_interest += grown
    state.touch(position)
    if not position.unranked:
        position.unranked = True
        state.unranked.append(position)


def match_system(
    step: Step, portfolio: Portfolio, market: Market, side: int, size: int, limit: int
) -> int:
    """Trade for a portfolio on the exchange's own decision; return lots filled.

    No taker fee; bounded by the step's visits like any other order.
    """
    position = step.state.position(portfolio.portfolio, market.market)
    parameters = step.state.market_rules[market.market]
    taker = Taker(
        portfolio, position, market, parameters, side, limit, size, SYSTEM_ORDER, NO_RATES, 0
    )
    match_orders(step, taker)
    step.state.drop_position(portfolio, position)
    return size - taker.remaining


def fillable(step: Step, taker: Taker) -> int:
    """Return how many lots the book would give ``taker`` within one step; change nothing.

    Counts as matching would: what it would remove gives nothing, but is a visit,
    and what a maker's first order trades, his next ones cannot reduce again.
    """
    state = step.state
    other = 1 - taker.side
    book = BookSide(step, taker.market, other)
    banded = step.rules.flags & FLAG_FILL_BAND != 0
    worst = band_of(taker.parameters, taker.market.mark, other) if banded else 0
    found = 0
    visits = step.visits
    moved: dict[int, int] = {}
    key = book.first()
    while key is not None and found < taker.remaining and visits < step.visits_max:
        price = book.price
        if price > taker.limit if taker.side == keys.BUY else price < taker.limit:
            break
        visits += 1
        step.cost += COST_VISIT
        order = state.order(key)
        if order is not None:
            outside = banded and (price > worst if other == keys.BUY else price < worst)
            gone = outside or book.is_past(order)
            given = 0 if gone else offered(step, taker, order, moved)
            if given < 0:
                break
            found += given
        key = book.after(key)
    return min(found, taker.remaining)


def offered(step: Step, taker: Taker, order: Order, moved: dict[int, int]) -> int:
    """Return the lots a visit to ``order`` would trade; -1 if it would end the taker.

    ``moved``: lots by which earlier visits would have changed makers' positions.
    """
    maker = step.state.portfolio(order.portfolio)
    if maker is None or maker.flags & PORTFOLIO_CLOSING:
        return 0
    if order.expires_at and order.expires_at <= step.now:
        return 0
    if is_own(step, taker, order):
        return 0 if taker.self_trade & SELF_TRADE_MODE == SELF_TRADE_MAKER else -1
    given = order.remaining
    number = order.portfolio
    if order.flags & FLAG_REDUCE_ONLY:
        size = step.state.position(number, taker.market.market).size + moved.get(number, 0)
        given = min(given, max(0, -size if taker.side else size))
    if number != taker.portfolio.portfolio:
        moved[number] = moved.get(number, 0) + (given if taker.side else -given)
    return given
