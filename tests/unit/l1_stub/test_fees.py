"""Senders in a fee spike: bids are raised, bounds are kept, nothing is sent twice."""

import asyncio
from pathlib import Path

import grpc
import pytest

from node.l1.adapter import GrpcL1
from node.l1.sender import Stuck
from proto.sextant.v1 import l1_pb2
from prover.contract.calls import Deposit, sign_call
from prover.contract.codes import ContractCode
from prover.contract.fees import Bid, FeePolicy
from prover.l1 import L1Held
from sextant.client.keys import parse_key
from sextant.client.l1 import L1Client
from tests.l1_worlds import L1_CHAIN_ID, USER, USER_KEY, deployment
from tests.unit.l1_stub.stubs import Bench, on_stub, refusal_of
from tests.waiting import until

SPIKE = 1_000_000
FOREVER = 1_000_000


async def hold_up(bench: Bench, blocks: int) -> None:
    await bench.dev.SetMempool(l1_pb2.L1SetMempoolRequest(delay_blocks=blocks))


async def spike(bench: Bench, price: int = SPIKE, hold: int = FOREVER) -> None:
    await bench.dev.SetGasPrice(l1_pb2.L1SetGasPriceRequest(gas_price=price, hold_blocks=hold))


def impatient(bench: Bench, stuck: list[Stuck], policy: FeePolicy, seconds: float = 20) -> GrpcL1:
    """Return an adapter of the user that says what waits."""
    adapter = GrpcL1(bench.target, USER_KEY, seconds, policy=policy, on_stuck=stuck.append)
    bench.adapters.append(adapter)
    return adapter


def test_a_call_that_a_spike_overtakes_bids_more(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        stuck: list[Stuck] = []
        user = impatient(bench, stuck, FeePolicy(bump_blocks=2))
        await hold_up(bench, 2)
        sent = asyncio.create_task(user.deposit(USER, 0, 1_000_000))
        chain = bench.stub.host.chain
        await until(lambda: len(chain.mempool) == 1)
        await spike(bench)
        receipt = await sent
        assert receipt.ok
        assert SPIKE <= receipt.gas_price <= stuck[-1].bid.fee_max
        assert receipt.raised == len(stuck) > 0
        assert not any(each.is_held for each in stuck)
        assert str(SPIKE) in str(stuck[0])
        assert chain.nonce_of(USER) == 1, "it was one call all the time"
        assert (await user.account(USER)).token == 99_000_000

    on_stub(tmp_path, story, block_ms=50)


def test_a_bound_is_kept_and_the_call_taken_up_again(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await spike(bench)
        stuck: list[Stuck] = []
        user = impatient(bench, stuck, FeePolicy(fee_max=SPIKE - 1, bump_blocks=2), 3.0)
        with pytest.raises(L1Held):
            await user.deposit(USER, 0, 1_000_000)
        assert [each.is_held for each in stuck] == [True]
        assert "no more than" in str(stuck[0])
        again = asyncio.create_task(user.deposit(USER, 0, 1_000_000))
        await asyncio.sleep(0)
        await spike(bench, SPIKE // 2, 0)
        assert (await again).ok
        assert bench.stub.host.chain.nonce_of(USER) == 1
        assert (await user.account(USER)).token == 99_000_000
        other = await user.deposit(USER, 0, 1_000_000)
        assert other.value == 1, "what is in a block is done: the same again is another"

    on_stub(tmp_path, story, block_ms=50)


@pytest.mark.parametrize("blocks", [1, 1_000], ids=["answers", "has not answered"])
def test_patience_ends_however_fast_l1_answers(tmp_path: Path, blocks: int) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await spike(bench)
        user = impatient(bench, [], FeePolicy(fee_max=1, bump_blocks=blocks), 0.5)
        with pytest.raises(L1Held, match="Deposit with nonce 0 is in no block"):
            await user.deposit(USER, 0, 1_000_000)

    on_stub(tmp_path, story, block_ms=10)


def test_what_a_dead_process_left_behind_is_brought_along(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        contract, call = deployment().rules.rollup, Deposit(USER, 0, 2_000_000)
        await spike(bench)
        left = sign_call(L1_CHAIN_ID, contract, USER_KEY, 0, call, Bid(5, 0))
        bench.stub.host.submit(left)
        stuck: list[Stuck] = []
        user = impatient(bench, stuck, FeePolicy(bump_blocks=1))
        receipt = await user.deposit(USER, 0, 1_000_000)
        assert receipt.value == 1, "the other came before it"
        assert (await user.account(USER)).token == 97_000_000
        assert {each.nonce for each in stuck} >= {0}

    on_stub(tmp_path, story, block_ms=50)


def test_a_client_raises_its_bids_as_well(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        raised: list[tuple[str, Bid, int]] = []
        await hold_up(bench, 2)
        async with L1Client(
            bench.target,
            key=parse_key(USER_KEY.hex()),
            policy=FeePolicy(bump_blocks=2),
            on_raised=lambda *each: raised.append(each),
        ) as client:
            sent = asyncio.create_task(client.deposit(USER, 0, 1_000_000))
            await until(lambda: len(bench.stub.host.chain.mempool) == 1)
            await spike(bench)
            receipt = await sent
        assert receipt.gas_price >= SPIKE
        assert {(kind, base_fee) for kind, _, base_fee in raised} == {("Deposit", SPIKE)}

    on_stub(tmp_path, story, block_ms=50)


def test_what_waits_is_listed_and_awaited_up_to_a_block(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=False))
        await spike(bench, 100)
        contract = deployment().rules.rollup
        names = []
        for nonce, bid in enumerate((Bid(100, 0), Bid(99, 9))):
            call = Deposit(USER, 0, 1_000_000)
            signed = sign_call(L1_CHAIN_ID, contract, USER_KEY, nonce, call, bid)
            names.append(bench.stub.host.submit(signed))
        page = await bench.adapter().mempool()
        assert (page.calls_count, page.gas_price) == (2, 100)
        assert [each.hash for each in page.calls] == names
        assert [each.payable for each in page.calls] == [True, False]
        assert (page.calls[1].fee_max, page.calls[1].tip, page.calls[1].nonce) == (99, 9, 1)
        assert not page.calls[0].call
        await bench.dev.Mine(l1_pb2.L1MineRequest())
        latest = bench.stub.host.chain.latest.number
        waits = l1_pb2.L1AwaitCallRequest(hash=names[1], until_block=latest)
        expected = (grpc.StatusCode.FAILED_PRECONDITION, "STILL_WAITING")
        assert await refusal_of(bench.service.AwaitCall(waits)) == expected
        done = await bench.service.AwaitCall(l1_pb2.L1AwaitCallRequest(hash=names[0]))
        assert (done.code_name, done.gas_price) == (ContractCode.OK.name, 100)
        block = await bench.service.GetBlock(l1_pb2.L1GetBlockRequest())
        assert (block.gas_price, block.gas_used) == (100, done.gas)

    on_stub(tmp_path, story)


def test_the_base_fee_outlives_a_restart(tmp_path: Path) -> None:
    async def first(bench: Bench) -> None:
        await spike(bench, 5_000, 3)
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=5))
        assert bench.stub.host.chain.gas_price == 5_000 - 625 - 546

    async def second(bench: Bench) -> None:
        assert bench.stub.host.chain.gas_price == 5_000 - 625 - 546

    on_stub(tmp_path, first)
    on_stub(tmp_path, second)


def test_an_l1_without_block_time_gets_over_a_spike(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await spike(bench, 1_200, 0)
        user = impatient(bench, [], FeePolicy(fee_max=1_000))
        assert (await user.deposit(USER, 0, 1_000_000)).gas_price <= 1_000

    on_stub(tmp_path, story)
