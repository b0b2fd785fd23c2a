"""Guards of the index: jumps are confirmed, wild prices are not believed at once."""

from dataclasses import replace

from statemachine import keys
from statemachine.actions import PlaceOrder, Withdraw
from statemachine.pricing.guards import AVERAGE_SHIFT
from statemachine.units import Lots, Micros, Price
from tests.worlds import USDC, World, market_rules, world_rules

PRICE = 6_000_000
BAND = 50_000
HOUR = 3_600_000


def banded() -> World:
    """Return a world whose index may jump by 5% unconfirmed."""
    rules = replace(world_rules(1), markets=(market_rules(0, index_band_ppm=BAND),))
    world = World(rules)
    world.open(price=PRICE)
    return world


def test_a_move_within_the_band_is_taken_at_once() -> None:
    world = banded()
    world.run(world.prices(0, PRICE * 105 // 100))
    assert world.market().index == PRICE * 105 // 100


def test_a_jump_waits_for_a_second_update() -> None:
    world = banded()
    jump = PRICE * 106 // 100
    before = world.market().index_time
    world.run(world.prices(0, jump))
    assert world.market().index == PRICE
    assert world.market().index_time == before, "a price that waits keeps the index's age"
    assert world.state.oracle(0).pending == jump
    world.run(world.prices(0, jump + 600))
    assert world.market().index == jump + 600
    assert world.state.oracle(0).pending == 0


def test_one_publisher_alone_confirms_nothing() -> None:
    world = banded()
    jump = PRICE * 2
    world.run(world.prices(0, jump))
    world.run(world.prices(0, jump, publishers=(0,)))
    assert world.market().index == PRICE
    world.run(world.prices(0, jump, publishers=(2,)))
    assert world.market().index == jump


def test_another_jump_starts_the_wait_anew() -> None:
    world = banded()
    world.run(world.prices(0, PRICE * 2))
    world.run(world.prices(0, PRICE // 2))
    assert world.market().index == PRICE
    assert world.state.oracle(0).pending == PRICE // 2
    world.run(world.prices(0, PRICE))
    assert world.state.oracle(0).pending == 0, "back near the index, nothing waits"
    world.run(world.prices(0, PRICE // 2))
    assert world.market().index == PRICE


def test_the_order_of_publishers_changes_nothing() -> None:
    one, two = banded(), banded()
    one.run(one.prices(0, PRICE * 2, publishers=(0, 1, 2)))
    two.run(two.prices(0, PRICE * 2, publishers=(2, 0, 1)))
    one.run(one.prices(0, PRICE * 2, publishers=(1, 0)))
    two.run(two.prices(0, PRICE * 2, publishers=(0, 1)))
    for world in (one, two):
        # Its receipts name the transactions, which do differ.
        world.store.values.pop(keys.CURSOR_KEY)
    assert one.store.values == two.store.values
    assert one.market().index == PRICE * 2


def test_no_price_far_from_the_hourly_average_is_an_index() -> None:
    world = World()
    world.open(price=PRICE)
    for price in (PRICE * 5 + 1, PRICE // 5 - 1, 1):
        world.run(world.prices(0, price), advance=1)
        assert world.market().index == PRICE
    world.run(world.prices(0, PRICE * 4), advance=1)
    assert world.market().index == PRICE * 4


def test_what_stays_true_is_believed_in_the_end() -> None:
    world = World()
    world.open(price=PRICE)
    wild = PRICE * 20
    minutes = 0
    while world.market().index != wild:
        world.run(world.prices(0, wild), advance=60_000)
        minutes += 1
        assert minutes < 180
    # The average has to be within a factor of 5 first, climbing at most to 5 times itself.
    assert minutes > 20


def test_the_average_follows_an_hour() -> None:
    world = World()
    world.open(price=PRICE)
    for _ in range(60):
        world.run(world.prices(0, PRICE * 2), advance=60_000)
    average = world.state.oracle(0).average >> AVERAGE_SHIFT
    # 1 - (1 - 1/60)^60 = 63.5% of the way
    assert PRICE * 163 // 100 < average < PRICE * 164 // 100


def test_stale_prices_let_people_out() -> None:
    world = World()
    world.open(traders=3, price=PRICE)
    world.codes(
        world.sign(0, PlaceOrder(0, 0, 0, Price(PRICE), Lots(10))),
        world.sign(1, PlaceOrder(0, 0, 1, Price(PRICE), Lots(10))),
        world.sign(2, PlaceOrder(0, 0, 0, Price(PRICE - 1_000), Lots(10))),
    )
    world.run(advance=61_000)
    assert world.act(2, PlaceOrder(0, 0, 0, Price(PRICE), Lots(10))) == "ORACLE_STALE"
    # Only orders, no position: what they do not reserve may leave.
    assert world.act(2, Withdraw(0, Micros(90_000 * USDC))) == "OK"
    assert world.act(0, Withdraw(0, Micros(USDC))) == "ORACLE_STALE"
    reduce = PlaceOrder(0, 0, 9, Price(PRICE), Lots(5))
    assert world.act(0, reduce) == "OK"
