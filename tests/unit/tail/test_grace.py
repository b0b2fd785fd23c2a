"""After an outage, liquidations wait for prices and time."""

from dataclasses import replace

from statemachine.events import STAGE_SLICE
from statemachine.keys import BUY
from tests.unit.tail.scene import (
    DAY_MS,
    MAKER,
    PRICE,
    VICTIM,
    fall,
    order,
    poke,
    stages,
    world_of,
)
from tests.worlds import World, world_rules


def test_after_an_outage_liquidations_wait_for_prices_and_time() -> None:
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=3)
    fall(world, PRICE - 280_000)
    world.run(advance=62_001)
    world.run(world.prices(0, PRICE - 280_000))
    assert poke(world) == "GRACE"
    assert world.last is not None
    until, missing = world.last.receipts[0].args
    assert missing == 2
    for _ in range(2):
        world.run(world.prices(0, PRICE - 280_000), advance=1_000)
    assert poke(world) == "GRACE"
    assert world.last.receipts[0].args == (until, 0)
    while world.now < until - 100:
        world.run(world.prices(0, PRICE - 280_000), advance=min(1_000, until - 100 - world.now))
    assert poke(world) == "OK"


def test_a_market_that_opens_late_has_missed_nothing() -> None:
    world = World(world_rules(1))
    world.now += 10 * DAY_MS
    world.open(1, PRICE)
    for _ in range(3):
        world.run(world.prices(0, PRICE), advance=1_000)
    market = world.market()
    assert market.sample_time > 0
    assert market.resumed_at == 0


def test_a_round_of_prices_counts_once_in_however_many_updates() -> None:
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=3)
    fall(world, PRICE - 280_000)
    world.run(advance=62_001)
    low = PRICE - 280_000
    world.run(*[world.prices(0, low, pair) for pair in ((0, 1), (2,))])
    assert poke(world) == "GRACE"
    assert world.last is not None
    assert world.last.receipts[0].args[1] == 2


def test_slices_wait_too() -> None:
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=1)
    fall(world, PRICE - 280_000)
    assert poke(world) == "OK"
    order(world, MAKER, BUY, PRICE - 280_000, 100_000)
    world.run(advance=100_000)
    assert stages(world) == []
    seen = []
    for _ in range(60):
        seen += stages(world)
        world.run(world.prices(0, PRICE - 280_000), advance=1_000)
    assert seen == []
    assert stages(world) == [(STAGE_SLICE, 600)]


def test_what_could_add_to_a_position_does_not_wait() -> None:
    """An order that stands still for a minute below MM would be a friend's to take, at a loss."""
    world = world_of()
    world.rules = replace(world.rules, grace_ms=60_000, grace_updates_min=3)
    low = PRICE - 280_000
    order(world, VICTIM, BUY, low - 100, 100)
    fall(world, low)
    world.run(advance=62_001)
    world.run(world.prices(0, low))
    assert world.portfolio(VICTIM).open_orders == 1
    assert poke(world) == "OK"
    assert stages(world) == []
    assert world.portfolio(VICTIM).open_orders == 0
    assert world.portfolio(VICTIM).flags == 0
    assert poke(world) == "GRACE"
