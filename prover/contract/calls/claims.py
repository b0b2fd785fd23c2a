"""Calls about what the log led to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind
from prover.outputs import Output, decode_output
from statemachine.errors import FrameInvalid


@final
@dataclass(frozen=True, slots=True)
class Propose:
    """Claim that ``output`` (encoded) follows claim ``parent``, and stake a bond on it.

    ``trace`` is the state roots it commits to, 32 bytes each, joined.
    """

    parent: int
    output: bytes
    trace: bytes


@final
@dataclass(frozen=True, slots=True)
class Settle:
    """Decide claims, oldest first, a bounded number.

    Every call does so first, but for a proof of a fault.
    """


@final
@dataclass(frozen=True, slots=True)
class ClaimBond:
    """Pay the bond of a dead claim back to its proposer; anyone may ask."""

    claim: int


ClaimCall = Propose | Settle | ClaimBond

CLAIM_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.PROPOSE: Propose,
    CallKind.SETTLE: Settle,
    CallKind.CLAIM_BOND: ClaimBond,
}


def propose_output(parent: int, output: Output, trace: Sequence[bytes]) -> Propose:
    """Return the call that claims ``output``."""
    return Propose(parent, output.encode(), b"".join(trace))


def proposed_output(call: Propose) -> tuple[Output, list[bytes]]:
    """Return the output and trace of a proposal, or raise ``FrameInvalid``."""
    if len(call.trace) % 32:
        raise FrameInvalid("trace: not a whole number of roots")
    trace = [call.trace[at : at + 32] for at in range(0, len(call.trace), 32)]
    return decode_output(call.output), trace
