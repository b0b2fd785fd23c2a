"""A thousand claims by one cheat: no call does unbounded work, and the honest are not held up."""

import pytest

from prover.contract.calls import ClaimBond, Settle
from prover.contract.codes import ContractCode
from prover.contract.context import CallResult
from prover.contract.events import ClaimDied, ClaimFinal
from prover.contract.prices import GAS_CALL_MAX
from prover.contract.records import ClaimStatus
from tests.l1_worlds import BOND, CHALLENGER, CHEAT, PROPOSER, USER, WINDOW_MS, L1World

SYBILS = 1_000


@pytest.fixture
def world() -> L1World:
    """Return a world of two entries, with a cheat who can pay for all of it."""
    made = L1World()
    made.contract.mint(CHEAT, 2 * SYBILS * BOND, 0)
    made.append()
    made.append()
    return made


def marks_in(result: CallResult) -> int:
    """Return how many claims a call decided."""
    return sum(isinstance(event, ClaimDied | ClaimFinal) for event in result.events)


def spawn(world: L1World, parent: int) -> list[int]:
    """Propose a thousand different lies on one parent, at one time."""
    made, now = [], world.time
    for lie in range(1, SYBILS + 1):
        world.time = now
        made.append(world.propose(parent, lie=lie))
    return made


def pass_window(world: L1World) -> None:
    """Let the clock run past every window, without a block."""
    world.time += WINDOW_MS


def test_a_conviction_does_a_bounded_part_of_a_thousand_descendants(world: L1World) -> None:
    wrong = world.propose(lie=1)
    sybils = spawn(world, wrong)
    right = world.propose()
    child = world.propose(right)
    result = world.convict(wrong)
    assert result.ok
    assert marks_in(result) == 1 + world.rules.settle_max
    assert result.gas < GAS_CALL_MAX // 10
    assert world.status(sybils[-1]) is ClaimStatus.PENDING
    proposal = world.proposal(sybils[-1])
    assert world.call(CHEAT, proposal).code is ContractCode.PARENT_DEAD, "marked or not"
    assert world.call(CHALLENGER, world.accusation(sybils[-1])).code is ContractCode.CLAIM_DEAD
    pass_window(world)
    calls = 0
    while world.status(child) is not ClaimStatus.FINAL:
        result = world.call(USER, Settle())
        assert marks_in(result) <= world.rules.settle_max
        assert result.gas < GAS_CALL_MAX // 10
        calls += 1
    assert calls <= SYBILS // world.rules.settle_max + 1
    assert world.eth(PROPOSER) == 10 * BOND
    assert all(world.status(number) is ClaimStatus.ORPHANED for number in sybils)


def test_a_thousand_siblings_after_the_honest_claim_do_not_delay_it(world: L1World) -> None:
    right = world.propose()
    sybils = spawn(world, 0)
    world.time = world.state.claims[right].time + WINDOW_MS
    result = world.call(USER, Settle())
    assert world.status(right) is ClaimStatus.FINAL
    assert marks_in(result) == world.rules.settle_max
    assert world.eth(PROPOSER) == 10 * BOND
    before = world.eth(CHEAT)
    last = world.call(USER, ClaimBond(sybils[-1]))
    assert last.ok, "a bond is paid at once, though its claim stands far behind in the queue"
    assert world.status(sybils[-1]) is ClaimStatus.SUPERSEDED
    assert world.eth(CHEAT) == before + BOND
    assert world.call(USER, ClaimBond(sybils[-1])).code is ContractCode.BOND_PAID


def test_bonds_are_refused_in_code_order(world: L1World) -> None:
    right, wrong, other = world.propose(), world.propose(lie=1), world.propose(lie=2)
    assert world.convict(wrong).ok
    codes = [world.call(USER, ClaimBond(claim)).code for claim in (99, right, wrong, 0)]
    assert codes == [
        ContractCode.CLAIM_UNKNOWN,
        ContractCode.BOND_PENDING,
        ContractCode.BOND_PAID,
        ContractCode.BOND_PAID,
    ]
    pass_window(world)
    assert world.call(USER, ClaimBond(right)).code is ContractCode.BOND_PAID, "final: by itself"
    assert world.call(USER, ClaimBond(other)).value == BOND
