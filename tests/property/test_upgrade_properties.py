"""Whatever rules may follow others, a chain goes on under them: no number stops it.

Traffic that was made for the old rules is executed by the new ones; every segment of it
must be provable, so nothing in it may raise.
"""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prover.accusation import build_segment
from prover.contract.records import RulesVersion
from prover.drill import facts_about
from prover.faults import FaultKind
from prover.replica import genesis_replica
from prover.rulesbook import RulesBook
from prover.traffic import START_MS, Traffic, traffic_rules
from prover.verdict import judge_fault
from statemachine.rules import FIELDS, MARKET_FIELDS, MarketRules, Rules
from statemachine.succession import FIXED, FIXED_OF_MARKET, check_succession

BEFORE = traffic_rules()
NUMBERS = tuple(
    name for name in FIELDS if isinstance(getattr(BEFORE, name), int) and name not in FIXED
)
MARKET_NUMBERS = tuple(
    name
    for name in MARKET_FIELDS
    if isinstance(getattr(BEFORE.markets[0], name), int) and name not in FIXED_OF_MARKET
)
AMOUNTS = st.one_of(
    st.sampled_from([0, 1, 2, 999_999, 1_000_000, (1 << 53) - 1]),
    st.integers(0, 10_000_000),
    st.integers(0, (1 << 53) - 1),
)


def changed(record: Any, changes: dict[str, int]) -> Any:
    """Return rules with those changes that they can have, one after the other."""
    for name, value in changes.items():
        try:
            record = replace(record, **{name: value})
        except ValueError:
            continue
    return record


def successor(numbers: dict[str, int], of_markets: dict[str, int]) -> Rules:
    """Return rules that may follow, with as many of the changes as they allow."""
    after = BEFORE
    for name, value in numbers.items():
        wish: Rules = changed(after, {name: value})
        try:
            check_succession(BEFORE, wish)
        except ValueError:
            continue
        after = wish
    markets: tuple[MarketRules, ...] = tuple(changed(m, of_markets) for m in after.markets)
    wish = replace(after, markets=markets)
    try:
        check_succession(BEFORE, wish)
    except ValueError:
        return after
    return wish


@given(
    seed=st.integers(0, 40),
    numbers=st.dictionaries(st.sampled_from(NUMBERS), AMOUNTS, max_size=12),
    of_markets=st.dictionaries(st.sampled_from(MARKET_NUMBERS), AMOUNTS, max_size=4),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_succession_can_be_executed_and_judged(
    seed: int, numbers: dict[str, int], of_markets: dict[str, int]
) -> None:
    after = successor(numbers, of_markets)
    traffic = Traffic(seed)
    log = [traffic.make_entry(2, 30) for _ in range(4)]
    listed = RulesVersion(2, log[2].time, after.encode(), 1)
    long_lived = genesis_replica(BEFORE, START_MS, book=RulesBook(BEFORE, [listed]))
    long_lived.add_inbox(0, traffic.inbox)
    for place, entry in enumerate(log):
        derived = long_lived.feed(replace(entry, version=1 if place < 2 else 2))
    assert derived.rules == after
    for segment in {1, derived.output.segments}:
        witness = build_segment(after, derived, derived.trace, segment, long_lived.recover)
        facts = facts_about(long_lived, derived, derived.output)
        verdict = judge_fault(FaultKind.SEGMENT, facts, witness.encode())
        assert f"segment {segment} is right" in verdict.reason
    root = long_lived.tree.root
    long_lived.undo()
    again = long_lived.feed(replace(log[3], version=2))
    assert again.output.post_root == root, "nothing in memory decides"
