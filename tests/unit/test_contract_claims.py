"""The L1 contract's claims and disputes: refusals in code order, then effects."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prover.contract.calls import (
    Call,
    ClaimBond,
    CommitFault,
    Propose,
    Settle,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.events import (
    BondReturned,
    ClaimDied,
    ClaimFinal,
    FaultProved,
)
from prover.contract.gas import limit_of
from prover.contract.prices import fee_of
from prover.contract.records import ClaimStatus
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHEAT,
    PROPOSER,
    USER,
    WINDOW_MS,
    L1World,
    Row,
    deployment,
    refused_in_order,
    true_output,
)

C = ContractCode
SALT_HASH = b"\x99" * 32


def changed(world: L1World, **changes: Any) -> Callable[[L1World], tuple[bytes, Call]]:
    """Return a proposal of the right output with some fields changed."""
    output, trace = true_output(world.state.claims[0].output)
    proposal = propose_output(0, replace(output, **changes), trace)
    return lambda _: (PROPOSER, proposal)


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
    assert world.eth(CHEAT) == 8 * BOND
    assert world.call(USER, ClaimBond(wrong)).value == BOND
    assert world.call(USER, ClaimBond(above)).value == BOND
    assert world.eth(CHEAT) == 10 * BOND, "whoever asks"


def test_commitments_are_made_once() -> None:
    world = L1World()
    assert world.call(USER, CommitFault(SALT_HASH)).value == world.block
    refused_in_order(world, [(C.COMMITMENT_EXISTS, lambda _: (CHEAT, CommitFault(SALT_HASH)))])


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
    large, empty = (replace(accusation, witness=each) for each in (bytes(101), b"nothing"))
    for each in (large, empty, accusation):
        assert world.commit(each).ok
    refused_in_order(
        world,
        [
            (C.COMMITMENT_YOUNG, lambda _: (CHALLENGER, accusation)),
            (C.WITNESS_SIZE, lambda _: (CHALLENGER, large)),
            (C.ACQUITTED, lambda _: (CHALLENGER, empty)),
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
    assert world.call(CHALLENGER, accusation).code is C.WINDOW_CLOSED, "a proof settles nothing"
    assert world.call(USER, Settle()).ok
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
    for dead in (child, grandchild):
        assert world.call(CHEAT, ClaimBond(dead)).ok
    assert world.eth(CHEAT) == 9 * BOND, "only the convicted bond is gone"
    assert world.state.totals.eth_burnt == half
    proved = [event for event in result.events if isinstance(event, FaultProved)]
    assert [(p.burnt, p.refunded, p.reward) for p in proved] == [(half, 0, BOND - half)]
    assert sum(isinstance(event, ClaimDied) for event in result.events) == 3
    assert world.call(CHALLENGER, world.accusation(wrong)).code is C.CLAIM_DEAD
    assert not world.state.commitments, "it was opened"
    right = world.propose()
    world.wait(WINDOW_MS)
    assert world.status(right) is ClaimStatus.FINAL


def test_an_honest_accuser_is_never_out_of_pocket() -> None:
    world = L1World(gas_price=20_000)
    world.append()
    wrong = world.propose(lie=1)
    before = world.eth(CHALLENGER)
    accusation = world.accusation(wrong)
    world.commit(accusation)
    committed = world.eth(CHALLENGER)
    assert committed < before, "a commitment costs gas"
    world.wait(1_000)
    result = world.call(CHALLENGER, accusation)
    assert result.ok
    assert result.gas <= limit_of(accusation, world.rules.settle_max)
    fees = fee_of(result.gas, world.gas_price) + before - committed
    assert world.eth(CHALLENGER) - before == BOND - BOND // 2 - fees == result.value
    (proved,) = [event for event in result.events if isinstance(event, FaultProved)]
    assert proved.refunded == fees, "of his half so much makes up for the gas of both calls"


def test_whoever_sends_the_proof_the_payee_has_half_of_the_bond() -> None:
    world = L1World(gas_price=20_000)
    world.append()
    wrong = world.propose(lie=1)
    accusation = world.accusation(wrong, payee=USER)
    world.commit(accusation)
    world.wait(1_000)
    payee, sender = world.eth(USER), world.eth(CHALLENGER)
    world.gas_price = 5_000_000
    result = world.call(CHALLENGER, accusation)
    assert result.ok
    assert world.eth(USER) - payee == BOND - BOND // 2
    assert sender - world.eth(CHALLENGER) == fee_of(result.gas, world.gas_price)
