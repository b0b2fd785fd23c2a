"""Versions of the rules as a client sees them, and what the checklist makes of them."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.l1.versions import rules_page
from proto.sextant.v1 import l1_pb2
from prover.changes import Change, ChangeUnknown, apply_changes, list_changes
from prover.contract.calls import CancelRules
from sextant.client.api import AsyncClient
from sextant.client.lines import Level, Line
from sextant.client.upgrade_lines import upgrade_lines
from sextant.client.upgrades import Upgrades
from tests.l1_worlds import GOVERNOR, L1World, deployment
from tests.unit.client.fakes import FakeL1, run, serving
from tests.worlds import world_rules


class VersionsL1(FakeL1):
    """An L1 that lists the versions of a world."""

    def __init__(self, world: L1World) -> None:
        super().__init__(b"")
        self.world = world

    async def get_deployment(self, _request: Any, _context: Any) -> l1_pb2.L1Deployment:
        return l1_pb2.L1Deployment(encoded=self.world.rules.encode())

    async def get_heads(self, _request: Any, _context: Any) -> l1_pb2.L1Heads:
        here = l1_pb2.L1BlockRef(number=self.world.block, time_ms=self.world.time)
        return l1_pb2.L1Heads(latest=here)

    async def list_rules(self, _request: Any, _context: Any) -> l1_pb2.L1RulesPage:
        return rules_page(self.world.state, self.world.rules, self.world.time)


def seen(world: L1World) -> Upgrades:
    """Return what a client reads from the L1 of a world."""

    async def story() -> Upgrades:
        async with (
            serving(VersionsL1(world)) as target,
            AsyncClient("127.0.0.1:1", l1=target) as client,
        ):
            return await client.upgrades()

    found: Upgrades = run(story())
    return found


def lines(world: L1World, rules_hash: bytes | None = None) -> dict[str, Line]:
    """Return the checklist's lines about the rules, by name."""
    named = world.rules.rules.hash if rules_hash is None else rules_hash
    return {line.name: line for line in upgrade_lines(seen(world), named)}


def test_what_is_announced_is_told_with_the_last_moment_to_leave() -> None:
    world = L1World()
    told = lines(world)
    assert told["rules"].level is Level.OK
    assert told["upgrade"].level is Level.NOTE
    assert f"0x{GOVERNOR.hex()}" in told["upgrade"].text
    after = replace(world.rules.rules, referral_ppm=200_000)
    assert world.schedule(after).ok
    starts = world.state.versions[0].starts
    found = seen(world)
    assert found.coming is not None
    assert found.coming.changes == (Change("referral_ppm", "100000", "200000"),)
    assert found.coming.last_exit_ms == starts - world.rules.exit_ms
    told = lines(world)
    assert told["upgrade"].level is told["last safe exit"].level is Level.LOOK
    assert "referral_ppm 100000 -> 200000" in told["upgrade"].text
    assert told["last safe exit"].value == starts - world.rules.exit_ms
    world.time = starts - world.rules.exit_ms
    assert lines(world)["last safe exit"].level is Level.BAD
    world.time = starts
    told = lines(world)
    assert "last safe exit" not in told
    assert "about to go over" in told["rules"].text
    assert lines(world, after.hash)["rules"].text.startswith("the node runs")
    assert lines(world, bytes(32))["rules"].level is Level.BAD


def test_what_was_taken_back_and_what_cannot_come_are_no_news() -> None:
    world = L1World()
    assert world.schedule(replace(world.rules.rules, referral_ppm=0)).ok
    assert world.call(GOVERNOR, CancelRules(2)).ok
    assert seen(world).coming is None
    assert seen(world).hashes == {1: world.rules.rules.hash}
    still = L1World(deployment(governor=bytes(20)))
    assert lines(still)["upgrade"].level is Level.OK


def test_what_is_not_known_here_is_said() -> None:
    world = L1World()
    assert world.schedule(replace(world.rules.rules, referral_ppm=0)).ok
    version = replace(world.state.versions[0], rules=b"\x91\x09")
    world.state.versions.put(0, version)
    found = seen(world)
    assert found.coming is not None
    assert found.coming.unknown
    assert "upgrade sextant" in lines(world)["upgrade"].text


# Changes by name


def test_changes_are_told_and_made_by_the_same_names() -> None:
    before = world_rules(2)
    wanted = [
        "referral_ppm=5",
        "markets.M1.taker_ppm=600",
        "markets.M0.tiers=[[5000000, 60000, 40000]]",
        f"guardian=0x{'07' * 20}",
        "fee_tiers=[]",
        f'publishers=["0x{"01" * 20}", "0x{"02" * 20}"]',
    ]
    after = apply_changes(before, wanted)
    assert after.markets[1].taker_ppm == 600
    assert after.markets[0].tiers == ((5_000_000, 60_000, 40_000),)
    assert after.guardian == b"\x07" * 20
    assert after.publishers == (b"\x01" * 20, b"\x02" * 20)
    told = list_changes(before, after)
    assert {change.name for change in told} == {each.partition("=")[0] for each in wanted}
    assert apply_changes(before, [f"{c.name}={c.after}" for c in told]) == after
    assert list_changes(before, before) == []


@pytest.mark.parametrize(
    "change",
    [
        "referral_ppm",
        "referral=5",
        "referral_ppm=5.5",
        "referral_ppm=true",
        "referral_ppm=0x05",
        "markets.taker_ppm=5",
        "markets.ETH.taker_ppm=5",
        "markets.M0.colour=5",
        "guardian=5",
        "fee_tiers=5",
    ],
)
def test_a_change_of_nothing_is_refused(change: str) -> None:
    with pytest.raises(ChangeUnknown):
        apply_changes(world_rules(1), [change])


def test_rules_that_could_not_work_are_refused() -> None:
    with pytest.raises(ValueError, match="referral_ppm"):
        apply_changes(world_rules(1), ["referral_ppm=1000001"])
