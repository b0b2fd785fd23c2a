"""Which bonds wait on L1, and how a proposer gets them."""

import asyncio
from pathlib import Path

import pytest

from prover.bonds import claim_bonds, read_claims, returnable
from sextant.cli.main import main
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.test_challenger import PROPOSER, WINDOW_MS, Scene


def test_bonds_of_dead_claims_are_found_and_paid_once() -> None:
    scene = Scene()
    entries = [scene.append() for _ in range(3)]
    right = scene.propose(0, entries[0])
    wrong = scene.propose(0, entries[0], "root")
    child = scene.propose(wrong, entries[1])
    scene.propose(right, entries[1])
    l1 = MemoryL1(scene.chain, PROPOSER)
    assert returnable(asyncio.run(read_claims(l1)), PROPOSER) == []
    scene.chain.time = scene.chain.contract.state.claims[right].time + WINDOW_MS
    scene.chain.mine()
    claims = asyncio.run(read_claims(l1))
    assert [claim.number for claim in returnable(claims, PROPOSER)] == [wrong, child]
    assert returnable(claims, bytes(20)) == []
    lines: list[str] = []

    async def collect() -> list[int]:
        return [paid.claim async for paid in claim_bonds(l1, lines.append) if paid.is_settled]

    assert asyncio.run(collect()) == [wrong, child]
    assert all(claim.bond == 0 for claim in asyncio.run(read_claims(l1)))
    assert scene.chain.contract.state.account_of(PROPOSER).eth == 100 * scene.deployment.bond_gwei
    assert asyncio.run(collect()) == []
    assert lines[0].startswith("2 bonds of ")


def test_a_key_that_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["challenger", "claim-bonds", "--key-file", str(tmp_path / "none")]
    assert main(words) == 3
    assert capsys.readouterr().err.count("\n") == 1
