"""A drill on a fork: a real defence against a real contract, and the report about it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from prover.bundle import Bundle, encode_bundle
from prover.cli import drills
from prover.contract.rules import ContractRules
from prover.faults import Verdict
from prover.outputs import genesis_output
from prover.rehearsal import NothingToFork, Rehearsal, rehearse_defence
from prover.replica import genesis_replica
from prover.traffic import START_MS, Traffic
from sextant.cli.main import main
from tests.l1_worlds import deployment

ADDRESS = b"\xd1" * 20


def bundle_of(entries: int) -> Bundle:
    traffic = Traffic(9)
    rules = traffic.rules
    root = genesis_replica(rules, START_MS).head.post_root
    contract: ContractRules = deployment(
        rules=rules,
        genesis=genesis_output(rules.chain_id, rules.hash, root),
        genesis_time_ms=START_MS,
        bond_gwei=10**9,
    )
    log = [traffic.make_entry(2, 30) for _ in range(entries)]
    return Bundle(contract, traffic.inbox, log, [])


def play(bundle: Bundle, **options: Any) -> Rehearsal:
    return asyncio.run(rehearse_defence(bundle, ADDRESS, lambda: 0, **options))


@pytest.mark.parametrize("entries", [1, 4])
def test_a_false_claim_on_a_fork_is_convicted(entries: int) -> None:
    played = play(bundle_of(entries), gas_price=1_000_000)
    assert played.won
    assert (played.entry, played.entries) == (entries - 1, entries)
    assert played.blocks <= 4
    assert played.witness_bytes > 0
    assert played.spent_gwei > 0
    assert played.reward_gwei > 0
    assert any("convicted in L1 block" in line for line in played.lines)


def test_a_drill_that_is_lost_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    lenient = Verdict(guilty=False, reason="out of order")
    monkeypatch.setattr("prover.fork.judge_fault", lambda *_: lenient)
    played = play(bundle_of(2))
    assert not played.won
    assert any("proof refused" in line for line in played.lines)


def test_an_empty_log_cannot_be_forked() -> None:
    with pytest.raises(NothingToFork):
        play(bundle_of(0))


@pytest.mark.parametrize("lenient", [False, True])
def test_the_command_tells_how_it_went_and_notes_a_drill_that_was_won(
    lenient: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = bundle_of(2)
    text = encode_bundle(bundle.deployment, bundle.items, bundle.entries, [])

    async def fetch(*_: object) -> str:
        return text

    async def purse(*_: object) -> tuple[int, int]:
        return 10**9, 1_000

    monkeypatch.setattr("prover.inquiry.fetch_bundle", fetch)
    monkeypatch.setattr(drills, "look_at_purse", purse)
    if lenient:
        verdict = Verdict(guilty=False, reason="no")
        monkeypatch.setattr("prover.fork.judge_fault", lambda *_: verdict)
    words = ["challenger", "drill", "--fork", "--datadir", str(tmp_path)]
    assert main([*words]) == int(lenient)
    told = capsys.readouterr().out
    assert ("NOT CONVICTED" in told) is lenient
    assert (tmp_path / "drill.json").exists() is not lenient
    assert main([*words, "--json"]) == int(lenient)
    assert json.loads(capsys.readouterr().out)["won"] is not lenient
