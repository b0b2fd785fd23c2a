"""A liar with many bonds against a defender, both of them real processes on a real wire."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest

from node.l1.adapter import GrpcL1
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.records import ClaimStatus
from prover.drill import corrupt
from prover.replica import genesis_replica
from prover.traffic import key_of
from statemachine.identity.signing import address_of
from tests.e2e.test_challenger_process import (
    BOND,
    WAIT_SECONDS,
    command,
    deployment_of,
    play,
)
from tests.ports import free_ports

pytestmark = pytest.mark.e2e

CROWD = 24
BLOCK_MS = 250


async def spawn(ports: list[int], start_ms: int) -> list[int]:
    """Let the liar make many different wrong claims about the second entry, all at once."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports[1]}") as channel:
        request = l1_pb2.L1FaucetRequest(
            address=address_of(key_of("liar")), eth_gwei=2 * CROWD * BOND, token_micros=0
        )
        await l1_pb2_grpc.L1DevStub(channel).Faucet(request, timeout=WAIT_SECONDS)
    l1 = GrpcL1(f"127.0.0.1:{ports[0]}", key_of("liar"))
    replica = genesis_replica((await l1.deployment()).rules, start_ms)
    replica.add_inbox(0, [queued.item for queued in await l1.inbox_items(0)])
    derived = [replica.feed(entry) for entry in await l1.log_entries(0)][1]
    lies = [corrupt(derived, "root", 1 + n % derived.output.segments, n) for n in range(CROWD)]
    receipts = await asyncio.gather(*(l1.propose(1, output, trace) for output, trace in lies))
    await l1.close()
    assert all(receipt.ok for receipt in receipts)
    return [receipt.value for receipt in receipts]


async def blocks_until_dead(port: int, claims: list[int]) -> int:
    """Wait until all claims are convicted; return how many L1 blocks that took."""
    l1 = GrpcL1(f"127.0.0.1:{port}")
    start = (await l1.head()).latest.number

    async def are_dead() -> bool:
        posted = [await l1.claim(number) for number in claims]
        return all(p is not None and p.claim.status is ClaimStatus.CONVICTED for p in posted)

    deadline = time.monotonic() + 2 * WAIT_SECONDS
    while not await are_dead():
        assert time.monotonic() < deadline, "a wrong claim lives on"
        await asyncio.sleep(BLOCK_MS / 1_000)
    taken = (await l1.head()).latest.number - start
    await l1.close()
    return taken


def test_a_crowd_of_wrong_claims_dies_in_a_few_blocks(tmp_path: Path) -> None:
    deployment = replace(deployment_of(time.time_ns() // 1_000_000), commitment_blocks_min=1)
    (tmp_path / "deployment.bin").write_bytes(deployment.encode())
    key_file = tmp_path / "key"
    key_file.touch(mode=0o600)
    key_file.write_text(key_of("defender").hex())
    ports = free_ports(2)
    target, log = f"127.0.0.1:{ports[0]}", tmp_path / "log"
    stub = [
        *("l1", "run", "--datadir", str(tmp_path / "l1"), "--block-time-ms", str(BLOCK_MS)),
        *("--deployment", str(tmp_path / "deployment.bin")),
        *("--port", str(ports[0]), "--dev-port", str(ports[1])),
    ]
    defend = [
        *("challenger", "defend", "--l1", target, "--poll-ms", "50"),
        *("--datadir", str(tmp_path / "defender"), "--key-file", str(key_file)),
    ]
    with command(log, *stub):
        wrong = asyncio.run(play(ports, deployment))
        claims = [wrong, *asyncio.run(spawn(ports, deployment.genesis_time_ms))]
        with command(log, *defend):
            taken = asyncio.run(blocks_until_dead(ports[0], claims))
    assert taken < CROWD, f"{taken} blocks for {len(claims)} claims: one call a block"
