"""All events by their kinds, and the canonical bytes of each: ``[kind, field, ...]``."""

from typing import Any, Final

from prover.contract.events.attesters import ATTESTER_EVENTS, AttesterEvent
from prover.contract.events.claims import CLAIM_EVENTS, ClaimEvent
from prover.contract.events.disputes import DISPUTE_EVENTS, DisputeEvent
from prover.contract.events.escape import ESCAPE_EVENTS, EscapeEvent
from prover.contract.events.inbox import INBOX_EVENTS, InboxEvent
from prover.contract.events.kinds import EventKind
from prover.contract.events.log import LOG_EVENTS, LogEvent
from prover.contract.events.promises import PROMISE_EVENTS, PromiseEvent
from prover.contract.events.sales import SALE_EVENTS, SaleEvent
from prover.contract.events.versions import VERSION_EVENTS, VersionEvent
from prover.contract.events.withdrawals import WITHDRAWAL_EVENTS, WithdrawalEvent
from prover.contract.shapes import build_record, values_of
from statemachine.codec import pack, unpack
from statemachine.errors import FrameInvalid

Event = (
    # The events of each idea.
    AttesterEvent
    | ClaimEvent
    | DisputeEvent
    | EscapeEvent
    | InboxEvent
    | LogEvent
    | PromiseEvent
    | SaleEvent
    | VersionEvent
    | WithdrawalEvent
)

EVENTS: Final[dict[EventKind, type[Any]]] = {
    **ATTESTER_EVENTS,
    **CLAIM_EVENTS,
    **DISPUTE_EVENTS,
    **ESCAPE_EVENTS,
    **INBOX_EVENTS,
    **LOG_EVENTS,
    **PROMISE_EVENTS,
    **SALE_EVENTS,
    **VERSION_EVENTS,
    **WITHDRAWAL_EVENTS,
}
KINDS: Final[dict[type[Any], EventKind]] = {event: kind for kind, event in EVENTS.items()}


def encode_event(event: Event) -> bytes:
    """Return the canonical bytes of an event."""
    return pack([int(KINDS[type(event)]), *values_of(event)])


def decode_event(data: bytes) -> Event:
    """Return the event that ``data`` encodes, or raise ``FrameInvalid``."""
    values = unpack(data)
    if not isinstance(values, list) or not values or values[0] not in list(EventKind):
        raise FrameInvalid("event: its kind is not known")
    event: Event = build_record("event", EVENTS[EventKind(values[0])], values[1:])
    return event
