"""A sequencer that sends its poster nonsense: it is said, asked again, and fills no memory."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import count
from typing import Any

import grpc.aio
import pytest

from node.posting import frames
from node.posting.frames import FrameSource, RootedFrame
from proto.sextant.v1 import common_pb2, query_pb2, stream_pb2, stream_pb2_grpc
from statemachine.frame import FRAME_BYTES_MAX

ROOT = b"\7" * 32
WAITING_MAX = 20


def block(height: int, frame: bytes = b"frame") -> stream_pb2.BlockUpdate:
    header = common_pb2.BlockHeader(height=height, time_ms=height)
    return stream_pb2.BlockUpdate(block=query_pb2.Block(header=header, frame=frame))


def roots(height: int, *told: bytes) -> stream_pb2.BlockUpdate:
    return stream_pb2.BlockUpdate(roots=stream_pb2.BlockRoots(height=height, segment_roots=told))


class Liar(stream_pb2_grpc.StreamServicer):
    """Sends something first, and in a second stream what was asked for."""

    def __init__(self, first: Iterable[stream_pb2.BlockUpdate]) -> None:
        self.first = iter(first)
        self.streams = 0
        self.sent = 0

    async def Blocks(  # noqa: N802 - the name of the RPC
        self, request: Any, _context: Any
    ) -> AsyncIterator[stream_pb2.BlockUpdate]:
        self.streams += 1
        if self.streams == 1:
            for update in self.first:
                self.sent += 1
                yield update
                await asyncio.sleep(0)
        yield block(request.from_height)
        yield roots(request.from_height, ROOT)


@pytest.mark.parametrize(
    "first",
    [
        (block(height) for height in count(1)),
        (block(height) for height in count(1 << 40)),
        (roots(height, ROOT) for height in count(1)),
        [roots(1), block(1)],
        [block(1), roots(1, ROOT[:-1])],
        [block(1, bytes(FRAME_BYTES_MAX + 1)), roots(1, ROOT)],
    ],
    ids=["no roots", "wrong heights", "no blocks", "empty roots", "short roots", "huge block"],
)
def test_what_cannot_be_posted_is_asked_for_again(
    first: Iterable[stream_pb2.BlockUpdate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "BLOCKS_AHEAD_MAX", WAITING_MAX)
    liar = Liar(first)

    async def story() -> None:
        server = grpc.aio.server()
        stream_pb2_grpc.add_StreamServicer_to_server(liar, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        source = FrameSource(f"127.0.0.1:{port}")
        pulling = asyncio.create_task(source.run())
        try:
            async with asyncio.timeout(10):
                while not source.ready:
                    await source.arrived.wait()
            assert list(source.ready) == [RootedFrame(1, 1, b"frame", [ROOT])]
        finally:
            pulling.cancel()
            await source.close()
            await server.stop(None)

    asyncio.run(story())
    assert liar.streams == 2
