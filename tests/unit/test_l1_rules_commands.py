"""``sextant l1 rules``, ``schedule-rules`` and ``cancel-rules`` against a running stub."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devnet.l1.server import Stub, StubSettings
from node.l1.adapter import GrpcL1
from prover.contract.versions import notice_ms
from prover.entry import encode_entry
from sextant.cli.main import main
from sextant.client.keys import write_private_file
from tests.l1_worlds import (
    BOND,
    GOVERNOR,
    GOVERNOR_KEY,
    SEQUENCER,
    SEQUENCER_KEY,
    USER_KEY,
    deployment,
    judge_by_truth,
)

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Any], None]:
    """Return what plays a story with a stub's chain, and what runs a command against it."""

    def start(story: Callable[[Stub, Ask, str], None]) -> None:
        async def play() -> None:
            settings = StubSettings(datadir=tmp_path / "l1", port=0, dev_port=None, block_ms=0)
            stub = Stub(settings, deployment(), judge_by_truth)
            for address in (GOVERNOR, SEQUENCER):
                stub.host.chain.mint(address, 2 * BOND, 0)
            await stub.start()
            work = asyncio.create_task(stub.run())
            target = f"127.0.0.1:{stub.port}"

            def ask(*words: str, key: bytes = GOVERNOR_KEY, code: int = 0) -> dict[str, Any]:
                signs = words[0] != "rules"
                path = tmp_path / f"key-{key[:1].hex()}"
                path.unlink(missing_ok=True)
                write_private_file(path, key.hex())
                options = ["--l1", target, "--json"]
                options += ["--key-file", str(path)] if signs else []
                assert main(["l1", *words, *options]) == code
                out = capsys.readouterr()
                lines = [line for line in (out.err + out.out).splitlines() if line[:1] == "{"]
                found: dict[str, Any] = json.loads(lines[-1])
                return found

            try:
                await asyncio.to_thread(story, stub, ask, target)
            finally:
                stub.stop()
                await work

        asyncio.run(play())

    return start


def test_rules_are_shown_announced_and_taken_back(tell: Callable[[Any], None]) -> None:
    def story(stub: Stub, ask: Ask, target: str) -> None:
        shown = ask("rules")
        assert [row["state"] for row in shown["versions"]] == ["in force"]
        assert (shown["coming"], shown["exit_ms"]) == (None, deployment().exit_ms)
        change = ("--set", "referral_ppm=200000")
        planned = ask("schedule-rules", *change, code=1)
        assert planned["l1_block"] is None, "without --yes nothing is sent"
        assert [row["state"] for row in ask("rules")["versions"]] == ["in force"]
        sent = ask("schedule-rules", *change, "--yes")
        assert sent["changes"] == [{"name": "referral_ppm", "before": "100000", "after": "200000"}]
        shown = ask("rules")
        assert [row["state"] for row in shown["versions"]] == ["in force", "announced"]
        coming = shown["coming"]
        assert (coming["version"], coming["starts_ms"]) == (2, sent["starts_ms"])
        assert coming["last_exit_ms"] == sent["starts_ms"] - deployment().exit_ms
        notice = notice_ms(deployment(), deployment().rules)
        assert sent["starts_ms"] >= stub.host.chain.latest.time + notice
        ask("schedule-rules", *change, "--yes", code=1)
        ask("cancel-rules", "2")
        assert [row["state"] for row in ask("rules")["versions"]] == ["in force", "taken back"]

        async def append() -> None:
            l1 = GrpcL1(target, SEQUENCER_KEY)
            assert not (await l1.append(0, encode_entry([b"frame"]), 2)).ok
            assert (await l1.append(0, encode_entry([b"frame"]), 1)).ok
            assert [entry.version for entry in await l1.log_entries(0)] == [1]
            assert [version.number for version in await l1.versions()] == [1, 2]
            await l1.close()

        asyncio.run(append())

    tell(story)


def test_what_l1_would_refuse_is_said_before_anything_is_sent(
    tell: Callable[[Any], None],
) -> None:
    def story(stub: Stub, ask: Ask, target: str) -> None:
        del target
        before = stub.host.chain.latest.number
        for change in ("drift_ms=1", "nothing=1", "referral_ppm=100000", "referral_ppm=-1"):
            error = ask("schedule-rules", "--set", change, "--yes", code=2)
            assert error["code"] == "RULES"
        assert stub.host.chain.latest.number == before
        wish = ("schedule-rules", "--set", "referral_ppm=5")
        told = ask(*wish, "--in", "1s", "--yes", code=1)
        assert told["code"] == "RULES_NOTICE"
        told = ask(*wish, "--yes", key=USER_KEY, code=1)
        assert told["code"] in {"GAS_FUNDS", "NOT_GOVERNOR"}

    tell(story)
