"""Properties of the L1 contract over every history, not those we thought of.

Money is conserved, no bond is lost, what is final stays final, at most one
child of a claim is final, an honest claim is never convicted, and time alone
makes the right claim final.
"""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from prover.contract import bank
from prover.contract.calls import (
    ClaimBond,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    decode_call,
    encode_call,
    propose_output,
)
from prover.contract.claims import fate_of
from prover.contract.codes import ContractCode
from prover.contract.contract import Contract
from prover.contract.records import ClaimStatus
from prover.outputs import genesis_output
from statemachine.errors import FrameInvalid
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHEAT,
    GENESIS_MS,
    PROPOSER,
    SEQUENCER,
    STAKED,
    USER,
    WINDOW_MS,
    L1World,
    deployment,
    judge_by_truth,
    output_with,
    true_output,
)

WITHDRAWAL_PAID = ContractCode.WITHDRAWAL_PAID
PEOPLE = (SEQUENCER, PROPOSER, CHEAT, CHALLENGER, USER)


class ContractHistory(RuleBasedStateMachine):
    """A contract under everybody's hands."""

    def __init__(self) -> None:
        super().__init__()
        self.world = L1World()
        self.state = self.world.state
        self.finals: list[int] = [0]
        self.stored: dict[bytes, bytes] = {}

    def is_right(self, claim: int) -> bool:
        """Whether a claim is the right one, all the way down."""
        while claim:
            parent = self.state.claims[claim].parent
            if self.state.claims[claim].output != true_output(self.state.claims[parent].output)[0]:
                return False
            claim = parent
        return True

    @rule()
    def append(self) -> None:
        assert self.world.append().ok

    @rule(amount=st.integers(0, 60_000_000))
    def deposit(self, amount: int) -> None:
        self.world.call(USER, Deposit(USER, 0, amount))

    @rule(amount=st.integers(0, 60_000_000), asset=st.sampled_from([STAKED, STAKED, 9]))
    def deposit_asset(self, amount: int, asset: int) -> None:
        self.world.call(USER, Deposit(USER, 0, amount, asset))

    @rule(amount=st.integers(0, 10))
    def force_withdraw(self, amount: int) -> None:
        assert self.world.call(USER, ForceWithdraw(0, amount)).ok

    @rule(sub=st.integers(0, 255), person=st.sampled_from(PEOPLE))
    def force_anything(self, sub: int, person: bytes) -> None:
        queued = len(self.state.inbox)
        calls = (ForceCancelAll(sub), ForceClose(sub, 1, sub), ForceRevoke(person))
        for call in (*calls, ForcePoke(person, sub)):
            assert self.world.call(USER, call).value == queued
            queued += 1

    @rule(data=st.data(), lie=st.integers(0, 2))
    def propose(self, data: st.DataObject, lie: int) -> None:
        parent = data.draw(st.integers(0, len(self.state.claims) - 1))
        sender = data.draw(st.sampled_from(PEOPLE))
        before = self.world.eth(sender)
        result = self.world.call(sender, self.world.proposal(parent, lie))
        assert self.world.eth(sender) >= before - (BOND if result.ok else 0)

    @precondition(lambda self: len(self.state.claims) > 1)
    @rule(data=st.data(), committed=st.booleans(), wait=st.sampled_from([0, 1_000, 30_000]))
    def accuse(self, data: st.DataObject, committed: bool, wait: int) -> None:
        claim = data.draw(st.integers(1, len(self.state.claims) - 1))
        accusation = self.world.accusation(claim)
        if committed:
            self.world.commit(accusation)
        if wait:
            self.world.wait(wait)
        status = self.world.status(claim)
        result = self.world.call(data.draw(st.sampled_from(PEOPLE)), accusation)
        if result.ok:
            assert status is ClaimStatus.PENDING
            parent = self.state.claims[self.state.claims[claim].parent].output
            assert self.state.claims[claim].output != true_output(parent)[0]
        elif self.is_right(claim):
            assert self.world.status(claim) is not ClaimStatus.CONVICTED

    @rule(commitment=st.binary(min_size=32, max_size=32))
    def commit_noise(self, commitment: bytes) -> None:
        self.world.call(CHEAT, CommitFault(commitment))

    @rule(time=st.sampled_from([1, 10_000, WINDOW_MS]))
    def wait(self, time: int) -> None:
        self.world.wait(time)

    @rule()
    def restart(self) -> None:
        contract = Contract(self.world.rules, judge_by_truth, self.state.items().items())
        assert contract.state.digest() == self.state.digest()
        self.world.contract, self.world.state, self.state = contract, contract.state, contract.state

    @invariant()
    def money_is_conserved(self) -> None:
        bank.check_conservation(self.state)

    @invariant()
    def what_is_final_stays_final(self) -> None:
        for claim in self.finals:
            assert self.world.status(claim) is ClaimStatus.FINAL
        self.finals = [c.number for c in self.state.claims if c.status is ClaimStatus.FINAL]

    @precondition(lambda self: len(self.state.claims) > 1)
    @rule(data=st.data())
    def claim_bond(self, data: st.DataObject) -> None:
        claim = self.state.claims[data.draw(st.integers(1, len(self.state.claims) - 1))]
        before = self.world.eth(claim.proposer)
        result = self.world.call(USER, ClaimBond(claim.number))
        assert self.world.eth(claim.proposer) >= before
        if result.ok:
            assert result.value == claim.bond == BOND
            assert self.world.status(claim.number).is_dead
        again = self.world.call(USER, ClaimBond(claim.number))
        assert again.code in {ContractCode.BOND_PAID, ContractCode.BOND_PENDING}

    @invariant()
    def siblings_of_final_claims_are_dead(self) -> None:
        for parent, children in self.state.children.items():
            finals = [n for n in children if self.world.status(n) is ClaimStatus.FINAL]
            assert len(finals) <= 1
            if finals:
                assert self.world.status(parent) is ClaimStatus.FINAL
                others = (n for n in children if n not in finals)
                assert all(fate_of(self.state, self.state.claims[n]).is_dead for n in others)

    @invariant()
    def nothing_lives_on_the_dead(self) -> None:
        for claim in self.state.claims[1:]:
            if self.world.status(claim.parent).is_dead:
                assert fate_of(self.state, claim).is_dead

    @invariant()
    def no_bond_is_lost(self) -> None:
        slashed = sum(c.status is ClaimStatus.CONVICTED for c in self.state.claims)
        assert self.state.totals.eth_burnt == slashed * (BOND // 2)
        for claim in self.state.claims[1:]:
            assert claim.bond in {0, BOND}
            assert claim.bond == BOND or claim.status is not ClaimStatus.PENDING
            assert claim.bond == 0 or claim.status not in {
                ClaimStatus.FINAL,
                ClaimStatus.CONVICTED,
            }

    @invariant()
    def the_pending_are_in_order(self) -> None:
        numbers = list(self.state.pending)
        assert numbers == sorted(numbers)


TestContractHistory = ContractHistory.TestCase
TestContractHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_right_claim_becomes_final_against_any_number_of_lies() -> None:
    world = L1World()
    for _ in range(4):
        world.append()
    tip, lies = 0, []
    for _ in range(4):
        lies.append(world.propose(tip, lie=1))
        tip = world.propose(tip)
    for lie in lies:
        assert world.convict(lie).ok
    world.wait(WINDOW_MS)
    assert world.status(tip) is ClaimStatus.FINAL
    assert world.call(CHALLENGER, world.accusation(tip)).code is ContractCode.WINDOW_CLOSED


WITHDRAWALS = [
    (withdrawal_key(n), encode_withdrawal(USER, 1_000_000 + n, GENESIS_MS)) for n in range(9)
]


@given(
    index=st.integers(0, 12),
    cut=st.integers(0, 400),
    noise=st.binary(max_size=8),
    at=st.integers(0, 400),
)
def test_only_a_true_proof_is_paid(index: int, cut: int, noise: bytes, at: int) -> None:
    """A proof that was tampered with is refused, or still proves the same."""
    world = L1World()
    world.deposit(50_000_000)
    world.append()
    tree = Tree.from_items(WITHDRAWALS)
    output, trace = output_with(world.state.claims[0].output, tree.root, 1)
    claim = world.call(PROPOSER, propose_output(0, output, trace)).value
    world.wait(WINDOW_MS)
    recording = RecordingTree(tree)
    recording.get(withdrawal_key(index))
    proof = recording.witness({})
    if noise or cut < len(proof):
        proof = proof[: min(at, cut)] + noise + proof[min(at, cut) + len(noise) :][:cut]
    result = world.call(USER, ClaimWithdrawal(claim, index, proof))
    if result.ok:
        assert result.value == 1_000_000 + index
        assert world.call(USER, ClaimWithdrawal(claim, index, proof)).code is WITHDRAWAL_PAID
    else:
        assert result.code in {ContractCode.PROOF, ContractCode.WITHDRAWAL_UNKNOWN}
        assert result.code is ContractCode.PROOF or index >= len(WITHDRAWALS)


@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_call_are_refused(data: bytes) -> None:
    try:
        call = decode_call(data)
    except FrameInvalid:
        return
    assert encode_call(call) == data


def test_deployments_differ_by_their_hash() -> None:
    rules = deployment()
    assert replace(rules, bond_gwei=2, gas_price_max=0).hash != rules.hash
    other = genesis_output(rules.rules.chain_id, rules.rules.hash, bytes(32))
    assert replace(rules, genesis=other).hash != rules.hash
