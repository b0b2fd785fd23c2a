"""kill -9 of the L1 stub, again and again: no acknowledged call is lost, no block changes."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest

from devnet.l1.chain import Chain, ChainSettings, hash_block
from devnet.l1.journal import SCHEMA, Journal
from devnet.l1.mempool import Waiting
from node.l1.adapter import GrpcL1
from node.storage.database import Database
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract import bank
from prover.contract.calls import encode_call
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.rules import ContractRules
from prover.l1 import CallReceipt
from tests.l1_worlds import USER, USER_KEY, deployment, judge_by_truth
from tests.ports import free_ports

pytestmark = pytest.mark.e2e

KILLS = 5
DEPOSITS_PER_LIFE = 12
WAIT_SECONDS = 30


@contextmanager
def stub_process(folder: Path, ports: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``sextant l1 run``; whatever is left of it at the end is killed."""
    words = [
        *(sys.executable, "-m", "sextant", "l1", "run"),
        *("--datadir", str(folder / "l1"), "--deployment", str(folder / "deployment.bin")),
        *("--port", str(ports[0]), "--dev-port", str(ports[1]), "--block-time-ms", "20"),
    ]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def fund(port: int) -> None:
    """Give the user tokens, once the stub is there."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = l1_pb2.L1FaucetRequest(address=USER, eth_gwei=1, token_micros=10**12)
        dev = l1_pb2_grpc.L1DevStub(channel)
        await dev.Faucet(request, wait_for_ready=True, timeout=WAIT_SECONDS)


async def kill_under_load(folder: Path, ports: list[int]) -> list[CallReceipt]:
    """Deposit through many lives of the stub; return what was acknowledged."""
    adapter = GrpcL1(f"127.0.0.1:{ports[0]}", USER_KEY, patience_seconds=WAIT_SECONDS)
    receipts: list[CallReceipt] = []
    sends: list[asyncio.Task[CallReceipt]] = []
    for life in range(KILLS + 1):
        with stub_process(folder, ports) as process:
            if life == 0:
                await fund(ports[1])
            sends += [
                asyncio.create_task(adapter.deposit(USER, life, 1_000_000 + n))
                for n in range(DEPOSITS_PER_LIFE)
            ]
            if life < KILLS:
                done, waiting = await asyncio.wait(sends, return_when=asyncio.FIRST_COMPLETED)
                process.send_signal(signal.SIGKILL)
                process.wait()
            else:
                done, waiting = await asyncio.wait(sends)
                process.send_signal(signal.SIGTERM)
                assert process.wait(WAIT_SECONDS) == 0
            receipts += [task.result() for task in done]
            sends = list(waiting)
    await adapter.close()
    return receipts


def replay(journal: Journal, rules: ContractRules) -> Contract:
    """Execute every stored block again, from nothing; check its hash and results."""
    contract = Contract(rules, judge_by_truth)
    parent, number = bytes(32), 0
    while (stored := journal.block(number)) is not None:
        moment = Moment(number, stored.block.time, stored.gas_price)
        for mint in stored.mints:
            contract.mint(mint.address, mint.eth, mint.token)
        events = list(contract.settle(moment))
        calls = []
        for name in stored.calls:
            receipt, envelope = journal.receipt(name), journal.envelope(name)
            assert receipt is not None
            result = contract.call(
                receipt.sender, replace(moment, gas_price=receipt.gas_price), envelope.call
            )
            assert (result.code, result.value) == (receipt.code, receipt.value)
            events.extend(result.events)
            size = len(encode_call(envelope.call))
            calls.append(Waiting(name, receipt.sender, envelope, size))
        assert tuple(events) == stored.events
        assert stored.parent == parent
        parent = hash_block(moment, stored.parent, stored.mints, tuple(calls), events)
        assert stored.block.hash == parent
        number += 1
    return contract


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rules = deployment()
    (tmp_path / "deployment.bin").write_bytes(rules.encode())
    receipts = asyncio.run(kill_under_load(tmp_path, free_ports(2)))
    total = (KILLS + 1) * DEPOSITS_PER_LIFE
    assert len(receipts) == total
    assert all(receipt.ok for receipt in receipts)
    assert sorted(receipt.value for receipt in receipts) == list(range(total)), "none twice"
    with Database(tmp_path / "l1", SCHEMA) as database:
        journal = Journal(database)
        chain, _ = journal.open_chain(rules, judge_by_truth, ChainSettings())
        assert isinstance(chain, Chain)
        for receipt in receipts:
            stored = journal.receipt(receipt.hash)
            assert stored is not None
            assert (stored.block, stored.value) == (receipt.block, receipt.value)
        assert len(chain.contract.state.inbox) == total
        bank.check_conservation(chain.contract.state)
        again = replay(journal, rules)
        assert again.state.digest() == chain.contract.state.digest()
