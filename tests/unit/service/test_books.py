"""Books kept up from events: equal to the state, delta by delta."""

import random
from collections.abc import Sequence

import pytest

from node.service.books import BookView
from node.service.errors import Refused
from node.service.orders import orders_of
from node.service.subscriptions import Topic
from statemachine.actions import (
    MARKET_EVERY,
    Action,
    Cancel,
    CancelAll,
    Modify,
    PlaceOrder,
    Poke,
    Terms,
)
from statemachine.book.heads import BookSide, best_price
from statemachine.events import Event, Fill, OrderPegged, OrderRemoved, OrderRested, PriceChanged
from statemachine.keys import BUY, SELL
from statemachine.step import Step
from statemachine.units import Lots, Price
from tests.worlds import USDC, World

IOC, POST_ONLY, REDUCE_ONLY, PEG = 2, 4, 8, 128


def feed_events(book: BookView, events: Sequence[Event]) -> None:
    for event in events:
        if isinstance(event, OrderRested | OrderPegged):
            book.rest(event)
        elif isinstance(event, PriceChanged):
            if event.market == book.market:
                book.index = event.index
        elif isinstance(event, OrderRemoved):
            book.remove(event)
        elif isinstance(event, Fill):
            book.fill(event)


def shape_of(book: BookView) -> list[dict[int, tuple[int, ...]]]:
    return [{price: tuple(level) for price, level in side.levels.items()} for side in book.sides]


def loaded(world: World) -> BookView:
    book = BookView(0, 10)
    book.load(world.store, world.cursor.height, world.cursor.time)
    return book


def test_a_book_followed_by_events_equals_one_loaded_from_the_state() -> None:
    world = World()
    world.open(3)
    book = loaded(world)

    def place(trader: int, flags: int, price: int, size: int) -> None:
        run(trader, PlaceOrder(0, 0, flags, Price(price), Lots(size)))

    def run(trader: int, action: PlaceOrder | Cancel | Modify) -> None:
        result = world.run(world.sign(trader, action))
        assert {receipt.code for receipt in result.receipts} <= {0}
        feed_events(book, result.events)
        book.close_block(world.cursor.height, world.cursor.time)
        assert shape_of(book) == shape_of(loaded(world))
        assert book.orders == loaded(world).orders

    place(0, BUY, 5_990_000, 10)
    place(1, BUY, 5_990_000, 5)
    place(0, BUY, 5_980_000, 20)
    place(1, SELL, 6_010_000, 8)
    place(2, BUY | IOC, 6_010_000, 3)
    place(2, SELL | IOC, 5_990_000, 12)
    first = next(iter(book.orders))
    owner = book.orders[first][0] >> 8
    trader = next(t for t in range(3) if world.account(t) == owner)
    run(trader, Modify(0, 0, BUY, first, Price(5_990_000), Lots(1)))
    run(trader, Modify(0, 0, BUY, first, Price(5_970_000), Lots(2)))
    last = list(book.orders)[-1]
    owner = book.orders[last][0] >> 8
    trader = next(t for t in range(3) if world.account(t) == owner)
    run(trader, Cancel(0, 0, last))


def random_action(rng: random.Random, world: World, trader: int, mid: int) -> Action:
    """Return something a trader might do; much of it is refused."""
    own = list(orders_of(world.state, world.account(trader) << 8))
    choice = rng.randrange(10)
    price = Price(mid + rng.randrange(-30, 30) * 1_000)
    if choice < 1:
        side = rng.choice((0, 1))
        limit = Price(mid * rng.choice((99, 101) if side else (101, 99)) // 1_000 * 10)
        terms = Terms(offset=rng.randrange(-20, 20) * 100)
        flags = side | POST_ONLY | PEG
        return PlaceOrder(0, 0, flags, limit, Lots(rng.randrange(1, 400)), b"", terms)
    if choice < 6 or not own:
        flags = rng.choice((0, 1)) | rng.choice((0, 0, 0, IOC, POST_ONLY, REDUCE_ONLY))
        return PlaceOrder(0, 0, flags, price, Lots(rng.randrange(1, 4_000)))
    order = rng.choice(own)
    if choice < 8:
        side = order.side - 1
        return Modify(0, 0, side, order.order_id, price, Lots(rng.randrange(1, 4_000)))
    if choice == 8:
        return CancelAll(0, rng.choice((0, MARKET_EVERY)))
    return Cancel(0, 0, order.order_id)


@pytest.mark.parametrize("seed", range(4))
def test_events_alone_rebuild_the_book_whatever_happens(seed: int) -> None:
    rng = random.Random(seed)
    world = World()
    world.open(5, amount=6_000 * USDC)
    book = loaded(world)
    kinds: set[str] = set()
    price = 6_000_000
    for turn in range(200):
        signed = [
            world.sign(t, random_action(rng, world, t, price)) for t in rng.sample(range(5), 3)
        ]
        if turn % 5 == 4:  # prices run away, so that some are liquidated
            price = price * rng.choice((95, 102, 104)) // 100 // 10 * 10
            signed.append(world.prices(0, price))
            signed += [world.sign(0, Poke(world.account(t), 0)) for t in range(5)]
        result = world.run(*signed, advance=1_100)
        kinds.update(type(event).__name__ for event in result.events)
        feed_events(book, result.events)
        book.close_block(world.cursor.height, world.cursor.time)
        assert shape_of(book) == shape_of(loaded(world)), turn
        for side in (BUY, SELL):
            assert book.best_price(side) == best_of(world, side), turn
            assert levels_of(book, side) == engine_levels(world, side), turn
        assert book.orders == loaded(world).orders, turn
    assert {"OrderRested", "OrderPegged", "OrderRemoved", "Fill", "Liquidated"} <= kinds


def best_of(world: World, side: int) -> int:
    """Return the best price as the engine's mark sees it."""
    state = world.state
    return best_price(Step(state), state.market(0), side)


def levels_of(book: BookView, side: int) -> list[tuple[int, int]]:
    levels = book.snapshot(1_000)
    shown = levels.asks if side else levels.bids
    return list(zip(shown.prices, shown.lots, strict=True))


def engine_levels(world: World, side: int) -> list[tuple[int, int]]:
    """Return the levels that a taker would meet, in the order in which he would."""
    state = world.state
    book = BookSide(Step(state), state.market(0), side)
    levels: list[tuple[int, int]] = []
    key = book.first()
    while key is not None:
        order = state.order(key)
        assert order is not None
        if not book.is_past(order):
            lots = 0
            if levels and levels[-1][0] == book.price:
                lots = levels.pop()[1]
            levels.append((book.price, lots + order.remaining))
        key = book.after(key)
    return levels


def test_a_pegged_order_is_shown_where_it_stands() -> None:
    book = BookView(0, 10)
    book.index = 1_003
    book.rest(OrderRested(0, 1, 256, SELL, 1_030, 5))
    book.rest(OrderPegged(0, 2, 256, BUY, 10, 1_025, 7))
    book.close_block(1, 1000)
    assert levels_of(book, BUY) == [(1_010, 7)]
    book.rest(OrderPegged(0, 2, 256, BUY, 10, 1_025, 4))
    book.index = 1_014
    delta = book.close_block(2, 1001)
    assert delta is not None
    assert (list(delta.bids.prices), list(delta.bids.lots)) == ([1_020, 1_010], [4, 0])
    book.index = 1_029
    book.close_block(3, 1002)
    assert levels_of(book, BUY) == [(1_020, 4)], "a tick from the fixed ask"
    book.remove(OrderRemoved(0, 1, 256, SELL, 1_030, 5, 1))
    book.close_block(4, 1003)
    assert levels_of(book, BUY) == [], "past its limit"
    book.index = 1_000
    book.fill(Fill(0, SELL, 1_010, 1, 256, 2, 3, 0, 512, 9, 0))
    book.close_block(5, 1004)
    assert levels_of(book, BUY) == [(1_010, 3)]
    book.fill(Fill(0, SELL, 1_010, 3, 256, 2, 0, 0, 512, 10, 0))
    book.close_block(6, 1005)
    assert (book.pegs, book.orders, levels_of(book, BUY)) == ({}, {}, [])


def test_a_delta_names_each_changed_level_once_with_its_total() -> None:
    book = BookView(0, 10)
    book.rest(OrderRested(0, 1, 256, BUY, 100, 5))
    book.rest(OrderRested(0, 2, 256, BUY, 100, 7))
    book.rest(OrderRested(0, 3, 256, BUY, 110, 1))
    delta = book.close_block(1, 1000)
    assert delta is not None
    assert list(delta.bids.prices) == [110, 100]
    assert list(delta.bids.lots) == [1, 12]
    assert list(delta.bids.orders) == [1, 2]
    assert book.close_block(2, 1001) is None
    book.remove(OrderRemoved(0, 3, 256, BUY, 110, 1, 1))
    delta = book.close_block(3, 1002)
    assert delta is not None
    assert (list(delta.bids.prices), list(delta.bids.lots)) == ([110], [0])
    assert delta.sequence == 2


def test_sequences_count_whether_or_not_anybody_reads() -> None:
    book = BookView(0, 10)
    book.rest(OrderRested(0, 1, 256, SELL, 100, 5))
    assert book.close_block(1, 1000, wanted=False) is None
    assert book.snapshot(10).sequence == 1
    book.rest(OrderRested(0, 2, 256, SELL, 90, 5))
    delta = book.close_block(2, 1001)
    assert delta is not None
    assert (delta.sequence, list(delta.asks.prices)) == (2, [90])


def test_levels_are_best_first() -> None:
    book = BookView(0, 10)
    for order_id, price in enumerate((100, 120, 110), start=1):
        book.rest(OrderRested(0, order_id, 256, BUY, price, 1))
        book.rest(OrderRested(0, order_id + 10, 256, SELL, price + 100, 1))
    snapshot = book.snapshot(2)
    assert list(snapshot.bids.prices) == [120, 110]
    assert list(snapshot.asks.prices) == [200, 210]


def test_a_topic_ends_only_the_reader_that_is_too_slow() -> None:
    topic: Topic[int] = Topic(2)
    slow, quick = topic.subscribe("a"), topic.subscribe("a")
    other = topic.subscribe("b")
    for update in range(2):
        topic.publish("a", update)
    quick.queue.get_nowait()
    topic.publish("a", 2)
    assert slow.ending is not None
    assert isinstance(slow.ending, Refused)
    assert slow.ending.reason == "SLOW_CONSUMER"
    assert quick.ending is None
    assert other.queue.empty()
    topic.unsubscribe("a", slow)
    topic.unsubscribe("a", quick)
    assert "a" not in topic
    assert "b" in topic


@pytest.mark.parametrize("side", [BUY, SELL])
def test_an_unknown_order_changes_nothing(side: int) -> None:
    book = BookView(0, 10)
    book.remove(OrderRemoved(0, 9, 256, side, 100, 1, 1))
    book.fill(Fill(0, side, 100, 1, 256, 9, 0, 0, 512, 10, 0))
    assert book.close_block(1, 1000) is None
