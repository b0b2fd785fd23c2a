"""Proofs of state, for those who trust nobody's answers."""

from collections.abc import Sequence
from typing import Final

from node.ledger import feed
from node.service.errors import Refused
from proto.sextant.v1 import query_pb2
from prover.ranges import KeyRange, read_range
from statemachine.merkle.tree import PartialTree

KEYS_MAX: Final = 256
KEY_BYTES_MAX: Final = 255
RANGES_MAX: Final = 16
VALUES_MAX: Final = 1_024
"""Keys and counts of all ranges of one request: bounds the work and the answer."""


def prove_keys(ledger: feed.Ledger, request: query_pb2.GetProofRequest) -> query_pb2.Proof:
    """Return one multiproof of all keys and ranges, under the output of a log entry."""
    wanted = list(request.keys)
    ranges = [KeyRange(asked.prefix, asked.count, asked.start) for asked in request.ranges]
    check_bounds(wanted, ranges)
    status = ledger.status()
    log_index = request.log_index if request.HasField("log_index") else status.safe.log_index
    if log_index < 0:
        raise Refused("NOT_READY", "nothing is in the L1 log yet")
    found = ledger.prove(wanted, log_index, ranges)
    if found is None:
        raise Refused(
            "PRUNED", f"the state under log entry {log_index} is not kept here; ask a follower"
        )
    root, witness = found
    tree = PartialTree.decode(witness)
    return query_pb2.Proof(
        root=root,
        witness=witness,
        log_index=log_index,
        height=status.safe.height if log_index == status.safe.log_index else 0,
        values=[value_of(key, tree.get(key)) for key in wanted],
        ranges=[answer_range(tree, asked) for asked in ranges],
    )


def check_bounds(keys: Sequence[bytes], ranges: Sequence[KeyRange]) -> None:
    """Refuse a request for nothing, for too much, or for what is no key."""
    if not len(keys) + len(ranges) >= 1 or len(keys) > KEYS_MAX:
        raise Refused("ARGUMENT_INVALID", f"ask for 1 to {KEYS_MAX} keys, not {len(keys)}")
    if len(ranges) > RANGES_MAX:
        raise Refused("ARGUMENT_INVALID", f"ask for {RANGES_MAX} ranges at most")
    places = [*keys, *(asked.prefix for asked in ranges)]
    if not all(1 <= len(key) <= KEY_BYTES_MAX for key in places):
        raise Refused("ARGUMENT_INVALID", f"a key has 1 to {KEY_BYTES_MAX} bytes")
    if any(len(asked.start) > KEY_BYTES_MAX or not asked.count for asked in ranges):
        raise Refused("ARGUMENT_INVALID", "a range has a count above 0 and starts at a key")
    if len(keys) + sum(asked.count for asked in ranges) > VALUES_MAX:
        raise Refused("ARGUMENT_INVALID", f"ask for {VALUES_MAX} values at most, in all")


def value_of(key: bytes, value: bytes | None) -> query_pb2.ProvedValue:
    """Return what stands at a key."""
    return query_pb2.ProvedValue(key=key, present=value is not None, value=value or b"")


def answer_range(tree: PartialTree, asked: KeyRange) -> query_pb2.ProvedRange:
    """Return what stands in a range, by the witness that proves it."""
    found = read_range(tree, asked)
    values = [value_of(key, value) for key, value in found.items]
    return query_pb2.ProvedRange(start=asked.start, values=values, next=found.next)
