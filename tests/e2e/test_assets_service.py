"""Assets beyond USDC as their owners reach them: client and commands against a real service."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.events import AssetEvent
from sextant.client.keys import write_private_file
from sextant.errors import BadRequest, Rejected
from statemachine.keys import asset_key, holding_key
from tests.e2e.clients import client_of
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.exchange_vectors.assets import HELD, LOT, ORACLE_ONLY, STAKED, holding, levered, offered
from tests.exchange_vectors.scene import MAKER, TRADER
from tests.worlds import trader_key

NAME = "A1"
COINS = Decimal(HELD).scaleb(-6)


def test_an_asset_is_shown_moved_and_withdrawn() -> None:
    async def story() -> None:
        async with serve(world=holding()) as served, client_of(served, TRADER) as client:
            (staked, *_) = await client.assets()
            assert (staked.name, staked.decimals, staked.market) == (NAME, 6, ORACLE_ONLY)
            assert staked.price == staked.stable_price == 60_000
            assert (staked.weight, staked.initial_weight) == (Decimal("0.9"), Decimal("0.8"))
            assert staked.deposited == COINS
            portfolio = (await client.account()).portfolio()
            assert portfolio is not None
            (held,) = portfolio.assets
            assert (held.asset, held.amount, held.counted) == (NAME, COINS, True)
            assert held.value == 540
            assert held.value_initial == 480
            assert portfolio.equity == 550
            assert portfolio.equity_initial == 490
            assert portfolio.withdrawable == 10

            with pytest.raises(Rejected, match=f"asked 1 {NAME}, may leave 0.01 {NAME}"):
                await client.withdraw_asset(NAME, 1)
            with pytest.raises(BadRequest, match="finer"):
                await client.withdraw_asset(NAME, "0.0000001")
            with pytest.raises(BadRequest, match="there are: A1"):
                await client.withdraw_asset("GOLD", 1)
            made = await client.withdraw_asset(NAME, "0.004")
            (found,) = await client.withdrawals()
            assert (found.index, found.amount, found.asset) == (made.index, Decimal("0.004"), NAME)
            await client.transfer_asset(NAME, "0.001", source=0, target=3)
            moved = (await client.account()).portfolio(3)
            assert moved is not None
            assert moved.assets[0].amount == Decimal("0.001")
            markets = await client.tickers([ORACLE_ONLY])
            assert markets[0].index == 60_000

    run(story)


def test_money_lent_on_an_asset_is_what_may_be_used() -> None:
    async def story() -> None:
        async with serve(world=levered()) as served, client_of(served, TRADER) as client:
            portfolio = (await client.account()).portfolio()
            assert portfolio is not None
            free = portfolio.equity_initial - portfolio.initial_margin
            assert portfolio.available == free > 0
            assert portfolio.withdrawable == min(free, portfolio.balance)
            (held,) = portfolio.assets
            assert 0 < held.withdrawable < held.amount
            await client.withdraw_asset(NAME, held.withdrawable)
            with pytest.raises(Rejected, match="may leave 0 A1"):
                await client.withdraw_asset(NAME, "0.000001")

    run(story)


def test_what_a_vault_took_over_is_offered_and_bought() -> None:
    async def story() -> None:
        async with serve(world=offered()) as served, client_of(served, MAKER) as client:
            staked = await client.asset(NAME)
            assert staked.offered > 0
            assert staked.offer_price is not None
            assert staked.price is not None
            assert staked.offer_price == staked.price * Decimal("0.98")
            vault = await client.vault(ORACLE_ONLY)
            assert vault.assets[0].amount == staked.offered
            assert vault.value_low < vault.value_high

            heard: list[AssetEvent] = []

            async def listen(ready: asyncio.Event) -> None:
                async for update in client.watch_account():
                    ready.set()
                    heard.extend(e for e in update.events if isinstance(e, AssetEvent))
                    if heard:
                        return

            ready = asyncio.Event()
            listening = asyncio.create_task(listen(ready))
            await ready.wait()
            with pytest.raises(Rejected, match="the offer is at 47040 USDC, above your limit"):
                await client.buy_collateral(NAME, "0.0001", limit=47_000)
            with pytest.raises(Rejected, match=f"asked 1 {NAME}, offered"):
                await client.buy_collateral(NAME, 1, limit=47_040)
            receipt = await client.buy_collateral(NAME, "0.0001", limit=47_040)
            assert (receipt.filled, receipt.notional) == (LOT, 4_704_000)
            await listening
            assert (heard[0].asset, heard[0].amount) == (NAME, Decimal("0.0001"))
            assert heard[0].kind == "collateral"

    run(story)


def test_commands_about_assets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    write_private_file(key, trader_key(TRADER).hex())
    buyer = tmp_path / "buyer"
    write_private_file(buyer, trader_key(MAKER).hex())

    async def story() -> None:
        async with serve(world=offered()) as served:
            shell = Shell(served, key, capsys)
            listed = await shell("assets", signs=False)
            assert listed["assets"][0]["name"] == NAME
            assert "47040" in await shell.say("assets", signs=False)
            account = await shell("account")
            assert account["portfolios"][0]["assets"][0]["asset"] == NAME
            assert "COUNTS FOR" in await shell.say("account")
            assert "COUNTS FOR" in await shell.say("pos")
            assert (await shell("pos"))["assets"][0]["asset"]["asset"] == NAME
            dry = await shell("withdraw", "0.0002", "--asset", "a1", "--dry-run")
            assert dry["typed_data"]["primaryType"] == "WithdrawAsset"
            assert (await shell.ask("withdraw", "0.0002", "--asset", NAME))["index"] == 0
            listed = await shell("withdraw", "--list")
            assert listed["withdrawals"][0]["asset"] == NAME
            await shell.ask("transfer", "0.0001", "--asset", NAME, "--from", "0", "--to", "3")
            asked = await shell.ask("withdraw", "9", "--asset", NAME, code=1)
            assert asked["code"] == "BALANCE"
            assert NAME in asked["message"]
            proved = await shell("proof", "fetch", f"holding:1/3/{STAKED}", "asset:1", signs=False)
            keys = [value["key"] for value in proved["values"]]
            assert keys == [f"0x{k.hex()}" for k in (holding_key(1 << 8 | 3, 1), asset_key(1))]
            assert proved["values"][0]["present"]

            shop = Shell(served, buyer, capsys)
            show = await shop.say("vault", "show", "M2")
            assert "COUNTS FOR" in show
            order = ("vault", "buy-collateral", NAME, "0.0001", "--limit", "47040")
            dry = await shop(*order, "--dry-run")
            assert dry["typed_data"]["primaryType"] == "BuyCollateral"
            assert "4.704" in await shop.say(*order)

    run(story)
