"""``sextant challenger`` as a process, beside the L1 stub as a process."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import pytest

from node.l1.adapter import GrpcL1
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.events import FaultCommitted, FaultProved
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.drill import corrupt
from prover.outputs import genesis_output
from prover.replica import genesis_replica
from prover.traffic import Traffic, key_of, traffic_rules
from statemachine.identity.signing import address_of
from tests.ports import free_ports
from tests.waiting import wait_until

pytestmark = pytest.mark.e2e

BOND = 1_000_000_000
SPIKE = 5_000_000
"""Gwei per million gas, out of nothing."""
COMMITMENT_BLOCKS = 30
WAIT_SECONDS = 30


@contextmanager
def command(log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``sextant`` with these words; whatever is left of it at the end is killed."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "sextant", *words], stdout=file, stderr=file
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def deployment_of(l1_now: int) -> ContractRules:
    """Return a contract whose rollup starts a minute ago."""
    rules = traffic_rules()
    start = l1_now - 60_000
    root = genesis_replica(rules, start).tree.root
    return ContractRules(
        l1_chain_id=31_337,
        rules=rules,
        genesis=genesis_output(rules.chain_id, rules.hash, root),
        genesis_time_ms=start,
        sequencer=address_of(key_of("sequencer")),
        window_ms=600_000,
        bond_gwei=BOND,
        commitment_blocks_min=COMMITMENT_BLOCKS,
        deposit_micros_min=1,
        liveness_ms_max=10_000_000,
    )


async def play(ports: list[int], deployment: ContractRules) -> int:
    """Deposit, trade, and claim: one right output and one wrong; return the wrong claim."""
    target = f"127.0.0.1:{ports[0]}"
    traffic = Traffic(5, traders=4)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports[1]}") as channel:
        dev = l1_pb2_grpc.L1DevStub(channel)
        for name in ("sequencer", "proposer", "defender", *(f"trader {i}" for i in range(4))):
            request = l1_pb2.L1FaucetRequest(
                address=address_of(key_of(name)), eth_gwei=100 * BOND, token_micros=10**11
            )
            await dev.Faucet(request, wait_for_ready=True, timeout=WAIT_SECONDS)
    for key in traffic.keys:
        trader = GrpcL1(target, key)
        assert (await trader.deposit(address_of(key), 0, 10**10)).ok
        await trader.close()
    sequencer = GrpcL1(target, key_of("sequencer"))
    proposer = GrpcL1(target, key_of("proposer"))
    replica = genesis_replica(deployment.rules, deployment.genesis_time_ms)
    parent = wrong = 0
    for index in range(2):
        items = await sequencer.inbox_items(0)
        replica.add_inbox(0, [queued.item for queued in items])
        traffic.inbox = replica.inbox
        traffic.height, traffic.consumed = replica.head.height, replica.head.inbox_index
        traffic.now = max((await sequencer.head()).latest.time, replica.cursor.time)
        entry = traffic.make_entry(2, 20)
        assert (await sequencer.append(index, entry.data)).ok
        derived = replica.feed((await sequencer.log_entries(index))[0])
        assert any(made.block.frame is not None for made in derived.blocks)
        output, trace = derived.output, derived.trace
        if index:
            output, trace = corrupt(derived, "root", 2, "e2e")
        receipt = await proposer.propose(parent, output, trace)
        assert receipt.ok, receipt.message
        parent = wrong = receipt.value
    await sequencer.close()
    await proposer.close()
    return wrong


def status_of(port: int, claim: int) -> ClaimStatus:
    """Ask L1 how a claim stands."""

    async def ask() -> ClaimStatus:
        l1 = GrpcL1(f"127.0.0.1:{port}")
        posted = await l1.claim(claim)
        await l1.close()
        assert posted is not None
        return posted.claim.status

    return asyncio.run(ask())


async def events_of(port: int) -> list[type]:
    """Return the kinds of everything that has happened on L1."""
    l1 = GrpcL1(f"127.0.0.1:{port}")
    last = (await l1.head()).latest.number
    kinds: list[type] = []
    async for block in l1.events(0):
        kinds += [type(event) for event in block.events]
        if block.block.number >= last:
            break
    await l1.close()
    return kinds


def kill_at(step: str, log: Path, words: list[str]) -> None:
    """Let a defender live until it says that it has come to ``step``."""
    with command(log, *words) as life:
        wait_until(lambda: step in log.read_text(), f"never: {step}", show=log.read_text)
        life.send_signal(signal.SIGKILL)
        life.wait()


@dataclass
class Place:
    """An L1 with a wrong claim on it, and the words that start a defender."""

    ports: list[int]
    target: str
    log: Path
    defend: list[str]
    wrong: int


@contextmanager
def attacked(folder: Path, *extra: str) -> Iterator[Place]:
    """Run an L1 of short blocks on which somebody claims what is wrong."""
    deployment = deployment_of(time.time_ns() // 1_000_000)
    (folder / "deployment.bin").write_bytes(deployment.encode())
    key_file = folder / "key"
    key_file.touch(mode=0o600)
    key_file.write_text(key_of("defender").hex())
    ports = free_ports(2)
    target = f"127.0.0.1:{ports[0]}"
    log = folder / "log"
    stub = [
        *("l1", "run", "--datadir", str(folder / "l1"), "--block-time-ms", "20"),
        *("--deployment", str(folder / "deployment.bin"), *extra),
    ]
    defend = [
        *("challenger", "defend", "--l1", target, "--poll-ms", "20"),
        *("--datadir", str(folder / "defender"), "--key-file", str(key_file)),
    ]
    with command(log, *stub, "--port", str(ports[0]), "--dev-port", str(ports[1])):
        yield Place(ports, target, log, defend, asyncio.run(play(ports, deployment)))


async def spike_over_the_proof(ports: list[int]) -> None:
    """Hold calls up until the proof waits among them, and then make gas dear."""
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{ports[0]}") as channel,
        grpc.aio.insecure_channel(f"127.0.0.1:{ports[1]}") as dev_channel,
    ):
        l1, dev = l1_pb2_grpc.L1Stub(channel), l1_pb2_grpc.L1DevStub(dev_channel)
        delay = l1_pb2.L1SetMempoolRequest(delay_blocks=1_000)
        await dev.SetMempool(delay, timeout=WAIT_SECONDS)
        until = time.monotonic() + WAIT_SECONDS
        while True:
            page = await l1.ListMempool(l1_pb2.L1ListMempoolRequest(), timeout=WAIT_SECONDS)
            if "ProveFault" in {call.kind for call in page.calls}:
                break
            assert time.monotonic() < until, "no proof was sent"
            await asyncio.sleep(0.02)
        spike = l1_pb2.L1SetGasPriceRequest(gas_price=SPIKE, hold_blocks=1_000_000)
        await dev.SetGasPrice(spike, timeout=WAIT_SECONDS)
        await dev.SetMempool(l1_pb2.L1SetMempoolRequest(), timeout=WAIT_SECONDS)


def test_a_defender_bids_his_proof_through_a_fee_spike(tmp_path: Path) -> None:
    with attacked(tmp_path) as place:
        said = tmp_path / "defender.log"
        with command(said, *place.defend):
            wait_until(
                lambda: "committed in L1 block" in said.read_text(), "never", show=said.read_text
            )
            asyncio.run(spike_over_the_proof(place.ports))
            wait_until(
                lambda: status_of(place.ports[0], place.wrong) is ClaimStatus.CONVICTED,
                "no conviction",
                show=said.read_text,
            )
            wait_until(
                lambda: "its bid was raised" in said.read_text(), "not said", show=said.read_text
            )
        assert f"ProveFault with nonce 1 waits, the base fee is {SPIKE}" in said.read_text()
        happened = asyncio.run(events_of(place.ports[0]))
        assert happened.count(FaultProved) == 1


def test_a_killed_defender_comes_back_and_wins(tmp_path: Path) -> None:
    with attacked(tmp_path) as place:
        ports, target, log, defend = place.ports, place.target, place.log, place.defend
        wrong = place.wrong

        with command(log, "challenger", "watch", "--l1", target) as watch:
            assert watch.wait(WAIT_SECONDS) == 1, log.read_text()
        said = log.read_text()
        assert "agreed with claim 1 root" in said
        assert f"ALERT disagreed with claim {wrong}: SEGMENT: root 2" in said

        bundle = tmp_path / "bundle"
        with command(log, "challenger", "export", str(bundle), "--l1", target) as export:
            assert export.wait(WAIT_SECONDS) == 0
        with command(log, "challenger", "verify-batch", str(bundle)) as verify:
            assert verify.wait(WAIT_SECONDS) == 1
        with command(log, "challenger", "explain", str(wrong), "--l1", target) as explain:
            assert explain.wait(WAIT_SECONDS) == 1

        for step in ("committing to the fault", "sending the proof"):
            kill_at(step, tmp_path / step.replace(" ", "_"), defend)
        second_life = (tmp_path / "sending_the_proof").read_text()
        assert "going on with the commitment of L1 block" in second_life
        with command(log, *defend) as last:
            status = tmp_path / "defender" / "status.json"
            wait_until(
                lambda: status_of(ports[0], wrong) is ClaimStatus.CONVICTED,
                "no conviction",
                show=log.read_text,
            )
            assert status_of(ports[0], 1) is ClaimStatus.PENDING
            wait_until(
                lambda: json.loads(status.read_text())["claims"]["dead"] == 1,
                "the conviction is not in the status",
                show=status.read_text,
            )
            last.send_signal(signal.SIGTERM)
            assert last.wait(WAIT_SECONDS) == 0
        happened = asyncio.run(events_of(ports[0]))
        assert happened.count(FaultCommitted) == 1
        assert happened.count(FaultProved) == 1


async def forget_commitment(ports: list[int]) -> None:
    """Have L1 take back the block of the only commitment, and all after it."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports[1]}") as channel:
        dev = l1_pb2_grpc.L1DevStub(channel)
        # No block may come between looking and taking back.
        await dev.SetMining(l1_pb2.L1SetMiningRequest(mining=False), timeout=WAIT_SECONDS)
        await take_back_commitment(ports, dev)
        await dev.SetMining(l1_pb2.L1SetMiningRequest(mining=True), timeout=WAIT_SECONDS)


async def take_back_commitment(ports: list[int], dev: l1_pb2_grpc.L1DevStub) -> None:
    """Take back all blocks from that of the only commitment on."""
    l1 = GrpcL1(f"127.0.0.1:{ports[0]}")
    last = (await l1.head()).latest.number
    async for block in l1.events(0):
        if any(isinstance(event, FaultCommitted) for event in block.events):
            break
        assert block.block.number < last, "there is no commitment"
    depth = (await l1.head()).latest.number + 1 - block.block.number
    await l1.close()
    request = l1_pb2.L1ReorgRequest(depth=depth, drop_calls=True)
    await dev.Reorg(request, timeout=WAIT_SECONDS)


def test_a_commitment_that_l1_lost_while_nobody_looked_is_made_again(tmp_path: Path) -> None:
    with attacked(tmp_path, "--final-blocks", "250") as place:
        kill_at("committed in L1 block", tmp_path / "committing", place.defend)
        asyncio.run(forget_commitment(place.ports))
        assert FaultCommitted not in asyncio.run(events_of(place.ports[0]))
        kill_at("sending the proof", tmp_path / "proving", place.defend)
        assert "going on with the commitment of L1 block" in (tmp_path / "proving").read_text()
        with command(place.log, *place.defend):
            wait_until(
                lambda: status_of(place.ports[0], place.wrong) is ClaimStatus.CONVICTED,
                "no conviction",
                show=place.log.read_text,
            )
        happened = asyncio.run(events_of(place.ports[0]))
        assert happened.count(FaultCommitted) == 1
        assert happened.count(FaultProved) == 1
