"""Orders of every kind from the command line, against a real service."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.api import AsyncClient
from sextant.client.keys import write_private_file
from sextant.client.models import Side
from sextant.client.orders import NewOrder
from sextant.errors import BadRequest, Rejected
from tests.e2e.clients import MARKET, client_of, mark_of
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.worlds import trader_key

Story = Callable[[Shell, AsyncClient, Decimal], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Play:
    """Return what plays a story: a shell, another trader with a book, and the mark."""
    key = tmp_path / "key"
    write_private_file(key, trader_key(0).hex())

    def start(work: Story) -> None:
        async def story() -> None:
            async with serve() as served, client_of(served, 1) as maker:
                mark = await mark_of(maker)
                for side, away in ((Side.BUY, -10), (Side.SELL, 10)):
                    order = NewOrder(market=MARKET, side=side, size="0.5", limit=mark + away)
                    await maker.place_order(order)
                await work(Shell(served, key, capsys), maker, mark)

        run(story)

    return start


async def states_of(shell: Shell) -> list[str]:
    return [order["state"] for order in (await shell.ask("order", "list"))["orders"]]


async def make_block(client: AsyncClient) -> None:
    """Have another block made: exits wake in the one after their entry's."""
    await client.cancel_after(0)


def test_a_position_is_opened_with_its_exits_and_closed(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, mark: Decimal) -> None:
        exits = ("--stop", str(mark - 500), "--take-profit", str(mark + 500))
        dry = await shell.ask("bracket", "buy", MARKET, "0.1", *exits, "--dry-run")
        assert dry["typed_data"]["primaryType"] == "SextantAction"
        none = await shell.ask("bracket", "buy", MARKET, "0.1", code=2)
        assert none["code"] == "BRACKET"

        bought = await shell.ask("bracket", "buy", MARKET, "0.1", *exits)
        assert bought["schema"] == "sextant.order.placed.v1"
        assert bought["filled"] == "0.1000"
        await make_block(maker)
        assert await states_of(shell) == ["asleep", "asleep"]
        position = (await shell.ask("pos"))["positions"][0]["position"]
        assert Decimal(position["size"]) == Decimal("0.1")

        closed = await shell.ask("close", MARKET, "--slippage", "0.5%")
        assert closed["filled"] == "0.1000"
        again = await shell.say("close", MARKET, code=1)
        assert again == ""
        assert (await shell.ask("close", MARKET, code=1))["placed"] is None

    play(work)


def test_exits_can_be_given_to_a_position_that_is_there(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, mark: Decimal) -> None:
        await shell.ask("order", "buy", MARKET, "0.1")
        words = ("--stop", str(mark - 500), "--take-profit", str(mark + 500), "--exits-only")
        exits = await shell.ask("bracket", "buy", MARKET, "0.1", *words)
        assert exits["schema"] == "sextant.bracket.v1"
        assert exits["receipt"]["code_name"] == "OK"
        await make_block(maker)
        assert await states_of(shell) == ["asleep", "asleep"]

    play(work)


def test_an_entry_waits_for_its_price_with_its_exits(play: Play) -> None:
    async def work(shell: Shell, _: AsyncClient, mark: Decimal) -> None:
        exits = ("--stop", str(mark - 500))
        words = ("bracket", "buy", MARKET, "0.1", "--enter-stop", str(mark + 300), *exits)
        waits = await shell.ask(*words)
        assert (waits["schema"], waits["filled"]) == ("sextant.order.placed.v1", "0.0000")
        assert await states_of(shell) == ["asleep"]
        account = await shell.ask("account")
        portfolio = account["portfolios"][0]
        assert portfolio["open_orders"] == 1
        assert portfolio["open_orders_max"] == 1_024
        shown = await shell.say("account")
        assert "1 of 1024" in shown
        assert (await shell.ask("cancel", "--all"))["receipt"]["code_name"] == "OK"
        assert await states_of(shell) == []
        wrong = await shell.ask(*words, "--exits-only", code=2)
        assert wrong["code"] == "BRACKET"

    play(work)


def test_an_order_is_replaced_in_one_step_or_not_at_all(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, mark: Decimal) -> None:
        bid = await shell.ask("order", "buy", MARKET, "0.1", "--limit", str(mark - 300))
        words = ("order", "replace", bid["order_id"])
        ask = (MARKET, "0.2", "--limit", str(mark + 300), "--post-only")
        dry = await shell.ask(*words, "sell", *ask, "--dry-run")
        assert dry["typed_data"]["primaryType"] == "SextantAction"
        crosses = await shell.ask(*words, "buy", *ask, code=1)
        assert crosses["code"] == "POST_ONLY_CROSSES"
        (order,) = (await shell.ask("order", "list"))["orders"]
        assert order["order_id"] == bid["order_id"], "what was not replaced still rests"

        placed = await shell.ask(*words, "sell", *ask)
        assert placed["schema"] == "sextant.order.placed.v1"
        (order,) = (await shell.ask("order", "list"))["orders"]
        assert (order["order_id"], order["side"]) == (placed["order_id"], "sell")
        gone = await shell.ask(*words, "sell", *ask, code=1)
        assert gone["code"] == "ORDER_UNKNOWN"

        base = NewOrder(market=MARKET, side="buy", size="0.1", limit=mark - 400)
        wrong = replace(base, limit=mark + 400, post_only=True)
        before = await maker.account()
        with pytest.raises(Rejected, match="POST_ONLY_CROSSES"):
            await maker.place_many([base, wrong], atomic=True)
        after = await maker.account()
        assert after.portfolios[0].open_orders == before.portfolios[0].open_orders
        assert all(outcome.ok for outcome in await maker.place_many([base, base], atomic=True))
        with pytest.raises(BadRequest, match="1 to 8"):
            await maker.bulk([await maker.compose(base)] * 9, atomic=True)

    play(work)


def test_a_twap_is_sliced_and_cancelled(play: Play) -> None:
    async def work(shell: Shell, _: AsyncClient, mark: Decimal) -> None:
        words = ("twap", "buy", MARKET, "0.4", "--limit", str(mark - 50))
        few = await shell.say(*words, "--slices", "1", "--every", "30s", code=2)
        assert few == ""
        started = await shell.ask(*words, "--slices", "4", "--every", "30s")
        order = started["receipt"]["order_id"]
        shown = await shell.ask("order", "show", order, signs=False)
        assert (shown["state"], shown["interval_ms"]) == ("slicing", 30_000)
        assert shown["slices"] in {3, 4}
        assert (await shell.ask("cancel", order))["receipt"]["code_name"] == "OK"
        assert await states_of(shell) == []

    play(work)


def test_a_ladder_of_orders_lies_between_two_prices(play: Play) -> None:
    async def work(shell: Shell, _: AsyncClient, mark: Decimal) -> None:
        prices = ("--first", str(mark - 20), "--last", str(mark - 50))
        placed = await shell.ask("scale", "buy", MARKET, "0.4", *prices, "--orders", "4")
        assert [receipt["code_name"] for receipt in placed["receipts"]] == ["OK"] * 4
        orders = (await shell.ask("order", "list"))["orders"]
        assert sorted(Decimal(order["price"]) for order in orders) == [
            mark - away for away in (50, 40, 30, 20)
        ]
        assert {order["remaining"] for order in orders} == {"0.1000"}
        between = ("--first", str(mark + 20), "--last", str(mark + 50), "--orders", "2")
        assert "RESULT" in await shell.say("scale", "sell", MARKET, "0.1", *between)

    play(work)


def test_a_switch_is_armed_and_disarmed(play: Play) -> None:
    async def work(shell: Shell, _: AsyncClient, mark: Decimal) -> None:
        await shell.ask("order", "buy", MARKET, "0.1", "--limit", str(mark - 100))
        for span in ("60s", "0s"):
            armed = await shell.ask("cancel", "--after", span)
            assert (armed["schema"], armed["receipt"]["code_name"]) == ("sextant.switch.v1", "OK")
        assert await states_of(shell) == ["resting"]
        assert "result" in await shell.say("cancel", "--after", "2h")

    play(work)


def test_terms_of_an_order_reach_the_exchange(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, mark: Decimal) -> None:
        buy = ("order", "buy", MARKET)
        much = await shell.ask(*buy, "0.6", "--limit", str(mark + 10), "--fok", code=1)
        assert much["code"] == "FOK_UNFILLED"
        whole = await shell.ask(*buy, "0.2", "--limit", str(mark + 10), "--fok")
        assert whole["filled"] == "0.2000"
        both = await shell.ask(*buy, "0.2", "--limit", "1", "--fok", "--ioc", code=2)
        assert both["code"] == "TIME_IN_FORCE"

        now = await maker.sync_clock()
        timed = await shell.ask(*buy, "0.1", "--limit", str(mark - 100), "--expires", "2h")
        shown = await shell.ask("order", "show", timed["order_id"], signs=False)
        assert 0 <= shown["expires_at_ms"] - now - 7_200_000 < 60_000

        stop = await shell.ask("order", "sell", MARKET, "0.1", "--stop", str(mark - 100))
        asleep = await shell.ask("order", "show", stop["order_id"], signs=False)
        assert (asleep["state"], asleep["trigger"]) == ("asleep", "mark falls")
        assert Decimal(asleep["trigger_price"]) == mark - 100
        over = await shell.ask("order", "sell", MARKET, "0.1", "--stop", str(mark + 100), code=1)
        assert over["code"] == "TRIGGER"

    play(work)


def test_amounts_are_strings_for_programs_and_have_units_for_people(play: Play) -> None:
    async def work(shell: Shell, _: AsyncClient, _mark: Decimal) -> None:
        bought = await shell.ask("order", "buy", MARKET, "0.1")
        receipt = bought["receipt"]
        assert receipt["filled_lots"] == "1000"
        amounts = ("order_id", "filled_lots", "notional_micros", "fee_micros")
        assert all(isinstance(receipt[name], str) for name in amounts)
        assert not {"filled", "notional", "fee"} & set(receipt)
        name = receipt["transaction_hash"]
        found = await shell.ask("tx", name, signs=False)
        assert found["receipts"][0]["fee_micros"] == receipt["fee_micros"]
        told = await shell.say("tx", name, signs=False)
        assert "0.1 M0" in told
        assert "6,001.00 USDC" in told
        rests = await shell.ask("order", "buy", MARKET, "0.1", "--limit", "59000")
        shown = await shell.say("order", "show", rests["order_id"], signs=False)
        assert rests["client_id"].startswith("0x")
        assert rests["client_id"] in shown
        rules = (await shell.ask("market", MARKET, signs=False))["rules"]
        assert all(isinstance(rules[name], str) for name in ("tick", "minimum_notional"))

    play(work)


def test_funding_says_which_period_it_is_about(play: Play) -> None:
    async def work(shell: Shell, _: AsyncClient, _mark: Decimal) -> None:
        one = await shell.say("market", MARKET, signs=False)
        assert "funding, last" in one
        assert "funding, next" in one
        every = await shell.say("markets", signs=False)
        assert "LAST FUNDING/8H" in every
        assert "NEXT SO FAR" in every

    play(work)


def test_an_order_follows_the_index(play: Play) -> None:
    async def work(shell: Shell, maker: AsyncClient, mark: Decimal) -> None:
        limit = str(mark + 500)
        none = await shell.ask("order", "buy", MARKET, "0.1", "--peg", "-5", code=2)
        assert none["code"] == "FLAGS"
        placed = await shell.ask("order", "buy", MARKET, "0.1", "--peg", "-5", "--limit", limit)
        order_id = placed["order_id"]
        [order] = (await shell.ask("order", "list"))["orders"]
        assert (Decimal(order["offset"]), Decimal(order["price"])) == (Decimal(-5), mark + 500)
        assert Decimal(order["price_now"]) == mark - 5
        assert "pegged at index -5, now" in await shell.say("order", "list")
        index = int(mark * 100)
        assert (await maker.book(MARKET)).bids[0].price == mark - 5

        watched = maker.watch_book(MARKET)
        await anext(watched)
        shell.move_index(0, index + 707)
        ladder = await anext(watched)
        assert ladder.best_bids(1) == [(index + 200, 1_000)], "floored"
        await watched.aclose()
        assert (await maker.ticker(MARKET)).bid == mark + 2
        shown = await shell.ask("order", "show", order_id)
        assert Decimal(shown["price_now"]) == mark + 2
        sold = await maker.place(MARKET, "sell", "0.04", limit=mark + 2, time_in_force="ioc")
        assert (sold.filled, sold.average_price) == (Decimal("0.04"), mark + 2)

        wrong = await shell.ask("modify", order_id, "--limit", str(mark + 400), code=2)
        assert wrong["code"] == "MODIFY"
        smaller = await shell.ask("modify", order_id, "--size", "0.05")
        assert smaller["order_id"] == order_id
        shell.move_index(0, index + 60_000)
        held = await shell.ask("order", "show", order_id)
        assert Decimal(held["price_now"]) == mark + Decimal("9.9"), "a tick from the fixed ask"
        await maker.cancel_all()
        assert "past its limit" in await shell.say("order", "show", order_id)
        assert (await maker.book(MARKET)).bids == (), "shown no more"
        assert (await shell.ask("cancel", order_id))["receipt"]["code_name"] == "OK"

        follows = await maker.place(MARKET, "sell", "0.1", limit=mark - 500, peg="7")
        [order] = [o for p in (await maker.account()).portfolios for o in p.orders if o.offset]
        assert order.order_id == follows.order_id
        assert (order.offset, order.post_only) == (Decimal(7), True)

    play(work)
