"""The stub's chain without a process: clock, tags, mempool, and what it makes durable."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from devnet.l1 import chain as chain_module
from devnet.l1 import mempool as mempool_module
from devnet.l1.chain import Chain, ChainSettings, Mined
from devnet.l1.journal import Journal, number_key, writes_of
from node.storage.database import Database
from prover.contract.calls import Deposit, Envelope, sign_call
from prover.contract.codes import ContractCode, Refusal
from prover.contract.contract import Contract
from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from tests.l1_worlds import (
    GENESIS_MS,
    L1_CHAIN_ID,
    USER,
    USER_KEY,
    deployment,
    judge_by_truth,
)


def new_chain(**tags: int) -> Chain:
    """Return a chain with its block 0, in which the user is funded."""
    settings = ChainSettings(**tags)
    chain = Chain(Contract(deployment(), judge_by_truth), settings, [], {})
    chain.mint(USER, 0, 10**12)
    chain.mine(GENESIS_MS)
    return chain


def signed(nonce: int, amount: int = 1_000_000) -> Envelope:
    """Return a deposit of the user."""
    contract = deployment().rules.rollup
    return sign_call(L1_CHAIN_ID, contract, USER_KEY, nonce, Deposit(USER, 0, amount))


def test_time_only_goes_forward() -> None:
    chain = new_chain()
    times = [chain.mine(wall).block.time for wall in (GENESIS_MS, GENESIS_MS - 5_000)]
    assert times == [GENESIS_MS + 1, GENESIS_MS + 2]
    chain.offset_ms += 60_000
    assert chain.mine(GENESIS_MS).block.time == GENESIS_MS + 60_000


def test_tags_trail_the_latest_block() -> None:
    chain = new_chain(safe_blocks=2, final_blocks=3)
    assert (chain.safe.number, chain.final.number) == (0, 0)
    for _ in range(5):
        chain.mine(GENESIS_MS)
    assert (chain.latest.number, chain.safe.number, chain.final.number) == (5, 3, 2)
    with pytest.raises(ValueError, match="safe"):
        ChainSettings(safe_blocks=3, final_blocks=2)


def test_a_block_takes_what_fits_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "BLOCK_CALLS_MAX", 2)
    monkeypatch.setattr(mempool_module, "MEMPOOL_CALLS_MAX", 5)
    chain = new_chain()
    names = [chain.submit(signed(nonce)) for nonce in range(5)]
    assert chain.submit(signed(0)) == names[0], "a waiting call is known"
    with pytest.raises(Refusal) as refused:
        chain.submit(signed(5))
    assert refused.value.code is ContractCode.MEMPOOL_FULL
    blocks = [chain.mine(GENESIS_MS) for _ in range(3)]
    assert [call.hash for mined in blocks for call in mined.calls] == names
    assert [len(mined.calls) for mined in blocks] == [2, 2, 1]
    assert chain.mempool.bytes == 0
    chain.submit(signed(5))


def test_a_large_call_has_a_block_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "BLOCK_BYTES_MAX", 1)
    chain = new_chain()
    for nonce in range(2):
        chain.submit(signed(nonce))
    assert [len(chain.mine(GENESIS_MS).calls) for _ in range(3)] == [1, 1, 0]


def test_blocks_are_chained_and_named_by_their_content() -> None:
    one, two, three = new_chain(), new_chain(), new_chain()
    for chain, amount in ((one, 1_000_000), (two, 1_000_000), (three, 1_000_001)):
        chain.submit(signed(0, amount))
        mined = chain.mine(GENESIS_MS)
        assert mined.parent == chain.headers[0].hash
    assert one.latest == two.latest
    assert one.latest.hash != three.latest.hash


def test_a_stopped_clock_moves_by_warping_alone() -> None:
    chain = new_chain()
    chain.warp(1_000)
    chain.set_clock(GENESIS_MS + 50, stopped=True)
    assert [chain.clock(GENESIS_MS + late) for late in (50, 9_000)] == [GENESIS_MS + 1_050] * 2
    chain.warp(500)
    assert chain.clock(GENESIS_MS + 9_000) == GENESIS_MS + 1_550
    chain.set_clock(GENESIS_MS + 9_000, stopped=False)
    assert chain.clock(GENESIS_MS + 9_010) == GENESIS_MS + 1_560, "it runs on from there"


class SyncRecorder:
    """A database that only remembers how it was written to."""

    def __init__(self) -> None:
        self.syncs: list[bool] = []
        self.keys: set[bytes] = set()

    @contextmanager
    def batch(self, *, sync: bool = False) -> Iterator[Any]:
        self.syncs.append(sync)
        yield self

    def get(self, key: bytes) -> None:
        del key

    def put(self, key: bytes, value: bytes) -> None:
        assert type(value) is bytes
        self.keys.add(key)

    def delete(self, key: bytes) -> None:
        self.keys.discard(key)


def test_a_block_is_one_synced_batch() -> None:
    chain, database = new_chain(), SyncRecorder()
    chain.submit(signed(0))
    mined: Mined = chain.mine(GENESIS_MS)
    Journal(cast("Database", database)).commit(mined, chain)
    assert database.syncs == [True]
    undo = number_key(b"U", mined.block.number)
    assert database.keys == {*writes_of(mined), undo, b"G"}


def test_the_accumulator_depends_on_every_item() -> None:
    chain = new_chain()
    for nonce in range(2):
        chain.submit(signed(nonce))
    chain.mine(GENESIS_MS)
    first, second = chain.contract.state.inbox
    assert first.item == second.item
    assert accumulate(ACCUMULATOR_EMPTY, first.item) == first.accumulator != second.accumulator
