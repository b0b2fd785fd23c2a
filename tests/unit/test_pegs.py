"""Orders that follow the index: where they stand, who meets them, and that no book is crossed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine import events, keys
from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    SELF_TRADE_DECREMENT,
    SELF_TRADE_TAKER,
    Bulk,
    Cancel,
    CancelAll,
    Modify,
    PlaceOrder,
    Poke,
    Terms,
)
from statemachine.book.heads import PEGS_LOOK_MAX, BookSide, best_price, pegged_price
from statemachine.costs import COST_PEGS
from statemachine.keys import BUY, SELL
from statemachine.pricing.funding import premium_of
from statemachine.step import Step
from statemachine.units import Lots, Millis, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, market_rules, world_rules

MID = 6_000_000
TICK = 10
WIDE, LOW = MID * 103 // 100, MID * 97 // 100
"""As far from the mark as a limit may be."""
PEGGED = FLAG_PEG | FLAG_POST_ONLY
CID = b"0123456789abcdef"


def fixed(size: int, price: int, flags: int = 0, **terms: int) -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size), b"", Terms(**terms))  # type: ignore[arg-type]


def bid(offset: int, size: int = 10, limit: int = WIDE, flags: int = 0) -> PlaceOrder:
    terms = Terms(offset=offset)
    return PlaceOrder(0, 0, PEGGED | flags, Price(limit), Lots(size), b"", terms)


def ask(offset: int, size: int = 10, limit: int = LOW, flags: int = 0) -> PlaceOrder:
    return bid(offset, size, limit, FLAG_SELL | flags)


@pytest.fixture
def world() -> World:
    made = World()
    made.open(4)
    return made


def merged(world: World, side: int) -> list[tuple[int, int]]:
    """Return (price, remaining) of one side as a taker would meet it."""
    state = world.state
    book = BookSide(Step(state), state.market(0), side)
    found = []
    key = book.first()
    while key is not None:
        order = state.order(key)
        assert order is not None
        found.append((book.price, order.remaining))
        key = book.after(key)
    return found


def best(world: World, side: int) -> int:
    state = world.state
    return best_price(Step(state), state.market(0), side)


def move(world: World, price: int) -> None:
    world.run(world.prices(0, price))


# Prices


@pytest.mark.parametrize(
    ("side", "index", "offset", "across", "price"),
    [
        (BUY, 1_003, 0, 0, 1_000),
        (BUY, 1_000, 0, 0, 1_000),
        (BUY, 1_003, -20, 0, 980),
        (BUY, 1_003, 20, 1_010, 1_000),
        (BUY, 1_003, 20, 1_040, 1_020),
        (BUY, 1_003, 20, 1_030, 1_020),
        (BUY, 5, -20, 0, -20),
        (SELL, 1_003, 0, 0, 1_010),
        (SELL, 1_000, 0, 0, 1_000),
        (SELL, 1_003, -20, 0, 990),
        (SELL, 1_003, -20, 990, 1_000),
        (SELL, 1_003, -20, 980, 990),
        (SELL, 5, -20, 0, -10),
    ],
)
def test_price(side: int, index: int, offset: int, across: int, price: int) -> None:
    """A bid floors, an ask ceils, and both keep a tick from what is fixed across."""
    assert pegged_price(side, index, TICK, offset, across) == price


@given(
    st.integers(1, 2**46),
    st.sampled_from([1, 10, 250]),
    st.integers(-(2**30), 2**30),
    st.integers(1, 2**20),
    st.integers(0, 2**30),
    st.integers(1, 2**20),
)
def test_never_crossed_at_any_index(
    index: int, tick: int, offset: int, apart: int, low: int, between: int
) -> None:
    """Offsets apart by a tick, fixed orders apart by a tick: no two orders ever meet."""
    bid_offset, ask_offset = offset * tick, (offset + apart) * tick
    best_bid = low * tick  # 0: none
    best_ask = (low + between) * tick
    for across_bid in (0, best_bid):
        for across_ask in (0, best_ask):
            buys = pegged_price(BUY, index, tick, bid_offset, across_ask)
            sells = pegged_price(SELL, index, tick, ask_offset, across_bid)
            assert buys < sells
            assert buys % tick == sells % tick == 0
            assert not across_ask or buys < across_ask
            assert not across_bid or sells > across_bid


def test_key_order_is_the_order_of_prices() -> None:
    offsets = [-(2**46) + 1, -10, 0, 10, 2**46 - 1]
    asks = [keys.pegged_key(1, SELL, offset, 5) for offset in offsets]
    bids = [keys.pegged_key(1, BUY, offset, 5) for offset in offsets]
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    for key, offset in zip(asks + bids, offsets * 2, strict=True):
        assert keys.pegged_place(key)[2:] == (offset, 5)


# The book


def test_follows_the_index(world: World) -> None:
    world.act(0, bid(-100))
    world.act(1, ask(100))
    assert world.book() == ([], []), "no fixed orders"
    assert merged(world, BUY) == [(MID - 100, 10)]
    assert merged(world, SELL) == [(MID + 100, 10)]
    move(world, MID + 1_003)
    assert merged(world, BUY) == [(MID + 900, 10)]
    assert merged(world, SELL) == [(MID + 1_110, 10)]
    assert world.market().pegs == 2


def test_fixed_order_comes_first_at_one_price(world: World) -> None:
    world.act(0, ask(100, 3))
    world.act(1, fixed(4, MID + 100, FLAG_SELL))
    world.act(0, ask(90, 5))
    assert merged(world, SELL) == [(MID + 90, 5), (MID + 100, 4), (MID + 100, 3)]
    assert world.act(2, fixed(9, MID + 100)) == "OK"
    assert merged(world, SELL) == [(MID + 100, 3)]
    assert world.market().pegs == 1


def test_keeps_a_tick_from_the_fixed_side(world: World) -> None:
    world.act(0, bid(50))
    assert world.act(1, fixed(5, MID, FLAG_SELL | FLAG_POST_ONLY)) == "POST_ONLY_CROSSES"
    assert world.act(1, fixed(5, MID + 60, FLAG_SELL)) == "OK"
    assert merged(world, BUY) == [(MID + 50, 10)]
    move(world, MID + 100)
    assert merged(world, BUY) == [(MID + 50, 10)], "held back"
    world.act(1, CancelAll(0, 0))
    assert merged(world, BUY) == [(MID + 150, 10)]


@pytest.mark.parametrize("index", [MID, MID + 3])
def test_comes_without_crossing_what_is_fixed(world: World, index: int) -> None:
    world.act(0, fixed(5, MID + 50, FLAG_SELL))
    world.act(1, fixed(5, MID - 50))
    move(world, index)
    up = -(-index // TICK) * TICK - MID
    assert world.act(2, bid(50)) == "POST_ONLY_CROSSES"
    assert world.last is not None
    assert world.last.receipts[0].args == (50,), "how far from the index it would meet the ask"
    assert world.act(2, bid(10_000, flags=FLAG_SLIDE)) == "OK"
    assert merged(world, BUY)[0] == (MID + 40, 10)
    assert world.act(3, ask(-50 - up, limit=MID - 1_000)) == "POST_ONLY_CROSSES"
    world.act(2, CancelAll(0, 0))
    assert world.act(3, ask(-10_000, 10, MID - 1_000, FLAG_SLIDE)) == "OK"
    assert merged(world, SELL)[0] == (MID - 40, 10)


def test_fixed_taker_meets_the_pegged_side(world: World) -> None:
    world.act(0, bid(50))
    assert world.act(1, fixed(4, MID + 40, FLAG_SELL)) == "OK"
    assert world.last is not None
    (fill,) = [e for e in world.last.events if isinstance(e, events.Fill)]
    assert (fill.price, fill.size, fill.maker_remaining) == (MID + 50, 4, 6)
    assert world.market().last == MID + 50


def test_fills_at_its_price_and_reserves_at_its_limit(world: World) -> None:
    world.act(0, bid(-100, 10, MID + 500))
    position = world.position(0)
    assert position is not None
    assert (position.bids, position.bids_value) == (10, 10 * (MID + 500))
    world.act(1, fixed(4, MID - 100, FLAG_SELL))
    position = world.position(0)
    assert position is not None
    assert (position.bids, position.bids_value) == (6, 6 * (MID + 500))
    assert (position.size, position.cost) == (4, 4 * (MID - 100))
    world.act(0, CancelAll(0, 0))
    position = world.position(0)
    assert position is not None
    assert (position.bids, position.bids_value, position.orders) == (0, 0, 0)
    assert world.market().pegs == 0


def test_a_limit_is_held_to_the_band_like_a_price(world: World) -> None:
    assert world.act(0, bid(-100, limit=WIDE + 10)) == "BAND"
    assert world.act(0, ask(100, limit=LOW - 10)) == "BAND"
    assert world.act(0, bid(-100, limit=MID - 110)) == "BAND", "past its own limit"
    assert world.last is not None
    assert world.last.receipts[0].args == (MID - 110,)
    assert world.act(0, bid(-100, limit=MID - 100)) == "OK"


def test_removed_when_visited_past_its_limit(world: World) -> None:
    world.act(0, bid(-100, 10, MID))
    move(world, MID + 200)
    assert world.market().pegs == 1, "it stays until somebody comes by"
    assert world.act(1, fixed(5, MID + 100, FLAG_SELL | FLAG_IOC)) == "IOC_UNFILLED"
    assert world.last is not None
    (gone,) = [e for e in world.last.events if isinstance(e, events.OrderRemoved)]
    assert (gone.reason, gone.price, gone.remaining) == (events.REMOVED_LIMIT, MID, 10)
    assert world.market().pegs == 0
    assert world.position(0) is None


def test_fill_or_kill_counts_on_none_past_its_limit(world: World) -> None:
    world.act(0, bid(-100, 10, MID))
    world.act(0, fixed(10, MID - 200))
    move(world, MID + 200)
    assert world.act(1, fixed(20, MID - 500, FLAG_SELL | FLAG_FOK)) == "FOK_UNFILLED"
    assert world.last is not None
    assert world.last.receipts[0].args == (10,)
    assert world.act(1, fixed(10, MID - 500, FLAG_SELL | FLAG_FOK)) == "OK"


def test_pegged_orders_meet_by_offset(world: World) -> None:
    assert world.act(0, ask(100)) == "OK"
    assert world.act(1, bid(100)) == "POST_ONLY_CROSSES"
    assert world.act(1, bid(100, flags=FLAG_SLIDE)) == "OK"
    assert merged(world, BUY) == [(MID + 90, 10)]
    assert world.act(2, ask(0, flags=FLAG_SLIDE)) == "OK"
    assert merged(world, SELL) == [(MID + 100, 10), (MID + 100, 10)]
    # Where the index is does not matter: at this one their prices would be far apart.
    world.act(3, fixed(1, MID + 500))
    assert world.act(2, ask(90)) == "POST_ONLY_CROSSES"


def test_post_only_fixed_order_slides_before_a_pegged_one(world: World) -> None:
    world.act(0, ask(100))
    assert world.act(1, fixed(5, MID + 100, FLAG_POST_ONLY)) == "POST_ONLY_CROSSES"
    assert world.act(1, fixed(5, MID + 300, FLAG_POST_ONLY | FLAG_SLIDE)) == "OK"
    assert world.book()[0] == [(MID + 90, 5)]


def test_expired_and_self_trade(world: World) -> None:
    later = Terms(expires_at=Millis(world.now + 250), offset=50)
    order = PlaceOrder(0, 0, PEGGED | FLAG_SELL, Price(LOW), Lots(5), b"", later)
    assert world.act(0, order) == "OK"
    assert world.act(0, ask(60, 10)) == "OK"
    decrement = fixed(4, MID + 100, FLAG_IOC, self_trade=SELF_TRADE_DECREMENT)
    assert world.act(0, decrement) == "SELF_TRADE"
    assert merged(world, SELL) == [(MID + 60, 6)], "the expired one is gone"
    position = world.position(0)
    assert position is not None
    assert (position.asks, position.asks_value) == (6, 6 * LOW)
    taker = fixed(4, MID + 100, FLAG_IOC, self_trade=SELF_TRADE_TAKER)
    assert world.act(0, taker) == "SELF_TRADE"
    assert merged(world, SELL) == [(MID + 60, 6)]


def test_reduce_only(world: World) -> None:
    world.act(0, fixed(10, MID, FLAG_SELL))
    world.act(1, fixed(10, MID))
    assert world.act(1, ask(20, 50, flags=FLAG_REDUCE_ONLY)) == "OK"
    assert merged(world, SELL) == [(MID + 20, 10)], "clamped to what it may reduce"
    position = world.position(1)
    assert position is not None
    assert (position.asks, position.reduce_only) == (0, 1)
    world.act(2, fixed(10, MID + 20))
    assert world.position(1) is None
    assert world.market().pegs == 0


def test_modify_only_shrinks(world: World) -> None:
    terms = Terms(offset=-50)
    order = PlaceOrder(0, 0, PEGGED, Price(WIDE), Lots(10), CID, terms)
    assert world.act(0, order) == "OK"
    smaller = Modify(0, 0, FLAG_POST_ONLY, CID, Price(WIDE), Lots(4))
    assert world.act(0, smaller) == "OK"
    assert world.last is not None
    (rested,) = [e for e in world.last.events if isinstance(e, events.OrderPegged)]
    assert (rested.offset, rested.limit, rested.remaining) == (-50, WIDE, 4)
    for price, size in ((WIDE, 5), (WIDE - 10, 4), (MID, 1)):
        action = Modify(0, 0, FLAG_POST_ONLY, CID, Price(price), Lots(size))
        assert world.act(0, action) == "FIELD"
    assert world.act(0, Cancel(0, 0, CID)) == "OK"
    assert world.market().pegs == 0


def test_continues_over_steps(world: World) -> None:
    for place in range(20):
        world.act(0, ask(100 + 10 * place, 1))
        world.act(1, fixed(1, MID + 105 // 10 * 10 + 10 * place, FLAG_SELL))
    assert world.act(2, fixed(40, MID + 400)) == "OK"
    assert world.last is not None
    assert world.last.receipts[0].filled == 40
    assert merged(world, SELL) == []
    assert world.market().pegs == 0


def test_liquidation_cancels_and_trades_with_pegged_orders() -> None:
    rules = world_rules(1, grace_ms=0, grace_updates_min=0)
    world = World(rules)
    world.deposit(0, 1_000 * USDC)
    for trader in (1, 2):
        world.deposit(trader, 100_000 * USDC)
    world.run(world.prices(0, MID))
    world.act(1, fixed(3_000, MID, FLAG_SELL))
    world.act(0, fixed(3_000, MID))
    world.act(0, bid(-5_000, 10))
    world.act(2, bid(-2_000, 3_000, WIDE))
    world.run(world.prices(0, MID - 180_000))
    world.run(advance=1_000)
    world.act(1, Poke(world.account(0), 0))
    assert world.last is not None
    fills = [e for e in world.last.events if isinstance(e, events.Fill)]
    assert fills, "a slice was sold"
    assert {fill.price for fill in fills} == {MID - 182_000}
    gone = [e for e in world.last.events if isinstance(e, events.OrderRemoved)]
    assert [e.reason for e in gone] == [events.REMOVED_LIQUIDATING]
    audit(world.store.values, rules)


# Prices that nobody chose


def test_best_price_looks_behind_those_past_their_limits(world: World) -> None:
    world.act(1, fixed(5, MID - 1_000))
    for place in range(PEGS_LOOK_MAX - 1):
        world.act(0, bid(-100 - 10 * place, 1, MID))
    world.act(0, bid(-500, 1))
    move(world, MID + 450)
    assert best(world, BUY) == MID - 50, "those past their limits offer nothing"
    world.act(0, bid(-490, 1, MID - 40))
    move(world, MID + 460)
    assert best(world, BUY) == MID - 1_000, "a bounded number is looked at"
    assert len(merged(world, BUY)) == PEGS_LOOK_MAX + 2


def test_no_price_for_a_bid_below_zero(world: World) -> None:
    assert world.act(0, bid(-MID, 200_000, 20)) == "PRICE_RANGE"
    assert world.act(0, bid(-MID + 10, 200_000, 20)) == "OK"
    assert merged(world, BUY) == [(10, 200_000)]
    move(world, MID - 1)
    assert merged(world, BUY) == []
    assert best(world, BUY) == 0


def test_mark_and_basis_follow_pegged_orders(world: World) -> None:
    world.act(0, bid(2_000))
    world.act(1, ask(4_000))
    world.run(advance=1_000)
    assert world.market().basis > 0
    move(world, MID)
    assert world.market().mark > MID


def test_premium_counts_pegged_orders_at_their_prices(world: World) -> None:
    world.act(0, bid(3_000, 1_000, MID + 3_000))
    world.act(1, fixed(1_000, MID + 6_000, FLAG_SELL))
    state = world.state
    assert premium_of(Step(state), state.market(0)) > 0
    move(world, MID + 10)
    state = world.state
    assert best(world, BUY) == 0, "past its limit"
    assert premium_of(Step(state), state.market(0)) == 0


# What it costs


def test_a_book_without_pegged_orders_costs_what_it_did(world: World) -> None:
    def cost_of(action: PlaceOrder) -> int:
        assert world.act(2, action) == "OK"
        assert world.last is not None
        return world.last.cursor.cost

    world.act(0, fixed(50, MID, FLAG_SELL))
    world.act(2, fixed(5, MID, FLAG_IOC))
    plain = cost_of(fixed(5, MID, FLAG_IOC))
    world.act(1, ask(100))
    assert cost_of(fixed(5, MID, FLAG_IOC)) == plain + COST_PEGS
    world.act(1, CancelAll(0, 0))
    assert cost_of(fixed(5, MID, FLAG_IOC)) == plain


def test_other_markets_are_not_touched() -> None:
    world = World(world_rules(2))
    world.open(3)
    world.act(0, bid(-100))
    assert (world.market(0).pegs, world.market(1).pegs) == (1, 0)
    state = world.state
    assert BookSide(Step(state), state.market(1), BUY).pegged is None


def test_bulk_of_pegged_orders_round_trips(world: World) -> None:
    legs = (bid(-100), ask(100), bid(-200, 5), ask(-1_000, 1))
    codes = world.codes(world.sign(0, Bulk(0, legs)))
    assert codes == ["OK", "OK", "OK", "POST_ONLY_CROSSES"]


def test_tick_of_another_market_is_its_own() -> None:
    rules = world_rules(1)
    world = World(replace(rules, markets=(market_rules(0, tick=250),)))
    world.open(2)
    assert world.act(0, bid(-100)) == "TICK"
    assert world.act(0, bid(-250)) == "OK"
    move(world, MID + 249)
    assert merged(world, BUY) == [(MID - 250, 10)]


def test_what_a_pegged_order_cannot_be(world: World) -> None:
    for flags in (FLAG_PEG, FLAG_PEG | FLAG_IOC, PEGGED | FLAG_IOC, PEGGED | FLAG_FOK):
        order = PlaceOrder(0, 0, flags, Price(WIDE), Lots(10), b"", Terms(offset=-10))
        assert world.act(0, order) == "FIELD"
    alone = PlaceOrder(0, 0, FLAG_POST_ONLY, Price(MID), Lots(10), b"", Terms(offset=-10))
    assert world.act(0, alone) == "FIELD"
    terms = Terms(trigger=0, trigger_price=Price(WIDE), offset=-10)
    assert world.act(0, PlaceOrder(0, 0, PEGGED, Price(WIDE), Lots(10), b"", terms)) == "FIELD"
    assert world.act(0, bid(-15)) == "TICK"
