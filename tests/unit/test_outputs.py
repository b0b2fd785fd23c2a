"""Outputs and traces: one hash per output, one place per root."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.outputs import (
    Output,
    decode_output,
    genesis_output,
    is_trace_of,
    trace_path,
    trace_root,
    verify_trace,
)
from statemachine.errors import FrameInvalid


def output_of(trace: list[bytes]) -> Output:
    return replace(
        genesis_output(412_346, bytes(32), trace[0]),
        log_index=1,
        height=3,
        post_root=trace[-1],
        trace_root=trace_root(trace),
        segments=len(trace) - 1,
    )


def test_output_round_trip_and_hash() -> None:
    output = output_of([bytes([i]) * 32 for i in range(4)])
    assert decode_output(output.encode()) == output
    assert output.hash != replace(output, height=4).hash
    assert (
        genesis_output(412_346, bytes(32), bytes(32)).hash.hex()
        == "bebff793e4e5d4e1b1cd3cc7564efcd987873180e6e6d3ce3ed522b786763efa"
    )
    with pytest.raises(FrameInvalid):
        decode_output(output.encode() + b"\x00")
    with pytest.raises(FrameInvalid):
        decode_output(output.encode()[:-1])


@given(st.integers(1, 70), st.data())
def test_every_root_has_one_place(length: int, data: st.DataObject) -> None:
    trace = [i.to_bytes(32, "big") for i in range(length)]
    output = output_of(trace)
    assert is_trace_of(output, trace)
    index = data.draw(st.integers(0, length - 1))
    path = trace_path(trace, index)
    assert verify_trace(output, index, [trace[index]], path)
    assert not verify_trace(output, index, [bytes(31) + b"\xff"], path)
    other = data.draw(st.integers(0, length + 3))
    if other != index:
        assert not verify_trace(output, other, [trace[index]], path)


def test_two_neighbours_open_with_one_path() -> None:
    trace = [bytes([i]) * 32 for i in range(7)]
    output = output_of(trace)
    for index in range(6):
        path = trace_path(trace, index, 2)
        assert verify_trace(output, index, trace[index : index + 2], path)
        assert not verify_trace(output, index, [trace[index + 1], trace[index]], path)
    assert not verify_trace(output, 0, [], [])


def test_a_trace_of_another_length_is_refused() -> None:
    trace = [bytes([i]) * 32 for i in range(5)]
    output = output_of(trace)
    assert not is_trace_of(output, trace[:-1])
    assert not is_trace_of(output, [*trace, trace[-1]])
    assert not is_trace_of(replace(output, segments=5), trace)
    assert not is_trace_of(output, [*trace[:-1], b"short"])
