"""Forced actions: what owners ask for through L1."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import DELAY

MUTANTS: Final = (
    Mutant(
        "handlers/forced.py",
        "    if price and is_past(side, market.mark, price):\n        return False\n",
        "",
        "closed at a mark that is worse than the price that was named",
    ),
    Mutant(
        "handlers/forced.py",
        "    return pressed or book.first() is None or is_past(side, book.price, bound)",
        "    return True",
        "others close for whoever will not take the book",
    ),
    Mutant(
        "handlers/forced.py",
        "    if is_stale(step, market):\n        return False\n",
        "",
        "closed at a mark of yesterday",
    ),
    Mutant(
        "handlers/forced.py",
        "    return worst if price == 0 or is_past(side, price, worst) else price",
        "    return worst if price == 0 else price",
        "a forced close trades beyond the band",
    ),
    Mutant(
        "handlers/forced.py",
        "    tried = (bound,) if is_past(side, market.mark, bound) else (bound, market.mark)",
        "    tried = (bound,)",
        "whoever cannot bear the band is locked in",
    ),
    Mutant(
        "handlers/forced.py",
        "        step.account = 0 if owner is None else owner.account",
        "        step.account = poked.account",
        "the poked are paid for being poked",
    ),
    Mutant(
        "risk/deleverage.py",
        "            or not pays_at_mark(victim, held, market)\n",
        "",
        "a victim has to borrow what it lost",
    ),
    Mutant(
        "risk/deleverage.py",
        "result >= 0 or victim.balance + result + unsettled_funding(position, market) >= 0",
        "result >= 0",
        "nobody who has lost closes for whoever leaves",
    ),
    Mutant(
        "risk/deleverage.py",
        "        cursor.client_hash, cursor.group = rank_entry(key), name\n",
        "",
        "the same ranks are looked at in each step",
    ),
    Mutant(
        "delay.py",
        "    cursor.inbox_counted = cursor.time\n",
        "",
        "one wait is counted again with each item",
        (DELAY,),
    ),
    Mutant(
        "delay.py",
        "    return max(deadline_least(rules), left)",
        "    return rules.inbox_deadline_ms",
        "a sequencer that delays may go on so",
        (DELAY,),
    ),
    Mutant(
        "delay.py",
        "    left = max(0, cursor.inbox_spent - back) + spent\n",
        "    left = cursor.inbox_spent + spent\n",
        "what was spent never comes back",
        (DELAY,),
    ),
    Mutant(
        "handlers/oracle.py",
        "    update_index(step, market, oracle, step.queued_at)",
        "    update_index(step, market, oracle, step.now)",
        "a message that waited for its deadline is of no use",
    ),
    Mutant(
        "pricing/mark.py",
        "    return (step.queued_at or step.now) - market.index_time",
        "    return step.now - market.index_time",
        "an exit is refused for having waited",
    ),
    Mutant(
        "transition.py",
        "        step.queued_at = 0\n",
        "",
        "transactions are held to the prices of an inbox item",
        ("tests/unit/test_exchange_vectors.py",),
    ),
    Mutant(
        "risk/liquidation.py",
        " if rewarded and step.account else 0",
        " if rewarded else 0",
        "whoever has no account is paid into the first vault",
    ),
    Mutant(
        "transition.py",
        "        if step.more:\n            return\n        self.add_receipt(item.hash",
        "        self.add_receipt(item.hash",
        "an item is consumed before it is done",
    ),
)
