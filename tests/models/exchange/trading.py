"""Orders: placed, changed and cancelled."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    MARKET_EVERY,
    Cancel,
    CancelAll,
    Modify,
    PlaceOrder,
)
from statemachine.errors import Code
from statemachine.rules import FLAG_FILL_BAND
from tests.models.exchange.margin import (
    Margin,
    claims_of,
    maintenance_of,
    margin_of,
    not_riskier,
)
from tests.models.exchange.matching import Taker, is_beyond, match, worst_price
from tests.models.exchange.state import (
    BUY,
    MILLION,
    SELL,
    Exchange,
    Market,
    Order,
    Outcome,
    Refused,
)

SIZE_LIMIT = 2**53
NOTIONAL_LIMIT = 2**80
HELD_LIMIT = 2**62
MARKETS_MAX = 16


@dataclass
class Request:
    """An order that wants in."""

    portfolio: int
    market: Market
    flags: int
    price: int
    size: int
    client_id: bytes

    @property
    def number(self) -> int:
        return self.market.rules.market

    @property
    def side(self) -> int:
        return SELL if self.flags & FLAG_SELL else BUY

    @property
    def ioc(self) -> bool:
        return bool(self.flags & FLAG_IOC)

    @property
    def post_only(self) -> bool:
        return bool(self.flags & FLAG_POST_ONLY)

    @property
    def reduce_only(self) -> bool:
        return bool(self.flags & FLAG_REDUCE_ONLY)


def place(exchange: Exchange, account: int, action: PlaceOrder) -> Outcome:
    """Place an order."""
    portfolio = account << 8 | action.sub
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    if portfolio not in exchange.balances:
        raise Refused(Code.MARGIN, 0, 0)
    for order in exchange.orders_of(portfolio):
        if action.client_id and order.client_id == action.client_id:
            raise Refused(Code.CLIENT_ID_EXISTS, order.number)
    market = exchange.markets[action.market]
    request = Request(portfolio, market, action.flags, action.price, action.size, action.client_id)
    check_shape(exchange, request)
    request = check_book(exchange, request, without=None)
    held = exchange.markets_of(portfolio)
    if action.market not in held and len(held) >= MARKETS_MAX:
        raise Refused(Code.MARKETS_MAX, MARKETS_MAX)
    check_margin(exchange, request, without=None)
    return enter(exchange, request)


def check_shape(exchange: Exchange, request: Request) -> None:
    """Check the order against its market's rules and prices."""
    market = request.market
    rules = market.rules
    notional = request.price * request.size
    if not market.active:
        raise Refused(Code.MARKET_STATE, 0)
    if request.ioc and request.post_only:
        raise Refused(Code.FIELD, request.flags)
    if not 0 < request.size < SIZE_LIMIT:
        raise Refused(Code.SIZE_RANGE, request.size)
    if not 0 < notional < NOTIONAL_LIMIT:
        raise Refused(Code.PRICE_RANGE, request.price)
    if request.price % rules.tick != 0:
        raise Refused(Code.TICK, rules.tick)
    if notional < rules.notional_min and not request.reduce_only:
        raise Refused(Code.NOTIONAL_MIN, rules.notional_min)
    if exchange.backlog and not request.post_only:
        raise Refused(Code.DUE)
    if exchange.is_stale(request.number) and not request.reduce_only:
        raise Refused(Code.ORACLE_STALE, market.index_time)
    banded = exchange.rules.flags & FLAG_FILL_BAND
    if banded and is_beyond(market, request.side, request.price):
        raise Refused(Code.BAND, worst_price(market, request.side))


def others_of(exchange: Exchange, portfolio: int, without: Order | None) -> list[Order]:
    """Return a portfolio's orders, but for one that is about to be replaced."""
    return [order for order in exchange.orders_of(portfolio) if order is not without]


def check_book(exchange: Exchange, request: Request, without: Order | None) -> Request:
    """Check the order against its owner and the book; return it clamped to what it may reduce."""
    portfolio = request.portfolio
    others = others_of(exchange, portfolio, without)
    if portfolio in exchange.flagged and not (request.ioc and request.reduce_only):
        raise Refused(Code.LIQUIDATING)
    if request.reduce_only:
        size = exchange.size_of(portfolio, request.number)
        reducible = -size if request.side == BUY else size
        resting = [o for o in others if o.market == request.number and o.reduce_only]
        crowded = len(resting) >= exchange.rules.reduce_only_per_position_max
        if reducible <= 0 or (crowded and not request.ioc):
            raise Refused(Code.REDUCE_ONLY, reducible)
        request = replace(request, size=min(request.size, reducible))
    if request.post_only:
        best = exchange.best_price(request.number, 1 - request.side)
        if best is not None and (
            best <= request.price if request.side == BUY else best >= request.price
        ):
            raise Refused(Code.POST_ONLY_CROSSES, best)
    if len(others) >= exchange.rules.orders_per_portfolio_max:
        raise Refused(Code.ORDERS_MAX, exchange.rules.orders_per_portfolio_max)
    return request


def check_margin(exchange: Exchange, request: Request, without: Order | None) -> None:
    """Check that the order keeps its owner in order, as if it filled at its own price."""
    portfolio = request.portfolio
    number = request.number
    size = exchange.size_of(portfolio, number)
    claims = claims_of(others_of(exchange, portfolio, without))
    here = [claim for claim in claims if claim[0] == number]
    held = abs(size) + sum(lots for _, _, _, lots in here)
    if held + request.size >= HELD_LIMIT:
        raise Refused(Code.OVERFLOW, held)
    if request.reduce_only and not request.ioc:
        return
    rules = request.market.rules
    rate = Fraction(max(rules.taker_ppm, rules.maker_ppm), MILLION)
    fee = ceil(request.price * request.size * rate)
    claim = (number, request.side, request.price, request.size)
    after = margin_of(exchange, portfolio, [*claims, claim])
    have = after.equity - fee
    if have >= after.initial:
        return
    same_side = sum(lots for _, side, _, lots in here if side == request.side)
    reducible = -size if request.side == BUY else size
    only_reduces = request.reduce_only or same_side + request.size <= reducible
    before = margin_of(exchange, portfolio, claims)
    if not (only_reduces and keeps_ratio(exchange, request, before, fee)):
        raise Refused(Code.MARGIN, after.initial, have)


def keeps_ratio(exchange: Exchange, request: Request, before: Margin, fee: int) -> bool:
    """Return whether the order, all filled at its price, leaves its owner no riskier."""
    size = exchange.size_of(request.portfolio, request.number)
    worse = request.price - request.market.mark
    if request.side == SELL:
        worse = -worse
    equity = before.equity - max(0, worse * request.size) - fee
    maintenance = before.maintenance
    maintenance -= maintenance_of(exchange, request.number, size)
    maintenance += maintenance_of(exchange, request.number, abs(size) - request.size)
    return not_riskier(before, equity, maintenance)


def enter(exchange: Exchange, request: Request) -> Outcome:
    """Match an order that passed every check, and rest what is left of it."""
    exchange.orders_numbered += 1
    number = exchange.orders_numbered
    taker = Taker(
        request.portfolio,
        request.number,
        request.side,
        request.price,
        request.size,
        request.market.rules.taker_ppm,
    )
    rules = exchange.rules
    cut = match(exchange, taker, rules.step_visits_max * rules.step_continuations_max)
    outcome = Outcome(order_id=number, filled=taker.filled, notional=taker.notional, fee=taker.fee)
    if cut:
        outcome.code, outcome.args = Code.FILL_LIMIT, (taker.remaining,)
    elif request.ioc and taker.filled == 0:
        outcome.code, outcome.args = Code.IOC_UNFILLED, (request.price,)
    elif taker.remaining and not request.ioc:
        exchange.orders[number] = Order(
            number=number,
            portfolio=request.portfolio,
            market=request.number,
            side=request.side,
            price=request.price,
            size=request.size,
            remaining=taker.remaining,
            flags=request.flags,
            reduce_only=request.reduce_only,
            time=exchange.now,
            client_id=request.client_id,
        )
    return outcome


def find(exchange: Exchange, portfolio: int, market: int, ref: int | bytes) -> Order:
    """Return a portfolio's own order by its number or its client id."""
    for order in exchange.orders_of(portfolio, market):
        if ref == (order.client_id if isinstance(ref, bytes) else order.number):
            return order
    raise Refused(Code.ORDER_UNKNOWN)


def modify(exchange: Exchange, account: int, action: Modify) -> Outcome:
    """Shrink an order in its place, or replace it by a new one."""
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    portfolio = account << 8 | action.sub
    order = find(exchange, portfolio, action.market, action.ref)
    request = Request(
        portfolio,
        exchange.markets[action.market],
        action.flags,
        action.price,
        action.size,
        order.client_id,
    )
    if request.ioc or request.side != order.side or request.reduce_only != order.reduce_only:
        raise Refused(Code.FIELD, action.flags)
    check_shape(exchange, request)
    if action.price == order.price and action.size <= order.remaining:
        order.size -= order.remaining - action.size
        order.remaining = action.size
        return Outcome(order_id=order.number)
    request = check_book(exchange, request, without=order)
    check_margin(exchange, request, without=order)
    del exchange.orders[order.number]
    return enter(exchange, request)


def cancel(exchange: Exchange, account: int, action: Cancel) -> Outcome:
    """Take one order off the book."""
    order = find(exchange, account << 8 | action.sub, action.market, action.ref)
    del exchange.orders[order.number]
    return Outcome(order_id=order.number)


def cancel_all(exchange: Exchange, account: int, action: CancelAll) -> Outcome:
    """Take all of a portfolio's orders off the book, or those of one market."""
    market = None if action.market == MARKET_EVERY else action.market
    if market is not None and market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, market)
    found = exchange.orders_of(account << 8 | action.sub, market)
    for order in found:
        del exchange.orders[order.number]
    return Outcome(args=(len(found),))
