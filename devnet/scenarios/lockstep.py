"""An exchange whose time is ours: L1's clock stands, and blocks are made when we say so.

L1 moves by warping alone, some steps ahead, and makes a block for each call; the
sequencer runs with ``dev.manual``, and makes one block per step, of exactly what was
submitted for it.  So nothing depends on how fast this machine is, and the same run
gives the same blocks.  The poster and L1 have their usual work: blocks are in L1's
log long before their deadline.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any, Final, final

import grpc
import grpc.aio

from devnet.funds import USER_GWEI, fund_operators
from devnet.genesis import devnet_rules
from devnet.health import wait_serving
from devnet.identities import Identity
from devnet.layout import Layout
from devnet.supervisor import read_state
from node.l1.wire import call_to_message
from proto.sextant.v1 import (
    common_pb2,
    dev_pb2,
    dev_pb2_grpc,
    l1_pb2,
    l1_pb2_grpc,
    query_pb2,
    sequencer_pb2,
)
from prover.contract.calls import Deposit, sign_call
from prover.contract.fees import FeePolicy, first_bid
from sextant.client.api import AsyncClient
from sextant.errors import ClientError, Unreachable

EPOCH_MS: Final = 2_524_608_000_000
"""2050-01-01T00:00:00Z: where every run begins, so that hours and days fall alike."""
WARP_MS_MAX: Final = 5 * 365 * 86_400_000
AHEAD_PARTS: Final = 5
"""Into how many moves of L1 a receipt's deadline is parted.

Halfway to the deadline of a block that is not posted the sequencer makes no more: so the
poster has two moves' time, and a third one finds the block still in time.
"""
FINAL_BLOCKS: Final = 3
CALL_SECONDS_MAX: Final = 60.0
SERVING_SECONDS_MAX: Final = 60.0
POST_SECONDS_MAX: Final = 60.0
POLL_S: Final = 0.05
WAITING: Final = frozenset({common_pb2.REASON_NOT_READY, common_pb2.REASON_QUEUE_FULL})
"""Why a node takes nothing for the moment: L1, or its own roots, are behind."""


async def start_epoch(layout: Layout) -> None:
    """Fund the operators, and take L1 to the epoch, where its clock stops."""
    await fund_operators(layout)
    async with grpc.aio.insecure_channel(layout.address("l1_dev")) as channel:
        stub = l1_pb2_grpc.L1DevStub(channel)
        clock = await stub.SetClock(l1_pb2.L1SetClockRequest(stopped=True))
        now = clock.clock_ms
        if now > EPOCH_MS:
            raise ClientError("CLOCK", f"this machine's clock is past {EPOCH_MS} ms")
        while now < EPOCH_MS:
            forward = min(WARP_MS_MAX, EPOCH_MS - now)
            await stub.Warp(l1_pb2.L1WarpRequest(forward_ms=forward))
            now += forward
        await stub.Mine(l1_pb2.L1MineRequest(blocks=FINAL_BLOCKS))


@final
class Lockstep:
    """The hands on one exchange.

    ``now`` is the chain time of the next block, in ms.
    """

    def __init__(self, layout: Layout, client: AsyncClient) -> None:
        self.layout = layout
        self.client = client
        self.now = EPOCH_MS
        self.l1_now = EPOCH_MS
        self.submitted = 0
        self.ahead_ms = devnet_rules().receipt_deadline_ms // AHEAD_PARTS
        self._l1 = grpc.aio.insecure_channel(layout.address("l1_dev"))
        self._dev = grpc.aio.insecure_channel(layout.address("dev"))
        self._l1_stub = l1_pb2_grpc.L1DevStub(self._l1)
        self._dev_stub = dev_pb2_grpc.DevStub(self._dev)

    async def close(self) -> None:
        """Close the channels."""
        await self._l1.close(None)
        await self._dev.close(None)

    async def advance_l1(self, until: int) -> None:
        """See to it that L1 is final at ``until``, or later."""
        if until <= self.l1_now:
            return
        forward = until - self.l1_now + self.ahead_ms
        await self._ask(self._l1_stub.Warp, l1_pb2.L1WarpRequest(forward_ms=forward))
        await self._ask(self._l1_stub.Mine, l1_pb2.L1MineRequest(blocks=FINAL_BLOCKS))
        self.l1_now += forward

    async def mine(self) -> None:
        """Make what L1 has final."""
        await self._ask(self._l1_stub.Mine, l1_pb2.L1MineRequest(blocks=FINAL_BLOCKS))

    async def step(
        self, forward_ms: int, signed: Sequence[bytes] = ()
    ) -> tuple[sequencer_pb2.BatchOutcome, list[query_pb2.Block]]:
        """Move ``forward_ms`` ahead and make a block there of what was signed.

        More than fits a block goes into the next ones, a millisecond apart.
        """
        self.now += forward_ms
        await self.advance_l1(self.now)
        sending: asyncio.Task[sequencer_pb2.BatchOutcome] | None = None
        if signed:
            self.submitted += len(signed)
            sending = asyncio.create_task(self.submit(signed))
        heights = [await self.make_block()]
        if sending is not None:
            while True:
                # Blocks that take nothing more are not made: what waits is told with each.
                await asyncio.wait({sending}, timeout=0 if self._waiting else CALL_SECONDS_MAX)
                if sending.done():
                    break
                self.now += 1
                heights.append(await self.make_block())
        outcome = sequencer_pb2.BatchOutcome() if sending is None else sending.result()
        return outcome, [await self.block(height) for height in heights]

    async def submit(self, signed: Sequence[bytes]) -> sequencer_pb2.BatchOutcome:
        """Submit a batch, again while the node waits for L1: it takes all of it, or nothing."""
        while True:
            outcome = await self.client.submit_signed(signed)
            reasons = {item.refusal.reason for item in outcome.refusals}
            if not reasons or not reasons <= WAITING:
                return outcome
            await asyncio.sleep(POLL_S)

    async def make_block(self) -> int:
        """Make one block; return its height."""
        request = dev_pb2.MakeBlockRequest(time_ms=self.now, submitted=self.submitted)
        made = await self._ask(self._dev_stub.MakeBlock, request)
        self.now = made.time_ms
        self._waiting = made.waiting
        return int(made.height)

    async def block(self, height: int) -> query_pb2.Block:
        """Return a block with what it was made of."""
        connection = self.client.connection
        request = query_pb2.GetBlockRequest(height=height, with_frame=True)
        block: query_pb2.Block = await connection.call(connection.query.GetBlock, request)
        return block

    async def deposit_all(self, payer: Identity, deposits: Sequence[Deposit]) -> None:
        """Deposit for many out of one purse, which is filled first."""
        totals: dict[int, int] = {0: 0}
        for deposit in deposits:
            totals[deposit.asset] = totals.get(deposit.asset, 0) + deposit.amount
        for asset, total in totals.items():
            request = l1_pb2.L1FaucetRequest(address=payer.address, eth_gwei=USER_GWEI)
            if asset:
                request.asset, request.asset_units = asset, total
            else:
                request.token_micros = total
            await self._ask(self._l1_stub.Faucet, request)
        async with grpc.aio.insecure_channel(self.layout.address("l1")) as channel:
            stub = l1_pb2_grpc.L1Stub(channel)
            deployed = await stub.GetDeployment(l1_pb2.L1GetDeploymentRequest())
            account = await stub.GetAccount(l1_pb2.L1GetAccountRequest(address=payer.address))
            heads = await stub.GetHeads(l1_pb2.L1GetHeadsRequest())
            nonce, bid = account.nonce, first_bid(FeePolicy(), heads.gas_price)
            for deposit in deposits:
                place = deployed.l1_chain_id, deployed.contract
                envelope = sign_call(*place, payer.key, nonce, deposit, bid)
                sent = await stub.SendCall(call_to_message(envelope))
                nonce += 1
            receipt = await stub.AwaitCall(
                l1_pb2.L1AwaitCallRequest(hash=sent.hash), timeout=CALL_SECONDS_MAX
            )
        if receipt.code:
            raise ClientError(receipt.code_name, f"a deposit was refused: {receipt.message}")
        await self.mine()

    async def crash_sequencer(self) -> None:
        """Kill the sequencer, once L1 has all its blocks; its supervisor starts it again."""
        await self.await_posted()
        pid = read_state(self.layout)["processes"]["sequencer"]["pid"]
        os.kill(int(pid), signal.SIGKILL)
        self.submitted = 0

    async def await_serving(self) -> None:
        """Wait until the sequencer serves.

        Raises
        ------
        Unreachable
            It does not.
        """
        if not await wait_serving(self.layout.address("grpc"), SERVING_SECONDS_MAX):
            raise Unreachable("UNREACHABLE", "the sequencer did not come back")

    async def await_posted(self) -> None:
        """Wait until L1's log has every block."""
        until = asyncio.get_running_loop().time() + POST_SECONDS_MAX
        while True:
            status = await self.client.status()
            if status.safe.height >= status.unsafe.height:
                return
            if asyncio.get_running_loop().time() > until:
                raise Unreachable("NOT_POSTED", "blocks do not reach L1; see the poster's log")
            await asyncio.sleep(POLL_S)

    async def _ask(self, method: Any, request: object) -> Any:  # noqa: ANN401 - of any RPC
        try:
            return await method(request, timeout=CALL_SECONDS_MAX, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            details = error.details() or error.code().name
            raise Unreachable("LOCKSTEP", f"the exchange does not follow: {details}") from None
