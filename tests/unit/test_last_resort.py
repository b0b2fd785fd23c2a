"""A publisher tells L1 what no sequencer takes, and nothing else."""

import asyncio
from collections.abc import Collection
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

    def __init__(
        self, folder: Path, patience_s: float = 0.0, period_s: float = 0.0, *, asks: bool = False
    ) -> None:
        self.chain = MemoryChain(CONTRACT, NOON)
        self.identity = identity_of(PUBLISHERS[1])
        self.chain.contract.mint(self.identity.address, 10**12, 0)
        self.chain.mine()
        held = HeldPrices(folder / "prices.json")
        held.hold("BTC", 6_400_010)
        source = PriceSource(held, (), 7, 1, NOON)
        self.l1 = MemoryL1(self.chain, self.identity.address)
        self.derived: int | None = None
        look = self.tell if asks else None
        self.resort = LastResort(self.l1, self.identity, source, patience_s, period_s, look)

    async def tell(self, over: Collection[int]) -> int | None:
        """Say when the log's prices are from."""
        del over
        return self.derived

    def act(self, *over: int, taken: bool = False) -> int:
        return asyncio.run(self.resort.act(over, taken=taken))

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
    assert post.act(taken=True) == 0
    post.resort.taken_at -= FOREVER
    assert post.act() == 4
    assert post.act(taken=True) == 0
    assert not post.resort.acting
    assert post.act() == 0


@pytest.mark.parametrize(
    ("age_ms", "told"), [(None, 0), (2_000, 0), (20_000, 4)], ids=["not known", "fresh", "old"]
)
def test_prices_that_the_log_does_not_get_go_to_l1(
    tmp_path: Path, age_ms: int | None, told: int
) -> None:
    post = Post(tmp_path, patience_s=10.0, asks=True)
    assert post.act(taken=True) == 0
    post.resort.fresh_at -= 10.0
    post.resort.look_at = 0
    post.derived = None if age_ms is None else post.chain.time - age_ms
    assert post.act(taken=True) == told


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
