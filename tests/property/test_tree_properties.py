"""For every state and every history: one root, and witnesses that prove just what was read."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prover.ranges import KeyRange, read_range
from statemachine.errors import InvariantBroken, WitnessIncomplete
from statemachine.merkle.multiproof import encode_nodes
from statemachine.merkle.nodes import (
    HEADER_BYTES,
    Branch,
    Leaf,
    Node,
    Trace,
    branch_header,
    is_below,
    shared_bits,
)
from statemachine.merkle.tree import PartialTree, RecordingTree, Tree
from tests.damage import damaged
from tests.tree_model import model_root

# The first byte gives the length, as the table byte does in a real key, so that no key is a
# prefix of another; the few different bytes make neighbours, splits and shared prefixes.
LENGTHS = {0x00: 1, 0x10: 2, 0x11: 3, 0x80: 5, 0x81: 9, 0xFF: 32}
BYTES = st.sampled_from([0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF])


@st.composite
def keys(draw: st.DrawFn) -> bytes:
    table, length = draw(st.sampled_from(sorted(LENGTHS.items())))
    tail = draw(st.lists(BYTES, min_size=min(2, length - 1), max_size=min(4, length - 1)))
    return bytes([table, *tail]).ljust(length, b"\x00")


KEYS = keys()
VALUES = st.sampled_from([b"", b"a", b"b", bytes(200)])
STATES = st.dictionaries(KEYS, VALUES, max_size=24)
WRITES = st.dictionaries(KEYS, st.none() | VALUES, max_size=12)


@st.composite
def writes_on(draw: st.DrawFn, state: Mapping[bytes, bytes]) -> dict[bytes, bytes | None]:
    """Return writes, many of them to keys of ``state``."""
    writes = draw(WRITES)
    if state:
        known = st.dictionaries(st.sampled_from(sorted(state)), st.none() | VALUES, max_size=12)
        writes |= draw(known)
    return writes


def applied(
    state: Mapping[bytes, bytes], writes: Mapping[bytes, bytes | None]
) -> dict[bytes, bytes]:
    after = {key: value for key, value in state.items() if key not in writes}
    return after | {key: value for key, value in writes.items() if value is not None}


def first_in(state: Mapping[bytes, bytes], prefix: bytes, start: bytes) -> bytes | None:
    return min((key for key in state if key >= start and key.startswith(prefix)), default=None)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return a prefix and a start, mostly inside it."""
    key = draw(KEYS)
    prefix = key[: draw(st.integers(0, len(key)))]
    start = draw(st.sampled_from([key, prefix, prefix + b"\x00", prefix + b"\x7f\xff"]) | KEYS)
    return prefix, start


NEAR = st.lists(BYTES, min_size=1, max_size=6).map(bytes)


@given(NEAR, NEAR, st.data())
def test_below_a_prefix_is_sharing_all_its_bits(
    key: bytes, other: bytes, data: st.DataObject
) -> None:
    bit = data.draw(st.integers(0, 8 * len(other) - 1))
    header = branch_header(other, bit)
    shared = shared_bits(key, header[HEADER_BYTES:])
    known = data.draw(st.integers(0, min(shared, bit)))
    assert is_below(key, header, known, bit) == (shared >= bit)


@given(state=STATES)
def test_root_is_the_definition(state: dict[bytes, bytes]) -> None:
    tree = Tree.from_items(sorted(state.items()))
    assert tree.root == model_root(state)
    assert list(tree.items()) == sorted(state.items())


@given(data=st.data(), state=STATES)
def test_history_does_not_matter(data: st.DataObject, state: dict[bytes, bytes]) -> None:
    tree = Tree()
    tree.update(dict(state))
    for _ in range(data.draw(st.integers(1, 4))):
        writes = data.draw(writes_on(state))
        before, undo = tree.root, {key: state.get(key) for key in writes}
        snapshot = tree.snapshot()
        after = applied(state, writes)
        assert tree.update(writes) == tree.root == model_root(after)
        assert snapshot.root == before
        assert tree.update(undo) == before
        tree.update(writes)
        assert list(tree.items()) == sorted(after.items())
        state = after


@given(state=STATES, key=KEYS)
def test_get(state: dict[bytes, bytes], key: bytes) -> None:
    tree = Tree.from_items(sorted(state.items()))
    for asked in (*state, key, b"", key + b"\x00", key[:-1]):
        assert tree.get(asked) == state.get(asked)


@given(state=STATES, asked=ranges())
def test_seek(state: dict[bytes, bytes], asked: tuple[bytes, bytes]) -> None:
    tree = Tree.from_items(sorted(state.items()))
    assert tree.seek(*asked) == first_in(state, *asked)


@given(
    data=st.data(),
    state=STATES,
    gets=st.lists(KEYS, max_size=4),
    seeks=st.lists(ranges(), max_size=4),
)
@settings(max_examples=300)
def test_a_witness_answers_what_was_asked(
    data: st.DataObject,
    state: dict[bytes, bytes],
    gets: list[bytes],
    seeks: list[tuple[bytes, bytes]],
) -> None:
    writes = data.draw(writes_on(state))
    tree = Tree.from_items(sorted(state.items()))
    recording = RecordingTree(tree)
    tree.update({b"\x00": b"moved on"})
    for key in gets:
        assert recording.get(key) == state.get(key)
    for prefix, start in seeks:
        assert recording.seek(prefix, start) == first_in(state, prefix, start)
    witness = recording.witness(writes)
    assert witness == recording.witness(writes)

    partial = PartialTree.decode(witness)
    assert partial.root == recording.root == model_root(state)
    for key in gets:
        assert partial.get(key) == state.get(key)
    for prefix, start in seeks:
        assert partial.seek(prefix, start) == first_in(state, prefix, start)
    assert partial.update(writes) == model_root(applied(state, writes))


@given(data=st.data(), state=STATES, seeks=st.lists(ranges(), max_size=2))
@settings(max_examples=300)
def test_a_witness_never_lies(
    data: st.DataObject, state: dict[bytes, bytes], seeks: list[tuple[bytes, bytes]]
) -> None:
    recording = RecordingTree(Tree.from_items(sorted(state.items())))
    for prefix, start in seeks:
        recording.seek(prefix, start)
    witness = recording.witness(data.draw(writes_on(state)))
    for key in (*state, data.draw(KEYS)):
        try:
            assert PartialTree.decode(witness).get(key) == state.get(key)
        except WitnessIncomplete:
            continue
    prefix, start = data.draw(ranges())
    with suppress(WitnessIncomplete):
        assert PartialTree.decode(witness).seek(prefix, start) == first_in(state, prefix, start)
    writes = data.draw(writes_on(state))
    with suppress(WitnessIncomplete):
        assert PartialTree.decode(witness).update(writes) == model_root(applied(state, writes))


@given(state=STATES, key=KEYS)
def test_a_witness_holds_no_more_than_needed(state: dict[bytes, bytes], key: bytes) -> None:
    """What was opened for one key is its path: all else is refused."""
    assume(len(state) > 1)
    recording = RecordingTree(Tree.from_items(sorted(state.items())))
    recording.get(key)
    partial = PartialTree.decode(recording.witness({}))
    answered = []
    for other in state:
        try:
            partial.get(other)
        except WitnessIncomplete:
            continue
        answered.append(other)
    assert answered == [key] if key in state else len(answered) <= 1


@given(data=st.data(), state=STATES)
@settings(max_examples=300)
def test_a_changed_witness_is_refused_or_canonical(
    data: st.DataObject, state: dict[bytes, bytes]
) -> None:
    """Whatever decodes has one encoding: what was opened, read back, gives the same bytes."""
    recording = RecordingTree(Tree.from_items(sorted(state.items())))
    witness = data.draw(damaged(st.just(recording.witness(data.draw(writes_on(state))))))
    try:
        partial = PartialTree.decode(witness)
    except WitnessIncomplete:
        return
    assert encoded_again(partial) == witness
    assert partial.root != recording.root


def encoded_again(partial: PartialTree) -> bytes:
    """Return the encoding of the nodes that ``partial`` holds open."""
    trace = Trace()
    waiting: list[Node | None] = [partial._top]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Branch | Leaf):
            trace.opened[node.hash] = node
        if isinstance(node, Branch):
            waiting += [node.left, node.right]
    return encode_nodes(partial._top, trace)


@pytest.mark.parametrize(
    "writes", [{b"\x10a": b"x", b"\x10ab": b"y"}, {b"": b"x"}, {bytes(33): b""}]
)
def test_keys_are_prefix_free_and_short(writes: dict[bytes, bytes | None]) -> None:
    with pytest.raises(InvariantBroken):
        Tree().update(writes)


@given(data=st.data(), state=STATES, where=ranges(), count=st.integers(1, 8))
def test_a_proved_range_is_complete_or_refused(
    data: st.DataObject, state: dict[bytes, bytes], where: tuple[bytes, bytes], count: int
) -> None:
    prefix, start = where
    tree = Tree.from_items(sorted(state.items()))
    recording = RecordingTree(tree)
    wanted = KeyRange(prefix, count, start)
    found = read_range(recording, wanted)
    inside = sorted(k for k in state if k >= (start or prefix) and k.startswith(prefix))
    assert found.items == tuple((key, state[key]) for key in inside[:count])
    assert found.next == next(iter(inside[count:]), b"")
    witness = PartialTree.decode(recording.witness({}))
    assert witness.root == tree.root
    assert read_range(witness, wanted) == found
    # What was recorded for less, or elsewhere, answers this range rightly or not at all.
    other = RecordingTree(tree)
    read_range(other, KeyRange(*data.draw(st.tuples(st.just(prefix), st.integers(1, count)))))
    with suppress(WitnessIncomplete):
        assert read_range(PartialTree.decode(other.witness({})), wanted) == found
