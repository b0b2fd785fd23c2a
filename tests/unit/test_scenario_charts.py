"""Charts of scenarios: nothing is written over what it explains."""

from types import SimpleNamespace
from typing import cast

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from devnet.scenarios.charts import MINUTE_MS, draw_rungs
from devnet.scenarios.report import Report
from devnet.scenarios.tally import Sample

MINUTES = 40


def busy_in(minute: int) -> Report:
    """Return as much of a report as the chart of rungs reads: everything in one minute."""
    samples = [
        Sample(at * MINUTE_MS, 0, 0, 0, 0, {}, {"flagged": 72, "slice": 73} if at > minute else {})
        for at in range(MINUTES + 1)
    ]
    return cast(
        "Report", SimpleNamespace(play=SimpleNamespace(tally=SimpleNamespace(samples=samples)))
    )


@pytest.mark.parametrize("minute", [0, 3, 20, 35, MINUTES - 1])
def test_the_legend_covers_no_bar(minute: int) -> None:
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots()
    draw_rungs(axes, busy_in(minute))
    axes.set_xlim(0, MINUTES)
    figure.draw_without_rendering()
    legend = axes.get_legend()
    assert legend is not None
    words = legend.get_window_extent()
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle) and bar.get_height() > 0]
    assert [bar.get_height() for bar in bars] == [72, 73]
    assert not [bar for bar in bars if bar.get_window_extent().overlaps(words)]
