"""Somebody who sees every call before L1 does, and wants the reward of others.

Whenever a claim appears he commits to every fault that can be guessed; whenever
an honest proof waits in the mempool he sends it first in every form he can give
it: as it is, with himself as payee under his guesses, and with a commitment
made just now.
"""

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from prover.cases import Standing
from prover.contract.calls import Call, CommitFault, Propose, ProveFault, proposed_output
from prover.contract.codes import ContractCode
from prover.contract.context import CallResult, Moment
from prover.contract.disputes import commitment_to
from prover.contract.records import ClaimStatus
from prover.faults import FaultKind
from prover.l1 import CallReceipt
from prover.outputs import ROOT_NONE
from tests.simulation.memory_l1 import MemoryChain
from tests.simulation.test_challenger import BOND, DEFENDER, RIVAL, Scene

SALT = b"\x5a" * 32


@dataclass
class WatchedChain(MemoryChain):
    """A chain whose mempool a front-runner reads."""

    robs: bool = True
    answers: list[CallResult] = field(default_factory=list)
    guesses: list[ProveFault] = field(default_factory=list)

    def execute(self, sender: bytes, call: Call, step_ms: int = 1_000) -> CallReceipt:
        """Let the front-runner act around a call of somebody else."""
        if sender == RIVAL or not self.robs:
            return super().execute(sender, call, step_ms)
        if isinstance(call, ProveFault):
            self.rob(call)
        receipt = super().execute(sender, call, step_ms)
        if isinstance(call, Propose) and receipt.ok:
            self.guess(receipt.value, call)
        return receipt

    def guess(self, claim: int, call: Propose) -> None:
        """Commit to all that may be wrong with a claim, with roots that are no secret."""
        _, trace = proposed_output(call)
        parent = self.contract.state.claims[call.parent].output
        for kind in FaultKind:
            for place in range(len(trace) + 1):
                for root in (ROOT_NONE, parent.post_root, trace[min(place, len(trace) - 1)]):
                    made = ProveFault(int(kind), claim, place, root, RIVAL, SALT, b"")
                    self.guesses.append(made)
                    self.act(CommitFault(commitment_to(made)))

    def rob(self, call: ProveFault) -> None:
        """Send what an honest proof shows before it gets there."""
        mine = [
            replace(guess, witness=call.witness)
            for guess in self.guesses
            if (guess.claim, guess.kind) == (call.claim, call.kind)
        ]
        fresh = replace(call, payee=RIVAL, salt=SALT)
        self.act(CommitFault(commitment_to(fresh)))
        for theft in (replace(call, payee=RIVAL), fresh, *mine, call):
            self.act(theft)

    def act(self, call: Call) -> None:
        """Have a call of the front-runner's own executed first in the next block."""
        moment = Moment(self.block + 1, self.time + 1, self.gas_price)
        self.answers.append(self.contract.call(RIVAL, moment, call))


@pytest.mark.parametrize("gas_price", [0, 10_000])
@pytest.mark.parametrize("how", ["root", "short", "long", "start", "post root", "height"])
def test_a_front_runner_gains_nothing(how: str, gas_price: int) -> None:
    scene = Scene()
    chain = WatchedChain(scene.deployment, scene.chain.time, gas_price)
    chain.headers = scene.chain.headers
    chain.contract, chain.traces = scene.chain.contract, scene.chain.traces
    scene.chain = chain
    post = scene.station()
    first = scene.append()
    purse = scene.chain.contract.state.account_of
    thief, honest = purse(RIVAL).eth, purse(DEFENDER).eth
    wrong = scene.propose(0, first, how)
    for _ in range(6):
        post.round()
        chain.mine()
    assert scene.status_of(wrong) is ClaimStatus.CONVICTED
    assert post.standing(wrong) is Standing.DEAD
    assert {answer.code.name for answer in chain.answers} - {"COMMITMENT_EXISTS"} == {
        "OK",  # his commitments, and the proof exactly as it was
        "COMMITMENT_UNKNOWN",
        "COMMITMENT_YOUNG",
    }
    assert purse(RIVAL).eth <= thief
    assert purse(DEFENDER).eth - honest > BOND // 3
    assert cast(ProveFault, chain.calls[-1]).payee == DEFENDER


def test_without_the_witness_a_guess_would_be_paid() -> None:
    """The guesses are good ones: with the witness that nobody knows they would convict."""
    scene = Scene()
    first = scene.append()
    chain = scene.chain
    wrong = scene.propose(0, first, "start")
    parent = chain.contract.state.claims[0].output
    post = scene.station()
    post.round()
    defence = post.core.docket.defence
    assert defence is not None
    proof = defence.cases[wrong].proof
    assert (proof.segment, proof.correct_root) == (0, parent.post_root)
    chain.mine(2)
    stolen = replace(proof, payee=RIVAL, salt=SALT)
    assert chain.execute(RIVAL, stolen).code is ContractCode.COMMITMENT_UNKNOWN
    assert chain.execute(RIVAL, CommitFault(commitment_to(stolen))).ok
    chain.mine(2)
    assert chain.execute(RIVAL, stolen).ok, "the same proof, had he known its witness before"
