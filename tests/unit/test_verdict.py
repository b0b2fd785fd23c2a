"""Verdicts: each kind convicts what it is for, and nothing else ever."""

from dataclasses import replace
from functools import cache, partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.accusation import Accusation, Fault, accuse, build_segment, build_witness, find_fault
from prover.derivation import EntryRecord
from prover.drill import CORRUPTIONS, Drill, corrupt, facts_about, garble
from prover.faults import FaultKind
from prover.outputs import ROOT_NONE, trace_path, trace_root
from prover.replica import Derived
from prover.traffic import START_MS
from prover.verdict import ProvedItems, judge_fault
from prover.witness import Witness, decode_witness
from statemachine.errors import FrameInvalid, WitnessIncomplete
from statemachine.inbox import InboxKind
from statemachine.units import Micros

KIND_OF = {
    "root": FaultKind.SEGMENT,
    "short": FaultKind.TRACE_LENGTH,
    "long": FaultKind.TRACE_LENGTH,
    "start": FaultKind.WRONG_START,
    "post root": FaultKind.FIELDS,
    "height": FaultKind.FIELDS,
    "inbox index": FaultKind.FIELDS,
}


@cache
def world() -> tuple[Drill, list[Derived]]:
    """Return a few entries of traffic, shared by the tests, which only read it."""
    drill = Drill(9, lambda: 0)
    drill.traffic.inbox = [
        replace(item, amount=Micros(item.amount + extra))
        for extra in range(8)
        for item in drill.traffic.inbox
    ]
    overdue = START_MS + drill.traffic.rules.inbox_deadline_ms
    drill.replica.add_inbox(0, drill.traffic.inbox)
    count = len(drill.traffic.inbox)
    empty = drill.replica.feed(EntryRecord(0, b"", overdue, count))
    drill.traffic.height, drill.traffic.consumed = 1, empty.output.inbox_index
    drill.traffic.now, drill.traffic.entries = overdue, 1
    for sub in range(3):
        drill.traffic.queue(InboxKind.DEPOSIT, drill.traffic.keys[0], sub, 1_000_000)
    drill.traffic.now += drill.traffic.rules.inbox_deadline_ms
    return drill, [empty, *(drill.derive(3, 40) for _ in range(3)), drill.derive(1, 150)]


def test_the_world_has_what_the_verdicts_need() -> None:
    _, history = world()
    assert history[0].blocks[0].block.frame is None
    assert history[0].output.segments > 1
    frames = [made.block.frame for derived in history for made in derived.blocks]
    assert max(len(frame.transactions) for frame in frames if frame is not None) > 130


def accusation_of(derived: Derived, how: str, segment: int) -> Accusation:
    drill, _ = world()
    output, trace = corrupt(derived, how, segment, "salt")
    fault = find_fault(derived, output, trace)
    assert fault is not None
    return accuse(drill.replica.rules, derived, output, trace, fault, drill.replica.recover)


@pytest.mark.parametrize("how", CORRUPTIONS)
def test_every_corruption_is_convicted(how: str) -> None:
    drill, history = world()
    for derived in history:
        output, _ = corrupt(derived, how, 1, "salt")
        accusation = accusation_of(derived, how, 1)
        assert accusation.kind is KIND_OF[how]
        verdict = judge_fault(
            accusation.kind, facts_about(drill.replica, derived, output), accusation.witness
        )
        assert verdict.guilty, verdict.reason
        assert verdict.segment == accusation.segment
        assert verdict.correct_root == accusation.correct_root


def test_a_wrong_root_names_the_right_one() -> None:
    _, history = world()
    derived = history[1]
    accusation = accusation_of(derived, "root", 2)
    assert (accusation.segment, accusation.correct_root) == (2, derived.trace[2])


def test_honest_claims_have_no_fault() -> None:
    _, history = world()
    for derived in history:
        assert find_fault(derived, derived.output, derived.trace) is None


def test_no_segment_of_an_honest_claim_is_convicted() -> None:
    drill, history = world()
    rules, recover = drill.replica.rules, drill.replica.recover
    for derived in history:
        facts = facts_about(drill.replica, derived, derived.output)
        for segment in range(1, derived.output.segments + 1):
            witness = build_segment(rules, derived, derived.trace, segment, recover)
            verdict = judge_fault(FaultKind.SEGMENT, facts, witness.encode())
            assert not verdict.guilty
            assert "is right" in verdict.reason


@pytest.mark.parametrize("kind", [FaultKind.TRACE_LENGTH, FaultKind.WRONG_START, FaultKind.FIELDS])
def test_no_true_witness_of_another_kind_convicts_an_honest_claim(kind: FaultKind) -> None:
    drill, history = world()
    for derived in history:
        facts = facts_about(drill.replica, derived, derived.output)
        for place in range(derived.output.segments + 1):
            fault = Fault(kind, place, ROOT_NONE, "")
            witness = build_witness(
                drill.replica.rules,
                derived,
                derived.output,
                derived.trace,
                fault,
                drill.replica.recover,
            )
            assert not judge_fault(kind, facts, witness.encode()).guilty
        last = Witness(0, [derived.trace[-1]], accusation_path(derived))
        assert not judge_fault(FaultKind.FIELDS, facts, last.encode()).guilty


def accusation_path(derived: Derived) -> list[bytes]:
    """Return the path of the last root of an honest trace."""
    spoilt = replace(derived.output, post_root=ROOT_NONE)
    fault = Fault(FaultKind.FIELDS, 0, ROOT_NONE, "")
    drill, _ = world()
    rules, recover = drill.replica.rules, drill.replica.recover
    return build_witness(rules, derived, spoilt, derived.trace, fault, recover).path


@pytest.mark.parametrize("how", CORRUPTIONS)
def test_a_proof_against_one_claim_says_nothing_about_the_honest_one(how: str) -> None:
    drill, history = world()
    for derived in history:
        accusation = accusation_of(derived, how, 1)
        for other in history:
            facts = facts_about(drill.replica, other, other.output)
            assert not judge_fault(accusation.kind, facts, accusation.witness).guilty


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damaged_witness_convicts_an_honest_claim(data: st.DataObject) -> None:
    drill, history = world()
    derived = data.draw(st.sampled_from(history))
    segment = data.draw(st.integers(1, derived.output.segments))
    rules, recover = drill.replica.rules, drill.replica.recover
    witness = bytearray(build_segment(rules, derived, derived.trace, segment, recover).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(witness) - 1))
        witness[place] ^= data.draw(st.integers(1, 255))
    facts = facts_about(drill.replica, derived, derived.output)
    kind = data.draw(st.integers(0, 5))
    assert not judge_fault(kind, facts, bytes(witness)).guilty


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_convicts_nobody(witness: bytes) -> None:
    drill, history = world()
    facts = facts_about(drill.replica, history[0], history[0].output)
    for kind in range(6):
        assert not judge_fault(kind, facts, witness).guilty


def test_what_is_left_out_of_a_witness_is_not_absent() -> None:
    drill, history = world()
    rules, recover = drill.replica.rules, drill.replica.recover
    derived = history[1]
    output, trace = corrupt(derived, "root", 1, "salt")
    facts = facts_about(drill.replica, derived, output)
    whole = build_segment(rules, derived, trace, 1, recover)
    assert judge_fault(FaultKind.SEGMENT, facts, whole.encode()).guilty
    assert whole.items
    assert whole.frame
    for part in (
        replace(whole, items=whole.items[:-1]),
        replace(whole, items=[*whole.items[1:], whole.items[0]]),
        replace(whole, frame=b""),
        replace(whole, head=b""),
        replace(whole, path=whole.path[:-1]),
        replace(whole, roots=whole.roots[:1]),
        replace(whole, index=2),
        replace(whole, index=0),
        replace(whole, state=other_state(derived)),
        replace(whole, state=b""),
    ):
        assert not judge_fault(FaultKind.SEGMENT, facts, part.encode()).guilty


def other_state(derived: Derived) -> bytes:
    """Return a multiproof under the right root that opens the cursor alone."""
    drill, _ = world()
    fault = Fault(FaultKind.TRACE_LENGTH, 0, ROOT_NONE, "")
    rules, recover = drill.replica.rules, drill.replica.recover
    return build_witness(rules, derived, derived.output, derived.trace, fault, recover).state


def test_a_segment_after_the_end_is_a_matter_of_length() -> None:
    drill, history = world()
    derived = history[0]
    output, trace = corrupt(derived, "long", 0, "salt")
    last = derived.output.segments
    fault = Fault(FaultKind.TRACE_LENGTH, last, ROOT_NONE, "")
    rules, recover = drill.replica.rules, drill.replica.recover
    witness = build_witness(rules, derived, output, trace, fault, recover)
    beyond = replace(witness, index=last + 1, roots=trace[last:], path=path_of(trace, last))
    facts = facts_about(drill.replica, derived, output)
    verdict = judge_fault(FaultKind.SEGMENT, facts, beyond.encode())
    assert not verdict.guilty
    assert "TRACE_LENGTH" in verdict.reason


def path_of(trace: list[bytes], index: int) -> list[bytes]:
    """Return the path of two neighbouring roots."""
    return trace_path(trace, index, 2)


def test_fields_that_the_contract_knows_need_no_witness() -> None:
    drill, history = world()
    derived = history[0]
    for change in (
        {"version": 2},
        {"chain_id": 1},
        {"log_index": 9},
        {"previous_output": ROOT_NONE},
        {"rules_hash": ROOT_NONE},
    ):
        output = replace(derived.output, **change)
        facts = facts_about(drill.replica, derived, output)
        assert judge_fault(FaultKind.FIELDS, facts, Witness(0).encode()).guilty
        fault = find_fault(derived, output, derived.trace)
        assert fault is not None
        assert fault.kind is FaultKind.FIELDS


def test_a_made_up_state_convicts_or_acquits_but_never_raises() -> None:
    drill, history = world()
    derived = history[2]
    segment = derived.output.segments
    trace = [*derived.trace[:-2], garble(derived.trace[-2], 1), derived.trace[-1]]
    output = replace(derived.output, trace_root=trace_root(trace))
    facts = facts_about(drill.replica, derived, output)
    build = partial(build_segment, drill.replica.rules, derived)
    witness = build(trace, segment, drill.replica.recover)
    assert not judge_fault(FaultKind.SEGMENT, facts, witness.encode()).guilty


def test_items_that_are_not_shown_cannot_be_read() -> None:
    drill, _ = world()
    items = ProvedItems(3, drill.traffic.inbox[:2])
    assert len(items) == 3
    assert items[1] is drill.traffic.inbox[1]
    with pytest.raises(WitnessIncomplete):
        items[2]
    with pytest.raises(WitnessIncomplete):
        list(items)
    with pytest.raises(IndexError):
        items[3]


def test_witness_round_trip() -> None:
    witness = Witness(3, [bytes(32)], [bytes(32)], b"s", b"h", b"f", [b"i"])
    assert decode_witness(witness.encode()) == witness
    with pytest.raises(FrameInvalid):
        decode_witness(witness.encode()[:-1])
