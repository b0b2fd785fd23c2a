"""Brackets, TWAPs and the dead-man's switch: orders that act later."""

from typing import Final

from statemachine.actions import (
    FEE_ANY,
    FLAG_FOK,
    FLAG_IOC,
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    FLAG_SLIDE,
    Bracket,
    CancelAt,
    Twap,
)
from statemachine.book.entry import ORDER_LOTS_LIMIT, Entry, market_allows, shape_allows
from statemachine.book.resting import NO_CLIENT
from statemachine.book.room import room_allows
from statemachine.costs import COST_DUE, COST_GROUP, COST_PLACE, COST_PORTFOLIO
from statemachine.errors import Code
from statemachine.handlers.order import execute_order
from statemachine.keys import LANE_USER, due_key
from statemachine.risk.margin import charge_markets
from statemachine.states import STATE_SETTLED
from statemachine.step import Step
from statemachine.waiting.brackets import open_group
from statemachine.waiting.grouping import call_group
from statemachine.waiting.switch import arm_switch, disarm_switch
from statemachine.waiting.twap import start_twap

EXIT_NEVER: Final = FLAG_POST_ONLY | FLAG_SLIDE | FLAG_FOK | FLAG_PEG
"""Flags of which an exit has none."""


def execute_bracket(step: Step, action: Bracket) -> None:
    """Place an entry whose exits wait for it, or two exits that end each other."""
    step.cost += COST_GROUP
    entry = action.entry
    if step.cursor.continuation == 0 and not exits_allow(step, action):
        return
    if entry is None:
        open_pair(step, action)
        return
    first = step.cursor.continuation == 0
    number = step.state.ledger().next_sequence if first else step.cursor.order_id
    if first:
        # The entry may end within this very step, and its group must hear of it.
        open_group(step.state, number, step.account << 8 | action.sub, action.exits)
    execute_order(step, entry, 1)
    settle_bracket(step, number)


def settle_bracket(step: Step, number: int) -> None:
    """Forget a bracket whose entry was refused before it could trade."""
    state = step.state
    group = state.group(number)
    if step.more or group is None:
        return
    if step.code == Code.OK or step.filled > 0:
        return
    if group.item:
        # Its entry ended in this block, and asked for what nobody needs now.
        state.remove_due(LANE_USER, due_key(LANE_USER, step.now, group.item))
    group.live = False
    state.touch(group)


def exits_allow(step: Step, action: Bracket) -> bool:
    """Check the exits of a bracket by shape."""
    entry = action.entry
    market = action.exits[0].market
    parameters = step.state.market_rules.get(market)
    if parameters is None:
        step.refuse(Code.MARKET_UNKNOWN, (market,))
        return False
    if step.state.market(market).state == STATE_SETTLED:
        step.refuse(Code.MARKET_STATE, (STATE_SETTLED,))
        return False
    for order in action.exits:
        sells = order.flags & FLAG_SELL
        opposed = entry is None or sells != entry.flags & FLAG_SELL
        never = order.client_id or order.terms.builder
        if not opposed or never or order.flags & EXIT_NEVER:
            step.refuse(Code.FIELD, (order.flags,))
            return False
        if not 0 < order.size < ORDER_LOTS_LIMIT:
            step.refuse(Code.SIZE_RANGE, (order.size,))
            return False
        if order.price <= 0 or order.terms.trigger_price <= 0:
            step.refuse(Code.PRICE_RANGE, (order.price,))
            return False
        if order.price % parameters.tick or order.terms.trigger_price % parameters.tick:
            step.refuse(Code.TICK, (parameters.tick,))
            return False
    return True


def open_pair(step: Step, action: Bracket) -> None:
    """Let two exits of a position wait; the first to fire ends the other."""
    state = step.state
    number = step.account << 8 | action.sub
    order = action.exits[0]
    portfolio = state.portfolio(number)
    position = None if portfolio is None else state.find_position(portfolio, order.market)
    held = 0 if position is None else position.size
    if held == 0 or (held > 0) != bool(order.flags & FLAG_SELL):
        step.refuse(Code.REDUCE_ONLY, (held,))
        return
    if portfolio is not None and not room_allows(step, portfolio, len(action.exits)):
        return
    ledger = state.ledger()
    step.order_id = ledger.next_sequence
    ledger.next_sequence += 1
    state.touch(ledger)
    group = open_group(state, step.order_id, number, action.exits)
    group.filled = max(order.size for order in action.exits)
    call_group(state, step.order_id)


def execute_twap(step: Step, action: Twap) -> None:
    """Start trading in slices; each is checked again when its time comes."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_PLACE + COST_DUE
    number = step.account << 8 | action.sub
    parameters = state.market_rules.get(action.market)
    portfolio = state.portfolio(number)

    # CHECKS, in the order of their codes
    if parameters is None:
        step.refuse(Code.MARKET_UNKNOWN, (action.market,))
        return
    if portfolio is None:
        step.refuse(Code.MARGIN, (0, 0))
        return
    charge_markets(step, portfolio)
    if action.flags & ~(FLAG_SELL | FLAG_REDUCE_ONLY | FLAG_IOC) or action.slices < 2:
        step.refuse(Code.FIELD, (action.flags, action.slices))
        return
    if action.interval < step.rules.twap_interval_min:
        step.refuse(Code.TIME_PAST, (step.rules.twap_interval_min,))
        return
    entry = Entry(
        portfolio,
        state.market(action.market),
        parameters,
        action.flags,
        action.price,
        action.size,
        b"",
        NO_CLIENT,
        0,
        0,
        FEE_ANY,
        0,
    )
    if not shape_allows(step, entry):
        return
    if not room_allows(step, portfolio):
        return
    if action.market not in portfolio.markets and not market_allows(step, portfolio, action.market):
        return

    # EFFECTS
    start_twap(step, entry, action.slices, action.interval)


def execute_cancel_at(step: Step, action: CancelAt) -> None:
    """Set or disarm the dead-man's switch of a sub-account."""
    # READ
    state = step.state
    step.cost += COST_PORTFOLIO + COST_DUE
    number = step.account << 8 | action.sub
    portfolio = state.portfolio(number)

    # CHECKS
    if portfolio is None:
        step.refuse(Code.BALANCE, (0, 0))
        return
    if action.time and action.time <= step.now:
        step.refuse(Code.TIME_PAST, (action.time, step.now))
        return

    # EFFECTS
    disarm_switch(step, portfolio)
    if action.time:
        arm_switch(step, portfolio, action.time)
