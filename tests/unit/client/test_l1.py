"""Money between the layers: signed calls, and proofs that are checked before they are sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import grpc
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
from sextant.client.anchors import anchor_of, claims_between
from sextant.client.chain import TransactionInfo
from sextant.client.l1 import L1Client
from sextant.client.models import Stage
from sextant.client.proofs import StateProof, verify_proof
from sextant.errors import (
    BadRequest,
    OutcomeUnknown,
    ProofInvalid,
    Refused,
    Rejected,
    ServerFault,
    Unreachable,
)
from statemachine.identity.signing import address_of, recover
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.units import Micros, Millis
from tests.unit.client.fakes import (
    ROLLUP,
    USER_KEY,
    FakeL1,
    FakeNode,
    connected,
    failure,
    run,
    serving,
)

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


class LossyL1(FakeL1):
    """Takes calls, and loses its answers for a while; or forgets what it took."""

    def __init__(self, lost: int = 0, forgets: int = 0, waits: bool = False) -> None:
        super().__init__(TREE.root)
        self.lost, self.forgets, self.waits = lost, forgets, waits
        self.spent = False
        self.waiting = asyncio.Event()

    async def get_account(self, request: Any, _context: Any) -> l1_pb2.L1Account:
        nonces = {sent.nonce for sent in self.calls}
        return l1_pb2.L1Account(address=request.address, nonce=len(nonces))

    async def send_call(self, request: Any, context: Any) -> l1_pb2.L1SendCallResponse:
        if self.spent and self.calls:
            await context.abort_with_status(failure(grpc.StatusCode.ABORTED, "NONCE_USED"))
        self.calls.append(request)
        if self.lost:
            self.lost -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        return l1_pb2.L1SendCallResponse(hash=bytes(32))

    async def await_call(self, request: Any, context: Any) -> l1_pb2.L1CallReceipt:
        if self.waits:
            self.waiting.set()
            await asyncio.sleep(60)
        if self.lost:
            self.lost -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        if self.forgets:
            self.forgets -= 1
            await context.abort_with_status(failure(grpc.StatusCode.NOT_FOUND, "NOT_FOUND"))
        return await super().await_call(request, context)


@pytest.mark.parametrize(("lost", "forgets"), [(1, 0), (3, 0), (1, 1), (0, 2)])
def test_a_deposit_is_one_deposit_whatever_l1_loses(lost: int, forgets: int) -> None:
    l1, node = LossyL1(lost, forgets), FakeNode()
    receipt = play(l1, node, lambda client: client.deposit("1.5", wait_s=0))
    assert receipt.value == 5
    assert {sent.nonce for sent in l1.calls} == {0}
    assert len({sent.signature for sent in l1.calls}) == 1, "the same bytes"


def test_a_deposit_that_l1_never_answers_may_have_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sextant.client.l1_sender.AWAIT_S", 0.2)
    l1, node = LossyL1(lost=1 << 30), FakeNode()
    with pytest.raises(OutcomeUnknown, match="Look before you send it again"):
        play(l1, node, lambda client: client.deposit("1.5", wait_s=0))
    assert {sent.nonce for sent in l1.calls} == {0}


def test_a_deposit_whose_nonce_is_gone_is_not_signed_anew() -> None:
    l1, node = LossyL1(forgets=1), FakeNode()
    l1.spent = True
    with pytest.raises(OutcomeUnknown, match="its nonce was used"):
        play(l1, node, lambda client: client.deposit("1.5", wait_s=0))
    assert len(l1.calls) == 1


def test_an_l1_that_is_not_there_was_sent_nothing() -> None:
    async def story() -> Any:
        async with connected(FakeNode(), l1="127.0.0.1:9") as client:
            return await client.deposit("1.5", wait_s=0)

    with pytest.raises(Unreachable):
        run(story())


def test_whoever_interrupts_a_deposit_is_told_that_it_may_come() -> None:
    l1, node = LossyL1(waits=True), FakeNode()

    async def work(client: Any) -> list[str]:
        sent = asyncio.create_task(client.deposit("1.5", wait_s=0))
        await l1.waiting.wait()
        sent.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await sent
        return list(caught.value.__notes__)

    [note] = play(l1, node, work)
    assert "Deposit (nonce 0) may have been sent" in note


class CircularL1(FakeL1):
    """Lists the same claims and sales again and again."""

    asked = 0
    listed: Sequence[l1_pb2.L1Claim] = (l1_pb2.L1Claim(number=4),)

    async def list_claims(self, _request: Any, _context: Any) -> l1_pb2.L1ClaimsPage:
        self.asked += 1
        return l1_pb2.L1ClaimsPage(claims=self.listed, claims_count=1 << 31)


@pytest.mark.parametrize(
    "work",
    [
        lambda l1: l1.final_claim(),
        lambda l1: anchor_of(l1, bytes(32)),
        lambda l1: claims_between(l1, 0, 1 << 20),
    ],
)
def test_claims_that_begin_again_do_not_keep_a_client(work: Any) -> None:
    l1 = CircularL1(TREE.root)

    async def story() -> None:
        async with serving(l1) as target, L1Client(target) as client:
            assert await client.claim(3) is None
            await work(client)

    with pytest.raises(ServerFault, match="ask another L1"):
        run(story())
    assert l1.asked < 5


def test_claims_that_are_counted_and_not_listed_do_not_keep_a_client() -> None:
    l1 = CircularL1(TREE.root)
    l1.listed = ()

    async def story() -> None:
        async with serving(l1) as target, L1Client(target) as client:
            await anchor_of(client, bytes(32))

    with pytest.raises(ServerFault, match="does not list them"):
        run(story())
