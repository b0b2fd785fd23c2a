"""Deadlines of the inbox, which shrink while a sequencer makes L1's items wait.

An item executes by derivation once it has waited for the deadline.  That is
``inbox_deadline_ms`` as long as items are taken in good time: an honest sequencer may
be away for a day.  Time in which an item that was consumed had waited for longer than
``inbox_delay_free_ms`` is *spent*, once, however many items waited; what is spent
makes the deadline shorter, down to ``inbox_deadline_ms_min``.  All other time gives back
``inbox_refill_ppm`` of itself.  So whoever delays everything by a day does so once, and
then by half an hour.

The cursor remembers what was spent, and up to which time that was counted: whether an
item is overdue is told from the state and the block's time alone.
"""

from statemachine.cursor import Cursor
from statemachine.inbox import InboxItem
from statemachine.rules import Rules
from statemachine.units import PPM_ONE, clamp, div_floor


def deadline_least(rules: Rules) -> int:
    """Return how long any item may wait, whatever was spent, ms."""
    return min(rules.inbox_deadline_ms, rules.inbox_deadline_ms_min)


def deadline_of(rules: Rules, cursor: Cursor) -> int:
    """Return how long an item may wait at the moment, ms."""
    left = rules.inbox_deadline_ms - cursor.inbox_spent
    return max(deadline_least(rules), left)


def note_delay(rules: Rules, cursor: Cursor, item: InboxItem) -> None:
    """Count how long an item that is being consumed has waited."""
    passed = cursor.time - cursor.inbox_counted
    spent = clamp(cursor.time - item.time - rules.inbox_delay_free_ms, 0, passed)
    back = div_floor((passed - spent) * rules.inbox_refill_ppm, PPM_ONE)
    left = max(0, cursor.inbox_spent - back) + spent
    cursor.inbox_spent = min(left, rules.inbox_deadline_ms)
    cursor.inbox_counted = cursor.time
