"""What the log announces."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class EntryAppended:
    """The log grew by one entry of ``length`` bytes, executed by rules ``version``."""

    index: int
    data_root: bytes
    length: int
    inbox_count: int
    sender: bytes
    version: int


LogEvent = EntryAppended

LOG_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.ENTRY_APPENDED: EntryAppended,
}
