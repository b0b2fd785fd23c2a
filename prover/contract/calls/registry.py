"""All calls by their kinds, and the canonical bytes of each: ``[kind, field, ...]``."""

from typing import Any, Final

from prover.contract.calls.attesters import ATTESTER_CALLS, AttesterCall
from prover.contract.calls.claims import CLAIM_CALLS, ClaimCall
from prover.contract.calls.disputes import DISPUTE_CALLS, DisputeCall
from prover.contract.calls.escape import ESCAPE_CALLS, EscapeCall
from prover.contract.calls.inbox import INBOX_CALLS, InboxCall
from prover.contract.calls.kinds import CallKind
from prover.contract.calls.log import LOG_CALLS, LogCall
from prover.contract.calls.promises import PROMISE_CALLS, PromiseCall
from prover.contract.calls.sales import SALE_CALLS, SaleCall
from prover.contract.calls.versions import VERSION_CALLS, VersionCall
from prover.contract.calls.withdrawals import WITHDRAWAL_CALLS, WithdrawalCall
from prover.contract.shapes import build_record, values_of
from statemachine.codec import pack, unpack
from statemachine.errors import FrameInvalid

INT_LIMIT: Final = 1 << 63

Call = (
    # The calls of each idea.
    AttesterCall
    | ClaimCall
    | DisputeCall
    | EscapeCall
    | InboxCall
    | LogCall
    | PromiseCall
    | SaleCall
    | VersionCall
    | WithdrawalCall
)

CALLS: Final[dict[CallKind, type[Any]]] = {
    **ATTESTER_CALLS,
    **CLAIM_CALLS,
    **DISPUTE_CALLS,
    **ESCAPE_CALLS,
    **INBOX_CALLS,
    **LOG_CALLS,
    **PROMISE_CALLS,
    **SALE_CALLS,
    **VERSION_CALLS,
    **WITHDRAWAL_CALLS,
}
KINDS: Final[dict[type[Any], CallKind]] = {call: kind for kind, call in CALLS.items()}


def encode_call(call: Call) -> bytes:
    """Return the canonical bytes of a call."""
    return pack([int(KINDS[type(call)]), *values_of(call)])


def decode_call(data: bytes) -> Call:
    """Return the call that ``data`` encodes, or raise ``FrameInvalid``."""
    values = unpack(data)
    if not isinstance(values, list) or not values or values[0] not in list(CallKind):
        raise FrameInvalid("call: its kind is not known")
    return build_call(CallKind(values[0]), values[1:])


def build_call(kind: CallKind, values: list[Any]) -> Call:
    """Return a call of these fields; ``FrameInvalid`` if they do not fit its shape."""
    shape = CALLS[kind]
    call: Call = build_record("call", shape, values)
    if not all(type(v) is bytes or 0 <= v < INT_LIMIT for v in values):
        raise FrameInvalid(f"call: a number of {shape.__name__} is out of range")
    return call
