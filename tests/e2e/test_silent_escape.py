"""Owners freeze an exchange by its sequencer's silence, and get out by the command line.

Real processes.  One sequencer is dead; the other one lives, answers, ignores whom it
likes, names nothing of the inbox, and has junk put into L1's log, so that this is never
silent.  Both look the same to the contract: no frame was valid for too long.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from node.l1.adapter import GrpcL1
from prover.contract.codes import ContractCode
from prover.contract.records import FreezeReason
from sextant.client.api import AsyncClient
from sextant.client.l1 import L1Client
from sextant.client.secret import Secret
from sextant.errors import Refused
from tests.e2e.processes import (
    FUNDS,
    POSTER_KEY,
    Rollup,
    deployment,
    until,
)
from tests.worlds import USDC, trader_address, trader_key

pytestmark = pytest.mark.e2e

KEEPER, LEAVER = 0, 1
RECEIPT_MS, LIVENESS_MS, FREEZE_MS, ESCAPE_MS = 20_000, 30_000, 60_000, 60_000
JUNK = b"\x01\x00\x01junk"
STEP_MS = LIVENESS_MS - 10_000


async def run(rollup: Rollup, trader: int, *words: str) -> dict[str, Any]:
    """Run a command to its good end; return what it prints."""
    code, said = await rollup.command(trader, *words, "--json")
    assert code == 0, said
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


async def settle_in(rollup: Rollup) -> None:
    """Sequence something, and wait until a claim that has the deposits is final."""
    await rollup.say_prices()
    height = (await rollup.status()).unsafe_head.height
    await rollup.wait_final(height=height)


async def turn_hostile(rollup: Rollup) -> None:
    """Have the sequencer ignore the leaver and the inbox, and post nothing of its own."""
    rollup.kill("poster")
    await rollup.censor(trader_address(LEAVER))
    key = Secret(trader_key(LEAVER))
    async with AsyncClient(rollup.address("grpc"), key=key, timeout=1.0) as leaver:
        with pytest.raises(Refused, match="told to ignore"):
            await leaver.withdraw("1")


async def post_junk(rollup: Rollup) -> ContractCode:
    """Have bytes that are no frame appended; return what L1 says."""
    l1 = GrpcL1(rollup.address("l1"), POSTER_KEY)
    index = 0
    while page := await l1.log_entries(index):
        index = page[-1].index + 1
    receipt = await l1.append(index, JUNK)
    await l1.close()
    return receipt.code


async def leave_through_junk(rollup: Rollup) -> None:
    """Withdraw by force: junk makes blocks too, and those take what is overdue."""
    async with rollup.client(LEAVER, "follower") as client:
        await client.force_withdraw(wait_s=0)
        await rollup.warp(rollup.rules.inbox_deadline_ms)
        assert await post_junk(rollup) is ContractCode.OK

        async def is_paid() -> bool:
            try:
                [withdrawal] = await client.withdrawals()
                await client.claim_withdrawal(withdrawal.index)
            except (Refused, ValueError):
                return False
            return True

        await until(is_paid)
    async with L1Client(rollup.address("l1")) as l1:
        assert (await l1.account(trader_address(LEAVER))).usdc * USDC == FUNDS


async def wait_out(rollup: Rollup, *, is_hostile: bool) -> None:
    """Let as much time pass as it takes, in steps that never leave a hostile log silent."""
    code, said = await rollup.command(KEEPER, "escape", "freeze")
    assert code == 1, said
    assert "FREEZE_EARLY" in said
    for _ in range((LIVENESS_MS + FREEZE_MS) // STEP_MS + 1):
        if is_hostile:
            assert await post_junk(rollup) is ContractCode.OK
        await rollup.warp(STEP_MS)
    if is_hostile:
        code, said = await rollup.command(KEEPER, "force", "batch")
        assert code == 1, said
        assert "SEQUENCER_ALIVE" in said


async def escape(rollup: Rollup) -> None:
    """Freeze, register, and be paid, by the command line."""
    frozen = await run(rollup, KEEPER, "escape", "freeze")
    assert int(frozen["l1"][0]["value"]) == FreezeReason.SILENCE
    await rollup.warp(rollup.contract.window_ms)
    async with L1Client(rollup.address("l1")) as l1:

        async def is_settled() -> bool:
            return not (await l1.escape()).claims_pending

        await until(is_settled)
        await run(rollup, KEEPER, "escape", "register")
        await rollup.warp(ESCAPE_MS)
        await run(rollup, KEEPER, "escape", "pay")
        assert (await l1.account(trader_address(KEEPER))).usdc * USDC == FUNDS


@pytest.mark.timeout(240)
@pytest.mark.parametrize("is_hostile", [False, True], ids=["dead", "hostile"])
def test_silence_freezes_and_owners_get_out(tmp_path: Path, *, is_hostile: bool) -> None:
    async def story() -> None:
        contract = deployment(
            inbox_deadline_ms=5_000,
            receipt_deadline_ms=RECEIPT_MS,
            liveness_ms_max=LIVENESS_MS,
            freeze_ms=FREEZE_MS,
            escape_ms=ESCAPE_MS,
        )
        rollup = Rollup(tmp_path, contract)
        try:
            rollup.start("l1", "sequencer", "poster")
            rollup.start("follower", extra=("--follower.patience-ms", "1000"))
            await rollup.fund(2)
            await settle_in(rollup)
            if is_hostile:
                await turn_hostile(rollup)
                await leave_through_junk(rollup)
            else:
                rollup.kill("sequencer")
                rollup.kill("poster")
            await wait_out(rollup, is_hostile=is_hostile)
            await escape(rollup)
            assert await post_junk(rollup) is ContractCode.FROZEN
            if is_hostile:
                assert (await rollup.status()).unsafe_head.height, "it lives, and answers"
        finally:
            await rollup.close()

    asyncio.run(story())
