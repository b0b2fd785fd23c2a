"""Sleeping orders: stops and take-profits, and the phase of a block that wakes them.

The entry of a bracket may sleep too: it carries its group, which is what its own
number is, and tells it once it has ended, with what it filled; the exits of a
bracket carry it as well, and tell it when they go.

A sleeping order waits in a range of its market sorted by trigger: direction
and source, then the price that fires first.  It reserves no margin; when it
fires it is an order like any other, and may be refused.

Each block fires at most ``triggers_max`` of them, by market, then key, against
prices stored before the block's takers; the rest follow in the next block.  A
source *last* counts only within five minimum oracle moves of the index, so
that a trade of one lot far away wakes nobody.
"""

from typing import Final

from statemachine import events, keys
from statemachine.actions import FLAG_IOC, FLAG_PEG, TRIGGER_INDEX, TRIGGER_LAST
from statemachine.book.entering import bind_entry, settle_entry
from statemachine.book.entry import (
    NOTIONAL_LIMIT,
    ORDER_LOTS_LIMIT,
    Entry,
    book_allows,
    fill_allows,
    margin_allows,
    market_allows,
    shape_allows,
    taker_of,
)
from statemachine.book.matching import match_orders
from statemachine.book.posting import terms_agree
from statemachine.book.resting import NO_CLIENT
from statemachine.book.room import room_allows
from statemachine.costs import COST_GROUP, COST_PLACE, COST_PORTFOLIO, COST_SEEK, COST_VISIT
from statemachine.errors import Code, invariant
from statemachine.fees.rates import builder_allows
from statemachine.fees.shares import pay_shares
from statemachine.fees.standing import report
from statemachine.records import (
    OWNED_ASLEEP,
    Market,
    Portfolio,
    Sleeper,
    encode_owned,
)
from statemachine.risk.margin import charge_markets
from statemachine.state import State
from statemachine.states import STATE_ACTIVE
from statemachine.step import Step
from statemachine.units import PPM_ONE, clamp
from statemachine.waiting.grouping import call_group, count_filled, end_entry

LAST_MOVES: Final = 5
TRIGGERS: Final = 6


def put_to_sleep(step: Step, entry: Entry, trigger: int, price: int) -> None:
    """Check an order that waits for ``price``, and let it wait."""
    state = step.state
    portfolio = entry.portfolio
    market = entry.market
    parameters = entry.parameters
    # CHECKS, in the order of their codes
    if market.state != STATE_ACTIVE:
        step.refuse(Code.MARKET_STATE, (market.state,))
    elif not terms_agree(entry.flags, entry.offset) or entry.flags & FLAG_PEG:
        step.refuse(Code.FIELD, (entry.flags,))
    elif not 0 < entry.size < ORDER_LOTS_LIMIT:
        step.refuse(Code.SIZE_RANGE, (entry.size,))
    elif not 0 < entry.price * entry.size < NOTIONAL_LIMIT:
        step.refuse(Code.PRICE_RANGE, (entry.price,))
    elif entry.price % parameters.tick or price % parameters.tick:
        step.refuse(Code.TICK, (parameters.tick,))
    elif entry.expires_at and entry.expires_at <= step.now:
        step.refuse(Code.ORDER_EXPIRED, (entry.expires_at, step.now))
    elif not (
        builder_allows(step, portfolio.portfolio, entry.builder, entry.builder_ppm)
        and may_wait(step, portfolio, market.market)
    ):
        pass  # it said why
    elif has_fired(step, market, trigger, price):
        step.refuse(Code.TRIGGER, (trigger_source(step, market, trigger),))
    else:
        # EFFECTS
        ledger = state.ledger()
        step.order_id = ledger.next_sequence
        ledger.next_sequence += 1
        if entry.client_id:
            bind_entry(step, entry)
        add_sleeper(step, entry, trigger, price, step.order_id)


def may_wait(step: Step, portfolio: Portfolio, market: int) -> bool:
    """Check that a portfolio has room for an order in a market, and may be in it."""
    if not room_allows(step, portfolio):
        return False
    return market in portfolio.markets or market_allows(step, portfolio, market)


def add_sleeper(step: Step, entry: Entry, trigger: int, price: int, sequence: int) -> None:
    """Let an order wait; its market is held in the portfolio meanwhile."""
    state = step.state
    portfolio = entry.portfolio
    market = entry.market
    key = keys.sleeper_key(market.market, trigger, price, sequence)
    sleeper = Sleeper(
        key,
        False,
        portfolio.portfolio,
        entry.flags,
        entry.price,
        entry.size,
        step.now,
        entry.client_hash,
        entry.expires_at,
        entry.group,
        entry.self_trade,
        entry.max_fee_ppm,
    )
    sleeper.builder = entry.builder
    sleeper.builder_ppm = entry.builder_ppm
    state.sleepers[key] = sleeper
    state.touch(sleeper)
    state.range(key[:3]).insert(key)
    owned = keys.owned_key(portfolio.portfolio, market.market, sequence)
    state.add_blob(owned, encode_owned(OWNED_ASLEEP + trigger, price))
    state.range(owned[:6]).insert(owned)
    position = state.open_position(portfolio, market.market)
    position.orders += 1
    portfolio.open_orders += 1
    market.sleepers += 1
    ledger = state.ledger()
    ledger.sleepers += 1
    for record in (position, portfolio, market, ledger):
        state.touch(record)
    state.events.append(
        events.OrderAsleep(
            market.market,
            sequence,
            portfolio.portfolio,
            entry.flags,
            entry.price,
            entry.size,
            trigger,
            price,
        )
    )


def remove_sleeper(
    state: State, sleeper: Sleeper, reason: int, code: int = 0, filled: int = 0
) -> None:
    """Take a sleeping order out of its place; its bracket, if any, hears of it."""
    number, _, _, sequence = keys.sleeper_place(sleeper.key)
    sleeper.live = False
    state.touch(sleeper)
    state.range(sleeper.key[:3]).remove(sleeper.key)
    owned = keys.owned_key(sleeper.portfolio, number, sequence)
    state.remove_blob(owned)
    state.range(owned[:6]).remove(owned)
    if sleeper.client_hash != NO_CLIENT:
        state.remove_blob(keys.client_id_key(sleeper.portfolio, sleeper.client_hash))
    portfolio = state.portfolio(sleeper.portfolio)
    if portfolio is None:
        invariant(condition=False, message="a sleeping order has an owner")
        return
    market = state.market(number)
    position = state.position(sleeper.portfolio, number)
    ledger = state.ledger()
    position.orders -= 1
    portfolio.open_orders -= 1
    market.sleepers -= 1
    ledger.sleepers -= 1
    for record in (position, portfolio, market, ledger):
        state.touch(record)
    state.drop_position(portfolio, position)
    state.events.append(
        events.OrderAwake(number, sequence, sleeper.portfolio, reason, code, filled)
    )
    if sleeper.group and reason != events.REMOVED_BRACKET:
        call_group(state, sleeper.group)


# Prices that wake


def trigger_source(step: Step, market: Market, trigger: int) -> int:
    """Return the price that a trigger watches, in micros per lot; 0 if there is none."""
    source = trigger & ~1
    if source == TRIGGER_INDEX:
        return market.index
    if source == TRIGGER_LAST:
        if market.last == 0:
            return 0
        reach = market.index * LAST_MOVES * step.rules.oracle_move_ppm // PPM_ONE
        return clamp(market.last, market.index - reach, market.index + reach)
    return market.mark


def has_fired(step: Step, market: Market, trigger: int, price: int) -> bool:
    """Return whether the watched price has reached ``price``."""
    source = trigger_source(step, market, trigger)
    if source == 0:
        return False
    return source <= price if trigger & 1 else source >= price


def next_fired(step: Step) -> Sleeper | None:
    """Return the next sleeping order to wake from where the cursor's scan stands.

    Looks at a bounded number of ranges; if it stops early, the scan has moved on
    but is not at its end.
    """
    state = step.state
    cursor = step.cursor
    markets = step.rules.markets
    while cursor.scan < len(markets) * TRIGGERS and step.cost < step.rules.scan_cost_max:
        number = markets[cursor.scan // TRIGGERS].market
        market = state.market(number)
        step.cost += COST_SEEK
        if market.sleepers == 0:
            cursor.scan += TRIGGERS - cursor.scan % TRIGGERS
            continue
        trigger = cursor.scan % TRIGGERS
        prefix = keys.sleeper_range(number)
        key = state.range(prefix).seek(prefix + bytes([trigger]))
        if key is None:
            cursor.scan += TRIGGERS - trigger
            continue
        _, found, price, _ = keys.sleeper_place(key)
        if found == trigger and has_fired(step, market, trigger, price):
            return state.sleeper(key)
        cursor.scan += max(1, found - trigger)
    return None


def wake_next(step: Step) -> bool:
    """Wake the next sleeping order whose price has come; return whether one was woken."""
    sleeper = next_fired(step)
    if sleeper is None:
        return False
    step.cost += COST_PORTFOLIO + COST_PLACE + COST_VISIT
    if sleeper.group:
        step.cost += COST_GROUP
    state = step.state
    number, _, _, sequence = keys.sleeper_place(sleeper.key)
    portfolio = state.portfolio(sleeper.portfolio)
    if portfolio is None:
        invariant(condition=False, message="a sleeping order has an owner")
        return True
    charge_markets(step, portfolio)
    if sleeper.expires_at and sleeper.expires_at <= step.now:
        remove_sleeper(state, sleeper, events.REMOVED_EXPIRED)
        return True
    entry = Entry(
        portfolio,
        state.market(number),
        state.market_rules[number],
        sleeper.flags,
        sleeper.price,
        sleeper.size,
        b"",
        NO_CLIENT,
        sleeper.expires_at,
        sleeper.self_trade,
        sleeper.max_fee_ppm,
        sequence if sleeper.group == sequence else 0,
    )
    entry.builder = sleeper.builder
    entry.builder_ppm = sleeper.builder_ppm
    step.order_id = sequence
    run_awake(step, sleeper, entry)
    return True


def run_awake(step: Step, sleeper: Sleeper, entry: Entry) -> None:
    """Check and match a woken order; what its visits could not reach stays, and wakes again."""
    state = step.state
    portfolio = entry.portfolio
    market = entry.market.market
    position = state.position(portfolio.portfolio, market)
    allowed = (
        shape_allows(step, entry)
        and book_allows(step, entry, position)
        and margin_allows(step, entry, position)
        and fill_allows(step, entry, position)
    )
    if not allowed:
        remove_sleeper(state, sleeper, events.REMOVED_REFUSED, step.code)
        return
    report(step, portfolio)
    taker = taker_of(step, entry, position, entry.size)
    match_orders(step, taker)
    pay_shares(step, portfolio, entry.builder, taker.shares)
    if step.more and not taker.stopped:
        step.more = False
        sleeper.size = taker.remaining
        state.touch(sleeper)
        if entry.group:
            count_filled(state, entry.group, step.filled)
        return
    step.more = False
    rests = taker.remaining and not taker.stopped and not entry.flags & FLAG_IOC
    if entry.group:
        # What becomes of a bracket's entry is told below, or once it no longer rests.
        sleeper.group = 0
    remove_sleeper(state, sleeper, events.REMOVED_TRIGGERED, step.code, step.filled)
    if rests:
        entry.size -= taker.decremented
        settle_entry(step, entry, taker.position, taker.remaining)
        return
    if entry.group:
        end_entry(state, entry.group, step.filled)
    if taker.position.live:
        state.drop_position(portfolio, taker.position)
