"""What a node remembers for traders: samples, outages, the tail."""

from fractions import Fraction
from pathlib import Path

import pytest

from node.storage.history import (
    MINUTE_MS,
    UNFILLED,
    History,
    Sample,
    divergence_of,
    slippage_ppm,
)
from statemachine.events import (
    STAGE_BACKSTOP,
    STAGE_FLAGGED,
    STAGE_RELEASED,
    Deleveraged,
    FundingPaid,
    Liquidated,
)
from statemachine.records import Oracle
from statemachine.units import DAY_MS

START = 20_000 * DAY_MS


def sample(time_ms: int, mark: int = 100) -> Sample:
    return Sample(time_ms, mark, mark, 99, 101, 20_000, 5, 0, 3, 7, [1, 2], [3, UNFILLED])


@pytest.mark.parametrize(
    ("lots", "mean"),
    [(1, Fraction(101)), (10, Fraction(101)), (20, Fraction(211, 2)), (15, Fraction(104))],
)
def test_slippage_is_how_far_the_mean_price_is_from_mid(lots: int, mean: Fraction) -> None:
    asks = [(101, 10), (110, 10)]
    bids = [(99, 10), (90, 10)]
    notional = int(lots * mean)
    assert abs(slippage_ppm(asks, 200, notional) - (mean / 100 - 1) * 1_000_000) <= 1
    mirrored = int(lots * (200 - mean))
    assert abs(slippage_ppm(bids, 200, mirrored) - (mean / 100 - 1) * 1_000_000) <= 1


def test_what_the_book_does_not_hold_has_no_slippage() -> None:
    depth = [(101, 10), (110, 10)]
    assert slippage_ppm(depth, 200, 101 * 10 + 110 * 10) != UNFILLED
    assert slippage_ppm(depth, 200, 101 * 10 + 110 * 10 + 1) == UNFILLED
    assert slippage_ppm([], 200, 1) == UNFILLED


def test_only_fresh_publishers_can_diverge() -> None:
    oracle = Oracle(b"", False, [100, 103, 500, 0, 0, 0, 0, 0], [1_000, 900, 10, 0, 0, 0, 0, 0])
    assert divergence_of(oracle, 1_000, 200) == (30_000, 2)
    assert divergence_of(oracle, 9_000, 200) == (0, 0)


def test_a_minute_is_sampled_once_and_a_block_taken_once() -> None:
    history = History(None, 35)
    assert history.take(1, START, [])
    assert not history.take(2, START + 1_000, [])
    assert not history.take(2, START + MINUTE_MS, [])
    assert history.take(3, START + MINUTE_MS, [])


def test_an_outage_is_a_pause_between_two_blocks_that_follow_each_other() -> None:
    history = History(None, 35)
    history.take(1, START, [])
    history.take(2, START + 1_000, [])
    history.take(3, START + 9_000, [])
    history.take(9, START + 900_000, [])  # blocks 4 to 8 were made, and not seen
    assert history.outages(0) == [(START + 1_000, START + 9_000)]


def test_the_tail_is_counted_by_day_and_funding_kept() -> None:
    history = History(None, 35)
    events = [
        Liquidated(1, STAGE_FLAGGED, 0, 0, 1, 2),
        Liquidated(1, STAGE_BACKSTOP, 0, 5, 1, 2),
        Liquidated(1, STAGE_RELEASED, 0, 0, 1, 2),
        Deleveraged(2, 0, 5, 100, 99, 1),
        FundingPaid(0, 12_345, 1),
    ]
    history.take(1, START, events)
    history.take(2, START + DAY_MS, [Liquidated(1, STAGE_FLAGGED, 0, 0, 1, 2)])
    assert history.tail(0, 0) == {"flagged": 2, "backstops": 1, "victims": 1}
    assert history.tail(0, START + DAY_MS) == {"flagged": 1}
    assert history.tail(1, 0) == {}
    assert history.funding(0, 0) == [(START, 12_345)]


def test_it_survives_a_restart_and_forgets_what_is_old(tmp_path: Path) -> None:
    path = tmp_path / "node" / "history.sqlite"
    history = History(path, 2)
    for day in range(4):
        now = START + day * DAY_MS
        history.take(day + 1, now, [FundingPaid(0, day, 1)])
        history.keep({0: sample(now)})
    history.close()
    again = History(path, 2)
    assert [s.time_ms for s in again.samples(0, 0, 100)] == [START + d * DAY_MS for d in (1, 2, 3)]
    assert [rate for _, rate in again.funding(0, 0)] == [1, 2, 3]
    assert (again.height, again.last_ms) == (4, START + 3 * DAY_MS)
    assert not again.take(4, START + 3 * DAY_MS, [])
    kept = again.samples(0, 0, 100)[-1]
    assert (kept.buys, kept.sells, kept.spread_ppm, kept.open_interest) == (
        [1, 2],
        [3, UNFILLED],
        20_000,
        7,
    )


def test_samples_are_thinned_evenly() -> None:
    history = History(None, 35)
    for minute in range(100):
        history.keep({0: sample(START + minute * MINUTE_MS)})
    times = [s.time_ms for s in history.samples(0, 0, 10)]
    assert times == [START + 10 * step * MINUTE_MS for step in range(10)]
    assert len(history.samples(0, START + 95 * MINUTE_MS, 10)) == 5


def test_a_file_that_is_broken_is_put_aside(tmp_path: Path) -> None:
    """A power cut may leave one; it must not keep a node from starting."""
    path = tmp_path / "history.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8_000)
    history = History(path, 35)
    assert history.take(1, START, ()) is True
    history.close()
    assert History(path, 35).height == 1
    assert path.with_name("history.db.broken").exists()
    blocked = tmp_path / "folder"
    blocked.mkdir()
    (blocked / "x").write_text("")
    (tmp_path / "folder.broken").write_text("a file is where a folder would go")
    assert History(blocked, 35).take(1, START, ()) is True


def test_a_disk_that_is_full_ends_no_feed(tmp_path: Path) -> None:
    history = History(tmp_path / "history.db", 35)
    history.take(1, START, ())
    history.keep({0: sample(START)})
    history.database.execute("PRAGMA max_page_count = 1")
    for height in (2, 3):
        time = START + height * MINUTE_MS
        assert history.take(height, time, [FundingPaid(0, 1, 1)]) is True
        history.keep({market: sample(time) for market in range(900)})
    [(_, _, file)] = history.database.execute("PRAGMA database_list")
    assert not file, "it goes on in memory"
    assert len(history.samples(7, START + 3 * MINUTE_MS, 10)) == 1
    assert history.since_ms > START, "and does not claim to know what is lost"


def test_a_figure_of_any_size_can_be_kept() -> None:
    history = History(None, 35)
    history.take(1, START, ())
    huge = sample(START)
    huge.divergence_ppm = 1 << 80
    history.keep({0: huge})
    assert history.samples(0, START, 1)[0].divergence_ppm == (1 << 63) - 1
