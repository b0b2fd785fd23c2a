"""What a claim says: an output, and the trace of state roots that led to it.

The trace of a log entry is ``[root before, root after segment 1, ... after
segment n]``: n + 1 roots for n segments.  An output commits to it by
``trace_root``.  The claim carries the roots themselves as call data (32 bytes
for each segment): L1 recomputes the trace root before it accepts the
claim (``is_trace_of``), and announces the roots in the claim's event.  A trace
whose roots nobody can see could not be accused, for an accuser opens the first
wrong one.

Everything here is a pure function of its arguments; L1, proposer, follower and
challenger share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from prover.merkle import close_span, list_root, open_span, seal
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import invariant

OUTPUT_VERSION: Final = 1
SEGMENTS_MAX: Final = 20_000
"""Segments of one log entry: the trace of its claim has to fit into a call on L1."""
TAG_ROOT: Final = b"\x20"
TAG_TRACE: Final = b"\x21"
TAG_OUTPUT: Final = b"\x22"
ROOT_NONE: Final = bytes(32)


@final
@dataclass(frozen=True, slots=True)
class Output:
    """The result of one log entry, as a claim states it.

    ``log_index`` counts the log entries consumed: a claim whose parent has
    ``log_index`` n is about entry n (the first entry is 0) and has n + 1.
    Heights count blocks; ``height`` and ``inbox_index`` are those after the
    entry.  ``previous_output`` is the hash of the parent's output.
    """

    version: int
    chain_id: int
    log_index: int
    height: int
    previous_output: bytes
    post_root: bytes
    trace_root: bytes
    segments: int
    inbox_index: int
    rules_hash: bytes

    def encode(self) -> bytes:
        """Return the canonical bytes of the output."""
        return pack(
            [
                self.version,
                self.chain_id,
                self.log_index,
                self.height,
                self.previous_output,
                self.post_root,
                self.trace_root,
                self.segments,
                self.inbox_index,
                self.rules_hash,
            ]
        )

    @property
    def hash(self) -> bytes:
        """Return the name of this output: 32 bytes."""
        return sha256(TAG_OUTPUT + self.encode()).digest()


def decode_output(data: bytes) -> Output:
    """Return the output that ``data`` encodes, or raise ``FrameInvalid``."""
    fields = as_list(unpack(data), 10, "output")
    return Output(
        version=as_uint(fields[0], 1 << 16, "version"),
        chain_id=as_uint(fields[1], 1 << 63, "chain id"),
        log_index=as_uint(fields[2], 1 << 63, "log index"),
        height=as_uint(fields[3], 1 << 63, "height"),
        previous_output=as_bytes(fields[4], 32, "previous output"),
        post_root=as_bytes(fields[5], 32, "post root"),
        trace_root=as_bytes(fields[6], 32, "trace root"),
        segments=as_uint(fields[7], SEGMENTS_MAX + 1, "segments"),
        inbox_index=as_uint(fields[8], 1 << 63, "inbox index"),
        rules_hash=as_bytes(fields[9], 32, "rules hash"),
    )


def genesis_output(chain_id: int, rules_hash: bytes, root: bytes) -> Output:
    """Return the output that exists before the first log entry; it is final."""
    return Output(
        version=OUTPUT_VERSION,
        chain_id=chain_id,
        log_index=0,
        height=0,
        previous_output=ROOT_NONE,
        post_root=root,
        trace_root=trace_root([root]),
        segments=0,
        inbox_index=0,
        rules_hash=rules_hash,
    )


def trace_leaf(root: bytes) -> bytes:
    """Return the leaf that stands for one root of a trace."""
    return sha256(TAG_ROOT + root).digest()


def trace_root(trace: Sequence[bytes]) -> bytes:
    """Return the commitment to a trace: its length and every root in it."""
    return seal(TAG_TRACE, len(trace), list_root([trace_leaf(root) for root in trace]))


def trace_path(trace: Sequence[bytes], index: int, count: int = 1) -> list[bytes]:
    """Return the siblings that prove ``trace[index : index + count]``."""
    invariant(0 <= index < len(trace), f"trace: no root {index} among {len(trace)}")
    return open_span([trace_leaf(root) for root in trace], index, count)


def verify_trace(output: Output, index: int, roots: Sequence[bytes], path: Sequence[bytes]) -> bool:
    """Return whether ``roots`` stand in the trace of ``output`` from ``index`` on."""
    leaves = [trace_leaf(root) for root in roots]
    reached = close_span(output.segments + 1, index, leaves, path)
    return reached is not None and seal(TAG_TRACE, output.segments + 1, reached) == (
        output.trace_root
    )


def is_trace_of(output: Output, trace: Sequence[bytes]) -> bool:
    """Return whether a claim's roots are the ones its output commits to."""
    return (
        len(trace) == output.segments + 1 <= SEGMENTS_MAX + 1
        and all(len(root) == 32 for root in trace)
        and trace_root(trace) == output.trace_root
    )
