"""The services: what they offer, what calls do, how they are refused, how they cross the wire."""

import asyncio
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from node.l1.wire import call_from_message, call_to_message, event_from_message, event_to_message
from proto.sextant.v1 import l1_pb2
from prover.contract.calls import Append, Deposit, Settle, sign_call
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus
from prover.faults import commitment_of
from prover.l1 import L1, L1Refused
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
    WITNESS,
    L1World,
    deployment,
    false_output,
    true_output,
)
from tests.unit.l1_stub.stubs import ENTRY, Bench, on_stub, refusal_of


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
        commitment = commitment_of(1, wrong.value, 1, root, WITNESS, CHALLENGER, SALT)
        assert (await challenger.commit_fault(commitment)).ok
        await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=1))
        proved = await challenger.prove_fault(1, wrong.value, 1, root, CHALLENGER, SALT, WITNESS)
        assert proved.value == BOND - BOND // 2
        posted = await challenger.claim(wrong.value)
        assert posted is not None
        assert posted.claim.status is ClaimStatus.CONVICTED
        assert (await challenger.account(CHALLENGER)).eth == 10 * BOND + proved.value

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


def test_gas_has_a_price(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.fund(USER)
        await bench.dev.SetGasPrice(l1_pb2.L1SetGasPriceRequest(gas_price=1_000_000))
        user = bench.adapter(USER_KEY)
        receipt = await user.deposit(USER, 0, 1_000_000)
        assert (await user.account(USER)).eth == 10 * BOND - receipt.gas

    on_stub(tmp_path, story)


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
