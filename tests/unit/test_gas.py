"""No verdict that the rules allow takes more gas than a call can have.

``docs/decisions/0025-what-a-verdict-may-cost.md`` has the reasoning.
"""

import time
from math import ceil, log2

import pytest

from prover.contract.calls import ProveFault
from prover.contract.gas import limit_of, proof_gas
from prover.contract.prices import (
    GAS_CALL_MAX,
    SETTLE_MAX,
    VERDICT_BYTE_GAS,
    VERDICT_GAS,
    verdict_gas,
)
from prover.drill import CORRUPTIONS, Drill
from prover.entry import CHUNK_BYTES, FRAME_BYTES_MAX, FRAMES_MAX
from prover.faults import Work
from prover.traffic import traffic_rules
from prover.verdict import BRANCH_BYTES, PAIR_BYTES, WORD_BYTES, count_leaves
from statemachine.costs import COST_MAX, COST_SEGMENT, COST_STEP
from statemachine.rules import Rules

DEPTH = 23
"""Bits below which eight million accounts, orders, positions .. each part from the others."""
STUB_BYTES = 33
BRANCH_OPENED_BYTES = 5
LEAF_OPENED_BYTES = 12
VALUE_BYTES = 128
"""What one unit of cost stands for."""
ITEM_BYTES = 100


def worst_proof(rules: Rules, depth: int) -> tuple[int, Work]:
    """Return witness bytes and work of a segment that touches what its cost allows.

    Each unit of cost is one leaf, none of them is near another one, every value
    is as long as a unit allows, and the frame and the entry's head are full.
    """
    leaves = rules.segment_cost_max - 1 + COST_MAX
    branches = leaves + ceil(leaves * (depth - log2(leaves)))
    values = leaves * VALUE_BYTES
    state = branches * (BRANCH_OPENED_BYTES + STUB_BYTES) + leaves * LEAF_OPENED_BYTES + values
    opened = FRAME_BYTES_MAX + 4 * FRAMES_MAX + 4 * CHUNK_BYTES
    items = rules.segment_steps_max * ITEM_BYTES
    steps = min(rules.segment_steps_max, (rules.segment_cost_max - COST_SEGMENT) // COST_STEP + 1)
    work = Work(nodes=branches + leaves, decoded=state + opened + items, steps=steps, cost=leaves)
    for _ in range(2):
        work.hash(branches, BRANCH_BYTES)
        count_leaves(leaves, values, work)
    work.hash(opened // CHUNK_BYTES, CHUNK_BYTES)
    work.hash(4 * opened // CHUNK_BYTES, PAIR_BYTES)
    work.hash(rules.segment_steps_max, ITEM_BYTES)
    work.recoveries = rules.segment_steps_max + 1
    return state + opened + items, work


def call_of(size: int) -> ProveFault:
    """Return a proof whose witness has so many bytes."""
    return ProveFault(1, 1, 1, bytes(WORD_BYTES), bytes(20), bytes(WORD_BYTES), bytes(size))


def test_the_largest_segment_that_the_rules_allow_fits_into_a_call(
    capsys: pytest.CaptureFixture[str],
) -> None:
    size, work = worst_proof(traffic_rules(), DEPTH)
    gas = proof_gas(call_of(size), work)
    with capsys.disabled():
        print(f"\nworst segment: {size} bytes, {gas} gas of {GAS_CALL_MAX}: {work}")  # noqa: T201
    assert gas <= GAS_CALL_MAX


def test_what_a_verdict_takes_is_bounded_before_it_is_given() -> None:
    drill = Drill(5, time.perf_counter_ns, bystanders=500)
    for _ in range(3):
        derived = drill.derive(2, 60)
        for segment in range(1, derived.output.segments + 1):
            drill.convict(derived, "root", segment)
        for how in CORRUPTIONS[1:]:
            drill.convict(derived, how, 0)
    report = drill.report
    assert report.failures == []
    assert len(report.gas) > 60
    for size, gas in zip(report.witness_bytes, report.gas, strict=True):
        call = call_of(size)
        assert (
            proof_gas(call, Work())
            < gas
            <= proof_gas(call, Work()) + VERDICT_GAS + (VERDICT_BYTE_GAS * size)
        )
        assert gas <= limit_of(call, SETTLE_MAX)
    assert max(report.gas) < GAS_CALL_MAX // 4


def test_every_kind_of_work_has_its_price() -> None:
    nothing = verdict_gas(Work())
    assert nothing == 0
    work = Work()
    work.hash(2, 33)
    assert (work.hashes, work.words) == (2, 4)
    for name in Work.__slots__:
        assert verdict_gas(Work(**{name: 1})) > 0
