"""Duties by their commands: a dry run, a bounded wallet, one dispute by hand, and reports."""

import json
from pathlib import Path
from typing import Any

import pytest

from prover.contract.calls import CommitFault, ProveFault
from prover.contract.records import ClaimStatus
from prover.l1 import Heads
from prover.traffic import key_of
from sextant.cli.main import main
from statemachine.identity.signing import address_of
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.test_challenger import Scene

DEFENDER = address_of(key_of("defender"))


class Ticking(MemoryL1):
    """An L1 that makes a block whenever somebody looks, up to a number."""

    async def head(self) -> Heads:
        if self.chain.block < 400:
            self.chain.mine()
        return await super().head()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    found = Scene(window_ms=10_000_000)
    first = found.append()
    found.propose(0, first)
    found.propose(1, found.append(), how="root")

    def connect(_target: str, key: bytes | None) -> MemoryL1:
        return Ticking(found.chain, address_of(key) if key else b"")

    for module in ("bundles", "commands"):
        monkeypatch.setattr(f"prover.cli.{module}.connect_by", lambda _: connect)
    return found


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(key_of("defender").hex())
    path.chmod(0o600)
    return str(path)


def calls(scene: Scene) -> list[type[Any]]:
    wanted = (CommitFault, ProveFault)
    return [type(call) for call in scene.chain.calls if isinstance(call, wanted)]


def status_of(scene: Scene, claim: int) -> ClaimStatus:
    return scene.chain.contract.state.claims[claim].status


def challenger(*words: str) -> int:
    return main(["challenger", *words, "--l1", "127.0.0.1:1", "--poll-ms", "0", "--workers", "0"])


def test_a_dry_run_tells_calldata_cost_and_verdict_and_sends_nothing(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.chain.gas_price = 2_000_000
    assert challenger("defend", "--dry-run", "--json") == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [plan] = [line for line in told if "commit_calldata" in line]
    assert (plan["claim"], plan["verdict"]) == (2, "convicted")
    assert plan["gas"] > 0
    assert plan["fee_gwei"] == 2 * plan["gas"]
    assert bytes.fromhex(plan["proof_calldata"])
    assert calls(scene) == []
    assert status_of(scene, 2) is ClaimStatus.PENDING


def test_a_dry_run_of_honest_claims_ends_well(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Scene()
    honest.propose(0, honest.append())
    ticking = Ticking(honest.chain)
    monkeypatch.setattr("prover.cli.commands.connect_by", lambda _: lambda *_: ticking)
    assert challenger("defend", "--dry-run") == 0
    assert calls(scene) == []


@pytest.mark.parametrize(
    "words",
    [
        ("defend", "--dry-run", "--poll-ms", "0", "--workers", "0"),
        ("explain", "1"),
        ("export", "FILE"),
        ("drill", "--fork"),
    ],
)
def test_what_l1_has_dropped_accuses_nobody(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    honest = Scene()
    honest.propose(0, honest.append())
    honest.chain.dropped = 1
    for module in ("bundles", "commands", "drills"):
        monkeypatch.setattr(
            f"prover.cli.{module}.connect_by", lambda _: lambda *_: Ticking(honest.chain)
        )
    file = tmp_path / "bundle"
    given = [str(file) if word == "FILE" else word for word in words]
    assert main(["challenger", *given, "--l1", "127.0.0.1:1"]) == 3
    told = "".join(capsys.readouterr())
    assert "entry 0" in told
    assert "L1 has dropped its bytes; --archives" in told
    assert "wrong" not in told
    assert not file.exists()


def test_to_act_takes_a_key(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert challenger("defend") == 2
    assert "takes a --key-file" in capsys.readouterr().err
    assert challenger("resume", "2") == 2
    assert calls(scene) == []


def test_one_dispute_is_finished_by_hand(scene: Scene, tmp_path: Path, key_file: str) -> None:
    scene.propose(1, scene.derived[1], how="short")
    assert challenger("resume", "2", "--key-file", key_file, "--datadir", str(tmp_path)) == 0
    assert calls(scene) == [CommitFault, ProveFault]
    assert status_of(scene, 2) is ClaimStatus.CONVICTED
    assert status_of(scene, 3) is ClaimStatus.PENDING
    # It is over: there is nothing to do, and what is right is no case.
    assert challenger("resume", "2", "--key-file", key_file) == 0
    assert challenger("resume", "1", "--key-file", key_file) == 1
    assert calls(scene) == [CommitFault, ProveFault]


def test_reports_tell_what_was_found(
    scene: Scene, tmp_path: Path, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--datadir", str(tmp_path))
    assert challenger("watch", *place) == 1
    capsys.readouterr()
    assert main(["challenger", "list", *place]) == 1
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == ["CLAIM", "1", "2"]
    assert "agreed" in listed.splitlines()[1]
    assert "wrong" in listed.splitlines()[2]
    assert main(["challenger", "list", "--wrong", "--json", *place]) == 1
    [wrong] = json.loads(capsys.readouterr().out)["claims"]
    assert (wrong["claim"], wrong["case"]) == (2, None)
    assert main(["challenger", "status", "2", *place]) == 1
    assert json.loads(capsys.readouterr().out)["fault"].startswith("SEGMENT: ")
    assert main(["challenger", "status", "1", *place]) == 0
    assert main(["challenger", "status", "9", *place]) == 3
    assert challenger("resume", "2", "--key-file", key_file, *place) == 0
    capsys.readouterr()
    assert main(["challenger", "list", *place]) == 0
    assert "dead" in capsys.readouterr().out
    assert main(["challenger", "status", *place]) == 0
    watched = json.loads(capsys.readouterr().out)["watched"]
    assert watched["bond_gwei"] == scene.deployment.bond_gwei


@pytest.mark.parametrize("bound", ["--max-gas-price", "--max-spend"])
def test_a_bounded_wallet_holds_calls_back_and_says_why(
    bound: str,
    scene: Scene,
    tmp_path: Path,
    key_file: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene.chain.gas_price = 1_000_000
    monkeypatch.setattr("prover.duty.is_over", lambda core, _: core.heads.latest.number > 60)
    words = ("resume", "2", "--key-file", key_file, "--datadir", str(tmp_path))
    assert challenger(*words, bound, "1000") == 1
    assert calls(scene) == []
    told = capsys.readouterr().out
    assert told.count("not sent:") == 1
    assert f"{bound} allows 1000" in told
    held = json.loads((tmp_path / "status.json").read_text())["cases"][0]["held"]
    assert bound in held


def test_what_was_spent_is_remembered_over_restarts(
    scene: Scene, tmp_path: Path, key_file: str
) -> None:
    scene.chain.gas_price = 1_000_000
    words = ("--key-file", key_file, "--datadir", str(tmp_path))
    assert challenger("resume", "2", *words) == 0
    spent = json.loads((tmp_path / "status.json").read_text())["watched"]["spent_gwei"]
    before = 100 * scene.deployment.bond_gwei
    reward = scene.chain.contract.state.account_of(DEFENDER).eth - before
    assert spent > 21_000
    assert reward > 0
    again = scene.propose(1, scene.derived[1], how="short")
    assert challenger("resume", str(again), *words, "--max-spend", str(2 * spent)) == 0
    later = json.loads((tmp_path / "status.json").read_text())["watched"]["spent_gwei"]
    assert later > spent


@pytest.mark.usefixtures("scene")
def test_explain_tells_the_deadline_and_the_cost_of_a_proof(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("challenger", "explain", "2", "--l1", "127.0.0.1:1", "--json")
    assert main([*words]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["verdict"]) == ("pending", "convicted")
    assert told["left"].startswith("2 h 46 min")
    assert told["closes_at"].endswith("Z")
    assert told["gas"] > 100_000


def test_a_bounded_wallet_sits_a_spike_out_and_wins_in_its_window(
    scene: Scene,
    tmp_path: Path,
    key_file: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The spike comes between the commitment and the proof, and ends before the window does."""
    began = scene.chain.block
    scene.chain.price_at = lambda block: 9_000_000 if 3 < block - began < 90 else 1_000
    words = ("resume", "2", "--key-file", key_file, "--datadir", str(tmp_path))
    assert challenger(*words, "--max-gas-price", "2000000") == 0
    assert calls(scene) == [CommitFault, ProveFault]
    assert status_of(scene, 2) is ClaimStatus.CONVICTED
    [proof] = [block for block, _, call in scene.chain.sent if isinstance(call, ProveFault)]
    assert proof - began >= 90
    assert "not sent: the gas price is 9000000" in capsys.readouterr().out


def test_no_call_bids_beyond_the_wallets_bounds(scene: Scene, key_file: str) -> None:
    """A spike overtakes the call: its bid is raised as far as --max-spend allows, not further."""
    began = scene.chain.block
    scene.chain.price_at = lambda block: 1_000 if block - began < 4 else 40_000_000
    scene.chain.wait_blocks = 4
    words = ("resume", "2", "--key-file", key_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prover.duty.is_over", lambda core, _: core.heads.latest.number > 80)
        assert challenger(*words, "--max-spend", "100000") == 1
    assert calls(scene) == []
    assert scene.chain.raised
    assert all(bid.fee_max * 21_000 // 10**6 <= 100_000 for bid, _ in scene.chain.raised)


def test_bids_that_were_raised_are_said_and_counted(
    scene: Scene, tmp_path: Path, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began = scene.chain.block
    scene.chain.wait_blocks = 4
    scene.chain.price_at = lambda block: 1_000 if block - began < 12 else 2_000_000
    place = ("--datadir", str(tmp_path))
    assert challenger("resume", "2", "--key-file", key_file, *place) == 0
    assert status_of(scene, 2) is ClaimStatus.CONVICTED
    told = capsys.readouterr().out
    watched = json.loads((tmp_path / "status.json").read_text())["watched"]
    assert watched["bids_raised"] == len(scene.chain.raised) > 0
    assert watched["gas_price_gwei"] == 2_000_000
    assert "its bid was raised" in told
    assert "gwei per million gas" in told
