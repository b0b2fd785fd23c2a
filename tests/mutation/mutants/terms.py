"""Orders with terms, and orders that act later."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import STOP_ENTRIES, TERMS, WAITING

MUTANTS: Final = (
    Mutant(
        "book/matching.py",
        "    if order.expires_at and order.expires_at <= step.now:\n        reason",
        "    if order.expires_at and order.expires_at < step.now:\n        reason",
        "an expired order trades at its last millisecond",
        (TERMS,),
    ),
    Mutant(
        "book/matching.py",
        "size = step.state.position(number, taker.market.market).size + moved.get(number, 0)",
        "size = step.state.position(number, taker.market.market).size",
        "fill-or-kill counts a maker's position twice",
        (TERMS,),
    ),
    Mutant(
        "book/entry.py",
        "    if found < entry.size:",
        "    if found == 0:",
        "fill-or-kill fills a part",
        (TERMS,),
    ),
    Mutant(
        "book/matching.py",
        "    elif mode != SELF_TRADE_MAKER:\n        taker.stopped = True",
        "    elif mode == 2:\n        taker.stopped = True",
        "a taker that should go goes on",
        (TERMS,),
    ),
    Mutant(
        "book/posting.py",
        "moved = best - tick if side == BUY else best + tick",
        "moved = best",
        "an order that slides locks the book",
        (TERMS,),
    ),
    Mutant(
        "waiting/sleeping.py",
        "    return source <= price if trigger & 1 else source >= price",
        "    return source < price if trigger & 1 else source > price",
        "a stop sleeps through its own price",
        (WAITING,),
    ),
    Mutant(
        "waiting/sleeping.py",
        "reach = market.index * LAST_MOVES * step.rules.oracle_move_ppm // PPM_ONE",
        "reach = market.index",
        "one far trade wakes every stop",
        (WAITING,),
    ),
    Mutant(
        "waiting/brackets.py",
        "min(order.size, group.filled)",
        "order.size",
        "an exit is larger than what was entered",
        (WAITING,),
    ),
    Mutant(
        "waiting/brackets.py",
        "if portfolio is None or group.market not in portfolio.markets:",
        "if portfolio is None:",
        "exits open a market that was left",
        (WAITING,),
    ),
    Mutant(
        "waiting/twap.py",
        "size = min(plan.remaining, max(behind, 0), CATCH_UP_MAX * plan.slice_size)",
        "size = min(plan.remaining, max(behind, 0))",
        "a TWAP catches up at once",
        (WAITING,),
    ),
    Mutant(
        "waiting/switch.py",
        "    step.state.remove_due(LANE_USER, key)\n",
        "",
        "a switch that was moved still goes off",
        (WAITING,),
    ),
    Mutant(
        "waiting/twap.py",
        "    if plan.item:\n",
        "    if plan.item < 0:\n",
        "a TWAP that was cancelled leaves its slice in the queue",
        (WAITING,),
    ),
    Mutant(
        "waiting/grouping.py",
        "if group is None or group.item:",
        "if group is None:",
        "a bracket asks for work once for each of its orders",
        (WAITING,),
    ),
    Mutant(
        "waiting/sleeping.py",
        "sequence if sleeper.group == sequence else 0,",
        "0,",
        "an entry that slept forgets its exits",
        (STOP_ENTRIES,),
    ),
    Mutant(
        "waiting/sleeping.py",
        "count_filled(state, entry.group, step.filled)",
        "count_filled(state, entry.group, 0)",
        "what an entry filled in its first waking is not exited",
        (STOP_ENTRIES,),
    ),
)
