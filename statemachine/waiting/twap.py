"""TWAP: one order in even slices, each an IOC of the exchange's own making.

A slice takes ``size / slices`` lots, and what earlier ones left undone, up to
three slices' worth; never past the signed price.  A slice that the market, the
margin or the oracle does not allow is missed, and caught up with later.  After
the last one what remains is given up.
"""

from typing import Final

from statemachine import events, keys
from statemachine.actions import FLAG_IOC
from statemachine.book.entry import (
    Entry,
    book_allows,
    margin_allows,
    shape_allows,
    taker_of,
)
from statemachine.book.matching import match_orders
from statemachine.book.resting import NO_CLIENT
from statemachine.costs import COST_DUE, COST_PORTFOLIO
from statemachine.errors import invariant
from statemachine.fees.shares import pay_shares
from statemachine.fees.standing import report
from statemachine.keys import LANE_USER, due_key, due_number
from statemachine.records import OWNED_TWAP, TwapPlan, encode_owned
from statemachine.risk.margin import charge_markets
from statemachine.state import State
from statemachine.states import STATE_SETTLED
from statemachine.step import Step

DUE_TWAP: Final = 17
"""Kind of due work: the next slice of a TWAP."""
CATCH_UP_MAX: Final = 3


def start_twap(step: Step, entry: Entry, slices: int, interval: int) -> None:
    """Take an order that was checked, and trade it slice by slice from now on."""
    state = step.state
    portfolio = entry.portfolio
    market = entry.market.market
    ledger = state.ledger()
    sequence = ledger.next_sequence
    ledger.next_sequence += 1
    state.touch(ledger)
    step.order_id = sequence
    plan = TwapPlan(
        keys.twap_key(sequence),
        False,
        portfolio.portfolio,
        market,
        entry.flags | FLAG_IOC,
        entry.price,
        entry.size,
        entry.size,
        -(-entry.size // slices),
        slices,
        interval,
    )
    state.twaps[plan.key] = plan
    state.touch(plan)
    owned = keys.owned_key(portfolio.portfolio, market, sequence)
    state.add_blob(owned, encode_owned(OWNED_TWAP, entry.price))
    state.range(owned[:6]).insert(owned)
    position = state.open_position(portfolio, market)
    position.orders += 1
    portfolio.open_orders += 1
    state.touch(position)
    state.touch(portfolio)
    arm_slice(state, plan, sequence, step.now)
    tell(state, plan, sequence, 0, 0)


def process_twap(step: Step, sequence: int) -> None:
    """Trade the next slice; arm the one after it, or end."""
    state = step.state
    step.cost += COST_PORTFOLIO + COST_DUE
    plan = state.twap(sequence)
    if plan is None:
        return
    portfolio = state.portfolio(plan.portfolio)
    if portfolio is None:
        invariant(condition=False, message="a TWAP has an owner")
        return
    charge_markets(step, portfolio)
    plan.item = 0
    if state.market(plan.market).state == STATE_SETTLED:
        remove_twap(state, plan, events.REMOVED_SETTLED)
        return
    plan.slices -= 1
    behind = plan.remaining - plan.slice_size * plan.slices
    size = min(plan.remaining, max(behind, 0), CATCH_UP_MAX * plan.slice_size)
    filled = run_slice(step, plan, size, sequence) if size else 0
    plan.remaining -= filled
    state.touch(plan)
    if plan.remaining == 0 or plan.slices == 0:
        remove_twap(state, plan, events.REMOVED_DONE, filled)
        return
    tell(state, plan, sequence, filled, 0)
    arm_slice(state, plan, sequence, step.now + plan.interval)


def arm_slice(state: State, plan: TwapPlan, sequence: int, time: int) -> None:
    """Let the next slice trade at ``time`` (ms)."""
    key = state.add_due(LANE_USER, time, DUE_TWAP, plan.market, plan.portfolio, sequence)
    plan.next_at = time
    plan.item = due_number(key)
    state.touch(plan)


def run_slice(step: Step, plan: TwapPlan, size: int, sequence: int) -> int:
    """Trade up to ``size`` lots if everything allows it; return the lots filled."""
    state = step.state
    portfolio = state.portfolio(plan.portfolio)
    if portfolio is None:
        return 0
    entry = Entry(
        portfolio,
        state.market(plan.market),
        state.market_rules[plan.market],
        plan.flags,
        plan.price,
        size,
        b"",
        NO_CLIENT,
        0,
        0,
        1_000_000,
        0,
    )
    position = state.position(plan.portfolio, plan.market)
    allowed = (
        shape_allows(step, entry)
        and book_allows(step, entry, position)
        and margin_allows(step, entry, position)
    )
    if not allowed:
        return 0
    step.order_id = sequence
    report(step, portfolio)
    taker = taker_of(step, entry, position, entry.size)
    match_orders(step, taker)
    pay_shares(step, portfolio, entry.builder, taker.shares)
    step.more = False
    return step.filled


def remove_twap(state: State, plan: TwapPlan, reason: int, filled: int = 0) -> None:
    """End a TWAP, and take the slice that it still had to come."""
    sequence = int.from_bytes(plan.key[1:], "big")
    if plan.item:
        state.remove_due(LANE_USER, due_key(LANE_USER, plan.next_at, plan.item))
    plan.live = False
    state.touch(plan)
    owned = keys.owned_key(plan.portfolio, plan.market, sequence)
    state.remove_blob(owned)
    state.range(owned[:6]).remove(owned)
    portfolio = state.portfolio(plan.portfolio)
    if portfolio is None:
        invariant(condition=False, message="a TWAP has an owner")
        return
    position = state.position(plan.portfolio, plan.market)
    position.orders -= 1
    portfolio.open_orders -= 1
    state.touch(position)
    state.touch(portfolio)
    state.drop_position(portfolio, position)
    tell(state, plan, sequence, filled, reason)


def tell(state: State, plan: TwapPlan, sequence: int, filled: int, reason: int) -> None:
    """Note a TWAP's progress for streams and screens."""
    state.events.append(
        events.TwapChanged(
            plan.market, sequence, plan.portfolio, filled, plan.remaining, plan.slices, reason
        )
    )
