"""Who pays for a dispute, over every gas price that the deployment allows for."""

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from prover.contract.calls import CommitFault, ProveFault
from prover.contract.codes import ContractCode
from prover.contract.disputes import commitment_to
from prover.contract.prices import GAS_CALL_MAX, fee_of
from prover.contract.rules import GAS_PRICE_MAX
from prover.faults import ClaimFacts, FaultKind, Verdict, Work
from tests.l1_worlds import BOND, CHALLENGER, CHEAT, USER, L1World, judge_by_truth

PRICES = st.integers(0, GAS_PRICE_MAX)
NODES = st.integers(0, 25_000)
"""Of 700 gas each: up to more than a call can have."""
WITNESSES = st.sampled_from([9, 1_000, 40_000, 120_000])


def world_of(nodes: int) -> L1World:
    """Return a world whose verdicts take as much work as ``nodes`` nodes."""

    def judge(kind: FaultKind, facts: ClaimFacts, witness: bytes) -> Verdict:
        verdict = judge_by_truth(kind, facts, witness.rstrip(b"."))
        return replace(verdict, work=Work(nodes=min(nodes, 1 + len(witness) // 3)))

    world = L1World()
    world.contract.judge = judge
    world.append()
    world.append()
    return world


def dispute(
    world: L1World, accuser: bytes, prices: tuple[int, int], size: int, sybils: int
) -> tuple[ProveFault, bool]:
    """Commit at one price and prove at another; return the proof, and whether it convicted."""
    wrong = world.propose(lie=1)
    for lie in range(sybils):
        world.propose(wrong, lie=2 + lie)
    call = world.accusation(wrong, payee=accuser)
    call = replace(call, witness=call.witness.ljust(size, b"."))
    world.gas_price = prices[0]
    assert world.call(accuser, CommitFault(commitment_to(call))).ok
    world.gas_price = 0
    world.wait(1_000)
    world.gas_price = prices[1]
    result = world.call(accuser, call)
    assert result.ok or result.code is ContractCode.ACQUITTED
    assert result.gas <= GAS_CALL_MAX
    return call, result.ok


@given(prices=st.tuples(PRICES, PRICES), nodes=NODES, size=WITNESSES, sybils=st.integers(0, 5))
@example(prices=(GAS_PRICE_MAX, GAS_PRICE_MAX), nodes=13_000, size=40_000, sybils=5)
def test_an_honest_challenger_is_never_out_of_pocket(
    prices: tuple[int, int], nodes: int, size: int, sybils: int
) -> None:
    world = world_of(nodes)
    before = world.eth(CHALLENGER)
    _, convicted = dispute(world, CHALLENGER, prices, size, sybils)
    assert world.eth(CHALLENGER) >= before or not convicted
    assert convicted or nodes > 12_000, "only what no call could do is too much"


@given(prices=st.tuples(PRICES, PRICES), nodes=NODES, sybils=st.integers(0, 3))
def test_whoever_accuses_himself_loses_half_of_his_bond_and_the_gas(
    prices: tuple[int, int], nodes: int, sybils: int
) -> None:
    world = world_of(nodes)
    before = world.eth(CHEAT)
    _, convicted = dispute(world, CHEAT, prices, 40_000, sybils)
    assert world.eth(CHEAT) + sybils * BOND <= before - BOND // 2
    assert convicted or nodes > 12_000


@given(nodes=st.integers(22_000, 30_000), price=st.integers(0, 1_000))
def test_a_verdict_that_no_call_could_give_is_not_given(nodes: int, price: int) -> None:
    world = world_of(nodes)
    call, convicted = dispute(world, CHALLENGER, (price, price), 120_000, 0)
    assert not convicted
    assert world.state.claims[call.claim].bond == BOND


@given(price=PRICES)
def test_whoever_sends_the_proof_of_another_pays_for_it(price: int) -> None:
    world = world_of(100)
    wrong = world.propose(lie=1)
    call = world.accusation(wrong)
    world.gas_price = price
    before = world.eth(CHALLENGER)
    assert world.call(CHALLENGER, CommitFault(commitment_to(call))).ok
    world.wait(1_000)
    honest, thief = world.eth(CHALLENGER), world.eth(USER)
    sent = world.call(USER, call)
    assert sent.ok
    assert world.eth(USER) == thief - fee_of(sent.gas, price)
    assert world.eth(CHALLENGER) == honest + BOND - BOND // 2
    assert world.call(CHALLENGER, call).code is ContractCode.CLAIM_DEAD
    assert world.eth(CHALLENGER) > before
