"""Pools by hand, and a look at the debtor of the lending scenes."""

from statemachine.records import Pool, Portfolio
from tests.exchange_vectors.scene import TRADER
from tests.worlds import World, world_rules

RULES = world_rules(
    loan_rate_base_ppm=10_000,
    loan_rate_kink_ppm=800_000,
    loan_slope_below_ppm=70_000,
    loan_slope_above_ppm=600_000,
)


def pool_with(supplied: int, lent: int, shares: int = 1, **more: int) -> Pool:
    pool = Pool(stored=False)
    pool.supplied, pool.lent, pool.shares = supplied, lent, shares
    for name, value in more.items():
        setattr(pool, name, value)
    return pool


def debtor(world: World) -> Portfolio:
    return world.portfolio(TRADER)


def events_of(world: World, kind: type) -> list[object]:
    assert world.last is not None
    return [event for event in world.last.events if isinstance(event, kind)]
