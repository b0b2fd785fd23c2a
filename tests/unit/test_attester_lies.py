"""What a wrong word might gain: stakes that are gone, claims that die with others."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.contract.calls import ClaimWithdrawal, CommitFault, LeaveAttesters
from prover.contract.codes import ContractCode
from prover.contract.events import AttestersSlashed
from prover.contract.records import ClaimStatus, Freeze
from prover.contract.rules import ContractRules
from prover.contract.slashing import slash_commitment
from statemachine.records import encode_withdrawal
from tests.guilds import PAYEE, STAKE, Guild, lie
from tests.l1_worlds import (
    CHALLENGER,
    CHEAT,
    GENESIS_MS,
    PROPOSER,
    SALT,
    USER,
    WINDOW_MS,
    deployment,
)

C = ContractCode
PEOPLE = (PROPOSER, CHEAT, CHALLENGER, USER)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_claim_that_dies_with_its_parent_is_a_lie_as_well(frozen: bool) -> None:
    """After a freeze no right claim ever takes its place: death alone has to be enough."""
    guild = Guild()
    world = guild.world
    escrowed = world.state.totals.token_escrowed
    world.append()
    parent = guild.propose(guild.tree_of([b"a lie"]))
    tree = guild.tree_of([encode_withdrawal(CHEAT, 20_000_000, GENESIS_MS)])
    child = guild.propose(tree, parent)
    assert guild.attest(0, 1, 3, claim=child).ok
    assert world.call(CHEAT, ClaimWithdrawal(child, 0, guild.proof(tree, 0))).ok
    if frozen:
        world.state.frozen.put(Freeze(world.time, 1, 0))
    slash = guild.slash(child, [0, 1, 3])
    assert world.call(CHALLENGER, slash).code is C.OUTPUT_OPEN
    assert world.convict(parent).ok
    assert world.status(child) is ClaimStatus.ORPHANED
    assert world.call(CHALLENGER, slash).value == 3 * STAKE
    assert world.state.totals.token_escrowed >= escrowed


@pytest.mark.parametrize("liars", [[0], [0, 1], [0, 3]])
def test_who_leaves_makes_two_thirds_of_nobody_else(liars: list[int]) -> None:
    """Vouch with too little, then leave: those who stay are fewer, and it is no more."""
    guild = Guild()
    world = guild.world
    assert guild.attest(*liars).ok
    for number in liars:
        assert world.call(PEOPLE[number], LeaveAttesters(number)).ok
    assert world.call(USER, guild.withdrawal()).code is C.CLAIM_PENDING


def test_who_leaves_after_enough_vouched_takes_nothing_back() -> None:
    guild = Guild()
    assert guild.attest(0, 1, 3).ok
    assert guild.world.call(PROPOSER, LeaveAttesters(0)).ok
    assert guild.world.call(USER, guild.withdrawal()).ok


def test_a_stake_that_was_slashed_vouches_for_nothing() -> None:
    """Two lies with the same stakes: once they are slashed for one, the other is unbacked."""
    guild = Guild()
    world, false = guild.world, lie(guild)
    tree = guild.tree_of([encode_withdrawal(CHEAT, 1_000_000, GENESIS_MS)])
    other = guild.propose(tree)
    assert guild.attest(0, 1, 3, claim=other).ok
    assert world.convict(false).ok
    assert world.call(CHALLENGER, guild.slash(false, [0, 1, 3])).ok
    assert world.state.attestations[guild.output(other).hash].weight == 3 * STAKE
    call = ClaimWithdrawal(other, 0, guild.proof(tree, 0))
    assert world.call(CHEAT, call).code is C.CLAIM_PENDING


def test_nothing_is_paid_ahead_once_the_window_is_over() -> None:
    """It cannot be convicted any more, and waits for others to be settled: so does the money."""
    guild = Guild(settle_max=1)
    world = guild.world
    world.append()
    tree = guild.tree_of([*guild.leaves, b"one more"])
    child = guild.propose(tree, guild.claim)
    assert guild.attest(0, 1, 2, claim=child).ok
    world.time += WINDOW_MS
    call = ClaimWithdrawal(child, 0, guild.proof(tree, 0))
    assert world.call(USER, call).code is C.CLAIM_PENDING
    assert world.status(child) is ClaimStatus.PENDING
    assert world.call(USER, call).ok
    assert world.status(child) is ClaimStatus.FINAL


def test_a_liar_who_has_himself_slashed_first_keeps_nobody_from_slashing_the_others() -> None:
    """Whoever committed to all of them is rewarded out of the stakes that are left."""
    guild = Guild()
    world, false = guild.world, lie(guild)
    assert world.convict(false).ok
    slash = guild.slash(false, [0, 1, 3])
    name = slash_commitment(guild.output(false).hash, slash.signers, PAYEE, SALT)
    assert world.call(CHALLENGER, CommitFault(name)).ok
    world.wait(1_000)
    assert world.call(CHEAT, replace(guild.slash(false, [1]), payee=CHEAT)).value == STAKE
    made = world.call(CHALLENGER, slash)
    assert made.value == 2 * STAKE
    slashed = made.events[-1]
    assert isinstance(slashed, AttestersSlashed)
    assert guild.tokens(PAYEE) == slashed.reward > 0


@given(
    first=st.sampled_from([c for n in (1, 2, 3) for c in combinations((0, 1, 3), n)]),
    share=st.integers(1, 20_000_000),
    commits=st.booleans(),
)
def test_in_whatever_parts_they_are_slashed_the_escrow_is_whole_and_liars_lose(
    first: tuple[int, ...], share: int, commits: bool
) -> None:
    guild = Guild()
    world = guild.world
    escrowed, held = world.state.totals.token_escrowed, sum(map(guild.tokens, PEOPLE))
    tree = guild.tree_of([encode_withdrawal(CHEAT, share, GENESIS_MS)])
    false = guild.propose(tree)
    assert guild.attest(0, 1, 3, claim=false).ok
    assert world.call(CHEAT, ClaimWithdrawal(false, 0, guild.proof(tree, 0))).ok
    assert world.convict(false).ok
    for numbers in (first, (0, 1, 3)):
        slash = replace(guild.slash(false, list(numbers)), payee=CHEAT)
        name = slash_commitment(guild.output(false).hash, slash.signers, CHEAT, SALT)
        if commits:
            world.call(CHEAT, CommitFault(name))
            world.wait(1_000)
        world.call(CHEAT, slash)
    assert all(world.state.attesters[number].micros == 0 for number in (0, 1, 3))
    assert world.state.totals.token_escrowed >= escrowed
    assert sum(map(guild.tokens, PEOPLE)) < held + 3 * STAKE


def test_a_part_of_nothing_is_no_part() -> None:
    with pytest.raises(ValueError, match="attester_ppm"):
        deployment(attester_ppm=0, attested_ppm=0)
    assert isinstance(deployment(attested_ppm=0), ContractRules)
