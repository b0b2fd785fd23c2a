"""The log: batches of frames, in order, as the only input of derivation.

The sequencer appends; once the log has been silent for ``liveness_ms_max`` anyone
may append an empty entry, one in each such time, and more if the inbox is so full that
its items wait for room (:mod:`prover.contract.reach`).  It reads as one empty frame, and
so makes a block of overdue inbox items.  The contract computes the root over the chunks
itself and notes its own time, how far the inbox had come, and the version of the
exchange's rules that executes the entry (:mod:`prover.contract.versions`).
"""

from dataclasses import dataclass, replace
from typing import Final, final

from prover.contract.calls import Append, AppendEmpty
from prover.contract.codes import ContractCode, require
from prover.contract.context import Context, Handlers
from prover.contract.events import EntryAppended
from prover.contract.inbox import accumulator_at
from prover.contract.reach import blocks_in, overdue_ms, overdue_ms_max, reach
from prover.contract.records import LogHeader
from prover.contract.versions import check_entry_version, version_at
from prover.entry import ENTRY_VERSION, EntryFacts, data_root

EMPTY_ENTRY: Final = b""
HEAD_BYTES: Final = 3


@final
@dataclass(frozen=True, slots=True)
class LogEntry:
    """A log entry whole: what the contract keeps of it, and its bytes.

    Parameters
    ----------
    index
        Its place in the log, from 0.
    data
        The bytes appended.
    time
        L1 time of the append, in ms.
    inbox_count
        How many inbox items were queued by then.
    data_root
        The contract's root over the chunks of ``data``.
    sender
        Who appended it.
    block
        The L1 block that carries it.
    inbox_accumulator
        The hash of the queue up to ``inbox_count``.
    version
        The rules that execute it.
    pruned
        Whether L1 has dropped the bytes, so that they have to come from elsewhere.
    """

    index: int
    data: bytes
    time: int
    inbox_count: int
    data_root: bytes
    sender: bytes
    block: int
    inbox_accumulator: bytes
    version: int = 1
    pruned: bool = False

    @property
    def facts(self) -> EntryFacts:
        """Return what the contract knows of it without its bytes."""
        return EntryFacts(self.index, len(self.data), self.data_root, self.time, self.inbox_count)

    @property
    def is_intact(self) -> bool:
        """Whether ``data`` is what the contract hashed."""
        return data_root(self.data) == self.data_root

    def tell_missing(self) -> str:
        """Return why ``data`` is not what the contract hashed, and what helps."""
        what = "has dropped its bytes" if self.pruned else "serves bytes not under its root"
        return f"L1 {what}; --archives names followers that keep what L1 drops"


def entry_of(header: LogHeader, data: bytes) -> LogEntry:
    """Return the whole entry."""
    return LogEntry(
        index=header.index,
        data=data,
        time=header.time,
        inbox_count=header.inbox_count,
        data_root=header.data_root,
        sender=header.sender,
        block=header.block,
        inbox_accumulator=header.inbox_accumulator,
        version=header.version,
    )


def append(context: Context, call: Append) -> int:
    """Append the sequencer's frames; return the entry's index."""
    # READ
    rules, state, size = context.rules, context.state, len(call.data)

    # CHECKS, in the order of their codes
    require(
        context.sender == rules.sequencer,
        ContractCode.NOT_SEQUENCER,
        f"sender {context.sender.hex()} is not the sequencer {rules.sequencer.hex()}",
    )
    check_place(context, call.index)
    require(
        HEAD_BYTES <= size <= rules.entry_bytes_max,
        ContractCode.ENTRY_SIZE,
        f"{size} bytes, need {HEAD_BYTES} to {rules.entry_bytes_max}",
    )
    require(
        call.data[0] == ENTRY_VERSION,
        ContractCode.ENTRY_VERSION,
        f"version {call.data[0]}, active is {ENTRY_VERSION}",
    )
    frames = int.from_bytes(call.data[1:HEAD_BYTES], "big")
    require(
        0 < frames <= rules.entry_frames_max,
        ContractCode.ENTRY_FRAMES,
        f"{frames} frames, need 1 to {rules.entry_frames_max}",
    )
    check_entry_version(context, call.version)

    # EFFECTS
    state.sums.put(replace(state.totals, sequencer_time=context.moment.time))
    oldest = context.moment.time - rules.rules.receipt_deadline_ms
    reached = reach(state, rules, blocks_in(call.data), oldest)
    return write_entry(context, call.data, call.version, reached)


def append_empty(context: Context, call: AppendEmpty) -> int:
    """Append an entry of inbox items only; return the entry's index."""
    # READ
    rules, state, now = context.rules, context.state, context.moment.time
    silence, silence_max = now - silent_since(context), rules.liveness_ms_max
    overdue, overdue_max = overdue_ms(state, rules, now), overdue_ms_max(rules)
    waits = f"; an item waits for room for {overdue} ms, not yet for more than {overdue_max} ms"

    # CHECKS, in the order of their codes
    require(
        silence > silence_max or overdue > overdue_max,
        ContractCode.SEQUENCER_ALIVE,
        f"the log was silent for {silence} ms, not yet for more than {silence_max} ms"
        + (waits if overdue else ""),
    )
    check_place(context, call.index)

    # EFFECTS
    version = version_at(state, now)
    return write_entry(context, EMPTY_ENTRY, version, reach(state, rules, 1, now))


def silent_since(context: Context) -> int:
    """Return since when (ms) the log has had no entry, of anybody.

    An empty one counts as well: so a sequencer that comes back finds time in which the
    log is its own, and nobody can make others' bonds pay for entries that say nothing.
    """
    log = context.state.log
    return max(log[-1].time if log else 0, context.rules.genesis_time_ms)


def check_place(context: Context, index: int) -> None:
    """Refuse an entry that is not the next one: a retry must not append twice."""
    following = len(context.state.log)
    require(
        index == following, ContractCode.ENTRY_INDEX, f"entry {index}, the next one is {following}"
    )


def write_entry(context: Context, data: bytes, version: int, reached: int) -> int:
    """Store the header of a checked entry and announce it."""
    state = context.state
    header = LogHeader(
        index=len(state.log),
        data_root=data_root(data),
        length=len(data),
        time=context.moment.time,
        block=context.moment.block,
        inbox_count=len(state.inbox),
        inbox_accumulator=accumulator_at(state, len(state.inbox)),
        sender=context.sender,
        version=version,
        reached=reached,
    )
    state.log.put(header.index, header)
    context.emit(
        EntryAppended(
            header.index,
            header.data_root,
            header.length,
            header.inbox_count,
            header.sender,
            version,
        )
    )
    return header.index


HANDLERS: Final[Handlers] = {Append: append, AppendEmpty: append_empty}
