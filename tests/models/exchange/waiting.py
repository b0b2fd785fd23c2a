"""What acts later: sleeping orders, brackets, TWAPs, and the switch; and what is cancelled."""

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
    MARKET_EVERY,
    Bracket,
    Cancel,
    CancelAll,
    CancelAt,
    PlaceOrder,
    Twap,
)
from statemachine.errors import Code
from tests.models.exchange.fees import check_builder, report
from tests.models.exchange.matching import match
from tests.models.exchange.removal import call_group, end_entry, remove, remove_some
from tests.models.exchange.state import (
    ACTIVE,
    GROUP,
    MILLION,
    SETTLED,
    SWITCH,
    TWAP,
    Due,
    Exchange,
    Exit,
    Group,
    Market,
    Order,
    Outcome,
    Plan,
    Refused,
    Sleeper,
)
from tests.models.exchange.trading import (
    SIZE_LIMIT,
    Request,
    admit,
    check_book,
    check_expiry,
    check_fill,
    check_flags,
    check_margin,
    check_market,
    check_orders,
    check_shape,
    check_size,
    enter,
    orders_limit,
    request_of,
    rest,
    share_out,
    taker_of,
)

TRIGGERS = range(6)
LAST_MOVES = 5
CATCH_UP = 3
NO_EXITS = FLAG_POST_ONLY | FLAG_SLIDE | FLAG_FOK | FLAG_PEG


def place(exchange: Exchange, account: int, action: PlaceOrder) -> Outcome:
    """Place an order, or let it sleep."""
    request = request_of(exchange, account, action)
    terms = action.terms
    if terms.trigger_price:
        return put_to_sleep(exchange, request, terms.trigger, terms.trigger_price)
    return enter(exchange, admit(exchange, request))


# Cancelling


def cancel(exchange: Exchange, account: int, action: Cancel) -> Outcome:
    """Take one order away, wherever it waits."""
    for item in exchange.owned(account << 8 | action.sub, action.market):
        name = item.client_id if isinstance(action.ref, bytes) else item.number
        if name == action.ref:
            remove(exchange, item)
            return Outcome(order_id=item.number)
    raise Refused(Code.ORDER_UNKNOWN)


def cancel_all(exchange: Exchange, account: int, action: CancelAll) -> Outcome:
    """Take all of a portfolio's orders away, or those of one market, or of one side of books."""
    market = None if action.market == MARKET_EVERY else action.market
    if market is not None and market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, market)
    found = [
        item
        for item in exchange.owned(account << 8 | action.sub, market)
        if action.side == 2 or (isinstance(item, Order) and item.side == action.side)
    ]
    for item in found:
        remove(exchange, item)
    return Outcome(args=(len(found),))


def set_switch(exchange: Exchange, account: int, action: CancelAt) -> Outcome:
    """Set when all orders of a portfolio go, or that they stay."""
    portfolio = account << 8 | action.sub
    if portfolio not in exchange.balances:
        raise Refused(Code.BALANCE, 0, 0)
    if action.time and action.time <= exchange.now:
        raise Refused(Code.TIME_PAST, action.time, exchange.now)
    exchange.disarm(SWITCH, portfolio)
    exchange.switches[portfolio] = action.time
    if action.time:
        exchange.arm(action.time, SWITCH, 0, portfolio)
    return Outcome()


def run_switch(exchange: Exchange, item: Due) -> None:
    """Take orders away, some now and the rest at once after."""
    exchange.switches[item.portfolio] = 0
    if remove_some(exchange, item.portfolio, exchange.rules.step_visits_max):
        exchange.switches[item.portfolio] = exchange.now
        exchange.arm(exchange.now, SWITCH, 0, item.portfolio)


# Sleeping


def watched_price(exchange: Exchange, market: Market, trigger: int) -> int:
    """Return the price that a trigger watches, 0 if there is none yet."""
    source = trigger // 2
    if source == 0:
        return market.mark
    if source == 1 or market.last == 0:
        return market.index if source == 1 else 0
    reach = market.index * LAST_MOVES * Fraction(exchange.rules.oracle_move_ppm, MILLION)
    return max(market.index - floor(reach), min(market.index + floor(reach), market.last))


def has_fired(exchange: Exchange, market: Market, trigger: int, price: int) -> bool:
    """Return whether the watched price has come to ``price``, rising or falling."""
    watched = watched_price(exchange, market, trigger)
    return watched != 0 and (watched <= price if trigger % 2 else watched >= price)


def put_to_sleep(exchange: Exchange, request: Request, trigger: int, price: int) -> Outcome:
    """Check an order that waits for a price, and let it wait."""
    market = request.market
    if market.state != ACTIVE:
        raise Refused(Code.MARKET_STATE, market.state)
    check_flags(request)
    if request.pegged:
        raise Refused(Code.FIELD, request.flags)
    check_size(request)
    if request.price % market.rules.tick or price % market.rules.tick:
        raise Refused(Code.TICK, market.rules.tick)
    check_expiry(exchange, request)
    check_builder(exchange, request.portfolio, request.builder, request.builder_ppm)
    check_orders(exchange, request.portfolio)
    check_market(exchange, request.portfolio, request.number)
    if has_fired(exchange, market, trigger, price):
        raise Refused(Code.TRIGGER, watched_price(exchange, market, trigger))
    number = exchange.number_order()
    exchange.sleepers[number] = Sleeper(
        number,
        request.portfolio,
        request.number,
        request.flags,
        request.price,
        request.size,
        trigger,
        price,
        exchange.now,
        request.client_id,
        request.expires_at,
        request.group,
        request.self_trade,
        request.max_fee_ppm,
        request.builder,
        request.builder_ppm,
    )
    return Outcome(order_id=number)


def wake_all(exchange: Exchange) -> None:
    """Wake the orders whose price has come, up to a bound, by market, trigger, price and age."""
    woken = 0
    for number, market in sorted(exchange.markets.items()):
        for trigger in TRIGGERS:
            while woken < exchange.rules.triggers_max:
                first = first_asleep(exchange, number, trigger)
                if first is None or not has_fired(exchange, market, trigger, first.trigger_price):
                    break
                woken += 1
                wake(exchange, first)


def first_asleep(exchange: Exchange, market: int, trigger: int) -> Sleeper | None:
    """Return the sleeping order that such a trigger would wake first."""
    sign = -1 if trigger % 2 else 1
    asleep = [s for s in exchange.sleepers.values() if (s.market, s.trigger) == (market, trigger)]
    return min(asleep, key=lambda s: (sign * s.trigger_price, s.number), default=None)


def wake(exchange: Exchange, sleeper: Sleeper) -> None:
    """Let an order that slept trade; what visits could not reach sleeps on."""
    if sleeper.expires_at and sleeper.expires_at <= exchange.now:
        remove(exchange, sleeper)
        return
    request = Request(
        sleeper.portfolio,
        exchange.markets[sleeper.market],
        sleeper.flags,
        sleeper.price,
        sleeper.size,
        b"",
        sleeper.expires_at,
        sleeper.self_trade,
        sleeper.max_fee_ppm,
        group=sleeper.group if sleeper.group == sleeper.number else 0,
        builder=sleeper.builder,
        builder_ppm=sleeper.builder_ppm,
    )
    try:
        check_shape(exchange, request)
        request = check_book(exchange, request, without=sleeper)
        check_margin(exchange, request, without=None)
        check_fill(exchange, request)
    except Refused:
        remove(exchange, sleeper)
        return
    report(exchange, request.portfolio)
    taker = taker_of(exchange, request)
    cut = match(exchange, taker, exchange.rules.step_visits_max)
    share_out(exchange, taker)
    if cut:
        sleeper.size = taker.remaining
        if request.group:
            exchange.groups[request.group].filled += taker.filled
        return
    if request.group:
        sleeper.group = 0  # an entry has not ended before it no longer rests
    remove(exchange, sleeper)
    if taker.remaining and not taker.stopped and not request.ioc:
        size = request.size - taker.decremented
        rest(exchange, request, sleeper.number, size, taker.remaining)
    else:
        end_entry(exchange, request.group, taker.filled)


# Brackets


def place_bracket(exchange: Exchange, account: int, action: Bracket) -> Outcome:
    """Place an entry whose exits wait for it, or two exits that end each other."""
    entry = action.entry
    check_exits(exchange, action)
    portfolio = account << 8 | action.sub
    group = Group(
        portfolio,
        action.exits[0].market,
        [
            Exit(
                order.flags | FLAG_REDUCE_ONLY,
                order.price,
                order.size,
                order.terms.trigger,
                order.terms.trigger_price,
            )
            for order in action.exits
        ],
    )
    if entry is None:
        size = exchange.size_of(portfolio, group.market)
        if size == 0 or (size > 0) != bool(action.exits[0].flags & FLAG_SELL):
            raise Refused(Code.REDUCE_ONLY, size)
        check_orders(exchange, portfolio, 2)
        group.filled = max(order.size for order in action.exits)
        number = exchange.number_order()
        exchange.groups[number] = group
        call_group(exchange, number)
        return Outcome(order_id=number)
    request = request_of(exchange, account, entry)
    terms = entry.terms
    number = exchange.orders_numbered + 1
    request.group = number
    if terms.trigger_price:
        outcome = put_to_sleep(exchange, request, terms.trigger, terms.trigger_price)
        exchange.groups[number] = group
        return outcome
    request = admit(exchange, request)
    exchange.groups[number] = group
    outcome = enter(exchange, request)
    if outcome.code != Code.OK and outcome.filled == 0:
        exchange.disarm(GROUP, number)
        del exchange.groups[number]
    return outcome


def check_exits(exchange: Exchange, action: Bracket) -> None:
    """Check the exits of a bracket by shape."""
    number = action.exits[0].market
    if number not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, number)
    if exchange.markets[number].state == SETTLED:
        raise Refused(Code.MARKET_STATE, SETTLED)
    tick = exchange.markets[number].rules.tick
    entry = action.entry
    for order in action.exits:
        same_side = entry is not None and not (order.flags ^ entry.flags) & FLAG_SELL
        never = order.client_id or order.terms.builder
        if same_side or never or order.flags & NO_EXITS:
            raise Refused(Code.FIELD, order.flags)
        if not 0 < order.size < SIZE_LIMIT:
            raise Refused(Code.SIZE_RANGE, order.size)
        if order.price == 0 or order.terms.trigger_price == 0:
            raise Refused(Code.PRICE_RANGE, order.price)
        if order.price % tick or order.terms.trigger_price % tick:
            raise Refused(Code.TICK, tick)


def run_group(exchange: Exchange, number: int) -> None:
    """Let a bracket's exits wait for their prices, or end what is left of it."""
    group = exchange.groups.get(number)
    if group is None:
        return
    group.asked = False
    present = group.market in exchange.markets_of(group.portfolio)
    present = present and exchange.markets[group.market].state != SETTLED
    room = orders_limit(exchange, group.portfolio) - len(exchange.owned(group.portfolio))
    if not group.armed and group.filled and present and room >= len(group.exits):
        group.armed = True
        for order in group.exits:
            order.number = exchange.number_order()
            exchange.sleepers[order.number] = Sleeper(
                order.number,
                group.portfolio,
                group.market,
                order.flags,
                order.price,
                min(order.size, group.filled),
                order.trigger,
                order.trigger_price,
                exchange.now,
                group=number,
            )
        return
    del exchange.groups[number]
    for order in group.exits:
        if order.number in exchange.sleepers:
            remove(exchange, exchange.sleepers[order.number])


# TWAPs


def start_twap(exchange: Exchange, account: int, action: Twap) -> Outcome:
    """Start trading in slices."""
    portfolio = account << 8 | action.sub
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    if portfolio not in exchange.balances:
        raise Refused(Code.MARGIN, 0, 0)
    if action.flags & ~(FLAG_SELL | FLAG_REDUCE_ONLY | FLAG_IOC) or action.slices < 2:
        raise Refused(Code.FIELD, action.flags, action.slices)
    if action.interval < exchange.rules.twap_interval_min:
        raise Refused(Code.TIME_PAST, exchange.rules.twap_interval_min)
    market = exchange.markets[action.market]
    request = Request(portfolio, market, action.flags, action.price, action.size)
    check_shape(exchange, request)
    check_orders(exchange, portfolio)
    check_market(exchange, portfolio, action.market)
    number = exchange.number_order()
    exchange.plans[number] = Plan(
        number,
        portfolio,
        action.market,
        action.flags | FLAG_IOC,
        action.price,
        action.size,
        action.size,
        ceil(Fraction(action.size, action.slices)),
        action.slices,
        action.interval,
    )
    exchange.arm(exchange.now, TWAP, action.market, portfolio, number)
    return Outcome(order_id=number)


def run_twap(exchange: Exchange, number: int) -> None:
    """Trade a slice, and what earlier ones missed, up to three slices' worth."""
    plan = exchange.plans.get(number)
    if plan is None:
        return
    if exchange.markets[plan.market].state == SETTLED:
        remove(exchange, plan)
        return
    plan.slices -= 1
    behind = max(0, plan.remaining - plan.slice_size * plan.slices)
    size = min(plan.remaining, behind, CATCH_UP * plan.slice_size)
    if size:
        plan.remaining -= trade_slice(exchange, plan, size)
    if plan.remaining == 0 or plan.slices == 0:
        remove(exchange, plan)
    else:
        due = exchange.now + plan.interval
        exchange.arm(due, TWAP, plan.market, plan.portfolio, number)


def trade_slice(exchange: Exchange, plan: Plan, size: int) -> int:
    """Trade up to ``size`` lots, if everything allows it."""
    market = exchange.markets[plan.market]
    request = Request(plan.portfolio, market, plan.flags, plan.price, size)
    try:
        check_shape(exchange, request)
        request = check_book(exchange, request, without=plan)
        check_margin(exchange, request, without=None)
    except Refused:
        return 0
    report(exchange, request.portfolio)
    taker = taker_of(exchange, request)
    match(exchange, taker, exchange.rules.step_visits_max)
    share_out(exchange, taker)
    return taker.filled
