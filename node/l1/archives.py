"""Other nodes that keep what L1 has dropped: the bytes of log entries.

Nobody is trusted: bytes count only if they are under the root that the contract
keeps for ever.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, final

import grpc
import grpc.aio

from proto.sextant.v1 import query_pb2, query_pb2_grpc
from prover.contract.log import LogEntry
from prover.entry import ENTRY_BYTES_MAX

ASK_SECONDS_MAX: Final = 5.0
FETCH_SECONDS_MAX: Final = 30.0
"""How long one node may take for a whole entry, in however small parts it gives it."""


@final
class Archives:
    """Nodes to ask, one after the other."""

    def __init__(self, targets: Sequence[str]) -> None:
        """``targets``: ``host:port`` of their gRPC."""
        self.targets = targets

    async def complete(self, entry: LogEntry) -> LogEntry:
        """Return an entry with its bytes, if L1 or any of the nodes has them."""
        if entry.is_intact:
            return entry
        for target in self.targets:
            whole = replace(entry, data=await fetch(target, entry.index), pruned=False)
            if whole.is_intact:
                return whole
        return entry


async def fetch(target: str, index: int) -> bytes:
    """Return what a node has of an entry: nothing, if it does not answer well and in time.

    Nobody is trusted: no more is taken in than an entry may hold, however much is offered.
    """
    data = bytearray()
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS_MAX),
            grpc.aio.insecure_channel(target) as channel,
        ):
            query = query_pb2_grpc.QueryStub(channel)
            while len(data) <= ENTRY_BYTES_MAX:
                request = query_pb2.GetLogEntryRequest(index=index, offset=len(data))
                part = await query.GetLogEntry(request, timeout=ASK_SECONDS_MAX)
                data += part.data
                if not part.data or len(data) >= part.length:
                    return bytes(data)
    except (grpc.aio.AioRpcError, TimeoutError):
        return b""
    return b""


def archives_of(text: str) -> Archives:
    """Return the nodes that a setting names, separated by commas."""
    return Archives([target.strip() for target in text.split(",") if target.strip()])
