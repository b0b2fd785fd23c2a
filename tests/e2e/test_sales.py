"""A withdrawal is sold while its claim is pending, to a provider who asks his own follower."""

import asyncio
import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.l1_sender import L1Receipt
from sextant.client.sales import Sales
from sextant.errors import Refused
from statemachine.identity.signing import address_of
from tests.e2e.processes import ROOT, Rollup, deployment, until
from tests.worlds import trader_address, trader_key

pytestmark = pytest.mark.e2e

SELLER, PROVIDER = 0, 1
WINDOW_MS = 12_000


async def look_once(rollup: Rollup, fee_min: str, *options: str) -> bytes:
    """Run the provider's command once; return what it prints."""
    words = [
        *("sale", "provide", "--fee-min", fee_min, "--most", "500", "--once", *options),
        *("--node", rollup.address("follower"), "--l1", rollup.address("l1")),
        *("--key-env", "PROVIDER_KEY"),
    ]
    key = trader_key(PROVIDER).hex()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sextant", *words),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT)),
            "PROVIDER_KEY": key,
        },
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output


async def provide(rollup: Rollup, fee_min: str) -> list[dict[str, object]]:
    """Run the provider's command once; return what it bought."""
    output = await look_once(rollup, fee_min, "--json")
    bought: list[dict[str, object]] = json.loads(output)["bought"]
    return bought


async def offered(sales: Sales, index: int) -> L1Receipt:
    """Offer a withdrawal as soon as some claim contains it."""
    made: list[L1Receipt] = []

    async def is_offered() -> bool:
        try:
            made.append(await sales.offer(index, "99.5", seconds=600))
        except Refused as error:
            return error.code != "NOT_CLAIMED"
        return True

    await until(is_offered)
    return made[0]


async def sell(rollup: Rollup) -> None:
    async with rollup.client(SELLER) as seller, Sales(seller) as sales:
        made = await seller.withdraw("100")
        await offered(sales, made.index)
        with pytest.raises(Refused, match="NOT_FINAL"):
            await seller.claim_withdrawal(made.index)
        assert await provide(rollup, "1%") == []
        before = (await sales.l1.account(trader_address(SELLER))).usdc
        bought = await provide(rollup, "0.5%")
        assert [one["index"] for one in bought] == [made.index]
        assert (await sales.l1.account(trader_address(SELLER))).usdc - before == Decimal("99.5")
        assert await look_once(rollup, "0.5%") == b"bought  0\npaid    0 USDC\n"

        held = (await sales.l1.account(trader_address(PROVIDER))).usdc

        async def is_paid() -> bool:
            try:
                await seller.claim_withdrawal(made.index)
            except Refused:
                return False
            return True

        await until(is_paid)
        assert (await sales.l1.account(trader_address(PROVIDER))).usdc - held == 100


def test_a_withdrawal_is_sold_and_paid_to_the_buyer(tmp_path: Path) -> None:
    async def story() -> None:
        rollup = Rollup(tmp_path, deployment(window_ms=WINDOW_MS))
        try:
            rollup.start("l1", "sequencer", "poster", "follower")
            await rollup.fund(2)
            await rollup.say_prices()
            await rollup.give(address_of(trader_key(PROVIDER)), token_micros=1_000_000_000)
            await sell(rollup)
        finally:
            await rollup.close()

    asyncio.run(story())
