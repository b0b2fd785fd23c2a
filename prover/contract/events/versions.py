"""What is announced about versions of the exchange's rules."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class RulesScheduled:
    """A version comes into force at ``starts``, ms, unless it is taken back."""

    version: int
    starts: int
    rules_hash: bytes


@final
@dataclass(frozen=True, slots=True)
class RulesCancelled:
    """A version that was scheduled does not come."""

    version: int


VersionEvent = RulesScheduled | RulesCancelled

VERSION_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.RULES_SCHEDULED: RulesScheduled,
    EventKind.RULES_CANCELLED: RulesCancelled,
}
