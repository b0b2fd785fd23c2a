"""A publisher tells L1 what no sequencer takes, and nothing else."""

import asyncio
from pathlib import Path

import pytest

from devnet.genesis import devnet_contract
from devnet.identities import PUBLISHERS, identity_of
from devnet.last_resort import LastResort, wait_for_clock
from devnet.prices import HeldPrices
from devnet.quotes import PriceSource
from sextant.client.session import Session
from statemachine.inbox import InboxKind
from tests.ports import free_ports
from tests.simulation.memory_l1 import MemoryChain, MemoryL1

CONTRACT = devnet_contract()
NOON = CONTRACT.genesis_time_ms
FOREVER = 1e9
OVER = 3
"""A market that takes no price any more."""


class Post:
    """A publisher with an L1 in memory, and one price held by hand."""

    def __init__(self, folder: Path, patience_s: float = 0.0, period_s: float = 0.0) -> None:
        self.chain = MemoryChain(CONTRACT, NOON)
        self.identity = identity_of(PUBLISHERS[1])
        self.chain.contract.mint(self.identity.address, 10**12, 0)
        self.chain.mine()
        held = HeldPrices(folder / "prices.json")
        held.hold("BTC", 6_400_010)
        source = PriceSource(held, (), 7, 1, NOON)
        self.l1 = MemoryL1(self.chain, self.identity.address)
        self.resort = LastResort(self.l1, self.identity, source, patience_s, period_s)

    def act(self, *over: int) -> int:
        return asyncio.run(self.resort.act(over))

    @property
    def said(self) -> dict[int, int]:
        """What L1 has been told last of each market."""
        return {
            queued.item.market: queued.item.price
            for queued in self.chain.contract.state.inbox
            if queued.item.kind == InboxKind.ORACLE and queued.item.owner == self.identity.address
        }


def test_one_message_for_each_market_that_takes_any(tmp_path: Path) -> None:
    post = Post(tmp_path)
    assert post.act(OVER) == len(CONTRACT.rules.markets) - 1
    assert set(post.said) == {1, 2, 4}
    assert post.said[1] == 6_400_010


def test_l1_hears_nothing_while_the_sequencer_takes_prices(tmp_path: Path) -> None:
    post = Post(tmp_path, patience_s=FOREVER)
    assert post.act() == 0
    post.resort.patience_s = 0
    assert post.act() == 4
    post.resort.note_taken()
    assert not post.resort.acting
    post.resort.patience_s = FOREVER
    assert post.act() == 0


def test_rounds_are_a_period_apart(tmp_path: Path) -> None:
    post = Post(tmp_path, period_s=FOREVER)
    assert [post.act(), post.act()] == [4, 0]


def test_an_l1_that_is_away_is_asked_again(tmp_path: Path) -> None:
    post = Post(tmp_path)
    post.chain.unreachable = True
    assert post.act() == 0
    post.chain.unreachable = False
    assert post.act() == 4


def test_an_empty_purse_is_no_end(tmp_path: Path) -> None:
    post = Post(tmp_path)
    post.chain.gas_price = 10**13
    assert post.act() == 0
    assert post.said == {}


@pytest.mark.timeout(30)
def test_a_publisher_starts_by_l1s_clock_if_there_is_no_sequencer(tmp_path: Path) -> None:
    post = Post(tmp_path)

    async def start() -> int:
        async with Session(f"127.0.0.1:{free_ports(1)[0]}", timeout=0.1) as nobody:
            return await wait_for_clock(nobody, post.l1)

    assert asyncio.run(start()) == post.chain.time
