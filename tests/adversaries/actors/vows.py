"""Words that were given and not kept: the sequencer's signatures, the attesters' vows."""

from collections.abc import Callable
from dataclasses import replace

from prover.betrayal import open_end
from prover.contract.attesters import attestation_digest, bitmap_of
from prover.contract.calls import (
    Attest,
    BondSequencer,
    ClaimWithdrawal,
    CommitFault,
    JoinAttesters,
    LeaveBond,
    ProveBroken,
    ProveEquivocation,
    SlashAttesters,
    TakeBond,
)
from prover.contract.codes import ContractCode
from prover.contract.slashing import slash_commitment
from prover.l1 import CallReceipt
from prover.outputs import Output
from prover.promises import (
    PromiseKind,
    broken_evidence,
    equivocation_evidence,
    promise_commitment,
)
from prover.replica import Derived
from sextant.client.receipts import Header, verify_header
from sextant.errors import ProofInvalid
from statemachine.cursor import Cursor, decode_cursor
from statemachine.identity.signing import address_of, block_digest, sign_digest
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.receipts import root_of
from statemachine.records import encode_withdrawal
from statemachine.state import State
from tests.adversaries.actors.disputes import SALT, BribedChain, BribedLand, richer, traded
from tests.adversaries.forgery import Forgery, cheat
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import (
    LIAR,
    MAKER,
    SELL,
    SIGNER_KEY,
    WINDOW_MS,
    Land,
)
from tests.fake_bls import FakeBls
from tests.simulation.test_challenger import BOND, DEFENDER, SEQUENCER
from tests.worlds import USDC

# The sequencer's signature


def bonded(land: Land | None = None) -> Land:
    """Return a land whose sequencer has a bond behind its signature."""
    land = traded(land)
    assert land.send(SEQUENCER, BondSequencer(10 * BOND)).ok
    return land


def signature(land: Land, cursor: Cursor) -> bytes:
    """Return the sequencer's signature over a block."""
    digest = block_digest(land.rules.chain_id, cursor.height, cursor.hash)
    return sign_digest(SIGNER_KEY, digest)


def another(cursor: Cursor) -> Cursor:
    """Return what another block would have ended at."""
    changed = decode_cursor(cursor.encode())
    changed.cost += 1
    return changed


def accused(land: Land, commitment: bytes, call: ProveEquivocation | ProveBroken) -> CallReceipt:
    """Let the payee of a call commit to a broken promise, and show it."""
    assert land.send(call.payee, CommitFault(commitment)).ok
    land.chain.mine(land.deployment.commitment_blocks_min)
    return land.send(call.payee, call)


def told(land: Land, receipt: CallReceipt) -> str:
    """Return what became of the sequencer's bond."""
    bond = land.chain.contract.state.bond.record
    left = 0 if bond is None else bond.amount
    return "bond slashed" if receipt.ok and not left else f"refused {receipt.code.name}"


def broken(
    land: Land, claim: int, cursor: Cursor, witness: bytes, payee: bytes = DEFENDER
) -> CallReceipt:
    """Let somebody, the defender if not another, show that a signed block is not what is final."""
    kind = PromiseKind.CONTRADICTED if witness else PromiseKind.WITHHELD
    data, signed = cursor.encode(), signature(land, cursor)
    evidence = broken_evidence(claim, data, signed, witness)
    name = promise_commitment(int(kind), cursor.height, evidence, payee, SALT)
    return accused(land, name, ProveBroken(claim, data, signed, witness, payee, SALT))


@adversary("equivocation", "8", "bond slashed")
def equivocation() -> Outcome:
    """Sign two blocks at one height, for two traders who do not know each other."""
    land = bonded()
    first = land.honest.cursor
    second = another(first)
    pair = (first.hash, signature(land, first), second.hash, signature(land, second))
    kind, height = int(PromiseKind.EQUIVOCATION), first.height
    evidence = equivocation_evidence(*pair)
    name = promise_commitment(kind, height, evidence, DEFENDER, SALT)
    verdict = told(land, accused(land, name, ProveEquivocation(height, *pair, DEFENDER, SALT)))
    assert land.eth(DEFENDER) > land.start[DEFENDER]
    land.close()
    return land.outcome(verdict)


@adversary("equivocation shown by a copier", "8", "bond slashed")
def copied_equivocation() -> Outcome:
    """Equivocate, make L1's blocks, and show it oneself at a tip that eats up the reward."""
    land = bonded(BribedLand())
    assert isinstance(land.chain, BribedChain)
    land.chain.tips = 60 * BOND
    first = land.honest.cursor
    second = another(first)
    pair = (first.hash, signature(land, first), second.hash, signature(land, second))
    kind, height = int(PromiseKind.EQUIVOCATION), first.height
    name = promise_commitment(kind, height, equivocation_evidence(*pair), DEFENDER, SALT)
    honest = accused(land, name, ProveEquivocation(height, *pair, DEFENDER, SALT))
    assert honest.code is ContractCode.NO_BOND, "the copy came first"
    verdict = told(land, replace(honest, code=ContractCode.OK))
    assert land.eth(DEFENDER) > land.start[DEFENDER], "and the accuser is paid all the same"
    land.close()
    return land.outcome(verdict)


@adversary("block signed, another one posted", "8", "bond slashed")
def contradiction() -> Outcome:
    """Sign a block for a trader, and post another one at its height."""
    land = bonded()
    promised = another(land.honest.cursor)
    derived = land.derived[-1]
    claim = land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    verdict = told(land, broken(land, claim, promised, end_of(derived, promised.height)))
    assert land.eth(DEFENDER) > land.start[DEFENDER]
    land.close()
    return land.outcome(verdict)


@adversary("block signed and withheld", "8", "bond slashed")
def withheld_block() -> Outcome:
    """Sign a block for a trader, and never post it."""
    land = bonded()
    promised = another(land.honest.cursor)
    promised.height += 2
    promised.time = land.chain.time
    land.chain.mine(1, land.rules.receipt_deadline_ms + 2_000)
    land.post([land.order(MAKER, SELL, 1)])
    claim = land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    verdict = told(land, broken(land, claim, promised, b""))
    land.close()
    return land.outcome(verdict)


def end_of(derived: Derived, height: int) -> bytes:
    """Return the witness of where a block of an entry ends."""
    found = open_end(derived, height)
    assert found is not None
    return found[1].encode()


@adversary("block signed for another chain", "8", "refused HEADER_CHAIN")
def foreign_signature() -> Outcome:
    """Sign a trader's block for another chain, where no bond is behind it."""
    land = bonded()
    cursor, foreign = land.honest.cursor, land.rules.chain_id + 1
    header = Header(
        chain_id=foreign,
        height=cursor.height,
        time_ms=cursor.time,
        cursor=cursor.encode(),
        receipts_root=root_of(cursor.frontier),
        receipts_count=cursor.receipts,
        signature=sign_digest(SIGNER_KEY, block_digest(foreign, cursor.height, cursor.hash)),
    )
    sequencer, verdict = address_of(SIGNER_KEY), "taken"
    verify_header(header, sequencer=sequencer)
    try:
        verify_header(header, sequencer=sequencer, chain_id=land.rules.chain_id)
    except ProofInvalid as error:
        verdict = f"refused {error.code}"
    land.close()
    return land.outcome(verdict)


@adversary("sequencer accused falsely", "8", "refused PROMISE_KEPT")
def false_betrayal() -> Outcome:
    """Accuse a sequencer of a block that it signed and posted."""
    land = bonded()
    kept = land.honest.cursor
    claim = land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    shown = end_of(land.derived[-1], kept.height)
    verdict = told(land, broken(land, claim, kept, shown, LIAR))
    land.close()
    return land.outcome(verdict)


@adversary("bond taken before its time", "8", "refused BOND_PENDING")
def early_bond() -> Outcome:
    """Leave, and take the bond along before the last promise was judged."""
    land = bonded()
    claim = land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    assert land.send(SEQUENCER, LeaveBond()).ok
    receipt = land.send(SEQUENCER, TakeBond(claim))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


# Attesters

STAKE = 1_000 * USDC
ACCOMPLICES = 3
SECRETS = range(1, ACCOMPLICES + 1)


def vouched() -> tuple[Land, FakeBls, int]:
    """Return a land in which the liar has three attesters of four, and what may be paid ahead."""
    land = traded()
    bls = FakeBls()
    land.chain.contract.bls = bls
    honest = ACCOMPLICES + 1
    land.chain.contract.mint(LIAR, 0, honest * STAKE)
    for secret in (*SECRETS, honest):
        key, owned = bls.key_of(secret), bls.prove_possession(secret)
        assert land.send(LIAR, JoinAttesters(key, owned, STAKE)).ok
    room = honest * STAKE * land.deployment.attested_ppm // 1_000_000
    return land, bls, room


def vow(land: Land, bls: FakeBls, output: Output) -> bytes:
    """Return the signature of the liar's three under an output."""
    rules = land.deployment
    digest = attestation_digest(rules.l1_chain_id, rules.rules.rollup, output.hash)
    return bls.aggregate([bls.sign(secret, digest) for secret in SECRETS])


def payout(land: Land, amount: int) -> Forgery:
    """Return the claim that the liar withdrew so much."""
    derived = land.derived[-1]

    def invent(after: State, before: State) -> None:
        del before
        leaf = encode_withdrawal(LIAR, amount, derived.facts.time)
        after.add_blob(withdrawal_key(0), leaf)

    return cheat(land.rules, derived, 1, invent)


def robbed(slash: Callable[[Land, FakeBls, Forgery], CallReceipt]) -> Outcome:
    """Play attesters who let the liar have all that stakes answer for, and are slashed."""
    land, bls, room = vouched()
    forged = payout(land, room)
    wrong = land.lie(forged, land.claim_honestly(1))
    signers = bitmap_of(list(range(ACCOMPLICES)))
    assert land.send(LIAR, Attest(wrong, signers, vow(land, bls, forged.output))).ok
    proved = RecordingTree(forged.tree)
    proved.get(withdrawal_key(0))
    paid = land.send(LIAR, ClaimWithdrawal(wrong, 0, proved.witness({})))
    assert paid.ok
    land.fight()
    land.claim_honestly()
    land.chain.mine(3, WINDOW_MS)
    assert slash(land, bls, forged).ok
    whole = land.chain.contract.state.account_of(LIAR).token < room + STAKE
    land.close()
    verdict = "slashed, the escrow is whole" if whole else "a profit"
    return land.outcome(verdict, convicted=True)


@adversary("attesters who vouch for a lie", "7", "slashed, the escrow is whole")
def false_vow() -> Outcome:
    """Vouch for a withdrawal that nobody made, and be paid before anybody looks."""

    def slash(land: Land, bls: FakeBls, forged: Forgery) -> CallReceipt:
        del bls
        signers = bitmap_of(list(range(ACCOMPLICES)))
        call = SlashAttesters(forged.output.encode(), signers, b"", DEFENDER, SALT)
        name = slash_commitment(forged.output.hash, signers, DEFENDER, SALT)
        assert land.send(DEFENDER, CommitFault(name)).ok
        land.chain.mine(2)
        return land.send(DEFENDER, call)

    return robbed(slash)


@adversary("attesters who slash themselves", "7", "slashed, the escrow is whole")
def self_slashed() -> Outcome:
    """Be paid for one lie, and have oneself slashed for another, of which nothing was paid."""

    def slash(land: Land, bls: FakeBls, forged: Forgery) -> CallReceipt:
        other = richer(land, land.derived[1]).output
        assert other != forged.output
        signers = bitmap_of(list(range(ACCOMPLICES)))
        call = SlashAttesters(other.encode(), signers, vow(land, bls, other), LIAR, SALT)
        name = slash_commitment(other.hash, signers, LIAR, SALT)
        assert land.send(LIAR, CommitFault(name)).ok
        land.chain.mine(2)
        return land.send(LIAR, call)

    return robbed(slash)
