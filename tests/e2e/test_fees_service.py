"""Tiers, builders and referrers: through gRPC, the SDK and the command line."""

from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.keys import write_private_file
from statemachine.actions import SetReferrer
from tests.e2e.serving import run, serve
from tests.e2e.shell import Shell
from tests.exchange_vectors.fees import BUILDER, jumped, traded
from tests.exchange_vectors.scene import TRADER, do
from tests.worlds import trader_key


def test_fees_are_seen_and_shared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    write_private_file(key, trader_key(TRADER).hex())

    async def story() -> None:
        async with serve(world=traded(504)) as served:
            shell = Shell(served, key, capsys)
            fees = await shell("fees", "show")
            assert fees["tier"] == 1
            assert fees["volumes"][0] == fees["volume"] == "504.000000"
            assert Decimal(fees["rates"][0]["taker"]) == Decimal("0.0004")
            account = await shell("account")
            assert (account["fees"]["tier"], account["fees"]["volume"]) == (1, "504.000000")
            assert "fee tier" in (shown := await shell.say("account"))
            assert "504.000000 USDC in 14 days" in shown
            other = await shell.ask("account", str(BUILDER), signs=False)
            assert other["fees"]["tier"] == 0
            base = await shell("fees", "show", signs=False)
            assert Decimal(base["rates"][0]["taker"]) == Decimal("0.0005")
            dry = await shell("fees", "approve", str(BUILDER), "0.03%", "--dry-run")
            assert dry["typed_data"]["message"]["maxFeePpm"] == 300
            await shell.ask("fees", "approve", str(BUILDER), "0.03%")
            dry = await shell("fees", "refer", str(BUILDER), "--dry-run")
            assert dry["typed_data"]["primaryType"] == "SetReferrer"
            await shell.ask("fees", "refer", str(BUILDER))
            again = await shell.ask("fees", "refer", str(BUILDER), code=1)
            assert again["code"] == "REFERRER"
            shown = await shell.say("fees", "show")
            assert "may ask for 0.03%" in shown
            assert f"account {BUILDER}" in shown
            more = ("--builder", str(BUILDER), "--builder-fee", "0.04%")
            refused = await shell.ask(
                "order", "buy", "M0", "0.001", "--limit", "60000", *more, code=1
            )
            assert refused["code"] == "BUILDER"

    run(story)


def test_a_ramp_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    write_private_file(key, trader_key(TRADER).hex())

    async def story() -> None:
        async with serve(world=do(jumped(), TRADER, SetReferrer(0, 2))) as served:
            shell = Shell(served, key, capsys)
            now = (await shell("market", "M0", signs=False))["now"]
            assert now["taker_fee_now_ppm"] > 500
            assert now["fee_ramp_end_ms"] > 0
            assert "less and less until" in await shell.say("market", "M0", signs=False)
            assert "(of it" in await shell.say("fees", "show")

    run(story)
