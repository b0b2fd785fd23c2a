"""Attesters: they join, vouch, leave, and lose their stakes.  Their signatures are real."""

from dataclasses import replace
from typing import Any

from prover.bls import Bls
from prover.contract.attesters import slash_commitment
from prover.contract.calls import CommitFault, LeaveAttesters, TakeStake
from prover.contract.codes import ContractCode
from prover.contract.records import ClaimStatus
from tests.contract_vectors.cases import Cases
from tests.l1_worlds import CHALLENGER, CHEAT, SALT, USER, WINDOW_MS
from tests.unit.test_attesters import FREEZE_MS, PAYEE, STAKE, Guild, lie

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


def add_cases(cases: Cases, bls: Bls) -> None:
    """Add all of them."""
    coming_and_going(cases, bls)
    vouching(cases, bls)
    slashing(cases, bls)
