"""The L1 stub over its wire: health, reflection, calls, feeds, refusals, restarts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from devnet.l1.server import DeploymentDiffers, Stub, StubSettings
from node.l1.adapter import GrpcL1
from node.l1.wire import call_from_message, call_to_message, event_from_message, event_to_message
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.calls import Append, Deposit, Settle, sign_call
from prover.contract.codes import ContractCode
from prover.contract.events import ClaimFinal, ClaimProposed, EntryAppended
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.entry import encode_entry
from prover.faults import commitment_of
from prover.l1 import L1, BlockEvents, L1Refused, L1Unreachable
from statemachine.identity.signing import CURVE_ORDER
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHALLENGER_KEY,
    CHEAT,
    CHEAT_KEY,
    L1_CHAIN_ID,
    PROPOSER_KEY,
    SALT,
    SEQUENCER,
    SEQUENCER_KEY,
    USER,
    USER_KEY,
    WINDOW_MS,
    WITNESS,
    L1World,
    deployment,
    false_output,
    judge_by_truth,
    true_output,
)

ENTRY = encode_entry([b"frame"])
WAIT_SECONDS = 20


class Bench:
    """A stub under test, and ways to talk to it."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.target = f"127.0.0.1:{stub.port}"
        self.channel = grpc.aio.insecure_channel(self.target)
        self.dev_channel = grpc.aio.insecure_channel(f"127.0.0.1:{stub.dev_port}")
        self.service = l1_pb2_grpc.L1Stub(self.channel)
        self.dev = l1_pb2_grpc.L1DevStub(self.dev_channel)
        self.adapters: list[GrpcL1] = []

    def adapter(self, key: bytes = b"") -> GrpcL1:
        self.adapters.append(GrpcL1(self.target, key, patience_seconds=WAIT_SECONDS))
        return self.adapters[-1]

    async def fund(self, *addresses: bytes) -> None:
        for address in addresses:
            request = l1_pb2.L1FaucetRequest(
                address=address, eth_gwei=10 * BOND, token_micros=100_000_000
            )
            await self.dev.Faucet(request)

    async def close(self) -> None:
        for adapter in self.adapters:
            await adapter.close()
        await self.channel.close(None)
        await self.dev_channel.close(None)


@asynccontextmanager
async def running(
    path: Path, rules: ContractRules | None = None, block_ms: int = 0
) -> AsyncIterator[Bench]:
    """Run a stub on ports of its own; by default it makes a block for each call."""
    settings = StubSettings(datadir=path, port=0, dev_port=0, block_ms=block_ms)
    stub = Stub(settings, rules or deployment(), judge_by_truth)
    await stub.start()
    work = asyncio.create_task(stub.run())
    bench = Bench(stub)
    try:
        yield bench
    finally:
        await bench.close()
        stub.stop()
        await work


def on_stub(path: Path, story: Callable[[Bench], Awaitable[None]], **options: Any) -> None:
    """Run a story against a stub in this process."""

    async def run() -> None:
        async with running(path, **options) as bench:
            await asyncio.wait_for(story(bench), WAIT_SECONDS)

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, within bounds."""
    for _ in range(WAIT_SECONDS * 200):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("the condition never came")


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the machine's name for what went wrong."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type] # stubs know no aio call
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "sextant"
    return str(info.reason)


async def refusal_of(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """Return the status and the reason with which a call fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), reason_of(caught.value)


def test_health_and_reflection_answer_a_generic_client(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        for channel, name in ((bench.channel, "L1"), (bench.dev_channel, "L1Dev")):
            for service in ("", f"sextant.v1.{name}"):
                check = health_pb2_grpc.HealthStub(channel).Check
                answer = await check(health_pb2.HealthCheckRequest(service=service))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            reflect = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
            async for listed in reflect(iter([request])):
                names = {service.name for service in listed.list_services_response.service}
                assert f"sextant.v1.{name}" in names
                assert "grpc.health.v1.Health" in names

    on_stub(tmp_path, story)


def test_the_adapter_is_an_l1(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        adapter = bench.adapter(SEQUENCER_KEY)
        l1: L1 = adapter
        await bench.fund(SEQUENCER, USER)
        assert (await l1.deployment()) == deployment()
        assert l1.address == SEQUENCER
        sent = await l1.append(0, ENTRY)
        assert (sent.ok, sent.value) == (True, 0)
        again = await l1.append(0, ENTRY)
        assert again.code is ContractCode.ENTRY_INDEX
        assert again.message.startswith("ENTRY_INDEX: ")
        queued = await bench.adapter(USER_KEY).deposit(USER, 2, 7_000_000)
        assert queued.value == 0
        assert (await l1.account(USER)).token == 93_000_000
        [entry] = await l1.log_entries(0)
        assert (entry.data, entry.block, entry.is_intact) == (ENTRY, sent.block, True)
        assert await l1.log_entries(1) == []
        [item] = await l1.inbox_items(0)
        assert (item.item.owner, item.item.sub, item.item.amount) == (USER, 2, 7_000_000)
        assert await l1.inbox_items(1) == []
        [genesis] = await l1.claims()
        assert genesis.claim.status is ClaimStatus.FINAL
        assert genesis.trace == (deployment().genesis.post_root,)
        head = await l1.head()
        assert head.latest.number == queued.block
        assert (head.safe.number, head.final.number) == (queued.block - 1, queued.block - 2)
        assert await l1.claim(1) is None
        assert (await adapter.totals()).token_escrowed_micros == 7_000_000
        assert not await adapter.is_paid(0)

    on_stub(tmp_path, story)


def test_a_dispute_over_the_wire(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, CHEAT, CHALLENGER)
        genesis = deployment().genesis
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        output, trace = false_output(genesis, 1)
        wrong = await bench.adapter(CHEAT_KEY).propose(0, output, trace)
        root = true_output(genesis)[0].post_root
        challenger = bench.adapter(CHALLENGER_KEY)
        posted = await challenger.claim(wrong.value)
        assert posted is not None
        assert posted.trace == tuple(trace)
        commitment = commitment_of(wrong.value, 1, root, CHALLENGER, SALT)
        assert (await challenger.commit_fault(commitment)).ok
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=1))
        proved = await challenger.prove_fault(1, wrong.value, 1, root, CHALLENGER, SALT, WITNESS)
        assert proved.value == BOND - BOND // 2
        posted = await challenger.claim(wrong.value)
        assert posted is not None
        assert posted.claim.status is ClaimStatus.CONVICTED
        assert (await challenger.account(CHALLENGER)).eth == 10 * BOND + proved.value

    on_stub(tmp_path, story)


def test_blocks_are_followed_past_ones_first(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, CHEAT)
        sequencer = bench.adapter(SEQUENCER_KEY)
        await sequencer.append(0, ENTRY)
        seen: list[BlockEvents] = []
        output, trace = true_output(deployment().genesis)
        async for news in bench.adapter().events(0):
            seen.append(news)
            kinds = [type(event) for event in news.events]
            if EntryAppended in kinds:
                await bench.adapter(CHEAT_KEY).propose(0, output, trace)
            if ClaimProposed in kinds:
                await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=WINDOW_MS))
            if ClaimFinal in kinds:
                break
        numbers = [news.block.number for news in seen]
        assert numbers == list(range(len(numbers)))
        assert all(a.block.time < b.block.time for a, b in pairwise(seen))
        assert seen[-1].heads.clock_offset_ms == WINDOW_MS

    on_stub(tmp_path, story)


def test_calls_that_cannot_be_taken_get_their_own_codes(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        contract = deployment().rules.rollup
        send = bench.service.SendCall
        good = sign_call(L1_CHAIN_ID, contract, USER_KEY, 0, Deposit(USER, 0, 1_000_000))
        empty = l1_pb2.L1SendCallRequest(nonce=0, signature=good.signature)
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        assert await refusal_of(send(empty)) == (invalid, "CALL_MALFORMED")
        huge = call_to_message(replace(good, call=Deposit(USER, 0, 1)))
        huge.deposit.amount = 1 << 63
        assert await refusal_of(send(huge)) == (invalid, "CALL_MALFORMED")
        for signature in (b"", bytes(65), b"\xff" * 65, flipped(good.signature)):
            bad = call_to_message(replace(good, signature=signature))
            expected = (grpc.StatusCode.UNAUTHENTICATED, "SIGNATURE")
            assert await refusal_of(send(bad)) == expected
        failed = grpc.StatusCode.FAILED_PRECONDITION
        ahead = sign_call(L1_CHAIN_ID, contract, USER_KEY, 5, Settle())
        assert await refusal_of(send(call_to_message(ahead))) == (failed, "NONCE_GAP")
        first = await send(call_to_message(good))
        again = await send(call_to_message(good))
        assert first.hash == again.hash, "the same bytes are the same call"
        receipt = await bench.service.AwaitCall(l1_pb2.L1AwaitCallRequest(hash=first.hash))
        assert (receipt.code_name, receipt.kind) == ("TOKEN_BALANCE", "Deposit")
        assert receipt.retryable
        assert (await send(call_to_message(good))).hash == first.hash, "also once it is mined"
        spent = sign_call(L1_CHAIN_ID, contract, USER_KEY, 0, Settle())
        assert await refusal_of(send(call_to_message(spent))) == (failed, "NONCE_USED")
        unknown = bench.service.AwaitCall(l1_pb2.L1AwaitCallRequest(hash=bytes(32)))
        assert await refusal_of(unknown) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
        block = bench.service.GetBlock(l1_pb2.L1GetBlockRequest(number=999))
        assert await refusal_of(block) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
        faucet = bench.dev.Faucet(l1_pb2.L1FaucetRequest(address=b"short"))
        assert await refusal_of(faucet) == (invalid, "ARGUMENT_INVALID")
        with pytest.raises(L1Refused, match="key"):
            await bench.adapter().append(0, ENTRY)
        garbage = bench.channel.unary_unary("/sextant.v1.L1/SendCall", bytes, bytes)(
            b"\xff\xff\xff"
        )
        with pytest.raises(grpc.aio.AioRpcError):
            await garbage
        latest = await bench.service.GetBlock(l1_pb2.L1GetBlockRequest())
        assert latest.ref.number == receipt.block, "the server lives"
        assert latest.calls[0].hash == first.hash

    on_stub(tmp_path, story)


def flipped(signature: bytes) -> bytes:
    """Return the same signature with the other s."""
    high = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + high.to_bytes(32, "big") + bytes([signature[64] ^ 1])


def test_many_senders_and_nonces_at_once(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        one, two = bench.adapter(USER_KEY), bench.adapter(USER_KEY)
        sends = [(one, two)[n % 2].deposit(USER, n, 1_000_000) for n in range(30)]
        receipts = await asyncio.gather(*sends)
        assert all(receipt.ok for receipt in receipts)
        assert sorted(receipt.value for receipt in receipts) == list(range(30))
        assert len({receipt.hash for receipt in receipts}) == 30
        assert (await one.account(USER)).token == 70_000_000

    on_stub(tmp_path, story, block_ms=50)


def test_nothing_is_mined_until_it_is_asked_for(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=False))
        before = (await bench.adapter().head()).latest
        send = asyncio.create_task(bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000))
        await until(lambda: bool(bench.stub.host.chain.mempool))
        assert (await bench.adapter().head()).latest == before
        await bench.dev.Mine(l1_pb2.L1MineRequest())
        assert (await send).block == before.number + 1

    on_stub(tmp_path, story)


def test_gas_has_a_price(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetGasPrice(l1_pb2.L1SetGasPriceRequest(gas_price=1_000_000))
        user = bench.adapter(USER_KEY)
        receipt = await user.deposit(USER, 0, 1_000_000)
        assert (await user.account(USER)).eth == 10 * BOND - receipt.gas

    on_stub(tmp_path, story)


def test_a_reorg_takes_back_what_is_not_final(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        state = bench.stub.host.chain.contract.state
        before, first = state.digest(), await bench.adapter().head()
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        user = bench.adapter(USER_KEY)
        await user.deposit(USER, 0, 1_000_000)
        old = await bench.adapter().head()
        assert old.latest.number == first.latest.number + 2
        answer = await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2, drop_calls=True))
        assert answer.fork_block == first.latest.number
        assert bench.stub.host.chain.contract.state.digest() == before
        new = await bench.adapter().head()
        assert new.latest.number == old.latest.number + 1
        replaced = await bench.service.GetBlock(l1_pb2.L1GetBlockRequest(number=old.latest.number))
        assert replaced.ref.hash != old.latest.hash
        assert await bench.adapter().log_entries(0) == []
        # The nonces went back with the blocks.
        assert (await bench.adapter(USER_KEY).deposit(USER, 0, 2_000_000)).value == 0
        deep = bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=3))
        assert await refusal_of(deep) == (grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID")
        none = bench.dev.Reorg(l1_pb2.L1ReorgRequest())
        assert await refusal_of(none) == (grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID")

    on_stub(tmp_path, story)


def test_calls_of_blocks_taken_back_are_in_the_new_ones(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        user = bench.adapter(USER_KEY)
        made = [await user.deposit(USER, n, 1_000_000) for n in range(2)]
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2))
        items = await bench.adapter().inbox_items(0)
        assert [queued.item.sub for queued in items] == [0, 1]
        [again] = {queued.block for queued in items}
        assert again == made[0].block, "both are in the first block of the new fork"
        receipt = await bench.service.AwaitCall(l1_pb2.L1AwaitCallRequest(hash=made[1].hash))
        assert (receipt.block, receipt.value) == (again, 1)

    on_stub(tmp_path, story)


def test_a_feed_begins_again_after_the_fork(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        told: list[l1_pb2.L1BlockEvents] = []
        feed = bench.service.FollowBlocks(l1_pb2.L1FollowBlocksRequest(from_block=0))
        async for news in feed:
            told.append(news)
            if len(told) == 3:
                await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
            if len(told) == 5:
                await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2))
            if len(told) == 8:
                break
        numbers = [news.block.number for news in told]
        assert numbers == [0, 1, 2, 3, 4, 3, 4, 5]
        known = {news.block.hash for news in told}
        assert all(news.parent_hash in known for news in told[1:])
        assert len(known) == len(told)

    on_stub(tmp_path, story)


def test_a_reorg_survives_a_restart(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        await bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000)
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))
        facts.append((bench.stub.host.chain.contract.state.digest(), await bench.adapter().head()))

    async def after(bench: Bench) -> None:
        assert bench.stub.host.chain.contract.state.digest() == facts[0][0]
        assert await bench.adapter().head() == facts[0][1]
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=2))
        assert len(await bench.adapter().inbox_items(0)) == 1

    facts: list[tuple[bytes, Any]] = []
    on_stub(tmp_path, before)
    on_stub(tmp_path, after)


def test_calls_can_be_held_up_and_lost(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetMempool(l1_pb2.L1SetMempoolRequest(delay_blocks=2))
        user = bench.adapter(USER_KEY)
        sent = asyncio.create_task(user.deposit(USER, 0, 1_000_000))
        start = (await bench.adapter().head()).latest.number
        await until(lambda: bench.stub.host.chain.latest.number > start)
        assert len(bench.stub.host.chain.mempool) == 1
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))
        assert (await sent).block == start + 3
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=False))
        waits = asyncio.create_task(user.deposit(USER, 0, 1_000_000))
        await until(lambda: bool(bench.stub.host.chain.mempool))
        lost = await bench.dev.SetMempool(l1_pb2.L1SetMempoolRequest(drop_calls=True))
        assert lost.dropped_calls == 1
        assert not bench.stub.host.chain.mempool
        # Its sender notices, and sends the same bytes again.
        await bench.dev.SetMining(l1_pb2.L1SetMiningRequest(mining=True))
        await bench.dev.Mine(l1_pb2.L1MineRequest())
        assert (await waits).ok

    on_stub(tmp_path, story)


def test_a_stub_continues_where_it_was(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await bench.fund(SEQUENCER, USER)
        await bench.adapter(SEQUENCER_KEY).append(0, ENTRY)
        await bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000)
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=5_000))
        facts.append((bench.stub.host.chain.contract.state.digest(), await bench.adapter().head()))

    async def after(bench: Bench) -> None:
        assert bench.stub.host.chain.contract.state.digest() == facts[0][0]
        assert await bench.adapter().head() == facts[0][1]
        [entry] = await bench.adapter().log_entries(0)
        assert entry.data == ENTRY
        assert (await bench.adapter(USER_KEY).deposit(USER, 0, 1_000_000)).value == 1
        numbers = [bench.stub.host.journal.need_block(n).block.number for n in range(6)]
        assert numbers == list(range(6))

    facts: list[tuple[bytes, Any]] = []
    on_stub(tmp_path, before)
    on_stub(tmp_path, after)
    with pytest.raises(DeploymentDiffers):
        on_stub(tmp_path, after, rules=deployment(bond_gwei=1))
    on_stub(tmp_path, lambda bench: bench.fund(USER))


def test_an_absent_l1_is_unreachable() -> None:
    async def story() -> None:
        adapter = GrpcL1("127.0.0.1:9", patience_seconds=0.2)
        try:
            with pytest.raises(L1Unreachable):
                await adapter.head()
        finally:
            await adapter.close()

    asyncio.run(story())


def test_an_adapter_survives_a_restart_of_its_l1(tmp_path: Path) -> None:
    """The mempool is lost with the process; the same bytes are sent again."""

    async def story() -> None:
        settings = StubSettings(datadir=tmp_path, port=0, dev_port=None, block_ms=3_600_000)
        first = Stub(settings, deployment(), judge_by_truth)
        first.host.chain.mint(USER, 0, 5_000_000)
        await first.start()
        adapter = GrpcL1(f"127.0.0.1:{first.port}", USER_KEY, patience_seconds=WAIT_SECONDS)
        send = asyncio.create_task(adapter.deposit(USER, 0, 1_000_000))
        await until(lambda: bool(first.host.chain.mempool))
        port = first.port
        await first.close()
        second = Stub(replace(settings, port=port, block_ms=50), deployment(), judge_by_truth)
        await second.start()
        work = asyncio.create_task(second.run())
        receipt = await asyncio.wait_for(send, WAIT_SECONDS)
        assert receipt.ok
        assert (await adapter.account(USER)).token == 4_000_000
        await adapter.close()
        second.stop()
        await work

    asyncio.run(story())


def test_every_call_and_event_crosses_the_wire_unchanged() -> None:
    world = L1World()
    world.append()
    wrong = world.propose(lie=1)
    for call in (Append(0, ENTRY), world.proposal(), world.accusation(wrong), Settle()):
        envelope = sign_call(L1_CHAIN_ID, deployment().rules.rollup, PROPOSER_KEY, 9, call)
        assert call_from_message(call_to_message(envelope)) == envelope
    for event in world.convict(wrong).events:
        assert event_from_message(event_to_message(event)) == event
    assert event_from_message(l1_pb2.L1Event()) is None
