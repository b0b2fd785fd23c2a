"""``sextant proof``: what it says about what was proved, and its exit codes."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tidy import ROOT
from tests.unit.client.claimed import (
    ClaimsL1,
    ProvingNode,
    Scene,
    change_value,
    final,
    owner,
    traded,
)
from tests.unit.client.fakes import run, serving


def command(scene: Scene, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run ``sextant proof`` against a scene."""

    async def story() -> Any:
        async with serving(ProvingNode(scene)) as node, serving(ClaimsL1(scene)) as l1:
            places = ["--l1", l1] if words[0] == "verify" else ["--l1", l1, "--node", node]
            if words[0] == "fetch":
                places = places[2:]
            return await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-P", "-m", "sextant", "proof", *words, *places],
                capture_output=True,
                text=True,
                timeout=30,
                cwd=ROOT,
                check=False,
            )

    done: subprocess.CompletedProcess[str] = run(story())
    return done


def test_an_account_names_root_claim_and_stage() -> None:
    scene = final()
    who = f"0x{owner(1).hex()}"
    done = command(scene, "account", who, "--orders")
    assert done.returncode == 0, done.stderr
    assert f"0x{scene.trees[1].root.hex()}" in done.stdout
    assert "claim     1 by 0x" in done.stdout
    assert "final: its challenge window has passed" in done.stdout
    assert "STUB" in done.stdout
    assert "slices to come" in done.stdout
    assert "times maintenance" in done.stdout
    told = json.loads(command(scene, "account", who, "--json").stdout)
    assert told["schema"] == "sextant.proof.account.v1"
    assert told["trust"]["stage"] == "final"
    [portfolio] = told["account"]["portfolios"]
    assert portfolio["positions"][0]["size"] == "0.0200"
    assert portfolio["margin"]["covered"] is True
    assert float(portfolio["margin"]["health"]) > 1


def test_what_is_absent_is_an_answer_with_exit_code_1() -> None:
    scene = final()
    for words in (
        ("account", "77"),
        ("position", "M1", "1"),
        ("order", "999999", f"0x{owner(1).hex()}"),
    ):
        done = command(scene, *words)
        assert (done.returncode, "that is proved" in done.stderr) == (1, True), done.stderr


def test_a_lie_and_an_unsafe_head_are_refused_in_words() -> None:
    scene = final()
    scene.distort = change_value
    done = command(scene, "book", "M0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "VALUE: the witness proves other values" in done.stderr
    scene.distort = None
    assert "all there are" in command(scene, "book", "M0").stderr
    done = command(scene, "book", "M0", "--stage", "unsafe")
    assert done.returncode == 1
    assert "NOT_PROVABLE" in done.stderr


def test_a_pending_claim_is_safe_and_says_until_when() -> None:
    done = command(traded(), "book", "M0", "--stage", "safe")
    assert done.returncode == 0, done.stderr
    assert "safe: may be disproved until 20" in done.stdout


@pytest.mark.parametrize("known", [True, False])
def test_a_kept_proof_is_checked_against_l1(known: bool, tmp_path: Path) -> None:
    scene = final()
    fetched = command(scene, "fetch", "cursor", "--log-index", "1" if known else "0")
    assert fetched.returncode == 0, fetched.stderr
    path = tmp_path / "proof.json"
    path.write_text(fetched.stdout)
    done = command(scene, "verify", str(path))
    assert done.returncode == 0, done.stderr
    assert ("genesis" in done.stdout) is not known
    path.write_text(fetched.stdout.replace(scene.trees[int(known)].root.hex(), "00" * 32))
    assert command(scene, "verify", str(path)).returncode == 1
