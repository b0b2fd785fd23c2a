"""A sequencer acknowledges an order and dies before it is on L1: the receipt costs its bond.

Real processes, a real client, and what that has kept; the rest is one command.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from node.l1.adapter import GrpcL1
from sextant.client.api import AsyncClient
from sextant.client.receipt_store import ReceiptStore
from sextant.client.secret import Secret
from statemachine.identity.signing import address_of
from tests.e2e.processes import (
    SEQUENCER_KEY,
    WAIT_SECONDS,
    Rollup,
    deployment,
)
from tests.tidy import ROOT
from tests.worlds import trader_key

pytestmark = pytest.mark.e2e

TRADER = 0
RECEIPT_MS, LIVENESS_MS = 20_000, 30_000
BOND_ETH = 10
BOND_GWEI = BOND_ETH * 10**9


async def bonded(rollup: Rollup) -> int:
    """Return what is behind the sequencer's signature, gwei."""
    l1 = GrpcL1(rollup.address("l1"))
    totals = await l1.totals()
    await l1.close()
    return int(totals.sequencer_bond_gwei)


async def ask(rollup: Rollup, *words: str) -> tuple[int, dict[str, Any]]:
    """Run a command against L1 alone; return its exit code and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sextant", *words, "--l1", rollup.address("l1")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), WAIT_SECONDS)
    lines = said.decode().splitlines()
    return process.returncode or 0, json.loads(lines[-1]) if lines else {}


async def trade(rollup: Rollup, store: ReceiptStore) -> int:
    """Place an order, and keep the block that acknowledges it; return its height."""
    key = Secret(trader_key(TRADER))
    async with AsyncClient(rollup.address("grpc"), key=key, receipts=store) as client:
        await client.place("M0", "buy", "1", limit="50000")
    return max(block.height for block in store.read(rollup.rules.chain_id))


@pytest.mark.timeout(240)
def test_an_acknowledged_block_that_never_comes_costs_the_bond(tmp_path: Path) -> None:
    async def story() -> None:
        contract = deployment(
            receipt_deadline_ms=RECEIPT_MS,
            liveness_ms_max=LIVENESS_MS,
            signer=address_of(SEQUENCER_KEY),
        )
        rollup = Rollup(tmp_path, contract)
        store = ReceiptStore(tmp_path / "receipts")
        key = ("--key-file", str(tmp_path / "poster.key"))
        accuser = tmp_path / "accuser.key"
        accuser.write_text(trader_key(TRADER).hex())
        accuser.chmod(0o600)
        accuse = [*("receipt", "accuse", "--store", str(store.directory), "--json")]
        accuse += ["--key-file", str(accuser)]
        try:
            rollup.start("l1", "sequencer", "poster")
            rollup.start("follower", extra=("--follower.patience-ms", "1000"))
            await rollup.fund(1)
            await rollup.give(address_of(trader_key(TRADER)), 0)
            assert (await ask(rollup, "bond", "put", str(BOND_ETH), *key, "--json"))[0] == 0
            assert await bonded(rollup) == BOND_GWEI
            await rollup.say_prices()
            kept = await trade(rollup, store)
            await rollup.wait_final(height=kept)
            code, told = await ask(rollup, *accuse)
            assert (code, told["broken"]) == (1, []), "it has kept its word so far"

            rollup.kill("poster")
            denied = await trade(rollup, store)
            assert denied > kept
            rollup.kill("sequencer")
            await rollup.warp(LIVENESS_MS + RECEIPT_MS)
            code, said = await rollup.command(TRADER, "force", "batch", "--json")
            assert code == 0, said
            index = int(json.loads(said.splitlines()[-1])["value"])
            await rollup.wait_final(entries=index + 1)
            code, told = await ask(rollup, *accuse)
            assert code == 0
            [broken] = told["broken"]
            assert int(broken["height"]) == denied
            assert broken["kind"] in {"CONTRADICTED", "WITHHELD"}  # the empty block has a height
            assert int(told["paid_gwei"]) == BOND_GWEI - BOND_GWEI // 2
            assert await bonded(rollup) == 0
        finally:
            await rollup.close()

    asyncio.run(story())
