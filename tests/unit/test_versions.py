"""Versions of the rules on L1: who may bring them, when, and which entry is judged by which."""

from dataclasses import replace
from typing import Any

import msgpack
import pytest

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Call,
    CancelRules,
    Freeze,
    ScheduleRules,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.contract import Contract
from prover.contract.events import EntryAppended, RulesCancelled, RulesScheduled
from prover.contract.versions import (
    cancel_until,
    list_versions,
    notice_ms,
    version_at,
    version_of,
)
from prover.entry import encode_entry
from prover.faults import ClaimFacts, FaultKind, Verdict
from statemachine.codec import pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.rules import FIELDS, Rules, decode_rules
from statemachine.succession import (
    FIXED,
    FIXED_OF_ASSET,
    FIXED_OF_MARKET,
    POSITIVE,
    SHARES,
    check_succession,
)
from tests.l1_worlds import (
    GOVERNOR,
    PROPOSER,
    SEQUENCER,
    USER,
    L1World,
    Row,
    deployment,
    judge_by_truth,
    output_with,
    refused_in_order,
    true_output,
)
from tests.worlds import market_rules, world_rules

C = ContractCode
ENTRY = encode_entry([b"frame"])


def row_of(code: ContractCode, sender: bytes, call: Call) -> Row:
    """Return a row of a table of refusals."""
    return code, lambda _: (sender, call)


def other(world: L1World, **changes: Any) -> Rules:
    """Return rules that may follow those of the world."""
    return replace(world.rules.rules, **{"referral_ppm": 200_000, **changes})


def upgraded() -> L1World:
    """Return a world in which version 2 comes into force with the next call."""
    world = L1World()
    assert world.schedule(other(world)).ok
    world.time = world.state.versions[0].starts - 1_000
    return world


def test_scheduling_refuses_in_code_order() -> None:
    world = L1World()
    rules, least = other(world), notice_ms(world.rules, world.rules.rules)
    assert world.schedule(rules).ok
    soon, late = world.time, world.time + 2 * least
    longer = replace(rules, inbox_deadline_ms=rules.inbox_deadline_ms + 1)
    calls = {
        C.NOT_GOVERNOR: (USER, ScheduleRules(9, soon, b"")),
        C.RULES_NUMBER: (GOVERNOR, ScheduleRules(9, soon, b"")),
        C.RULES_PENDING: (GOVERNOR, ScheduleRules(3, soon, b"")),
    }
    refused_in_order(world, [row_of(code, *call) for code, call in calls.items()])
    assert world.call(GOVERNOR, CancelRules(2)).ok
    spaced = rules.encode() + b"\x00"
    rest = [
        (C.RULES_NOTICE, ScheduleRules(3, world.time + least, b"")),
        (C.RULES_UNKNOWN, ScheduleRules(3, late, b"")),
        (C.RULES_UNKNOWN, ScheduleRules(3, late, spaced)),
        (C.RULES_UNKNOWN, ScheduleRules(3, late, bytes(65_537))),
        (C.RULES_SUCCESSION, ScheduleRules(3, late, longer.encode())),
    ]
    refused_in_order(world, [row_of(code, GOVERNOR, call) for code, call in rest])


def test_without_a_governor_the_rules_never_change() -> None:
    world = L1World(deployment(governor=bytes(20)))
    result = world.call(bytes(20), ScheduleRules(2, world.time << 1, other(world).encode()))
    assert result.code is C.NOT_GOVERNOR
    assert "never change" in result.message


def test_the_notice_is_as_long_as_a_way_out_and_as_a_ramp() -> None:
    world = L1World()
    contract, rules = world.rules, world.rules.rules
    waits = (rules.inbox_deadline_ms, contract.liveness_ms_max, rules.receipt_deadline_ms)
    assert contract.exit_ms == sum(waits) + rules.drift_ms + contract.window_ms
    assert notice_ms(contract, rules) == max(contract.exit_ms, rules.ramp_notice_ms)
    quick = replace(rules, ramp_notice_ms=0)
    assert notice_ms(contract, quick) == contract.exit_ms


def test_a_version_is_announced_and_comes_with_its_time() -> None:
    world = L1World()
    rules = other(world)
    result = world.schedule(rules)
    (event,) = result.events
    assert event == RulesScheduled(2, world.state.versions[0].starts, rules.hash)
    assert result.value == 2
    starts = world.state.versions[0].starts
    assert [version_at(world.state, starts + add) for add in (-1, 0)] == [1, 2]
    assert [each.number for each in list_versions(world.rules, world.state)] == [1, 2]
    assert version_of(world.rules, world.state, 1).rules_hash == world.rules.rules.hash
    again = Contract(world.rules, judge_by_truth, world.state.items().items())
    assert again.state.digest() == world.state.digest()
    assert version_at(again.state, starts) == 2


def test_a_version_is_taken_back_while_no_block_can_have_been_made_for_it() -> None:
    world = L1World()
    assert world.schedule(other(world)).ok
    until = cancel_until(world.rules, world.state.versions[0])
    rows = [
        row_of(C.NOT_GOVERNOR, USER, CancelRules(9)),
        row_of(C.RULES_NUMBER, GOVERNOR, CancelRules(1)),
        row_of(C.RULES_NUMBER, GOVERNOR, CancelRules(3)),
    ]
    refused_in_order(world, rows)
    world.time = until
    assert world.call(GOVERNOR, CancelRules(2)).code is C.RULES_LOCKED
    world.time = until - 1_000
    result = world.call(GOVERNOR, CancelRules(2))
    assert result.events == (RulesCancelled(2),)
    assert world.call(GOVERNOR, CancelRules(2)).code is C.RULES_NUMBER
    assert version_at(world.state, 1 << 60) == 1
    assert world.schedule(other(world)).code is C.RULES_NUMBER, "numbers are not used again"
    assert world.schedule(other(world), version=3, delay_ms=1 << 40).ok


def test_an_entry_of_a_version_that_is_not_in_force_is_refused() -> None:
    world = L1World()
    for version in (0, 2, 3):
        assert world.append(version).code is C.ENTRY_RULES
    assert world.schedule(other(world)).ok
    assert world.append(2).code is C.ENTRY_RULES
    assert world.append().ok
    world.time = world.state.versions[0].starts - 1_001
    assert world.append(2).code is C.ENTRY_RULES
    assert world.append(2).ok
    event = world.append(2).events[0]
    assert isinstance(event, EntryAppended)
    assert event.version == 2


def test_blocks_on_their_way_may_come_under_the_old_rules_until_their_deadline() -> None:
    world = upgraded()
    for _ in range(2):
        assert world.append(1).ok, "promised before the change"
    world.time = world.state.versions[0].starts + world.rules.rules.receipt_deadline_ms - 2_000
    assert world.append(1).ok
    result = world.append(1)
    assert result.code is C.ENTRY_RULES
    assert "alone" in result.message
    assert world.append(2).ok


def test_the_old_rules_do_not_come_back_once_the_new_ones_were_used() -> None:
    world = upgraded()
    assert world.append(2).ok
    result = world.append(1)
    assert result.code is C.ENTRY_RULES
    assert "used already" in result.message


def test_rules_of_two_changes_ago_are_gone() -> None:
    world = upgraded()
    assert world.append(2).ok
    assert world.schedule(world.rules.rules, version=3).ok, "back to where it was"
    world.time = world.state.versions[1].starts
    assert world.append(1).code is C.ENTRY_RULES, "by its number, though the rules are the same"
    assert world.append(2).ok
    assert world.append(3).ok


def test_empty_entries_are_executed_by_the_rules_in_force() -> None:
    world = upgraded()
    world.wait(world.rules.liveness_ms_max)
    assert world.call(USER, AppendEmpty(0)).ok
    assert world.state.log[0].version == 2
    assert world.append(1).code is C.ENTRY_RULES


def test_a_claim_names_the_rules_of_its_entry_whatever_is_in_force() -> None:
    world = L1World()
    assert world.append().ok
    assert world.schedule(other(world)).ok
    world.time = world.state.versions[0].starts
    assert world.append(2).ok
    genesis = world.state.claims[0].output
    first, trace = true_output(genesis)
    new = other(world).hash
    wrong = propose_output(0, replace(first, rules_hash=new), trace)
    assert world.call(PROPOSER, wrong).code is C.OUTPUT_RULES
    assert world.call(PROPOSER, propose_output(0, first, trace)).ok
    second, trace = true_output(first)
    assert world.call(PROPOSER, propose_output(1, second, trace)).code is C.OUTPUT_RULES
    right = replace(second, rules_hash=new)
    assert world.call(PROPOSER, propose_output(1, right, trace)).ok


def test_a_fault_is_judged_by_the_rules_of_its_entry() -> None:
    seen: list[bytes] = []

    def judge(kind: FaultKind, facts: ClaimFacts, witness: bytes) -> Verdict:
        seen.append(facts.rules.hash)
        return judge_by_truth(kind, facts, witness)

    world = L1World()
    world.contract.judge = judge
    assert world.schedule(other(world)).ok
    assert world.append().ok
    world.time = world.state.versions[0].starts - 1_000
    assert world.append(2).ok
    old = world.propose(lie=1)
    assert world.convict(old).ok, "after the change, about an entry from before"
    assert seen == [world.rules.rules.hash]
    right = world.propose()
    output = world.state.claims[right].output
    lie = replace(
        output_with(output, b"\x09" * 32)[0],
        rules_hash=other(world).hash,
    )
    wrong = world.call(PROPOSER, propose_output(right, lie, [output.post_root, b"\x09" * 32]))
    assert world.convict(wrong.value).ok
    assert seen[1:] == [other(world).hash]


def test_a_frozen_exchange_has_no_upgrades() -> None:
    world = L1World()
    world.deposit()
    assert world.schedule(other(world)).ok
    world.time += world.rules.rules.inbox_deadline_ms + world.rules.freeze_ms
    assert world.call(USER, Freeze(0, b"")).ok
    for call in (ScheduleRules(3, 1 << 60, b""), CancelRules(2)):
        assert world.call(GOVERNOR, call).code is C.FROZEN
    assert world.call(SEQUENCER, Append(0, ENTRY, 2)).code is C.FROZEN


# Succession


def test_what_the_state_was_built_on_stays() -> None:
    before = world_rules(2)
    check_succession(before, before)
    for name in FIXED:
        value = getattr(before, name)
        change: dict[str, Any] = {name: b"\x12" * 20 if name == "rollup" else value + 1}
        with pytest.raises(ValueError, match=f"^{name}: "):
            check_succession(before, replace(before, **change))


def test_markets_and_assets_stay_with_their_units() -> None:
    world = L1World()
    before = world.rules.rules
    (market,), (asset,) = before.markets, before.assets
    others: dict[str, Any] = {
        "symbol": b"OTHER",
        "tick": 5,
        "initial_ppm": 60_000,
        "maintenance_ppm": 20_000,
    }
    for name, value in others.items():
        assert name in FIXED_OF_MARKET
        changed = replace(before, markets=(replace(market, **{name: value}),))
        with pytest.raises(ValueError, match=f"market 1: {name}"):
            check_succession(before, changed)
    assert "symbol" in FIXED_OF_ASSET
    with pytest.raises(ValueError, match="asset 2: symbol"):
        check_succession(before, replace(before, assets=(replace(asset, symbol=b"X"),)))
    with pytest.raises(ValueError, match="markets: 1 stay, have 2"):
        check_succession(before, replace(before, markets=(market, market_rules(2))))
    with pytest.raises(ValueError, match="assets: 1 stay, have 0"):
        check_succession(before, replace(before, assets=()))
    softer = replace(market, taker_ppm=400, maker_ppm=0)
    check_succession(before, replace(before, markets=(softer,), fee_ramp_factor=2))


def test_first_tiers_never_fall_below_rates_that_may_be_in_force() -> None:
    plain, tiered, lower = (
        replace(world_rules(1), markets=(market_rules(0, tiers=tiers),))
        for tiers in ((), ((1_000_000, 100_000, 50_000),), ((2_000_000, 90_000, 50_000),))
    )
    with pytest.raises(ValueError, match="there were none"):
        check_succession(plain, tiered)
    kept = replace(tiered.markets[0], tiers=((1_000_000, 100_000, 49_999),))
    for fallen in (lower, replace(tiered, markets=(kept,))):
        with pytest.raises(ValueError, match="may not fall"):
            check_succession(tiered, fallen)
    check_succession(lower, tiered)
    check_succession(tiered, plain)


def test_numbers_that_execution_could_not_work_by_are_refused() -> None:
    """A division by zero in every verdict would make every claim right."""
    before = world_rules(1)
    for name in POSITIVE:
        change: dict[str, Any] = {name: 0}
        with pytest.raises(ValueError, match=name):
            check_succession(before, replace(before, **change))
    for name in SHARES:
        change = {name: 1_000_001}
        with pytest.raises(ValueError, match=name):
            check_succession(before, replace(before, **change))
    for value in (-1, 1 << 53):
        with pytest.raises(ValueError, match="withdrawal_min"):
            check_succession(before, replace(before, withdrawal_min=value))
    with pytest.raises(ValueError, match="liquidation_fee_ppm_max"):
        check_succession(before, replace(before, liquidation_fee_ppm=20_000))


def fields_of_other_kinds() -> list[tuple[str, object]]:
    """Return (field of rules, a value of another kind) for each field."""
    strange: list[tuple[str, object]] = []
    for name in FIELDS:
        value = getattr(world_rules(1), name)
        if isinstance(value, int):
            strange += [(name, b"1"), (name, True), (name, -1), (name, [1])]
        elif isinstance(value, bytes):
            strange += [(name, 5), (name, b"short")]
        else:
            strange += [(name, 5), (name, [b"x"]), (name, b"")]
    return strange


@pytest.mark.parametrize(("name", "value"), fields_of_other_kinds())
def test_rules_with_a_field_of_another_kind_are_none(name: str, value: object) -> None:
    items = unpack(world_rules(1).encode())
    assert isinstance(items, list)
    items[2 + FIELDS.index(name)] = value
    with pytest.raises(FrameInvalid):
        decode_rules(pack(items))


def test_members_with_a_field_of_another_kind_are_none() -> None:
    rules = L1World().rules.rules
    for group in ("markets", "assets"):
        items = unpack(rules.encode())
        assert isinstance(items, list)
        member = items[2 + FIELDS.index(group)][0]
        for place, value in enumerate(list(member)):
            for strange in (None, "x", [b"x"], b"" if isinstance(value, int) else 7):
                member[place] = strange
                with pytest.raises(FrameInvalid):
                    decode_rules(pack_any(items))
            member[place] = value
    assert decode_rules(rules.encode()) == rules


def pack_any(items: object) -> bytes:
    """Return bytes that say whatever they like."""
    packed: bytes = msgpack.packb(items, use_bin_type=True)
    return packed


def test_flags_that_nobody_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="flags"):
        replace(world_rules(1), flags=8)
