"""Which claim to propose next: a pure decision over what L1 shows.

Each claim has one right child.  From the last final claim we walk along the
claims that are alive and agree with what we derived; where none continues the
walk, one is missing.  The proposer states it at once; a follower only after
some patience, or when a wrong claim for that entry has just died.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, final

from prover.contract.records import Claim
from prover.outputs import Output, trace_root

CORRUPTIONS: Final = ("segment-root", "trace-length", "wrong-start")


@final
@dataclass(frozen=True, slots=True)
class Missing:
    """The right child of claim ``parent`` that nobody has proposed.

    ``disputed``: a claim for that entry was proposed before, and died.
    """

    parent: int
    log_index: int
    disputed: bool


def find_missing(
    claims: Iterable[Claim], final: Claim, output_at: Callable[[int], Output | None]
) -> Missing | None:
    """Return the first right claim that is missing after ``final``, if any.

    ``output_at`` gives the outputs that we derived ourselves, by log index, as far as a
    bond may rest on them.
    """
    children: dict[int, list[Claim]] = {}
    for claim in claims:
        if claim.number != claim.parent:
            children.setdefault(claim.parent, []).append(claim)
    at, log_index = final.number, final.output.log_index
    while True:
        ours = output_at(log_index + 1)
        if ours is None:
            return None
        siblings = children.get(at, [])
        right = [c for c in siblings if not c.status.is_dead and c.output.hash == ours.hash]
        if not right:
            return Missing(at, log_index + 1, any(c.status.is_dead for c in siblings))
        at, log_index = right[0].number, log_index + 1


def corrupt(
    output: Output, trace: tuple[bytes, ...], corruption: str, segment: int | None
) -> tuple[Output, tuple[bytes, ...]]:
    """Return a wrong form of a right output and trace, for a devnet's drill."""
    roots = list(trace)
    if corruption == "trace-length":
        roots.append(twisted(roots[-1]))
    elif corruption == "wrong-start":
        roots[0] = twisted(roots[0])
    else:
        count = len(roots) - 1
        at = min(count if segment is None else segment + 1, count)
        at = max(1, (count + 1) // 2 if segment is None else at)
        roots[at:] = [twisted(root) for root in roots[at:]]
    return restated(output, roots)


def descend(
    output: Output, trace: tuple[bytes, ...], parent: Output
) -> tuple[Output, tuple[bytes, ...]]:
    """Return an output restated as the child of a wrong claim."""
    wrong = replace(output, previous_output=parent.hash)
    return restated(wrong, [parent.post_root, *trace[1:]])


def restated(output: Output, roots: list[bytes]) -> tuple[Output, tuple[bytes, ...]]:
    """Return an output that commits to ``roots``."""
    return (
        replace(output, post_root=roots[-1], trace_root=trace_root(roots), segments=len(roots) - 1),
        tuple(roots),
    )


def twisted(root: bytes) -> bytes:
    """Return a wrong root."""
    return bytes(byte ^ 0xFF for byte in root)
