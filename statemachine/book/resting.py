"""Resting orders: put on the book, found again, taken off, with all their leaves.

An order is its own leaf, an entry in its owner's list, a client id if it has
one, and a share of the sums its position reserves margin for.  A pegged order
reserves it at its hard limit, and its market counts it.
"""

from typing import Final

from statemachine import events, keys
from statemachine.actions import FLAG_PEG, FLAG_REDUCE_ONLY
from statemachine.digest import hash_joined
from statemachine.errors import invariant
from statemachine.records import (
    OWNED_ASLEEP,
    OWNED_PEGGED,
    Order,
    Portfolio,
    Position,
    decode_client_id,
    decode_owned,
    encode_client_id,
    encode_owned,
)
from statemachine.state import State
from statemachine.step import Step
from statemachine.waiting.grouping import end_entry

NO_CLIENT: Final = bytes(8)


def place_of(order: Order) -> tuple[int, int, int, int]:
    """Return (market, side, price, sequence); the price of a pegged order is its limit."""
    market, side, price, sequence = keys.order_place(order.key)
    return market, side, order.limit or price, sequence


def release(position: Position, order: Order, side: int, price: int, size: int) -> None:
    """Take ``size`` lots of an order at ``price`` out of its position's reserved sums."""
    if order.flags & FLAG_REDUCE_ONLY:
        return
    if order.limit:
        price = order.limit
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
    if order.group:
        end_entry(state, order.group, order.size - order.remaining)
    if order.limit:
        record = state.market(market)
        record.pegs -= 1
        state.touch(record)
    position.orders -= 1
    owner.open_orders -= 1
    state.touch(position)
    state.touch(owner)
    state.drop_position(owner, position)


def remove_order(state: State, order: Order, reason: int) -> None:
    """Take a resting order off the book, with its reserved margin."""
    market, side, price, sequence = place_of(order)
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
    offset: int,
    size: int,
    remaining: int,
    flags: int,
    client_hash: bytes,
    expires_at: int,
    group: int,
) -> None:
    """Put what is left of the step's order on the book.

    ``price`` is the hard limit of a pegged order, which rests at ``offset``.
    """
    state = step.state
    market = position.market
    sequence = step.order_id
    limit = 0
    if flags & FLAG_PEG:
        limit = price
        key = keys.pegged_key(market, side, offset, sequence)
        place = encode_owned(OWNED_PEGGED + side, offset + keys.OFFSET_BIAS)
        state.range(key[:4]).insert(key)
        record = state.market(market)
        record.pegs += 1
        state.touch(record)
        state.events.append(
            events.OrderPegged(market, sequence, owner.portfolio, side, offset, limit, remaining)
        )
    else:
        key = keys.order_key(market, side, price, sequence)
        place = encode_owned(side, price)
        state.book(market, side).insert(key)
        state.events.append(
            events.OrderRested(market, sequence, owner.portfolio, side, price, remaining)
        )
    order = Order(
        key,
        False,
        owner.portfolio,
        flags,
        size,
        remaining,
        step.now,
        client_hash,
        expires_at,
        group,
        limit,
    )
    state.orders[key] = order
    state.touch(order)
    owned = keys.owned_key(owner.portfolio, market, sequence)
    state.add_blob(owned, place)
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


def tell_rested(state: State, order: Order) -> None:
    """Note for streams and screens how an order that changed rests now."""
    if order.limit:
        market, side, offset, sequence = keys.pegged_place(order.key)
        left = order.remaining
        state.events.append(
            events.OrderPegged(market, sequence, order.portfolio, side, offset, order.limit, left)
        )
        return
    market, side, price, sequence = keys.order_place(order.key)
    state.events.append(
        events.OrderRested(market, sequence, order.portfolio, side, price, order.remaining)
    )


def hash_client_id(client_id: bytes) -> bytes:
    """Return the 8 bytes by which a client id is keyed; no id has eight zero bytes."""
    return hash_joined(client_id)[:8]


def bind_client_id(
    state: State, portfolio: int, client_hash: bytes, client_id: bytes, market: int, sequence: int
) -> None:
    """Note which live order has a client id."""
    key = keys.client_id_key(portfolio, client_hash)
    state.add_blob(key, encode_client_id(client_id, market, sequence))


def find_sequence(state: State, portfolio: int, market: int, ref: int | bytes) -> int:
    """Return the order id that ``ref`` names, 0 for a client id that is not in use there."""
    if isinstance(ref, int):
        return ref
    data = state.blob(keys.client_id_key(portfolio, hash_client_id(ref)))
    if data is None:
        return 0
    client_id, at, sequence = decode_client_id(data)
    return sequence if client_id == ref and at == market else 0


def find_order(state: State, portfolio: int, market: int, ref: int | bytes) -> Order | None:
    """Return a portfolio's own resting order by order id or client id."""
    return own_order(state, portfolio, market, find_sequence(state, portfolio, market, ref))


def own_order(state: State, portfolio: int, market: int, sequence: int) -> Order | None:
    """Return a portfolio's resting order by the number it was given."""
    data = state.blob(keys.owned_key(portfolio, market, sequence))
    if data is None:
        return None
    key = book_key(market, sequence, data)
    return None if key is None else state.order(key)


def book_key(market: int, sequence: int, owned: bytes) -> bytes | None:
    """Return the key of the order that an owned-order record names, if it is in the book."""
    side, price = decode_owned(owned)
    if side >= OWNED_PEGGED:
        offset = price - keys.OFFSET_BIAS
        return keys.pegged_key(market, side - OWNED_PEGGED, offset, sequence)
    if side >= OWNED_ASLEEP:
        return None
    return keys.order_key(market, side, price, sequence)
