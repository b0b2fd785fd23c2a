"""Bytes that L1 has dropped: kept by followers, asked of them, believed by their root alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from node.derivation.derived import DerivedChain
from node.derivation.deriver import Deriver
from node.derivation.follower import Follower
from node.l1.adapter import GrpcL1
from node.l1.archives import archives_of
from node.service.entries import PART_BYTES_MAX, read_entry
from node.service.errors import Refused
from proto.sextant.v1 import l1_pb2, query_pb2, query_pb2_grpc
from prover.entry import ENTRY_BYTES_MAX, encode_entry
from statemachine.errors import StorageCorrupt
from statemachine.identity.signing import address_of
from tests.e2e.processes import POSTER_KEY, deployment
from tests.unit.l1_stub.stubs import Bench, on_stub

CONTRACT = replace(deployment(), entry_bytes_max=ENTRY_BYTES_MAX)
ENTRIES = (
    encode_entry([b"no frame", b"nor this"]),
    b"\x01\x00\x01garbage",
    encode_entry([b"\x07" * 60_000] * 13),
)
RETENTION_MS = 3_600_000


@dataclass
class Library(query_pb2_grpc.QueryServicer):
    """A node that serves what a follower keeps; ``spoils`` it if told to."""

    follower: Follower
    spoils: bool = False

    async def GetLogEntry(  # noqa: N802 - the name of the RPC
        self, request: query_pb2.GetLogEntryRequest, context: Any
    ) -> query_pb2.LogEntryPart:
        try:
            part = read_entry(self.follower, request)
        except Refused as refused:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(refused))
            raise
        if self.spoils:
            part.data = part.data[:-1] + b"?"
        return part


@asynccontextmanager
async def serving(library: Library) -> AsyncIterator[str]:
    server = grpc.aio.server()
    query_pb2_grpc.add_QueryServicer_to_server(library, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


async def fill(bench: Bench) -> None:
    """Post the entries, and make them final."""
    await bench.fund(address_of(POSTER_KEY))
    for index, data in enumerate(ENTRIES):
        receipt = await bench.adapter(POSTER_KEY).append(index, data)
        assert receipt.ok, receipt.message
    await bench.dev.Mine(l1_pb2.L1MineRequest(blocks=2))


def test_a_follower_gives_what_l1_has_dropped_to_a_newcomer(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await fill(bench)
        follower = Follower(tmp_path / "old", CONTRACT, bench.adapter())
        assert await follower.deriver.refresh()
        assert [follower.entry_data(index) for index in range(4)] == [*ENTRIES, None]
        assert len(ENTRIES[2]) > PART_BYTES_MAX
        answer = await bench.dev.Prune(l1_pb2.L1PruneRequest(before_index=9))
        assert answer.entries == 3
        assert (await bench.dev.Prune(l1_pb2.L1PruneRequest(before_index=9))).entries == 0
        assert [entry.data for entry in await bench.adapter().log_entries(0)] == [b""] * 3
        good, bad = Library(follower), Library(follower, spoils=True)
        async with serving(good) as true, serving(bad) as false:
            targets = f"127.0.0.1:9, {false}, {true}"
            l1 = GrpcL1(bench.target, archives=archives_of(targets))
            chain = DerivedChain(tmp_path / "new", "test", CONTRACT)
            assert await Deriver(l1, chain, lambda _derived, _blocks: None).refresh()
            assert chain.head == follower.chain.head
            assert chain.entries.read(2) == ENTRIES[2]
            chain.close()
            lonely = DerivedChain(tmp_path / "lonely", "test", CONTRACT)
            spoilt = GrpcL1(bench.target, archives=archives_of(false))
            with pytest.raises(StorageCorrupt, match=r"--l1\.archives"):
                await Deriver(spoilt, lonely, lambda _derived, _blocks: None).refresh()
            lonely.close()
            await l1.close()
            await spoilt.close()
        follower.close()

    on_stub(tmp_path / "stub", story, rules=CONTRACT)


def test_what_l1_took_back_is_not_kept(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await fill(bench)
        await bench.adapter(POSTER_KEY).append(3, ENTRIES[1])
        follower = Follower(tmp_path / "old", CONTRACT, bench.adapter())
        assert await follower.deriver.refresh()
        assert follower.entry_data(3) == ENTRIES[1]
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1, drop_calls=True))
        assert await follower.deriver.refresh()
        assert follower.entry_data(3) is None
        follower.close()

    on_stub(tmp_path / "stub", story, rules=CONTRACT)


def test_a_stub_drops_only_what_is_final_and_lives_on(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await fill(bench)
        await bench.adapter(POSTER_KEY).append(3, ENTRIES[0])
        assert (await bench.dev.Prune(l1_pb2.L1PruneRequest(before_index=4))).entries == 3
        await bench.dev.Reorg(l1_pb2.L1ReorgRequest(depth=1))

    async def after(bench: Bench) -> None:
        entries = await bench.adapter().log_entries(0)
        assert [entry.is_intact for entry in entries] == [False, False, False, True]
        assert (await bench.adapter(POSTER_KEY).append(4, ENTRIES[0])).ok

    on_stub(tmp_path, before, rules=CONTRACT)
    on_stub(tmp_path, after, rules=CONTRACT)


def test_a_stub_drops_what_is_older_than_it_keeps_data(tmp_path: Path) -> None:
    """By L1's clock; what is not final stays, and archives have the rest."""

    async def story(bench: Bench) -> None:
        await fill(bench)
        l1 = bench.adapter(POSTER_KEY)
        assert (await l1.head()).retention_ms == RETENTION_MS
        assert not any(entry.pruned for entry in await l1.log_entries(0))
        keeper = Follower(tmp_path / "old", CONTRACT, bench.adapter())
        assert await keeper.deriver.refresh()
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=RETENTION_MS // 2))
        assert (await l1.append(3, ENTRIES[0])).ok
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=RETENTION_MS // 2 + 1_000))
        entries = await l1.log_entries(0)
        assert [entry.pruned for entry in entries] == [True, True, True, False]
        assert [entry.is_intact for entry in entries] == [False, False, False, True]
        lonely = DerivedChain(tmp_path / "lonely", "test", CONTRACT)
        with pytest.raises(StorageCorrupt, match="L1 has dropped its bytes"):
            await Deriver(l1, lonely, lambda _derived, _blocks: None).refresh()
        lonely.close()
        keeper.close()
        await bench.dev.Warp(l1_pb2.L1WarpRequest(forward_ms=RETENTION_MS))
        assert [entry.pruned for entry in await l1.log_entries(3)] == [True]

    async def again(bench: Bench) -> None:
        await bench.dev.Mine(l1_pb2.L1MineRequest())
        assert [entry.pruned for entry in await bench.adapter().log_entries(0)] == [True] * 4

    for part in (story, again):
        on_stub(tmp_path / "stub", part, rules=CONTRACT, retention_ms=RETENTION_MS)


def test_a_part_of_an_entry_is_bounded(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await fill(bench)
        follower = Follower(tmp_path / "old", CONTRACT, bench.adapter())
        assert await follower.deriver.refresh()
        part = read_entry(follower, query_pb2.GetLogEntryRequest(index=2, offset=7))
        assert part.data == ENTRIES[2][7:][:PART_BYTES_MAX]
        assert part.length == len(ENTRIES[2])
        beyond = read_entry(follower, query_pb2.GetLogEntryRequest(index=2, offset=1 << 40))
        assert beyond.data == b""
        with pytest.raises(Refused, match="not kept here"):
            read_entry(follower, query_pb2.GetLogEntryRequest(index=7))
        follower.close()

    on_stub(tmp_path / "stub", story, rules=CONTRACT)
