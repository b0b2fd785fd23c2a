"""Publishers whose prices no sequencer takes tell L1, so that who leaves has fresh ones.

Real processes, and a sequencer that is dead, one that lives and would rather have
neither prices nor the leaver, or one that takes all and posts nothing.
"""

import asyncio
import json
from pathlib import Path

import pytest

from devnet.identities import PUBLISHERS, identity_of
from node.l1.adapter import GrpcL1
from proto.sextant.v1 import query_pb2
from sextant.client.api import AsyncClient
from sextant.client.secret import Secret
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxKind
from tests.e2e.processes import (
    ASK_SECONDS,
    FUNDS,
    PRICE,
    WAIT_SECONDS,
    Rollup,
    deployment,
    patiently,
    until,
)
from tests.worlds import USDC, trader_key

pytestmark = pytest.mark.e2e

LEAVER, OTHER = 0, 1
DEADLINE_MS, RECEIPT_MS, LIVENESS_MS, FRESH_MS = 4_000, 7_000, 8_000, 10_000
ADDRESSES = tuple(identity_of(name).address for name in PUBLISHERS)


async def trade(rollup: Rollup) -> None:
    """Wait for prices, and give the leaver a position."""

    async def priced() -> bool:
        request = query_pb2.GetMarketsRequest()
        answer = await patiently(lambda: rollup.query.GetMarkets(request, timeout=ASK_SECONDS))
        return all(market.mark for market in answer.markets)

    await until(priced)
    for trader, side in ((OTHER, "sell"), (LEAVER, "buy")):
        async with rollup.client(trader) as client:
            await client.place("M0", side, "2", limit="60000")


async def turn_hostile(rollup: Rollup) -> None:
    """Have the sequencer take no price, nothing of the leaver's, and no inbox item."""
    await rollup.censor(*ADDRESSES, address_of(trader_key(LEAVER)))


async def heard_on_l1(rollup: Rollup) -> None:
    """Wait until enough publishers have told L1 a price of every market."""
    l1 = GrpcL1(rollup.address("l1"))

    async def heard() -> bool:
        items = [queued.item for queued in await l1.inbox_items(0)]
        said = {(item.market, item.owner) for item in items if item.kind == InboxKind.ORACLE}
        return len(said) == len(rollup.rules.markets) * len(PUBLISHERS)

    await until(heard)
    await l1.close()


async def leave(rollup: Rollup) -> None:
    """Close and withdraw through L1; nobody says a price by hand."""
    node, key = rollup.address("follower"), Secret(trader_key(LEAVER))
    async with AsyncClient(node, key=key, l1=rollup.address("l1")) as client:
        await client.force_close("M0", wait_s=0)
        await client.force_withdraw(wait_s=WAIT_SECONDS)
        (withdrawal,) = await client.withdrawals()
        assert withdrawal.amount * USDC > FUNDS * 99 // 100
        account = await client.account()
        assert not [one for one in account.portfolios if one.positions or one.balance]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", ["dead", "hostile", "withholds"])
def test_an_exit_finds_fresh_prices_that_no_sequencer_took(tmp_path: Path, fault: str) -> None:
    async def story() -> None:
        contract = deployment(
            inbox_deadline_ms=DEADLINE_MS,
            receipt_deadline_ms=RECEIPT_MS,
            liveness_ms_max=LIVENESS_MS,
            oracle_age_ms_max=FRESH_MS,
            exchange={"publishers": ADDRESSES},
        )
        rollup = Rollup(tmp_path, contract)
        (tmp_path / "prices.json").write_text(json.dumps({"M0": PRICE, "M1": PRICE}))
        try:
            rollup.start("l1", "sequencer", "poster", *PUBLISHERS)
            rollup.start("follower", extra=("--follower.keep-alive", "true"))
            await rollup.fund(2)
            for address in ADDRESSES:
                await rollup.give(address, 0)
            await trade(rollup)
            if fault == "dead":
                rollup.kill("sequencer")
            elif fault == "hostile":
                await turn_hostile(rollup)
            else:
                rollup.kill("poster")
            await heard_on_l1(rollup)
            await leave(rollup)
            assert "L1's inbox takes them" in rollup.log("publisher-0")
        finally:
            await rollup.close()

    asyncio.run(story())
