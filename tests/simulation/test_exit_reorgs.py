"""Re-orgs of every depth in every phase of the ways out: sale, attestation, freeze, escape.

As in ``test_reorgs``: whatever L1 takes back is done again by whoever wants it, and in
the end everybody has exactly what was his, once.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.contract.records import ClaimStatus
from tests.simulation.test_reorgs import DEPTHS
from tests.simulation.town import DEPOSIT, FINAL_BLOCKS, USER, WITHDRAWAL, Town
from tests.simulation.townsfolk import BUYER, PRICE, Leavers, Traders, Vouchers

Condition = Callable[[Town], bool]
LONG = {"window_ms": 300_000}
"""Attesters vouch for what L1 takes back no more: the window has to be longer than that."""
STOPPED = {"freeze_ms": 60_000, "escape_ms": 150_000}


def is_sold(town: Town) -> bool:
    """Return whether somebody bought the withdrawal."""
    return any(sale.buyer for _, sale in town.state.sales.items())


SALE: dict[str, Condition] = {
    "offered": lambda town: len(town.state.sales) > 0,
    "sold": is_sold,
    "paid to the buyer": lambda town: 0 in town.state.paid,
}
ATTESTED: dict[str, Condition] = {
    "joined": lambda town: len(town.state.attesters) > 0,
    "attested": lambda town: len(town.state.attestations) > 0,
    "paid ahead": lambda town: len(town.state.ahead) > 0,
}
ESCAPE: dict[str, Condition] = {
    "frozen": lambda town: town.state.frozen.record is not None,
    "books open": lambda town: town.state.books.record is not None,
    "registered": lambda town: len(town.state.registered) > 0,
    "shared out": lambda town: any(owed.paid for _, owed in town.state.owed.items()),
}


def tokens(town: Town, who: bytes) -> int:
    """Return the micro-USDC of an address on L1."""
    return town.state.account_of(who).token


async def strike(town: Town, reached: Condition, depth: int, *, again: bool) -> None:
    """Come to a phase, and take so many blocks back."""
    await town.until(lambda: reached(town))
    await town.reorganise(depth, again=again)


def play(
    story: Callable[[Town], Any], tmp_path: Path, patch: pytest.MonkeyPatch, **changes: int
) -> None:
    """Play a story in a town."""

    async def live() -> None:
        async with Town(tmp_path, patch, **changes) as town:
            await story(town)

    asyncio.run(live())


@pytest.mark.parametrize("again", [False, True], ids=["lost", "later"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("phase", SALE)
def test_a_sold_withdrawal_is_paid_once_to_its_buyer(
    phase: str, depth: int, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(town: Town) -> None:
        town.folk.append(Traders(town))
        town.waits = lambda: not is_sold(town)
        await town.until(lambda: len(town.taken) == 1)
        town.works = town.wants_withdrawal = True
        await strike(town, SALE[phase], depth, again=again)
        await town.until(lambda: SALE[phase](town))
        await town.rest()
        await town.check()
        assert 0 in town.state.paid
        assert tokens(town, USER) == PRICE
        assert tokens(town, BUYER) == DEPOSIT - PRICE + WITHDRAWAL
        assert town.state.totals.token_escrowed == DEPOSIT - WITHDRAWAL

    play(story, tmp_path, monkeypatch)


@pytest.mark.parametrize("again", [False, True], ids=["lost", "later"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("phase", ATTESTED)
def test_what_is_paid_ahead_is_paid_once(
    phase: str, depth: int, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(town: Town) -> None:
        town.folk.append(Vouchers(town))
        town.waits = lambda: True
        await town.until(lambda: len(town.taken) == 1)
        town.wants_withdrawal = True
        await town.until(lambda: len(town.taken) == 2)
        await strike(town, ATTESTED[phase], depth, again=again)
        assert not town.has_status(ClaimStatus.FINAL), "nothing but a vow let it out"
        await town.until(lambda: len(town.state.ahead) > 0)
        assert not town.has_status(ClaimStatus.FINAL)
        await town.rest()
        await town.check()
        assert 0 not in town.state.paid
        assert tokens(town, USER) == WITHDRAWAL
        assert town.state.totals.token_escrowed == DEPOSIT - WITHDRAWAL

    play(story, tmp_path, monkeypatch, **LONG)


@pytest.mark.parametrize("again", [False, True], ids=["lost", "later"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("phase", ESCAPE)
def test_a_frozen_exchange_is_shared_out_once(
    phase: str, depth: int, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the log itself is gone, or late, by a deposit that goes back; else by its portfolio."""

    async def story(town: Town) -> None:
        town.folk.append(Leavers(town))
        await town.until(lambda: town.has_status(ClaimStatus.FINAL))
        town.silent = town.wants_withdrawal = True
        town.posts = False
        await strike(town, ESCAPE[phase], depth, again=again)
        await town.until(lambda: tokens(town, USER) == DEPOSIT)
        for _ in range(FINAL_BLOCKS):
            await town.tick()
        await town.check()
        assert tokens(town, USER) == DEPOSIT
        assert town.state.totals.token_escrowed == 0
        assert len(town.state.refunded) + len(town.state.owed) == 1

    play(story, tmp_path, monkeypatch, **STOPPED)
