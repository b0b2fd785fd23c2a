"""Feeds go on after what goes wrong, and say that it did."""

import zlib

import grpc
import pytest

from proto.sextant.v1 import query_pb2, stream_pb2
from sextant.errors import ClientError, Refused
from tests.unit.client.fakes import FakeNode, connected, failure, run


def snapshot(sequence: int, lots: int) -> stream_pb2.BookUpdate:
    checksum = zlib.crc32((100).to_bytes(8, "big") + lots.to_bytes(8, "big"))
    bids = query_pb2.Levels(prices=[100], lots=[lots])
    book = query_pb2.Book(market=1, sequence=sequence, bids=bids, checksum=checksum)
    return stream_pb2.BookUpdate(snapshot=book)


def delta(sequence: int, lots: int) -> stream_pb2.BookUpdate:
    checksum = zlib.crc32((100).to_bytes(8, "big") + lots.to_bytes(8, "big"))
    bids = query_pb2.Levels(prices=[100], lots=[lots])
    change = stream_pb2.BookDelta(market=1, sequence=sequence, bids=bids, checksum=checksum)
    return stream_pb2.BookUpdate(delta=change)


def watch(node: FakeNode, count: int) -> tuple[list[tuple[int, int]], list[str]]:
    resets: list[ClientError] = []
    seen: list[tuple[int, int]] = []

    async def work() -> None:
        async with connected(node) as client:
            async for ladder in client.watch_book("BTC", on_reset=resets.append):
                seen.append((ladder.sequence, ladder.bids[100]))
                if len(seen) == count:
                    return

    run(work())
    return seen, [reset.code for reset in resets]


def test_a_gap_is_noticed_and_healed_by_a_new_snapshot() -> None:
    node = FakeNode()
    node.books = [[snapshot(5, 1), delta(6, 2), delta(8, 4)], [snapshot(9, 7), delta(10, 8)]]
    seen, resets = watch(node, 4)
    assert seen == [(5, 1), (6, 2), (9, 7), (10, 8)]
    assert resets == ["GAP"]


def test_an_ended_and_a_broken_stream_are_opened_again() -> None:
    node = FakeNode()
    node.books = [[snapshot(5, 1)], [snapshot(6, 2)], [snapshot(7, 3)]]
    node.script = [
        failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER"),
        failure(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"),
    ]
    seen, resets = watch(node, 3)
    assert [sequence for sequence, _ in seen] == [5, 6, 7]
    assert resets == ["SLOW_CONSUMER", "SHUTTING_DOWN"]


def test_an_outage_is_told_once_however_many_attempts_it_takes() -> None:
    node = FakeNode()
    node.books = [[snapshot(5, 1)], [], [], [snapshot(9, 2)]]
    node.script = [failure(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")] * 3
    seen, resets = watch(node, 2)
    assert [sequence for sequence, _ in seen] == [5, 9]
    assert resets == ["SHUTTING_DOWN"]


def test_blocks_go_on_where_they_stopped_and_a_hole_is_asked_for_again() -> None:
    node = FakeNode()
    node.block_heights = [[7, 8], [9, 11], [10, 11]]
    heights: list[int] = []
    resets: list[str] = []

    async def work() -> None:
        async with connected(node) as client:
            feed = client.watch_blocks(7, on_reset=lambda why: resets.append(why.code))
            async for block in feed:
                heights.append(block.header.height)
                if len(heights) == 5:
                    return

    run(work())
    assert heights == [7, 8, 9, 10, 11]
    assert node.block_requests == [7, 9, 10]
    assert resets == ["STREAM_ENDED", "GAP"]


def test_a_reader_that_leaves_ends_the_stream() -> None:
    node = FakeNode()
    node.books, node.lingers = [[snapshot(5, 1)]], True

    async def work() -> None:
        async with connected(node) as client:
            feed = client.watch_book("BTC")
            await anext(feed)
            await feed.aclose()
            await node.cancelled.wait()

    run(work())


def test_what_a_new_stream_cannot_cure_is_raised() -> None:
    node = FakeNode()
    node.script = [failure(grpc.StatusCode.NOT_FOUND, "NOT_FOUND")]
    with pytest.raises(Refused) as caught:
        watch(node, 1)
    assert caught.value.code == "NOT_FOUND"
