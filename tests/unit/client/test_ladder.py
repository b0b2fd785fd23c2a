"""The local book: right, or known to be wrong."""

import zlib

import pytest

from proto.sextant.v1 import query_pb2, stream_pb2
from sextant.client.ladder import Gap, Ladder
from sextant.client.market import Market

BTC = Market(id=1, name="BTC", lot_decimals=4, tick=10)


def checksum_of(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> int:
    levels = [*bids[:10], *asks[:10]]
    return zlib.crc32(b"".join(p.to_bytes(8, "big") + s.to_bytes(8, "big") for p, s in levels))


def levels(pairs: list[tuple[int, int]]) -> query_pb2.Levels:
    return query_pb2.Levels(prices=[p for p, _ in pairs], lots=[s for _, s in pairs])


def snapshot() -> query_pb2.Book:
    bids, asks = [(100, 5), (90, 6)], [(110, 7)]
    return query_pb2.Book(
        market=1,
        height=3,
        sequence=8,
        bids=levels(bids),
        asks=levels(asks),
        checksum=checksum_of(bids, asks),
    )


def delta(sequence: int = 9, *, checksum: int | None = None) -> stream_pb2.BookDelta:
    right = checksum_of([(90, 6)], [(110, 1), (120, 2)])
    return stream_pb2.BookDelta(
        market=1,
        height=4,
        sequence=sequence,
        bids=levels([(100, 0)]),
        asks=levels([(110, 1), (120, 2)]),
        checksum=right if checksum is None else checksum,
    )


def test_deltas_follow_the_snapshot() -> None:
    ladder = Ladder(BTC)
    ladder.reset(snapshot())
    ladder.apply(delta())
    assert ladder.best_bids(5) == [(90, 6)]
    assert ladder.best_asks(5) == [(110, 1), (120, 2)]
    view = ladder.view()
    assert (view.height, view.sequence) == (4, 9)
    assert view.bids[0].price == BTC.show_price(90)
    assert view.spread == BTC.show_price(20)


@pytest.mark.parametrize("sequence", [7, 8, 10])
def test_a_delta_that_does_not_follow_is_a_gap(sequence: int) -> None:
    ladder = Ladder(BTC)
    ladder.reset(snapshot())
    with pytest.raises(Gap) as caught:
        ladder.apply(delta(sequence))
    assert caught.value.retryable


def test_a_wrong_checksum_is_a_gap() -> None:
    ladder = Ladder(BTC)
    ladder.reset(snapshot())
    with pytest.raises(Gap):
        ladder.apply(delta(checksum=1))


def test_removing_an_unknown_level_is_harmless() -> None:
    ladder = Ladder(BTC)
    ladder.reset(snapshot())
    message = stream_pb2.BookDelta(
        sequence=9, bids=levels([(1, 0)]), checksum=checksum_of([(100, 5), (90, 6)], [(110, 7)])
    )
    ladder.apply(message)
    assert ladder.best_bids(1) == [(100, 5)]
