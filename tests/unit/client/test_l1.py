"""Money between the layers: signed calls, and proofs that are checked before they are sent."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from proto.sextant.v1 import common_pb2, l1_pb2, query_pb2, sequencer_pb2
from prover.contract.calls import (
    Call,
    ClaimWithdrawal,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    call_digest,
)
from prover.contract.fees import Bid
from sextant.cli.main import main
from sextant.client.chain import TransactionInfo
from sextant.client.models import Stage
from sextant.client.proofs import StateProof, verify_proof
from sextant.errors import BadRequest, ProofInvalid, Refused, Rejected
from statemachine.identity.signing import address_of, recover
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.units import Micros, Millis
from tests.unit.client.fakes import ROLLUP, USER_KEY, FakeL1, FakeNode, connected, run, serving

KEY = withdrawal_key(0)
TREE = Tree.from_items([(KEY, b"paid to me"), (withdrawal_key(1), b"to you")])


def proof_of(tree: Tree, *keys: bytes) -> query_pb2.Proof:
    recording = RecordingTree(tree)
    values = []
    for key in keys:
        value = recording.get(key)
        present = value is not None
        values.append(query_pb2.ProvedValue(key=key, present=present, value=value or b""))
    return query_pb2.Proof(root=tree.root, witness=recording.witness({}), values=values)


def signer_of(call: Call, sent: l1_pb2.L1SendCallRequest) -> bytes:
    bid = Bid(sent.fee_max, sent.tip)
    return recover(call_digest(1, ROLLUP, sent.nonce, call, bid), sent.signature)


def play(l1: FakeL1, node: FakeNode, work: Any) -> Any:
    async def story() -> Any:
        async with serving(l1) as target, connected(node, l1=target) as client:
            return await work(client)

    return run(story())


def test_a_withdrawal_is_claimed_under_the_root_that_l1_has() -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    node.proof = proof_of(TREE, KEY)
    receipt = play(l1, node, lambda client: client.claim_withdrawal(0))
    assert receipt.value == 5
    sent = l1.calls[0]
    call = ClaimWithdrawal(4, 0, node.proof.witness)
    assert signer_of(call, sent) == address_of(USER_KEY)
    assert sent.claim_withdrawal.proof == node.proof.witness


def test_a_proof_under_another_root_is_not_sent() -> None:
    l1, node = FakeL1(bytes(32)), FakeNode()
    node.proof = proof_of(TREE, KEY)
    with pytest.raises(ProofInvalid) as caught:
        play(l1, node, lambda client: client.claim_withdrawal(0))
    assert caught.value.code == "ROOT"
    assert not l1.calls


def test_what_is_not_final_is_not_claimed() -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    node.proof = proof_of(TREE, withdrawal_key(9))
    with pytest.raises(Refused) as absent:
        play(l1, node, lambda client: client.claim_withdrawal(9))
    l1.final = False
    with pytest.raises(Refused) as pending:
        play(l1, node, lambda client: client.claim_withdrawal(0))
    assert absent.value.code == pending.value.code == "NOT_FINAL"
    assert absent.value.retryable
    for l1.final in (True, False):
        node.withdrawals = set()
        with pytest.raises(Refused) as never:
            play(l1, node, lambda client: client.claim_withdrawal(9))
        assert (never.value.code, never.value.retryable) == ("NOT_FOUND", False)
    assert not l1.calls


def test_a_follower_is_asked_for_what_the_node_does_not_keep() -> None:
    l1, node, follower = FakeL1(TREE.root), FakeNode(), FakeNode()
    follower.proof = proof_of(TREE, KEY)

    async def story() -> int:
        async with (
            serving(l1) as target,
            serving(follower) as other,
            connected(node, l1=target, follower=other) as client,
        ):
            return (await client.claim_withdrawal(0)).value

    assert run(story()) == 5


def test_deposits_and_forced_withdrawals_are_signed_calls() -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    owner = address_of(USER_KEY)
    play(l1, node, lambda client: client.deposit("1.5", sub=2, wait_s=0))
    play(l1, node, lambda client: client.force_withdraw(sub=2, wait_s=0))
    expected: tuple[Call, ...] = (Deposit(owner, 2, 1_500_000), ForceWithdraw(2, 0))
    for sent, call in zip(l1.calls, expected, strict=True):
        assert signer_of(call, sent) == owner


def test_forced_actions_are_signed_calls_and_tell_what_became_of_them() -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    owner = address_of(USER_KEY)
    l1.item = InboxItem(InboxKind.FORCED_CLOSE, owner, 0, Micros(0), Millis(7))
    node.inbox_index = 6
    receipts = [common_pb2.Receipt(transaction_hash=l1.item.hash, leg=255, filled_lots=9)]
    sequenced = sequencer_pb2.Sequenced(receipts=receipts)
    node.answers[l1.item.hash] = sequencer_pb2.Outcome(sequenced=sequenced)
    done = play(l1, node, lambda client: client.force_close("BTC", price="60000", sub=2))
    play(l1, node, lambda client: client.force_cancel_all(wait_s=0))
    play(l1, node, lambda client: client.force_revoke(ROLLUP, wait_s=0))
    left = play(l1, node, lambda client: client.force_poke(ROLLUP, sub=3, wait_s=0))
    assert (done.l1.value, done.receipt.filled) == (5, 9)
    assert (left.l1.value, left.receipt) == (5, None)
    expected: tuple[Call, ...] = (
        ForceClose(2, 1, 6_000_000),
        ForceCancelAll(0),
        ForceRevoke(ROLLUP),
        ForcePoke(ROLLUP, 3),
    )
    for sent, call in zip(l1.calls, expected, strict=True):
        assert signer_of(call, sent) == owner


def test_what_the_contract_refuses_is_an_error_with_its_code() -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    l1.refusal = "TOKEN_BALANCE"
    with pytest.raises(Rejected) as caught:
        play(l1, node, lambda client: client.deposit("1", wait_s=0))
    assert caught.value.code == "TOKEN_BALANCE"
    assert "a deposit of 1.00 USDC" in caught.value.message
    for amount in ("0", "-1", "0.0000001"):
        with pytest.raises(BadRequest):
            play(l1, node, lambda client, amount=amount: client.deposit(amount))


def test_a_state_proof_holds_only_as_it_is() -> None:
    message = proof_of(TREE, KEY, withdrawal_key(9))
    proof = StateProof(
        height=1,
        log_index=None,
        root=message.root,
        witness=message.witness,
        values=((KEY, b"paid to me"), (withdrawal_key(9), None)),
    )
    keys = [KEY, withdrawal_key(9)]
    verify_proof(proof, keys)
    other = withdrawal_key(1)
    for broken, wanted in (
        (replace(proof, root=bytes(32)), keys),
        (replace(proof, values=((KEY, b"paid to you"), proof.values[1])), keys),
        (replace(proof, values=((KEY, None), proof.values[1])), keys),
        (replace(proof, values=(proof.values[0], (withdrawal_key(9), b"x"))), keys),
        (replace(proof, values=((other, b"to you"),)), [other]),
        (replace(proof, witness=proof.witness[:-1]), keys),
        (replace(proof, witness=b""), keys),
    ):
        with pytest.raises(ProofInvalid):
            verify_proof(broken, wanted)


def type_in(l1: FakeL1, node: FakeNode, *words: str) -> int:
    """Return the exit code of a command."""

    async def story() -> int:
        async with serving(l1) as other, serving(node) as target:
            where = ("--node", target, "--l1", other, "--as", "alice")
            return await asyncio.to_thread(main, [*words, *where])

    code: int = run(story())
    return code


def test_a_deposit_says_that_it_waits_once_l1_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    node.inbox_index = 6
    assert type_in(l1, node, "deposit", "5") == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("inbox item 5 is on L1, in block 7: waiting until the exchange")
    assert "waiting" not in shown.out
    assert type_in(l1, node, "deposit", "5", "--no-wait") == 0
    assert not capsys.readouterr().err, "it waits for nothing"
    l1.refusal = "AMOUNT"
    assert type_in(l1, node, "deposit", "0.5") == 1
    assert (
        capsys.readouterr().err
        == "sextant: AMOUNT: a deposit of 0.50 USDC, the least is 1.00 USDC\n"
    )
    l1.refusal = "TOKEN_BALANCE"
    assert type_in(l1, node, "deposit", "5") == 1
    assert capsys.readouterr().err.startswith("sextant: TOKEN_BALANCE"), "and says nothing before"
    assert type_in(l1, node, "deposit", "0.0000001") == 2
    assert capsys.readouterr().err.startswith("sextant: PRECISION")


def test_what_is_forced_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    l1, node = FakeL1(TREE.root), FakeNode()
    l1.item = InboxItem(InboxKind.FORCED_CLOSE, bytes(20), 0, Micros(0), Millis(7))
    node.inbox_index = 6
    receipts = [common_pb2.Receipt(transaction_hash=l1.item.hash, leg=255, code_name="OK")]
    sequenced = sequencer_pb2.Sequenced(receipts=receipts)
    node.answers[l1.item.hash] = sequencer_pb2.Outcome(sequenced=sequenced)
    assert type_in(l1, node, "force", "cancel-all", "--json") == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 1
    assert shown.err == "inbox item 5 is on L1, in block 7: waiting until a block takes it\n", (
        "an L1 that does not tell the rules tells no deadline"
    )
    assert type_in(l1, node, "force", "cancel-all", "--no-wait") == 0
    assert not capsys.readouterr().err


def test_an_unknown_transaction_comes_with_advice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = TransactionInfo(
        transaction_hash=bytes(32),
        stage=Stage.UNKNOWN,
        height=0,
        log_index=0,
        accepted_ms=0,
        sequenced_ms=0,
        posted_ms=0,
        final_ms=0,
        refusal="",
        receipts=(),
        header=None,
    )
    monkeypatch.setattr("sextant.cli.tx.run_client", lambda _arguments, _work: (unknown, []))
    assert main(["tx", bytes(32).hex(), "--node", "127.0.0.1:9", "--json"]) == 1
    shown = capsys.readouterr()
    assert "the node at 127.0.0.1:9 does not know it" in shown.err
    assert "`--wait sequenced`" in shown.err
    assert len(shown.out.splitlines()) == 1
