"""What a call costs: what is known from the call alone, and the most that it may come to.

What a call takes at least (``gas_of``) follows from the call alone: its bytes, and the
words that it stores (:mod:`prover.contract.intrinsic`).  On top of it comes what is only
known when it is done, and is counted while it is done (``Meter.charge``): claims that are
marked, and what :mod:`prover.contract.ceilings` lists.  A sender must hold the fee of the
most a call may take (``limit_of``); what was not used he gets back.  No call has more than
``GAS_CALL_MAX``: EIP-7825 bounds a transaction at 2^24.  What needs more from the start is
in no block, and what comes to need more is refused, for all that it had (``OUT_OF_GAS``).
"""

from prover.contract.calls import Call, ClaimBond, ProveFault
from prover.contract.ceilings import COUNTED
from prover.contract.intrinsic import WORK
from prover.contract.prices import CALL_GAS, CONVICT_GAS, GAS_CALL_MAX, MARK_GAS, verdict_gas
from prover.faults import Work


def gas_of(call: Call) -> int:
    """Return the gas that a call takes at least: what is counted while it is done comes on top."""
    return CALL_GAS + WORK[type(call)](call)


def limit_of(call: Call, marks_max: int) -> int:
    """Return the most gas that a call may take, if it marks at most so many claims."""
    most = gas_of(call) + (marks_max + isinstance(call, ClaimBond | ProveFault)) * MARK_GAS
    counted = COUNTED.get(type(call))
    if counted is not None:
        most += counted(call)
    return max(min(most, GAS_CALL_MAX), gas_of(call))


def proof_gas(call: ProveFault, work: Work) -> int:
    """Return what a proof takes that convicts a claim without descendants."""
    return gas_of(call) + verdict_gas(work) + MARK_GAS + CONVICT_GAS
