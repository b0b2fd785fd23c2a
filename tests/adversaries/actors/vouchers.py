"""Attesters who want more for a lie than it costs them: by leaving, by dying, by being first."""

from dataclasses import replace

from prover.contract.attesters import attestation_digest, bitmap_of
from prover.contract.calls import (
    Attest,
    ClaimWithdrawal,
    CommitFault,
    LeaveAttesters,
    SlashAttesters,
    TakeStake,
)
from prover.contract.disputes import commitment_to
from prover.contract.records import ClaimStatus
from prover.contract.slashing import slash_commitment
from prover.l1 import CallReceipt
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.records import encode_withdrawal
from statemachine.state import State
from tests.adversaries.actors.disputes import SALT, proof_of, richer
from tests.adversaries.actors.exits import freeze, ignored, open_books, pay_all
from tests.adversaries.actors.vows import ACCOMPLICES, STAKE, payout, vouched
from tests.adversaries.forgery import Forgery, cheat
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import LIAR, MAKER, SELL, WINDOW_MS, Land
from tests.fake_bls import FakeBls
from tests.simulation.test_challenger import DEFENDER
from tests.worlds import USDC

ALL = tuple(range(ACCOMPLICES))


def attest(land: Land, bls: FakeBls, claim: int, signers: tuple[int, ...] = ALL) -> None:
    """Let some of the liar's attesters vouch for a claim."""
    rules, output = land.deployment, land.chain.contract.state.claims[claim].output
    digest = attestation_digest(rules.l1_chain_id, rules.rules.rollup, output.hash)
    signed = bls.aggregate([bls.sign(number + 1, digest) for number in signers])
    assert land.send(LIAR, Attest(claim, bitmap_of(list(signers)), signed)).ok


def pay(land: Land, claim: int, forged: Forgery) -> CallReceipt:
    """Let the liar ask for the withdrawal that a forgery invented."""
    proved = RecordingTree(forged.tree)
    proved.get(withdrawal_key(0))
    return land.send(LIAR, ClaimWithdrawal(claim, 0, proved.witness({})))


def slash(
    land: Land, forged: Forgery, payee: bytes = DEFENDER, signers: tuple[int, ...] = ALL
) -> CallReceipt:
    """Let somebody commit to slashing for a forgery, and do it."""
    names = bitmap_of(list(signers))
    call = SlashAttesters(forged.output.encode(), names, b"", payee, SALT)
    name = slash_commitment(forged.output.hash, names, payee, SALT)
    assert land.send(payee, CommitFault(name)).ok
    land.chain.mine(2)
    return land.send(payee, call)


def held(land: Land, address: bytes = LIAR) -> int:
    """Return the micro-USDC that somebody has on L1."""
    return land.chain.contract.state.account_of(address).token


@adversary("attesters who vouch above a lie, and freeze", "7", "slashed, the escrow is whole")
def vouched_above() -> Outcome:
    """Vouch for a claim that stands on a wrong one, and freeze: no right one ever replaces it."""
    land, bls, room = vouched()
    ignored(land)
    first = land.post([land.order(MAKER, SELL, 1)])
    parent = land.claim_honestly(first.facts.index)
    land.claim_honestly()
    wrong = richer(land, first)
    lie = land.lie(wrong, parent)
    second = land.post([land.order(MAKER, SELL, 1)])

    def invent(after: State, before: State) -> None:
        del before
        leaf = encode_withdrawal(LIAR, room, second.facts.time)
        after.add_blob(withdrawal_key(0), leaf)

    forged = cheat(land.rules, wrong.carry_on(second), 1, invent)
    child = land.lie(forged, lie)
    attest(land, bls, child)
    assert pay(land, child, forged).ok
    land.chain.mine(1, land.rules.inbox_deadline_ms)
    assert land.send(LIAR, freeze(land)).ok
    land.fight()
    assert land.status_of(lie) is ClaimStatus.CONVICTED
    slashed = slash(land, forged)
    land.honest.late = second.late
    open_books(land)
    pay_all(land)
    whole = slashed.ok and held(land) < room + STAKE
    outcome = land.outcome("slashed, the escrow is whole" if whole else "a profit", convicted=True)
    final = land.final_outputs == [derived.output for derived in land.derived[:-1]]
    return replace(outcome, final_right=final)


def told(
    land: Land, receipt: CallReceipt, forged: Forgery, signers: tuple[int, ...] = ALL
) -> Outcome:
    """Return how the liar's call was answered, and what is left once he is slashed."""
    verdict = f"refused {receipt.code.name}"
    land.fight()
    land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    assert slash(land, forged, signers=signers).ok
    land.close()
    return land.outcome(verdict, convicted=True)


@adversary("attesters who vouch and leave", "7", "refused CLAIM_PENDING")
def vouched_and_left() -> Outcome:
    """Vouch with half of the stakes, and leave: all who stay are no more than that."""
    land, bls, room = vouched()
    forged = payout(land, room // 2)
    wrong = land.lie(forged, land.claim_honestly(1))
    attest(land, bls, wrong, (0, 1))
    for number in (0, 1):
        assert land.send(LIAR, LeaveAttesters(number)).ok
    return told(land, pay(land, wrong, forged), forged, (0, 1))


@adversary("attesters with two lies", "7", "refused ATTESTED_LIMIT")
def two_lies() -> Outcome:
    """Vouch for two lies about one entry, and be paid for both."""
    land, bls, room = vouched()
    parent = land.claim_honestly(1)
    lies = [payout(land, room), payout(land, room - 1)]
    first, second = (land.lie(forged, parent) for forged in lies)
    for claim in (first, second):
        attest(land, bls, claim)
    assert pay(land, first, lies[0]).ok
    outcome = told(land, pay(land, second, lies[1]), lies[0])
    assert held(land) < room + (ACCOMPLICES + 1) * STAKE
    return outcome


@adversary("attesters with nothing left to lose", "7", "refused CLAIM_PENDING")
def nothing_left() -> Outcome:
    """Vouch for two lies, be slashed for one, and then be paid for the other."""
    land, bls, _ = vouched()
    parent = land.claim_honestly(1)
    lies = [payout(land, USDC), richer(land, land.derived[1])]
    first, second = (land.lie(forged, parent) for forged in lies)
    for claim in (first, second):
        attest(land, bls, claim)
    proof = proof_of(land, second, lies[1], DEFENDER)
    assert land.send(DEFENDER, CommitFault(commitment_to(proof))).ok
    land.chain.mine(2)
    assert land.send(DEFENDER, proof).ok
    assert slash(land, lies[1]).ok
    receipt = pay(land, first, lies[0])
    land.fight()
    land.close()
    return land.outcome(f"refused {receipt.code.name}", convicted=True)


@adversary("attester who is slashed by himself first", "7", "whoever slashes is paid")
def slashed_by_himself() -> Outcome:
    """Have one's own stake slashed a block before the honest call comes, which names it too."""
    land, bls, room = vouched()
    forged = payout(land, room)
    wrong = land.lie(forged, land.claim_honestly(1))
    attest(land, bls, wrong)
    assert pay(land, wrong, forged).ok
    land.fight()
    before = held(land, DEFENDER)
    names = bitmap_of(list(ALL))
    call = SlashAttesters(forged.output.encode(), names, b"", DEFENDER, SALT)
    name = slash_commitment(forged.output.hash, names, DEFENDER, SALT)
    assert land.send(DEFENDER, CommitFault(name)).ok
    assert slash(land, forged, LIAR, (0,)).ok
    slashed = land.send(DEFENDER, call)
    paid = slashed.ok and held(land, DEFENDER) > before
    land.claim_honestly()
    land.close()
    whole = held(land) < room + 2 * STAKE
    told = "whoever slashes is paid" if paid else f"refused {slashed.code.name}"
    return land.outcome(told if whole else "a profit", convicted=True)


@adversary("attester who takes his stake along", "7", "refused STAKE_LOCKED, then slashed")
def stake_taken() -> Outcome:
    """Vouch for a lie, leave at once, and ask for the stake before anybody proves anything."""
    land, bls, room = vouched()
    forged = payout(land, room)
    wrong = land.lie(forged, land.claim_honestly(1))
    attest(land, bls, wrong)
    assert pay(land, wrong, forged).ok
    for number in ALL:
        assert land.send(LIAR, LeaveAttesters(number)).ok
    receipt = land.send(LIAR, TakeStake(0))
    land.fight()
    slashed = slash(land, forged)
    land.claim_honestly()
    land.close()
    then = "slashed" if slashed.value == ACCOMPLICES * STAKE else "not slashed"
    return land.outcome(f"refused {receipt.code.name}, then {then}", convicted=True)
