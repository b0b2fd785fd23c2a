"""Calls about versions of the exchange's rules."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class ScheduleRules:
    """Let ``rules`` (canonical bytes) come into force as ``version`` at ``starts``, ms."""

    version: int
    starts: int
    rules: bytes


@final
@dataclass(frozen=True, slots=True)
class CancelRules:
    """Take back a version that is scheduled."""

    version: int


VersionCall = ScheduleRules | CancelRules

VERSION_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.SCHEDULE_RULES: ScheduleRules,
    CallKind.CANCEL_RULES: CancelRules,
}
