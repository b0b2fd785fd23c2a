"""Who abuses the dispute itself: for the bond, to delay, to bury the defender in work."""

from dataclasses import dataclass, replace

from prover.accusation import accuse, build_segment, find_fault
from prover.contract.calls import (
    Call,
    ClaimWithdrawal,
    CommitFault,
    ProveEquivocation,
    ProveFault,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.disputes import commitment_to
from prover.contract.gas import gas_of
from prover.contract.prices import BYTE_GAS, GAS_CALL_MAX
from prover.contract.records import ClaimStatus
from prover.drill import corrupt
from prover.faults import FaultKind
from prover.l1 import CallReceipt
from prover.replica import Derived
from prover.traffic import START_MS
from statemachine.identity.signing import address_of
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.records import encode_withdrawal
from statemachine.state import State
from tests.adversaries.forgery import Forgery, cheat
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import (
    GAS_PRICE,
    LIAR,
    MAKER,
    RICH,
    SAVER,
    SELL,
    TAKER,
    WINDOW_MS,
    CountingChain,
    Land,
)
from tests.simulation.test_challenger import BOND, DEFENDER
from tests.simulation.test_front_runner import WatchedChain
from tests.worlds import trader_key

SALT = b"\x11" * 32
OTHER_CHALLENGER = b"\x0c" * 20
CROWD = 1_000


def traded(land: Land | None = None) -> Land:
    """Return a land in which somebody bought from somebody."""
    land = land or Land()
    land.open(MAKER, TAKER)
    land.post([land.order(MAKER, SELL, 10)], [land.order(TAKER, 0, 10)])
    return land


def richer(land: Land, derived: Derived, amount: int = 1) -> Forgery:
    """Return the claim that the maker has so much more."""

    def enrich(after: State, before: State) -> None:
        del before
        land.portfolio(after, MAKER).balance += amount

    return cheat(land.rules, derived, 1, enrich)


def proof_of(land: Land, claim: int, forged: Forgery, payee: bytes) -> ProveFault:
    """Return the call that convicts a forgery of the last entry."""
    derived, replica = land.derived[-1], land.honest
    fault = find_fault(derived, forged.output, forged.trace)
    assert fault is not None
    proof = accuse(replica.rules, derived, forged.output, forged.trace, fault, replica.recover)
    kind, segment, root = int(proof.kind), proof.segment, proof.correct_root
    return ProveFault(kind, claim, segment, root, payee, SALT, proof.witness)


def ended(land: Land, wrong: int, verdict: str) -> Outcome:
    """Return what is left once everybody has gone home."""
    land.close()
    return land.outcome(verdict, convicted=land.status_of(wrong) is ClaimStatus.CONVICTED)


@adversary("self-challenge", "4", "SEGMENT convicted, half a bond lost")
def self_challenge() -> Outcome:
    """Convict one's own wrong claim, to have the bond back before others get it."""
    land = traded()
    parent = land.claim_honestly(1)
    forged = richer(land, land.derived[-1])
    wrong = land.lie(forged, parent)
    proof = proof_of(land, wrong, forged, LIAR)
    assert land.send(LIAR, CommitFault(commitment_to(proof))).ok
    land.chain.mine(2)
    assert land.send(LIAR, proof).ok
    land.fight()
    verdict = land.verdict_on(wrong)
    if land.lost_by_liar >= BOND // 2:
        verdict += ", half a bond lost"
    land.close()
    return land.outcome(verdict)


@adversary("duplicate challenge", "4", "SEGMENT convicted, the second refused CLAIM_DEAD")
def duplicate_challenge() -> Outcome:
    """Prove a fault that was proved a moment ago, for a share of the bond."""
    land = traded()
    land.chain.contract.mint(OTHER_CHALLENGER, BOND, 0)
    forged = richer(land, land.derived[-1])
    wrong = land.lie(forged, land.claim_honestly(1))
    proof = proof_of(land, wrong, forged, OTHER_CHALLENGER)
    assert land.send(OTHER_CHALLENGER, CommitFault(commitment_to(proof))).ok
    land.fight()
    second = land.send(OTHER_CHALLENGER, proof)
    assert land.eth(OTHER_CHALLENGER) <= BOND, "coming second pays nothing"
    verdict = f"{land.verdict_on(wrong)}, the second refused {second.code.name}"
    return ended(land, wrong, verdict)


@adversary("false accusation", "4", "refused ACQUITTED")
def false_accusation() -> Outcome:
    """Accuse a right claim with a true witness."""
    land = traded()
    derived, replica = land.derived[-1], land.honest
    right = land.claim_honestly()
    witness = build_segment(land.rules, derived, derived.trace, 1, replica.recover).encode()
    kind = int(FaultKind.SEGMENT)
    proof = ProveFault(kind, right, 1, derived.trace[1], LIAR, SALT, witness)
    assert land.send(LIAR, CommitFault(commitment_to(proof))).ok
    land.chain.mine(2)
    verdict = f"refused {land.send(LIAR, proof).code.name}"
    assert land.status_of(right) is ClaimStatus.PENDING
    land.fight()
    land.close()
    return land.outcome(verdict)


@adversary("false accusation of every kind", "4", "refused ACQUITTED")
def false_accusations() -> Outcome:
    """Accuse a right claim of everything, with the proofs that convicted wrong ones."""
    land = traded()
    derived = land.derived[-1]
    right = land.claim_honestly()
    codes: set[ContractCode] = set()
    for how in ("root", "short", "start", "post root", "height"):
        output, trace = corrupt(derived, how, 1, how)
        proof = proof_of(land, right, Forgery(output, trace, derived.before), LIAR)
        assert land.send(LIAR, CommitFault(commitment_to(proof))).ok
        land.chain.mine(2)
        codes.add(land.send(LIAR, proof).code)
    land.fight()
    land.close()
    return land.outcome(f"refused {' '.join(code.name for code in codes)}")


@dataclass
class SpiedChain(WatchedChain, CountingChain):
    """A chain that is watched, and counts."""


def disputed(land: Land) -> Outcome:
    """Let a liar make himself richer than he is, and a defender fight that."""
    forged = richer(land, land.derived[-1])
    wrong = land.lie(forged, land.claim_honestly(1))
    land.fight()
    return ended(land, wrong, land.verdict_on(wrong))


class WatchedLand(Land):
    """A land whose mempool the liar reads."""

    def make_chain(self) -> CountingChain:
        return SpiedChain(self.deployment, START_MS, GAS_PRICE)


@adversary("proof front-run", "4", "SEGMENT convicted")
def front_run() -> Outcome:
    """Send every proof that waits in the mempool first, in every form it can be given."""
    return disputed(traded(WatchedLand()))


@dataclass
class BribedChain(CountingChain):
    """A chain whose blocks the liar fills: what he tips comes back to him, whatever it is."""

    tips: int = 3 * BOND

    def execute(self, sender: bytes, call: Call, step_ms: int = 1_000) -> CallReceipt:
        if isinstance(call, ProveFault | ProveEquivocation) and sender == DEFENDER:
            self.bribe(call)
        return super().execute(sender, call, step_ms)

    def bribe(self, call: Call) -> None:
        """Have a copy of a call executed first, at a price that would use up a bond's half."""
        self.tip, before = self.tips, self.tip
        copied = super().execute(LIAR, call, 0)
        self.tip = before
        assert copied.ok, "it is a copy of an honest call"


class BribedLand(Land):
    """A land in which the liar makes L1's blocks."""

    def make_chain(self) -> CountingChain:
        return BribedChain(self.deployment, START_MS, GAS_PRICE)


@adversary("proof front-run for its refund", "4", "SEGMENT convicted")
def bribed() -> Outcome:
    """Make L1's blocks, and send a copy of the proof first, at a tip that eats up the reward."""
    return disputed(traded(BribedLand()))


@adversary("commitment copied for its refund", "4", "SEGMENT convicted")
def bribed_commitment() -> Outcome:
    """Copy the defender's commitment at a price that eats up what he would be paid for it."""
    land = traded()
    forged = richer(land, land.derived[-1])
    wrong = land.lie(forged, land.claim_honestly(1))
    post = land.station()
    proof = replace(proof_of(land, wrong, forged, DEFENDER), salt=(1).to_bytes(32, "big"))
    land.chain.tip = 10 * BOND
    assert land.send(LIAR, CommitFault(commitment_to(proof))).ok
    land.chain.tip = 0
    land.fight(post)
    return ended(land, wrong, land.verdict_on(wrong))


@adversary("commitment copied", "4", "SEGMENT convicted")
def copied_commitment() -> Outcome:
    """Send the defender's commitment ahead of him, so that his own is refused."""
    land = traded()
    forged = richer(land, land.derived[-1])
    wrong = land.lie(forged, land.claim_honestly(1))
    post = land.station()
    proof = replace(proof_of(land, wrong, forged, DEFENDER), salt=(1).to_bytes(32, "big"))
    assert land.send(LIAR, CommitFault(commitment_to(proof))).ok
    land.fight(post)
    assert "the commitment stands from before" in post.said
    return ended(land, wrong, land.verdict_on(wrong))


@adversary("claim made twice", "4", "refused CLAIM_EXISTS")
def repeated_claim() -> Outcome:
    """Propose what somebody else proposed, to share in nothing but confusion."""
    land = traded()
    land.claim_honestly()
    derived = land.derived[-1]
    parent = land.claim_of(derived.parent)
    assert parent is not None
    receipt = land.send(LIAR, propose_output(parent, derived.output, derived.trace))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("claim without a bond", "4", "refused BOND_BALANCE")
def unbonded_claim() -> Outcome:
    """Propose a wrong output with an empty purse."""
    land = traded()
    forged = richer(land, land.derived[-1])
    parent = land.claim_honestly(1)
    poor = b"\x0d" * 20
    land.chain.contract.mint(poor, BOND // 2, 0)
    call = propose_output(parent, forged.output, forged.trace)
    receipt = land.send(poor, call)
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


def sybils(count: int) -> Outcome:
    """Play who makes ``count`` different wrong claims about one entry."""
    land = traded()
    derived = land.derived[-1]
    parent = land.claim_honestly(1)
    land.chain.contract.mint(LIAR, count * BOND, 0)
    land.start[LIAR] += count * BOND
    wrong = [land.lie(richer(land, derived, n + 1), parent, 0) for n in range(count)]
    land.fight()
    convicted = [n for n in wrong if land.status_of(n) is ClaimStatus.CONVICTED]
    assert land.lost_by_liar == len(convicted) * BOND
    return ended(land, wrong[0], f"{len(convicted)} of {count} convicted")


@adversary("fifty sybil claims", "4", "50 of 50 convicted")
def fifty_sybils() -> Outcome:
    """Make fifty different wrong claims about one entry."""
    return sybils(50)


@adversary("thousand sybil claims", "4", f"{CROWD} of {CROWD} convicted", slow=True)
def thousand_sybils() -> Outcome:
    """Make a thousand different wrong claims about one entry."""
    return sybils(CROWD)


def sybil_children(count: int) -> Outcome:
    """Play who hangs ``count`` claims on one wrong one."""
    land = traded()
    second = land.post([land.order(MAKER, SELL, 5)])
    parent = land.claim_honestly(1)
    land.chain.contract.mint(LIAR, count * BOND, 0)
    land.start[LIAR] += count * BOND
    forged = richer(land, land.derived[1])
    wrong = land.lie(forged, parent)
    believed = forged.carry_on(second)
    for n in range(count):
        land.lie(richer(land, believed, n + 1), wrong, 0)
    land.fight()
    land.collect()
    dead = [c for c in land.chain.contract.state.claims if c.status is ClaimStatus.ORPHANED]
    proofs = [call for call in land.chain.calls if isinstance(call, ProveFault)]
    assert land.lost_by_liar == BOND
    return ended(land, wrong, f"{len(dead)} orphaned by {len(proofs)} proof")


@adversary("fifty sybil descendants", "4", "50 orphaned by 1 proof")
def fifty_descendants() -> Outcome:
    """Hang fifty claims on a wrong one, so that it takes long to kill."""
    return sybil_children(50)


@adversary("thousand sybil descendants", "4", f"{CROWD} orphaned by 1 proof", slow=True)
def thousand_descendants() -> Outcome:
    """Hang a thousand claims on a wrong one."""
    return sybil_children(CROWD)


@adversary("withdrawal claimed twice", "7", "refused WITHDRAWAL_PAID")
def twice_paid() -> Outcome:
    """Show the proof of a paid withdrawal again."""
    land = traded()
    land.close()
    [call] = [call for call in land.chain.calls if isinstance(call, ClaimWithdrawal)]
    receipt = land.send(address_of(trader_key(SAVER)), call)
    return land.outcome(f"refused {receipt.code.name}")


@adversary("withdrawal under a wrong claim", "7", "refused CLAIM_PENDING CLAIM_DEAD")
def false_withdrawal() -> Outcome:
    """Claim a state with a withdrawal that nobody made, and show it to L1."""
    land = traded()
    derived = land.derived[-1]
    owner = address_of(trader_key(MAKER))

    def invent(after: State, before: State) -> None:
        del before
        after.add_blob(withdrawal_key(0), encode_withdrawal(owner, RICH, derived.facts.time))

    forged = cheat(land.rules, derived, 1, invent)
    wrong = land.lie(forged, land.claim_honestly(1))
    proved = RecordingTree(forged.tree)
    proved.get(withdrawal_key(0))
    call = ClaimWithdrawal(wrong, 0, proved.witness({}))
    codes = [land.send(owner, call).code]
    land.fight()
    codes.append(land.send(owner, call).code)
    assert land.tokens(MAKER) == 0
    return ended(land, wrong, f"refused {' '.join(code.name for code in codes)}")


@adversary("call that is all bytes", "9", "refused CLAIM_PENDING")
def all_bytes() -> Outcome:
    """Send a call whose bytes take all its gas, when claims are due to be decided before it."""
    land = traded()
    last = land.claim_honestly()
    land.chain.time += WINDOW_MS
    room = GAS_CALL_MAX - gas_of(ClaimWithdrawal(last, 0, b""))
    receipt = land.send(LIAR, ClaimWithdrawal(last, 0, bytes(room // BYTE_GAS)))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")
