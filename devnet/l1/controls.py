"""The stub's controls: mine, warp, mint, re-org.  They move the world; loopback only."""

from typing import Any, Final, final

import grpc
import grpc.aio

from devnet.l1.boundary import refuse
from devnet.l1.host import WARP_MS_MAX, wall_clock
from devnet.l1.service import L1Service
from node.l1.wire import block_to_message
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.bank import can_mint, can_mint_asset

BLOCKS_MAX: Final = 1_000
FAUCET_GWEI_MAX: Final = 10**15
FAUCET_MICROS_MAX: Final = 10**15
FAUCET_UNITS_MAX: Final = 10**15
GAS_PRICE_MAX: Final = 10**12
HOLD_BLOCKS_MAX: Final = 1_000_000

Context = grpc.aio.ServicerContext[Any, Any]


@final
class L1DevService(l1_pb2_grpc.L1DevServicer):
    """Steers a running stub; shares the public service's answers."""

    def __init__(self, service: L1Service) -> None:
        self.service = service
        self.host = service.host

    async def Mine(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1MineRequest, context: Context
    ) -> l1_pb2.L1MineResponse:
        """Make blocks now."""
        await check_limit(context, "blocks", request.blocks, BLOCKS_MAX)
        for _ in range(max(request.blocks, 1)):
            self.host.mine()
        return l1_pb2.L1MineResponse(latest=block_to_message(self.host.chain.latest))

    async def Warp(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1WarpRequest, context: Context
    ) -> l1_pb2.L1WarpResponse:
        """Move the clock forward and make a block there."""
        await check_limit(context, "forward_ms", request.forward_ms, WARP_MS_MAX)
        self.host.warp(request.forward_ms)
        chain = self.host.chain
        return l1_pb2.L1WarpResponse(
            latest=block_to_message(chain.latest), clock_offset_ms=chain.offset_ms
        )

    async def SetMining(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1SetMiningRequest, context: Context
    ) -> l1_pb2.L1SetMiningResponse:
        """Make blocks by the clock, or only when asked."""
        del context
        self.host.set_mining(mining=request.mining)
        return l1_pb2.L1SetMiningResponse(mining=self.host.mining)

    async def Faucet(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1FaucetRequest, context: Context
    ) -> l1_pb2.L1Account:
        """Mint, and make the block that holds it."""
        if len(request.address) != 20:
            await refuse_argument(context, "address: need 20 bytes")
        await check_limit(context, "eth_gwei", request.eth_gwei, FAUCET_GWEI_MAX)
        await check_limit(context, "token_micros", request.token_micros, FAUCET_MICROS_MAX)
        if not can_mint(self.service.state, request.eth_gwei, request.token_micros):
            await refuse_argument(context, "the faucet is dry")
        asset, units = request.asset, request.asset_units
        await check_limit(context, "asset_units", units, FAUCET_UNITS_MAX)
        if asset or units:
            if asset not in {rules.asset for rules in self.service.rules.rules.assets}:
                await refuse_argument(context, f"asset {asset} is not one of the exchange's")
            if not can_mint_asset(self.service.state, asset, units):
                await refuse_argument(context, "the faucet is dry")
        self.host.chain.mint(request.address, request.eth_gwei, request.token_micros, asset, units)
        self.host.mine()
        return self.service.account_message(request.address)

    async def SetGasPrice(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1SetGasPriceRequest, context: Context
    ) -> l1_pb2.L1SetGasPriceResponse:
        """Set the base fee of the next block, and of some after it."""
        await check_limit(context, "gas_price", request.gas_price, GAS_PRICE_MAX)
        await check_limit(context, "hold_blocks", request.hold_blocks, HOLD_BLOCKS_MAX)
        chain = self.host.chain
        chain.set_base_fee(request.gas_price, request.hold_blocks)
        self.host.save_controls()
        return l1_pb2.L1SetGasPriceResponse(
            gas_price=chain.gas_price, hold_blocks=chain.hold_blocks
        )

    async def Reorg(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1ReorgRequest, context: Context
    ) -> l1_pb2.L1ReorgResponse:
        """Take blocks back, and make others in their place."""
        fork = self.host.chain.latest.number - request.depth
        try:
            mined = self.host.reorg(request.depth, drop=request.drop_calls)
        except ValueError as error:
            await refuse_argument(context, str(error))
        return l1_pb2.L1ReorgResponse(latest=block_to_message(mined.block), fork_block=fork)

    async def SetMempool(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1SetMempoolRequest, context: Context
    ) -> l1_pb2.L1SetMempoolResponse:
        """Keep calls out of the next blocks, or forget those that wait."""
        await check_limit(context, "delay_blocks", request.delay_blocks, BLOCKS_MAX)
        chain = self.host.chain
        dropped = len(chain.drop_calls()) if request.drop_calls else 0
        chain.delay_blocks = request.delay_blocks
        return l1_pb2.L1SetMempoolResponse(dropped_calls=dropped)

    async def Prune(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1PruneRequest, context: Context
    ) -> l1_pb2.L1PruneResponse:
        """Drop the bytes of old log entries."""
        del context
        return l1_pb2.L1PruneResponse(entries=self.host.prune(request.before_index))

    async def SetClock(  # noqa: N802  the wire names it
        self, request: l1_pb2.L1SetClockRequest, context: Context
    ) -> l1_pb2.L1SetClockResponse:
        """Stop the clock, so that only warping moves it, or let it run on."""
        del context
        self.host.set_clock(stopped=request.stopped)
        chain = self.host.chain
        return l1_pb2.L1SetClockResponse(
            clock_ms=chain.clock(wall_clock()), stopped=chain.stopped_ms > 0
        )


async def check_limit(context: Context, name: str, value: int, limit: int) -> None:
    """Refuse a value above its limit."""
    if value > limit:
        await refuse_argument(context, f"{name}: {value} is above the limit of {limit}")


async def refuse_argument(context: Context, message: str) -> None:
    """Refuse an argument."""
    await refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID", message)
