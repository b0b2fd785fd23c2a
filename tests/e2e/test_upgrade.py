"""A devnet goes over to other rules while everybody trades, by what an operator types."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from devnet.identities import identity_of
from node.l1.adapter import GrpcL1
from prover.changes import apply_changes
from prover.contract.log import LogEntry
from prover.contract.records import Claim
from prover.contract.rules import decode_contract_rules
from tests.e2e.test_devnet import ENVIRONMENT, Devnet
from tests.ports import layout_to_test

INSTANCES = range(30, 58)
FEE_PPM = 900
"""Of a taker, by the new rules; by the old ones it is 350."""

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


class Operated(Devnet):
    """A devnet, and whoever operates and uses it from a shell."""

    def ask(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Return what a command prints as JSON."""
        place = [word for word in self.command(*words, "--json") if word]
        cut = place.index("--datadir")
        done = subprocess.run(
            place[:cut], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, done.stderr + done.stdout
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def look_at_l1(self) -> tuple[list[LogEntry], list[Claim]]:
        """Return the log and the claims as L1 has them."""

        async def look() -> tuple[list[LogEntry], list[Claim]]:
            l1 = GrpcL1(self.layout.address("l1"))
            entries: list[LogEntry] = []
            claims: list[Claim] = []
            try:
                while page := await l1.log_entries(len(entries)):
                    entries += page
                while found := await l1.claims(len(claims)):
                    claims += [posted.claim for posted in found]
            finally:
                await l1.close()
            return entries, claims

        return asyncio.run(look())

    def versions(self) -> list[int]:
        """Return the version of each log entry."""
        return [entry.version for entry in self.look_at_l1()[0]]

    def claimed(self, version: int) -> bool:
        """Return whether some entry of a version is claimed."""
        entries, claims = self.look_at_l1()
        return any(entries[c.output.log_index - 1].version == version for c in claims[1:])


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Operated]:
    """Return a devnet on free ports; whatever happens, it is stopped."""
    found = Operated(layout_to_test(INSTANCES, tmp_path))
    yield found
    if found.up is not None:
        found.up.kill()
        found.up.wait()


def rules_of(devnet: Operated, name: str) -> list[float]:
    """Return the version of the rules that a node shows, and the first that it does not know."""
    with urlopen(f"http://{devnet.layout.address(name)}/metrics") as answer:
        text = answer.read().decode()
    found = dict(line.split() for line in text.splitlines() if line.startswith("sextant_rules_"))
    return [float(found[f"sextant_rules_{kind}"]) for kind in ("version", "unknown_version")]


def lines_of(checklist: dict[str, Any]) -> dict[str, str]:
    """Return the level of each line of a checklist, by its name."""
    sections = checklist["sections"]
    return {line["name"]: line["level"] for section in sections for line in section["lines"]}


def fee_ppm(placed: dict[str, Any]) -> int:
    """Return the rate that an order was charged, from its receipt."""
    receipt = placed["receipt"]
    return int(receipt["fee_micros"]) * 1_000_000 // int(receipt["notional_micros"])


def test_a_devnet_upgrades_live_and_keeps_trading(devnet: Operated) -> None:
    devnet.start()
    devnet.eventually(lambda: devnet.head("safe") > 0, "no batch was posted")
    devnet.eventually(devnet.is_at_work, "not everyone is at work")
    assert devnet.run("dev", "faucet", "alice").returncode == 0
    devnet.ask("deposit", "9000", "--as", "alice")
    agent = f"0x{identity_of('dave').address.hex()}"
    devnet.ask("agent", "approve", agent, "--as", "alice")
    order = ("order", "buy", "BTC", "0.01", "--as", "dave")
    assert fee_ppm(devnet.ask(*order)) == 350

    change = f"markets.BTC.taker_ppm={FEE_PPM}"
    sent = devnet.ask("l1", "schedule-rules", "--set", change, "--as", "governor", "--yes")
    assert sent["changes"] == [
        {"name": "markets.BTC.taker_ppm", "before": "350", "after": str(FEE_PPM)}
    ]
    lines = lines_of(devnet.ask("checklist", "BTC", code=1))
    assert lines["rules"] == "ok"
    assert lines["upgrade"] == lines["last safe exit"] == "look"
    assert fee_ppm(devnet.ask(*order)) == 350, "not yet"

    nodes = [f"{name}_metrics" for name in ("sequencer", "poster", "follower")]
    assert [rules_of(devnet, name) for name in nodes] == [[1, 0]] * 3, "known, and not yet"
    pids = devnet.pids()
    assert devnet.run("dev", "warp", "11m").returncode == 0
    devnet.eventually(lambda: 2 in devnet.versions(), "the log does not go over")
    devnet.eventually(lambda: devnet.claimed(2), "nobody claims what the new rules made")
    versions = devnet.versions()
    assert versions == sorted(versions), "and never back"
    assert devnet.ask("l1", "rules")["versions"][1]["state"] == "in force"
    for name in nodes:
        devnet.eventually(partial(lambda at: rules_of(devnet, at) == [2, 0], name), name)
    before = decode_contract_rules(devnet.layout.deployment.read_bytes()).rules
    after = apply_changes(before, [change])
    assert devnet.ask("status")["rules_hash"] == f"0x{after.hash.hex()}"
    placed = devnet.ask(*order)
    assert fee_ppm(placed) >= FEE_PPM, "a session key trades on, at the new price"
    proved = devnet.ask("proof", "position", "BTC", "--as", "alice", "--stage", "safe")
    assert proved["position"], "read by the rules of its claim"
    assert lines_of(devnet.ask("checklist", "BTC", code=1))["rules"] == "ok"
    assert devnet.pids() == pids, "nobody halted"

    for name in ("sequencer", "follower", "challenger"):
        assert devnet.kill(name) == {name}
    devnet.passes_the_present("safe", "the chain did not go on after deaths")
    assert fee_ppm(devnet.ask(*order)) >= FEE_PPM
    log = devnet.log("challenger")
    assert "rules version 2" in log
    assert "REFUSING" not in log
    assert "disagreed" not in log
    assert devnet.stop()[0] == 0
