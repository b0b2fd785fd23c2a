"""How much may leave in a time."""

from dataclasses import replace

from statemachine.actions import Withdraw
from statemachine.records import Ledger
from statemachine.risk.velocity import cap_of, capacity_at, time_for
from statemachine.rules import Rules
from statemachine.units import Micros
from tests.models.auditor import audit
from tests.unit.tail.scene import DAY_MS, MAKER, PRICE, world_of
from tests.worlds import USDC, World, world_rules


def test_capacity_is_used_up_and_grows_back() -> None:
    world = world_of(velocity_min=1_000 * USDC, velocity_ppm=1)
    assert world.act(MAKER, Withdraw(0, Micros(1_001 * USDC))) == "VELOCITY"
    assert world.last is not None
    assert world.last.receipts[0].args == (1_000 * USDC, 0)
    assert world.act(MAKER, Withdraw(0, Micros(600 * USDC))) == "OK"
    assert world.act(MAKER, Withdraw(0, Micros(600 * USDC))) == "VELOCITY"
    capacity, when = world.last.receipts[0].args
    assert 400 * USDC <= capacity < 401 * USDC
    world.run(world.prices(0, PRICE), advance=when - world.now)
    audit(world.store.values, world.rules)
    assert world.act(MAKER, Withdraw(0, Micros(600 * USDC))) == "OK"
    audit(world.store.values, world.rules)


def test_capacity_stays_within_its_bounds() -> None:
    rules: Rules = replace(world_rules(), velocity_min=100, velocity_ppm=250_000)
    ledger = Ledger(stored=False)
    velocity = World(rules).state.velocity()
    assert cap_of(rules, ledger) == 100
    ledger.deposits = 1_000
    assert cap_of(rules, ledger) == 250
    assert capacity_at(rules, ledger, velocity, DAY_MS) == 250
    velocity.time = DAY_MS
    assert capacity_at(rules, ledger, velocity, DAY_MS) == 0
    assert capacity_at(rules, ledger, velocity, DAY_MS * 3 // 2) == 125
    assert time_for(rules, ledger, velocity, DAY_MS, 125) == DAY_MS * 3 // 2
    assert time_for(rules, ledger, velocity, DAY_MS, 251) == 0
