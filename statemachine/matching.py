"""Matching: price-time priority over sorted keys, at the maker's price.

A taker looks at the first key of the other side's range, visits the order
there, and goes on.  A visit fills the order or removes it: because its owner
is being liquidated, is the taker himself, may no longer reduce, or because
its price has come to be worse than mark by more than the fill band, so that no
stale order drains an account past its margin.  Visits are bounded per step.
"""

from hashlib import sha256
from typing import Final, final

from statemachine import events, keys
from statemachine.actions import FLAG_REDUCE_ONLY
from statemachine.costs import COST_VISIT
from statemachine.errors import invariant
from statemachine.funding import settle_funding
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    Ledger,
    Market,
    Order,
    Portfolio,
    Position,
    decode_client_id,
    decode_owned,
    encode_client_id,
    encode_owned,
)
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
        "fee_ppm",
        "limit",
        "market",
        "order_id",
        "parameters",
        "portfolio",
        "position",
        "remaining",
        "side",
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
        fee_ppm: int,
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
        self.fee_ppm = fee_ppm


def band_of(parameters: MarketRules, mark: int, side: int) -> int:
    """Return the worst price an owner may offer: highest for a bid, lowest for an ask."""
    if side == keys.BUY:
        return mark * (PPM_ONE + parameters.fill_band_ppm) // PPM_ONE
    return -(-mark * (PPM_ONE - parameters.fill_band_ppm) // PPM_ONE)


def match_orders(step: Step, taker: Taker) -> None:
    """Fill ``taker`` as far as the book, its limit and the step's visits allow.

    Sets ``step.more`` if visits ran out before the book or the taker did.
    """
    state = step.state
    side = taker.side
    limit = taker.limit
    other = 1 - side
    book = state.range(keys.order_range(taker.market.market, other))
    banded = step.rules.flags & FLAG_FILL_BAND != 0
    worst = band_of(taker.parameters, taker.market.mark, other) if banded else 0
    visits_max = step.rules.step_visits_max
    while taker.remaining:
        key = book.first()
        if key is None:
            return
        priority = int.from_bytes(key[4:12], "big")
        if side == keys.BUY:
            price = priority
            if price > limit:
                return
        else:
            price = keys.PRIORITY_TOP - priority
            if price < limit:
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
        reason = 0
        if banded and (price > worst if other == keys.BUY else price < worst):
            reason = events.REMOVED_BAND
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
    if maker.flags & PORTFOLIO_LIQUIDATING:
        reason = events.REMOVED_LIQUIDATING
    elif (
        order.portfolio >> 8 == taker.portfolio.portfolio >> 8
        and step.rules.flags & FLAG_SELF_TRADE
    ):
        reason = events.REMOVED_SELF_TRADE
    elif order.flags & FLAG_REDUCE_ONLY and reason == 0:
        available = min(available, max(0, -position.size if taker.side else position.size))
        if available == 0:
            reason = events.REMOVED_REDUCE_ONLY
    if reason:
        remove_order(state, order, reason)
        return
    fill_order(step, taker, order, maker, position, price, min(taker.remaining, available))


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
    parameters = taker.parameters
    notional = price * size
    signed = -size if taker.side else size
    if not taker.position.live:
        # Its own last order there was just removed, and the empty position with it.
        taker.position = state.open_position(taker.portfolio, market.market)
    trade(state, taker.portfolio, taker.position, market, signed, price)
    trade(state, maker, position, market, -signed, price)
    # Fees: what is owed rounds up, what is given rounds down.
    taker_fee = -(-notional * taker.fee_ppm // PPM_ONE)
    maker_ppm = parameters.maker_ppm
    if maker_ppm >= 0:
        maker_fee = -(-notional * maker_ppm // PPM_ONE)
    else:
        maker_fee = -min(notional * -maker_ppm // PPM_ONE, taker_fee)
    taker.portfolio.balance -= taker_fee
    maker.balance -= maker_fee
    ledger: Ledger = state.ledger()
    ledger.fees += taker_fee + maker_fee
    state.touch(ledger)
    state.touch(taker.portfolio)
    state.touch(maker)
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
        portfolio.balance += flow - part
        if closed == held:
            # What is left of the order opens the other way.
            position.cost = after * price
        else:
            position.cost -= part
    position.size = after
    grown = (max(0, after)) - (max(0, size))
    market.open_interest += grown
    state.touch(position)


def release(position: Position, order: Order, side: int, price: int, size: int) -> None:
    """Take ``size`` lots of an order out of its position's reserved sums."""
    if order.flags & FLAG_REDUCE_ONLY:
        return
    if side == keys.BUY:
        position.bids -= size
        position.bids_value -= price * size
    else:
        position.asks -= size
        position.asks_value -= price * size


def forget_order(
    state: State, order: Order, owner: Portfolio, position: Position, sequence: int
) -> None:
    """Delete an order's leaves, and its place in its owner's counts."""
    key = order.key
    market = position.market
    order.live = False
    state.touch(order)
    state.range(key[:4]).remove(key)
    owned = keys.owned_key(order.portfolio, market, sequence)
    state.remove_blob(owned)
    state.range(owned[:6]).remove(owned)
    if order.client_hash != NO_CLIENT:
        state.remove_blob(keys.client_id_key(order.portfolio, order.client_hash))
    if order.flags & FLAG_REDUCE_ONLY:
        position.reduce_only -= 1
    position.orders -= 1
    owner.open_orders -= 1
    state.touch(position)
    state.touch(owner)
    state.drop_position(owner, position)


def remove_order(state: State, order: Order, reason: int) -> None:
    """Take a resting order off the book, with its reserved margin."""
    market, side, price, sequence = keys.order_place(order.key)
    owner = state.portfolio(order.portfolio)
    if owner is None:
        invariant(condition=False, message="an order has an owner")
        return
    position = state.position(order.portfolio, market)
    release(position, order, side, price, order.remaining)
    state.events.append(
        events.OrderRemoved(market, sequence, order.portfolio, side, price, order.remaining, reason)
    )
    forget_order(state, order, owner, position, sequence)


def rest_order(
    step: Step,
    owner: Portfolio,
    position: Position,
    side: int,
    price: int,
    size: int,
    remaining: int,
    flags: int,
    sequence: int,
    client_hash: bytes,
) -> None:
    """Put what is left of an order on the book."""
    state = step.state
    market = position.market
    key = keys.order_key(market, side, price, sequence)
    order = Order(key, False, owner.portfolio, flags, size, remaining, step.now, client_hash)
    state.orders[key] = order
    state.touch(order)
    state.range(key[:4]).insert(key)
    owned = keys.owned_key(owner.portfolio, market, sequence)
    state.add_blob(owned, encode_owned(side, price))
    state.range(owned[:6]).insert(owned)
    if flags & FLAG_REDUCE_ONLY:
        position.reduce_only += 1
    elif side == keys.BUY:
        position.bids += remaining
        position.bids_value += price * remaining
    else:
        position.asks += remaining
        position.asks_value += price * remaining
    position.orders += 1
    owner.open_orders += 1
    state.touch(position)
    state.touch(owner)
    state.events.append(
        events.OrderRested(market, sequence, owner.portfolio, side, price, remaining)
    )


def hash_client_id(client_id: bytes) -> bytes:
    """Return the 8 bytes by which a client id is keyed; no id has eight zero bytes."""
    return sha256(client_id).digest()[:8]


def bind_client_id(
    state: State, portfolio: int, client_hash: bytes, client_id: bytes, market: int, sequence: int
) -> None:
    """Note which live order has a client id."""
    key = keys.client_id_key(portfolio, client_hash)
    state.add_blob(key, encode_client_id(client_id, market, sequence))


def find_order(state: State, portfolio: int, market: int, ref: int | bytes) -> Order | None:
    """Return a portfolio's own resting order by order id or client id."""
    if isinstance(ref, bytes):
        data = state.blob(keys.client_id_key(portfolio, hash_client_id(ref)))
        if data is None:
            return None
        client_id, at, sequence = decode_client_id(data)
        if client_id != ref or at != market:
            return None
    else:
        sequence = ref
    return own_order(state, portfolio, market, sequence)


def own_order(state: State, portfolio: int, market: int, sequence: int) -> Order | None:
    """Return a portfolio's resting order by the number it was given."""
    data = state.blob(keys.owned_key(portfolio, market, sequence))
    if data is None:
        return None
    side, price = decode_owned(data)
    return state.order(keys.order_key(market, side, price, sequence))


def match_system(
    step: Step, portfolio: Portfolio, market: Market, side: int, size: int, limit: int
) -> int:
    """Trade for a portfolio on the exchange's own decision; return lots filled.

    No taker fee; bounded by the step's visits like any other order.
    """
    position = step.state.position(portfolio.portfolio, market.market)
    parameters = step.state.market_rules[market.market]
    taker = Taker(portfolio, position, market, parameters, side, limit, size, SYSTEM_ORDER, 0)
    match_orders(step, taker)
    step.state.drop_position(portfolio, position)
    return size - taker.remaining
