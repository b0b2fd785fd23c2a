"""Funds and sends as their users reach them: through gRPC, the client and the command line."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.api import AsyncClient
from sextant.client.events import FundEvent, MoneyEvent
from sextant.client.funds import read_profit_share
from sextant.client.keys import write_private_file
from sextant.client.names import FundName, read_fund
from sextant.client.sync import Client
from sextant.errors import BadRequest, Refused, Rejected
from statemachine.identity.signing import address_of
from tests.e2e.clients import MARKET, client_of, mark_of
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.worlds import World, trader_key, world_rules


def world_of(traders: int) -> World:
    """Return a world of funded traders in which shares are locked for no time at all."""
    world = World(world_rules(2, fund_lock_ms_min=0))
    world.open(traders)
    return world


async def opened(leader: AsyncClient) -> FundName:
    """Let a leader open a fund with 1,000 USDC of his own."""
    await leader.transfer("1000", source=0, target=64)
    await leader.create_fund(sub=64, profit_share="0.2", lock_ms=0)
    return FundName((await leader.signer()).account, 64)


def test_a_fund_is_led_joined_and_left() -> None:
    async def story() -> None:
        async with (
            serve(world=world_of(3)) as served,
            client_of(served, 0) as leader,
            client_of(served, 1) as holder,
            client_of(served, 2) as maker,
        ):
            name = await opened(leader)
            heard: list[FundEvent | MoneyEvent] = []
            ready = asyncio.Event()

            async def listen() -> None:
                async for update in leader.watch_account():
                    ready.set()
                    heard.extend(e for e in update.events if isinstance(e, FundEvent | MoneyEvent))
                    if any(isinstance(e, FundEvent) and e.stage == "paid" for e in heard):
                        return

            listening = asyncio.create_task(listen())
            await ready.wait()
            bought = await holder.deposit_fund(name, "500")
            assert bought.filled == 500_000_000
            found = await holder.fund(str(name), mine=True)
            assert (found.leader, found.profit_share) == (leader.address, Decimal("0.2"))
            assert found.balance == 1500
            assert found.share_price == 1
            assert found.stake is not None
            assert found.stake.shares == 500_000_000
            assert found.stake.worth == found.stake.paid == 500

            mark = await mark_of(maker)
            await maker.place(MARKET, "sell", "0.01", limit=mark)
            await leader.place(MARKET, "buy", "0.01", limit=mark, sub=64)
            in_use = await holder.fund(name)
            assert in_use.initial_margin > 0
            assert in_use.free < in_use.value_low

            paid = await holder.withdraw_fund(name, 200_000_000, sub=3)
            assert paid.arguments == ()
            assert Decimal(paid.notional) / 1_000_000 < 200  # the fund paid fees
            await listening
            assert [e.stage for e in heard if isinstance(e, FundEvent)] == [
                "bought",
                "asked",
                "paid",
            ]
            assert {e.kind for e in heard if isinstance(e, MoneyEvent)} == {"fund"}

            assert [fund.fund for fund in await maker.funds()] == [name]
            assert await maker.funds(mine=True) == []
            assert [fund.fund for fund in await leader.funds(mine=True)] == [name]
            account = (await holder.signer()).account
            [mine] = await maker.funds(account=account)
            assert mine.stake is not None
            assert mine.stake.shares == 300_000_000
            with pytest.raises(Refused):
                await maker.fund("99/64")
            with pytest.raises(Rejected) as closed:
                await leader.withdraw("1", sub=64)
            assert closed.value.code == "FUND"
            with pytest.raises(Rejected) as share:
                await leader.withdraw_fund(name)
            assert share.value.code == "LEADER_SHARE"

    run(story)


def test_who_waits_to_leave_is_shown() -> None:
    async def story() -> None:
        async with (
            serve(world=world_of(3)) as served,
            client_of(served, 0) as leader,
            client_of(served, 1) as holder,
            client_of(served, 2) as maker,
        ):
            name = await opened(leader)
            await holder.deposit_fund(name, "500")
            mark = await mark_of(maker)
            await maker.place(MARKET, "sell", "0.48", limit=mark)
            await leader.place(MARKET, "buy", "0.48", limit=mark, sub=64)
            receipt = await holder.withdraw_fund(name)
            assert receipt.notional == 0
            found = await holder.fund(name, mine=True)
            assert (found.leaving, len(found.exits)) == (500_000_000, 1)
            account = (await holder.signer()).account
            assert (found.exits[0].account, found.exits[0].overdue) == (account, False)
            assert found.exits[0].asked_at_ms + found.notice_ms == receipt.arguments[0]
            assert found.stake is not None
            assert found.stake.leaving == 500_000_000

    run(story)


def test_funds_are_listed_page_by_page() -> None:
    async def story() -> None:
        async with serve(world=world_of(2)) as served, client_of(served, 0) as leader:
            for sub in range(64, 128):
                await leader.transfer("10", source=0, target=sub)
                await leader.create_fund(sub=sub, profit_share=0, lock_ms=0)
            async with client_of(served, 1) as other:
                for sub in range(64, 110):
                    await other.transfer("10", source=0, target=sub)
                    await other.create_fund(sub=sub, profit_share=0, lock_ms=0)
            names = [(fund.fund.leader, fund.fund.sub) for fund in await leader.funds()]
            assert names == sorted(names)
            assert len(names) == 64 + 46  # more than a page has

    run(story)


def test_funds_and_sends_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [tmp_path / "leader", tmp_path / "holder"]
    for trader, key in enumerate(keys):
        write_private_file(key, trader_key(trader).hex())

    async def story() -> None:
        async with serve(world=world_of(2)) as served:
            leader, holder = (Shell(served, key, capsys) for key in keys)
            await leader.ask("transfer", "1000", "--from", "0", "--to", "64")
            terms = ("--profit-share", "10%", "--lock", "0s")
            dry = await leader("fund", "create", "--sub", "64", *terms, "--dry-run")
            assert dry["typed_data"]["message"]["profitSharePpm"] == 100_000
            made = await leader.ask("fund", "create", "--sub", "64", *terms)
            assert made["schema"] == "sextant.fund.create.v1"
            listed = await leader("fund", "list", signs=False)
            name = listed["funds"][0]["fund"]
            assert name.endswith("/64")
            dry = await holder("fund", "deposit", name, "500", "--dry-run")
            assert dry["typed_data"]["primaryType"] == "FundDeposit"
            bought = await holder.ask("fund", "deposit", name, "500")
            assert bought["receipt"]["filled_lots"] == "500000000"
            shown = await holder("fund", "show", name)
            assert shown["stake"]["shares"] == "500000000"
            assert (await leader("fund", "show", name, signs=False))["stake"] is None
            mine = await holder("fund", "list", "--mine")
            assert [fund["fund"] for fund in mine["funds"]] == [name]
            dry = await holder("fund", "withdraw", name, "1", "--dry-run")
            assert dry["typed_data"]["message"]["shares"] == "1"
            paid = await holder.say("fund", "withdraw", name, "100000000")
            assert "paid 100" in paid
            wrong = await holder.ask("fund", "withdraw", name, "900000000", code=1)
            assert wrong["code"] == "SHARES"
            wrong = await leader.ask("transfer", "1", "--from", "64", "--to", "0", code=1)
            assert wrong["code"] == "FUND"
            assert "only against shares" in wrong["advice"]
            assert (await holder.ask("fund", "show", "3", code=2))["code"] == "FUND"

            to = f"0x{address_of(trader_key(1)).hex()}"
            sent = await leader.ask("send", "50", "--to", to, "--to-sub", "7")
            assert sent["receipt"]["notional_micros"] == "50000000"
            account = await holder.ask("account")
            balances = {one["sub"]: one["balance"] for one in account["portfolios"]}
            assert Decimal(balances[7]) == 50

    run(story)


def test_what_names_no_fund_or_share_is_refused_before_it_is_sent() -> None:
    for text in ("", "3", "3/", "/64", "3/256", "4294967296/64", "a/64", "3/64/1", "٣/64", "-1/64"):
        with pytest.raises(BadRequest):
            read_fund(text)
    assert read_fund("3/64") == FundName(3, 64)
    for share in ("-0.1", "1.1", "0.0000001"):
        with pytest.raises(BadRequest):
            read_profit_share(share)
    assert read_profit_share("0.2") == 200_000
    assert {"create_fund", "deposit_fund", "withdraw_fund", "fund", "funds"} <= set(dir(Client))
