"""Brackets at work: exits armed once the entry is done, the last one ended by the first.

An exit is armed for no more lots than the entry filled, and only ever reduces.  A
portfolio that has left the market by then, or has no room for more orders, gets
none.
"""

from collections.abc import Sequence

from statemachine import events, keys
from statemachine.actions import FLAG_REDUCE_ONLY, PlaceOrder
from statemachine.book.entry import Entry
from statemachine.book.resting import NO_CLIENT
from statemachine.book.room import has_room
from statemachine.costs import COST_GROUP, COST_PLACE, COST_PORTFOLIO, COST_REMOVE
from statemachine.records import Exit, Group
from statemachine.state import State
from statemachine.states import STATE_SETTLED
from statemachine.step import Step
from statemachine.waiting.sleeping import add_sleeper, remove_sleeper


def open_group(state: State, number: int, portfolio: int, exits: Sequence[PlaceOrder]) -> Group:
    """Keep a bracket's exits until they are wanted."""
    kept = [
        Exit(
            order.flags | FLAG_REDUCE_ONLY,
            order.price,
            order.size,
            order.terms.trigger,
            order.terms.trigger_price,
            0,
        )
        for order in exits
    ]
    key = keys.group_key(number)
    group = Group(key, False, portfolio, exits[0].market, 0, 0, 0, kept)
    state.groups[key] = group
    state.touch(group)
    return group


def process_group(step: Step, number: int) -> None:
    """Arm the exits of a bracket whose entry is done, or end what is left of one."""
    state = step.state
    step.cost += COST_GROUP + COST_PORTFOLIO + 2 * max(COST_PLACE, COST_REMOVE)
    group = state.group(number)
    if group is None:
        return
    group.item = 0
    state.touch(group)
    if group.armed == 0 and group.filled and may_wait(step, group):
        arm_exits(step, group, number)
        return
    for order in group.exits:
        key = keys.sleeper_key(group.market, order.trigger, order.trigger_price, order.sequence)
        sleeper = state.sleeper(key) if order.sequence else None
        if sleeper is not None:
            remove_sleeper(state, sleeper, events.REMOVED_BRACKET)
    group.live = False


def may_wait(step: Step, group: Group) -> bool:
    """Return whether a bracket's exits may wait: there is something to exit, and room."""
    portfolio = step.state.portfolio(group.portfolio)
    if portfolio is None or group.market not in portfolio.markets:
        return False
    if step.state.market(group.market).state == STATE_SETTLED:
        return False
    return has_room(step.rules, portfolio, len(group.exits))


def arm_exits(step: Step, group: Group, number: int) -> None:
    """Let the exits wait for their prices."""
    state = step.state
    portfolio = state.open_portfolio(group.portfolio)
    market = state.market(group.market)
    ledger = state.ledger()
    group.armed = 1
    for order in group.exits:
        order.sequence = ledger.next_sequence
        ledger.next_sequence += 1
        state.touch(ledger)
        entry = Entry(
            portfolio,
            market,
            state.market_rules[group.market],
            order.flags,
            order.price,
            min(order.size, group.filled),
            b"",
            NO_CLIENT,
            0,
            0,
            1_000_000,
            number,
        )
        add_sleeper(step, entry, order.trigger, order.trigger_price, order.sequence)
