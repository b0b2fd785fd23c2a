"""Orders: checked, placed and changed."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    FLAG_TOTAL,
    ClosePosition,
    Modify,
    PlaceOrder,
    Scale,
)
from statemachine.errors import Code
from statemachine.rules import FLAG_FILL_BAND
from statemachine.units import Lots, Price
from tests.models.exchange.fees import (
    check_builder,
    pay_shares,
    ramp_rate,
    report,
    taker_rate,
)
from tests.models.exchange.margin import (
    Margin,
    claims_of,
    loan_need,
    maintenance_of,
    margin_of,
    not_riskier,
    opening_lots,
)
from tests.models.exchange.matching import Taker, fillable, is_beyond, match, worst_price
from tests.models.exchange.pegs import fixed_side, pegged_side, price_of_peg, side_of
from tests.models.exchange.removal import end_entry, remove
from tests.models.exchange.state import (
    ACTIVE,
    BUY,
    MILLION,
    POST_ONLY,
    SELL,
    Exchange,
    Market,
    Order,
    Outcome,
    Plan,
    Refused,
    Sleeper,
)

SIZE_LIMIT = 2**53
NOTIONAL_LIMIT = 2**80
HELD_LIMIT = 2**62
MARKETS_MAX = 16
ISOLATED_FROM = 128
Waiting = Order | Sleeper | Plan


@dataclass
class Request:
    """An order that wants in."""

    portfolio: int
    market: Market
    flags: int
    price: int
    size: int
    client_id: bytes = b""
    expires_at: int = 0
    self_trade: int = 0
    max_fee_ppm: int = MILLION
    group: int = 0
    offset: int = 0
    builder: int = 0
    builder_ppm: int = 0

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
    def fok(self) -> bool:
        return bool(self.flags & FLAG_FOK)

    @property
    def slides(self) -> bool:
        return bool(self.flags & FLAG_SLIDE)

    @property
    def pegged(self) -> bool:
        return bool(self.flags & FLAG_PEG)

    @property
    def reduce_only(self) -> bool:
        return bool(self.flags & FLAG_REDUCE_ONLY)


def request_of(exchange: Exchange, account: int, action: PlaceOrder) -> Request:
    """Return what an order asks for, if its owner may ask for it."""
    portfolio = account << 8 | action.sub
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    if portfolio not in exchange.balances:
        raise Refused(Code.MARGIN, 0, 0)
    for order in exchange.owned(portfolio):
        if action.client_id and order.client_id == action.client_id:
            raise Refused(Code.CLIENT_ID_EXISTS, order.number)
    market = exchange.markets[action.market]
    terms = action.terms
    return Request(
        portfolio,
        market,
        action.flags,
        action.price,
        action.size,
        action.client_id,
        terms.expires_at,
        terms.self_trade,
        terms.max_fee_ppm,
        offset=terms.offset,
        builder=terms.builder,
        builder_ppm=terms.builder_ppm,
    )


def admit(exchange: Exchange, request: Request) -> Request:
    """Check a new order against everything; return it as it may be entered."""
    check_shape(exchange, request)
    request = check_book(exchange, request, without=None)
    if not request.ioc and not request.fok:
        check_orders(exchange, request.portfolio)
    check_market(exchange, request.portfolio, request.number)
    check_margin(exchange, request, without=None)
    check_fill(exchange, request)
    return request


def close(exchange: Exchange, account: int, action: ClosePosition) -> PlaceOrder:
    """Return the order that closes a whole position."""
    size = exchange.size_of(account << 8 | action.sub, action.market)
    flags = FLAG_IOC | FLAG_REDUCE_ONLY | (FLAG_SELL if size > 0 else 0)
    lots = min(max(1, abs(size)), SIZE_LIMIT - 1)
    return PlaceOrder(action.sub, action.market, flags, action.price, Lots(lots))


def orders_of_scale(exchange: Exchange, action: Scale) -> list[PlaceOrder]:
    """Return the orders of a scale: evenly spread, down to the tick; the first ones larger."""
    market = exchange.markets.get(action.market)
    tick = market.rules.tick if market else 1
    every, more = divmod(action.size, action.orders)
    found = []
    for place in range(action.orders):
        way = Fraction(place, action.orders - 1)
        price = floor((action.first + floor((action.last - action.first) * way)) / Fraction(tick))
        size = Lots(every + (place < more))
        order = PlaceOrder(action.sub, action.market, action.flags, Price(price * tick), size)
        found.append(order)
    return found


def admits(state: int, request: Request) -> bool:
    """Return whether a market's state takes an order like this."""
    return state == ACTIVE or (state == POST_ONLY and request.post_only)


def check_flags(request: Request) -> None:
    """Check that the order's flags can be meant together."""
    if request.post_only and (request.ioc or request.fok):
        raise Refused(Code.FIELD, request.flags)
    if (request.slides or request.pegged) and not request.post_only:
        raise Refused(Code.FIELD, request.flags)
    if request.offset and not request.pegged:
        raise Refused(Code.FIELD, request.flags)


def check_size(request: Request) -> None:
    """Check size and price for what numbers can hold."""
    if not 0 < request.size < SIZE_LIMIT:
        raise Refused(Code.SIZE_RANGE, request.size)
    if not 0 < request.price * request.size < NOTIONAL_LIMIT:
        raise Refused(Code.PRICE_RANGE, request.price)


def check_expiry(exchange: Exchange, request: Request) -> None:
    """Check that the order has time left."""
    if request.expires_at and request.expires_at <= exchange.now:
        raise Refused(Code.ORDER_EXPIRED, request.expires_at, exchange.now)


def check_shape(exchange: Exchange, request: Request) -> None:
    """Check the order against its market's rules and prices."""
    market = request.market
    rules = market.rules
    if not admits(market.state, request):
        raise Refused(Code.MARKET_STATE, market.state)
    check_flags(request)
    check_size(request)
    price = request.price
    if request.pegged:
        price = price_of_peg(exchange, request.number, request.side, request.offset)
    if price <= 0:
        raise Refused(Code.PRICE_RANGE, price)
    if request.price % rules.tick != 0 or request.offset % rules.tick != 0:
        raise Refused(Code.TICK, rules.tick)
    if request.price * request.size < rules.notional_min and not request.reduce_only:
        raise Refused(Code.NOTIONAL_MIN, rules.notional_min)
    check_expiry(exchange, request)
    worst = worst_rate(exchange, request)
    if worst > request.max_fee_ppm:
        raise Refused(Code.FEE_MAX, worst)
    check_builder(exchange, request.portfolio, request.builder, request.builder_ppm)
    if exchange.backlog and not request.post_only:
        raise Refused(Code.DUE)
    if exchange.is_stale(request.number) and not request.reduce_only:
        raise Refused(Code.ORACLE_STALE, market.index_time)
    if price > request.price if request.side == BUY else price < request.price:
        raise Refused(Code.BAND, request.price)
    banded = exchange.rules.flags & FLAG_FILL_BAND
    if banded and is_beyond(market, request.side, request.price):
        raise Refused(Code.BAND, worst_price(market, request.side))


def check_market(exchange: Exchange, portfolio: int, market: int) -> None:
    """Check that a portfolio may come into a market."""
    held = exchange.markets_of(portfolio)
    if market in held:
        return
    if len(held) + len(exchange.counted.get(portfolio, set())) >= MARKETS_MAX:
        raise Refused(Code.MARKETS_MAX, MARKETS_MAX)
    if held and portfolio & 255 >= ISOLATED_FROM:
        raise Refused(Code.ISOLATED, held[0], market)


def check_fill(exchange: Exchange, request: Request) -> None:
    """Check that what has to fill at once would."""
    if request.fok:
        found = fillable(exchange, taker_of(exchange, request), visits_of(exchange)[0])
        if found < request.size:
            raise Refused(Code.FOK_UNFILLED, found)


def slide(exchange: Exchange, request: Request) -> Request:
    """Return a post-only order that does not cross; one that slides is moved a tick away."""
    if request.pegged:
        return slide_peg(exchange, request)
    across = side_of(exchange, request.number, 1 - request.side)
    if not across:
        return request
    best = across[0][0]
    if best > request.price if request.side == BUY else best < request.price:
        return request
    tick = request.market.rules.tick
    moved = best - tick if request.side == BUY else best + tick
    if not request.slides or moved <= 0:
        raise Refused(Code.POST_ONLY_CROSSES, best)
    return replace(request, price=moved)


def slide_peg(exchange: Exchange, request: Request) -> Request:
    """Return a pegged order that does not meet the other side as it comes; slid if it may."""
    number, across = request.number, 1 - request.side
    tick = request.market.rules.tick
    ticks = Fraction(request.market.index, tick)
    base = (floor(ticks) if request.side == BUY else ceil(ticks)) * tick
    met = [order.price - base for order in fixed_side(exchange, number, across)]
    met += [offset for offset, _ in pegged_side(exchange, number, across)]
    if not met:
        return request
    best = min(met) if request.side == BUY else max(met)
    if best > request.offset if request.side == BUY else best < request.offset:
        return request
    if not request.slides:
        raise Refused(Code.POST_ONLY_CROSSES, best)
    return replace(request, offset=best - tick if request.side == BUY else best + tick)


def others_of(exchange: Exchange, portfolio: int, without: Waiting | None) -> list[Order]:
    """Return a portfolio's orders, but for one that is about to be replaced."""
    return [order for order in exchange.orders_of(portfolio) if order is not without]


def check_book(exchange: Exchange, request: Request, without: Waiting | None) -> Request:
    """Check the order against its owner and the book; return it clamped to what it may reduce."""
    portfolio = request.portfolio
    others = others_of(exchange, portfolio, without)
    if exchange.is_closing(portfolio) and not (request.ioc and request.reduce_only):
        raise Refused(Code.LIQUIDATING, *([] if portfolio in exchange.flagged else [1]))
    if request.reduce_only:
        size = exchange.size_of(portfolio, request.number)
        reducible = -size if request.side == BUY else size
        resting = [o for o in others if o.market == request.number and o.reduce_only]
        crowded = len(resting) >= exchange.rules.reduce_only_per_position_max
        if reducible <= 0 or (crowded and not request.ioc):
            raise Refused(Code.REDUCE_ONLY, reducible)
        request = replace(request, size=min(request.size, reducible))
    if request.post_only:
        request = slide(exchange, request)
    return request


def orders_limit(exchange: Exchange, portfolio: int) -> int:
    """Return how many orders a portfolio may have waiting, by what it has settled."""
    rules = exchange.rules
    paid = Fraction(max(0, exchange.balances[portfolio]), rules.order_equity)
    return min(floor(rules.orders_free_max + paid), rules.orders_per_portfolio_max)


def check_orders(exchange: Exchange, portfolio: int, more: int = 1) -> None:
    """Check that a portfolio has room for so many more orders."""
    most = orders_limit(exchange, portfolio)
    if len(exchange.owned(portfolio)) + more > most:
        raise Refused(Code.ORDERS_MAX, most)


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
    opened = opening_lots(exchange, portfolio, number, request.side, request.size)
    rules = request.market.rules
    interest = exchange.open_interest(number)
    capped = rules.open_interest_max and not request.post_only
    if capped and opened and interest + opened > rules.open_interest_max:
        raise Refused(Code.OPEN_INTEREST, rules.open_interest_max, interest)
    rate = Fraction(worst_rate(exchange, request), MILLION)
    fee = ceil(request.price * request.size * rate)
    # It loses what its price is worse than mark, whatever else rests on its side.
    mark = request.market.mark
    fair = max(request.price, mark) if request.side == SELL else min(request.price, mark)
    loss = abs(request.price - fair) * request.size
    claim = (number, request.side, fair, request.size)
    after = margin_of(exchange, portfolio, [*claims, claim], opened, extra=-fee - loss)
    have = after.equity_initial
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
    lost = max(0, worse * request.size) + fee
    equity = before.equity - lost
    maintenance = before.maintenance
    maintenance -= maintenance_of(exchange, request.number, size)
    maintenance += maintenance_of(exchange, request.number, abs(size) - request.size)
    maintenance -= loan_need(exchange, -before.left)
    maintenance += loan_need(exchange, lost - before.left)
    return not_riskier(before, equity, maintenance)


def worst_rate(exchange: Exchange, request: Request) -> int:
    """Return the most that any trade of an order may cost, in ppm."""
    as_maker = max(0, request.market.rules.maker_ppm)
    if request.post_only:
        return as_maker
    rate = taker_rate(exchange, request.market, request.portfolio)
    ramp = ramp_rate(exchange, request.market, rate)
    return max(as_maker, rate + ramp + request.builder_ppm)


def taker_of(exchange: Exchange, request: Request) -> Taker:
    """Return an order as one that takes."""
    rate = taker_rate(exchange, request.market, request.portfolio)
    return Taker(
        request.portfolio,
        request.number,
        request.side,
        request.price,
        request.size,
        rate,
        request.self_trade,
        ramp_rate(exchange, request.market, rate),
        request.builder,
        request.builder_ppm,
    )


def share_out(exchange: Exchange, taker: Taker) -> None:
    """Give others their shares of what an order has paid, now that it is done."""
    pay_shares(exchange, taker.portfolio, taker.builder, taker.owed, taker.referable)


def visits_of(exchange: Exchange) -> tuple[int, int]:
    """Return how many orders an order may visit in a step, and in how many steps."""
    if exchange.visits_left is not None:
        return exchange.visits_left, 1
    return exchange.rules.step_visits_max, exchange.rules.step_continuations_max


def enter(exchange: Exchange, request: Request) -> Outcome:
    """Match an order that passed every check, and rest what is left of it."""
    number = exchange.number_order()
    report(exchange, request.portfolio)
    if request.post_only:
        rest(exchange, request, number, request.size, request.size)
        return Outcome(order_id=number)
    taker = taker_of(exchange, request)
    cut = match(exchange, taker, *visits_of(exchange))
    if exchange.visits_left is not None:
        exchange.visits_left -= taker.visits
    share_out(exchange, taker)
    outcome = Outcome(order_id=number, filled=taker.filled, notional=taker.notional, fee=taker.fee)
    if cut:
        outcome.code, outcome.args = Code.FILL_LIMIT, (taker.remaining,)
    elif taker.stopped or (taker.decremented and not taker.remaining):
        lost = taker.remaining + taker.decremented
        outcome.code, outcome.args = Code.SELF_TRADE, (lost,)
    elif request.ioc and taker.remaining and taker.filled == 0:
        outcome.code, outcome.args = Code.IOC_UNFILLED, (request.price,)
    elif taker.remaining and not request.ioc:
        rest(exchange, request, number, taker.remaining + taker.filled, taker.remaining)
        return outcome
    end_entry(exchange, request.group, taker.filled)
    return outcome


def rest(exchange: Exchange, request: Request, number: int, size: int, remaining: int) -> None:
    """Put an order on the book."""
    exchange.orders[number] = Order(
        number=number,
        portfolio=request.portfolio,
        market=request.number,
        side=request.side,
        price=request.price,
        size=size,
        remaining=remaining,
        flags=request.flags,
        reduce_only=request.reduce_only,
        time=exchange.now,
        client_id=request.client_id,
        expires_at=request.expires_at,
        group=request.group,
        offset=request.offset if request.pegged else None,
    )


def find(exchange: Exchange, portfolio: int, market: int, ref: int | bytes) -> Order:
    """Return a portfolio's own resting order by its number or its client id."""
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
    size: int = action.size
    if action.flags & FLAG_TOTAL:
        size = max(0, size - (order.size - order.remaining))
    request = Request(
        portfolio,
        exchange.markets[action.market],
        action.flags & ~FLAG_TOTAL,
        action.price,
        size,
        order.client_id,
        order.expires_at,
        group=order.group,
    )
    changed = request.side != order.side or request.reduce_only != order.reduce_only
    if request.ioc or request.fok or changed:
        raise Refused(Code.FIELD, action.flags)
    if action.price == order.price and 0 < size <= order.remaining:
        order.size -= order.remaining - size
        order.remaining = size
        return Outcome(order_id=order.number)
    if order.offset is not None or request.pegged:
        raise Refused(Code.FIELD, action.flags)
    check_shape(exchange, request)
    request = check_book(exchange, request, without=order)
    check_margin(exchange, request, without=order)
    if order.group in exchange.groups:
        exchange.groups[order.group].filled += order.size - order.remaining
    order.group = 0
    remove(exchange, order)
    return enter(exchange, request)
