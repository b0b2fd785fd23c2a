"""What ``sextant tx`` shows of fills: in the market's units wherever the action says which."""

from pathlib import Path

import pytest

from sextant.cli.tx import market_of
from sextant.client.api import AsyncClient
from sextant.client.keys import write_private_file
from statemachine.actions import (
    Action,
    Bracket,
    Bulk,
    Cancel,
    ClosePosition,
    PlaceOrder,
    Poke,
    Terms,
    VaultDeposit,
    Withdraw,
)
from statemachine.units import Lots, Micros, Price
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.worlds import trader_key

PRICE = 6_000_000


def order(market: int, size: int, flags: int = 0) -> PlaceOrder:
    return PlaceOrder(0, market, flags, Price(PRICE), Lots(size))


def test_fills_are_shown_in_the_markets_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    write_private_file(key, trader_key(0).hex())

    async def story() -> None:
        async with serve() as served:
            shell, world = Shell(served, key, capsys), served.world
            for market in (0, 1):
                served.exchange.submit_now(world.sign(1, order(market, 500, 1)).data)
            bulk = world.sign(0, Bulk(0, (order(0, 200), order(1, 30), Cancel(0, 1, 99))))
            served.exchange.submit_now(bulk.data)
            shown = await shell.say("tx", bulk.hash.hex(), signs=False)
            rows = [line.split() for line in shown.splitlines() if " M" in line]
            assert [row[3:5] for row in rows] == [["0.02", "M0"], ["0.003", "M1"]]
            # A refused price is a price of the market, too.
            tick = world.sign(0, PlaceOrder(0, 0, 0, Price(PRICE + 1), Lots(5)))
            served.exchange.submit_now(tick.data)
            assert "TICK" in await shell.say("tx", tick.hash.hex(), signs=False)

            async def pruned(*_: object) -> None:
                return None

            monkeypatch.setattr(AsyncClient, "action", pruned)
            assert "200 lots" in await shell.say("tx", bulk.hash.hex(), signs=False)

    run(story)


@pytest.mark.parametrize(
    ("action", "leg", "market"),
    [
        (order(3, 1), 0, 3),
        (Bulk(0, (order(3, 1), Cancel(0, 5, 1))), 1, 5),
        (Bulk(0, (order(3, 1),)), 1, None),
        (ClosePosition(0, 4, Price(1)), 0, 4),
        (Bracket(0, None, (PlaceOrder(0, 6, 9, Price(1), Lots(1), b"", Terms()),)), 0, 6),
        (Withdraw(0, Micros(1)), 0, None),
        (VaultDeposit(0, 1, Micros(1)), 0, None),  # its figures are shares, not lots
        (Poke(1, 0), 0, None),
        (None, 0, None),
    ],
)
def test_which_market_a_leg_trades_in(action: Action | None, leg: int, market: int | None) -> None:
    assert market_of(action, leg) == market
