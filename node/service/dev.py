"""The ``Dev`` service: what a developer may do to a devnet, on a port of its own."""

from typing import Any, Final, final

from node.ledger import feed
from node.service.errors import Refused
from proto.sextant.v1 import dev_pb2, dev_pb2_grpc

Context = Any  # grpc.aio.ServicerContext of any request and answer

CORRUPTIONS: Final = {
    dev_pb2.CORRUPTION_UNSPECIFIED: "segment-root",
    dev_pb2.CORRUPTION_SEGMENT_ROOT: "segment-root",
    dev_pb2.CORRUPTION_TRACE_LENGTH: "trace-length",
    dev_pb2.CORRUPTION_WRONG_START: "wrong-start",
}
MARKETS_MAX: Final = 65_535
ADDRESS_BYTES: Final = 20


@final
class DevService(dev_pb2_grpc.DevServicer):
    """Controls of one process, and the prices that the devnet's publishers ask for.

    Parameters
    ----------
    controls
        The process; ``None`` if it has nothing to control.
    """

    def __init__(self, controls: feed.Controls | None) -> None:
        self.controls = controls
        self.prices: dict[int, int] = {}
        self.paused = False

    async def CorruptNextClaim(  # noqa: N802 - the name of the RPC
        self, request: dev_pb2.CorruptNextClaimRequest, _context: Context
    ) -> dev_pb2.CorruptNextClaimResponse:
        """Make the next claim wrong."""
        corruption = CORRUPTIONS.get(request.corruption)
        if corruption is None:
            raise Refused("ARGUMENT_INVALID", f"there is no corruption {request.corruption}")
        segment = request.segment if request.HasField("segment") else None
        log_index = self.need_controls().corrupt_next_claim(corruption, segment)
        return dev_pb2.CorruptNextClaimResponse(log_index=log_index)

    async def SetPrice(  # noqa: N802 - the name of the RPC
        self, request: dev_pb2.SetPriceRequest, _context: Context
    ) -> dev_pb2.SetPriceResponse:
        """Hold a market's price, or release it."""
        if request.market > MARKETS_MAX:
            raise Refused("ARGUMENT_INVALID", f"there is no market {request.market}")
        if request.price:
            self.prices[request.market] = request.price
        else:
            self.prices.pop(request.market, None)
        return dev_pb2.SetPriceResponse()

    async def GetPrices(  # noqa: N802 - the name of the RPC
        self, _request: dev_pb2.GetPricesRequest, _context: Context
    ) -> dev_pb2.PricesResponse:
        """Return the prices that are held."""
        return dev_pb2.PricesResponse(prices=self.prices)

    async def Pause(  # noqa: N802 - the name of the RPC
        self, request: dev_pb2.PauseRequest, _context: Context
    ) -> dev_pb2.PauseResponse:
        """Stop or resume the making of blocks."""
        controls = self.need_controls()
        if request.paused:
            await controls.hold()
        else:
            await controls.resume()
        self.paused = request.paused
        return dev_pb2.PauseResponse(paused=self.paused)

    async def MakeBlock(  # noqa: N802 - the name of the RPC
        self, request: dev_pb2.MakeBlockRequest, _context: Context
    ) -> dev_pb2.MakeBlockResponse:
        """Make the next block at a time of the caller's choice."""
        controls = self.need_controls()
        head = await controls.make_block_at(request.time_ms, request.submitted)
        if head is None:
            raise Refused(
                "NOT_READY",
                f"no block can be made by hand at {request.time_ms} ms: the node makes blocks "
                "by itself (start it with dev.manual, or pause it), or L1 is not final then",
            )
        return dev_pb2.MakeBlockResponse(
            height=head.height, time_ms=head.time, waiting=controls.waiting
        )

    async def Censor(  # noqa: N802 - the name of the RPC
        self, request: dev_pb2.CensorRequest, _context: Context
    ) -> dev_pb2.CensorResponse:
        """Ignore some owners, or the inbox."""
        addresses = frozenset(request.addresses)
        if any(len(address) != ADDRESS_BYTES for address in addresses):
            raise Refused("ARGUMENT_INVALID", f"an address has {ADDRESS_BYTES} bytes")
        self.need_controls().censor(addresses, inbox=request.inbox)
        return dev_pb2.CensorResponse()

    def need_controls(self) -> feed.Controls:
        """Return what can be controlled here, or refuse."""
        if self.controls is None:
            raise Refused("NOT_FOUND", "this process has nothing to control")
        return self.controls
