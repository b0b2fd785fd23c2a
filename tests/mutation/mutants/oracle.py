"""Oracle prices and the mark made of them."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import ORACLE

MUTANTS: Final = (
    Mutant(
        "handlers/oracle.py",
        "prices[(len(prices) - 1) // 2]",
        "prices[len(prices) // 2]",
        "the upper median of two",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "if message.time <= oracle.times[message.publisher]:",
        "if message.time < oracle.times[message.publisher]:",
        "an oracle message counts again",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "if time and oldest <= time <= newest:",
        "if time:",
        "stale prices make the index",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        " or publishers[message.publisher] != address:",
        ":",
        "anybody signs for a publisher",
        (ORACLE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "times[-rules.publishers_min]",
        "times[-1]",
        "one publisher keeps an index fresh",
        (ORACLE,),
    ),
    Mutant(
        "pricing/mark.py",
        "return div_floor(market.index * market.initial_ppm, 2 * PPM_ONE)",
        "return div_floor(market.index * market.initial_ppm, PPM_ONE)",
        "the mark leaves the index twice as far",
        (ORACLE,),
    ),
    Mutant(
        "pricing/mark.py",
        "missed = clamp(second - market.sample_time - interval, 0, window)",
        "missed = 0",
        "missed samples do not count 0",
    ),
    Mutant(
        "pricing/mark.py",
        "median(bid, ask, market.last or index)",
        "median(bid, ask, index)",
        "the mark forgets the last price",
    ),
)
