"""Market states: what each of them lets a trader do.

======  ================  =====================================  ============
state   name              orders                                 liquidations, forced closes
======  ================  =====================================  ============
0       initializing      none: there is no price yet            none yet
1       active            all                                    go on
2       post-only         such as can only rest                  go on
3       cancel-only       none                                   go on
4       paused            none                                   wait
5       final settlement  none, for good                         need not wait
======  ================  =====================================  ============

Cancels, withdrawals and transfers ask for no state: whoever could leave before
can leave still.  A market becomes active with its first price; one that only
prices collateral becomes cancel-only, and never takes an order.  Between 1 and 4
a market is moved by the rules' guardian, who can also settle it, and cannot undo that:
then its price stands still, its orders go, and every position is closed at that
price (:mod:`statemachine.risk.settlement`).  One that prices collateral cannot be
settled: what it prices would be worth the same for ever.
"""

from typing import Final

from statemachine.actions import FLAG_POST_ONLY

STATE_INITIALIZING: Final = 0
STATE_ACTIVE: Final = 1
STATE_POST_ONLY: Final = 2
STATE_CANCEL_ONLY: Final = 3
STATE_PAUSED: Final = 4
STATE_SETTLED: Final = 5


def admits_order(state: int, flags: int) -> bool:
    """Return whether a market in ``state`` takes an order with ``flags``."""
    if state == STATE_ACTIVE:
        return True
    return state == STATE_POST_ONLY and flags & FLAG_POST_ONLY != 0


def admits_forced(state: int) -> bool:
    """Return whether a market in ``state`` lets a position be closed by force, or liquidated."""
    return STATE_ACTIVE <= state <= STATE_CANCEL_ONLY


def may_follow(before: int, after: int) -> bool:
    """Return whether the guardian may move a market from one state to another."""
    return (
        STATE_ACTIVE <= before <= STATE_PAUSED
        and after != before
        and (STATE_ACTIVE <= after <= STATE_SETTLED)
    )
