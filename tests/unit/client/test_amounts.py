"""Decimals at the edge, integers inside: exact, or refused by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant.client.amounts import (
    Rounding,
    from_micros,
    read_decimal,
    show_decimal,
    show_usdc,
    to_decimal,
    to_micros,
)
from sextant.client.market import Market
from sextant.errors import BadRequest

BTC = Market(
    id=1,
    name="BTC",
    lot_decimals=4,
    tick=10,
    minimum_notional=10_000_000,
    order_lots_max=1_000_000,
    fill_band_ppm=50_000,
)


def code_of(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(BadRequest) as caught:
        call(*args, **kwargs)  # type: ignore[operator]  # any callable
    return caught.value.code


def test_price_is_exact_micros_per_lot() -> None:
    assert BTC.price("65000.5") == 6_500_050
    assert BTC.price(Decimal(60000)) == 6_000_000
    assert BTC.price(60000) == 6_000_000
    assert BTC.price("6.5e4") == 6_500_000
    assert BTC.price("65_000.5") == 6_500_050


def test_off_tick_price_names_its_neighbours() -> None:
    with pytest.raises(BadRequest) as caught:
        BTC.price("65000.53")
    assert caught.value.code == "TICK"
    assert "65000.5 and 65000.6" in caught.value.advice
    assert not caught.value.retryable


def test_rounding_is_opt_in() -> None:
    assert BTC.price("65000.53", rounding=Rounding.DOWN) == 6_500_050
    assert BTC.price("65000.53", rounding=Rounding.UP) == 6_500_060
    assert BTC.price("65000.55", rounding=Rounding.NEAREST) == 6_500_060
    assert BTC.price("0.00001", rounding=Rounding.DOWN) == BTC.tick
    assert BTC.size("0.00015", rounding=Rounding.UP) == 2
    assert BTC.size("0.00015", rounding=Rounding.DOWN) == 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (65000.5, "FLOAT"),
        ("abc", "NUMBER"),
        ("NaN", "NUMBER"),
        ("Infinity", "NUMBER"),
        ("1e999", "NUMBER"),
        ("1" * 65, "NUMBER"),
        ("", "NUMBER"),
        (None, "NUMBER"),
        ("-1", "PRICE"),
        ("0", "PRICE"),
    ],
)
def test_bad_prices_are_refused_by_name(value: object, code: str) -> None:
    assert code_of(BTC.price, value) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [("0.00001", "LOT"), ("0", "SIZE"), ("-1", "SIZE"), (0.5, "FLOAT"), ("101", "SIZE")],
)
def test_bad_sizes_are_refused_by_name(value: object, code: str) -> None:
    assert code_of(BTC.size, value) == code


def test_size_that_rounds_to_nothing_is_refused() -> None:
    assert code_of(BTC.size, "0.00001", rounding=Rounding.DOWN) == "SIZE"


def test_notional_is_checked() -> None:
    BTC.check_notional(6_500_000, 2)
    assert code_of(BTC.check_notional, 6_500_000, 1) == "NOTIONAL"


def test_money_has_six_decimals() -> None:
    assert to_micros("0.000001") == 1
    assert code_of(to_micros, "0.0000001") == "PRECISION"
    assert from_micros(-1) == Decimal("-0.000001")
    assert show_usdc(1_234_567_890) == "1,234.56789 USDC"
    assert show_usdc(-5_000_000) == "-5.00 USDC"


def test_numbers_are_shown_in_full() -> None:
    assert show_decimal(to_decimal(10**31, 6)) == "1" + "0" * 25
    assert show_decimal(Decimal(100)) == "100"
    assert show_decimal(Decimal("1.500")) == "1.5"
    assert show_decimal(Decimal("-0.0000")) == show_decimal(Decimal("0.00")) == "0"
    assert to_decimal(7, -3) == Decimal(7000)


def test_market_with_more_lot_decimals_than_money_has() -> None:
    shib = Market(id=2, name="SHIB", lot_decimals=0, tick=1)
    assert shib.price("0.000012") == 12
    fine = Market(id=3, name="F", lot_decimals=8, tick=5)
    assert fine.price("500") == 5
    assert fine.tick_size == Decimal(500)


@given(st.integers(1, 10**12), st.integers(0, 8), st.integers(1, 1000))
def test_prices_survive_the_way_there_and_back(ticks: int, decimals: int, tick: int) -> None:
    market = Market(id=1, name="M", lot_decimals=decimals, tick=tick)
    price = ticks * tick
    assert market.price(market.show_price(price)) == price
    assert market.price(show_decimal(market.show_price(price))) == price
    assert market.size(market.show_size(ticks)) == ticks


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=1, max_value=10**9))
def test_rounding_stays_within_a_tick(value: Decimal) -> None:
    down = BTC.price(value, rounding=Rounding.DOWN)
    up = BTC.price(value, rounding=Rounding.UP)
    assert down % BTC.tick == up % BTC.tick == 0
    assert up - down in {0, BTC.tick}
    assert BTC.price(value, rounding=Rounding.NEAREST) in {down, up}


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=12, min_value=-(10**18), max_value=10**18
    )
)
def test_decimals_are_read_exactly(value: Decimal) -> None:
    assert read_decimal(str(value)) == value
