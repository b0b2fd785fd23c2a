"""Disputes as a property: wrong roots are disproved, honest claims never are."""

import time

import pytest

from prover.drill import Drill, tell_report

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
