"""``sextant l1``: what it prints, and its exit codes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from devnet.identities import identity_of
from devnet.l1.server import Stub, StubSettings
from node.l1.adapter import GrpcL1
from prover.entry import encode_entry
from sextant.cli.main import main
from tests.l1_worlds import (
    BOND,
    PROPOSER,
    PROPOSER_KEY,
    SEQUENCER,
    SEQUENCER_KEY,
    deployment,
    judge_by_truth,
    true_output,
)

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("claims",),
    ("log",),
    ("account", f"0x{PROPOSER.hex()}"),
    ("account", "alice"),
    ("mempool",),
)


async def run_commands(path: Path, *extra: str) -> list[int]:
    """Return the exit codes of all commands against a stub with one entry and one claim."""
    settings = StubSettings(datadir=path, port=0, dev_port=None, block_ms=0)
    stub = Stub(settings, deployment(), judge_by_truth)
    for address in (SEQUENCER, PROPOSER):
        stub.host.chain.mint(address, 2 * BOND, 7)
    await stub.start()
    work = asyncio.create_task(stub.run())
    target = f"127.0.0.1:{stub.port}"
    for key in (SEQUENCER_KEY, PROPOSER_KEY):
        adapter = GrpcL1(target, key)
        if key == SEQUENCER_KEY:
            await adapter.append(0, encode_entry([b"frame"]))
        else:
            await adapter.propose(0, *true_output(deployment().genesis))
        await adapter.close()
    codes = [
        await asyncio.to_thread(main, ["l1", *words, "--l1", target, *extra]) for words in COMMANDS
    ]
    stub.stop()
    await work
    return codes


def test_commands_print_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asyncio.run(run_commands(tmp_path, "--json")) == [0] * len(COMMANDS)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert all(row["schema"] == 1 for row in rows)
    status, contract, totals, genesis, claim, entry, account, alice, mempool = rows
    assert status["latest"] == 2
    assert contract["stub"] is True
    assert totals["eth_bonded_gwei"] == BOND
    assert (genesis["status"], claim["status"], claim["parent"]) == ("final", "pending", 0)
    assert (entry["entry"], entry["bytes"]) == (0, len(encode_entry([b"frame"])))
    assert (status["gas_price"], mempool["waiting"]) == (0, 0)
    assert (account["eth_gwei"], account["token_micros"]) == (BOND, 7)
    assert (alice["address"], alice["eth_gwei"]) == (f"0x{identity_of('alice').address.hex()}", 0)


def test_commands_print_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asyncio.run(run_commands(tmp_path)) == [0] * len(COMMANDS)
    out = capsys.readouterr().out
    assert "claim 1  parent 0" in out
    assert f"address 0x{PROPOSER.hex()}" in out


def test_an_absent_l1_is_exit_code_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devnet.l1.inspection.PATIENCE_SECONDS", 0.2)
    assert main(["l1", "status", "--l1", "127.0.0.1:9"]) == 3
    assert "is it running?" in capsys.readouterr().err
    assert main(["l1", "status", "--l1", "127.0.0.1:9", "--json"]) == 3
    assert json.loads(capsys.readouterr().err)["code"] == "UNREACHABLE"
    assert main(["l1", "status", "--instance", "97"]) == 3
    assert "`sextant devnet up --instance 97`" in capsys.readouterr().err


def test_where_l1_is_may_be_said_as_everywhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devnet.l1.inspection.PATIENCE_SECONDS", 0.0)

    def place_of(*words: str) -> str:
        assert main(["l1", "log", *words]) == 3
        return capsys.readouterr().err.split("no answer from the L1 at ")[1].split(";")[0]

    assert place_of("--instance", "2") == "127.0.0.1:50745"
    monkeypatch.setenv("SEXTANT_INSTANCE", "3")
    assert place_of() == "127.0.0.1:50845"
    monkeypatch.setenv("SEXTANT_L1", "127.0.0.1:9")
    assert place_of() == "127.0.0.1:9"
    assert place_of("--l1", "127.0.0.1:7") == "127.0.0.1:7"


def test_wrong_usage_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("0x12", "alicia"):
        assert main(["l1", "account", name]) == 2
        assert f"ADDRESS: {name!r} is no address and no name" in (said := capsys.readouterr().err)
        assert "alice, bob" in said
    assert main(["l1", "run"]) == 2
    words = ["l1", "run", "--datadir", str(tmp_path)]
    assert main([*words, "--block-time-ms", "-1"]) == 2
    assert main([*words, "--safe-blocks", "9", "--final-blocks", "1"]) == 2
    assert "--block-time-ms" in capsys.readouterr().err


def test_what_cannot_be_read_is_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["l1", "run", "--datadir", str(tmp_path / "l1"), "--port", "0", "--no-dev"]
    assert main([*words, "--deployment", str(tmp_path / "none")]) == 3
    (tmp_path / "garbage").write_bytes(b"garbage")
    assert main([*words, "--deployment", str(tmp_path / "garbage")]) == 3
    assert "sextant l1 run: " in capsys.readouterr().err
