"""Proofs of state: what a node told, held against the root it told it under.

Which root to hold it against is another question: :mod:`sextant.client.anchors`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from proto.sextant.v1 import query_pb2
from prover.ranges import KeyRange, RangeItems, read_range
from sextant.errors import ProofInvalid
from statemachine.errors import WitnessIncomplete
from statemachine.merkle.tree import PartialTree


@dataclass(frozen=True, slots=True, kw_only=True)
class StateProof:
    """State values proved under a root: the node's word is not needed for them.

    ``ranges`` are complete: what stands in them, nothing left out, nothing added.
    """

    height: int
    log_index: int | None
    root: bytes
    witness: bytes
    values: tuple[tuple[bytes, bytes | None], ...]
    ranges: tuple[tuple[KeyRange, RangeItems], ...] = ()


def proof_of(message: query_pb2.Proof, asked: Sequence[KeyRange] = ()) -> StateProof:
    """Return what a node answered, not checked yet.

    Raises
    ------
    ProofInvalid
        ``RANGES``: it answers other ranges than were asked for.
    """
    if len(message.ranges) != len(asked):
        raise ProofInvalid("RANGES", f"{len(message.ranges)} ranges, asked for {len(asked)}")
    return StateProof(
        height=message.height,
        log_index=message.log_index if message.HasField("log_index") else None,
        root=message.root,
        witness=message.witness,
        values=tuple((v.key, v.value if v.present else None) for v in message.values),
        ranges=tuple(
            (wanted, RangeItems(tuple((v.key, v.value) for v in told.values), told.next))
            for wanted, told in zip(asked, message.ranges, strict=True)
        ),
    )


def verify_proof(proof: StateProof, keys: Sequence[bytes]) -> PartialTree:
    """Check that the witness proves every value and range under the proof's root; return it.

    Raises
    ------
    ProofInvalid
        ``WITNESS``, ``ROOT``, ``VALUE`` or ``RANGE``.
    """
    try:
        tree = PartialTree.decode(proof.witness)
        if tree.root != proof.root:
            raise ProofInvalid("ROOT", "the witness opens under another root")
        proved = tuple((key, tree.get(key)) for key in keys)
        ranges = tuple((wanted, read_range(tree, wanted)) for wanted, _ in proof.ranges)
    except WitnessIncomplete as error:
        raise ProofInvalid("WITNESS", f"the witness does not prove what was asked: {error}") from (
            error
        )
    if proved != proof.values:
        raise ProofInvalid("VALUE", "the witness proves other values than the node told")
    if ranges != proof.ranges:
        raise ProofInvalid("RANGE", "the witness proves another range than the node told")
    return tree
