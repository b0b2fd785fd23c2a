"""Brackets: what happens to exits when an entry ends, and to one exit when the other fires.

A bracket never acts within the step that moved it: it asks for due work in
the user lane, which arms its exits, or takes away the one that is left.  It has
one item there at most, however many of its orders end.
"""

from statemachine.keys import LANE_USER, due_number
from statemachine.state import State

DUE_GROUP = 16
"""Kind of due work: a bracket whose entry or exit has ended."""


def end_entry(state: State, number: int, filled: int) -> None:
    """Note that a bracket's entry has ended, with ``filled`` lots."""
    count_filled(state, number, filled)
    call_group(state, number)


def count_filled(state: State, number: int, filled: int) -> None:
    """Note lots that a bracket's entry filled, but has not ended with."""
    group = state.group(number)
    if group is not None:
        group.filled += filled
        state.touch(group)


def call_group(state: State, number: int) -> None:
    """Ask that a bracket be looked at as soon as user work is due."""
    group = state.group(number)
    if group is None or group.item:
        return
    now = state.cursor.time
    key = state.add_due(LANE_USER, now, DUE_GROUP, group.market, group.portfolio, number)
    group.item = due_number(key)
    state.touch(group)
