"""A small rollup of real processes on free ports, for tests that kill them.

The deployment is a test's own: short deadlines, one owner of all keys, L1
blocks every 100 ms.  Whatever is left running at the end is killed.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import grpc.aio

from devnet.identities import PUBLISHERS
from node.l1.adapter import GrpcL1
from proto.sextant.v1 import (
    dev_pb2,
    dev_pb2_grpc,
    l1_pb2,
    l1_pb2_grpc,
    query_pb2,
    query_pb2_grpc,
    sequencer_pb2,
    sequencer_pb2_grpc,
    status_pb2,
    stream_pb2_grpc,
)
from prover.contract.rules import ContractRules
from prover.outputs import genesis_output
from sextant.client.api import AsyncClient
from sextant.client.l1 import L1Client
from sextant.client.secret import Secret
from sextant.errors import Refused
from statemachine.actions import encode_transaction
from statemachine.actions.kinds import OracleMessage, OracleUpdate
from statemachine.genesis import genesis_state
from statemachine.identity.signing import Domain, address_of, oracle_digest, sign_digest
from statemachine.merkle.tree import Tree
from statemachine.units import Millis, Price
from tests.ports import free_ports
from tests.worlds import GENESIS_MS, PUBLISHER_KEYS, trader_key, world_rules

ROOT = Path(__file__).parent.parent.parent
SEQUENCER_KEY = b"\x51" * 32
POSTER_KEY = b"\x52" * 32
FOLLOWER_KEY = b"\x53" * 32
BANK_KEY = b"\x54" * 32
PORTS = ("l1", "l1_dev", "grpc", "dev", "poster_dev", "follower")
WAIT_SECONDS = 60.0
ASK_SECONDS = 5.0
PRICE = 6_000_000
FUNDS = 10**12

AnswerT = TypeVar("AnswerT")


def deployment(
    *,
    inbox_deadline_ms: int = 60_000,
    receipt_deadline_ms: int = 600_000,
    oracle_age_ms_max: int = 60_000,
    exchange: Mapping[str, Any] | None = None,
    **changes: Any,
) -> ContractRules:
    """Return a contract with short deadlines, but for the changes; ``exchange``: of its rules."""
    rules = world_rules(
        inbox_deadline_ms=inbox_deadline_ms,
        receipt_deadline_ms=receipt_deadline_ms,
        oracle_age_ms_max=oracle_age_ms_max,
        **(exchange or {}),
    )
    state = genesis_state(rules, GENESIS_MS)
    root = Tree.from_items(sorted(state.items())).root
    base = ContractRules(
        l1_chain_id=31_337,
        rules=rules,
        genesis=genesis_output(rules.chain_id, rules.hash, root),
        genesis_time_ms=GENESIS_MS,
        sequencer=address_of(POSTER_KEY),
        window_ms=2_000,
        bond_gwei=1_000_000,
        gas_price_max=30_000,
        commitment_blocks_min=1,
        deposit_micros_min=1,
        liveness_ms_max=3_600_000,
    )
    return replace(base, **changes)


class Rollup:
    """The processes, and stubs to speak with them."""

    def __init__(self, folder: Path, contract: ContractRules | None = None) -> None:
        self.folder = folder
        self.contract = contract or deployment()
        self.rules = self.contract.rules
        self.domain = Domain(self.rules.chain_id, self.rules.rollup)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "deployment.bin").write_bytes(self.contract.encode())
        keys = {"sequencer": SEQUENCER_KEY, "poster": POSTER_KEY, "follower": FOLLOWER_KEY}
        for name, key in keys.items():
            path = folder / f"{name}.key"
            path.write_text(key.hex())
            path.chmod(0o600)
        options = [
            ("grpc.max_reconnect_backoff_ms", 100),
            ("grpc.initial_reconnect_backoff_ms", 50),
        ]
        self.channel = grpc.aio.insecure_channel(self.address("grpc"), options=options)
        self.sequencer = sequencer_pb2_grpc.SequencerStub(self.channel)
        self.query = query_pb2_grpc.QueryStub(self.channel)
        self.stream = stream_pb2_grpc.StreamStub(self.channel)
        self.follower_channel = grpc.aio.insecure_channel(self.address("follower"), options=options)
        self.follower = query_pb2_grpc.QueryStub(self.follower_channel)

    def address(self, name: str) -> str:
        """Return host:port of a service."""
        return f"127.0.0.1:{self.ports[name]}"

    def words(self, name: str) -> list[str]:
        """Return the command line of a process."""
        if name == "l1":
            return [
                *("l1", "run", "--datadir", str(self.folder / "l1")),
                *("--deployment", str(self.folder / "deployment.bin"), "--block-time-ms", "100"),
                *("--port", str(self.ports["l1"]), "--dev-port", str(self.ports["l1_dev"])),
            ]
        if name in PUBLISHERS:
            return [
                *("oracle", "run", "--publisher", name[-1], "--target", self.address("grpc")),
                *("--l1", self.address("l1"), "--follower", self.address("follower")),
                *("--held", str(self.folder / "prices.json"), "--period-ms", "200"),
                *("--fallback-ms", "2500", "--l1-period-ms", "2000"),
            ]
        common = [
            *("node", "run", "--role", name, "--datadir", str(self.folder)),
            *("--l1.target", self.address("l1"), "--metrics.enabled", "false"),
            *("--l1.poll-ms", "50", "--log.format", "json"),
        ]
        own = {
            "sequencer": [
                *("--grpc.port", str(self.ports["grpc"])),
                *("--sequencer.key-file", str(self.folder / "sequencer.key")),
                *("--dev.enabled", "true", "--dev.port", str(self.ports["dev"])),
            ],
            "poster": [
                *("--poster.source", self.address("grpc"), "--poster.batch-ms", "300"),
                *("--poster.key-file", str(self.folder / "poster.key")),
                *("--dev.enabled", "true", "--dev.port", str(self.ports["poster_dev"])),
            ],
            "follower": [
                *("--grpc.port", str(self.ports["follower"]), "--propose"),
                *("--poster.key-file", str(self.folder / "follower.key")),
            ],
        }
        return common + own[name]

    def start(self, *names: str, extra: Sequence[str] = ()) -> None:
        """Start processes, with some more words on their command lines."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "sextant", *self.words(name), *extra],
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))},
                )

    async def command(self, trader: int, *words: str, node: str = "follower") -> tuple[int, str]:
        """Run a command as a trader would; return its exit code and what it printed."""
        key = self.folder / f"trader{trader}.key"
        if not key.exists():
            key.write_text(trader_key(trader).hex())
            key.chmod(0o600)
        where = ("--node", self.address(node), "--l1", self.address("l1"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sextant", *words, *where, "--key-file", str(key)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), WAIT_SECONDS)
        return process.returncode or 0, said.decode()

    def kill(self, name: str) -> None:
        """Send SIGKILL, and wait for the end."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def terminate(self, name: str) -> int:
        """Send SIGTERM; return the exit code."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(WAIT_SECONDS)

    async def close(self) -> None:
        """Kill what is left."""
        for name in list(self.processes):
            self.kill(name)
        await self.channel.close(None)
        await self.follower_channel.close(None)

    def log(self, name: str) -> str:
        """Return what a process has logged."""
        return (self.folder / f"{name}.log").read_text()

    def client(self, trader: int, node: str = "grpc") -> AsyncClient:
        """Return a trader's client, of the sequencer or of the ``follower``."""
        return AsyncClient(
            self.address(node),
            key=Secret(trader_key(trader)),
            l1=self.address("l1"),
            follower=self.address("follower"),
        )

    # Stories' first lines

    async def status(self, stub: query_pb2_grpc.QueryStub | None = None) -> status_pb2.Status:
        """Return a node's status."""
        query, request = stub or self.query, status_pb2.GetStatusRequest()
        return await patiently(lambda: query.GetStatus(request, timeout=ASK_SECONDS))

    async def give(self, address: bytes, token_micros: int, eth_gwei: int = 10**12) -> None:
        """Give ETH and tokens on L1."""
        async with grpc.aio.insecure_channel(self.address("l1_dev")) as channel:
            gift = l1_pb2.L1FaucetRequest(
                address=address, eth_gwei=eth_gwei, token_micros=token_micros
            )
            dev = l1_pb2_grpc.L1DevStub(channel)
            await dev.Faucet(gift, wait_for_ready=True, timeout=WAIT_SECONDS)

    async def fund(self, traders: int) -> None:
        """Give the operators ETH, the traders accounts, and every market a price."""
        for key in (POSTER_KEY, FOLLOWER_KEY, BANK_KEY):
            await self.give(address_of(key), token_micros=10**15)
        bank = GrpcL1(self.address("l1"), BANK_KEY)
        owners = [address_of(trader_key(number)) for number in range(traders)]
        await asyncio.gather(*(bank.deposit(owner, 0, FUNDS) for owner in owners))
        await bank.close()
        for owner in owners:  # their deposits are queued in any order
            request = query_pb2.GetAccountRequest(address=owner)
            await patiently(partial(self.query.GetAccount, request, timeout=ASK_SECONDS))

    async def warp(self, forward_ms: int) -> None:
        """Move L1's clock forward."""
        async with grpc.aio.insecure_channel(self.address("l1_dev")) as channel:
            dev = l1_pb2_grpc.L1DevStub(channel)
            await dev.Warp(l1_pb2.L1WarpRequest(forward_ms=forward_ms), timeout=WAIT_SECONDS)

    async def censor(self, *addresses: bytes) -> None:
        """Have the sequencer ignore these owners, and all of the inbox."""
        async with grpc.aio.insecure_channel(self.address("dev")) as channel:
            request = dev_pb2.CensorRequest(addresses=addresses, inbox=True)
            await dev_pb2_grpc.DevStub(channel).Censor(request, timeout=ASK_SECONDS)

    async def wait_final(self, *, height: int = 0, entries: int = 0) -> None:
        """Wait until claims are final up to a height, and about so many log entries."""
        async with L1Client(self.address("l1")) as l1:

            async def is_final() -> bool:
                try:
                    claim = await l1.final_claim()
                except Refused:
                    return False
                return claim.height >= height and claim.log_index >= entries

            await until(is_final)

    async def clock(self) -> int:
        """Return the chain's clock."""
        request = status_pb2.GetClockRequest()
        answer = await patiently(lambda: self.query.GetClock(request, timeout=ASK_SECONDS))
        return int(answer.time_ms)

    async def prices(self, price: int = PRICE) -> list[bytes]:
        """Return oracle updates of all markets."""
        now = await self.clock()
        updates = []
        for market in self.rules.markets:
            digest = oracle_digest(self.domain, market.market, price, now)
            messages = tuple(
                OracleMessage(place, Price(price), Millis(now), sign_digest(key, digest))
                for place, key in enumerate(PUBLISHER_KEYS)
            )
            update = OracleUpdate(market.market, messages)
            updates.append(encode_transaction(update, 0, 0, b""))
        return updates

    async def say_prices(self, price: int = PRICE) -> None:
        """Have every publisher say a price of every market."""
        request = sequencer_pb2.SubmitBatchRequest(transactions=await self.prices(price))
        await patiently(lambda: self.sequencer.SubmitBatch(request, timeout=ASK_SECONDS))


async def patiently(ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
    """Ask until it answers without an error."""
    until = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            return await ask()
        except grpc.aio.AioRpcError:
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.02)


async def until(claim: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a claim about the rollup holds."""
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while not await claim():
        assert asyncio.get_running_loop().time() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.02)
