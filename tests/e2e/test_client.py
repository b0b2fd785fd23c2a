"""The client and its commands against a real service: real rules, real signatures."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sextant.cli.main import main
from sextant.client.api import AsyncClient
from sextant.client.keys import make_key, write_private_file
from sextant.client.models import Side, Stage
from sextant.client.names import new_client_id
from sextant.client.orders import NewOrder
from sextant.client.receipts import verify_header
from sextant.errors import BadRequest, Refused, Rejected
from statemachine.keys import portfolio_key
from tests.e2e.clients import MARKET, client_of, mark_of
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.worlds import trader_key

MISSING = b"\x01" * 32


def test_two_traders_meet() -> None:
    async def story() -> None:
        async with serve() as served, client_of(served, 0) as maker, client_of(served, 1) as taker:
            mark = await mark_of(maker)
            orders = [
                NewOrder(market=MARKET, side=side, size="0.1", limit=mark + away, post_only=True)
                for side, away in (("buy", -20), ("buy", -10), ("sell", 10), ("sell", 20))
            ]
            outcomes = await maker.place_many(orders)
            assert all(outcome.ok for outcome in outcomes)
            book = await taker.book(MARKET)
            assert [level.price for level in book.bids] == [mark - 10, mark - 20]
            assert book.spread == 20

            bought = await taker.place(MARKET, "buy", "0.15")
            assert bought.filled == Decimal("0.15")
            assert bought.average_price is not None
            assert mark + 10 < bought.average_price < mark + 20
            account = await taker.account()
            portfolio = account.portfolio()
            assert portfolio is not None
            assert portfolio.positions[0].size == Decimal("0.15")
            trades = await taker.trades(MARKET)
            assert {trade.taker_side for trade in trades} == {Side.BUY}

            closed = await taker.close_position(MARKET)
            assert closed is not None
            assert closed.filled == Decimal("0.15")
            assert await taker.close_position(MARKET) is None

    run(story)


def test_an_order_is_moved_shrunk_found_and_cancelled() -> None:
    async def story() -> None:
        async with serve() as served, client_of(served, 0) as client:
            low = await mark_of(client) - 100
            mine = new_client_id()
            placed = await client.place(MARKET, "buy", "0.2", limit=low, client_id=mine)
            again = await client.place(MARKET, "buy", "0.2", limit=low, client_id=mine)
            assert (again.order_id, again.existed) == (placed.order_id, True)

            moved = await client.modify(mine, limit=low - 10)
            assert moved.order_id > placed.order_id
            shrunk = await client.modify(moved.order_id, size="0.1")
            assert shrunk.order_id == moved.order_id
            order = await client.order(mine)
            assert (order.order_id, order.remaining, order.price) == (
                moved.order_id,
                Decimal("0.1"),
                low - 10,
            )
            await client.cancel(mine)
            with pytest.raises(Refused) as missing:
                await client.cancel(mine)
            assert missing.value.code == "NOT_FOUND"
            with pytest.raises(Rejected) as gone:
                await client.cancel(moved.order_id, market=MARKET)
            assert gone.value.code == "ORDER_UNKNOWN"

    run(story)


def test_what_is_wrong_is_refused_where_it_is_known() -> None:
    async def story() -> None:
        async with serve() as served, client_of(served, 0) as client:
            mark = await mark_of(client)
            with pytest.raises(BadRequest) as off_tick:
                await client.place(MARKET, "buy", "0.1", limit=mark + Decimal("0.01"))
            assert off_tick.value.code == "TICK"
            with pytest.raises(Rejected) as poor:
                await client.place(MARKET, "buy", "100000", limit=mark)
            assert poor.value.code == "MARGIN"
            with pytest.raises(Rejected) as far:
                await client.place(MARKET, "buy", "0.1", limit=mark * 2)
            assert far.value.code == "BAND"
            with pytest.raises(BadRequest):
                await client.market("NOPE")
        async with (
            serve() as served,
            AsyncClient(f"127.0.0.1:{served.server.port}", key=make_key()) as stranger,
        ):
            with pytest.raises(Refused) as unknown:
                await stranger.cancel_all()
            assert unknown.value.code == "SIGNER_UNKNOWN"

    run(story)


def test_an_agent_trades_and_nothing_else() -> None:
    async def story() -> None:
        key = make_key()
        async with serve() as served, client_of(served, 0) as owner:
            target = f"127.0.0.1:{served.server.port}"
            async with AsyncClient(target, key=key) as agent:
                await owner.approve_agent(agent.address, days=1, markets=(MARKET,))
                info = await owner.signer(agent.address)
                assert info.is_agent
                assert info.account == (await owner.signer()).account
                low = await mark_of(agent) - 100
                await agent.place(MARKET, "buy", "0.1", limit=low)
                for refused in (agent.place("M1", "buy", "0.1", limit=low), agent.withdraw("1")):
                    with pytest.raises(Rejected):
                        await refused
                await agent.cancel_all(MARKET)
                await owner.revoke_agent(agent.address)
                with pytest.raises((Refused, Rejected)):
                    await agent.cancel_all()

    run(story)


def test_leverage_isolated_money_and_budgets_reach_the_exchange() -> None:
    async def story() -> None:
        key = make_key()
        async with serve() as served, client_of(served, 0) as owner:
            await owner.set_leverage(MARKET, 4)
            with pytest.raises(BadRequest):
                await owner.set_leverage(MARKET, 21)
            await owner.transfer("100", source=0, target=128)
            low = await mark_of(owner) - 100
            await owner.place(MARKET, "buy", "0.01", limit=low, sub=128)
            with pytest.raises(Rejected) as isolated:
                await owner.place("M1", "buy", "0.01", limit=low, sub=128)
            assert isolated.value.code == "ISOLATED"
            portfolio = (await owner.account()).portfolios[0]
            assert [position.leverage for position in portfolio.positions] == [4]
            target = f"127.0.0.1:{served.server.port}"
            async with AsyncClient(target, key=key) as agent:
                await owner.approve_agent(agent.address, notional_per_day="1000", loss_per_day=5)
                await agent.place(MARKET, "buy", "0.01", limit=low)
                with pytest.raises(Rejected) as spent:
                    await agent.place(MARKET, "buy", "0.01", limit=low)
                assert spent.value.code == "AGENT_NOTIONAL"
                info = await owner.signer(agent.address)
                assert info.notional_today == low / 100
                assert info.loss_per_day == 5

    run(story)


def test_money_moves_and_its_proofs_hold() -> None:
    async def story() -> None:
        async with serve() as served, client_of(served, 0) as client:
            await client.transfer("10", source=0, target=1)
            with pytest.raises(BadRequest):
                await client.transfer("10", source=1, target=1)
            made = await client.withdraw("5")
            found = await client.withdrawal(made.index)
            assert (found.amount, found.owner) == (Decimal(5), client.address)
            assert [one.index for one in await client.withdrawals()] == [made.index]
            account = await client.account()
            assert [portfolio.sub for portfolio in account.portfolios] == [0, 1]

            key = portfolio_key(account.account << 8 | 1)
            proof = await client.proof([found.key, key, MISSING], log_index=3)
            assert proof.values[0][1] is not None
            assert proof.values[1][1] is not None
            assert proof.values[2][1] is None

    run(story)


def test_blocks_and_transactions_can_be_followed() -> None:
    async def story() -> None:
        async with serve() as served, client_of(served, 0) as client:
            blocks: list[int] = []
            head = (await client.status()).unsafe.height

            async def follow() -> None:
                async for block in client.watch_blocks(head + 1):
                    blocks.append(block.header.height)
                    if len(blocks) == 3:
                        return

            following = asyncio.create_task(follow())
            for _ in range(3):
                last = await client.cancel_all()
            await following
            assert blocks == [head + 1, head + 2, head + 3]
            info = await client.transaction(last.transaction_hash)
            assert info.stage is Stage.SEQUENCED
            assert info.receipts[0].path is not None
            assert (await client.transaction(MISSING)).stage is Stage.UNKNOWN
            block = await client.block(with_receipts=True)
            verify_header(block.header, sequencer=await client.sequencer_address())

    run(story)


def test_an_account_hears_what_happens_to_it() -> None:
    async def story() -> None:
        async with serve() as served, client_of(served, 0) as maker, client_of(served, 1) as taker:
            mark = await mark_of(maker)
            heard: list[str] = []

            async def listen(ready: asyncio.Event) -> None:
                async for update in maker.watch_account():
                    ready.set()
                    heard.extend(type(event).__name__ for event in update.events)
                    if "FillEvent" in heard:
                        return

            ready = asyncio.Event()
            listening = asyncio.create_task(listen(ready))
            await ready.wait()
            await maker.place(MARKET, "sell", "0.1", limit=mark + 10)
            await taker.place(MARKET, "buy", "0.1")
            await listening
            assert heard[0] == "OrderEvent"

    run(story)


def test_every_command_answers_people_and_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    write_private_file(key, trader_key(0).hex())

    async def story() -> None:
        async with serve() as served, client_of(served, 0) as client:
            shell = Shell(served, key, capsys)
            low = str(await mark_of(client) - 100)
            assert (await shell("status", signs=False))["ready"] is True
            assert len((await shell("markets", signs=False))["markets"]) == 2
            assert (await shell("market", MARKET, signs=False))["rules"]["name"] == MARKET
            placed = await shell("order", "buy", MARKET, "0.1", "--limit", low)
            assert placed["schema"] == "sextant.order.placed.v1"
            dry = await shell("order", "sell", MARKET, "0.1", "--limit", low, "--dry-run")
            assert dry["typed_data"]["primaryType"] == "SextantAction"
            shown = await shell("order", "show", placed["order_id"], signs=False)
            assert (shown["state"], shown["price"]) == ("resting", placed_price(low, shown))
            assert len((await shell("order", "list"))["orders"]) == 2
            moved = await shell("modify", placed["order_id"], "--size", "0.05")
            assert moved["order_id"] == placed["order_id"]
            assert (await shell("book", MARKET, signs=False))["bids"][0]["orders"] == 2
            await shell("cancel", "--all")
            wrong = await shell("cancel", "12345", "--market", MARKET, code=1)
            assert wrong["code"] == "ORDER_UNKNOWN"
            assert (await shell("account"))["portfolios"][0]["sub"] == 0
            await shell("pos")
            await shell("transfer", "1", "--from", "0", "--to", "1")
            to = "0x" + "33" * 20
            dry = await shell("send", "1", "--to", to, "--to-sub", "2", "--dry-run")
            assert dry["typed_data"]["message"]["to"] == to
            assert dry["typed_data"]["message"]["amountMicroUsdc"] == 1_000_000
            wrong = await shell("send", "1", "--to", to, code=1)
            assert wrong["code"] == "RECIPIENT"
            await shell("withdraw", "2", "--dry-run")
            made = await shell("withdraw", "2")
            assert (await shell("withdraw", "--list"))["withdrawals"][0]["index"] == made["index"]
            await shell("trades", MARKET, signs=False)
            await shell("block", signs=False)
            name = made["receipt"]["transaction_hash"]
            assert (await shell("tx", name, signs=False))["stage"] == "sequenced"
            await shell("tx", "00" * 32, code=1, signs=False)
            await check_files(shell, name, tmp_path)

    run(story)


def placed_price(low: str, shown: dict[str, Any]) -> str:
    """Return the price as it is shown, if it is the one that was asked for."""
    assert Decimal(shown["price"]) == Decimal(low)
    price: str = shown["price"]
    return price


async def check_files(shell: Shell, name: str, tmp_path: Path) -> None:
    """Fetch a receipt and a proof, and verify both from their files alone."""
    receipt, proof = tmp_path / "receipt.json", tmp_path / "proof.json"
    receipt.write_text(json.dumps(await shell("receipt", "fetch", name, signs=False)))
    assert await asyncio.to_thread(main, ["receipt", "verify", str(receipt), "--json"]) == 0
    words = ["proof", "fetch", "market:0", "account:1", "cursor", "--log-index", "3"]
    proof.write_text(json.dumps(await shell(*words, signs=False)))
    assert await asyncio.to_thread(main, ["proof", "verify", str(proof), "--json"]) == 0
    document = json.loads(proof.read_text())
    document["values"][0]["value"] = document["values"][1]["value"]
    proof.write_text(json.dumps(document))
    assert await asyncio.to_thread(main, ["proof", "verify", str(proof), "--json"]) == 1
    document = json.loads(receipt.read_text())
    document["receipts"][0]["code"] = 1
    receipt.write_text(json.dumps(document))
    assert await asyncio.to_thread(main, ["receipt", "verify", str(receipt), "--json"]) == 1
    assert await asyncio.to_thread(main, ["receipt", "verify", str(tmp_path / "none")]) == 3
