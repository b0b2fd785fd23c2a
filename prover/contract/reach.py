"""How far the log must have come through the inbox, told from the log's headers alone.

A block executes whatever is overdue, up to ``inbox_items_max`` items.  So an entry of
``n`` blocks takes the log ``n`` times as far, or to the first item that was not overdue
yet; what the sequencer named before its time comes on top, and is not counted.  Each
header keeps how many items there was room for, ``reached``: no fewer were executed.

An item that was overdue for long, and for which there has been no room, lets anyone
append an empty entry at once, silence or not: however much is queued ahead of an exit,
it is executed ``deadline + overdue_ms_max`` after it was queued, if somebody spends one
call for every ``inbox_items_max`` items.  Nobody can append more for nothing: beyond one
in each silence there is one for so many items that somebody queued.
"""

from bisect import bisect_right

from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from prover.entry import frame_spans, head_length


def blocks_in(data: bytes) -> int:
    """Return how many blocks an entry makes."""
    return len(frame_spans(data[: head_length(data)], len(data)))


def reached_before(state: ContractState) -> int:
    """Return for how many inbox items the log has had room so far."""
    return state.log[-1].reached if state.log else 0


def due_at(state: ContractState, rules: ContractRules, index: int) -> int:
    """Return when (ms) an inbox item is overdue at the latest: by the nominal deadline."""
    return state.inbox[index].item.time + rules.rules.inbox_deadline_ms


def reach(state: ContractState, rules: ContractRules, blocks: int, time: int) -> int:
    """Return for how many items there is room once ``blocks`` were made at ``time`` or later."""
    before = reached_before(state)
    most = min(before + blocks * rules.rules.inbox_items_max, len(state.inbox))
    ahead = range(before, most)
    return before + bisect_right(ahead, time, key=lambda index: due_at(state, rules, index))


def overdue_ms(state: ContractState, rules: ContractRules, now: int) -> int:
    """Return for how long an item has been overdue that there was no room for, ms."""
    index = reached_before(state)
    if index >= len(state.inbox):
        return 0
    return max(0, now - due_at(state, rules, index))


def overdue_ms_max(rules: ContractRules) -> int:
    """Return how long an item may be overdue before anyone may append for it, ms.

    Later than a sequencer that appends in good time can ever leave one without room:
    its frames may be ``receipt_deadline_ms`` old when they come to L1.
    """
    return rules.liveness_ms_max + rules.rules.receipt_deadline_ms
