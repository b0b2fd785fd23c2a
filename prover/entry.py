"""A batch as L1 stores it: frames in one byte string, and proofs of its parts.

An entry of the L1 log is ``version 1 | frames 2 | length of each frame 4 | the
frames``, integers big-endian.  Reading it is *total*: bytes that are no such
thing (also the empty string, which anyone may append when the sequencer is
silent) read as one empty frame, which is no valid block and so executes as an
empty one.  Every entry therefore has at least one frame, and each frame is
exactly one block.

L1 computes ``data_root`` itself, when the entry is appended: the Merkle root
over chunks of 1,024 bytes, sealed with the length.  Any part of an entry can
then be opened to it; a verdict opens the head and one frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Final, final

from prover.merkle import close_span, list_root, open_span, seal
from statemachine.codec import pack, unpack
from statemachine.errors import WitnessIncomplete, invariant

ENTRY_VERSION: Final = 1
ENTRY_BYTES_MAX: Final = 3 << 18
"""Bytes of an entry, as many as fit into a call on L1; a longer one reads as malformed."""
FRAMES_MAX: Final = 4_096
"""Frames in an entry; bounds the head, which every verdict opens."""
FRAME_BYTES_MAX: Final = 65_536
CHUNK_BYTES: Final = 1_024
TAG_CHUNK: Final = b"\x10"
TAG_DATA: Final = b"\x12"
HEAD: Final = Struct(">BH")
LENGTH: Final = Struct(">I")


@final
@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What the L1 contract knows of a log entry without its bytes.

    ``length`` in bytes, ``time`` the L1 time of the append in ms,
    ``inbox_count`` the items queued by then: no block of this entry may name
    an inbox item beyond it.
    """

    index: int
    length: int
    data_root: bytes
    time: int
    inbox_count: int


def encode_entry(frames: Sequence[bytes]) -> bytes:
    """Return the bytes to append to the log for these frames."""
    invariant(0 < len(frames) <= FRAMES_MAX, f"an entry holds 1 to {FRAMES_MAX} frames")
    invariant(all(len(f) <= FRAME_BYTES_MAX for f in frames), "no frame is over its limit")
    lengths = b"".join(LENGTH.pack(len(frame)) for frame in frames)
    data = HEAD.pack(ENTRY_VERSION, len(frames)) + lengths + b"".join(frames)
    invariant(len(data) <= ENTRY_BYTES_MAX, f"an entry holds {ENTRY_BYTES_MAX} bytes")
    return data


def head_length(opening: bytes) -> int:
    """Return how many bytes the head has, told by the entry's first three.

    0 if these cannot open an entry.
    """
    if len(opening) < HEAD.size:
        return 0
    version, count = HEAD.unpack_from(opening)
    if version != ENTRY_VERSION or not 0 < count <= FRAMES_MAX:
        return 0
    return HEAD.size + LENGTH.size * int(count)


def frame_spans(head: bytes, length: int) -> list[tuple[int, int]]:
    """Return where each frame of an entry begins and ends.

    Parameters
    ----------
    head
        At least the first ``head_length`` bytes, or the whole of a shorter
        entry.
    length
        Bytes of the whole entry.

    Returns
    -------
    list
        Of (begin, end); ``[(0, 0)]``, one empty frame, for a malformed entry.
    """
    size = head_length(head[: min(length, HEAD.size)])
    if size == 0 or len(head) < size or not size <= length <= ENTRY_BYTES_MAX:
        return [(0, 0)]
    spans: list[tuple[int, int]] = []
    begin = size
    for (frame_length,) in LENGTH.iter_unpack(head[HEAD.size : size]):
        if frame_length > FRAME_BYTES_MAX:
            return [(0, 0)]
        spans.append((begin, begin + frame_length))
        begin += frame_length
    return spans if begin == length else [(0, 0)]


def parse_entry(data: bytes) -> list[bytes]:
    """Return the frames of an entry; one empty frame if it is malformed."""
    return [data[begin:end] for begin, end in frame_spans(data, len(data))]


def chunk_leaves(data: bytes) -> list[bytes]:
    """Return the leaves of the chunk tree; an empty entry has one empty chunk."""
    return [
        sha256(TAG_CHUNK + data[at : at + CHUNK_BYTES]).digest()
        for at in range(0, max(len(data), 1), CHUNK_BYTES)
    ]


def data_root(data: bytes) -> bytes:
    """Return what L1 stores in place of an entry's bytes."""
    return seal(TAG_DATA, len(data), list_root(chunk_leaves(data)))


def open_range(data: bytes, begin: int, end: int) -> bytes:
    """Return a proof of ``data[begin:end]``: its chunks, whole, and siblings."""
    invariant(0 <= begin <= end <= len(data), "the range lies inside the entry")
    first = min(begin // CHUNK_BYTES, max(len(data) - 1, 0) // CHUNK_BYTES)
    after = max(first + 1, -(-end // CHUNK_BYTES))
    chunks = data[first * CHUNK_BYTES : after * CHUNK_BYTES]
    siblings = open_span(chunk_leaves(data), first, after - first)
    return pack([first, chunks, siblings])


def verify_range(root: bytes, length: int, begin: int, end: int, proof: bytes) -> bytes:
    """Return bytes ``begin:end`` of the entry behind ``root``, proved.

    Raises
    ------
    WitnessIncomplete
        If the proof does not show these bytes under this root.
    FrameInvalid
        If the proof is no canonical message.
    """
    fields = unpack(proof)
    if not isinstance(fields, list) or len(fields) != 3:
        raise WitnessIncomplete("range proof: need [first, chunks, siblings]")
    first, chunks, siblings = fields
    if type(first) is not int or type(chunks) is not bytes or type(siblings) is not list:
        raise WitnessIncomplete("range proof: fields of the wrong kind")
    total = max(-(-length // CHUNK_BYTES), 1)
    offset = first * CHUNK_BYTES
    if not 0 <= offset <= begin <= end <= offset + len(chunks) <= length:
        raise WitnessIncomplete(f"range proof: does not cover bytes {begin} to {end}")
    if not all(type(sibling) is bytes and len(sibling) == 32 for sibling in siblings):
        raise WitnessIncomplete("range proof: a sibling is not a hash")
    reached = close_span(total, first, chunk_leaves(chunks), siblings)
    if reached is None or seal(TAG_DATA, length, reached) != root:
        raise WitnessIncomplete("range proof: does not lead to the entry's root")
    return chunks[begin - offset : end - offset]
