"""The freeze: when the exchange stops for good, and what still works after it.

Anyone may freeze it once the newest final claim has left an inbox item waiting
for ``freeze_ms`` after its deadline: then the exchange ignored, for longer than a
claim takes to become final, what it must not ignore.  Nothing undoes a freeze.

Claims that are pending then still run out their windows and may still be
disputed; no new ones come.  The last that becomes final is what counts
(:mod:`prover.contract.escape`).
"""

from typing import Final

from prover.contract.calls import (
    Append,
    AppendEmpty,
    BuyWithdrawal,
    CancelOffer,
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
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    Propose,
    ProveFault,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
    Settle,
)
from prover.contract.codes import ContractCode, require
from prover.contract.context import Context, Handlers
from prover.contract.events import Frozen
from prover.contract.records import Freeze as Stopped
from prover.contract.records import FreezeReason
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState

STOPPED_BY_FREEZE: Final = frozenset(
    {
        Append,
        AppendEmpty,
        BuyWithdrawal,
        CancelOffer,
        ClaimWithdrawal,
        Deposit,
        ForceCancelAll,
        ForceClose,
        ForcePoke,
        ForceRevoke,
        ForceWithdraw,
        Freeze,
        OfferWithdrawal,
        Propose,
    }
)
"""Calls that are refused once the exchange is frozen."""
KEPT_BY_FREEZE: Final = frozenset(
    {
        ClaimBond,
        CommitFault,
        OpenEscape,
        PayEscape,
        ProveFault,
        RefundDeposit,
        RegisterPortfolio,
        RegisterShare,
        RegisterWithdrawal,
        Settle,
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


def freeze(context: Context, call: Freeze) -> int:
    """Stop the exchange; return the reason."""
    # READ
    state, rules, now = context.state, context.rules, context.moment.time
    newest = state.claims[state.newest_final]
    index, start = newest.output.inbox_index, freeze_from(state, rules)

    # CHECKS, in the order of their codes
    require(
        call.claim == newest.number,
        ContractCode.NOT_NEWEST,
        f"claim {call.claim} is not the newest final one, which is {newest.number}",
    )
    require(
        start is not None and now >= start,
        ContractCode.FREEZE_EARLY,
        f"claim {newest.number} consumed all {index} items of the inbox"
        if start is None
        else f"item {index} of the inbox permits a freeze from {start} on, it is {now}",
    )

    # EFFECTS
    reason = FreezeReason.INBOX
    state.frozen.put(Stopped(now, int(reason), index))
    context.emit(Frozen(newest.number, int(reason), index))
    return int(reason)


HANDLERS: Final[Handlers] = {Freeze: freeze}
