"""The sequencer dies for good: its owners freeze the exchange and get out, by their own hands.

Real processes; from the kill on only the L1 and a follower are left.
"""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from node.l1.adapter import GrpcL1
from sextant.client.escape import Escape
from sextant.errors import Rejected, Unreachable
from tests.e2e.processes import (
    BANK_KEY,
    PRICE,
    Rollup,
    deployment,
    until,
)
from tests.worlds import USDC, trader_address

pytestmark = pytest.mark.e2e

FREEZE_MS, ESCAPE_MS = 120_000, 60_000
MAKER, DEBTOR, LATE = 0, 1, 2
FALLEN = PRICE * 88 // 100
LATE_MICROS = 7 * USDC


async def trade(rollup: Rollup) -> None:
    """Let the debtor lose more than he has, to the maker, who has a part of a vault too."""
    async with rollup.client(MAKER) as maker, rollup.client(DEBTOR) as debtor:
        await maker.deposit_vault("M0", "10000")
        await maker.place("M0", "sell", "200", limit="60000")
        await debtor.place("M0", "buy", "200", limit="60000")
        await rollup.say_prices(PRICE * 95 // 100)
        await rollup.say_prices(FALLEN)
        height = (await maker.status()).unsafe.height

    await rollup.wait_final(height=height)


async def leave(rollup: Rollup) -> None:
    """Freeze, register, be paid; every amount to the unit."""
    async with rollup.client(MAKER) as maker, Escape(maker) as escape:
        with pytest.raises(Unreachable):
            await maker.status()

        async def is_settled() -> bool:
            return not (await escape.status()).claims_pending

        await until(is_settled)
        with pytest.raises(Rejected, match="FREEZE_EARLY"):
            await escape.freeze()
        await rollup.warp(rollup.rules.inbox_deadline_ms + FREEZE_MS)
        assert (await escape.freeze()).value == 1
        with pytest.raises(Rejected, match="FROZEN"):
            await escape.freeze()
        await rollup.warp(rollup.contract.window_ms)

        mine = {claim.kind: claim.usdc for claim in await escape.register()}
        assert set(mine) == {"portfolio", "vault share"}
        assert mine["vault share"] == 10_000
        owed = await escape.register_debts()
        assert [(claim.owner, claim.usdc < 0) for claim in owed] == [(trader_address(DEBTOR), True)]
        assert await escape.register() == []
        late = await escape.refund(trader_address(LATE))
        assert [receipt.value for receipt in late] == [LATE_MICROS]
        with pytest.raises(Rejected, match="WINDOW_OPEN"):
            await escape.pay()

    async with rollup.client(LATE) as other, Escape(other) as escape:
        assert [claim.kind for claim in await escape.register()] == ["portfolio"]
        await rollup.warp(ESCAPE_MS)
        await pay_exactly(rollup, escape)


async def pay_exactly(rollup: Rollup, escape: Escape) -> None:
    """Pay both who are owed something, and nobody else."""
    l1 = escape.l1
    before = {trader: (await l1.account(trader_address(trader))).usdc for trader in (MAKER, LATE)}
    for trader in (LATE, MAKER):
        await escape.pay(trader_address(trader))
        with pytest.raises(Rejected, match="PAID_OUT"):
            await escape.pay(trader_address(trader))
    with pytest.raises(Rejected, match="NO_CLAIM"):
        await escape.pay(trader_address(DEBTOR))
    found = await l1.escape()
    whole = max(found.claims_micros, found.held_micros)
    assert found.claims_micros > found.held_micros, "the debtor's loss is everybody's"
    pots = {pot.asset: pot.amount for pot in found.pots}
    paid = 0
    for trader in (MAKER, LATE):
        net = (await l1.escape(trader_address(trader))).owed.equity_micros
        part = net * pots[0] // whole
        assert (await l1.account(trader_address(trader))).usdc - before[trader] == Decimal(
            part
        ) / USDC
        paid += part
    watch = GrpcL1(rollup.address("l1"))
    totals = await watch.totals()
    await watch.close()
    assert totals.token_escrowed_micros == pots[0] - paid < 2


def test_owners_get_out_of_an_exchange_whose_sequencer_is_dead(tmp_path: Path) -> None:
    async def story() -> None:
        rollup = Rollup(tmp_path, deployment(freeze_ms=FREEZE_MS, escape_ms=ESCAPE_MS))
        try:
            rollup.start("l1", "sequencer", "poster", "follower")
            await rollup.fund(3)
            await rollup.say_prices(PRICE)
            await trade(rollup)
            rollup.kill("sequencer")
            rollup.kill("poster")
            bank = GrpcL1(rollup.address("l1"), BANK_KEY)
            await bank.deposit(trader_address(LATE), 0, LATE_MICROS)
            await bank.close()
            await leave(rollup)
        finally:
            await rollup.close()

    asyncio.run(story())
