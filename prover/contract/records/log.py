"""What is kept of a log entry."""

from dataclasses import dataclass
from typing import final

from prover.contract.records.fields import UINT_LIMIT
from prover.entry import EntryFacts
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack


@final
@dataclass(frozen=True, slots=True)
class LogHeader:
    """What the contract keeps of a log entry.

    ``time`` in ms, ``block`` the L1 block that carried it; ``inbox_count`` and
    ``inbox_accumulator`` tell the inbox as it stood then; ``version`` are the rules
    that execute it; ``reached`` is how many inbox items there was room for in the
    blocks up to here (:mod:`prover.contract.reach`).
    """

    index: int
    data_root: bytes
    length: int
    time: int
    block: int
    inbox_count: int
    inbox_accumulator: bytes
    sender: bytes
    version: int = 1
    reached: int = 0

    @property
    def facts(self) -> EntryFacts:
        """Return the part of it that judges the entry's blocks."""
        return EntryFacts(self.index, self.length, self.data_root, self.time, self.inbox_count)

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack(
            [
                self.index,
                self.data_root,
                self.length,
                self.time,
                self.block,
                self.inbox_count,
                self.inbox_accumulator,
                self.sender,
                self.version,
                self.reached,
            ]
        )


def decode_log_header(data: bytes) -> LogHeader:
    """Return the header that ``data`` encodes, or raise ``FrameInvalid``."""
    index, root, length, time, block, count, accumulator, sender, version, reached = as_list(
        unpack(data), 10, "log header"
    )
    return LogHeader(
        as_uint(index, UINT_LIMIT, "index"),
        as_bytes(root, 32, "data root"),
        as_uint(length, UINT_LIMIT, "length"),
        as_uint(time, UINT_LIMIT, "time"),
        as_uint(block, UINT_LIMIT, "block"),
        as_uint(count, UINT_LIMIT, "inbox count"),
        as_bytes(accumulator, 32, "inbox accumulator"),
        as_bytes(sender, 20, "sender"),
        as_uint(version, UINT_LIMIT, "version"),
        as_uint(reached, UINT_LIMIT, "reached"),
    )
