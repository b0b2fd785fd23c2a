"""The bytes of log entries, for those who find that L1 has dropped them."""

from typing import Final

from node.ledger import feed
from node.service.errors import Refused
from proto.sextant.v1 import query_pb2

PART_BYTES_MAX: Final = 512 << 10


def read_entry(
    ledger: feed.Ledger, request: query_pb2.GetLogEntryRequest
) -> query_pb2.LogEntryPart:
    """Return a part of an entry's bytes, from ``offset`` on."""
    data = ledger.entry_data(request.index)
    if data is None:
        raise Refused("NOT_FOUND", f"log entry {request.index} is not kept here; ask a follower")
    part = data[request.offset : request.offset + PART_BYTES_MAX]
    return query_pb2.LogEntryPart(data=part, length=len(data))
