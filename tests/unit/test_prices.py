"""Prices of a devnet: a walk without state, a script, prices held by hand."""

from itertools import pairwise
from pathlib import Path

import pytest

from devnet.prices import HeldPrices, PricesInvalid, ScriptLine, read_script, scripted, walk

BASE = 6_500_000
NOON = 1_767_268_800_000


def test_walk_is_a_function_of_its_arguments() -> None:
    assert walk(7, 1, BASE, NOON) == walk(7, 1, BASE, NOON)
    assert walk(7, 1, BASE, NOON) != walk(8, 1, BASE, NOON)
    assert walk(7, 1, BASE, NOON) != walk(7, 2, BASE, NOON)


def test_walk_moves_little_in_a_second_and_stays_near_its_base() -> None:
    prices = [walk(7, 1, BASE, NOON + 1_000 * step) for step in range(600)]
    jumps = [abs(after - before) for before, after in pairwise(prices)]
    assert max(jumps) * 1_000 < BASE
    assert len(set(prices)) > 300
    assert all(abs(price - BASE) * 10 < BASE for price in prices)


def test_script_gives_the_last_price_so_far(tmp_path: Path) -> None:
    file = tmp_path / "prices"
    file.write_text("0 BTC 65000\n\n# the fall\n60 btc 55000.5\n30 ETH 3000\n")
    script = read_script(file)
    assert script[-1] == ScriptLine(60_000, "BTC", "55000.5")
    assert scripted(script, "BTC", 59_999) == "65000"
    assert scripted(script, "BTC", 60_000) == "55000.5"
    assert scripted(script, "ETH", 0) is None


def test_script_names_the_line_it_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "prices"
    file.write_text("0 BTC 65000\nsoon BTC 1\n")
    with pytest.raises(PricesInvalid, match="prices:2: need SECONDS MARKET PRICE"):
        read_script(file)


def test_held_prices_are_seen_by_another_reader_and_released(tmp_path: Path) -> None:
    writer, reader = HeldPrices(tmp_path / "p.json"), HeldPrices(tmp_path / "p.json")
    assert reader.read() == {}
    writer.hold("BTC", 5)
    writer.hold("ETH", 6)
    assert reader.read() == {"BTC": 5, "ETH": 6}
    writer.hold("BTC", None)
    assert reader.read() == {"ETH": 6}


def test_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("{")
    with pytest.raises(PricesInvalid, match=r"p\.json"):
        HeldPrices(tmp_path / "p.json").read()
