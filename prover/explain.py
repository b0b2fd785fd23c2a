"""What exactly is wrong with a claim: segment, block, steps, keys, proof.

A claim states roots, not values: what its author believes the state to be
cannot be known.  What can be said is what the segment in question really does:
which steps it executes, which keys it writes, and to which values.
"""

from typing import Final

from prover.accusation import ItemHashes, accuse, find_fault, tree_at
from prover.cases import SALT_BYTES, Case
from prover.contract.calls import CommitFault
from prover.contract.gas import gas_of, proof_gas
from prover.derivation import Recover, derive_block, frame_place, is_empty
from prover.entry import frame_spans
from prover.faults import ClaimFacts, FaultKind
from prover.outputs import Output
from prover.replica import Derived, cursor_in
from prover.verdict import judge_fault
from statemachine import keys
from statemachine.rules import Rules
from statemachine.transition import apply_segment

TABLES: Final = {
    getattr(keys, name): name.removeprefix("TABLE_").lower().replace("_", " ")
    for name in dir(keys)
    if name.startswith("TABLE_")
}
SHOWN_WRITES_MAX: Final = 64


def table_of(key: bytes) -> str:
    """Return the name of the table that a key belongs to."""
    return TABLES.get(key[0], f"table {key[0]}")


def explain_claim(
    rules: Rules,
    derived: Derived,
    output: Output,
    trace: list[bytes],
    recover: Recover,
) -> dict[str, object]:
    """Return what there is to know about a claim, as plain values."""
    fault = find_fault(derived, output, trace)
    told: dict[str, object] = {
        "entry": derived.facts.index,
        "claimed_root": output.post_root.hex(),
        "correct_root": derived.output.post_root.hex(),
        "segments": derived.output.segments,
        "agrees": fault is None,
    }
    if fault is None:
        return told
    accusation = accuse(rules, derived, output, trace, fault, recover)
    facts = ClaimFacts(rules, derived.parent, output, derived.facts, ItemHashes(derived))
    verdict = judge_fault(accusation.kind, facts, accusation.witness)
    call = Case(0, accusation, bytes(20), bytes(SALT_BYTES)).proof
    told |= {
        "kind": fault.kind.name,
        "segment": fault.segment,
        "reason": fault.reason,
        "witness_bytes": len(accusation.witness),
        "gas": gas_of(CommitFault(bytes(32))) + proof_gas(call, verdict.work),
        "verdict": "convicted" if verdict.guilty else f"acquitted: {verdict.reason}",
    }
    if fault.kind is FaultKind.SEGMENT:
        told["claimed_segment_root"] = trace[fault.segment].hex()
        told["correct_segment_root"] = fault.correct_root.hex()
        told |= explain_segment(rules, derived, fault.segment, recover)
    return told


def explain_segment(
    rules: Rules, derived: Derived, segment: int, recover: Recover
) -> dict[str, object]:
    """Return what one segment of a derived entry does."""
    tree = tree_at(derived, segment)
    cursor = cursor_in(tree)
    spans = frame_spans(derived.data, len(derived.data))
    place = frame_place(cursor, derived.parent.height)
    begin, end = spans[place]
    height = derived.parent.height + place + 1
    inbox = derived.inbox[cursor.inbox_index - derived.parent.inbox_index :]
    first = cursor.transaction
    data = b"" if is_empty(cursor) else derived.data[begin:end]
    block = derive_block(rules, cursor, data, derived.facts, inbox, recover)
    result = apply_segment(tree, rules, block)
    writes = [
        {
            "table": table_of(key),
            "key": key.hex(),
            "before": (tree.get(key) or b"").hex(),
            "after": "deleted" if value is None else value.hex(),
        }
        for key, value in sorted(result.writes.items())
    ]
    return {
        "height": height,
        "frame": place,
        "frame_valid": block.frame is not None,
        "first_transaction": first,
        "steps": result.steps,
        "cost": result.cost,
        "receipts": [
            {"transaction": r.tx_hash.hex(), "index": r.index, "leg": r.leg, "code": int(r.code)}
            for r in result.receipts
        ],
        "writes_total": len(writes),
        "writes": writes[:SHOWN_WRITES_MAX],
    }
