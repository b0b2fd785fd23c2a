"""From signed blocks to the proof that a promise was broken, out of L1's data alone.

Whoever kept the blocks that a sequencer signed compares them with each other, and
with what the log was found to say (``check_bundle`` derives it).  What is wrong
is one call; a commitment to its evidence goes out first, so that the reward is
the accuser's.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import final

from prover.accusation import open_cursor, tree_at
from prover.bundle import Finding
from prover.contract.calls import CommitFault, ProveBroken, ProveEquivocation
from prover.contract.rules import ContractRules
from prover.derivation import is_resting
from prover.outputs import trace_path
from prover.promises import (
    PromiseKind,
    broken_evidence,
    equivocation_evidence,
    promise_commitment,
    read_promise,
    signer_of,
)
from prover.replica import Derived, cursor_in
from prover.witness import Witness
from statemachine.cursor import Cursor


@final
@dataclass(frozen=True, slots=True)
class SignedBlock:
    """A block as its sequencer signed it: the cursor it ends at, encoded, and 65 bytes."""

    cursor: bytes
    signature: bytes


@final
@dataclass(frozen=True, slots=True)
class Betrayal:
    """A broken promise: the call that shows it, and the commitment to make before."""

    kind: PromiseKind
    height: int
    reason: str
    call: ProveEquivocation | ProveBroken
    commitment: bytes

    @property
    def commit(self) -> CommitFault:
        """The call to send first."""
        return CommitFault(self.commitment)


def signed_by(
    rules: ContractRules, blocks: Iterable[SignedBlock]
) -> list[tuple[Cursor, SignedBlock]]:
    """Return those blocks that the deployment's signer has signed, by height."""
    found = []
    for block in blocks:
        cursor = read_promise(block.cursor)
        if cursor is None:
            continue
        signer = signer_of(rules.rules.chain_id, cursor.height, cursor.hash, block.signature)
        if signer == rules.signer and any(signer):
            found.append((cursor, block))
    return sorted(found, key=lambda pair: pair[0].height)


def find_betrayals(
    rules: ContractRules,
    blocks: Iterable[SignedBlock],
    findings: Sequence[Finding],
    finals: Collection[int],
    payee: bytes,
    salt: bytes,
) -> list[Betrayal]:
    """Return every promise among ``blocks`` that is broken, by what L1 holds final.

    ``finals`` are the numbers of the claims that are.
    """
    signed = signed_by(rules, blocks)
    final = [
        finding
        for finding in findings
        if finding.claim.number in finals and finding.judged and finding.fault is None
    ]
    found: list[Betrayal] = []
    before: dict[int, tuple[Cursor, SignedBlock]] = {}
    for cursor, block in signed:
        other = before.setdefault(cursor.height, (cursor, block))
        if other[0].hash != cursor.hash:
            found.append(equivocation(other, (cursor, block), payee, salt))
        broken = find_broken(rules, cursor, block, final, payee, salt)
        if broken is not None:
            found.append(broken)
    return found


def equivocation(
    first: tuple[Cursor, SignedBlock],
    second: tuple[Cursor, SignedBlock],
    payee: bytes,
    salt: bytes,
) -> Betrayal:
    """Return the proof that two blocks were signed at one height."""
    height = first[0].height
    pairs = (first[0].hash, first[1].signature, second[0].hash, second[1].signature)
    evidence = equivocation_evidence(*pairs)
    kind = PromiseKind.EQUIVOCATION
    return Betrayal(
        kind,
        height,
        f"two blocks are signed at height {height}: {pairs[0].hex()} and {pairs[2].hex()}",
        ProveEquivocation(height, *pairs, payee, salt),
        promise_commitment(int(kind), height, evidence, payee, salt),
    )


def find_broken(
    rules: ContractRules,
    cursor: Cursor,
    block: SignedBlock,
    final: Sequence[Finding],
    payee: bytes,
    salt: bytes,
) -> Betrayal | None:
    """Return the proof that final claims contradict or lack one signed block, if they do."""
    deadline = cursor.time + rules.rules.receipt_deadline_ms
    for finding in final:
        derived, output = finding.derived, finding.claim.output
        if derived is None:
            continue
        witness, kind = b"", PromiseKind.WITHHELD
        reason = f"no entry until {deadline} has block {cursor.height}"
        if derived.parent.height < cursor.height <= output.height:
            shown = open_end(derived, cursor.height)
            if shown is None or shown[0].hash == cursor.hash:
                return None
            witness, kind = shown[1].encode(), PromiseKind.CONTRADICTED
            reason = f"block {cursor.height} ends at {shown[0].hash.hex()} on L1"
        elif output.height >= cursor.height or derived.facts.time <= deadline:
            continue
        number = finding.claim.number
        evidence = broken_evidence(number, block.cursor, block.signature, witness)
        return Betrayal(
            kind,
            cursor.height,
            f"{reason}, signed was {cursor.hash.hex()}",
            ProveBroken(number, block.cursor, block.signature, witness, payee, salt),
            promise_commitment(int(kind), cursor.height, evidence, payee, salt),
        )
    return None


def open_end(derived: Derived, height: int) -> tuple[Cursor, Witness] | None:
    """Return where a block of an entry ends and the witness of it; ``None`` if it has none."""
    for index in range(1, derived.output.segments + 1):
        tree = tree_at(derived, index + 1)
        cursor = cursor_in(tree)
        if is_resting(cursor) and cursor.height == height:
            path = trace_path(derived.trace, index)
            return cursor, Witness(index, [derived.trace[index]], path, open_cursor(tree))
    return None
