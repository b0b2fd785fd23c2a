"""Charts of a play: what people would rather look at than read.

One page of five: prices, liquidations a minute by rung, insurance and deficits, open
interest, depth.  They need matplotlib, which is an extra; without it the numbers are
written all the same.  Lines differ by style and bars by hatching, so that a printer
without colours does.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devnet.scenarios.report import Report, leader_of
from devnet.scenarios.tally import Sample
from statemachine.errors import SextantError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RUNGS: Final = (
    ("flagged", "flagged by a poke", "#bcd3ea", ""),
    ("slice", "slice sold on the book", "#6a9ac4", "//"),
    ("backstop", "taken over by a vault", "#f2b134", "--"),
    ("collateral", "collateral sold to a vault", "#7fb77e", "\\\\"),
    ("deleverage", "deleveraged", "#c0392b", "xx"),
    ("deficit", "deficit recorded", "#333333", ""),
)
MINUTE_MS: Final = 60_000
MILLION: Final = 1_000_000 * 1_000_000
STYLES: Final = ("-", "--", ":")
INK: Final = "#222222"
SIZE: Final = (9.0, 12.5)
DPI: Final = 110


class ChartsMissing(SextantError):
    """matplotlib is not installed."""


def draw(report: Report, directory: Path) -> list[Path]:
    """Write ``NAME.png`` and ``NAME.svg``; return their paths.

    Raises
    ------
    ChartsMissing
        Says how to install what draws them.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 an extra
        from matplotlib import pyplot as plt  # noqa: PLC0415 likewise
    except ImportError as error:
        raise ChartsMissing(
            "charts need matplotlib: pip install 'sextant[charts]' (the numbers are written)"
        ) from error
    mpl.use("Agg")
    style: dict[Any, Any] = {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#e4e4e4",
        "axes.axisbelow": True,
        "hatch.linewidth": 0.6,
        "svg.hashsalt": "sextant",
        "svg.fonttype": "none",
    }
    with mpl.rc_context(style):
        figure, axes = plt.subplots(
            5, 1, figsize=SIZE, sharex=True, layout="constrained", height_ratios=(3, 3, 2, 2, 2)
        )
        draw_prices(axes[0], report)
        draw_rungs(axes[1], report)
        draw_funds(axes[2], report)
        draw_interest(axes[3], report)
        draw_depth(axes[4], report)
        for one in axes:
            shade(one, report)
            one.tick_params(colors=INK)
        finish(figure, axes[-1], report)
        paths = [directory / f"{report.play.scenario.name}.{end}" for end in ("png", "svg")]
        for path in paths:
            stamp = {"Date": None} if path.suffix == ".svg" else None
            figure.savefig(path, dpi=DPI, metadata=stamp)
        plt.close(figure)
    return paths


def minutes(samples: Sequence[Sample]) -> list[float]:
    """Return the samples' times in minutes."""
    return [sample.ms / MINUTE_MS for sample in samples]


def finish(figure: Any, last: "Axes", report: Report) -> None:  # noqa: ANN401 - a Figure
    """Title the page and its time axis."""
    play = report.play
    last.set_xlabel("minutes since the path began (chain time, UTC)")
    last.set_xlim(0, minutes(play.tally.samples)[-1])
    figure.suptitle(
        f"{play.scenario.name}: {play.scenario.story}\n"
        f"{len(play.cast.traders):,} accounts, seed {play.seed}",
        fontsize=11,
        color=INK,
    )


def shade(axes: "Axes", report: Report) -> None:
    """Shade when the sequencer was away, and when publishers were silent."""
    scenario = report.play.scenario
    if scenario.outage is not None:
        since, until = scenario.outage
        axes.axvspan(since / 60, until / 60, color="#d9d9d9", lw=0, label="_outage")
    for gap in scenario.silences:
        axes.axvspan(
            gap.since / 60,
            gap.until / 60,
            facecolor="none",
            edgecolor="#b0b0b0",
            hatch="\\\\",
            lw=0,
        )


def draw_prices(axes: "Axes", report: Report) -> None:
    """Draw the true price, the index and the mark of the leading market."""
    from matplotlib.ticker import StrMethodFormatter  # noqa: PLC0415 an extra

    play = report.play
    samples = play.tally.samples
    leader = leader_of(play)
    rules = play.scene.markets[leader]
    unit = 10**rules.lot_decimals / 1_000_000
    for name, label, style, width, color in (
        ("price", "true price", "-", 3.5, "#c9c9c9"),
        ("index", "index", "--", 1.4, "#1f5f99"),
        ("mark", "mark", "-", 1.0, INK),
    ):
        heights = [sample.markets[leader][name] * unit for sample in samples]
        axes.plot(minutes(samples), heights, style, lw=width, color=color, label=label)
    axes.set_ylabel(f"{rules.symbol.decode()}, USD")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_title("Prices", loc="left", fontsize=10)
    notes = []
    if play.scenario.outage is not None:
        notes.append("grey: the sequencer is away")
    if play.scenario.silences:
        notes.append("hatched: publishers are silent")
    axes.legend(loc="best", frameon=False, title="; ".join(notes) or None, title_fontsize=8)


def draw_rungs(axes: "Axes", report: Report) -> None:
    """Draw liquidations a minute, by rung, as stacked bars."""
    samples = report.play.tally.samples
    last = samples[-1].ms // MINUTE_MS + 1
    floor = [0.0] * last
    for name, label, color, hatch in RUNGS:
        heights = per_minute(samples, name, last)
        total = sum(heights)
        if not total and name != "flagged":
            continue
        trodden = [minute for minute in range(last) if heights[minute]]
        axes.bar(
            [minute + 0.5 for minute in trodden],
            [heights[minute] for minute in trodden],
            width=0.9,
            bottom=[floor[minute] for minute in trodden],
            color=color,
            hatch=hatch,
            edgecolor="white" if not hatch else INK,
            linewidth=0.3,
            label=f"{label}: {total:,.0f}",
        )
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    axes.set_ylabel("a minute")
    axes.set_ylim(bottom=0)
    axes.set_title("Liquidations by rung", loc="left", fontsize=10)
    axes.legend(loc="best", frameon=False)


def per_minute(samples: Sequence[Sample], name: str, last: int) -> list[float]:
    """Return how often a rung was trodden in each minute."""
    heights = [0.0] * last
    before = samples[0].rungs.get(name, 0)
    for sample in samples[1:]:
        now = sample.rungs.get(name, 0)
        heights[min(last - 1, max(0, sample.ms - 1) // MINUTE_MS)] += now - before
        before = now
    return heights


def draw_funds(axes: "Axes", report: Report) -> None:
    """Draw the insurance fund and the deficits that stand."""
    from matplotlib.ticker import StrMethodFormatter  # noqa: PLC0415 an extra

    samples = report.play.tally.samples
    funds = [sample.insurance / 10**6 for sample in samples]
    deficits = [sample.deficits / 10**6 for sample in samples]
    axes.step(minutes(samples), funds, "-", where="post", color="#1f5f99", label="insurance fund")
    axes.step(minutes(samples), deficits, "--", where="post", color="#c0392b", label="deficits")
    axes.set_ylabel("USDC")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylim(bottom=0)
    axes.set_title("Insurance, and what nobody paid yet", loc="left", fontsize=10)
    axes.legend(loc="best", frameon=False)


def draw_interest(axes: "Axes", report: Report) -> None:
    """Draw open interest of every market, in lots, against its beginning."""
    samples = report.play.tally.samples
    traded = [pair for pair in report.play.scene.markets.items() if not pair[1].collateral_only]
    for (number, rules), style in zip(traded, STYLES, strict=False):
        first = max(1, samples[0].markets[number]["open_interest"])
        heights = [100 * sample.markets[number]["open_interest"] / first for sample in samples]
        axes.plot(minutes(samples), heights, style, color=INK, label=rules.symbol.decode())
    axes.set_ylabel("% of the beginning")
    axes.set_ylim(bottom=0)
    axes.set_title("Open interest", loc="left", fontsize=10)
    axes.legend(loc="best", frameon=False, ncols=3)


def draw_depth(axes: "Axes", report: Report) -> None:
    """Draw what rests within a percent of the mark of the leading market that trades."""
    samples = report.play.tally.samples
    leader = leader_of(report.play)
    markets = report.play.scene.markets
    if markets[leader].collateral_only:
        leader = next(number for number, rules in markets.items() if not rules.collateral_only)
    for side, style, color in (("bid", "-", "#1f5f99"), ("ask", "--", "#c0392b")):
        heights = [sample.markets[leader][f"{side}_depth"] / MILLION for sample in samples]
        axes.plot(minutes(samples), heights, style, color=color, label=f"{side}s")
    name = report.play.scene.markets[leader].symbol.decode()
    axes.set_ylabel("million USDC")
    axes.set_ylim(bottom=0)
    axes.set_title(f"Depth within 1% of the mark, {name}", loc="left", fontsize=10)
    axes.legend(loc="best", frameon=False, ncols=2)
