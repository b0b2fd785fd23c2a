"""Orders as a trader reads them: by id, by client id, or all of a portfolio."""

from collections.abc import Iterator

from node.service.books import scan
from node.service.events import REMOVALS, SIDES, TRIGGERS, portfolio_of
from proto.sextant.v1 import query_pb2
from statemachine import keys
from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
)
from statemachine.book.heads import is_past, price_now
from statemachine.book.resting import NO_CLIENT, book_key, hash_client_id, place_of
from statemachine.events import Fill, OrderRemoved
from statemachine.records import (
    OWNED_ASLEEP,
    OWNED_TWAP,
    Order,
    Sleeper,
    TwapPlan,
    decode_client_id,
    decode_owned,
)
from statemachine.state import State


def orders_of(state: State, portfolio: int) -> Iterator[query_pb2.Order]:
    """Yield a portfolio's resting orders, by market, then age."""
    for key in scan(state.store, keys.owned_range(portfolio)):
        market, sequence = keys.owned_place(key)
        order = order_at(state, portfolio, market, sequence)
        if order is not None:
            yield order


def order_at(state: State, portfolio: int, market: int, sequence: int) -> query_pb2.Order | None:
    """Return a resting order of a portfolio, if it is there."""
    data = state.store.get(keys.owned_key(portfolio, market, sequence))
    if data is None:
        return None
    place = book_key(market, sequence, data)
    if place is not None:
        order = state.order(place)
        return None if order is None else order_view(state, order)
    side, price = decode_owned(data)
    if side == OWNED_TWAP:
        plan = state.twap(sequence)
        return None if plan is None else twap_view(state, plan, sequence)
    sleeper = state.sleeper(keys.sleeper_key(market, side - OWNED_ASLEEP, price, sequence))
    return None if sleeper is None else sleeper_view(state, sleeper)


def order_by_client_id(state: State, portfolio: int, client_id: bytes) -> int:
    """Return the id of the live order that has a client id, or 0."""
    data = state.store.get(keys.client_id_key(portfolio, hash_client_id(client_id)))
    if data is None:
        return 0
    stored, _market, sequence = decode_client_id(data)
    return sequence if stored == client_id else 0


def order_view(state: State, order: Order) -> query_pb2.Order:
    """Return a resting order."""
    market, side, price, sequence = place_of(order)
    timed = order.expires_at != 0
    view = query_pb2.Order(
        order_id=sequence,
        client_id=client_id_of(state, order),
        market=market,
        side=SIDES[side],
        price=price,
        lots=order.size,
        remaining_lots=order.remaining,
        time_in_force=query_pb2.TIME_IN_FORCE_GTT if timed else query_pb2.TIME_IN_FORCE_GTC,
        expires_at_ms=order.expires_at,
        post_only=bool(order.flags & FLAG_POST_ONLY),
        reduce_only=bool(order.flags & FLAG_REDUCE_ONLY),
        portfolio=portfolio_of(order.portfolio),
        state=query_pb2.ORDER_STATE_RESTING,
        height=state.cursor.height,
        bracket=order.group,
    )
    if order.limit:
        view.pegged = True
        view.offset = keys.pegged_place(order.key)[2]
        now = price_now(state, state.market(market), side, view.offset)
        view.price_now = 0 if now <= 0 or is_past(side, now, order.limit) else now
    return view


def waiting_order(state: State, order_id: int, sleeper_at: bytes | None) -> query_pb2.Order | None:
    """Return an order that sleeps at a key, or is a TWAP, if it does or is."""
    sleeper = None if sleeper_at is None else state.sleeper(sleeper_at)
    if sleeper is not None:
        return sleeper_view(state, sleeper)
    plan = state.twap(order_id)
    return None if plan is None else twap_view(state, plan, order_id)


def client_id_of(state: State, order: Order | Sleeper) -> bytes:
    """Return an order's client id, or nothing."""
    if order.client_hash == NO_CLIENT:
        return b""
    data = state.store.get(keys.client_id_key(order.portfolio, order.client_hash))
    return b"" if data is None else decode_client_id(data)[0]


def sleeper_view(state: State, order: Sleeper) -> query_pb2.Order:
    """Return an order that waits for its trigger."""
    market, trigger, price, sequence = keys.sleeper_place(order.key)
    return query_pb2.Order(
        order_id=sequence,
        client_id=client_id_of(state, order),
        market=market,
        side=SIDES[order.flags & FLAG_SELL],
        price=order.price,
        lots=order.size,
        remaining_lots=order.size,
        time_in_force=force_of(order.flags, order.expires_at),
        expires_at_ms=order.expires_at,
        post_only=bool(order.flags & FLAG_POST_ONLY),
        reduce_only=bool(order.flags & FLAG_REDUCE_ONLY),
        portfolio=portfolio_of(order.portfolio),
        state=query_pb2.ORDER_STATE_ASLEEP,
        height=state.cursor.height,
        trigger=TRIGGERS[trigger],
        trigger_price=price,
        bracket=order.group,
    )


def force_of(flags: int, expires_at: int) -> query_pb2.TimeInForce:
    """Return the time in force that an order will have."""
    if flags & FLAG_FOK:
        return query_pb2.TIME_IN_FORCE_FOK
    if flags & FLAG_IOC:
        return query_pb2.TIME_IN_FORCE_IOC
    return query_pb2.TIME_IN_FORCE_GTT if expires_at else query_pb2.TIME_IN_FORCE_GTC


def twap_view(state: State, plan: TwapPlan, sequence: int) -> query_pb2.Order:
    """Return a TWAP under way."""
    return query_pb2.Order(
        order_id=sequence,
        market=plan.market,
        side=SIDES[plan.flags & FLAG_SELL],
        price=plan.price,
        lots=plan.size,
        remaining_lots=plan.remaining,
        time_in_force=query_pb2.TIME_IN_FORCE_IOC,
        reduce_only=bool(plan.flags & FLAG_REDUCE_ONLY),
        portfolio=portfolio_of(plan.portfolio),
        state=query_pb2.ORDER_STATE_SLICING,
        height=state.cursor.height,
        slices=plan.slices,
        interval_ms=plan.interval,
    )


def removed_view(order_id: int, height: int, event: Fill | OrderRemoved) -> query_pb2.Order:
    """Return an order that is no longer in the book: filled, or taken off."""
    if isinstance(event, Fill):
        return query_pb2.Order(
            order_id=order_id,
            market=event.market,
            side=SIDES[1 - event.side],
            price=event.price,
            portfolio=portfolio_of(event.maker),
            state=query_pb2.ORDER_STATE_FILLED,
            height=height,
        )
    return query_pb2.Order(
        order_id=order_id,
        market=event.market,
        side=SIDES[event.side],
        price=event.price,
        remaining_lots=event.remaining,
        portfolio=portfolio_of(event.portfolio),
        state=query_pb2.ORDER_STATE_CANCELLED,
        removal=REMOVALS[event.reason],
        height=height,
    )
