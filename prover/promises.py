"""What a sequencer promises with each block that it signs, and what breaks it.

A signature over a block says: this block, at this height, will be in L1's log
before the receipt deadline.  Its bond on L1 is forfeit once one call shows

=============  ==================================================  ==============
kind           the promise is broken because                       shown by
=============  ==================================================  ==============
EQUIVOCATION   two different blocks are signed at one height       the signatures
CONTRADICTED   the final result at that height is another one      a final root
WITHHELD       an entry noted after the deadline, and final, does  a final output
               not reach the height
=============  ==================================================  ==============

What is final on L1 judges, never somebody's claim: so whoever posts in time what
it signed is never guilty.
"""

from enum import IntEnum
from hashlib import sha256
from typing import Final, final

from prover.derivation import is_resting
from prover.faults import Work, witness_hash
from prover.outputs import Output
from prover.verdict import CAUSED_BY_WITNESS, open_cursor, open_roots, open_state
from prover.witness import decode_witness
from statemachine.codec import pack
from statemachine.cursor import Cursor, decode_cursor
from statemachine.identity.signing import block_digest, recover

TAG_PROMISE: Final = b"\x2a"
PROMISE_VERSION: Final = 1


@final
class PromiseKind(IntEnum):
    """How a promise is broken.  Numbers are consensus: never reuse."""

    EQUIVOCATION = 1
    CONTRADICTED = 2
    WITHHELD = 3


def promise_commitment(kind: int, height: int, evidence: bytes, payee: bytes, salt: bytes) -> bytes:
    """Return what an accuser commits to before he shows that a promise is broken.

    ``evidence`` is what the call shows: see ``equivocation_evidence`` and
    ``broken_evidence``.
    """
    named = [PROMISE_VERSION, kind, height, witness_hash(evidence), payee, salt]
    return sha256(TAG_PROMISE + pack(named)).digest()


def equivocation_evidence(
    first: bytes, first_signature: bytes, second: bytes, second_signature: bytes
) -> bytes:
    """Return the bytes by which a commitment names two signed blocks."""
    return pack([first, first_signature, second, second_signature])


def broken_evidence(claim: int, cursor: bytes, signature: bytes, witness: bytes) -> bytes:
    """Return the bytes by which a commitment names a broken promise."""
    return pack([claim, cursor, signature, witness])


def signer_of(chain_id: int, height: int, cursor_hash: bytes, signature: bytes) -> bytes:
    """Return who signed a block, or ``b""`` if the signature is none."""
    return recover(block_digest(chain_id, height, cursor_hash), signature)


def read_promise(cursor: bytes) -> Cursor | None:
    """Return the cursor that a signed block ends at; ``None`` if that is no end of a block."""
    try:
        read = decode_cursor(cursor)
    except CAUSED_BY_WITNESS:
        return None
    return read if is_resting(read) else None


def find_contradiction(output: Output, promised: bytes, data: bytes, work: Work) -> str:
    """Return how a final output contradicts a promised cursor; nothing if it is not shown.

    ``data`` is an encoded witness: a root of the output's trace, its path, and
    the cursor under it.
    """
    try:
        witness = decode_witness(data)
        work.decoded += len(data)
        open_roots(output, witness.index, witness.roots, witness.path, work)
        if len(witness.roots) != 1:
            return ""
        final = open_cursor(open_state(witness.state, witness.roots[0], work))
    except CAUSED_BY_WITNESS:
        return ""
    signed = read_promise(promised)
    if final is None or signed is None or not is_resting(final) or final.height != signed.height:
        return ""
    if final.encode() == promised:
        return ""
    return f"block {final.height} ends at {final.hash.hex()}, signed was {signed.hash.hex()}"
