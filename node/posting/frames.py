"""The poster's source: the sequencer's blocks with their roots, over gRPC.

Blocks and roots come as separate updates; a block is handed on once both are
there.  What was handed on and not yet posted waits here, in order.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import grpc
import grpc.aio
import structlog

from node.ledger.blocks import ROOT_BYTES
from proto.sextant.v1 import stream_pb2, stream_pb2_grpc
from prover.outputs import SEGMENTS_MAX
from statemachine.errors import SextantError
from statemachine.frame import FRAME_BYTES_MAX

BLOCKS_AHEAD_MAX: Final = 8_192
RECONNECT_SECONDS: Final = 0.3
OPTIONS: Final = (
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 20_000),
)

LOG = structlog.get_logger("poster")


@final
@dataclass(frozen=True, slots=True)
class RootedFrame:
    """A block of the sequencer: its time (ms), its frame, and the root after each segment."""

    height: int
    time: int
    frame: bytes
    roots: Sequence[bytes]


class StreamSpoilt(SextantError):
    """What the sequencer sends is nothing that could be posted; it is asked again."""


def check_update(update: stream_pb2.BlockUpdate, due: int, frames: int, roots: int) -> None:
    """Refuse what no block or root can be, and more of one than may wait for the other.

    ``due`` is the block to be handed on next, ``frames`` and ``roots`` are how many wait.

    Raises
    ------
    StreamSpoilt
        Memory would grow without end, or a later step would fail over it.
    """
    height, found = update.block.header.height, update.block.frame
    if update.HasField("roots"):
        height, told = update.roots.height, update.roots.segment_roots
        if not told or len(told) > SEGMENTS_MAX or any(len(each) != ROOT_BYTES for each in told):
            raise StreamSpoilt(f"block {height} with {len(told)} roots")
    if len(found) > FRAME_BYTES_MAX:
        raise StreamSpoilt(f"block {height} has {len(found)} bytes")
    if max(frames, roots) >= BLOCKS_AHEAD_MAX:
        raise StreamSpoilt(f"{frames} blocks and {roots} roots wait for those of block {due}")


@final
class FrameSource:
    """Pulls blocks from a sequencer, from a height on, across its restarts."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.channel = grpc.aio.insecure_channel(target, options=list(OPTIONS))
        self.stub = stream_pb2_grpc.StreamStub(self.channel)
        self.ready: deque[RootedFrame] = deque()
        self.arrived = asyncio.Event()
        self.next_height = 1
        self.restart = False
        self.answering = True
        self.stream: (
            grpc.aio.UnaryStreamCall[stream_pb2.BlocksRequest, stream_pb2.BlockUpdate] | None
        ) = None

    async def close(self) -> None:
        """Let go of the connection."""
        await self.channel.close(None)

    def start_over(self, height: int) -> None:
        """Drop what waits, and pull again from ``height``."""
        self.ready.clear()
        self.next_height = height
        self.restart = True
        if self.stream is not None:
            self.stream.cancel()  # a sequencer that waits for us sends nothing more

    async def run(self) -> None:
        """Pull blocks for ever; a broken stream is opened again."""
        while True:
            try:
                await self.pull()
            except StreamSpoilt as error:
                LOG.warning("the sequencer's blocks are no blocks to post", why=str(error))
            except grpc.aio.AioRpcError as error:
                if self.answering:
                    LOG.warning("the sequencer does not answer", code=error.code().name)
                self.answering = False
            await asyncio.sleep(RECONNECT_SECONDS)

    async def pull(self) -> None:
        """Read one stream of blocks until it ends or must start over."""
        self.restart = False
        if self.ready:
            self.next_height = self.ready[-1].height + 1
        request = stream_pb2.BlocksRequest(
            from_height=self.next_height, with_frames=True, with_roots=True
        )
        stream = self.stream = self.stub.Blocks(request)
        frames: dict[int, tuple[int, bytes]] = {}
        roots: dict[int, Sequence[bytes]] = {}
        try:
            async for update in stream:
                self.answering = True
                if self.restart:
                    return
                check_update(update, self.next_height, len(frames), len(roots))
                if update.HasField("block"):
                    header = update.block.header
                    frames[header.height] = (header.time_ms, update.block.frame)
                else:
                    roots[update.roots.height] = list(update.roots.segment_roots)
                self.match(frames, roots)
                while len(self.ready) >= BLOCKS_AHEAD_MAX and not self.restart:
                    self.arrived.clear()
                    await self.arrived.wait()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self.restart or (task is not None and task.cancelling()):
                raise
        finally:
            self.stream = None
            stream.cancel()

    def match(
        self, frames: dict[int, tuple[int, bytes]], roots: dict[int, Sequence[bytes]]
    ) -> None:
        """Hand on the blocks of which both parts are there."""
        while self.next_height in frames and self.next_height in roots:
            height = self.next_height
            self.ready.append(RootedFrame(height, *frames.pop(height), roots.pop(height)))
            self.next_height += 1
            self.arrived.set()

    def take(self, height: int) -> None:
        """Drop the blocks up to ``height``: they are in L1's log."""
        while self.ready and self.ready[0].height <= height:
            self.ready.popleft()
        self.arrived.set()
