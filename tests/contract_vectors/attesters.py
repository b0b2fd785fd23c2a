"""Attesters: they join, vouch, leave, and lose their stakes.  Their signatures are real."""

from dataclasses import replace
from typing import Any

from prover.bls import Bls
from prover.contract.calls import ClaimWithdrawal, CommitFault, LeaveAttesters, TakeStake
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus
from prover.contract.slashing import slash_commitment
from statemachine.records import encode_withdrawal
from tests.contract_vectors.cases import Cases
from tests.guilds import FREEZE_MS, PAYEE, STAKE, Guild, lie
from tests.l1_worlds import CHALLENGER, CHEAT, GENESIS_MS, PROPOSER, SALT, USER, WINDOW_MS

C = ContractCode


def coming_and_going(cases: Cases, bls: Bls) -> None:
    """Join, leave, and take the stake along."""
    guild = Guild(bls=bls)
    world, fresh, other = guild.world, guild.join(50), guild.join(51)
    cases.call(world, USER, replace(fresh, key=b"short"), C.FIELD_LENGTH)
    cases.call(world, USER, replace(fresh, amount=STAKE - 1), C.AMOUNT)
    cases.call(world, USER, replace(fresh, amount=10**12), C.TOKEN_BALANCE)
    cases.call(world, CHEAT, guild.join(1), C.KEY)
    stolen = replace(fresh, possession=other.possession)
    cases.call(world, CHEAT, stolen, C.POSSESSION)
    cases.call(world, USER, fresh)
    cases.call(world, CHEAT, LeaveAttesters(9), C.ATTESTER_UNKNOWN)
    cases.call(world, CHEAT, LeaveAttesters(0), C.ATTESTER_UNKNOWN, "other")
    cases.call(world, CHEAT, TakeStake(9), C.ATTESTER_UNKNOWN)
    cases.call(world, CHEAT, TakeStake(1), C.INACTIVE)
    cases.call(world, CHEAT, LeaveAttesters(1))
    cases.call(world, CHEAT, LeaveAttesters(1), C.INACTIVE)
    cases.call(world, CHEAT, TakeStake(1), C.STAKE_LOCKED)
    world.wait(FREEZE_MS)
    cases.call(world, CHEAT, TakeStake(1))
    cases.call(world, CHEAT, TakeStake(1), C.INACTIVE, "taken")


def vouching(cases: Cases, bls: Bls) -> None:
    """Vouch for a claim, or for nothing."""
    guild = Guild(bls=bls)
    world = guild.world
    wrong = world.propose(lie=1)
    assert world.convict(wrong).ok
    assert world.call(CHEAT, LeaveAttesters(1)).ok
    call = guild.attestation([2])
    rows: list[tuple[dict[str, Any], ContractCode, str]] = [
        ({"claim": 99}, C.CLAIM_UNKNOWN, ""),
        ({"claim": wrong}, C.CLAIM_DEAD, ""),
        ({"claim": 0}, C.CLAIM_DECIDED, ""),
        ({"signers": b""}, C.SIGNERS, "nobody"),
        ({"signers": b"\x04\x00"}, C.SIGNERS, "zeros"),
        ({"signers": b"\xff" * 33}, C.SIGNERS, "many"),
        ({"signers": b"\x10"}, C.SIGNERS, "stranger"),
        ({"signers": b"\x02"}, C.SIGNERS, "left"),
        ({"signers": b"\x01"}, C.ATTESTATION, ""),
        ({"aggregate": b"junk"}, C.ATTESTATION, "junk"),
    ]
    for changes, code, word in rows:
        changed = replace(call, **changes)
        cases.call(world, USER, changed, code, word)
    cases.call(world, USER, call)
    cases.call(world, USER, call, C.SIGNERS)
    cases.call(world, USER, guild.attestation([0, 3]), word="aggregate")


def slashing(cases: Cases, bls: Bls) -> None:
    """Slash who lied, and try to slash who did not."""
    guild = Guild(bls=bls)
    world, false = guild.world, lie(guild)
    slash = guild.slash(false, [0, 1, 3])
    cases.call(world, CHALLENGER, replace(slash, salt=b""), C.FIELD_LENGTH)
    cases.call(world, CHALLENGER, replace(slash, output=b"junk"), C.CALL_MALFORMED)
    cases.call(world, CHALLENGER, slash, C.OUTPUT_OPEN)
    other = replace(guild.output(false), chain_id=8).encode()
    cases.call(world, CHALLENGER, replace(slash, output=other), C.OUTPUT_OPEN, "chain")
    world.wait(WINDOW_MS)
    honest = guild.slash(guild.claim, [0])
    cases.call(world, CHALLENGER, honest, C.OUTPUT_RIGHT)
    cases.call(world, CHALLENGER, replace(slash, signers=b"\x10"), C.SIGNERS, "stranger")
    cases.call(world, CHALLENGER, replace(slash, signers=b"\x04"), C.ATTESTATION)
    never = guild.slash(false, [2], guild.signature([2], guild.output(false)))
    cases.call(world, CHALLENGER, never, word="never-sent")
    name = slash_commitment(guild.output(false).hash, slash.signers, PAYEE, SALT)
    assert world.call(CHALLENGER, CommitFault(name)).ok
    world.wait(1_000)
    cases.call(world, CHALLENGER, slash)
    cases.call(world, CHALLENGER, slash, C.SIGNERS)
    convicted = Guild(bls=bls)
    false = lie(convicted)
    state = convicted.world.state
    state.claims.put(false, replace(state.claims[false], status=ClaimStatus.CONVICTED))
    call = convicted.slash(false, [0, 1, 3])
    cases.call(convicted.world, CHALLENGER, call, word="convicted")


def lying(cases: Cases, bls: Bls) -> None:
    """Lie in company: above another's lie, with who leaves, with a stake that is gone."""
    guild = Guild(bls=bls)
    world = guild.world
    world.append()
    parent = guild.propose(guild.tree_of([b"a lie"]))
    tree = guild.tree_of([encode_withdrawal(CHEAT, 1_000_000, GENESIS_MS)])
    child = guild.propose(tree, parent)
    assert guild.attest(0, 1, claim=child).ok
    paid = ClaimWithdrawal(child, 0, guild.proof(tree, 0))
    for number, person in ((0, PROPOSER), (1, CHEAT)):
        assert world.call(person, LeaveAttesters(number)).ok
    cases.call(world, CHEAT, paid, C.CLAIM_PENDING, "left")
    assert world.convict(parent).ok
    cases.call(world, CHALLENGER, guild.slash(child, [0]), word="orphaned")
    cases.call(world, CHALLENGER, guild.slash(child, [0, 1]), word="part")
    guild = Guild(bls=bls)
    world, false = guild.world, lie(guild)
    other = guild.propose(tree)
    assert guild.attest(0, 1, 3, claim=other).ok
    assert world.convict(false).ok
    assert world.call(CHALLENGER, guild.slash(false, [0, 1, 3])).ok
    unbacked = replace(paid, claim=other)
    cases.call(world, CHEAT, unbacked, C.CLAIM_PENDING, "slashed")
    guild = Guild(bls=bls, settle_max=1)
    world = guild.world
    world.append()
    child = guild.propose(tree, guild.claim)
    assert guild.attest(0, 1, 2, claim=child).ok
    world.time += WINDOW_MS
    cases.call(world, CHEAT, replace(paid, claim=child), C.CLAIM_PENDING, "unsettled")


def add_cases(cases: Cases, bls: Bls) -> None:
    """Add all of them."""
    coming_and_going(cases, bls)
    vouching(cases, bls)
    slashing(cases, bls)
    lying(cases, bls)
