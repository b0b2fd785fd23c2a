"""What can be wrong with a claim, what L1 knows of it, and what a verdict says.

============  ====================================================  ==========
kind          the claim is wrong because                            segment
============  ====================================================  ==========
SEGMENT       root i is not the result of segment i on root i - 1   i, from 1
TRACE_LENGTH  the trace stops short of the entry's end, or runs on  index i
WRONG_START   root 0 is not the parent's post root                  0
FIELDS        a field of the output contradicts what it stands for  0
============  ====================================================  ==========

A verdict names the segment and the correct root (zeros where there is none).
The accuser committed to both beforehand, and to the kind and the hash of his
witness: where the root is no secret the witness still is, so that nobody
profits from copying his call out of the mempool.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, final

from prover.entry import EntryFacts
from prover.outputs import ROOT_NONE, Output
from statemachine.codec import pack
from statemachine.rules import Rules

WITNESS_BYTES_MAX: Final = 1 << 19
"""More than the largest verdict needs; as call data it leaves half of a call's gas."""
TAG_COMMITMENT: Final = b"\x23"
TAG_ITEM: Final = b"\x24"
TAG_WITNESS: Final = b"\x26"
COMMITMENT_VERSION: Final = 2


@final
class FaultKind(IntEnum):
    """What a claim is accused of.  Numbers are consensus: never reuse."""

    SEGMENT = 1
    TRACE_LENGTH = 2
    WRONG_START = 3
    FIELDS = 4


@final
@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What the contract knows when it judges a claim.

    ``parent`` is the output of the claim's parent, ``rules`` those in force at
    the log entry; ``item_hashes[i]`` is ``item_hash`` of inbox item i, of all
    items queued so far or more.
    """

    rules: Rules
    parent: Output
    output: Output
    entry: EntryFacts
    item_hashes: Sequence[bytes]


@final
@dataclass(slots=True)
class Work:
    """What a verdict did, counted while it did it: gas is priced by these.

    ``hashes`` and ``words`` count hashed messages and their words of 32 bytes;
    ``nodes`` are those of the state that the witness opens, stubs included;
    ``decoded`` are bytes read field by field; ``recoveries`` are signatures;
    ``steps`` and ``cost`` are those of the segment that was executed.
    """

    nodes: int = 0
    hashes: int = 0
    words: int = 0
    decoded: int = 0
    recoveries: int = 0
    steps: int = 0
    cost: int = 0

    def hash(self, count: int, size: int) -> None:
        """Count so many hashes over ``size`` bytes each."""
        self.hashes += count
        self.words += count * -(-size // 32)


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim is convicted; if not, why the accusation failed; and what it took."""

    guilty: bool
    reason: str
    segment: int = 0
    correct_root: bytes = ROOT_NONE
    work: Work = field(default_factory=Work, compare=False)


VerdictFunction = Callable[[FaultKind, ClaimFacts, bytes], Verdict]
"""Judges an accusation: its kind, what the contract knows of the claim, the witness."""


def item_hash(item: bytes) -> bytes:
    """Return the hash by which the contract remembers an encoded inbox item."""
    return sha256(TAG_ITEM + item).digest()


def witness_hash(witness: bytes) -> bytes:
    """Return the hash by which a commitment names the witness."""
    return sha256(TAG_WITNESS + witness).digest()


def commitment_of(
    kind: int,
    claim: int,
    segment: int,
    correct_root: bytes,
    witness: bytes,
    payee: bytes,
    salt: bytes,
) -> bytes:
    """Return what an accuser commits to before he shows his proof."""
    named = [COMMITMENT_VERSION, kind, claim, segment, correct_root, witness_hash(witness)]
    return sha256(TAG_COMMITMENT + pack([*named, payee, salt])).digest()
