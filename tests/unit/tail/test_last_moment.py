"""Who is below his margin gives nothing away: neither to a friend, nor at the fund's expense."""

import pytest

from statemachine.actions import (
    FLAG_IOC,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    Modify,
    PlaceOrder,
)
from statemachine.book.matching import band_of
from statemachine.keys import BUY, SELL
from statemachine.risk.margin import Margin, margin_of
from statemachine.units import Lots, Price
from tests.models.auditor import audit
from tests.unit.tail.scene import BACKER, PRICE, VICTIM, fall, order, world_of
from tests.worlds import USDC, World

SIZE = 3_000
LOW = PRICE - 300_000
KINDS = (0, FLAG_IOC, FLAG_POST_ONLY)


def margin(world: World) -> Margin:
    portfolio = world.portfolio(VICTIM)
    return margin_of(world.state, portfolio)


def worst_price(world: World) -> int:
    """Return the lowest price at which anybody may sell, to the tick."""
    rules = world.state.market_rules[0]
    worst = band_of(rules, world.market().mark, SELL)
    return worst + -worst % rules.tick


def reduce(world: World, price: int, flags: int, size: int = SIZE) -> str:
    wanted = FLAG_SELL | FLAG_REDUCE_ONLY | flags
    name = world.act(VICTIM, PlaceOrder(0, 0, wanted, Price(price), Lots(size)))
    audit(world.store.values, world.rules)
    return name


@pytest.mark.parametrize("flags", KINDS)
@pytest.mark.parametrize("low", [LOW, LOW - 60_000])
def test_a_reduction_far_below_the_mark_is_refused(flags: int, low: int) -> None:
    world = world_of()
    world.insure(5_000 * USDC)
    fall(world, low)
    before = margin(world)
    assert before.equity < before.maintenance
    price = worst_price(world)
    if not flags & FLAG_POST_ONLY:
        order(world, BACKER, BUY, price, SIZE)
    assert reduce(world, price, flags) == "MARGIN"
    assert margin(world).equity == before.equity


@pytest.mark.parametrize("flags", KINDS)
def test_at_the_mark_it_goes(flags: int) -> None:
    world = world_of()
    fall(world, LOW)
    before = margin(world)
    if not flags & FLAG_POST_ONLY:
        order(world, BACKER, BUY, LOW, SIZE)
    assert reduce(world, LOW, flags) == "OK"
    after = margin(world)
    assert after.equity * before.maintenance >= before.equity * after.maintenance


@pytest.mark.parametrize("flags", KINDS)
def test_above_maintenance_the_whole_band_is_free(flags: int) -> None:
    world = world_of()
    fall(world, PRICE - 120_000)
    before = margin(world)
    assert before.maintenance * 102 // 100 < before.equity < before.initial
    price = worst_price(world)
    if not flags & FLAG_POST_ONLY:
        order(world, BACKER, BUY, price, SIZE)
    assert reduce(world, price, flags) == "OK"
    assert margin(world).equity >= 0


def test_an_order_that_rests_is_not_moved_there_either() -> None:
    world = world_of()
    fall(world, LOW)
    assert reduce(world, LOW, 0) == "OK"
    assert world.last is not None
    number = world.last.receipts[0].order_id
    price = worst_price(world)
    order(world, BACKER, BUY, price, SIZE)
    flags = FLAG_SELL | FLAG_REDUCE_ONLY
    moved = Modify(0, 0, flags, number, Price(price), Lots(SIZE))
    assert world.act(VICTIM, moved) == "MARGIN"
