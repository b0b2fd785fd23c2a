"""Brackets are looked at as a whole: a stop that would wake at once protects nobody."""

import pytest

from sextant.client.models import Side
from sextant.client.orders import NewOrder
from sextant.errors import BadRequest
from statemachine.actions import Bracket
from tests.unit.client.fakes import FakeNode, connected, run

BACK = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def compose(side: Side, limit: str | None, stop: str, profit: str | None) -> Bracket:
    back = NewOrder(market="BTC", side=BACK[side], size="0.5", stop=stop)
    exits = [back]
    if profit is not None:
        exits.append(
            NewOrder(market="BTC", side=BACK[side], size="0.5", take_profit=profit, limit=profit)
        )
    entry = None
    if limit is not None:
        entry = NewOrder(market="BTC", side=side, size="0.5", limit=limit)

    async def work() -> Bracket:
        async with connected(FakeNode()) as client:
            return await client.compose_bracket(entry, exits)

    found: Bracket = run(work())
    return found


@pytest.mark.parametrize(
    ("side", "limit", "stop", "profit"),
    [
        (Side.BUY, "60000", "59999", "61000"),
        (Side.SELL, "60000", "60001", "59000"),
        (Side.BUY, "66000", "64000", "65500"),  # it may fill at the market, below its profit
        (Side.BUY, None, "64000", "66000"),
        (Side.SELL, None, "66000", "64000"),
    ],
)
def test_stops_on_the_losing_side(side: Side, limit: str | None, stop: str, profit: str) -> None:
    assert len(compose(side, limit, stop, profit).exits) == 2


@pytest.mark.parametrize(
    ("side", "limit", "stop", "profit", "told"),
    [
        (Side.BUY, "60000", "99000", None, "put it below the entry's price, 60000"),
        (Side.BUY, "60000", "60000", None, "put it below the entry's price, 60000"),
        (Side.SELL, "60000", "60000", None, "put it above the entry's price, 60000"),
        (Side.BUY, None, "66000", "65500", "put it below the take-profit's price, 65500"),
        (Side.SELL, None, "64000", "64000", "put it above the take-profit's price, 64000"),
    ],
)
def test_stops_that_would_wake_at_once(
    side: Side, limit: str | None, stop: str, profit: str | None, told: str
) -> None:
    with pytest.raises(BadRequest, match="would wake at once") as caught:
        compose(side, limit, stop, profit)
    assert told in (caught.value.advice or "")
