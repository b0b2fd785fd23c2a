"""The evidence in a proof of fault: one message for every kind.

==========  =================================================================
field       what
==========  =================================================================
index       the segment accused (from 1), or the place of the root in question
roots       SEGMENT: the claimed roots before and after; else the root itself
path        their siblings under the claim's trace root
state       a multiproof of the state under the first of ``roots`` (FIELDS:
            under the post root): all that re-execution reads and writes
head        the head of the log entry, proved under its data root
frame       the one frame that the segment executes, proved likewise
items       the inbox items read, encoded, from the cursor's inbox index on
==========  =================================================================

What a kind does not need is empty.  A witness is data of the accuser: the
verdict opens every part of it against what the contract knows.
"""

from dataclasses import dataclass, field
from typing import Final, final

from statemachine.codec import as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid

WITNESS_VERSION: Final = 1


@final
@dataclass(frozen=True, slots=True)
class Witness:
    """What an accuser shows; the module says what each field holds."""

    index: int
    roots: list[bytes] = field(default_factory=list)
    path: list[bytes] = field(default_factory=list)
    state: bytes = b""
    head: bytes = b""
    frame: bytes = b""
    items: list[bytes] = field(default_factory=list)

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return pack(
            [
                WITNESS_VERSION,
                self.index,
                self.roots,
                self.path,
                self.state,
                self.head,
                self.frame,
                self.items,
            ]
        )


def as_blob(value: object, name: str) -> bytes:
    """Return ``value`` if it is bytes of any length; else refuse."""
    if type(value) is not bytes:
        raise FrameInvalid(f"{name}: need bytes")
    return value


def as_blobs(value: object, name: str, size: int | None = None) -> list[bytes]:
    """Return ``value`` if it is an array of bytes, each of ``size``; else refuse."""
    if type(value) is not list:
        raise FrameInvalid(f"{name}: need an array")
    blobs = [as_blob(item, name) for item in value]
    if size is not None and any(len(blob) != size for blob in blobs):
        raise FrameInvalid(f"{name}: need {size} bytes each")
    return blobs


def decode_witness(data: bytes) -> Witness:
    """Return the witness that ``data`` encodes, or raise ``FrameInvalid``."""
    fields = as_list(unpack(data), 8, "witness")
    if as_uint(fields[0], 1 << 16, "witness version") != WITNESS_VERSION:
        raise FrameInvalid(f"witness version: {fields[0]} is not known")
    return Witness(
        index=as_uint(fields[1], 1 << 32, "index"),
        roots=as_blobs(fields[2], "roots", 32),
        path=as_blobs(fields[3], "path", 32),
        state=as_blob(fields[4], "state"),
        head=as_blob(fields[5], "head"),
        frame=as_blob(fields[6], "frame"),
        items=as_blobs(fields[7], "items"),
    )
