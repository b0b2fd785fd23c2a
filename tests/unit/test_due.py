"""Due work: periodic items, and what happens when their time has passed unseen."""

import pytest

from statemachine.due import DUE_FUNDING, DUE_PREMIUM, DUE_SAMPLE, due_time, next_due
from statemachine.keys import TABLE_DUE
from statemachine.records import decode_due
from tests.models.auditor import audit
from tests.worlds import GENESIS_MS, World, world_rules


def waiting(world: World) -> dict[tuple[int, int], int]:
    """Return when each (kind, market) is due."""
    found = {}
    for key, value in world.store.values.items():
        if key[0] == TABLE_DUE:
            kind, market, _, _ = decode_due(value)
            found[kind, market] = due_time(key)
    return found


INTERVALS = {DUE_SAMPLE: 1_000, DUE_PREMIUM: 5_000, DUE_FUNDING: 3_600_000}


def test_genesis_arms_every_market_at_the_first_multiple() -> None:
    world = World(world_rules(3))
    found = waiting(world)
    assert len(found) == 9
    for (kind, _), time in found.items():
        assert time == GENESIS_MS - GENESIS_MS % INTERVALS[kind] + INTERVALS[kind]
    audit(world.store.values, world.rules)


@pytest.mark.parametrize("advance", [999, 1_000, 1_001, 5_000, 3_600_000, 86_400_001])
def test_items_come_back_at_the_first_multiple_after_the_block(advance: int) -> None:
    world = World()
    world.open()
    before = waiting(world)
    world.run(advance=advance)
    after = waiting(world)
    assert after.keys() == before.keys()
    for (kind, market), time in after.items():
        if before[kind, market] > world.now:
            assert time == before[kind, market]
        else:
            assert time == world.now - world.now % INTERVALS[kind] + INTERVALS[kind]
    audit(world.store.values, world.rules)


def test_an_outage_leaves_no_backlog() -> None:
    world = World()
    world.open()
    world.run(advance=10_000_000)
    assert next_due(world.state, world.now) is None
    # One sample, not a thousand.
    assert world.market().premium_count <= 1
    assert world.market().sample_time == world.now - world.now % 1_000


def test_nothing_is_due_before_its_time() -> None:
    world = World()
    first = min(waiting(world).values())
    assert next_due(world.state, first - 1) is None
    assert next_due(world.state, first) is not None


def test_work_beyond_the_bound_waits_for_the_next_block() -> None:
    world = World(world_rules(3, due_items_max=4))
    world.open()
    world.run(advance=5_000)
    assert next_due(world.state, world.now) is not None
    audit(world.store.values, world.rules)
    world.run(advance=1)
    assert next_due(world.state, world.now) is None
