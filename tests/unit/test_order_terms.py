"""What an order may ask for beyond price and size: expiry, all-or-nothing, slide, self-trade."""

import pytest

from statemachine.actions import (
    FLAG_FOK,
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    FLAG_TOTAL,
    MARKET_EVERY,
    SELF_TRADE_BOTH,
    SELF_TRADE_DECREMENT,
    SELF_TRADE_MAKER,
    SELF_TRADE_OWN_SUB,
    SELF_TRADE_TAKER,
    Bulk,
    CancelAll,
    ClosePosition,
    Leg,
    Modify,
    PlaceOrder,
    Scale,
    Terms,
    Transfer,
)
from statemachine.units import Lots, Micros, Millis, Price
from tests.worlds import USDC, World, world_rules

MID = 6_000_000
CID = b"0123456789abcdef"
SELL = FLAG_SELL


def place(
    size: int = 10,
    price: int = MID,
    flags: int = 0,
    *,
    client_id: bytes = b"",
    sub: int = 0,
    terms: Terms | None = None,
) -> PlaceOrder:
    order = PlaceOrder(sub, 0, flags, Price(price), Lots(size), client_id)
    if terms is None:
        return order
    return PlaceOrder(sub, 0, flags, Price(price), Lots(size), client_id, terms)


@pytest.fixture
def world() -> World:
    made = World()
    made.open(3)
    return made


def size_of(world: World, trader: int, sub: int = 0) -> int:
    position = world.position(trader, sub=sub)
    return 0 if position is None else position.size


def test_fill_or_kill(world: World) -> None:
    world.act(1, place(10, MID, SELL))
    world.act(2, place(10, MID + 100, SELL))
    assert world.act(0, place(20, MID, FLAG_FOK)) == "FOK_UNFILLED"
    assert world.last is not None
    assert world.last.receipts[0].args == (10,)
    assert world.book()[1] == [(MID, 10), (MID + 100, 10)], "killed without a trace"
    assert world.act(0, place(20, MID + 100, FLAG_FOK)) == "OK"
    assert size_of(world, 0) == 20


def test_fill_or_kill_does_not_count_what_a_visit_would_remove(world: World) -> None:
    world.act(0, place(10, MID, SELL))
    terms = Terms(expires_at=Millis(world.now + 150))
    world.act(1, place(10, MID, SELL, terms=terms))
    world.act(2, place(10, MID, SELL))
    assert world.act(0, place(20, MID, FLAG_FOK)) == "FOK_UNFILLED"
    assert world.act(0, place(10, MID, FLAG_FOK)) == "OK"
    assert size_of(world, 2) == -10


def test_fill_or_kill_is_bounded_by_a_steps_visits() -> None:
    world = World(world_rules(1, step_visits_max=4))
    world.open(2)
    legs: list[Leg] = [place(1, MID, SELL) for _ in range(6)]
    world.codes(world.sign(1, Bulk(0, tuple(legs))))
    assert world.act(0, place(5, MID, FLAG_FOK)) == "FOK_UNFILLED"
    assert world.act(0, place(4, MID, FLAG_FOK)) == "OK"


def test_expiry(world: World) -> None:
    soon = Terms(expires_at=Millis(world.now + 100))
    assert world.act(1, place(10, MID, SELL, terms=soon)) == "ORDER_EXPIRED"
    later = Terms(expires_at=Millis(world.now + 300))
    assert world.act(1, place(10, MID, SELL, terms=later)) == "OK"
    assert world.codes(world.sign(0, place(10, MID, FLAG_IOC)), advance=300) == ["IOC_UNFILLED"]
    assert world.book() == ([], []), "removed when visited"


def test_an_order_is_over_at_the_very_millisecond_that_it_names(world: World) -> None:
    until = world.now + 300
    assert world.act(1, place(10, MID, SELL, terms=Terms(expires_at=Millis(until)))) == "OK"
    assert world.act(0, place(1, MID, FLAG_IOC)) == "OK"
    assert world.now < until
    late = world.sign(0, place(1, MID, FLAG_IOC))
    assert world.codes(late, advance=until - world.now) == ["IOC_UNFILLED"]
    assert world.now == until


def test_slide(world: World) -> None:
    world.act(1, place(10, MID, SELL))
    assert world.act(0, place(10, MID + 50, FLAG_POST_ONLY)) == "POST_ONLY_CROSSES"
    assert world.act(0, place(10, MID + 50, FLAG_POST_ONLY | FLAG_SLIDE)) == "OK"
    assert world.book()[0] == [(MID - 10, 10)]
    assert world.act(2, place(5, MID - 500, SELL | FLAG_POST_ONLY | FLAG_SLIDE)) == "OK"
    assert world.book()[1] == [(MID, 10), (MID, 5)]
    assert world.act(0, place(10, MID, FLAG_SLIDE)) == "FIELD", "slide is for post-only"


def test_fee_max(world: World) -> None:
    assert world.act(0, place(terms=Terms(max_fee_ppm=499))) == "FEE_MAX"
    assert world.act(0, place(terms=Terms(max_fee_ppm=500))) == "OK"


@pytest.mark.parametrize(
    ("mode", "maker", "taker", "code", "left"),
    [
        (SELF_TRADE_MAKER, 10, 4, "OK", ([(MID, 4)], [])),
        (SELF_TRADE_TAKER, 10, 4, "SELF_TRADE", ([], [(MID, 10)])),
        (SELF_TRADE_BOTH, 10, 4, "SELF_TRADE", ([], [])),
        (SELF_TRADE_DECREMENT, 10, 4, "SELF_TRADE", ([], [(MID, 6)])),
        (SELF_TRADE_DECREMENT, 4, 10, "OK", ([(MID, 6)], [])),
        (SELF_TRADE_DECREMENT, 4, 4, "SELF_TRADE", ([], [])),
    ],
)
def test_self_trade_modes(
    world: World,
    mode: int,
    maker: int,
    taker: int,
    code: str,
    left: tuple[list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    world.act(0, place(maker, MID, SELL))
    assert world.act(0, place(taker, MID, terms=Terms(self_trade=mode))) == code
    assert world.book() == left
    assert size_of(world, 0) == 0
    assert world.portfolio(0).balance == 100_000 * USDC, "no trade, no fee"


def test_self_trade_scope(world: World) -> None:
    world.act(0, Transfer(0, 1, Micros(10_000 * USDC)))
    world.act(0, place(10, MID, SELL, sub=1))
    own_sub = Terms(self_trade=SELF_TRADE_TAKER | SELF_TRADE_OWN_SUB)
    assert world.act(0, place(4, MID, terms=Terms(self_trade=SELF_TRADE_TAKER))) == "SELF_TRADE"
    assert world.act(0, place(4, MID, terms=own_sub)) == "OK"
    assert (size_of(world, 0), size_of(world, 0, 1)) == (4, -4)


def test_a_total_size_counts_what_was_filled_meanwhile(world: World) -> None:
    world.act(0, place(10, client_id=CID))
    world.act(1, place(4, MID, SELL))
    total = Modify(0, 0, FLAG_TOTAL, CID, Price(MID - 10), Lots(10))
    assert world.act(0, total) == "OK"
    assert world.book()[0] == [(MID - 10, 6)]
    world.act(1, place(6, MID - 10, SELL))
    assert world.act(0, total) == "ORDER_UNKNOWN"
    assert size_of(world, 0) == 10


def test_cancel_by_side(world: World) -> None:
    world.act(0, place(10, MID - 100))
    world.act(0, place(10, MID + 100, SELL))
    assert world.act(0, CancelAll(0, MARKET_EVERY, 1)) == "OK"
    assert world.book() == ([(MID - 100, 10)], [])
    assert world.act(0, CancelAll(0, 0, 0)) == "OK"
    assert world.book() == ([], [])


def test_cancel_by_side_over_steps() -> None:
    world = World(world_rules(1, step_visits_max=3))
    world.open(1)
    legs: list[Leg] = []
    for i in range(1, 6):
        legs += [place(1, MID - 10 * i), place(1, MID + 10 * i, SELL)]
    world.codes(world.sign(0, Bulk(0, tuple(legs))))
    assert world.act(0, CancelAll(0, 0, 1)) == "OK"
    assert world.last is not None
    assert world.last.receipts[0].args == (5,)
    assert len(world.book()[0]) == 5
    assert world.book()[1] == []


def test_close_position_clamps_to_what_there_is(world: World) -> None:
    assert world.act(0, ClosePosition(0, 0, Price(MID))) == "REDUCE_ONLY"
    world.act(1, place(10, MID, SELL))
    world.act(0, place(10, MID))
    world.act(2, place(50, MID - 100))
    assert world.act(0, ClosePosition(0, 0, Price(MID - 50))) == "IOC_UNFILLED"
    assert world.act(0, ClosePosition(0, 0, Price(MID - 100))) == "OK"
    assert size_of(world, 0) == 0
    assert world.act(1, place(10, MID + 10, SELL)) == "OK"
    assert world.act(2, ClosePosition(0, 0, Price(MID - 500))) == "IOC_UNFILLED"


def test_close_position_goes_on_over_steps() -> None:
    world = World(world_rules(1, step_visits_max=2))
    world.open(3)
    world.act(1, place(9, MID, SELL))
    world.act(0, place(9, MID))
    legs: list[Leg] = [place(1, MID) for _ in range(12)]
    world.codes(world.sign(2, Bulk(0, tuple(legs))))
    assert world.act(0, ClosePosition(0, 0, Price(MID))) == "OK"
    assert size_of(world, 0) == 0
    assert len(world.book()[0]) == 3


def test_scale(world: World) -> None:
    scale = Scale(0, 0, 0, Price(MID - 100), Price(MID - 400), Lots(11), 4)
    codes = world.codes(world.sign(0, scale))
    assert codes == ["OK"] * 4
    assert world.book()[0] == [(MID - 100, 3), (MID - 200, 3), (MID - 300, 3), (MID - 400, 2)]


def test_reduce_only_all_or_nothing(world: World) -> None:
    world.act(1, place(10, MID, SELL))
    world.act(0, place(10, MID))
    world.act(2, place(4, MID))
    flags = SELL | FLAG_REDUCE_ONLY | FLAG_FOK
    assert world.act(0, place(20, MID, flags)) == "FOK_UNFILLED"
    world.act(2, place(6, MID))
    assert world.act(0, place(20, MID, flags)) == "OK"
    assert size_of(world, 0) == 0


def test_fill_or_kill_counts_what_a_maker_may_reduce_once(world: World) -> None:
    world.act(2, place(10, MID, SELL))
    world.act(1, place(10, MID))
    for _ in range(2):
        assert world.act(1, place(10, MID + 100, SELL | FLAG_REDUCE_ONLY)) == "OK"
    assert world.act(0, place(20, MID + 100, FLAG_FOK)) == "FOK_UNFILLED"
    assert world.last is not None
    assert world.last.receipts[0].args == (10,)
    assert world.act(0, place(10, MID + 100, FLAG_FOK)) == "OK"
