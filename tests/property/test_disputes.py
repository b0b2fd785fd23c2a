"""Disputes as a property: wrong roots are disproved, honest claims never are."""

import time

import pytest

from prover.accusation import tree_at
from prover.derivation import derive_block, frame_place
from prover.drill import Drill, tell_report
from prover.entry import frame_spans
from prover.replica import cursor_in
from statemachine.merkle.tree import Tree
from statemachine.transition import apply_segment

FAULTS = 50
WITNESS_BYTES_MAX = 128 * 1024


@pytest.mark.parametrize("seed", [1, 2])
def test_a_wrong_root_in_any_of_fifty_segments_is_disproved(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    drill = Drill(seed, time.perf_counter_ns)
    report = drill.run(FAULTS, lambda _: None)
    with capsys.disabled():
        print("\n" + "\n".join(tell_report(report)))  # noqa: T201  the figures are the point
    assert report.failures == []
    assert report.convicted == len(report.witness_bytes)
    assert report.acquitted == FAULTS
    assert max(report.witness_bytes) <= WITNESS_BYTES_MAX


class TouchedStore:
    """A store that notes which leaves an answer named."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.touched: set[bytes] = set()

    def get(self, key: bytes) -> bytes | None:
        self.touched.add(key)
        return self.tree.get(key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        found = self.tree.seek(prefix, start)
        self.touched.add(found if found is not None else prefix)
        return found


@pytest.mark.parametrize("seed", [3, 4])
def test_touched_leaves_never_exceed_the_cost(seed: int) -> None:
    drill = Drill(seed, time.perf_counter_ns)
    rules, recover = drill.replica.rules, drill.replica.recover
    for _ in range(6):
        derived = drill.derive(3, 60)
        spans = frame_spans(derived.data, len(derived.data))
        for segment in range(1, derived.output.segments + 1):
            store = TouchedStore(tree_at(derived, segment))
            cursor = cursor_in(store)
            begin, end = spans[frame_place(cursor, derived.parent.height)]
            seen = cursor.inbox_index - derived.parent.inbox_index
            data, inbox = derived.data[begin:end], derived.inbox[seen:]
            block = derive_block(rules, cursor, data, derived.facts, inbox, recover)
            result = apply_segment(store, rules, block)
            touched = len(store.touched | set(result.writes))
            assert touched <= result.cost
            assert result.steps <= rules.segment_steps_max
