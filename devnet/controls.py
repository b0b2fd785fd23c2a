"""The developer's controls of a running devnet, as calls to the loopback ports of its processes."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar, final

import grpc
import grpc.aio

from devnet.genesis import devnet_rules
from devnet.layout import Layout
from proto.sextant.v1 import dev_pb2, dev_pb2_grpc, l1_pb2, l1_pb2_grpc
from sextant.client.connection import explain
from sextant.client.environment import starter_of
from sextant.errors import Unreachable

CALL_SECONDS_MAX: Final = 30.0
FINAL_BLOCKS: Final = 3
"""Blocks that bring the stub's tag final up to the present."""
HELD_PARTS: Final = 20
"""A warp of more than 1/20 of the receipt deadline holds the sequencer meanwhile."""
CORRUPTIONS: Final = {
    "segment-root": dev_pb2.CORRUPTION_SEGMENT_ROOT,
    "trace-length": dev_pb2.CORRUPTION_TRACE_LENGTH,
    "wrong-start": dev_pb2.CORRUPTION_WRONG_START,
}
StubT = TypeVar("StubT")


@final
class Controls:
    """One call each; every method raises ``Unreachable`` or ``Refused``."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @asynccontextmanager
    async def _stub(
        self, service: str, build: Callable[[grpc.aio.Channel], StubT]
    ) -> AsyncIterator[StubT]:
        address = self.layout.address(service)
        async with grpc.aio.insecure_channel(address) as channel:
            try:
                yield build(channel)
            except grpc.aio.AioRpcError as error:
                refused = explain(error, target=address, sends=True)
                if refused.code == "UNREACHABLE":
                    start = starter_of(self.layout.address("grpc"))
                    raise Unreachable(
                        "UNREACHABLE",
                        f"nothing answers at {address}",
                        advice=f"is the devnet up? `{start}` starts one",
                    ) from None
                raise refused from None

    async def mine(self, blocks: int) -> int:
        """Make L1 blocks now; return the number of the latest."""
        async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
            request = l1_pb2.L1MineRequest(blocks=blocks)
            answer = await stub.Mine(request, timeout=CALL_SECONDS_MAX)
        return answer.latest.number

    async def reorg(self, depth: int, *, drop: bool) -> tuple[int, int]:
        """Take L1 blocks back; return the numbers of the fork's block and of the latest."""
        async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
            request = l1_pb2.L1ReorgRequest(depth=depth, drop_calls=drop)
            answer = await stub.Reorg(request, timeout=CALL_SECONDS_MAX)
        return answer.fork_block, answer.latest.number

    async def prune(self, before_index: int) -> int:
        """Drop the bytes of final log entries on L1; return of how many."""
        async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
            request = l1_pb2.L1PruneRequest(before_index=before_index)
            answer = await stub.Prune(request, timeout=CALL_SECONDS_MAX)
        return answer.entries

    async def set_mempool(self, delay_blocks: int, *, drop: bool) -> int:
        """Keep calls out of the next L1 blocks; return how many that waited were dropped."""
        async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
            request = l1_pb2.L1SetMempoolRequest(delay_blocks=delay_blocks, drop_calls=drop)
            answer = await stub.SetMempool(request, timeout=CALL_SECONDS_MAX)
        return answer.dropped_calls

    async def set_gas_price(self, gas_price: int, hold_blocks: int = 0) -> int:
        """Set L1's base fee, in gwei per million gas; return it.

        So many blocks leave it there; then it moves with use again.
        """
        async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
            request = l1_pb2.L1SetGasPriceRequest(gas_price=gas_price, hold_blocks=hold_blocks)
            answer = await stub.SetGasPrice(request, timeout=CALL_SECONDS_MAX)
        return answer.gas_price

    async def warp(self, forward_ms: int) -> int:
        """Move L1's clock forward; return its distance from the wall clock in ms.

        Blocks that were made but not posted would become too old for the log, so across a long
        warp the sequencer makes none.  It goes on once L1 is final at the new time: before that,
        no inbox item of then could be known, and blocks would keep the old time.
        """
        is_long = HELD_PARTS * forward_ms > devnet_rules().receipt_deadline_ms
        try:
            if is_long:
                await self.pause(paused=True)
            async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
                request = l1_pb2.L1WarpRequest(forward_ms=forward_ms)
                answer = await stub.Warp(request, timeout=CALL_SECONDS_MAX)
                await stub.Mine(l1_pb2.L1MineRequest(blocks=FINAL_BLOCKS), timeout=CALL_SECONDS_MAX)
        finally:
            if is_long:
                await self.pause(paused=False)
        return answer.clock_offset_ms

    async def faucet(
        self, address: bytes, eth_gwei: int, token_micros: int, asset: int = 0, units: int = 0
    ) -> l1_pb2.L1Account:
        """Give an address ETH, USDC and units of another asset; return what it has then."""
        request = l1_pb2.L1FaucetRequest(
            address=address,
            eth_gwei=eth_gwei,
            token_micros=token_micros,
            asset=asset,
            asset_units=units,
        )
        async with self._stub("l1_dev", l1_pb2_grpc.L1DevStub) as stub:
            return await stub.Faucet(request, timeout=CALL_SECONDS_MAX)

    async def pause(self, *, paused: bool) -> None:
        """Stop the making of blocks, once all that were made are posted, or resume it."""
        async with self._stub("dev", dev_pb2_grpc.DevStub) as stub:
            await stub.Pause(dev_pb2.PauseRequest(paused=paused), timeout=CALL_SECONDS_MAX)

    async def censor(self, addresses: Sequence[bytes], *, inbox: bool) -> None:
        """Have the sequencer ignore owners, or the inbox; nobody, if neither is named."""
        async with self._stub("dev", dev_pb2_grpc.DevStub) as stub:
            request = dev_pb2.CensorRequest(addresses=addresses, inbox=inbox)
            await stub.Censor(request, timeout=CALL_SECONDS_MAX)

    async def corrupt_next_claim(self, kind: str, segment: int | None) -> int | None:
        """Make the poster's next claim wrong; return its log index if it is known."""
        request = dev_pb2.CorruptNextClaimRequest(corruption=CORRUPTIONS[kind], segment=segment)
        async with self._stub("poster_dev", dev_pb2_grpc.DevStub) as stub:
            answer = await stub.CorruptNextClaim(request, timeout=CALL_SECONDS_MAX)
        return answer.log_index if answer.HasField("log_index") else None
