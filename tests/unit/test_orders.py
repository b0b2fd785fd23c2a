"""Orders: one row per code, then what matching, resting and modifying do."""

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    MARKET_EVERY,
    Bulk,
    Cancel,
    CancelAll,
    Leg,
    Modify,
    PlaceOrder,
)
from statemachine.book.entry import ORDER_LOTS_LIMIT
from statemachine.units import Lots, Price
from tests.worlds import USDC, World, world_rules

MID = 6_000_000
CID = b"0123456789abcdef"
SELL = FLAG_SELL


def place(
    size: int = 10,
    price: int = MID,
    flags: int = 0,
    *,
    market: int = 0,
    client_id: bytes = b"",
    sub: int = 0,
) -> PlaceOrder:
    return PlaceOrder(sub, market, flags, Price(price), Lots(size), client_id)


@pytest.fixture
def world() -> World:
    made = World(world_rules(2, orders_per_portfolio_max=20))
    made.open(3)
    return made


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (place(market=7), "MARKET_UNKNOWN"),
        (place(flags=FLAG_IOC | FLAG_POST_ONLY), "FIELD"),
        (place(size=0), "SIZE_RANGE"),
        (place(size=ORDER_LOTS_LIMIT), "SIZE_RANGE"),
        (place(price=0), "PRICE_RANGE"),
        (place(size=1 << 52, price=1 << 40), "PRICE_RANGE"),
        (place(price=MID + 1), "TICK"),
        (place(size=1, price=10), "NOTIONAL_MIN"),
        (place(price=MID * 103 // 100 + 10), "BAND"),
        (place(price=MID * 97 // 100 - 10, flags=SELL), "BAND"),
        (place(flags=FLAG_REDUCE_ONLY), "REDUCE_ONLY"),
        (place(size=1_000_000), "MARGIN"),
        (place(sub=3), "MARGIN"),
        (place(flags=FLAG_IOC), "IOC_UNFILLED"),
        (place(price=MID * 103 // 100), "OK"),
        (place(price=MID * 97 // 100, flags=SELL), "OK"),
    ],
)
def test_codes(world: World, order: PlaceOrder, code: str) -> None:
    assert world.act(0, order) == code


def test_client_id_exists_names_the_order(world: World) -> None:
    assert world.act(0, place(client_id=CID)) == "OK"
    first = world.last
    assert first is not None
    assert world.act(0, place(size=99, price=3, client_id=CID)) == "CLIENT_ID_EXISTS"
    assert world.last is not None
    assert world.last.receipts[0].args == (first.receipts[0].order_id,)
    assert world.act(1, place(client_id=CID)) == "OK", "ids are a portfolio's own"
    assert world.act(0, Cancel(0, 0, CID)) == "OK"
    assert world.act(0, place(client_id=CID)) == "OK", "free again once the order is gone"


def test_oracle_stale_lets_reduce_only_pass(world: World) -> None:
    world.act(1, place(10, flags=SELL))
    assert world.act(0, place(10)) == "OK"
    stale = world.rules.oracle_age_ms_max + 1
    world.run(advance=stale)
    assert world.act(0, place(10)) == "ORACLE_STALE"
    assert world.act(0, place(10, flags=SELL | FLAG_REDUCE_ONLY)) == "OK"


def test_post_only(world: World) -> None:
    assert world.act(0, place(10)) == "OK"
    assert world.act(1, place(10, flags=SELL | FLAG_POST_ONLY)) == "POST_ONLY_CROSSES"
    assert world.act(1, place(10, MID + 10, flags=SELL | FLAG_POST_ONLY)) == "OK"


def test_orders_max(world: World) -> None:
    legs: list[Leg] = [place(1, MID - 10 * i) for i in range(21)]
    codes = world.codes(world.sign(0, Bulk(0, tuple(legs))))
    assert codes == ["OK"] * 20 + ["ORDERS_MAX"]


def test_reduce_only_orders_are_few_per_position(world: World) -> None:
    world.act(1, place(50, flags=SELL))
    world.act(0, place(50))
    legs: list[Leg] = [place(1, MID + 10 * i, SELL | FLAG_REDUCE_ONLY) for i in range(1, 10)]
    codes = world.codes(world.sign(0, Bulk(0, tuple(legs))))
    assert codes == ["OK"] * 8 + ["REDUCE_ONLY"]


def test_price_then_time(world: World) -> None:
    world.act(1, place(10, MID + 10, SELL))
    world.act(2, place(10, MID, SELL))
    world.act(1, place(10, MID, SELL))
    assert world.act(0, place(15, MID + 10)) == "OK"
    assert world.book() == ([], [(MID, 5), (MID + 10, 10)])
    third, second = world.position(2), world.position(1)
    assert third is not None
    assert second is not None
    assert (third.size, second.size) == (-10, -5)


def test_fees_and_costs_to_the_unit(world: World) -> None:
    world.act(1, place(7, MID + 10, SELL))
    world.act(0, place(7, MID + 20))
    notional = 7 * (MID + 10)
    taker_fee = -(-notional * 500 // 1_000_000)
    maker_fee = -(-notional * 100 // 1_000_000)
    assert world.portfolio(0).balance == 100_000 * USDC - taker_fee
    assert world.portfolio(1).balance == 100_000 * USDC - maker_fee
    assert world.state.ledger().fees == taker_fee + maker_fee
    position = world.position(0)
    assert position is not None
    assert (position.size, position.cost) == (7, notional)


def test_closing_at_the_same_price_costs_exactly_the_fees(world: World) -> None:
    world.act(1, place(7, MID, SELL))
    world.act(0, place(7, MID))
    world.act(1, place(7, MID))
    world.act(0, place(7, MID, SELL))
    assert world.position(0) is None
    assert world.position(1) is None
    paid = 200_000 * USDC - world.portfolio(0).balance - world.portfolio(1).balance
    assert paid == world.state.ledger().fees
    assert world.market().open_interest == 0


def test_a_flip_realises_the_old_side_and_opens_the_new(world: World) -> None:
    world.act(1, place(10, MID, SELL))
    world.act(0, place(10, MID))
    world.act(1, place(16, MID + 100))
    assert world.act(0, place(16, MID + 100, SELL)) == "OK"
    position = world.position(0)
    assert position is not None
    assert (position.size, position.cost) == (-6, -6 * (MID + 100))
    assert world.market().open_interest == 6


def test_a_taker_of_many_orders_goes_on_over_steps(world: World) -> None:
    for trader in (1, 2):
        legs: list[Leg] = [place(1, MID + 10 * i, SELL) for i in range(20)]
        world.codes(world.sign(trader, Bulk(0, tuple(legs))))
    assert world.codes(world.sign(0, place(45, MID + 1_000))) == ["OK"]
    assert world.last is not None
    receipt = world.last.receipts[0]
    assert receipt.filled == 40
    assert receipt.notional == 2 * sum(MID + 10 * i for i in range(20))
    assert world.book() == ([(MID + 1_000, 5)], [])
    assert world.cursor.continuation == 0


def test_fill_limit_cancels_what_a_transaction_may_not_reach() -> None:
    world = World(world_rules(1, step_visits_max=2, step_continuations_max=3))
    world.open(2)
    legs: list[Leg] = [place(1, MID, SELL) for _ in range(10)]
    world.codes(world.sign(1, Bulk(0, tuple(legs))))
    assert world.act(0, place(10, client_id=CID)) == "FILL_LIMIT"
    assert world.book() == ([], [(MID, 1)] * 4)
    position = world.position(0)
    assert position is not None
    assert (position.size, position.bids, position.orders) == (6, 0, 0)
    assert world.act(0, place(1, MID - 10, client_id=CID)) == "OK"


def test_a_continued_order_that_rests_keeps_its_client_id() -> None:
    world = World(world_rules(1, step_visits_max=2))
    world.open(2)
    legs: list[Leg] = [place(1, MID, SELL) for _ in range(5)]
    world.codes(world.sign(1, Bulk(0, tuple(legs))))
    assert world.act(0, place(8, client_id=CID)) == "OK"
    assert world.book() == ([(MID, 3)], [])
    assert world.act(0, Cancel(0, 0, CID)) == "OK"


def test_own_orders_are_removed_not_traded_with(world: World) -> None:
    world.act(0, place(10, MID, SELL))
    world.act(1, place(10, MID, SELL))
    assert world.act(0, place(10, MID)) == "OK"
    assert world.book() == ([], [])
    one = world.position(1)
    assert one is not None
    assert one.size == -10


def test_a_resting_order_out_of_the_band_is_removed_when_visited(world: World) -> None:
    world.act(1, place(10, MID * 101 // 100, SELL))
    world.run(world.prices(0, MID * 106 // 100), advance=1_000)
    assert world.act(0, place(10, MID * 105 // 100, FLAG_IOC)) == "IOC_UNFILLED"
    assert world.book() == ([], [])


def test_reduce_only_never_flips(world: World) -> None:
    world.act(1, place(10, MID, SELL))
    world.act(0, place(10, MID))
    assert world.act(0, place(4, MID + 10, SELL | FLAG_REDUCE_ONLY)) == "OK"
    assert world.act(0, place(9, MID + 20, SELL | FLAG_REDUCE_ONLY)) == "OK"
    assert world.act(2, place(50, MID + 20)) == "OK"
    assert world.position(0) is None
    bids, asks = world.book()
    assert asks == []
    assert bids == [(MID + 20, 40)]


def test_shrinking_keeps_priority_and_anything_else_loses_it(world: World) -> None:
    world.act(1, place(10, MID, SELL, client_id=CID))
    world.act(2, place(10, MID, SELL))
    shrink = Modify(0, 0, SELL, CID, Price(MID), Lots(4))
    assert world.act(1, shrink) == "OK"
    world.act(0, place(4, MID))
    one = world.position(1)
    assert one is not None
    assert one.size == -4
    world.act(1, place(10, MID, SELL, client_id=CID))
    grow = Modify(0, 0, SELL, CID, Price(MID), Lots(11))
    assert world.act(1, grow) == "OK"
    world.act(0, place(10, MID))
    two = world.position(2)
    assert two is not None
    assert two.size == -10


def test_modify_refused_changes_nothing(world: World) -> None:
    world.act(0, place(10, client_id=CID))
    before = dict(world.store.values)
    for action, code in (
        (Modify(0, 7, 0, CID, Price(MID), Lots(5)), "MARKET_UNKNOWN"),
        (Modify(0, 0, 0, b"x" * 16, Price(MID), Lots(5)), "ORDER_UNKNOWN"),
        (Modify(0, 0, 0, 999, Price(MID), Lots(5)), "ORDER_UNKNOWN"),
        (Modify(0, 0, SELL, CID, Price(MID), Lots(5)), "FIELD"),
        (Modify(0, 0, 0, CID, Price(MID), Lots(0)), "SIZE_RANGE"),
        (Modify(0, 0, 0, CID, Price(MID + 3), Lots(5)), "TICK"),
        (Modify(0, 0, 0, CID, Price(MID), Lots(1_000_000)), "MARGIN"),
    ):
        assert world.act(0, action) == code
    after = world.store.values
    changed = {key[0] for key in before if after.get(key) != before[key]}
    assert changed <= {0x01, 0x02, 0x05, 0x10, 0x40}, "cursor, counters, nonces, due work only"


def test_a_modify_that_crosses_trades(world: World) -> None:
    world.act(1, place(10, MID + 50, SELL))
    world.act(0, place(10, MID, client_id=CID))
    assert world.act(0, Modify(0, 0, 0, CID, Price(MID + 50), Lots(12))) == "OK"
    assert world.book() == ([(MID + 50, 2)], [])
    assert world.act(0, Cancel(0, 0, CID)) == "OK"


def test_cancel_all_over_steps(world: World) -> None:
    wide = World(world_rules(2))
    wide.open(1)
    for market in (0, 1):
        legs: list[Leg] = [place(1, MID - 10 * i, market=market) for i in range(40)]
        wide.codes(wide.sign(0, Bulk(0, tuple(legs))))
    assert wide.codes(wide.sign(0, CancelAll(0, 1))) == ["OK"]
    assert wide.last is not None
    assert wide.last.receipts[0].args == (40,)
    assert wide.codes(wide.sign(0, CancelAll(0, MARKET_EVERY))) == ["OK"]
    assert wide.book(0) == ([], [])
    assert wide.portfolio(0).markets == []
    assert world.act(0, CancelAll(0, 9)) == "MARKET_UNKNOWN"


def test_takers_wait_while_system_work_is_behind() -> None:
    world = World(world_rules(2, due_items_max=1))
    world.open(2)
    world.now += 20_000
    orders = [world.sign(0, place(10)), world.sign(1, place(10, MID - 10, FLAG_POST_ONLY))]
    assert sorted(world.codes(*orders)) == ["DUE", "OK"]


def test_margin_counts_resting_orders_as_if_filled(world: World) -> None:
    """100,000 USDC at 20x carries 2,000,000 USDC: 333,333 lots of 6 USDC, less fees."""
    assert world.act(0, place(160_000, MID)) == "OK"
    assert world.act(0, place(160_000, MID)) == "OK"
    assert world.act(0, place(20_000, MID)) == "MARGIN"
    assert world.act(0, place(320_000, MID, SELL)) == "OK", "one side is margined, not both"


def test_underwater_may_reduce_but_not_open(world: World) -> None:
    world.act(1, place(300_000, MID, SELL))
    assert world.act(0, place(300_000, MID)) == "OK"
    world.run(world.prices(0, MID * 98 // 100), advance=1_000)
    assert world.act(0, place(10, MID * 98 // 100)) == "MARGIN"
    world.act(2, place(1_000, MID * 98 // 100))
    assert world.act(0, place(1_000, MID * 98 // 100, SELL)) == "OK"


def test_an_order_far_away_does_not_pay_for_one_that_loses() -> None:
    """A bid below mark, which may never fill, is no cover for the loss of one above it."""
    world = World()
    world.open(2, amount=1_000 * USDC)
    world.deposit(1, 1_000_000 * USDC)
    world.run()
    assert world.act(1, place(1_600, MID * 103 // 100, SELL)) == "OK"
    assert world.act(0, place(1_600, MID * 97 // 100)) == "OK"
    assert world.act(0, place(1_600, MID * 103 // 100)) == "MARGIN"
    assert world.act(0, CancelAll(0, MARKET_EVERY)) == "OK"
    assert world.act(0, place(1_600, MID * 103 // 100)) == "OK"


def test_shrinking_is_allowed_whatever_the_prices(world: World) -> None:
    world.act(0, place(10, client_id=CID))
    world.run(advance=world.rules.oracle_age_ms_max + 1)
    assert world.act(0, Modify(0, 0, 0, CID, Price(MID), Lots(11))) == "ORACLE_STALE"
    assert world.act(0, Modify(0, 0, 0, CID, Price(MID), Lots(4))) == "OK"
    assert world.book()[0] == [(MID, 4)]
