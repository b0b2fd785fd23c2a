"""Actions that happen all or not at all."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import ATOMIC, SCENES, UNDONE

MUTANTS: Final = (
    Mutant(
        "handlers/atomic.py",
        "            savepoint.undo()\n",
        "            savepoint.keep()\n",
        "what an atomic bulk did before it failed stands",
        (ATOMIC,),
    ),
    Mutant(
        "handlers/atomic.py",
        "step.visits_max = step.rules.atomic_visits_max",
        "step.visits_max = step.rules.step_visits_max",
        "an atomic bulk visits as many orders as a step of one order",
        (ATOMIC,),
    ),
    Mutant(
        "handlers/atomic.py",
        "if legs > step.rules.atomic_legs_max:",
        "if legs > step.rules.atomic_legs_max + 1:",
        "an atomic bulk has a leg too many",
        (ATOMIC,),
    ),
    Mutant(
        "book/matching.py",
        "visits = step.visits\n",
        "visits = 0\n",
        "a fill-or-kill leg counts on visits that others used",
        (SCENES,),
    ),
    Mutant(
        "transition.py",
        "        step.more = False\n        cursor.forget_continuation()",
        "        step.more = False",
        "what a leg that was cut short remembered goes into the next order",
        (ATOMIC,),
    ),
    Mutant(
        "savepoint.py",
        "if record.stored and data is not None:",
        "if record.dirty and data is not None:",
        "undoing forgets what earlier segments wrote",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "            state.blobs[key] = None\n",
        "            del state.blobs[key]\n",
        "undoing brings back a client id that an earlier segment freed",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "                correct_range(state, record, image.live)\n",
        "",
        "an order that a failed bulk took away is on no side of the book",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "                correct_range(state, record, record.stored)\n",
        "",
        "an order that a failed bulk placed is still met",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "        del state.events[self.events :]\n",
        "",
        "streams tell of what was undone",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "        state.unranked = []\n",
        "",
        "ranks of trades that were undone are written",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "        portfolio.complete = False\n",
        "",
        "margin is measured over positions as they were before they were undone",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "        state.rank_positions()\n",
        "",
        "ranks of trades before a failed bulk are forgotten",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "savepoint.py",
        "        market.graded = is_graded(state.market_rules[number])\n",
        "",
        "a market that was undone has no tiers any more",
        (ATOMIC, UNDONE),
    ),
    Mutant(
        "risk/margin.py",
        "    if step.charged == portfolio.portfolio:\n        return\n",
        "",
        "each leg pays for the portfolio's markets again",
        (ATOMIC,),
    ),
)
