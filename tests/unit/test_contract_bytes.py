"""The L1 contract's bytes: state, deployment, calls, events."""

from dataclasses import replace

import pytest

from prover.contract.calls import (
    CALLS,
    Append,
    AppendEmpty,
    Attest,
    BondSequencer,
    BuyWithdrawal,
    Call,
    CancelOffer,
    CancelRules,
    ClaimBond,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    Freeze,
    JoinAttesters,
    LeaveAttesters,
    LeaveBond,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    ProveBroken,
    ProveEquivocation,
    QueueOracle,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
    ScheduleRules,
    Settle,
    SlashAttesters,
    TakeBond,
    TakeStake,
    call_digest,
    call_hash,
    decode_call,
    decode_envelope,
    encode_call,
    recover_sender,
    sign_call,
)
from prover.contract.codes import ContractCode
from prover.contract.contract import Contract
from prover.contract.events import (
    decode_event,
    encode_event,
)
from prover.contract.fees import Bid
from prover.contract.gas import gas_of
from prover.contract.rules import CONTRACT_VERSION, FIELDS, decode_contract_rules
from prover.entry import encode_entry
from statemachine.codec import as_list, pack, unpack
from statemachine.errors import FrameInvalid
from tests.l1_worlds import (
    CHEAT,
    L1_CHAIN_ID,
    USER,
    USER_KEY,
    L1World,
    deployment,
    judge_by_truth,
)

ENTRY = encode_entry([b"frame"])
SALT_HASH = b"\x99" * 32


def test_the_state_is_its_items() -> None:
    world = L1World()
    stored: dict[bytes, bytes | None] = dict(world.state.take_changes())
    world.deposit()
    for _ in range(3):
        world.append()
    right, wrong = world.propose(), world.propose(lie=1)
    world.propose(parent=wrong, lie=2)
    world.propose(parent=right)
    world.convict(wrong)
    world.commit(world.accusation(right))
    stored.update(world.state.take_changes())
    kept = {key: value for key, value in stored.items() if value is not None}
    assert kept == world.state.items()
    again = Contract(world.rules, judge_by_truth, kept.items())
    assert again.state.digest() == world.state.digest()
    assert again.state.take_changes() == {}
    assert again.state.pending == world.state.pending
    assert again.state.children == world.state.children
    assert again.state.item_hashes == world.state.item_hashes


def test_a_deployment_is_its_bytes() -> None:
    rules = deployment()
    assert decode_contract_rules(rules.encode()) == rules
    version, *fields = as_list(unpack(rules.encode()), 1 + len(FIELDS), "contract rules")
    for data, why in (
        (b"", "not a message"),
        (rules.encode()[:-1], "not a message"),
        (pack([CONTRACT_VERSION + 1, *fields]), "contract version"),
        (pack([version, *fields[:-1]]), "contract rules"),
    ):
        with pytest.raises(FrameInvalid, match=why):
            decode_contract_rules(data)
    with pytest.raises(ValueError, match="window_ms"):
        deployment(window_ms=0)
    with pytest.raises(ValueError, match=r"need more than the receipt_deadline_ms \(3600000\)"):
        deployment(liveness_ms_max=3_600_000)
    with pytest.raises(ValueError, match="genesis"):
        deployment(genesis=replace(rules.genesis, chain_id=8))


def example_calls() -> list[Call]:
    """Return one call of each kind."""
    world = L1World()
    world.append()
    world.propose(lie=1)
    return [
        Append(0, ENTRY),
        AppendEmpty(1),
        Deposit(USER, 2, 3),
        ForceWithdraw(0, 4),
        ForceCancelAll(5),
        ForceClose(5, 6, 7),
        ForceRevoke(USER),
        ForcePoke(USER, 8),
        QueueOracle(1, 2, 3, 4, bytes(65)),
        world.proposal(),
        CommitFault(SALT_HASH),
        world.accusation(1),
        ClaimWithdrawal(1, 2, b"proof"),
        Settle(),
        ClaimBond(3),
        BondSequencer(4),
        ProveEquivocation(1, bytes(32), bytes(65), bytes(32), bytes(65), USER, bytes(32)),
        ProveBroken(1, b"cursor", bytes(65), b"witness", USER, bytes(32)),
        LeaveBond(),
        TakeBond(5),
        Freeze(1, b"proof"),
        JoinAttesters(bytes(48), bytes(96), 5),
        LeaveAttesters(1),
        TakeStake(1),
        Attest(1, b"\x05", bytes(96)),
        SlashAttesters(b"output", b"\x05", b"", USER, SALT_HASH),
        OfferWithdrawal(1, 2, 3, 4, b"proof"),
        BuyWithdrawal(SALT_HASH, 5),
        CancelOffer(SALT_HASH),
        OpenEscape(b"proof"),
        RegisterPortfolio(1, 2, b"proof"),
        RegisterShare(1, 2, 3, b"proof"),
        RegisterWithdrawal(1, b"proof"),
        RefundDeposit(1),
        PayEscape(USER),
        ScheduleRules(2, 3, b"rules"),
        CancelRules(2),
    ]


def test_every_call_has_one_encoding_and_one_sender() -> None:
    calls = example_calls()
    assert {type(call) for call in calls} == set(CALLS.values())
    contract = deployment().rules.rollup
    for call in calls:
        assert decode_call(encode_call(call)) == call
        assert gas_of(call) > 21_000
        envelope = sign_call(L1_CHAIN_ID, contract, USER_KEY, 3, call, Bid(70, 5))
        assert decode_envelope(envelope.encode()) == envelope
        digest = call_digest(L1_CHAIN_ID, contract, 3, call, Bid(70, 5))
        assert recover_sender(digest, envelope.signature) == USER
        for nonce, bid in ((4, Bid(70, 5)), (3, Bid(71, 5)), (3, Bid(70, 6))):
            other = call_digest(L1_CHAIN_ID, contract, nonce, call, bid)
            assert recover_sender(other, envelope.signature) != USER
        names = {
            call_hash(L1_CHAIN_ID, contract, nonce, call, sender)
            for nonce, sender in ((3, USER), (4, USER), (3, CHEAT))
        }
        assert len(names) == 3
    for bid in (Bid(1, 2), Bid(1, -1), Bid(1 << 63, 0)):
        with pytest.raises(FrameInvalid, match="bid"):
            decode_envelope(replace(envelope, bid=bid).encode())
    for data in (b"", b"\x90", b"\x91\x63", encode_call(calls[0]) + b"\x00", b"\x92\x09\x01"):
        with pytest.raises(FrameInvalid):
            decode_call(data)


def test_every_event_has_one_encoding() -> None:
    world = L1World()
    world.append()
    wrong = world.propose(lie=1)
    for event in world.convict(wrong).events:
        assert decode_event(encode_event(event)) == event
    for data in (b"", b"\x91\x63", b"\x93\x06\x01\xc4\x00"):
        with pytest.raises(FrameInvalid):
            decode_event(data)


def test_codes_are_declared_in_order_and_named_once() -> None:
    numbers = [int(code) for code in ContractCode]
    assert numbers == sorted(set(numbers))
    assert ContractCode.CLAIM_PENDING.retryable
    assert not ContractCode.CLAIM_EXISTS.retryable
