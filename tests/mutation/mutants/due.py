"""Funding, and work that falls due."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import DUE, FUNDING, TAIL

MUTANTS: Final = (
    Mutant(
        "pricing/funding.py",
        "paid = -owed >> FUNDING_SHIFT",
        "paid = -(owed >> FUNDING_SHIFT)",
        "funding rounds in the user's favour",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "market.funding_dust -= owed",
        "market.funding_dust += owed",
        "funding dust has the wrong sign",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "rate = premium + clamp(INTEREST - premium, -INTEREST_CLAMP, INTEREST_CLAMP)",
        "rate = premium + INTEREST",
        "interest is added whole",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "elapsed = clamp(due - market.funding_time, 0, interval)",
        "elapsed = max(0, due - market.funding_time)",
        "an outage accrues funding",
        (FUNDING, DUE),
    ),
    Mutant(
        "pricing/funding.py",
        "if bid == 0 or ask == 0:",
        "if bid == 0 and ask == 0:",
        "an emptied book earns funding",
        (FUNDING,),
    ),
    Mutant(
        "pricing/funding.py",
        "return -position.size * (",
        "return position.size * (",
        "longs are paid what they owe, in equity",
        (FUNDING,),
    ),
    Mutant(
        "due.py",
        "return now - now % interval + interval",
        "return now + interval",
        "periodic work drifts off its multiples",
        (DUE,),
    ),
    Mutant(
        "due.py",
        "if key is None or due_time(key) > now:",
        "if key is None or due_time(key) >= now:",
        "due work waits a block",
        (DUE,),
    ),
    Mutant(
        "handlers/oracle.py",
        "market.sample_time = step.now - step.now % rules.sample_interval_ms",
        "pass",
        "a market that opens has been out since genesis",
        (TAIL,),
    ),
)
