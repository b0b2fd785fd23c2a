"""The freeze: when the exchange stops for good, and what still works after it.

Anyone may freeze it, by the newest final claim, for one of two reasons.  Nothing
undoes a freeze.

=======  ====================================================================
reason   when
=======  ====================================================================
inbox    the claim left an item waiting for ``freeze_ms`` after its deadline:
         for longer than a claim takes to become final, the exchange ignored
         what it must not ignore
silence  its state says (``cursor.framed_at``) that no sequencer made a valid
         frame for ``liveness_ms_max`` and ``freeze_ms``: junk in the log, and
         entries of inbox items that others append, are no sequencer.  Counted
         from the first log entry at the earliest: genesis may be of any time
=======  ====================================================================

Claims that are pending then still run out their windows and may still be
disputed; no new ones come.  The last that becomes final is what counts
(:mod:`prover.contract.escape`).
"""

from typing import Final

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Attest,
    BondSequencer,
    BuyWithdrawal,
    CancelOffer,
    CancelRules,
    ClaimBond,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    Freeze,
    JoinAttesters,
    LeaveAttesters,
    LeaveBond,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    Propose,
    ProveBroken,
    ProveEquivocation,
    ProveFault,
    QueueOracle,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
    ScheduleRules,
    Settle,
    SlashAttesters,
    TakeBond,
    TakeStake,
)
from prover.contract.claims import is_due
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import Frozen
from prover.contract.proofs import read_proof
from prover.contract.records import Freeze as Stopped
from prover.contract.records import FreezeReason
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.durations import tell_moment
from prover.verdict import open_cursor

STOPPED_BY_FREEZE: Final = frozenset(
    {
        Append,
        AppendEmpty,
        Attest,
        BuyWithdrawal,
        CancelOffer,
        CancelRules,
        ClaimWithdrawal,
        Deposit,
        ForceCancelAll,
        ForceClose,
        ForcePoke,
        ForceRevoke,
        ForceWithdraw,
        Freeze,
        JoinAttesters,
        OfferWithdrawal,
        Propose,
        QueueOracle,
        ScheduleRules,
    }
)
"""Calls that are refused once the exchange is frozen."""
KEPT_BY_FREEZE: Final = frozenset(
    {
        BondSequencer,
        ClaimBond,
        CommitFault,
        LeaveAttesters,
        LeaveBond,
        OpenEscape,
        PayEscape,
        ProveBroken,
        ProveEquivocation,
        ProveFault,
        RefundDeposit,
        RegisterPortfolio,
        RegisterShare,
        RegisterWithdrawal,
        Settle,
        SlashAttesters,
        TakeBond,
        TakeStake,
    }
)
"""Calls that are not; every call is in one of the two."""


def check_running(context: Context, call: object) -> None:
    """Refuse what a frozen exchange does no longer."""
    frozen = context.state.frozen.record
    require(
        frozen is None or type(call) not in STOPPED_BY_FREEZE,
        ContractCode.FROZEN,
        f"the exchange is frozen since {frozen.time if frozen else 0}: see `sextant escape`",
    )


def freeze_from(state: ContractState, rules: ContractRules) -> int | None:
    """Return from when on (ms) the exchange may be frozen; ``None`` if nothing waits.

    That is ``freeze_ms`` after the deadline of the first item that the newest final
    claim did not consume, by the exchange's nominal deadline.
    """
    index = state.claims[state.newest_final].output.inbox_index
    if index >= len(state.inbox):
        return None
    return state.inbox[index].item.time + rules.rules.inbox_deadline_ms + rules.freeze_ms


def silence_from(context: Context, proof: bytes, root: bytes) -> int:
    """Return from when on (ms) silence permits a freeze, by the cursor shown under ``root``."""
    cursor = read_proof(context, proof, root, ContractCode.FREEZE_PROOF, open_cursor)
    if cursor is None:
        raise Refusal(ContractCode.FREEZE_PROOF, "the state shown has no cursor")
    log = context.state.log
    require(
        len(log) > 0,
        ContractCode.FREEZE_EARLY,
        "the log is empty: no sequencer has fallen silent that never began",
    )
    return silence_limit(context.rules, log[0].time, cursor.framed_at)


def silence_limit(rules: ContractRules, began: int, framed_at: int) -> int:
    """Return from when on (ms) silence permits a freeze, after a last frame at ``framed_at``.

    ``began`` is when the log's first entry came.
    """
    return max(began, framed_at) + rules.liveness_ms_max + rules.freeze_ms


def freeze(context: Context, call: Freeze) -> int:
    """Stop the exchange; return the reason."""
    # READ
    state, now = context.state, context.moment.time
    newest = state.claims[state.newest_final]
    index = newest.output.inbox_index
    reason = FreezeReason.SILENCE if call.proof else FreezeReason.INBOX

    # CHECKS, in the order of their codes
    require(
        call.claim == newest.number,
        ContractCode.NOT_NEWEST,
        f"claim {call.claim} is not the newest final one, which is {newest.number}",
    )
    require(
        not is_due(context),
        ContractCode.NOT_NEWEST,
        "claims whose windows are over are not decided yet: settle them first",
    )
    start: int | None
    if call.proof:
        start = silence_from(context, call.proof, newest.output.post_root)
        why = "a frame was valid so lately that silence permits a freeze only from"
    else:
        start = freeze_from(state, context.rules)
        why = f"item {index} of the inbox permits a freeze only from"
    require(
        start is not None,
        ContractCode.FREEZE_EARLY,
        f"claim {newest.number} consumed all {index} items of the inbox",
    )
    if start is not None and now < start:
        raise Refusal(ContractCode.FREEZE_EARLY, f"{why} {tell_moment(start, now)} on")

    # EFFECTS
    state.frozen.put(Stopped(now, int(reason), index))
    context.emit(Frozen(newest.number, int(reason), index))
    return int(reason)


HANDLERS: Final[Handlers] = {Freeze: freeze}
