"""What the inbox announces."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class ItemQueued:
    """The inbox grew by one item (``kind`` is an ``InboxKind``).

    ``market`` and ``price`` are those of a close, ``other`` the agent or the owner that
    another item names.  ``publisher`` says ``price`` of ``market`` as of ``time_ms``.
    """

    index: int
    kind: int
    owner: bytes
    sub: int
    amount: int
    accumulator: bytes
    asset: int = 0
    market: int = 0
    price: int = 0
    other: bytes = b""
    publisher: int = 0
    time_ms: int = 0


InboxEvent = ItemQueued

INBOX_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.ITEM_QUEUED: ItemQueued,
}
