"""An attester vouches for claims, and a withdrawal is paid long before its claim is final."""

import asyncio
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from sextant.client.attesters import Attesters
from sextant.errors import Refused
from statemachine.identity.signing import address_of
from tests.e2e.processes import ROOT, Rollup, deployment, until
from tests.worlds import USDC, trader_address, trader_key

pytestmark = pytest.mark.e2e

USER, ATTESTER = 0, 1
HOUR_MS = 3_600_000
STAKE = 1_000


def start(rollup: Rollup) -> "subprocess.Popen[bytes]":
    """Start the attester's process."""
    words = [
        *("attester", "run", "--every", "10", "--key-env", "ATTESTER_KEY"),
        *("--l1", rollup.address("l1"), "--node", rollup.address("follower")),
        *("--datadir", str(rollup.folder / "attester")),
    ]
    path = os.environ.get("PYTHONPATH", str(ROOT))
    key = trader_key(ATTESTER).hex()
    with (rollup.folder / "attester.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sextant", *words],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "ATTESTER_KEY": key},
        )


async def be_paid(rollup: Rollup) -> None:
    async with rollup.client(ATTESTER) as attester, Attesters(attester) as attesters:
        assert (await attesters.join(STAKE)).value == 0
        assert await attesters.number() == 0
        rollup.processes["attester"] = start(rollup)
        async with rollup.client(USER) as user:
            made = await user.withdraw("100")
            before = (await user.l1_account()).usdc

            async def is_paid() -> bool:
                try:
                    await user.claim_withdrawal(made.index, ahead=True)
                except Refused as error:
                    assert error.code in {"NOT_ATTESTED", "NOT_FINAL", "PRUNED"}, error  # noqa: PT017
                    return False
                return True

            await until(is_paid)
            # Killed, he comes back with his vows, and vouches for nothing twice.
            said = rollup.log("attester").count("attested claim")
            rollup.kill("attester")
            rollup.processes["attester"] = start(rollup)

            async def goes_on() -> bool:
                return rollup.log("attester").count("attested claim") > said

            await until(goes_on)
            assert "SIGNERS" not in rollup.log("attester")
            assert (await user.l1_account()).usdc - before == 100
            with pytest.raises(Refused, match="NOT_FINAL"):
                await user.claim_withdrawal(made.index)
        book = await attesters.book()
        assert book.room == Decimal(STAKE) / 2 - 100
        assert any(one.enough and one.attesters == (0,) for one in book.attestations)
        await attesters.leave()
        assert (await attesters.book()).active == 0


def test_a_withdrawal_is_paid_ahead_of_its_claim(tmp_path: Path) -> None:
    async def story() -> None:
        contract = deployment(window_ms=HOUR_MS, attester_micros_min=USDC)
        rollup = Rollup(tmp_path, contract)
        try:
            rollup.start("l1", "sequencer", "poster", "follower")
            await rollup.fund(2)
            await rollup.say_prices()
            await rollup.give(address_of(trader_key(ATTESTER)), token_micros=STAKE * USDC)
            await rollup.give(trader_address(USER), token_micros=0)
            await be_paid(rollup)
        finally:
            await rollup.close()

    asyncio.run(story())
