"""What is kept of an inbox item."""

from dataclasses import dataclass
from typing import final

from prover.contract.records.fields import UINT_LIMIT, as_message
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.inbox import InboxItem, decode_inbox_item


@final
@dataclass(frozen=True, slots=True)
class QueuedItem:
    """An inbox item, its index, its L1 block, and the hash of the queue so far."""

    index: int
    item: InboxItem
    block: int
    accumulator: bytes

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.index, self.item.encode(), self.block, self.accumulator])


def decode_queued_item(data: bytes) -> QueuedItem:
    """Return the queued item that ``data`` encodes, or raise ``FrameInvalid``."""
    index, item, block, accumulator = as_list(unpack(data), 4, "queued item")
    return QueuedItem(
        as_uint(index, UINT_LIMIT, "index"),
        decode_inbox_item(as_message(item, "item")),
        as_uint(block, UINT_LIMIT, "block"),
        as_bytes(accumulator, 32, "accumulator"),
    )
