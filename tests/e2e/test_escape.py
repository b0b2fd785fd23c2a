"""The sequencer dies for good: its owners freeze the exchange and get out, by their own hands.

Real processes; from the kill on only the L1 and a follower are left.
"""

import asyncio
from decimal import Decimal
from pathlib import Path

import grpc.aio
import pytest

from node.l1.adapter import GrpcL1
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc, sequencer_pb2
from sextant.client.api import AsyncClient
from sextant.client.escape import Escape
from sextant.client.keys import Secret, parse_key
from sextant.client.l1 import L1Client
from sextant.errors import Refused, Rejected, Unreachable
from statemachine.identity.signing import address_of
from tests.e2e.processes import (
    ASK_SECONDS,
    BANK_KEY,
    PRICE,
    WAIT_SECONDS,
    Rollup,
    deployment,
    patiently,
    until,
)
from tests.worlds import USDC, trader_key

pytestmark = pytest.mark.e2e

FREEZE_MS, ESCAPE_MS = 120_000, 60_000
MAKER, DEBTOR, LATE = 0, 1, 2
FALLEN = PRICE * 88 // 100
LATE_MICROS = 7 * USDC


def key_of(trader: int) -> Secret:
    return parse_key(trader_key(trader).hex())


def owner(trader: int) -> bytes:
    return address_of(trader_key(trader))


async def warp(rollup: Rollup, forward_ms: int) -> None:
    async with grpc.aio.insecure_channel(rollup.address("l1_dev")) as channel:
        dev = l1_pb2_grpc.L1DevStub(channel)
        await dev.Warp(l1_pb2.L1WarpRequest(forward_ms=forward_ms), timeout=WAIT_SECONDS)


async def say_price(rollup: Rollup, price: int) -> None:
    request = sequencer_pb2.SubmitBatchRequest(transactions=await rollup.prices(price))
    await patiently(lambda: rollup.sequencer.SubmitBatch(request, timeout=ASK_SECONDS))


def client_of(rollup: Rollup, trader: int) -> AsyncClient:
    return AsyncClient(
        rollup.address("grpc"),
        key=key_of(trader),
        l1=rollup.address("l1"),
        follower=rollup.address("follower"),
    )


async def trade(rollup: Rollup) -> None:
    """Let the debtor lose more than he has, to the maker, who has a part of a vault too."""
    async with client_of(rollup, MAKER) as maker, client_of(rollup, DEBTOR) as debtor:
        await maker.deposit_vault("M0", "10000")
        await maker.place("M0", "sell", "200", limit="60000")
        await debtor.place("M0", "buy", "200", limit="60000")
        await say_price(rollup, PRICE * 95 // 100)
        await say_price(rollup, FALLEN)
        height = (await maker.status()).unsafe.height

    async with L1Client(rollup.address("l1")) as l1:

        async def is_final() -> bool:
            try:
                return (await l1.final_claim()).height >= height
            except Refused:
                return False

        await until(is_final)


async def leave(rollup: Rollup) -> None:
    """Freeze, register, be paid; every amount to the unit."""
    async with client_of(rollup, MAKER) as maker, Escape(maker) as escape:
        with pytest.raises(Unreachable):
            await maker.status()

        async def is_settled() -> bool:
            return not (await escape.status()).claims_pending

        await until(is_settled)
        with pytest.raises(Rejected, match="FREEZE_EARLY"):
            await escape.freeze()
        await warp(rollup, rollup.rules.inbox_deadline_ms + FREEZE_MS)
        assert (await escape.freeze()).value == 1
        with pytest.raises(Rejected, match="FROZEN"):
            await escape.freeze()
        await warp(rollup, rollup.contract.window_ms)

        mine = {claim.kind: claim.usdc for claim in await escape.register()}
        assert set(mine) == {"portfolio", "vault share"}
        assert mine["vault share"] == 10_000
        owed = await escape.register_debts()
        assert [(claim.owner, claim.usdc < 0) for claim in owed] == [(owner(DEBTOR), True)]
        assert await escape.register() == []
        late = await escape.refund(owner(LATE))
        assert [receipt.value for receipt in late] == [LATE_MICROS]
        with pytest.raises(Rejected, match="WINDOW_OPEN"):
            await escape.pay()

    async with client_of(rollup, LATE) as other, Escape(other) as escape:
        assert [claim.kind for claim in await escape.register()] == ["portfolio"]
        await warp(rollup, ESCAPE_MS)
        await pay_exactly(rollup, escape)


async def pay_exactly(rollup: Rollup, escape: Escape) -> None:
    """Pay both who are owed something, and nobody else."""
    l1 = escape.l1
    before = {trader: (await l1.account(owner(trader))).usdc for trader in (MAKER, LATE)}
    for trader in (LATE, MAKER):
        await escape.pay(owner(trader))
        with pytest.raises(Rejected, match="PAID_OUT"):
            await escape.pay(owner(trader))
    with pytest.raises(Rejected, match="NO_CLAIM"):
        await escape.pay(owner(DEBTOR))
    found = await l1.escape()
    whole = max(found.claims_micros, found.held_micros)
    assert found.claims_micros > found.held_micros, "the debtor's loss is everybody's"
    pots = {pot.asset: pot.amount for pot in found.pots}
    paid = 0
    for trader in (MAKER, LATE):
        net = (await l1.escape(owner(trader))).owed.equity_micros
        part = net * pots[0] // whole
        assert (await l1.account(owner(trader))).usdc - before[trader] == Decimal(part) / USDC
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
            await say_price(rollup, PRICE)
            await trade(rollup)
            rollup.kill("sequencer")
            rollup.kill("poster")
            bank = GrpcL1(rollup.address("l1"), BANK_KEY)
            await bank.deposit(owner(LATE), 0, LATE_MICROS)
            await bank.close()
            await leave(rollup)
        finally:
            await rollup.close()

    asyncio.run(story())
