"""What the guardian does, from the command line, and how everybody hears of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.cli.watch import words_of
from sextant.client.api import AsyncClient
from sextant.client.events import OrderEvent, SettlementEvent
from sextant.client.governance import MarketUpdate, RatesChanged, StateChanged
from sextant.client.keys import write_private_file
from sextant.client.models import Side
from sextant.client.orders import NewOrder
from sextant.client.secret import Secret
from statemachine.identity.signing import address_of
from tests.e2e.clients import MARKET, client_of, mark_of
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.worlds import World, trader_key, world_rules

GUARDIAN = 0
NOTICE_MS, STEP_MS = 1_000, 100

Story = Callable[[Shell, AsyncClient, AsyncClient], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Play:
    """Return what plays a story: the guardian's shell, and two traders."""
    key = tmp_path / "key"
    write_private_file(key, trader_key(GUARDIAN).hex())
    rules = replace(
        world_rules(),
        guardian=address_of(trader_key(GUARDIAN)),
        ramp_notice_ms=NOTICE_MS,
        ramp_step_ms=STEP_MS,
    )

    def start(work: Story) -> None:
        async def story() -> None:
            world = World(rules)
            world.open(3)
            async with (
                serve(world=world) as served,
                client_of(served, 1) as one,
                client_of(served, 2) as other,
            ):
                await work(Shell(served, key, capsys), one, other)

        run(story)

    return start


async def make_block(client: AsyncClient) -> None:
    """Have another block made."""
    await client.cancel_after(0)


def test_margin_rates_are_announced_and_seen_on_their_way(play: Play) -> None:
    async def work(shell: Shell, one: AsyncClient, _: AsyncClient) -> None:
        told = await shell.say("market", MARKET, "--initial", "8%", "--maintenance", "4%")
        assert "in force     5%, 3%" in told
        again = await shell.ask("market", MARKET, "--initial", "6%", "--maintenance", "3%", code=1)
        assert again["code"] == "RAMP"
        shown = await shell.say("market", MARKET, signs=False)
        assert "8%, 4%, there at" in shown
        ticker = await one.ticker(MARKET)
        ramp = ticker.margin_ramp
        assert ramp is not None
        assert (ramp.initial_margin_ppm, ramp.maintenance_margin_ppm) == (80_000, 40_000)
        assert ramp.end_ms - ramp.start_ms == NOTICE_MS
        for _block in range(NOTICE_MS // STEP_MS + 2):
            await make_block(one)
        body = await shell.ask("market", MARKET, signs=False)
        assert body["rules"]["initial_margin_ppm"] == 80_000
        assert body["rules"]["maintenance_margin_ppm"] == 40_000
        assert body["now"]["margin_ramp"] is None

    play(work)


def test_what_cannot_be_a_rate_is_refused_before_it_is_sent(play: Play) -> None:
    async def work(shell: Shell, one: AsyncClient, _: AsyncClient) -> None:
        for words in (("--initial", "8%"), ("--maintenance", "4%", "--set-state", "paused")):
            assert (await shell.ask("market", MARKET, *words, code=2))["code"] == "USAGE"
        wrong = await shell.ask("market", MARKET, "--initial", "3%", "--maintenance", "4%", code=2)
        assert wrong["code"] == "MARGIN_RATE"
        mine = AsyncClient(one.connection.target, key=Secret(trader_key(1)), timeout=5)
        async with mine:
            receipt = mine.set_margin(MARKET, 80_000, 40_000)
            with pytest.raises(Exception, match="guardian"):
                await receipt

    play(work)


def test_a_market_ends_and_everyone_hears_of_it(play: Play) -> None:
    async def work(shell: Shell, one: AsyncClient, other: AsyncClient) -> None:
        mark = await mark_of(one)
        sell = NewOrder(market=MARKET, side=Side.SELL, size="0.5", limit=mark)
        await one.place_order(sell)
        await other.place_order(replace(sell, side=Side.BUY, size="0.2"))
        markets = one.watch_markets([MARKET])
        mine = one.watch_account()
        assert (await anext(markets)).events == ()
        assert (await anext(mine)).events == ()
        assert (await shell.ask("market", MARKET, "--set-state", "settled"))["receipt"]
        update: MarketUpdate = await anext(markets)
        [changed] = update.events
        assert isinstance(changed, StateChanged)
        assert (changed.before, changed.after) == ("active", "settled")
        assert words_of(changed) == "market  M0 settled, was active"
        await make_block(other)
        [gone, settled] = (await anext(mine)).events
        assert isinstance(gone, OrderEvent)
        assert gone.order.reason == "SETTLED"
        assert isinstance(settled, SettlementEvent)
        assert (settled.closed, settled.price) == (Decimal("-0.2"), mark)
        assert words_of(settled).startswith("settled  -0.2 M0 at ")
        account = await one.account()
        [portfolio] = account.portfolios
        assert portfolio.positions == ()
        assert portfolio.withdrawable == portfolio.balance
        refused = await shell.ask("order", "buy", MARKET, "0.1", "--limit", str(mark), code=2)
        assert refused["code"] == "MARKET_STATE"
        shown = await shell.say("market", MARKET, signs=False)
        assert "settled" in shown
        assert "settlement price" in shown

    play(work)


def test_anybody_may_poke_the_dust_away(play: Play) -> None:
    async def work(shell: Shell, one: AsyncClient, other: AsyncClient) -> None:
        mark = await mark_of(one)
        dust = NewOrder(market=MARKET, side=Side.SELL, size="0.0001", limit=mark)
        await one.place_order(dust)
        await other.place_order(replace(dust, side=Side.BUY))
        await shell.ask("market", MARKET, "--set-state", "settled")
        await make_block(one)
        account = await one.account()
        assert account.portfolios[0].positions[0].liquidation_price is None
        body = await shell.ask("poke", str(account.account))
        assert body["receipt"]["code_name"] == "OK"
        assert (await one.account()).portfolios[0].positions == ()
        refused = await shell.ask("poke", str(account.account), code=1)
        assert refused["code"] == "HEALTHY"

    play(work)


def test_each_step_of_the_rates_is_told(play: Play) -> None:
    async def work(shell: Shell, one: AsyncClient, _: AsyncClient) -> None:
        async with asyncio.timeout(10):
            feed = one.watch_markets()
            await anext(feed)
            await shell.ask("market", "M1", "--initial", "8%", "--maintenance", "4%")
            [announced] = (await anext(feed)).events
            assert isinstance(announced, RatesChanged)
            assert (announced.initial_margin_ppm, announced.initial_margin_target_ppm) == (
                50_000,
                80_000,
            )
            for _block in range(3):
                await make_block(one)
            [step] = (await anext(feed)).events
            assert isinstance(step, RatesChanged)
            assert 50_000 < step.initial_margin_ppm < 80_000
            assert "moving to 8%, 4%" in words_of(step)

    play(work)
