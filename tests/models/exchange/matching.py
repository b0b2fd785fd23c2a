"""Trades: who meets whom, at what price, and what it costs them."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from statemachine.rules import FLAG_FILL_BAND, FLAG_SELF_TRADE
from tests.models.exchange.fees import book, count, maker_rate, report
from tests.models.exchange.pegs import is_past_limit, side_of
from tests.models.exchange.removal import remove
from tests.models.exchange.state import BUY, MILLION, Exchange, Market, Order, Position

MAKER_GOES, TAKER_GOES, BOTH_GO, BOTH_SHRINK = range(4)
OWN_SUB = 4


@dataclass
class Taker:
    """What takes from the book, and what it has got so far."""

    portfolio: int
    market: int
    side: int
    limit: int
    remaining: int
    fee_ppm: int
    self_trade: int = 0
    ramp_ppm: int = 0
    builder: int = 0
    builder_ppm: int = 0
    forced: bool = False
    owed: int = 0
    referable: int = 0
    filled: int = 0
    notional: int = 0
    fee: int = 0
    decremented: int = 0
    visits: int = 0
    stopped: bool = False


def worst_price(market: Market, side: int) -> int:
    """Return the worst price for its owner that an order may have."""
    band = Fraction(market.rules.fill_band_ppm, MILLION)
    if side == BUY:
        return floor(market.mark * (1 + band))
    return ceil(market.mark * (1 - band))


def is_beyond(market: Market, side: int, price: int) -> bool:
    """Return whether a price is worse for its owner than the band allows."""
    worst = worst_price(market, side)
    return price > worst if side == BUY else price < worst


def match(exchange: Exchange, taker: Taker, visits: int, steps: int = 1) -> bool:
    """Trade until the taker or the book is done; return whether the visits ran out first.

    There are ``visits`` in each of ``steps`` steps.
    """
    left = visits
    while taker.remaining and not taker.stopped:
        book = side_of(exchange, taker.market, 1 - taker.side)
        if not book:
            return False
        price, best = book[0]
        if price > taker.limit if taker.side == BUY else price < taker.limit:
            return False
        if left == 0:
            steps -= 1
            if steps == 0:
                return True
            left = visits
            taker.decremented = 0
        left -= 1
        taker.visits += 1
        size = tradable(exchange, taker, best, price)
        if size is None:
            meet_own(exchange, taker, best)
        elif size == 0:
            remove(exchange, best)
        else:
            trade(exchange, taker, best, price, min(size, taker.remaining))
    return False


def is_own(exchange: Exchange, taker: Taker, maker: Order) -> bool:
    """Return whether a resting order is the taker's own, as far as it minds."""
    if not exchange.rules.flags & FLAG_SELF_TRADE:
        return False
    if taker.self_trade & OWN_SUB:
        return maker.portfolio == taker.portfolio
    return maker.portfolio >> 8 == taker.portfolio >> 8


def tradable(exchange: Exchange, taker: Taker, maker: Order, price: int) -> int | None:
    """Return the lots of a resting order that may trade; with none it has to go.

    ``None``: it is the taker's own, and the taker's mode says what happens.
    """
    rules = exchange.rules
    if maker.expires_at and maker.expires_at <= exchange.now:
        return 0
    if exchange.is_closing(maker.portfolio):
        return 0
    market = exchange.markets[maker.market]
    if rules.flags & FLAG_FILL_BAND and is_beyond(market, maker.side, price):
        return 0
    if is_past_limit(price, maker):
        return 0
    if is_own(exchange, taker, maker):
        return None
    if maker.reduce_only:
        held = exchange.size_of(maker.portfolio, maker.market)
        return max(0, min(maker.remaining, -held if maker.side == BUY else held))
    return maker.remaining


def meet_own(exchange: Exchange, taker: Taker, maker: Order) -> None:
    """Let one of two orders of one owner go, or both, or as much of both."""
    mode = taker.self_trade & 3
    if mode == BOTH_SHRINK:
        size = min(taker.remaining, maker.remaining)
        taker.remaining -= size
        taker.decremented += size
        if size == maker.remaining:
            remove(exchange, maker)
        else:
            maker.size -= size
            maker.remaining -= size
        return
    if mode != TAKER_GOES:
        remove(exchange, maker)
    taker.stopped = mode != MAKER_GOES


def fillable(exchange: Exchange, taker: Taker, visits: int) -> int:
    """Return what the book would give a taker within so many visits: try it on a copy."""
    trial = exchange.copy()
    mode = taker.self_trade & 3
    # Whatever else its mode, an own order that it meets ends its hopes.
    ends = MAKER_GOES if mode == MAKER_GOES else TAKER_GOES
    wanted = replace(taker, self_trade=taker.self_trade & OWN_SUB | ends)
    match(trial, wanted, visits)
    return wanted.filled


def trade(exchange: Exchange, taker: Taker, maker: Order, price: int, size: int) -> None:
    """Trade ``size`` lots at the maker's price."""
    market = exchange.markets[maker.market]
    notional = price * size
    bought = size if taker.side == BUY else -size
    move(exchange, taker.portfolio, maker.market, bought, price)
    move(exchange, maker.portfolio, maker.market, -bought, price)
    every_ppm = taker.fee_ppm + taker.ramp_ppm + taker.builder_ppm
    taker_fee = ceil(notional * Fraction(every_ppm, MILLION))
    # Others' parts round down; what is left is the exchange's.
    ramp = floor(notional * Fraction(taker.ramp_ppm, MILLION))
    built = floor(notional * Fraction(taker.builder_ppm, MILLION))
    own = taker_fee - ramp - built
    report(exchange, maker.portfolio)
    rate = Fraction(maker_rate(exchange, market, maker.portfolio), MILLION)
    # What is owed rounds up; a rebate rounds down, and is paid out of the exchange's part.
    maker_fee = ceil(notional * rate)
    if rate < 0:
        maker_fee = -min(floor(-notional * rate), own)
    exchange.pay(taker.portfolio, -taker_fee)
    exchange.pay(maker.portfolio, -maker_fee)
    taker.referable += book(exchange, market, own, maker_fee, ramp)
    taker.owed += built
    count(exchange, maker.portfolio, notional)
    if not taker.forced:
        count(exchange, taker.portfolio, notional)
    market.last = price
    taker.remaining -= size
    taker.filled += size
    taker.notional += notional
    taker.fee += taker_fee
    maker.remaining -= size
    if maker.remaining == 0:
        remove(exchange, maker)


def settle(exchange: Exchange, portfolio: int, number: int) -> None:
    """Pay a position its funding, floored; the market keeps what that leaves over."""
    position = exchange.positions[portfolio, number]
    market = exchange.markets[number]
    exact = -position.size * (market.funding_index - position.settled_at)
    paid = floor(exact)
    exchange.pay(portfolio, paid)
    market.funding_dust += exact - paid
    position.settled_at = market.funding_index


def move(exchange: Exchange, portfolio: int, number: int, lots: int, price: int) -> None:
    """Change a position by signed ``lots`` at ``price``; what is closed is settled in cash."""
    place = (portfolio, number)
    if place in exchange.positions:
        settle(exchange, portfolio, number)
    else:
        exchange.positions[place] = Position(0, 0, exchange.markets[number].funding_index)
    position = exchange.positions[place]
    if position.size * lots >= 0:
        position.size += lots
        position.cost += lots * price
    else:
        part = min(abs(lots), abs(position.size))
        closing = -part if position.size > 0 else part
        # The share of the cost, rounded up: a result rounds down.
        share = ceil(Fraction(position.cost * part, abs(position.size)))
        exchange.pay(portfolio, -closing * price - share)
        position.size += closing
        position.cost -= share
        opening = lots - closing
        position.size += opening
        position.cost += opening * price
    if position.size == 0:
        del exchange.positions[place]
