"""What a log entry did, as it is kept on disk until the entry is final: the way back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import final

import msgpack

from prover.contract.log import LogEntry
from prover.outputs import Output, decode_output

Writes = Mapping[bytes, bytes | None]


@final
@dataclass(frozen=True, slots=True)
class Place:
    """What L1 noted of a log entry: all that its derivation depends on, and where it is.

    The same bytes in another block are another entry: their time decides which
    frames are valid, the inbox as it stood then which items are overdue.
    """

    data_root: bytes
    time: int
    block: int
    inbox_count: int
    inbox_accumulator: bytes
    version: int


def place_of(entry: LogEntry) -> Place:
    """Return what L1 noted of an entry."""
    return Place(
        entry.data_root,
        entry.time,
        entry.block,
        entry.inbox_count,
        entry.inbox_accumulator,
        entry.version,
    )


@final
@dataclass(frozen=True, slots=True)
class Step:
    """What one log entry did, as far as it may still matter; ``undo`` leads back."""

    place: Place
    output: Output
    trace: tuple[bytes, ...]
    undo: Writes

    def encode(self) -> bytes:
        """Return the record on disk."""
        place = [getattr(self.place, field.name) for field in fields(Place)]
        packed: bytes = msgpack.packb(
            [place, self.output.encode(), list(self.trace), self.undo], use_bin_type=True
        )
        return packed


def decode_step(data: bytes) -> Step:
    """Return the step of a record on disk."""
    place, output, trace, undo = msgpack.unpackb(data, strict_map_key=True)
    return Step(Place(*place), decode_output(output), tuple(trace), undo)
