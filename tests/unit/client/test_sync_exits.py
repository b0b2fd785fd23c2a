"""The ways out without ``await``: the same methods, over a connection of their own."""

import asyncio
import inspect
from pathlib import Path

import pytest

from sextant import Client
from sextant.client.attesters import Attesters
from sextant.client.escape import Escape
from sextant.client.keys import parse_key
from sextant.client.sales import Sales
from sextant.client.sync_exits import SyncAttesters, SyncEscape, SyncSales, Waited
from sextant.errors import BadRequest, Refused, Rejected, Unreachable
from tests.l1_worlds import USER, USER_KEY
from tests.unit.l1_stub.stubs import Bench, on_stub

PAIRS = ((Escape, SyncEscape), (Sales, SyncSales), (Attesters, SyncAttesters))
INNER = {"rules", "reader", "silence_from"}
"""What the ways out do for themselves."""


@pytest.mark.parametrize(("core", "waited"), PAIRS)
def test_whatever_can_be_awaited_can_be_waited_for(
    core: type, waited: type[Waited[Escape]]
) -> None:
    own = {
        name
        for name, method in inspect.getmembers(core, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert own - INNER == {
        name for name in vars(waited) if not name.startswith("_") and name in dir(core)
    }


def test_the_ways_out_ask_the_l1(tmp_path: Path) -> None:
    def ask(target: str) -> None:
        with Client("127.0.0.1:1", l1=target, key=parse_key(USER_KEY.hex())) as client:
            with client.escape() as escape:
                status = escape.status(client.address)
                assert (status.frozen, status.paid) == (False, False)
                with pytest.raises(Refused, match="NOT_FROZEN"):
                    escape.refund()
                with pytest.raises(Rejected, match="NOT_FROZEN"):
                    escape.pay()
            with client.sales() as sales:
                assert sales.offers() == []
                with pytest.raises(Refused, match="NOT_FOUND"):
                    sales.cancel(0)
                with pytest.raises(BadRequest, match="AMOUNT"):
                    sales.offer(0, "0", seconds=60)
                with pytest.raises(Unreachable):  # it wants a proof from the node
                    sales.offer(0, "99.5", seconds=60)
            attesters = client.attesters()
            assert attesters.book().attesters == ()
            with pytest.raises(Refused, match="NOT_ATTESTER"):
                attesters.leave()
            attesters.close()

    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await asyncio.to_thread(ask, bench.target)

    on_stub(tmp_path, story)
