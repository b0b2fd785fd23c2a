"""Orders as a trader reads them: by id, by client id, or all of a portfolio."""

from collections.abc import Iterator

from node.service.books import scan
from node.service.events import REMOVALS, SIDES, portfolio_of
from proto.sextant.v1 import query_pb2
from statemachine import keys
from statemachine.actions import FLAG_POST_ONLY, FLAG_REDUCE_ONLY
from statemachine.events import Fill, OrderRemoved
from statemachine.resting import NO_CLIENT, hash_client_id
from statemachine.records import Order, decode_client_id, decode_owned
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
    side, price = decode_owned(data)
    order = state.order(keys.order_key(market, side, price, sequence))
    return None if order is None else order_view(state, order)


def order_by_client_id(state: State, portfolio: int, client_id: bytes) -> int:
    """Return the id of the live order that has a client id, or 0."""
    data = state.store.get(keys.client_id_key(portfolio, hash_client_id(client_id)))
    if data is None:
        return 0
    stored, _market, sequence = decode_client_id(data)
    return sequence if stored == client_id else 0


def order_view(state: State, order: Order) -> query_pb2.Order:
    """Return a resting order."""
    market, side, price, sequence = keys.order_place(order.key)
    client_id = b""
    if order.client_hash != NO_CLIENT:
        data = state.store.get(keys.client_id_key(order.portfolio, order.client_hash))
        client_id = b"" if data is None else decode_client_id(data)[0]
    return query_pb2.Order(
        order_id=sequence,
        client_id=client_id,
        market=market,
        side=SIDES[side],
        price=price,
        lots=order.size,
        remaining_lots=order.remaining,
        time_in_force=query_pb2.TIME_IN_FORCE_GTC,
        post_only=bool(order.flags & FLAG_POST_ONLY),
        reduce_only=bool(order.flags & FLAG_REDUCE_ONLY),
        portfolio=portfolio_of(order.portfolio),
        state=query_pb2.ORDER_STATE_RESTING,
        height=state.cursor.height,
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
