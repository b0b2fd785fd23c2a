"""Lend, borrow, look and redeem: through gRPC, the SDK and the command line."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.events import PoolEvent
from sextant.client.keys import write_private_file
from sextant.errors import Rejected
from tests.e2e.clients import client_of
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.exchange_vectors.lending import LENDER, borrowed
from tests.exchange_vectors.scene import OTHER, TRADER
from tests.worlds import trader_key


def test_a_loan_is_seen_by_who_owes_and_who_lends() -> None:
    async def story() -> None:
        async with (
            serve(world=borrowed()) as served,
            client_of(served, TRADER) as debtor,
            client_of(served, LENDER) as lender,
        ):
            portfolio = (await debtor.account()).portfolio()
            assert portfolio is not None
            assert portfolio.loan == Decimal("416.8") == -portfolio.balance
            assert portfolio.loan_margined >= portfolio.loan
            pool = await lender.pool(mine=True)
            assert (pool.lent, pool.held) == (portfolio.loan, 10**9)
            assert pool.worth <= pool.value
            assert pool.free == 1_000 - portfolio.loan
            assert pool.utilisation == Decimal("0.4168")
            assert 0 < pool.supply_rate < pool.loan_rate

            heard: list[PoolEvent] = []

            async def listen(ready: asyncio.Event) -> None:
                async for update in lender.watch_account():
                    ready.set()
                    heard.extend(e for e in update.events if isinstance(e, PoolEvent))
                    if len(heard) == 2:
                        return

            ready = asyncio.Event()
            listening = asyncio.create_task(listen(ready))
            await ready.wait()
            with pytest.raises(Rejected, match="so much of the pool is lent"):
                await lender.redeem_pool()
            receipt = await lender.supply_pool(100)
            assert 0 < receipt.filled <= 10**8
            paid = await lender.redeem_pool(receipt.filled, sub=3)
            assert 0 <= 10**8 - paid.notional <= 2
            await listening
            assert [event.stage for event in heard] == ["supplied", "redeemed"]
            assert heard[1].shares == -receipt.filled

    run(story)


def test_commands_about_the_pool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = {}
    for trader in (TRADER, OTHER):
        keys[trader] = tmp_path / f"key{trader}"
        write_private_file(keys[trader], trader_key(trader).hex())

    async def story() -> None:
        async with serve(world=borrowed()) as served:
            shell = Shell(served, keys[OTHER], capsys)
            dry = await shell.ask("pool", "supply", "50", "--dry-run")
            assert dry["typed_data"]["primaryType"] == "PoolSupply"
            supplied = await shell.ask("pool", "supply", "50")
            assert supplied["schema"].startswith("sextant.pool.supply")
            shown = await shell.say("pool", "show")
            assert "416.800000 USDC" in shown
            assert "yours" in shown
            assert (await shell("pool", "show", signs=False))["lent"] == "416.800000"
            await shell.ask("pool", "redeem", "1000000")
            await shell.ask("pool", "redeem")
            gone = await shell.ask("pool", "redeem", code=1)
            assert "SHARES" in str(gone)
            account = await Shell(served, keys[TRADER], capsys).say("account")
            assert "loan" in account
            assert "416.800000 USDC" in account

    run(story)
