"""What a careful trader asks before a position, asked of a running node."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sextant.client.api import AsyncClient
from sextant.client.checklist import Wish, gather
from sextant.client.keys import write_private_file
from sextant.client.models import Side
from sextant.client.orders import NewOrder
from tests.e2e.clients import MARKET, client_of, mark_of
from tests.e2e.serving import Served, run, serve
from tests.e2e.shell import Shell
from tests.exchange_vectors.assets import holding
from tests.exchange_vectors.scene import TRADER
from tests.worlds import trader_key

Story = Callable[[Shell, AsyncClient, Served], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Play:
    """Return what plays a story: a shell, another trader's client, and the node."""
    key = tmp_path / "key"
    write_private_file(key, trader_key(0).hex())

    def start(work: Story) -> None:
        async def story() -> None:
            async with serve() as served, client_of(served, 1, l1="127.0.0.1:1") as maker:
                await work(Shell(served, key, capsys), maker, served)

        run(story)

    return start


async def quote(maker: AsyncClient, size: str = "2") -> Decimal:
    """Quote both sides ten dollars from the mark, and return that."""
    mark = await mark_of(maker)
    for side, away in ((Side.BUY, -10), (Side.SELL, 10)):
        order = NewOrder(market=MARKET, side=side, size=size, limit=mark + away)
        await maker.place_order(order)
    return mark


def lines_of(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the checklist's lines by name."""
    return {line["name"]: line for section in body["sections"] for line in section["lines"]}


def test_the_checklist_answers_every_question(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, _: Served) -> None:
        await quote(maker)
        size = ("--size", "20000", "--leverage", "4", "--l1", "127.0.0.1:1")
        body = await shell("checklist", MARKET, "--short", *size, code=1)
        assert [section["title"] for section in body["sections"]] == [
            "Who could cheat, and who could stop them",
            "How money gets out",
            "Is the sequencer there",
            "Can the price be trusted",
            "What funding costs",
            "What trading this size costs",
            "What happens in the tail",
            "What may stand behind it",
            "The position you have in mind",
        ]
        lines = lines_of(body)
        assert lines["L1"]["level"] == "bad"  # it is a stub
        assert lines["dispute window"]["level"] == "look"  # the L1 does not answer here
        assert lines["publishers"]["value"] == "3"
        assert lines["at once"]["level"] == "ok"
        liquidation = Decimal(lines["liquidation price"]["value"])
        assert Decimal(60_000) < liquidation < Decimal(80_000)
        commands = [step["command"] for step in body["exit_plan"]]
        assert any("--forced" in command for command in commands)
        assert any(command.startswith(f"sextant twap buy {MARKET}") for command in commands)
        shown = await shell.say("checklist", MARKET, "--l1", "127.0.0.1:1", code=1)
        assert "The way out" in shown
        assert "LOOK" in shown

    play(work)


def test_what_is_against_it_is_said(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, served: Served) -> None:
        size = ("--size", "200000", "--leverage", "50", "--l1", "127.0.0.1:1")
        lines = lines_of(await shell.ask("checklist", MARKET, *size, code=1))
        assert lines["spread"]["level"] == "bad"
        assert lines["at once"]["level"] == "bad"
        assert lines["margin"]["level"] == "bad"  # 20 is the most that the market gives
        await quote(maker, "0.5")
        lines = lines_of(await shell.ask("checklist", MARKET, *size, code=1))
        assert lines["spread"]["level"] == "ok"
        assert lines["at once"]["level"] == "bad"
        assert lines["in slices"]["level"] == "ok"
        served.exchange.now += 120_000  # nobody has heard of a price for two minutes
        lines = lines_of(await shell.ask("checklist", MARKET, *size, code=1))
        assert lines["index"]["level"] == "bad"
        assert lines["publishers"]["level"] == "look"

    play(work)


def test_collateral_is_shown_and_whose_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    write_private_file(key, trader_key(TRADER).hex())

    async def story() -> None:
        async with serve(world=holding()) as served:
            shell, words = Shell(served, key, capsys), (MARKET, "--l1", "127.0.0.1:1")
            lines = lines_of(await shell.ask("checklist", *words, code=1))
            assert lines["USDC"]["level"] == "ok"
            assert (lines["A1"]["level"], lines["A1"]["value"]) == ("ok", "0.900000")
            assert "90 % of 60000 counts to keep a position" in lines["A1"]["text"]
            assert "540.00 USDC against maintenance" in lines["yours"]["text"]
            assert "480.00 USDC to trade with" in lines["yours"]["text"]
            nobody = lines_of(await shell.ask("checklist", *words, code=1, signs=False))
            assert "yours" not in nobody
            served.exchange.now += 600_000  # nobody has heard of a price for ten minutes
            async with client_of(served, TRADER) as client:
                await client.cancel_after(0)  # any block will do
            stale = lines_of(await shell.ask("checklist", *words, code=1))
            assert stale["A1"]["level"] == "bad"
            assert "STALE" in stale["A1"]["text"]

    run(story)


def test_nonsense_is_refused(play: Play) -> None:
    async def work(shell: Shell, _maker: AsyncClient, _: Served) -> None:
        for words, code in (
            (("NONE",), "MARKET"),
            ((MARKET, "--size", "0"), "AMOUNT"),
            ((MARKET, "--size", "nan"), "NUMBER"),
            ((MARKET, "--leverage", "-3"), "LEVERAGE"),
        ):
            assert (await shell.ask("checklist", *words, code=2))["code"] == code

    play(work)


def test_the_past_is_remembered_minute_by_minute(play: Play) -> None:
    async def work(_shell: Shell, maker: AsyncClient, served: Served) -> None:
        await quote(maker)
        for _minute in range(4):
            served.exchange.now += 60_000
            await maker.cancel_after(0)  # any block will do
        history = await maker.history(MARKET)
        assert len(history.samples) == 1 + 4
        sample = history.samples[-1]
        assert sample.spread is not None
        assert 0 < sample.spread < Decimal("0.001")
        assert sample.buy_slippage[1] is not None
        assert sample.buy_slippage[-1] is None  # a million is more than the book holds
        assert len(history.outages) == 4
        assert all(60_000 <= outage.span_ms < 61_000 for outage in history.outages)
        assert history.slippages(buys=True, notional=Decimal(10**9)) is None
        wish = Wish(market=MARKET, side=Side.BUY, notional=Decimal(10_000), leverage=Decimal(5))
        facts = await gather(maker, wish)
        assert facts.history.uptime is not None
        assert facts.history.uptime < Decimal("0.5")
        assert facts.deployment is None

    play(work)


def test_a_preview_says_what_then_happens(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, _: Served) -> None:
        mark = await quote(maker)
        order = ("order", "buy", MARKET, "0.5", "--limit", str(mark + 20))
        seen = await shell.ask(*order, "--preview")
        assert seen["schema"] == "sextant.preview.v1"
        [foreseen] = seen["receipts"]
        nothing = await shell.ask("pos")
        assert nothing["positions"] == []
        done = await shell.ask(*order)
        assert done["receipt"]["filled_lots"] == foreseen["filled_lots"]
        assert done["receipt"]["fee_micros"] == foreseen["fee_micros"]
        account = await shell.ask("account")
        assert account["portfolios"][0]["equity"] == seen["after"][0]["equity"]
        assert (
            account["portfolios"][0]["positions"][0]["liquidation_price"]
            == seen["after"][0]["positions"][0]["liquidation_price"]
        )
        refused = await shell.ask("order", "buy", MARKET, "99", "--preview", code=1)
        assert refused["receipts"][0]["code_name"] == "MARGIN"
        text = await shell.say("withdraw", "999999", "--preview", code=1)
        assert "not enough free balance" in text
        assert Decimal(account["portfolios"][0]["balance"]) < 100_000

    play(work)
