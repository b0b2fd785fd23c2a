"""Attesters: stakes that vouch for claims, payment ahead, and what a wrong word costs."""

from dataclasses import replace

import pytest

from devnet.l1.attesters import ATTESTATIONS_MAX, attesters_message
from prover.contract.ahead import numbers_in, room_ahead
from prover.contract.attesters import attestation_digest, bitmap_of
from prover.contract.calls import (
    BuyWithdrawal,
    ClaimWithdrawal,
    CommitFault,
    LeaveAttesters,
    OfferWithdrawal,
    TakeStake,
)
from prover.contract.codes import ContractCode
from prover.contract.context import Context
from prover.contract.events import AttestersSlashed, WithdrawalPaid
from prover.contract.records import Attestation, ClaimStatus
from prover.contract.records.attesters import ATTESTERS_MAX
from prover.contract.slashing import slash_commitment
from prover.contract.withdrawals import sale_of
from statemachine.records import encode_withdrawal
from tests.guilds import FREEZE_MS, LATE_MS, PAYEE, SPAN_MS, STAKE, Guild, lie
from tests.l1_worlds import (
    CHALLENGER,
    CHEAT,
    GENESIS_MS,
    PROPOSER,
    SALT,
    STAKED,
    USER,
    WINDOW_MS,
    deployment,
    judge_by_truth,
    refused_in_order,
)

C = ContractCode
KEPT = -(-3 * STAKE * 500_000 // 666_667)
"""Of three stakes, what they answer for in any case."""


def test_bitmaps_name_numbers() -> None:
    assert bitmap_of([0, 2, 9]) == b"\x05\x02"
    assert list(numbers_in(b"\x05\x02")) == [0, 2, 9]
    assert bitmap_of([]) == b""


# Payment ahead


def test_two_thirds_of_the_stakes_let_a_withdrawal_out_before_its_claim_is_final() -> None:
    guild = Guild()
    world = guild.world
    assert guild.attest(0).value == STAKE
    assert guild.attest(1).value == 2 * STAKE
    assert world.call(USER, guild.withdrawal()).code is C.CLAIM_PENDING
    assert guild.attest(3).value == 3 * STAKE
    before = guild.tokens(USER)
    paid = world.call(CHEAT, guild.withdrawal())
    assert paid.events == (WithdrawalPaid(0, USER, 2_000_000, 0),)
    assert guild.tokens(USER) - before == 2_000_000
    assert world.call(USER, guild.withdrawal()).code is C.PAID_AHEAD
    world.wait(WINDOW_MS)
    assert world.call(USER, guild.withdrawal()).code is C.PAID_AHEAD


def test_one_signature_of_many_is_enough() -> None:
    guild = Guild()
    assert guild.attest(0, 1, 3).value == 3 * STAKE
    assert guild.world.call(USER, guild.withdrawal()).ok


def test_no_more_is_paid_ahead_than_stakes_answer_for() -> None:
    guild = Guild((15_000_000, 6_000_000, 5_000_000))
    world = guild.world
    assert guild.attest(0, 1, 2).ok
    assert world.call(USER, guild.withdrawal(0)).ok
    assert world.call(USER, guild.withdrawal(1)).code is C.ATTESTED_LIMIT
    assert world.call(USER, guild.withdrawal(2)).ok
    world.wait(WINDOW_MS)
    assert world.call(USER, guild.withdrawal(1)).ok


def test_what_was_paid_ahead_counts_until_its_claim_is_decided() -> None:
    guild = Guild((20_000_000, 1), start=LATE_MS)
    world = guild.world
    assert guild.attest(0, 1, 2).ok
    assert world.call(USER, guild.withdrawal(0)).ok
    context = Context(world.rules, world.state, USER, world.moment, judge_by_truth, guild.bls)
    assert room_ahead(context) == 0
    for _ in range(2):
        world.wait(SPAN_MS // 2)
        context = replace(context, moment=world.moment)
        assert room_ahead(context) == 0
    world.wait(2 * SPAN_MS)
    assert room_ahead(replace(context, moment=world.moment)) == 20_000_000


def test_the_span_before_counts_as_well() -> None:
    guild = Guild((15_000_000, 5_000_000, 1), start=LATE_MS)
    world = guild.world
    world.time += SPAN_MS - world.time % SPAN_MS - 4_000
    guild.tree = guild.tree_of([*guild.leaves, b"one more"])
    claim = guild.propose(guild.tree)
    assert guild.attest(0, 1, 2, claim=claim).ok
    assert world.call(USER, guild.withdrawal(0, claim)).ok
    world.wait(2_000)
    assert world.time % SPAN_MS < 2_000
    assert world.call(USER, guild.withdrawal(1, claim)).ok
    assert world.call(USER, guild.withdrawal(2, claim)).code is C.ATTESTED_LIMIT


def test_other_assets_are_not_paid_ahead() -> None:
    guild = Guild((1_000,), asset=STAKED)
    assert guild.attest(0, 1, 2).ok
    assert guild.world.call(USER, guild.withdrawal()).code is C.ATTESTED_LIMIT


def test_whoever_joins_or_leaves_moves_what_is_enough() -> None:
    guild = Guild()
    world = guild.world
    assert guild.attest(0, 1, 3).ok
    assert world.call(CHALLENGER, guild.join(9, 2 * STAKE)).value == 4
    assert world.call(USER, guild.withdrawal()).code is C.CLAIM_PENDING
    assert world.call(CHALLENGER, LeaveAttesters(4)).ok
    assert world.call(USER, guild.withdrawal()).ok


def test_a_sold_withdrawal_is_paid_ahead_to_its_buyer() -> None:
    guild = Guild()
    world = guild.world
    sale = sale_of(0, guild.leaves[0])
    offer = OfferWithdrawal(guild.claim, 0, 1, world.time + 10**9, guild.proof(guild.tree, 0))
    assert world.call(USER, offer).ok
    assert world.call(CHALLENGER, BuyWithdrawal(sale, 1)).ok
    assert guild.attest(0, 1, 2).ok
    paid = world.call(USER, guild.withdrawal())
    assert paid.events == (WithdrawalPaid(0, CHALLENGER, 2_000_000, 0),)


def test_what_was_paid_ahead_is_not_for_sale() -> None:
    guild = Guild()
    world = guild.world
    offer = OfferWithdrawal(guild.claim, 0, 1, world.time + 10**9, guild.proof(guild.tree, 0))
    assert world.call(USER, offer).ok
    assert guild.attest(0, 1, 2).ok
    assert world.call(USER, guild.withdrawal()).ok
    assert world.call(USER, offer).code is C.PAID_AHEAD
    buy = BuyWithdrawal(sale_of(0, guild.leaves[0]), 1)
    assert world.call(CHALLENGER, buy).code is C.PAID_AHEAD


# Slashing


def test_a_wrong_word_makes_the_escrow_whole_and_rewards_who_committed() -> None:
    guild = Guild()
    world = guild.world
    escrowed = world.state.totals.token_escrowed
    false = lie(guild)
    world.wait(WINDOW_MS)
    slash = guild.slash(false, [0, 1, 3])
    commitment = slash_commitment(guild.output(false).hash, slash.signers, PAYEE, SALT)
    assert world.call(CHALLENGER, CommitFault(commitment)).ok
    world.wait(1_000)
    made = world.call(CHALLENGER, slash)
    reward = (3 * STAKE - KEPT) // 2
    assert made.value == 3 * STAKE
    assert made.events[-1] == AttestersSlashed(
        guild.output(false).hash, slash.signers, 3 * STAKE, PAYEE, reward
    )
    assert guild.tokens(PAYEE) == reward
    assert world.state.totals.token_escrowed == escrowed - 4_000_000 + 3 * STAKE - reward
    assert world.state.stakes.record.active == STAKE
    assert world.call(CHALLENGER, slash).code is C.SIGNERS
    # The true owner of the withdrawal that the lie paid out is still paid.
    assert world.call(USER, guild.withdrawal()).events == (WithdrawalPaid(0, USER, 2_000_000, 0),)


def test_a_stake_is_slashed_for_another_word_and_the_escrow_is_whole_all_the_same() -> None:
    """Two wrong words: one that was paid for, and one that the cheats are slashed for first."""
    guild = Guild()
    world = guild.world
    escrowed, cheats = world.state.totals.token_escrowed, (PROPOSER, CHEAT, USER)
    held = sum(map(guild.tokens, cheats))
    paid = guild.tree_of([encode_withdrawal(CHEAT, 20_000_000, GENESIS_MS)])
    false, other = guild.propose(paid), guild.propose(guild.tree_of([b"never attested on L1"]))
    assert guild.attest(0, 1, 3, claim=false).ok
    assert world.call(CHEAT, ClaimWithdrawal(false, 0, guild.proof(paid, 0))).ok
    said = guild.signature([0, 1, 3], guild.output(other))
    slash = replace(guild.slash(other, [0, 1, 3], said), payee=CHEAT)
    commitment = slash_commitment(guild.output(other).hash, slash.signers, CHEAT, SALT)
    assert world.call(CHEAT, CommitFault(commitment)).ok
    world.wait(WINDOW_MS)
    assert world.call(CHEAT, slash).ok
    assert world.state.totals.token_escrowed >= escrowed
    assert sum(map(guild.tokens, cheats)) < held + 3 * STAKE


def test_a_conviction_is_enough_to_slash() -> None:
    guild = Guild()
    world = guild.world
    false = lie(guild)
    slash = guild.slash(false, [0, 1, 3])
    assert world.call(CHALLENGER, slash).code is C.OUTPUT_OPEN
    claim = world.state.claims[false]
    world.state.claims.put(false, replace(claim, status=ClaimStatus.CONVICTED))
    assert world.call(CHALLENGER, slash).value == 3 * STAKE


@pytest.mark.parametrize("phase", range(8))
def test_what_was_paid_ahead_counts_until_it_can_be_slashed_for(phase: int) -> None:
    """For a window after a right claim that came late: so stakes answer for every lie there is."""
    start = GENESIS_MS - GENESIS_MS % SPAN_MS + phase * SPAN_MS // 8
    guild = Guild((20_000_000, 1), start=start)
    world = guild.world
    assert guild.attest(0, 1, 2).ok
    assert world.call(USER, guild.withdrawal(0)).ok
    world.wait(WINDOW_MS * 3 // 2)
    context = Context(world.rules, world.state, USER, world.moment, judge_by_truth, guild.bls)
    assert room_ahead(context) == 0


def test_copying_the_call_earns_nothing() -> None:
    guild = Guild()
    false = lie(guild)
    guild.world.wait(WINDOW_MS)
    made = guild.world.call(CHEAT, guild.slash(false, [0, 1, 3]))
    assert made.ok
    assert guild.tokens(PAYEE) == 0


def test_a_signature_that_was_never_sent_is_enough_to_slash() -> None:
    guild = Guild()
    world = guild.world
    false = guild.propose(guild.tree_of([b"a lie"]))
    world.wait(WINDOW_MS)
    wrong = guild.output(false)
    refused = world.call(CHALLENGER, guild.slash(false, [2]))
    assert refused.code is C.ATTESTATION
    made = world.call(CHALLENGER, guild.slash(false, [2], guild.signature([2], wrong)))
    assert made.value == STAKE


def test_a_stake_of_who_left_is_slashed_too() -> None:
    guild = Guild()
    world = guild.world
    false = lie(guild)
    assert world.call(CHEAT, LeaveAttesters(1)).ok
    active = world.state.stakes.record.active
    world.wait(WINDOW_MS)
    assert world.call(CHALLENGER, guild.slash(false, [1])).value == STAKE
    assert world.state.stakes.record.active == active
    world.wait(FREEZE_MS)
    assert world.call(CHEAT, TakeStake(1)).code is C.INACTIVE


def test_an_honest_attester_is_never_slashed() -> None:
    guild = Guild()
    world = guild.world
    assert guild.attest(0, 1, 2).ok
    slash = guild.slash(guild.claim, [0, 1, 2])
    refused_in_order(
        world,
        [
            (C.CALL_MALFORMED, lambda _: (CHEAT, replace(slash, output=b"junk"))),
            (C.OUTPUT_OPEN, lambda _: (CHEAT, slash)),
        ],
    )
    world.wait(WINDOW_MS)
    other = replace(guild.output(guild.claim), chain_id=8).encode()
    wrong = replace(guild.output(guild.claim), height=99)
    refused_in_order(
        world,
        [
            (C.OUTPUT_OPEN, lambda _: (CHEAT, replace(slash, output=other))),
            (C.OUTPUT_RIGHT, lambda _: (CHEAT, slash)),
            (C.ATTESTATION, lambda _: (CHEAT, replace(slash, output=wrong.encode()))),
        ],
    )


# Coming, going, attesting


def test_join_refuses_in_code_order() -> None:
    guild = Guild()
    known, fresh = guild.join(1), guild.join(50)
    other = guild.join(51)
    refused_in_order(
        guild.world,
        [
            (C.FIELD_LENGTH, lambda _: (USER, replace(fresh, key=b"short"))),
            (C.AMOUNT, lambda _: (USER, replace(fresh, amount=STAKE - 1))),
            (C.TOKEN_BALANCE, lambda _: (USER, replace(fresh, amount=10**12))),
            (C.KEY, lambda _: (CHEAT, known)),
            (C.POSSESSION, lambda _: (CHEAT, replace(fresh, possession=other.possession))),
        ],
    )


def test_there_are_at_most_so_many_attesters_ever() -> None:
    guild = Guild()
    attesters = guild.world.state.attesters
    gone = replace(attesters[0], micros=0)
    for number in range(len(attesters), ATTESTERS_MAX - 1):
        attesters.put(number, replace(gone, key=number.to_bytes(48, "big")))
    assert guild.world.call(USER, guild.join(50)).value == ATTESTERS_MAX - 1
    refused_in_order(guild.world, [(C.ATTESTERS_FULL, lambda _: (USER, guild.join(51)))])


def test_the_stub_tells_of_as_many_attestations_as_there_are() -> None:
    """More than a call could weigh: whoever looks needs no gas."""
    guild = Guild()
    world, state = guild.world, guild.world.state
    for number in range(4, 64):
        state.attesters.put(number, replace(state.attesters[0], key=number.to_bytes(48, "big")))
    found = Attestation(guild.claim, b"\xff" * 8, 1 << 60)
    for number in range(ATTESTATIONS_MAX + 9):
        state.attestations.put(number.to_bytes(32, "big"), found)
    state.attestations.put(guild.output(guild.claim).hash, found)
    told = attesters_message(state, world.rules, world.time)
    assert (len(told.attesters), len(told.attestations)) == (64, ATTESTATIONS_MAX)
    assert told.attestations[-1].enough


def test_leave_and_take_refuse_in_code_order() -> None:
    guild = Guild()
    world = guild.world
    refused_in_order(
        world,
        [
            (C.ATTESTER_UNKNOWN, lambda _: (CHEAT, LeaveAttesters(9))),
            (C.ATTESTER_UNKNOWN, lambda _: (CHEAT, LeaveAttesters(0))),
            (C.INACTIVE, lambda _: (CHEAT, TakeStake(1))),
        ],
    )
    left = world.call(CHEAT, LeaveAttesters(1))
    assert left.value == world.time + FREEZE_MS
    refused_in_order(
        world,
        [
            (C.INACTIVE, lambda _: (CHEAT, LeaveAttesters(1))),
            (C.STAKE_LOCKED, lambda _: (CHEAT, TakeStake(1))),
        ],
    )
    assert guild.attest(1).code is C.SIGNERS
    world.time = left.value - 1_000
    before = guild.tokens(CHEAT)
    assert world.call(CHEAT, TakeStake(1)).value == STAKE
    assert guild.tokens(CHEAT) - before == STAKE
    assert world.call(CHEAT, TakeStake(1)).code is C.INACTIVE


def test_attest_refuses_in_code_order() -> None:
    guild = Guild()
    world = guild.world
    wrong = world.propose(lie=1)
    assert world.convict(wrong).ok
    assert guild.attest(0).ok
    call = guild.attestation([1])
    refused_in_order(
        world,
        [
            (C.CLAIM_UNKNOWN, lambda _: (USER, replace(call, claim=99))),
            (C.CLAIM_DEAD, lambda _: (USER, replace(call, claim=wrong))),
            (C.CLAIM_DECIDED, lambda _: (USER, replace(call, claim=0))),
            (C.SIGNERS, lambda _: (USER, replace(call, signers=b""))),
            (C.SIGNERS, lambda _: (USER, replace(call, signers=b"\x02\x00"))),
            (C.SIGNERS, lambda _: (USER, replace(call, signers=bytes(128) + b"\x01"))),
            (C.SIGNERS, lambda _: (USER, replace(call, signers=b"\xff" * 33))),
            (C.SIGNERS, lambda _: (USER, replace(call, signers=b"\x10"))),
            (C.SIGNERS, lambda _: (USER, guild.attestation([0]))),
            (C.SIGNERS, lambda _: (USER, guild.attestation([0, 1]))),
            (C.ATTESTATION, lambda _: (USER, replace(call, signers=b"\x04"))),
            (C.ATTESTATION, lambda _: (USER, replace(call, aggregate=b"junk"))),
        ],
    )


def test_a_signature_is_good_on_one_deployment_only() -> None:
    one = attestation_digest(1, bytes(20), bytes(32))
    others = [
        attestation_digest(2, bytes(20), bytes(32)),
        attestation_digest(1, b"\x01" + bytes(19), bytes(32)),
        attestation_digest(1, bytes(20), b"\x01" + bytes(31)),
    ]
    assert one not in others


@pytest.mark.parametrize(
    "changes",
    [{"attester_ppm": 1_000_001}, {"attested_ppm": 666_668}, {"attester_micros_min": 0}],
)
def test_stakes_answer_for_all_that_is_paid_ahead(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"attest"):
        deployment(**changes)
