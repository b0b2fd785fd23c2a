"""The status screen fits: whole prices, one line per row, no line wider than the terminal."""

import io
import re

import pytest
from rich.console import Console, ConsoleDimensions
from rich.text import Text

from devnet.child import Child
from devnet.grid import flow
from devnet.layout import layout_of
from devnet.painter import HOME_AND_ERASE, Painter
from devnet.processes import Options, specs_of
from devnet.screen import render
from devnet.survey import Facts
from proto.sextant.v1 import l1_pb2, query_pb2, status_pb2
from proto.sextant.v1.common_pb2 import Head
from tests.tidy import ROOT

HEAD = Head(height=1_234_567, log_index=45_678)
STATUS = status_pb2.Status(
    time_ms=1_790_000_000_000,
    unsafe_head=HEAD,
    safe_head=HEAD,
    final_head=HEAD,
    transactions_total=98_765_432,
    trades_total=1_234_567,
)
MARKETS = [
    query_pb2.Market(
        symbol=symbol,
        lot_decimals=decimals,
        index=price,
        mark=price,
        best_bid=price,
        best_ask=price,
        last=price,
        funding_rate_ppb=-12_345_678,
        funding_next_ppb=100_000,
        open_interest_lots=1_234_567,
    )
    for symbol, decimals, price in (("BTC", 4, 6_329_710), ("ETH", 3, 3_500_010))
]
FACTS = Facts(
    sequencer=STATUS,
    follower=STATUS,
    markets=MARKETS,
    l1=l1_pb2.L1Heads(
        latest=l1_pb2.L1BlockRef(number=123_456),
        final=l1_pb2.L1BlockRef(number=123_454),
        clock_offset_ms=3_600_000,
    ),
    log_count=45_678,
    inbox_count=17,
    claims_by_status=dict.fromkeys(range(1, 5), 1_234),
    challenger={
        "verdicts": {"right": 400, "wrong": 2},
        "lines": ["claim 17 is WRONG, " * 9 + "so"] * 4,
    },
)
CHILDREN = {
    spec.name: Child(spec, ROOT / "none") for spec in specs_of(layout_of(0, ROOT), Options())
}


def screen(width: int) -> list[str]:
    return [line.plain for line in render(FACTS, CHILDREN, "note", width)]


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_every_line_fits_and_no_price_is_cut(width: int) -> None:
    lines = screen(width)
    assert all(len(line) <= width for line in lines if "WRONG" not in line)
    assert not any(line != line.rstrip() for line in lines)
    assert len(lines) < 24
    rows = [line for line in lines if line.startswith("BTC")]
    assert len(rows) == 1
    assert rows[0].count("63,297.10") >= 4
    heads = [line for line in lines if line.startswith("sequencer")]
    assert len(heads) == 1
    assert heads[0].count("1,234,567") == 3


def test_funding_is_labelled_and_both_are_shown_where_there_is_room() -> None:
    narrow, wide = "\n".join(screen(80)), "\n".join(screen(140))
    assert "funding next" in narrow
    assert "funding last" not in narrow
    assert "funding next" in wide
    assert "funding last" in wide
    assert re.search(r"since start +98,765,432 transactions +1,234,567 trades", narrow)


def test_what_is_away_shows_no_numbers() -> None:
    lines = [line.plain for line in render(Facts(), {}, "", 80)]
    assert any(re.fullmatch(r"sequencer away( +-)+", line) for line in lines)
    assert not any("1970" in line for line in lines)


def test_processes_break_only_between_each_other() -> None:
    for width in range(40, 160):
        lines = flow("", [Text(f"* process-{n}") for n in range(13)], width)
        assert all(line.cell_len <= width for line in lines)
        assert all(re.fullmatch(r"(\* process-\d+( {2}|$))+", line.plain) for line in lines)
        assert sum(line.plain.count("*") for line in lines) == 13


def test_resized_screen_is_erased_and_short_ones_are_cut() -> None:
    output = io.StringIO()
    console = Console(file=output, width=80, height=24, force_terminal=True, color_system=None)
    painter = Painter(console)
    painter.draw([Text("a" * 200), Text("b")])
    assert "a" * 78 + "…" in output.getvalue()
    painter.draw([Text("c")])
    assert output.getvalue().endswith("\x1b[2A\r\x1b[Jc\n")
    console.size = ConsoleDimensions(40, 3)
    painter.draw([Text(str(n)) for n in range(9)])
    assert output.getvalue().endswith(HOME_AND_ERASE + "0\n1\n")
