"""Entries and outputs: total reading, proofs of parts, canonical bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.entry import (
    CHUNK_BYTES,
    FRAME_BYTES_MAX,
    FRAMES_MAX,
    data_root,
    encode_entry,
    frame_spans,
    open_range,
    parse_entry,
    verify_range,
)
from prover.merkle import close_span, list_root, open_span
from statemachine.errors import InvariantBroken, SextantError
from tests.damage import damaged


@given(st.lists(st.binary(max_size=3_000), min_size=1, max_size=12))
def test_entry_round_trip(frames: list[bytes]) -> None:
    assert parse_entry(encode_entry(frames)) == frames


ENTRIES = st.lists(st.binary(max_size=9), min_size=1, max_size=4).map(encode_entry)


@settings(max_examples=300)
@given(st.binary(max_size=64) | damaged(ENTRIES))
def test_reading_is_total_and_canonical(data: bytes) -> None:
    frames = parse_entry(data)
    assert frames == [b""] or encode_entry(frames) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x01\x00\x00",
        b"\x02\x00\x01\x00\x00\x00\x00",
        b"\x01\x00\x01\x00\x00\x00",
        b"\x01\x00\x01\x00\x00\x00\x02x",
        b"\x01\x00\x01\x00\x00\x00\x01xy",
        b"\x01\x10\x01" + bytes(4 * 4097),
        b"\x01\x00\x01\x00\x01\x00\x01" + bytes(FRAME_BYTES_MAX + 1),
    ],
)
def test_malformed_entries_are_one_empty_frame(data: bytes) -> None:
    assert parse_entry(data) == [b""]


def test_limits_of_encoding() -> None:
    with pytest.raises(InvariantBroken):
        encode_entry([])
    with pytest.raises(InvariantBroken):
        encode_entry([b""] * (FRAMES_MAX + 1))
    with pytest.raises(InvariantBroken):
        encode_entry([bytes(FRAME_BYTES_MAX + 1)])


def test_golden_entry() -> None:
    data = encode_entry([b"ab", b"", b"c"])
    assert data.hex() == "010003000000020000000000000001616263"
    assert frame_spans(data, len(data)) == [(15, 17), (17, 17), (17, 18)]
    assert (
        data_root(data).hex() == "167b55b08d30bb49cda2c3ae062a1f9dbb57e9ece215a0955d52b3c3a3ee99e9"
    )


@settings(max_examples=60)
@given(st.integers(0, 9 * CHUNK_BYTES), st.data())
def test_any_range_opens(length: int, data: st.DataObject) -> None:
    entry = bytes(i * 7 & 255 for i in range(length))
    begin = data.draw(st.integers(0, length))
    end = data.draw(st.integers(begin, length))
    proof = open_range(entry, begin, end)
    assert verify_range(data_root(entry), length, begin, end, proof) == entry[begin:end]


@settings(max_examples=60)
@given(st.integers(1, 5 * CHUNK_BYTES), st.data())
def test_no_damaged_range_opens(length: int, data: st.DataObject) -> None:
    entry = bytes(i * 7 & 255 for i in range(length))
    begin = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(begin + 1, length))
    proof = bytearray(open_range(entry, begin, end))
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SextantError):
        verify_range(data_root(entry), length, begin, end, bytes(proof))


@given(st.integers(1, 40), st.data())
def test_spans_lead_to_the_root(total: int, data: st.DataObject) -> None:
    leaves = [bytes([i]) * 32 for i in range(total)]
    first = data.draw(st.integers(0, total - 1))
    count = data.draw(st.integers(1, total - first))
    siblings = open_span(leaves, first, count)
    span = leaves[first : first + count]
    assert close_span(total, first, span, siblings) == list_root(leaves)
    assert close_span(total, first, span, [*siblings, bytes(32)]) is None
    assert close_span(total, total, span, siblings) is None
    if siblings:
        assert close_span(total, first, span, siblings[:-1]) is None
