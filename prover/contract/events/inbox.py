"""What the inbox announces."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class ItemQueued:
    """The inbox grew by one item (``kind`` is an ``InboxKind``)."""

    index: int
    kind: int
    owner: bytes
    sub: int
    amount: int
    accumulator: bytes
    asset: int = 0


InboxEvent = ItemQueued

INBOX_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.ITEM_QUEUED: ItemQueued,
}
