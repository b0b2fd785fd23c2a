"""Matching: who trades with whom, at what price."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import FUNDING, LIQUIDATION, ORDERS

MUTANTS: Final = (
    Mutant(
        "book/matching.py",
        "reason = events.REMOVED_BAND",
        "reason = 0",
        "stale offers beyond the band trade",
        (ORDERS,),
    ),
    Mutant(
        "fees/shares.py",
        "taker_fee = -(-notional * rates.total // PPM_ONE)",
        "taker_fee = notional * rates.total // PPM_ONE",
        "taker fee rounds down",
    ),
    Mutant(
        "fees/shares.py",
        "maker_fee = -min(notional * -maker_ppm // PPM_ONE, own)",
        "maker_fee = notional * maker_ppm // PPM_ONE",
        "rebate rounds up, past the taker's fee",
    ),
    Mutant(
        "fees/shares.py",
        "credit(state, maker, -maker_fee)",
        "credit(state, maker, maker_fee)",
        "maker fee has the wrong sign",
    ),
    Mutant(
        "book/matching.py",
        "part = -(-position.cost * closed // held)",
        "part = position.cost * closed // held",
        "realised results round up",
    ),
    Mutant(
        "book/matching.py",
        "if price > limit if side == keys.BUY else price < limit:",
        "if price >= limit if side == keys.BUY else price < limit:",
        "a bid does not meet an ask at its own price",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "if price > limit if side == keys.BUY else price < limit:",
        "if price > limit if side == keys.BUY else price < limit - 10:",
        "an ask sells a tick below its limit",
    ),
    Mutant(
        "book/matching.py",
        "order.portfolio >> 8 == taker.portfolio.portfolio >> 8",
        "order.portfolio == taker.portfolio.portfolio",
        "sub-accounts of one owner trade with each other",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "if maker.flags & PORTFOLIO_CLOSING:",
        "if maker.flags & 8:",
        "orders of a portfolio being closed still trade",
        (LIQUIDATION,),
    ),
    Mutant(
        "book/matching.py",
        "max(0, -position.size if taker.side else position.size)",
        "max(0, position.size if taker.side else -position.size)",
        "a resting reduce-only order increases",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "    market.last = price",
        "    market.last = taker.limit",
        "last price is the taker's limit",
    ),
    Mutant(
        "book/matching.py",
        "grown = (max(0, after)) - (max(0, size))",
        "grown = max(0, after - size)",
        "open interest only grows",
    ),
    Mutant(
        "book/matching.py",
        "order.remaining -= size\n    release(position, order, 1 - taker.side, price, size)\n",
        "order.remaining -= size\n",
        "a filled maker stays margined for its order",
    ),
    Mutant(
        "book/matching.py",
        "        settle_funding(state, portfolio, position, market)",
        "        position.funding_index = market.funding_index",
        "a trade wipes out what funding is owed",
        (FUNDING,),
    ),
    Mutant(
        "book/matching.py",
        "if step.visits >= visits_max:",
        "if step.visits > visits_max:",
        "a step visits one order too many",
    ),
    Mutant(
        "book/matching.py",
        "            position.cost = after * price",
        "            position.cost = 0",
        "a flipped position costs nothing",
    ),
    Mutant(
        "keys.py",
        "    priority = price if side == SELL else PRIORITY_TOP - price\n    return ORDER.pack",
        "    priority = price\n    return ORDER.pack",
        "the worst bid comes first",
        (ORDERS,),
    ),
)
