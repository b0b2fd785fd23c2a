"""A market that is halted shelters what is in it, and nobody who owes elsewhere."""

from dataclasses import replace

from statemachine.actions import PlaceOrder, Poke, SetMarketState
from statemachine.events import Liquidated
from statemachine.keys import BUY, SELL
from statemachine.risk.margin import margin_of
from statemachine.states import STATE_PAUSED
from statemachine.units import Lots, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, trader_address, world_rules

PRICE = 6_000_000
MAKER, VICTIM, SELLER, POKER, GUARDIAN = range(5)
OPEN, HALTED = 0, 1


def order(world: World, trader: int, market: int, side: int, price: int, size: int) -> str:
    return world.act(trader, PlaceOrder(0, market, side, Price(price), Lots(size)))


def world_of(halted: int, size: int = 3_000) -> World:
    """Return a world with a victim long in both markets, one of which is halted then."""
    rules = world_rules(2, guardian=trader_address(GUARDIAN), grace_updates_min=0)
    world = World(rules)
    world.deposit(VICTIM, 1_000 * USDC)
    for trader in (MAKER, SELLER, POKER, GUARDIAN):
        world.deposit(trader, 10_000_000 * USDC)
    world.run(*(world.prices(market, PRICE) for market in (OPEN, HALTED)))
    for market, lots in ((OPEN, size), (HALTED, halted)):
        if lots:
            assert order(world, VICTIM, market, BUY, PRICE, lots) == "OK"
            assert order(world, SELLER, market, SELL, PRICE, lots) == "OK"
    assert world.act(GUARDIAN, SetMarketState(HALTED, STATE_PAUSED)) == "OK"
    return world


def fall(world: World, price: int, times: int = 1, advance: int = 30_000) -> list[Liquidated]:
    found: list[Liquidated] = []
    for _ in range(times):
        world.run(world.prices(OPEN, price), advance=advance)
        assert world.last is not None
        found += [event for event in world.last.events if isinstance(event, Liquidated)]
        audit(world.store.values, world.rules)
    return found


def lots(world: World, market: int) -> int:
    position = world.position(VICTIM, market)
    return 0 if position is None else position.size


def poke(world: World) -> str:
    name = world.act(POKER, Poke(world.account(VICTIM), 0))
    audit(world.store.values, world.rules)
    return name


def test_a_crumb_in_a_halted_market_shelters_nobody() -> None:
    world = world_of(halted=1)
    low = PRICE - 260_000
    fall(world, low, 3)
    assert poke(world) == "OK"
    assert order(world, MAKER, OPEN, BUY, low, 10_000) == "OK"
    fall(world, low, 10)
    assert lots(world, OPEN) < 3_000
    assert lots(world, HALTED) == 1
    portfolio = world.portfolio(VICTIM)
    margin = margin_of(world.state, portfolio)
    assert portfolio.flags == 0
    assert margin.equity >= margin.maintenance


def test_what_is_halted_stays_and_its_debt_waits() -> None:
    world = world_of(halted=1)
    low = PRICE - 400_000
    fall(world, low, 3)
    assert poke(world) == "OK"
    assert order(world, MAKER, OPEN, BUY, low, 10_000) == "OK"
    fall(world, low, 12)
    assert (lots(world, OPEN), lots(world, HALTED)) == (0, 1)
    portfolio = world.portfolio(VICTIM)
    assert portfolio.flags == 1
    assert portfolio.balance < 0


def test_the_largest_position_is_not_sold_where_it_is_halted() -> None:
    world = world_of(halted=1_600, size=1_400)
    fall(world, PRICE - 780_000, 3)
    assert poke(world) == "OK"
    assert (lots(world, OPEN), lots(world, HALTED)) == (0, 1_600)


def test_who_is_short_by_what_is_halted_waits() -> None:
    world = world_of(halted=1_500, size=1_500)
    fall(world, PRICE - 450_000, 3)
    margin = margin_of(world.state, world.portfolio(VICTIM))
    assert margin.equity < margin.maintenance
    assert poke(world) == "GRACE"
    assert lots(world, OPEN) == 1_500


def test_an_outage_of_all_markets_shelters_all() -> None:
    world = world_of(halted=0)
    world.rules = replace(world.rules, grace_updates_min=3)
    world.run(advance=62_001)
    world.run(world.prices(OPEN, PRICE - 300_000), advance=100)
    assert poke(world) == "GRACE"
