"""Scenarios: what is declared, who is drawn, what a file becomes, what is counted."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from devnet.genesis import GENESIS_TIME_MS, devnet_rules
from devnet.prices import BASE_USD
from devnet.scenarios.conservation import conserve
from devnet.scenarios.depth import Books
from devnet.scenarios.library import LIBRARY
from devnet.scenarios.population import draw_cast
from devnet.scenarios.recordings import read_points, read_scenario
from devnet.scenarios.report import calm_again, depth_again
from devnet.scenarios.scenario import PPM, Divergence, Quoting, Scenario, Silence, point_on
from sextant.cli.main import main
from sextant.errors import BadRequest
from statemachine import keys
from statemachine.events import Fill, OrderRemoved, OrderRested
from statemachine.genesis import genesis_state
from statemachine.records import Portfolio, decode_ledger

RULES = devnet_rules()
FIRST = {market.market: 1_000_000 for market in RULES.markets}
WANTED = {
    "flash-crash",
    "grinding-fall",
    "oracle-gap",
    "outage",
    "one-sided",
    "funding-squeeze",
} | {"collateral-depeg"}


@pytest.mark.parametrize("scenario", LIBRARY.values(), ids=lambda one: one.name)
def test_a_scenario_is_whole(scenario: Scenario) -> None:
    for path in scenario.paths.values():
        times = [time for time, _ in path]
        assert times == sorted(set(times))
        assert times[0] == 0
        assert times[-1] == scenario.seconds
        assert path[0][1] == path[1][1] == PPM, "it begins with quiet minutes"
    assert next(iter(scenario.paths)) in BASE_USD
    assert scenario.quoting[0].since == 0
    assert [way.since for way in scenario.quoting] == sorted({w.since for w in scenario.quoting})
    assert scenario.seconds * 1000 % scenario.step_ms == 0
    for symbol in BASE_USD:
        assert all(scenario.move(symbol, 1000 * s) > 0 for s in range(0, scenario.seconds, 60))
    if scenario.outage is not None:
        since, until = scenario.outage
        assert 0 < since < until < scenario.seconds
        assert since * 1000 % scenario.step_ms == 0


def test_every_story_that_is_promised_is_there() -> None:
    assert set(LIBRARY) >= WANTED


def test_paths_are_straight_between_their_points() -> None:
    path = ((0, 1_000), (10, 2_000), (20, 500))
    assert [point_on(path, ms) for ms in (0, 5_000, 10_000, 15_000, 20_000, 99_000)] == [
        *(1_000, 1_500, 2_000, 1_250, 500, 500)
    ]


def test_what_goes_wrong_goes_wrong_on_time() -> None:
    scenario = Scenario(
        name="x",
        story="x",
        seconds=100,
        paths={"BTC": ((0, PPM), (100, PPM // 2))},
        silences=(Silence(publishers=(0, 2), since=10, until=20),),
        divergences=(Divergence(publisher=1, since=5, until=6, off=-7),),
        quoting=(Quoting(), Quoting(since=50, depth=1)),
    )
    silent = [[p for p in range(3) if scenario.is_silent(p, s)] for s in (9, 10, 19, 20)]
    assert silent == [[], [0, 2], [0, 2], []]
    assert [scenario.off_at(1, second) for second in (4, 5, 6)] == [0, -7, 0]
    assert [scenario.quoting_at(second).depth for second in (49, 50)] == [PPM, 1]
    assert scenario.move("BTC", 50_000) == 750_000
    assert scenario.move("ETH", 50_000) == PPM - 250_000 * 1_150_000 // PPM


def test_the_crowd_follows_from_the_seed() -> None:
    scenario = LIBRARY["flash-crash"]
    first, again = (draw_cast(scenario, RULES, FIRST, 500, 3) for _ in range(2))
    assert first == again
    assert draw_cast(scenario, RULES, FIRST, 500, 4) != first
    longs = sum(one.holdings[0].notional > 0 for one in first.traders)
    assert 0.65 < longs / 500 < 0.85
    isolated = [one for one in first.traders if one.sub]
    assert 0.2 < len(isolated) / 500 < 0.4
    assert all(one.sub == 128 + one.holdings[0].market for one in isolated)
    assert {one.leverage for one in first.traders} == {2, 3, 5, 10, 15, 18}
    for one in first.traders:
        assert sum(abs(h.notional) for h in one.holdings) <= one.equity * one.leverage


def test_a_larger_crowd_shares_the_same_sum() -> None:
    scenario = LIBRARY["flash-crash"]
    small, large = (
        sum(one.equity for one in draw_cast(scenario, RULES, FIRST, count, 3).traders)
        for count in (2_000, 4_000)
    )
    assert 0.9 < large / small < 1.1


def test_candles_become_a_path(tmp_path: Path) -> None:
    file = tmp_path / "fall.csv"
    file.write_text(
        "time,open,high,low,close\n"
        "1582329600,100,104,96,102\n"
        "1582329660,102,103,80,90\n"
        "1582329720,90,90,90,90\n"
    )
    points = [(time - 1_582_329_600_000, int(price)) for time, price in read_points(file)]
    assert points[:8] == [
        *((0, 100), (15_000, 96), (30_000, 104), (45_000, 102)),  # it rose: its low came first
        *((60_000, 102), (75_000, 103), (90_000, 80), (105_000, 90)),
    ]
    scenario = read_scenario(file, "BTC", 1)
    assert (scenario.name, scenario.seconds) == ("fall", 165)
    assert dict(scenario.paths["BTC"])[90] == 800_000
    assert scenario.first_usd == {"BTC": "100"}
    assert read_scenario(file, "BTC", 10).seconds == 16


@pytest.mark.parametrize(
    "head",
    ["exchange,symbol,timestamp,local_timestamp,id,side,price,amount", "TIMESTAMP,PRICE"],
)
def test_trades_become_a_path_whatever_else_a_line_holds(tmp_path: Path, head: str) -> None:
    lines = [head]
    for us, price in ((0, "9682"), (900_000, "9680.5"), (2_100_000, "9700.25")):
        stamp = 1_582_329_602_111_000 + us
        full = f"binance-futures,BTCUSDT,{stamp},{stamp},1,buy,{price},0.1"
        lines.append(full if "," in head[9:] and "symbol" in head else f"{stamp},{price}")
    file = tmp_path / "trades.csv.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    found = list(read_points(file))
    assert found == [
        (1_582_329_602_111, Decimal(9682)),
        (1_582_329_603_011, Decimal("9680.5")),
        (1_582_329_604_211, Decimal("9700.25")),
    ]
    path = dict(read_scenario(file, "BTC", 1).paths["BTC"])
    assert path == {0: 9_680_500 * PPM // 9_682_000, 2: 9_700_250 * PPM // 9_682_000}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not there"),
        ("a,b\n1,2\n", "columns are a, b"),
        ("time,price\n1582329600,1\n", "two times"),
        ("time,price\n1582329600,1\n1582329700,zero\n", ":3: "),
        ("time,price\n1582329600,1\n1582329700,-1\n", "no price"),
        ("time,price\n1582329600,1\n1582329599,1\n", "time goes back"),
        ("time,price\nyesterday,1\n1582329599,1\n", ":2: "),
        ("time,open,high,low,close\n1582329600,5,4,3,3\n", "low <= open"),
        ("time,price\n1582329600,1\n1582929600,1\n", "hours are too long"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text)
    with pytest.raises(BadRequest, match=complaint):
        read_scenario(file, "BTC", 1)


def test_money_that_is_missing_is_found() -> None:
    items = genesis_state(devnet_rules(), GENESIS_TIME_MS)
    assert conserve(items).holds
    ledger = decode_ledger(items[keys.LEDGER_KEY])
    ledger.insurance = 5
    found = conserve({**items, keys.LEDGER_KEY: ledger.encode()})
    assert (found.holds, found.missing) == (False, 5 << 32)
    poor = Portfolio(keys.portfolio_key(256), False, 256)
    poor.balance = -5
    ledger.insurance = 5
    both = {**items, keys.LEDGER_KEY: ledger.encode(), poor.key: poor.encode()}
    found = conserve(both)
    assert (found.missing, found.below_zero, found.holds) == (0, 1, False)


def test_books_follow_events() -> None:
    books = Books([1])
    books.follow([OrderRested(1, 7, 256, 0, 1_000, 5), OrderRested(1, 8, 256, 0, 990, 2)])
    books.follow([OrderRested(1, 9, 256, 1, 1_005, 4), OrderRested(1, 7, 256, 0, 1_000, 3)])
    assert books.best(1) == (1_000, 1_005)
    assert books.depth({1: 1_000}) == {1: (3 * 1_000 + 2 * 990, 4 * 1_005)}
    books.follow([Fill(1, 1, 1_000, 3, 256, 7, 0, 0, 512, 0, 0)])
    books.follow([OrderRemoved(1, 9, 256, 1, 1_005, 4, 1)])
    assert books.best(1) == (990, 0)


def test_the_list_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario"]) == 0
    text = capsys.readouterr().out
    assert all(f"{name} " in text for name in LIBRARY)
    assert main(["scenario", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["scenarios"]] == list(LIBRARY)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("scenario flush-crash", "no scenario 'flush-crash'"),
        ("scenario flash-crash --accounts 3", "--accounts"),
        ("scenario flash-crash --minutes 0", "--minutes"),
    ],
)
def test_what_cannot_be_played_is_said(
    line: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    assert complaint in capsys.readouterr().err


def test_a_report_says_in_words_what_did_not_come_back() -> None:
    assert depth_again(12_345) == "depth back after 12,345 s"
    assert depth_again(None) == "depth not yet recovered at the end of the run"
    assert calm_again(0) == "no liquidation after 0 s"
    assert calm_again(None) == "liquidations not over at the end of the run"
