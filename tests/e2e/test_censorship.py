"""A sequencer that ignores somebody, and all of the inbox: what he forces happens all the same.

Real processes; each item executes by derivation in a block that names none, at its
deadline, and the commands show what became of it.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from proto.sextant.v1 import query_pb2
from sextant.errors import Refused
from statemachine.frame import decode_frame
from statemachine.identity.signing import address_of
from tests.e2e.processes import ASK_SECONDS, Rollup, deployment
from tests.worlds import trader_key

pytestmark = pytest.mark.e2e

LEAVER, MAKER, AGENT = 0, 1, 2
DEADLINE_MS = 4_000


async def settle_in(rollup: Rollup) -> None:
    """Give the leaver a position, orders and an agent; the maker bids for half of it."""
    await rollup.say_prices()
    async with rollup.client(LEAVER) as leaver, rollup.client(MAKER) as maker:
        await maker.place("M0", "sell", "2", limit="60000")
        await leaver.place("M0", "buy", "2", limit="60000")
        await leaver.place("M0", "buy", "1", limit="50000")
        await maker.place("M0", "buy", "1", limit="59900")
        await leaver.approve_agent(address_of(trader_key(AGENT)))


async def censor(rollup: Rollup) -> None:
    """Have the sequencer ignore the leaver, and the inbox."""
    with pytest.raises(grpc.aio.AioRpcError, match="20 bytes"):
        await rollup.censor(b"short")
    await rollup.censor(address_of(trader_key(LEAVER)))


async def force(rollup: Rollup, *words: str, code: int = 0) -> dict[str, Any]:
    """Force something; return what the command says, checked against the block."""
    found, said = await rollup.command(LEAVER, *words, "--json", node="grpc")
    assert found == code, said
    waits, answer = said.splitlines()
    assert "is on L1, in block" in waits
    assert "waiting until a block takes it, which one has to by 20" in waits, "until when"
    body: dict[str, Any] = json.loads(answer)
    receipt: dict[str, Any] = body["receipt"]
    item = int(body["l1"]["value"])
    request = query_pb2.GetBlockRequest(height=int(receipt["height"]), with_frame=True)
    block = await rollup.query.GetBlock(request, timeout=ASK_SECONDS)
    assert decode_frame(block.frame).inbox_until <= item, "its block does not name it"
    return receipt


@pytest.mark.timeout(240)
def test_whoever_is_ignored_leaves_through_l1(tmp_path: Path) -> None:
    async def story() -> None:
        rollup = Rollup(tmp_path, deployment(inbox_deadline_ms=DEADLINE_MS))
        try:
            rollup.start("l1", "sequencer", "poster", "follower")
            await rollup.fund(2)
            await settle_in(rollup)
            await censor(rollup)
            async with rollup.client(LEAVER) as leaver:
                with pytest.raises(Refused, match="told to ignore 0x") as refused:
                    await leaver.cancel_all()
            assert refused.value.code == "SIGNER_IGNORED"
            assert "`sextant force`" in refused.value.advice, "what to do"

            cancelled = await force(rollup, "force", "cancel-all")
            assert cancelled["code_name"] == "OK"
            closed = await force(rollup, "force", "close", "M0")
            assert int(closed["filled_lots"]) == 20_000, "half on the book, half at the mark"
            agent = f"0x{address_of(trader_key(AGENT)).hex()}"
            assert (await force(rollup, "force", "revoke", agent))["code_name"] == "OK"
            owner = f"0x{address_of(trader_key(MAKER)).hex()}"
            poked = await force(rollup, "force", "poke", owner, code=1)
            assert poked["code_name"] == "HEALTHY"
            for nobody in ((f"0x{bytes([9] * 20).hex()}",), (owner, "--of-sub", "7")):
                found = await rollup.command(LEAVER, "force", "poke", *nobody, node="grpc")
                assert (found[0], "there is no such portfolio" in found[1]) == (1, True), found
            code, said = await rollup.command(LEAVER, "withdraw", "--forced", node="grpc")
            assert code == 0, said

            async with rollup.client(LEAVER) as leaver:
                account = await leaver.account()
                held = [position for one in account.portfolios for position in one.positions]
                assert not [one for one in held if one.size or one.resting_bids]
                assert len(await leaver.withdrawals()) == 1
                assert (await leaver.signer(agent)).revoked
        finally:
            await rollup.close()

    asyncio.run(story())
