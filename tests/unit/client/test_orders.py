"""Orders are checked before they are signed."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sextant.client.amounts import Rounding
from sextant.client.market import Market
from sextant.client.models import Side, Ticker
from sextant.client.names import new_client_id, read_client_id, read_ref
from sextant.client.orders import (
    NewOrder,
    bound_of,
    compose_order,
    read_side,
)
from sextant.errors import BadRequest
from statemachine.actions import (
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    PlaceOrder,
)

BTC = Market(
    id=1, name="BTC", lot_decimals=4, tick=10, minimum_notional=10_000_000, fill_band_ppm=5_000
)


def ticker(mark: str | None = "65000", market: Market = BTC) -> Ticker:
    return Ticker(
        market=market,
        mark=Decimal(mark) if mark else None,
        index=None,
        last=None,
        bid=None,
        ask=None,
        funding_rate=Decimal(0),
        funding_next=Decimal(0),
        funding_time_ms=0,
        open_interest=Decimal(0),
        deficit=Decimal(0),
    )


def compose(*, market: Market = BTC, mark: str | None = "65000", **fields: Any) -> PlaceOrder:
    defaults: dict[str, Any] = {"market": "BTC", "side": "buy", "size": "0.5"}
    order = NewOrder(**{**defaults, **fields})
    return compose_order(order, market, sub=3, ticker=ticker(mark, market))


def test_limit_order() -> None:
    action = compose(limit="65000.5", side="sell", post_only=True, reduce_only=True)
    flags = FLAG_SELL | FLAG_POST_ONLY | FLAG_REDUCE_ONLY
    assert action == PlaceOrder(3, 1, flags, 6_500_050, 5_000, b"")  # type: ignore[arg-type]  # plain integers


def test_pegged_order_is_post_only_with_a_hard_limit() -> None:
    action = compose(limit="66000", peg="-5.1")
    assert action.flags == FLAG_PEG | FLAG_POST_ONLY
    assert (action.price, action.terms.offset) == (6_600_000, -510)
    above = compose(limit="64000", side="sell", peg="12", slide=True, reduce_only=True)
    assert above.flags == FLAG_SELL | FLAG_PEG | FLAG_POST_ONLY | FLAG_SLIDE | FLAG_REDUCE_ONLY
    assert above.terms.offset == 1_200
    assert compose(limit="66000", peg="0").terms.offset == 0
    assert compose(limit="66000", peg="-5.13", rounding=Rounding.DOWN).terms.offset == -510


def test_market_order_is_an_ioc_bounded_within_the_band() -> None:
    wide = compose(slippage="0.5")
    assert wide.flags == FLAG_IOC
    assert wide.price == 6_500_000 + 32_500
    narrow = compose(slippage="0.001", side="sell")
    assert narrow.price == 6_500_000 - 6_500
    assert narrow.flags == FLAG_IOC | FLAG_SELL


def test_bound_is_on_the_tick_and_never_leaves_the_band() -> None:
    coarse = Market(id=1, name="BTC", lot_decimals=4, tick=7_000, fill_band_ppm=5_000)
    for side in Side:
        bound = bound_of(ticker(market=coarse), side, "0.9")
        assert bound % 7_000 == 0
        assert abs(bound - 6_500_000) <= 32_500


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"limit": "65000.53"}, "TICK"),
        ({"limit": "65000", "size": "0.00001"}, "LOT"),
        ({"limit": "65000", "size": "0.0001"}, "NOTIONAL"),
        ({"post_only": True}, "FLAGS"),
        ({"peg": "-5"}, "FLAGS"),
        ({"peg": "-5", "limit": "65000", "time_in_force": "ioc"}, "FLAGS"),
        ({"peg": "-5", "limit": "65000", "stop": "64000"}, "FLAGS"),
        ({"peg": "-5.05", "limit": "65000"}, "TICK"),
        ({"limit": "65000", "post_only": True, "time_in_force": "ioc"}, "FLAGS"),
        ({"limit": "65000", "time_in_force": "gfd"}, "TIME_IN_FORCE"),
        ({"limit": "65000", "slide": True}, "FLAGS"),
        ({"limit": "65000", "stop": "64000", "take_profit": "66000"}, "TRIGGER"),
        ({"limit": "65000", "stop": "64000", "source": "mid"}, "SOURCE"),
        ({"limit": "65000", "self_trade": "none"}, "SELF_TRADE"),
        ({"limit": "65000", "max_fee": "2"}, "FEE"),
        ({"limit": "65000", "side": "up"}, "SIDE"),
        ({"limit": "65000", "client_id": "abc"}, "CLIENT_ID"),
        ({"mark": None}, "NO_MARK"),
        ({"slippage": "1"}, "SLIPPAGE"),
        ({"slippage": "-0.1"}, "SLIPPAGE"),
        ({"limit": 65000.5}, "FLOAT"),
        ({"limit": "65000", "market": replace(BTC, state="paused")}, "MARKET_STATE"),
    ],
)
def test_what_cannot_be_right_is_not_signed(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        compose(**fields)
    assert caught.value.code == code


def test_tiny_order_may_close_a_tiny_position() -> None:
    assert compose(limit="65000", size="0.0001", reduce_only=True).size == 1


def test_post_only_market_takes_only_post_only() -> None:
    market = Market(id=1, name="BTC", lot_decimals=4, tick=10, state="post-only")
    assert compose(market=market, limit="65000", post_only=True).flags == FLAG_POST_ONLY
    with pytest.raises(BadRequest):
        compose(market=market, limit="65000")


def test_client_ids_and_references() -> None:
    number = 0x0123456789ABCDEF0123456789ABCDEF
    expected = number.to_bytes(16, "big")
    for form in (number, expected, UUID(int=number), f"0x{number:032x}", str(UUID(int=number))):
        assert read_client_id(form) == expected
    assert len(new_client_id()) == 16
    assert read_ref(7) == read_ref("7") == 7
    assert read_ref(f"{number:032x}") == expected
    assert read_ref("12345678901234567890123456789012") == bytes.fromhex(
        "12345678901234567890123456789012"
    )
    for bad in (1 << 128, -1, b"x", "xyz"):
        with pytest.raises(BadRequest):
            read_client_id(bad)


@pytest.mark.parametrize("word", ["buy", "BUY", "b", "bid", "long", Side.BUY])
def test_sides_are_read(word: str) -> None:
    assert read_side(word) is Side.BUY
