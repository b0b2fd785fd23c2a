"""The example ``my_way_out``: with an exchange that lives, and with one that is gone.

Nothing but the SDK is used; from the kill on only the L1 and a follower are left.
"""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sextant.client.l1 import L1Client
from tests.e2e.processes import FUNDS, ROOT, Rollup, deployment, until
from tests.e2e.test_escape import ESCAPE_MS, FREEZE_MS
from tests.worlds import USDC, trader_address, trader_key

pytestmark = pytest.mark.e2e

MAKER, LEAVER = 0, 1
LIVENESS_MS = 700_000
STEP_MS = 40_000
STEP_S = 0.8
STEPS_MAX = 75


def start_example(rollup: Rollup, trader: int) -> "subprocess.Popen[bytes]":
    """Run the example as a trader would; what it says goes to a log."""
    key = rollup.folder / f"trader{trader}.key"
    key.write_text(trader_key(trader).hex())
    key.chmod(0o600)
    environment = {
        **os.environ,
        "SEXTANT_NODE": rollup.address("grpc"),
        "SEXTANT_FOLLOWER": rollup.address("follower"),
        "SEXTANT_L1": rollup.address("l1"),
        "SEXTANT_KEY_FILE": str(key),
        "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT)),
    }
    with (rollup.folder / "example.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", str(ROOT / "examples" / "my_way_out.py")],
            cwd=rollup.folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    rollup.processes["example"] = process
    return process


async def ended(rollup: Rollup) -> str:
    """Wait for the end of the example, and return what it said."""
    process = rollup.processes["example"]
    await until_ended(process)
    text = rollup.log("example")
    assert process.returncode == 0, text
    return text


async def until_ended(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the end of a process."""

    async def is_over() -> bool:
        return process.poll() is not None

    await until(is_over)


async def held(rollup: Rollup, trader: int) -> int:
    """Return the micros that a trader holds on L1."""
    async with L1Client(rollup.address("l1")) as l1:
        account = await l1.account(trader_address(trader))
    return int(account.usdc * USDC)


async def trade(rollup: Rollup) -> None:
    """Give the leaver a position, which the maker's quotes let him close."""
    await rollup.say_prices()
    async with rollup.client(MAKER) as maker, rollup.client(LEAVER) as leaver:
        await maker.place("M0", "sell", "1", limit="60000")
        await leaver.place("M0", "buy", "1", limit="60000")
        await maker.place("M0", "buy", "2", limit="59990")
        await leaver.place("M0", "buy", "1", limit="50000")


async def leave_gently(rollup: Rollup) -> None:
    """See all the leaver's money come back by the ordinary way."""
    start_example(rollup, LEAVER)
    text = await ended(rollup)
    assert "closed M0" in text
    assert "paid " in text
    assert "nobody answers" not in text
    assert 0 <= FUNDS - await held(rollup, LEAVER) < 100 * USDC, "less what the position cost"
    start_example(rollup, LEAVER)
    assert "withdrawal" not in await ended(rollup), "there is nothing more to take"


async def leave_the_dead(rollup: Rollup) -> None:
    """See the maker's money come back from an exchange that is gone, while time passes."""
    await rollup.wait_final(height=(await rollup.status()).unsafe_head.height)
    for name in ("sequencer", "poster"):
        rollup.kill(name)
    process = start_example(rollup, MAKER)
    for _ in range(STEPS_MAX):
        if process.poll() is not None:
            break
        await asyncio.sleep(STEP_S)
        await rollup.warp(STEP_MS)
    text = await ended(rollup)
    for said in (
        "nobody answers",
        "frozen in L1 block",
        "registered: portfolio",
        "nothing is left",
    ):
        assert said in text, text
    assert abs(FUNDS - await held(rollup, MAKER)) < 100 * USDC, text


def test_all_money_comes_back_by_the_sdk_alone(tmp_path: Path) -> None:
    async def story() -> None:
        contract = replace(
            deployment(), freeze_ms=FREEZE_MS, escape_ms=ESCAPE_MS, liveness_ms_max=LIVENESS_MS
        )
        rollup = Rollup(tmp_path, contract)
        try:
            rollup.start("l1", "sequencer", "poster", "follower")
            await rollup.fund(2)
            await trade(rollup)
            await leave_gently(rollup)
            await leave_the_dead(rollup)
        finally:
            await rollup.close()

    asyncio.run(story())
