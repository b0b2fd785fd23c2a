"""The L1 contract: each call's refusals in the order of their codes, then its effects."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from prover.contract.calls import (
    CALLS,
    Append,
    AppendEmpty,
    Call,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceWithdraw,
    Propose,
    Settle,
    call_digest,
    call_hash,
    decode_call,
    decode_envelope,
    encode_call,
    propose_output,
    recover_sender,
    sign_call,
)
from prover.contract.codes import ContractCode
from prover.contract.contract import Contract
from prover.contract.events import (
    BondReturned,
    ClaimDied,
    ClaimFinal,
    FaultProved,
    WithdrawalPaid,
    decode_event,
    encode_event,
)
from prover.contract.gas import fee_of, gas_of
from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from prover.contract.log import entry_of
from prover.contract.records import ClaimStatus
from prover.contract.rules import decode_contract_rules
from prover.entry import data_root, encode_entry, parse_entry
from statemachine.errors import FrameInvalid
from statemachine.keys import withdrawal_key
from statemachine.records import encode_withdrawal
from statemachine.tree import RecordingTree, Tree
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHEAT,
    L1_CHAIN_ID,
    PROPOSER,
    SEQUENCER,
    USER,
    USER_KEY,
    WINDOW_MS,
    L1World,
    deployment,
    judge_by_truth,
    output_with,
    true_output,
)

C = ContractCode
ENTRY = encode_entry([b"frame"])
Row = tuple[ContractCode, Callable[[L1World], tuple[bytes, Call]]]


def refused_in_order(world: L1World, rows: list[Row]) -> None:
    """Check each row's code, that the rows are in code order, and that nothing changed."""
    codes = [code for code, _ in rows]
    assert codes == sorted(codes)
    for code, make in rows:
        sender, call = make(world)
        before = world.state.digest()
        result = world.call(sender, call)
        assert result.code is code, result
        assert result.message.startswith(f"{code.name}: ")
        assert result.events == ()
        assert world.state.digest() == before


def changed(world: L1World, **changes: Any) -> Callable[[L1World], tuple[bytes, Call]]:
    """Return a proposal of the right output with some fields changed."""
    output, trace = true_output(world.state.claims[0].output)
    proposal = propose_output(0, replace(output, **changes), trace)
    return lambda _: (PROPOSER, proposal)


def test_append_refuses_in_code_order() -> None:
    refused_in_order(
        L1World(),
        [
            (C.NOT_SEQUENCER, lambda _: (USER, Append(9, b""))),
            (C.ENTRY_INDEX, lambda _: (SEQUENCER, Append(1, b""))),
            (C.ENTRY_SIZE, lambda _: (SEQUENCER, Append(0, b"\x09"))),
            (C.ENTRY_VERSION, lambda _: (SEQUENCER, Append(0, b"\x09\x00\x00"))),
            (C.ENTRY_FRAMES, lambda _: (SEQUENCER, Append(0, b"\x01\x00\x00"))),
            (C.ENTRY_FRAMES, lambda _: (SEQUENCER, Append(0, b"\x01\xff\xff"))),
        ],
    )


def test_append_stores_what_judges_the_entry() -> None:
    world = L1World()
    world.deposit()
    result = world.append()
    assert (result.ok, result.value) == (True, 0)
    header = world.state.log[0]
    assert header.data_root == data_root(ENTRY)
    assert (header.length, header.time, header.block) == (len(ENTRY), world.time, world.block)
    assert header.inbox_count == 1
    assert header.inbox_accumulator == world.state.inbox[0].accumulator
    entry = entry_of(header, ENTRY)
    assert entry.is_intact
    assert entry.facts == header.facts
    assert not entry_of(header, ENTRY + b"x").is_intact


def test_an_entry_may_not_be_larger_than_its_limit() -> None:
    world = L1World(deployment(entry_bytes_max=100))
    call = Append(0, ENTRY + bytes(101 - len(ENTRY)))
    assert world.call(SEQUENCER, call).code is C.ENTRY_SIZE


def test_anyone_appends_empty_entries_once_the_sequencer_is_silent() -> None:
    world = L1World()
    world.append()
    refused_in_order(world, [(C.SEQUENCER_ALIVE, lambda _: (USER, AppendEmpty(1)))])
    world.wait(world.rules.liveness_ms_max)
    refused_in_order(world, [(C.ENTRY_INDEX, lambda _: (USER, AppendEmpty(0)))])
    assert world.call(USER, AppendEmpty(1)).ok
    assert world.state.log[1].length == 0
    assert parse_entry(b"") == [b""]
    assert world.append().ok


def test_deposit_refuses_in_code_order() -> None:
    refused_in_order(
        L1World(),
        [
            (C.OWNER, lambda _: (USER, Deposit(b"\x01", 999, 0))),
            (C.OWNER, lambda _: (USER, Deposit(bytes(20), 999, 0))),
            (C.SUB, lambda _: (USER, Deposit(USER, 256, 0))),
            (C.AMOUNT, lambda _: (USER, Deposit(USER, 0, 999_999))),
            (C.TOKEN_BALANCE, lambda _: (USER, Deposit(USER, 0, 100_000_001))),
        ],
    )


def test_the_inbox_is_a_chain_of_hashes() -> None:
    world = L1World()
    assert world.deposit(5_000_000).value == 0
    assert world.call(USER, ForceWithdraw(3, 0)).value == 1
    refused_in_order(world, [(C.SUB, lambda _: (USER, ForceWithdraw(256, 0)))])
    accumulator = ACCUMULATOR_EMPTY
    for queued in world.state.inbox:
        accumulator = accumulate(accumulator, queued.item)
        assert queued.accumulator == accumulator
    assert world.state.account_of(USER).token == 95_000_000
    assert world.state.totals.token_escrowed == 5_000_000


def test_propose_refuses_in_code_order() -> None:
    world = L1World()
    world.append()
    output, trace = true_output(world.state.claims[0].output)
    false = world.propose(lie=1)
    world.append()
    assert world.convict(false).ok
    rows: list[Row] = [
        (C.CALL_MALFORMED, lambda _: (PROPOSER, Propose(9, b"", b""))),
        (C.CALL_MALFORMED, lambda _: (PROPOSER, Propose(9, output.encode(), bytes(33)))),
        (C.PARENT_UNKNOWN, lambda _: (PROPOSER, propose_output(9, output, trace))),
        (C.PARENT_DEAD, lambda _: (PROPOSER, propose_output(false, output, trace))),
        (C.OUTPUT_VERSION, changed(world, version=2, chain_id=8)),
        (C.OUTPUT_CHAIN, changed(world, chain_id=8, rules_hash=bytes(32))),
        (C.OUTPUT_RULES, changed(world, rules_hash=bytes(32), previous_output=bytes(32))),
        (C.OUTPUT_PREVIOUS, changed(world, previous_output=bytes(32), log_index=2)),
        (C.OUTPUT_INDEX, changed(world, log_index=2, height=0)),
        (C.OUTPUT_HEIGHT, changed(world, height=0, segments=0)),
        (C.OUTPUT_SEGMENTS, changed(world, segments=0, inbox_index=1)),
        (C.OUTPUT_INBOX, changed(world, inbox_index=1, trace_root=bytes(32))),
        (C.OUTPUT_TRACE, changed(world, trace_root=bytes(32))),
        (C.OUTPUT_TRACE, changed(world, segments=2)),
    ]
    refused_in_order(world, rows)
    assert world.call(PROPOSER, propose_output(0, output, trace)).ok
    refused_in_order(world, [(C.CLAIM_EXISTS, lambda _: (CHEAT, world.proposal()))])
    for lie in range(2, 11):
        world.propose(lie=lie)
    refused_in_order(world, [(C.BOND_BALANCE, lambda _: (CHEAT, world.proposal(lie=11)))])
    world.wait(WINDOW_MS)
    refused_in_order(world, [(C.PARENT_DECIDED, lambda _: (PROPOSER, world.proposal(lie=12)))])


def test_a_claim_is_about_an_entry_that_exists() -> None:
    world = L1World()
    refused_in_order(world, [(C.ENTRY_UNKNOWN, lambda _: (PROPOSER, world.proposal()))])


def test_a_claim_is_final_after_its_window_and_gets_its_bond_back() -> None:
    world = L1World()
    world.append()
    claim = world.propose()
    assert world.eth(PROPOSER) == 9 * BOND
    world.wait(WINDOW_MS - 1)
    assert world.status(claim) is ClaimStatus.PENDING
    result = world.call(USER, Settle())
    assert result.value == 1
    final, returned = result.events
    assert isinstance(final, ClaimFinal)
    assert isinstance(returned, BondReturned)
    assert world.status(claim) is ClaimStatus.FINAL
    assert world.eth(PROPOSER) == 10 * BOND


def test_a_final_claim_kills_its_siblings_and_what_stands_on_them() -> None:
    world = L1World()
    world.append()
    world.append()
    right = world.propose()
    wrong = world.propose(lie=1)
    above = world.propose(parent=wrong, lie=2)
    world.wait(WINDOW_MS - 2_000)
    assert world.status(right) is ClaimStatus.FINAL
    assert world.status(wrong) is ClaimStatus.SUPERSEDED
    assert world.status(above) is ClaimStatus.ORPHANED
    assert world.eth(CHEAT) == 10 * BOND


def test_commitments_are_made_once() -> None:
    world = L1World()
    assert world.call(USER, CommitFault(SALT_HASH)).value == world.block
    refused_in_order(world, [(C.COMMITMENT_EXISTS, lambda _: (CHEAT, CommitFault(SALT_HASH)))])


SALT_HASH = b"\x99" * 32


def test_prove_fault_refuses_in_code_order() -> None:
    world = L1World(deployment(witness_bytes_max=100))
    world.append()
    right, wrong, dead = world.propose(), world.propose(lie=1), world.propose(lie=2)
    assert world.convict(dead).ok
    accusation = world.accusation(wrong)
    refused_in_order(
        world,
        [
            (C.FAULT_KIND, lambda w: (CHALLENGER, replace(w.accusation(wrong), kind=9))),
            (C.CLAIM_UNKNOWN, lambda w: (CHALLENGER, replace(w.accusation(wrong), claim=9))),
            (C.CLAIM_DEAD, lambda w: (CHALLENGER, w.accusation(dead))),
            (C.WINDOW_CLOSED, lambda w: (CHALLENGER, replace(w.accusation(wrong), claim=0))),
            (C.COMMITMENT_UNKNOWN, lambda w: (CHALLENGER, w.accusation(wrong))),
        ],
    )
    assert world.commit(accusation).ok
    refused_in_order(
        world,
        [
            (C.COMMITMENT_YOUNG, lambda _: (CHALLENGER, accusation)),
            (C.WITNESS_SIZE, lambda _: (CHALLENGER, replace(accusation, witness=bytes(101)))),
            (C.ACQUITTED, lambda _: (CHALLENGER, replace(accusation, witness=b"nothing"))),
        ],
    )
    guess = replace(accusation, correct_root=bytes(32))
    innocent = world.accusation(right)
    assert world.commit(guess).ok
    assert world.commit(innocent).ok
    world.wait(1_000)
    refused_in_order(
        world,
        [
            (C.ACQUITTED, lambda _: (CHALLENGER, innocent)),
            (C.COMMITMENT_MISMATCH, lambda _: (CHALLENGER, guess)),
        ],
    )
    world.time = world.state.claims[wrong].time + WINDOW_MS
    assert world.call(CHALLENGER, accusation).code is C.CLAIM_DEAD, "its sibling became final"


def test_a_window_closes_by_the_clock() -> None:
    world = L1World()
    world.append()
    wrong = world.propose(lie=1)
    accusation = world.accusation(wrong)
    world.commit(accusation)
    world.wait(1_000)
    world.time = world.state.claims[wrong].time + WINDOW_MS - 1_001
    assert world.call(CHALLENGER, accusation).ok, "one millisecond before the end"
    late = L1World()
    late.append()
    claim = late.propose(lie=1)
    late.commit(late.accusation(claim))
    late.wait(1_000)
    late.time = late.state.claims[claim].time + WINDOW_MS - 1_000
    assert late.call(CHALLENGER, late.accusation(claim)).code is C.WINDOW_CLOSED


def test_a_conviction_kills_the_descendants_and_splits_the_bond() -> None:
    world = L1World()
    for _ in range(3):
        world.append()
    wrong = world.propose(lie=1)
    child = world.propose(parent=wrong, lie=2)
    grandchild = world.propose(parent=child, lie=3)
    result = world.convict(wrong)
    assert result.ok
    assert [world.status(n).name for n in (wrong, child, grandchild)] == [
        "CONVICTED",
        "ORPHANED",
        "ORPHANED",
    ]
    half = BOND // 2
    assert result.value == BOND - half
    assert world.eth(CHALLENGER) == 10 * BOND + BOND - half
    assert world.eth(CHEAT) == 9 * BOND, "only the convicted bond is gone"
    assert world.state.totals.eth_burnt == half
    proved = [event for event in result.events if isinstance(event, FaultProved)]
    assert [(p.burnt, p.refunded, p.reward) for p in proved] == [(half, 0, BOND - half)]
    assert sum(isinstance(event, ClaimDied) for event in result.events) == 3
    assert world.call(CHALLENGER, world.accusation(wrong)).code is C.CLAIM_DEAD
    right = world.propose()
    world.wait(WINDOW_MS)
    assert world.status(right) is ClaimStatus.FINAL


def test_an_honest_accuser_is_never_out_of_pocket() -> None:
    world = L1World(gas_price=20_000)
    world.append()
    wrong = world.propose(lie=1)
    before = world.eth(CHALLENGER)
    accusation = world.accusation(wrong, payee=USER)
    world.commit(accusation)
    committed = world.eth(CHALLENGER)
    assert committed < before, "a commitment costs gas"
    world.wait(1_000)
    payee = world.eth(USER)
    result = world.call(CHALLENGER, accusation)
    assert result.ok
    assert world.eth(CHALLENGER) == committed, "the gas of the proof is refunded"
    fee = fee_of(gas_of(accusation), world.gas_price)
    assert world.eth(USER) - payee == BOND - BOND // 2 - fee


def test_gas_is_paid_for_refused_calls_too() -> None:
    world = L1World(gas_price=1_000_000)
    before = world.eth(CHEAT)
    result = world.call(CHEAT, Append(0, ENTRY))
    assert result.code is C.NOT_SEQUENCER
    assert before - world.eth(CHEAT) == result.gas
    stranger = b"\x77" * 20
    assert world.call(stranger, Settle()).code is C.GAS_FUNDS


def final_withdrawal(amount: int) -> tuple[L1World, Tree, int]:
    """Return a world with one final claim that holds withdrawal 4 of the user."""
    world = L1World()
    leaf = encode_withdrawal(USER, amount, world.time)
    tree = Tree.from_items([(withdrawal_key(4), leaf), (withdrawal_key(5), b"broken")])
    world.append()
    output, trace = output_with(world.state.claims[0].output, tree.root)
    claim = world.call(PROPOSER, propose_output(0, output, trace)).value
    return world, tree, claim


def proof_of(tree: Tree, index: int) -> bytes:
    """Return the witness of one withdrawal leaf."""
    recording = RecordingTree(tree)
    recording.get(withdrawal_key(index))
    return recording.witness({})


def test_claim_withdrawal_refuses_in_code_order() -> None:
    world, tree, claim = final_withdrawal(2_000_000)
    proof = proof_of(tree, 4)
    wrong = world.propose(lie=1)
    world.convict(wrong)
    refused_in_order(
        world,
        [
            (C.CLAIM_UNKNOWN, lambda _: (USER, ClaimWithdrawal(9, 4, proof))),
            (C.CLAIM_DEAD, lambda _: (USER, ClaimWithdrawal(wrong, 4, proof))),
            (C.CLAIM_PENDING, lambda _: (USER, ClaimWithdrawal(claim, 4, proof))),
        ],
    )
    world.wait(WINDOW_MS)
    refused_in_order(
        world,
        [
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 4, b"garbage"))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(0, 4, proof))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 5, proof))),
            (C.PROOF, lambda _: (USER, ClaimWithdrawal(claim, 5, proof_of(tree, 5)))),
            (C.WITHDRAWAL_UNKNOWN, lambda _: (USER, ClaimWithdrawal(claim, 6, proof_of(tree, 6)))),
            (C.ESCROW, lambda _: (USER, ClaimWithdrawal(claim, 4, proof))),
        ],
    )
    world.deposit(5_000_000)
    result = world.call(CHEAT, ClaimWithdrawal(claim, 4, proof))
    assert result.value == 2_000_000
    assert result.events == (WithdrawalPaid(4, USER, 2_000_000),)
    assert world.state.account_of(USER).token == 97_000_000
    refused_in_order(world, [(C.WITHDRAWAL_PAID, lambda _: (USER, ClaimWithdrawal(claim, 4, b"")))])


def test_the_state_is_its_items() -> None:
    world = L1World()
    stored: dict[bytes, bytes | None] = dict(world.state.take_changes())
    world.deposit()
    for _ in range(3):
        world.append()
    right, wrong = world.propose(), world.propose(lie=1)
    world.propose(parent=wrong, lie=2)
    world.propose(parent=right)
    world.convict(wrong)
    world.commit(world.accusation(right))
    stored.update(world.state.take_changes())
    kept = {key: value for key, value in stored.items() if value is not None}
    assert kept == world.state.items()
    again = Contract(world.rules, judge_by_truth, kept.items())
    assert again.state.digest() == world.state.digest()
    assert again.state.take_changes() == {}
    assert again.state.pending == world.state.pending
    assert again.state.children == world.state.children
    assert again.state.item_hashes == world.state.item_hashes


def test_a_deployment_is_its_bytes() -> None:
    rules = deployment()
    assert decode_contract_rules(rules.encode()) == rules
    for data in (b"", rules.encode()[:-1], b"\x9e\x02" + rules.encode()[2:]):
        with pytest.raises(FrameInvalid):
            decode_contract_rules(data)
    with pytest.raises(ValueError, match="window_ms"):
        deployment(window_ms=0)
    with pytest.raises(ValueError, match="genesis"):
        deployment(genesis=replace(rules.genesis, chain_id=8))


def example_calls() -> list[Call]:
    """Return one call of each kind."""
    world = L1World()
    world.append()
    world.propose(lie=1)
    return [
        Append(0, ENTRY),
        AppendEmpty(1),
        Deposit(USER, 2, 3),
        ForceWithdraw(0, 4),
        world.proposal(),
        CommitFault(SALT_HASH),
        world.accusation(1),
        ClaimWithdrawal(1, 2, b"proof"),
        Settle(),
    ]


def test_every_call_has_one_encoding_and_one_sender() -> None:
    calls = example_calls()
    assert {type(call) for call in calls} == set(CALLS.values())
    contract = deployment().rules.rollup
    for call in calls:
        assert decode_call(encode_call(call)) == call
        assert gas_of(call) > 21_000
        envelope = sign_call(L1_CHAIN_ID, contract, USER_KEY, 3, call)
        assert decode_envelope(envelope.encode()) == envelope
        digest = call_digest(L1_CHAIN_ID, contract, 3, call)
        assert recover_sender(digest, envelope.signature) == USER
        other = call_digest(L1_CHAIN_ID, contract, 4, call)
        assert recover_sender(other, envelope.signature) != USER
        assert call_hash(digest, USER) != call_hash(digest, CHEAT)
    for data in (b"", b"\x90", b"\x91\x63", encode_call(calls[0]) + b"\x00", b"\x92\x09\x01"):
        with pytest.raises(FrameInvalid):
            decode_call(data)


def test_every_event_has_one_encoding() -> None:
    world = L1World()
    world.append()
    wrong = world.propose(lie=1)
    for event in world.convict(wrong).events:
        assert decode_event(encode_event(event)) == event
    for data in (b"", b"\x91\x63", b"\x93\x06\x01\xc4\x00"):
        with pytest.raises(FrameInvalid):
            decode_event(data)


def test_codes_are_declared_in_order_and_named_once() -> None:
    numbers = [int(code) for code in ContractCode]
    assert numbers == sorted(set(numbers))
    assert ContractCode.CLAIM_PENDING.retryable
    assert not ContractCode.CLAIM_EXISTS.retryable
