"""A victim who is long, a seller who is short, and a backer: what befalls them when prices fall."""

from statemachine.actions import PlaceOrder, Poke, VaultDeposit
from statemachine.events import Liquidated
from statemachine.keys import BUY, SELL
from statemachine.records import Portfolio, Vault
from statemachine.risk.vaults import vault_portfolio
from statemachine.stakes import SharesChanged
from statemachine.units import Lots, Micros, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, world_rules

PRICE = 6_000_000
MAKER, VICTIM, SELLER, POKER, BACKER = range(5)
DAY_MS = 86_400_000


def world_of(size: int = 3_000, amount: int = 1_000 * USDC, **changes: int) -> World:
    """Return a world in which the victim is long ``size`` lots at PRICE, the seller short."""
    terms = {"grace_ms": 0, "grace_updates_min": 0, "vault_notice_ms": 10_000} | changes
    world = World(world_rules(1, **terms))
    world.deposit(VICTIM, amount)
    for trader in (MAKER, SELLER, BACKER):
        world.deposit(trader, 10_000_000 * USDC)
    world.deposit(POKER, 10 * USDC)
    world.run(world.prices(0, PRICE))
    order(world, VICTIM, BUY, PRICE, size)
    order(world, SELLER, SELL, PRICE, size)
    return world


def order(world: World, trader: int, side: int, price: int, size: int) -> None:
    assert world.act(trader, PlaceOrder(0, 0, side, Price(price), Lots(size))) == "OK"


def fall(world: World, price: int) -> None:
    world.run(advance=100)
    world.run(world.prices(0, price))
    assert world.market().mark == price


def poke(world: World, trader: int = VICTIM) -> str:
    name = world.act(POKER, Poke(world.account(trader), 0))
    audit(world.store.values, world.rules)
    return name


def back(world: World, amount: int = 100_000 * USDC, trader: int = BACKER) -> str:
    name = world.act(trader, VaultDeposit(0, 0, Micros(amount)))
    audit(world.store.values, world.rules)
    return name


def stages(world: World) -> list[tuple[int, int]]:
    assert world.last is not None
    return [(e.stage, e.size) for e in world.last.events if isinstance(e, Liquidated)]


def shares_events(world: World) -> list[tuple[int, int, int]]:
    assert world.last is not None
    found = [e for e in world.last.events if isinstance(e, SharesChanged)]
    return [(e.stage, e.shares, e.amount) for e in found]


def vault_of(world: World) -> tuple[Vault, Portfolio | None]:
    state = world.state
    return state.vault(0), state.portfolio(vault_portfolio(0))
