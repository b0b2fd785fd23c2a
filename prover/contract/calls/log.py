"""Calls that write the log."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.calls.kinds import CallKind


@final
@dataclass(frozen=True, slots=True)
class Append:
    """Write log entry ``index``, to be executed by rules ``version``; not if another is next."""

    index: int
    data: bytes
    version: int = 1


@final
@dataclass(frozen=True, slots=True)
class AppendEmpty:
    """Write entry ``index`` of inbox items only: in a silence, or while they wait for room."""

    index: int


LogCall = Append | AppendEmpty

LOG_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.APPEND: Append,
    CallKind.APPEND_EMPTY: AppendEmpty,
}
