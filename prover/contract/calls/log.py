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
    """Write an empty entry ``index`` while the sequencer is silent: inbox items only."""

    index: int


LogCall = Append | AppendEmpty

LOG_CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.APPEND: Append,
    CallKind.APPEND_EMPTY: AppendEmpty,
}
