"""Canonical messages: what pack could not have written is refused."""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statemachine.codec import DEPTH_MAX, pack, unpack
from statemachine.errors import FrameInvalid
from tests.damage import damaged

INTS = st.integers(-(1 << 63), (1 << 64) - 1)
VALUES = st.recursive(
    INTS | st.binary(max_size=40), lambda v: st.lists(v, max_size=6), max_leaves=8
)


@given(VALUES)
def test_unpack_undoes_pack(value: object) -> None:
    data = pack(value)
    try:
        assert unpack(data) == value
    except FrameInvalid:
        depth = 0
        while isinstance(value, list) and value:
            value, depth = max(value, key=lambda v: isinstance(v, list)), depth + 1
        assert depth >= DEPTH_MAX


@settings(max_examples=300)
@given(st.binary(max_size=60) | damaged(VALUES.map(pack)))
def test_whatever_is_accepted_encodes_to_itself(data: bytes) -> None:
    try:
        value = unpack(data)
    except FrameInvalid:
        return
    assert pack(value) == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xcc\x05", id="a small integer in two bytes"),
        pytest.param(b"\xcd\x00\xff", id="a byte in three"),
        pytest.param(b"\x05\x05", id="two messages"),
        pytest.param(b"\xdc\x00\x01\x05", id="a long array head"),
        pytest.param(b"\xc5\x00\x01a", id="a long bin head"),
        pytest.param(msgpack.packb("text"), id="text"),
        pytest.param(msgpack.packb(1.5), id="a float"),
        pytest.param(msgpack.packb(None), id="nil"),
        pytest.param(msgpack.packb([True]), id="a boolean"),
        pytest.param(msgpack.packb({1: 2}), id="a map"),
        pytest.param(msgpack.packb({b"a": [1]}), id="a map with bytes"),
        pytest.param(msgpack.packb(msgpack.ExtType(1, b"x")), id="an extension"),
        pytest.param(b"\x91" * 400 + b"\x01", id="deep nesting"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="an array of four billion"),
        pytest.param(b"\xc1", id="a reserved byte"),
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(FrameInvalid):
        unpack(data)
