"""The sequencer is gone, the chain is not: exits happen, and it comes back behind them.

Real processes; what was forced on L1 is put into blocks by whoever asks for it, once
by hand and once by a follower that keeps the chain alive.
"""

import asyncio
from pathlib import Path

import grpc.aio
import pytest

from proto.sextant.v1 import query_pb2, sequencer_pb2, stream_pb2, stream_pb2_grpc
from sextant.client.api import AsyncClient
from sextant.client.l1 import L1Client
from sextant.client.secret import Secret
from sextant.errors import Refused
from statemachine.actions import Withdraw
from statemachine.identity.signing import address_of, sign_action
from statemachine.units import Micros
from tests.e2e.processes import (
    ASK_SECONDS,
    FUNDS,
    WAIT_SECONDS,
    Rollup,
    deployment,
    patiently,
    until,
)
from tests.worlds import PUBLISHER_KEYS, USDC, trader_key

pytestmark = pytest.mark.e2e

LEAVER, OTHER = 0, 1
DEADLINE_MS, RECEIPT_MS, LIVENESS_MS, FRESH_MS = 4_000, 7_000, 8_000, 10_000


async def trade(rollup: Rollup) -> None:
    """Give the leaver a position."""
    await rollup.say_prices()
    for trader, side in ((OTHER, "sell"), (LEAVER, "buy")):
        async with rollup.client(trader) as client:
            await client.place("M0", side, "2", limit="60000")


async def say_prices(rollup: Rollup) -> None:
    """Let as many publishers as are needed say a price on L1."""
    for key in PUBLISHER_KEYS[:2]:
        async with AsyncClient(
            rollup.address("follower"), key=Secret(key), l1=rollup.address("l1")
        ) as publisher:
            await publisher.force_oracle("M0", "61000", wait_s=0)


async def leave(rollup: Rollup, *, by_hand: bool) -> None:
    """Close, withdraw all without a sequencer, and be paid."""
    async with rollup.client(LEAVER, "follower") as client:
        code, said = await rollup.command(LEAVER, "force", "cancel-all", "--no-wait")
        assert code == 0, said
        await say_prices(rollup)
        await client.force_close("M0", wait_s=0)
        waiting = asyncio.create_task(client.force_withdraw(wait_s=WAIT_SECONDS))
        if by_hand:

            async def taken() -> bool:
                return (await rollup.command(OTHER, "force", "batch"))[0] == 0

            while not waiting.done():
                await until(taken)
                await asyncio.wait({waiting}, timeout=1)
        await waiting
        (withdrawal,) = await client.withdrawals()
        assert withdrawal.amount * USDC > FUNDS, "it gained"
        account = await client.account()
        assert not [one for one in account.portfolios if one.positions or one.balance]

        async def paid() -> bool:
            try:
                await client.claim_withdrawal(withdrawal.index)
            except Refused:
                return False
            return True

        await until(paid)
    async with L1Client(rollup.address("l1")) as l1:
        held = await l1.account(address_of(trader_key(LEAVER)))
        assert held.usdc == withdrawal.amount


async def roots_of(target: str, height: int) -> list[bytes]:
    """Return the roots of a block, by a node."""
    async with grpc.aio.insecure_channel(target) as channel:
        request = stream_pb2.BlocksRequest(from_height=height, with_roots=True)
        async for update in stream_pb2_grpc.StreamStub(channel).Blocks(request):
            if update.HasField("roots") and update.roots.height == height:
                return list(update.roots.segment_roots)
    raise AssertionError("the stream ended")


async def go_on(rollup: Rollup) -> None:
    """Let the sequencer come back; it goes on at the root that the log has."""
    behind = (await rollup.status(rollup.follower)).safe_head.height
    rollup.start("sequencer")
    nonce = (await rollup.clock() + 5) << 10
    action = Withdraw(0, Micros(5 * USDC))
    data = sign_action(rollup.domain, trader_key(OTHER), action, nonce).data

    async def sequenced() -> bool:
        request = sequencer_pb2.SubmitBatchRequest(transactions=[data])
        try:
            answer = await rollup.sequencer.SubmitBatch(request, timeout=ASK_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return not answer.refusals

    await until(sequenced)
    request = query_pb2.GetWithdrawalsRequest(owner=address_of(trader_key(OTHER)))

    async def derived() -> bool:
        ask = rollup.follower.GetWithdrawals
        return bool((await patiently(lambda: ask(request, timeout=ASK_SECONDS))).withdrawals)

    await until(derived)
    last = (await rollup.status(rollup.follower)).safe_head.height
    assert last > behind
    for height in (behind, last):
        ours = await roots_of(rollup.address("grpc"), height)
        assert ours == await roots_of(rollup.address("follower"), height)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "kept alive"])
def test_an_exit_happens_without_a_sequencer_which_then_comes_back(
    tmp_path: Path, *, by_hand: bool
) -> None:
    async def story() -> None:
        contract = deployment(
            inbox_deadline_ms=DEADLINE_MS,
            receipt_deadline_ms=RECEIPT_MS,
            liveness_ms_max=LIVENESS_MS,
            oracle_age_ms_max=FRESH_MS,
        )
        rollup = Rollup(tmp_path, contract)
        try:
            rollup.start("l1", "sequencer", "poster")
            extra = () if by_hand else ("--follower.keep-alive", "true")
            rollup.start("follower", extra=extra)
            await rollup.fund(2)
            await trade(rollup)
            seen = (await rollup.status()).unsafe_head.height

            async def posted() -> bool:
                return (await rollup.status(rollup.follower)).safe_head.height >= seen

            await until(posted)

            async def refused() -> bool:
                code, said = await rollup.command(OTHER, "force", "batch")
                return code == 1 and "SEQUENCER_ALIVE" in said

            await until(refused)  # a busy machine may be silent for a moment
            rollup.kill("sequencer")
            await leave(rollup, by_hand=by_hand)
            await go_on(rollup)
            assert rollup.processes["poster"].poll() is None, "the poster has lived through it"
        finally:
            await rollup.close()

    asyncio.run(story())
