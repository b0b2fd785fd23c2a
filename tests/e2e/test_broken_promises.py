"""A sequencer that signs two blocks at one height, and one that denies what it signed.

L1 is a process, and so is each command of the user, who has nothing but the blocks
that were shown to him.
"""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest

from node.l1.adapter import GrpcL1
from node.ledger.blocks import BlockSigner
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc
from prover.contract.rules import ContractRules
from prover.replica import genesis_replica
from prover.traffic import key_of
from sextant.client.receipt_store import ReceiptStore
from sextant.client.receipts import Header, Sequenced
from statemachine.cursor import Cursor, decode_cursor
from statemachine.identity.signing import address_of
from tests.e2e.test_challenger_process import WAIT_SECONDS, command, deployment_of, play
from tests.ports import free_ports
from tests.waiting import wait_until

pytestmark = pytest.mark.e2e

BOND = 10_000_000_000
SIGNER_KEY = key_of("block signer")


def end_of_log(target: str, deployment: ContractRules) -> Cursor:
    """Return where the first block of the log honestly ends."""

    async def read() -> Cursor:
        l1 = GrpcL1(target)
        replica = genesis_replica(deployment.rules, deployment.genesis_time_ms)
        replica.add_inbox(0, [queued.item for queued in await l1.inbox_items(0)])
        derived = replica.feed((await l1.log_entries(0))[0])
        await l1.close()
        return derived.blocks[0].result.cursor

    return asyncio.run(read())


def bonded(target: str) -> int:
    """Return what is behind the sequencer's signature."""

    async def ask() -> int:
        l1 = GrpcL1(target)
        totals = await l1.totals()
        await l1.close()
        return int(totals.sequencer_bond_gwei)

    return asyncio.run(ask())


def warp(port: int, forward_ms: int) -> None:
    """Move L1's clock."""

    async def send() -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            dev = l1_pb2_grpc.L1DevStub(channel)
            await dev.Warp(l1_pb2.L1WarpRequest(forward_ms=forward_ms), timeout=WAIT_SECONDS)

    asyncio.run(send())


def header_of(chain_id: int, cursor: Cursor, **changes: int) -> Header:
    """Return a block as a hostile sequencer signs it."""
    copy = decode_cursor(cursor.encode())
    for name, value in changes.items():
        setattr(copy, name, value)
    signature = BlockSigner(SIGNER_KEY, chain_id).sign(copy.height, copy.hash)
    return Header(
        chain_id=chain_id,
        height=copy.height,
        time_ms=copy.time,
        cursor=copy.encode(),
        receipts_root=bytes(32),
        receipts_count=copy.receipts,
        signature=signature,
    )


def watch_until_it_is_noticed(folder: Path, target: str) -> None:
    """Let a watcher compare what was signed with L1; he says so and counts it."""
    log, state = folder / "watch.log", folder / "watcher"
    words = ["--l1", target, "--stay", "--receipts", str(folder / "denied"), "--poll-ms", "20"]
    with command(log, "challenger", "watch", *words, "--datadir", str(state)):
        wait_until(
            lambda: "ALERT promise broken: CONTRADICTED: block 1" in log.read_text(),
            "the broken promise was not noticed",
            show=log.read_text,
        )
        status = state / "status.json"
        wait_until(
            lambda: json.loads(status.read_text())["watched"]["promises_broken"] == 1,
            "the broken promise was not counted",
            show=status.read_text,
        )


def test_a_sequencer_that_breaks_its_word_loses_its_bond(tmp_path: Path) -> None:
    ports = free_ports(2)
    target = f"127.0.0.1:{ports[0]}"
    deployment = replace(
        deployment_of(time.time_ns() // 1_000_000),
        signer=address_of(SIGNER_KEY),
        commitment_blocks_min=1,
    )
    (tmp_path / "deployment.bin").write_bytes(deployment.encode())
    key_file = tmp_path / "key"
    key_file.write_text(key_of("defender").hex())
    key_file.chmod(0o600)
    log = tmp_path / "log"
    stub = [
        *("l1", "run", "--datadir", str(tmp_path / "l1"), "--block-time-ms", "20"),
        *("--deployment", str(tmp_path / "deployment.bin")),
    ]
    accuse = ["receipt", "accuse", "--l1", target, "--key-file", str(key_file), "--json"]
    kept, denied = (["--store", str(tmp_path / name)] for name in ("store", "denied"))
    poster = tmp_path / "poster"
    poster.write_text(key_of("sequencer").hex())
    poster.chmod(0o600)
    bond = ["bond", "put", "10", "--l1", target, "--key-file", str(poster)]
    store = ReceiptStore(tmp_path / "store")
    with command(log, *stub, "--port", str(ports[0]), "--dev-port", str(ports[1])):
        asyncio.run(play(ports, deployment))
        with command(log, *bond) as first:
            assert first.wait(WAIT_SECONDS) == 0, log.read_text()
        cursor = end_of_log(target, deployment)
        chain_id = deployment.rules.chain_id
        honest = header_of(chain_id, cursor)
        store.keep(Sequenced(transaction_hash=b"\1" * 32, receipts=(), header=honest))
        with command(log, *accuse, *kept) as nothing:
            assert nothing.wait(WAIT_SECONDS) == 1, log.read_text()
        assert bonded(target) == BOND, "an honest block costs nothing"

        other = header_of(chain_id, cursor, cost=cursor.cost + 1)
        shown = {"header": {"cursor": other.cursor.hex(), "signature": other.signature.hex()}}
        (tmp_path / "other.json").write_text(json.dumps(shown))
        with command(log, *accuse, *kept, str(tmp_path / "other.json")) as equivocation:
            assert equivocation.wait(WAIT_SECONDS) == 0, log.read_text()
        assert '"EQUIVOCATION"' in log.read_text()
        assert f'"paid_gwei": {BOND - BOND // 2}' in log.read_text()
        assert bonded(target) == 0

        with command(log, *bond) as second:
            assert second.wait(WAIT_SECONDS) == 0, log.read_text()
        for verb, code in (("status", 0), ("take", 1), ("leave", 0), ("take", 1)):
            words = ["bond", verb, "--l1", target]
            words += [] if verb == "status" else ["--key-file", str(poster)]
            with command(log, *words) as asked:
                assert asked.wait(WAIT_SECONDS) == code, log.read_text()
        warp(ports[1], deployment.window_ms)
        hostile = ReceiptStore(tmp_path / "denied")
        hostile.keep(Sequenced(transaction_hash=b"\2" * 32, receipts=(), header=other))
        watch_until_it_is_noticed(tmp_path, target)
        with command(log, *accuse, *denied) as contradiction:
            assert contradiction.wait(WAIT_SECONDS) == 0, log.read_text()
        assert '"CONTRADICTED"' in log.read_text()
        assert bonded(target) == 0
