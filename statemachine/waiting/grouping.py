"""Brackets: what happens to exits when an entry ends, and to one exit when the other fires.

A bracket never acts within the step that moved it: it asks for due work in
the user lane, which arms its exits, or takes away the one that is left.
"""

from statemachine.keys import LANE_USER
from statemachine.state import State

DUE_GROUP = 16
"""Kind of due work: a bracket whose entry or exit has ended."""


def end_entry(state: State, number: int, filled: int) -> None:
    """Note that a bracket's entry has ended, with ``filled`` lots."""
    group = state.group(number)
    if group is None:
        return
    group.filled += filled
    state.touch(group)
    call_group(state, number)


def call_group(state: State, number: int) -> None:
    """Ask that a bracket be looked at as soon as user work is due."""
    group = state.group(number)
    if group is not None:
        now = state.cursor.time
        state.add_due(LANE_USER, now, DUE_GROUP, group.market, group.portfolio, number)
