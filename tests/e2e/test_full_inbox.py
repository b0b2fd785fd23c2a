"""Somebody queues many blocks of pokes ahead of an exit, and nobody sequences any more.

Real processes: a follower that keeps the chain alive empties the inbox in one go, where an
entry in each silence would take many silences.
"""

import asyncio
from pathlib import Path

import pytest

from node.l1.adapter import GrpcL1
from prover.contract.calls import ForcePoke
from prover.contract.reach import overdue_ms_max
from statemachine.identity.signing import address_of
from tests.e2e.processes import Rollup, deployment, until
from tests.worlds import trader_key

pytestmark = pytest.mark.e2e

LEAVER = 0
ITEMS_MAX, BLOCKS = 4, 12
DEADLINE_MS, RECEIPT_MS, LIVENESS_MS = 60_000, 100_000, 200_000
"""Of L1's clock, which is moved: no silence passes by itself."""


async def crowd(rollup: Rollup) -> None:
    """Queue as many pokes as so many blocks take."""
    owner = address_of(trader_key(LEAVER))
    pokers = [GrpcL1(rollup.address("l1"), bytes([number]) * 32) for number in range(1, 9)]
    for poker in pokers:
        await rollup.give(poker.address, 0)

    async def poke(poker: GrpcL1) -> None:
        for _ in range(ITEMS_MAX * BLOCKS // len(pokers)):
            assert (await poker.send(ForcePoke(owner, 0))).ok

    await asyncio.gather(*(poke(poker) for poker in pokers))
    for poker in pokers:
        await poker.close()


async def log_count(rollup: Rollup) -> int:
    """Return how many entries L1's log has."""
    l1, index = GrpcL1(rollup.address("l1")), 0
    while page := await l1.log_entries(index):
        index = page[-1].index + 1
    await l1.close()
    return index


@pytest.mark.timeout(240)
def test_an_exit_behind_a_full_inbox_takes_one_silence(tmp_path: Path) -> None:
    async def story() -> None:
        contract = deployment(
            inbox_deadline_ms=DEADLINE_MS,
            receipt_deadline_ms=RECEIPT_MS,
            liveness_ms_max=LIVENESS_MS,
            exchange={"inbox_items_max": ITEMS_MAX},
        )
        rollup = Rollup(tmp_path, contract)
        try:
            rollup.start("l1", "sequencer", "poster")
            rollup.start("follower", extra=("--follower.keep-alive", "true"))
            await rollup.fund(1)

            async def derived() -> bool:
                return (await rollup.status(rollup.follower)).safe_head.height > 0

            await until(derived)
            rollup.kill("sequencer")
            rollup.kill("poster")
            before = await log_count(rollup)
            await crowd(rollup)
            async with rollup.client(LEAVER, "follower") as client:
                await client.force_withdraw("10", wait_s=0)
                await rollup.warp(DEADLINE_MS + overdue_ms_max(contract))

                async def is_out() -> bool:
                    return len(await client.withdrawals()) == 1

                await until(is_out)
            made = await log_count(rollup) - before
            assert BLOCKS < made <= BLOCKS + 2, "an entry for each block of items, no more"
        finally:
            await rollup.close()

    asyncio.run(story())
