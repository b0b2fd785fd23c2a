"""Index and its guards, mark, premium and funding."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import OracleMessage, OracleUpdate
from statemachine.errors import Code
from statemachine.inbox import InboxItem
from statemachine.units import Millis, Price
from tests.models.exchange.grace import note_sample, note_update
from tests.models.exchange.pegs import best_price, is_past_limit, side_of
from tests.models.exchange.state import (
    ACTIVE,
    BUY,
    CANCEL_ONLY,
    FUNDING,
    INITIALIZING,
    MILLION,
    SELL,
    SETTLED,
    Exchange,
    Market,
    Outcome,
    Refused,
)

INDEX_LIMIT = 2**46
BASIS_PARTS = 2**16
AVERAGE_PARTS = 2**16
FUNDING_PARTS = 2**32
FUNDING_LIMIT = 2**94
BILLION = 10**9
EIGHT_HOURS_MS = 8 * 60 * 60 * 1000
INTEREST = 100_000  # 0.01 % in parts per 10**9
INTEREST_BAND = 500_000  # 0.05 %
IMPACT_ORDERS = 16


def truncated(value: Fraction, parts: int) -> Fraction:
    """Return ``value`` cut towards zero to a multiple of 1 / ``parts``."""
    return Fraction(int(value * parts), parts)


def within(value: Fraction | int, bound: Fraction | int) -> Fraction:
    """Return ``value`` moved into [-bound, bound]."""
    return Fraction(max(-bound, min(bound, value)))


# Oracle


def update_oracle(exchange: Exchange, action: OracleUpdate, publishers: bytes) -> Outcome:
    """Take what can be taken of an update, and set index and mark."""
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    if exchange.markets[action.market].state == SETTLED:
        raise Refused(Code.MARKET_STATE, SETTLED)
    first: Refused | None = None
    taken = False
    for place, message in enumerate(action.messages):
        address = publishers[20 * place :][:20]
        code = judge_message(exchange, action.market, message, address)
        if code == Code.OK:
            exchange.heard[action.market, message.publisher] = (message.price, message.time)
            taken = True
        elif first is None:
            first = Refused(code, place, message.time)
    if not taken and first is not None:
        raise first
    set_index(exchange, action.market)
    return Outcome()


def judge_message(exchange: Exchange, market: int, message: OracleMessage, address: bytes) -> Code:
    """Return why a publisher's message may not be taken, or ``OK``."""
    publishers = dict(enumerate(exchange.rules.publishers))
    _, heard = exchange.heard.get((market, message.publisher), (0, 0))
    if not 0 < message.price < INDEX_LIMIT:
        return Code.PRICE_RANGE
    if publishers.get(message.publisher) != address:
        return Code.PUBLISHER
    if message.time > exchange.now + exchange.rules.drift_ms:
        return Code.MESSAGE_TIME
    if message.time <= heard:
        return Code.MESSAGE_OLD
    return Code.OK


def take_message(exchange: Exchange, item: InboxItem) -> Outcome:
    """Take a publisher's message that came through L1."""
    if item.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, item.market)
    if exchange.markets[item.market].state == SETTLED:
        raise Refused(Code.MARKET_STATE, SETTLED)
    message = OracleMessage(item.publisher, Price(item.price), Millis(item.told), b"")
    code = judge_message(exchange, item.market, message, item.owner)
    if code != Code.OK:
        raise Refused(code, 0, item.told)
    exchange.heard[item.market, item.publisher] = (item.price, item.told)
    set_index(exchange, item.market)
    return Outcome()


def set_index(exchange: Exchange, number: int) -> None:
    """Set the index to the lower median of what is fresh, if that is enough."""
    rules = exchange.rules
    market = exchange.markets[number]
    said = [heard for (at, _), heard in exchange.heard.items() if at == number]
    fresh = [
        (price, time)
        for price, time in said
        if -rules.oracle_age_ms_max <= time - exchange.priced_at <= rules.drift_ms
    ]
    if len(fresh) < rules.publishers_min:
        return
    prices = sorted(price for price, _ in fresh)
    newest_first = sorted((time for _, time in fresh), reverse=True)
    first_of_block = market.average_time != exchange.now
    price = prices[(len(prices) - 1) // 2]
    age = newest_first[rules.publishers_min - 1]
    if not is_believed(exchange, market, price, age, newest_first[0]):
        return
    market.index = price
    market.index_time = min(exchange.now, age)
    if first_of_block:
        note_update(exchange, market)
    if market.state == INITIALIZING:
        market.state = CANCEL_ONLY if market.rules.collateral_only else ACTIVE
        market.sample_time = exchange.now // exchange.rules.sample_interval_ms
        market.sample_time *= exchange.rules.sample_interval_ms
    set_mark(exchange, number)


def is_believed(exchange: Exchange, market: Market, price: int, age: int, newest: int) -> bool:
    """Return whether a price becomes the index; a jump has to be said twice, by enough."""
    if market.average == 0:
        market.average, market.average_time = Fraction(price), exchange.now
        return True
    before = market.average
    follow_average(exchange, market, price)
    factor = exchange.rules.average_factor_max
    if not Fraction(before, factor) <= price <= before * factor:
        return False
    band = Fraction(market.rules.index_band_ppm, MILLION)
    if band == 0 or abs(price - market.index) <= market.index * band:
        market.pending = market.pending_time = 0
        return True
    if not market.pending or abs(price - market.pending) > market.pending * band:
        market.pending, market.pending_time = price, min(exchange.now, newest)
        return False
    if age <= market.pending_time:
        return False
    market.jumped_at = exchange.now
    market.pending = market.pending_time = 0
    return True


def follow_average(exchange: Exchange, market: Market, price: int) -> None:
    """Move the hour's average towards a price, though not far beyond what it was."""
    rules = exchange.rules
    window = rules.average_window_ms
    average = market.average
    passed = max(0, min(window, exchange.now - market.average_time))
    lowest = Fraction(floor(average * AVERAGE_PARTS / rules.average_factor_max), AVERAGE_PARTS)
    target = max(lowest, min(Fraction(price), average * rules.average_factor_max))
    moved = truncated((target - average) * Fraction(passed, window), AVERAGE_PARTS)
    market.average = max(Fraction(1, AVERAGE_PARTS), average + moved)
    market.average_time = exchange.now


# Mark


def bound_of(market: Market) -> int:
    """Return how far from the index the mark may be."""
    return floor(market.index * Fraction(market.initial_ppm, 2 * MILLION))


def set_mark(exchange: Exchange, number: int) -> None:
    """Set the mark from index, basis and book."""
    market = exchange.markets[number]
    index = market.index
    bid, ask = best_price(exchange, number, BUY), best_price(exchange, number, SELL)
    book = index
    if bid is not None and ask is not None:
        book = sorted([bid, ask, market.last or index])[1]
    mark = sorted([floor(index + market.basis), book, index])[1]
    market.mark = max(1, index + int(within(mark - index, bound_of(market))))


def sample(exchange: Exchange, number: int) -> None:
    """Take the second's sample of the basis, and set the mark."""
    market = exchange.markets[number]
    if not market.index:
        return
    rules = exchange.rules
    window, interval = rules.basis_window_ms, rules.sample_interval_ms
    bid, ask = best_price(exchange, number, BUY), best_price(exchange, number, SELL)
    found = Fraction(0)
    if bid is not None and ask is not None:
        found = within(Fraction(bid + ask, 2) - market.index, bound_of(market))
    second = exchange.now // interval * interval
    # What was missed since the last sample counts 0.
    missed = max(0, min(window, second - market.sample_time - interval))
    decayed = truncated(market.basis * Fraction(window - missed, window), BASIS_PARTS)
    weight = Fraction(min(interval, window), window)
    market.basis = decayed + truncated((found - decayed) * weight, BASIS_PARTS)
    note_sample(exchange, market, second)
    market.sample_time = second
    set_mark(exchange, number)


# Funding


def impact_price(exchange: Exchange, number: int, side: int, notional: int) -> Fraction | None:
    """Return the mean price of trading ``notional`` against one side of the book, if it has any."""
    orders = side_of(exchange, number, side)[:IMPACT_ORDERS]
    if not orders:
        return None
    left = notional
    parts = 0  # lots in millionths
    for price, order in orders:
        if is_past_limit(price, order):
            continue
        taken = min(left, price * order.remaining)
        parts += floor(Fraction(taken * MILLION, price))
        left -= taken
    parts += floor(Fraction(left * MILLION, exchange.markets[number].index))
    return Fraction(notional * MILLION, max(1, parts))


def sample_premium(exchange: Exchange, number: int) -> None:
    """Add a sample of the book's premium over the index to the hour's."""
    market = exchange.markets[number]
    if not market.index:
        return
    index = market.index
    rate = Fraction(market.initial_ppm, MILLION)
    notional = ceil(exchange.rules.impact_notional / rate)
    bid = impact_price(exchange, number, BUY, notional)
    ask = impact_price(exchange, number, SELL, notional)
    premium = 0
    if bid is not None and ask is not None:
        above, below = max(bid - index, Fraction(0)), max(index - ask, Fraction(0))
        exact = (above - below) / index
        premium = int(within(floor(exact * BILLION), BILLION))
    market.premiums += premium
    market.premium_count += 1


def fund(exchange: Exchange, number: int, due: int) -> None:
    """Close the hour that ended at ``due``."""
    market = exchange.markets[number]
    rules = exchange.rules
    interval = exchange.interval_of(FUNDING)
    if market.index:
        samples = max(1, interval // rules.premium_interval_ms)
        mean = int(Fraction(market.premiums, samples))
        rate = mean + within(INTEREST - mean, INTEREST_BAND)
        spread = market.initial_ppm - market.maintenance_ppm
        market.funding_rate = int(within(rate, 6 * spread * BILLION // MILLION))
        # Time beyond one interval was an outage: it accrues nothing.
        elapsed = max(0, min(interval, due - market.funding_time))
        grown = Fraction(market.funding_rate, BILLION) * Fraction(elapsed, EIGHT_HOURS_MS)
        after = market.funding_index + truncated(grown * market.index, FUNDING_PARTS)
        if abs(after * FUNDING_PARTS) < FUNDING_LIMIT:
            market.funding_index = after
    market.premiums = 0
    market.premium_count = 0
    market.funding_time = exchange.now // interval * interval
