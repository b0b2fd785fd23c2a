"""Proofs of state, for those who trust nobody's answers."""

from typing import Final

from node.ledger import feed
from node.service.errors import Refused
from proto.sextant.v1 import query_pb2
from statemachine.merkle.tree import PartialTree

KEYS_MAX: Final = 256
KEY_BYTES_MAX: Final = 255


def prove_keys(ledger: feed.Ledger, request: query_pb2.GetProofRequest) -> query_pb2.Proof:
    """Return one multiproof of all keys, under the output of a log entry."""
    wanted = list(request.keys)
    if not 1 <= len(wanted) <= KEYS_MAX:
        raise Refused("ARGUMENT_INVALID", f"ask for 1 to {KEYS_MAX} keys, not {len(wanted)}")
    if not all(1 <= len(key) <= KEY_BYTES_MAX for key in wanted):
        raise Refused("ARGUMENT_INVALID", f"a key has 1 to {KEY_BYTES_MAX} bytes")
    status = ledger.status()
    log_index = request.log_index if request.HasField("log_index") else status.safe.log_index
    if log_index < 0:
        raise Refused("NOT_READY", "nothing is in the L1 log yet")
    found = ledger.prove(wanted, log_index)
    if found is None:
        raise Refused(
            "PRUNED", f"the state under log entry {log_index} is not kept here; ask a follower"
        )
    root, witness = found
    tree = PartialTree.decode(witness)
    values = [(key, tree.get(key)) for key in wanted]
    return query_pb2.Proof(
        root=root,
        witness=witness,
        log_index=log_index,
        height=status.safe.height if log_index == status.safe.log_index else 0,
        values=[
            query_pb2.ProvedValue(key=key, present=value is not None, value=value or b"")
            for key, value in values
        ],
    )
