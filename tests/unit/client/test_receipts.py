"""A receipt is believed only if the sequencer signed the way to it."""

from dataclasses import replace
from hashlib import sha256

import pytest

from sextant.client.market import Market
from sextant.client.receipts import (
    Header,
    Receipt,
    Sequenced,
    header_digest,
    verify_receipt,
    verify_sequenced,
)
from sextant.client.refusals import WORDS, rejection_of, show_arguments
from sextant.errors import ProofInvalid
from statemachine import receipts as leaves
from statemachine.cursor import PHASE_DUE, Cursor
from statemachine.errors import Code
from statemachine.identity.signing import address_of, sign_digest

KEY = bytes(range(1, 33))
SEQUENCER = address_of(KEY)
DATA = b"transaction bytes"
HASH = sha256(DATA).digest()
COUNT = 5


def block_of(count: int = COUNT, *, phase: int = 0) -> tuple[Header, list[Receipt]]:
    cursor = Cursor(stored=False)
    cursor.height, cursor.time, cursor.phase = 7, 1_900_000_000_000, phase
    records = [
        leaves.Receipt(HASH, 3, leg, int(Code.OK), (1, -2), 100 + leg, 5, -6, 7)
        for leg in range(count)
    ]
    hashes = [record.leaf() for record in records]
    for index, leaf in enumerate(hashes):
        leaves.append(cursor.frontier, index, leaf)
    cursor.receipts = count
    header = Header(
        chain_id=31_337,
        height=7,
        time_ms=cursor.time,
        cursor=cursor.encode(),
        receipts_root=leaves.root_of(cursor.frontier),
        receipts_count=count,
        signature=b"",
    )
    header = replace(header, signature=sign_digest(KEY, header_digest(header)))
    shown = [
        Receipt(
            transaction_hash=record.tx_hash,
            height=7,
            time_ms=cursor.time,
            index=record.index,
            leg=record.leg,
            code=record.code,
            code_name="OK",
            arguments=record.args,
            order_id=record.order_id,
            filled=record.filled,
            notional=record.notional,
            fee=record.fee,
            leaf=place,
            path=tuple(leaves.path_of(hashes, place)),
        )
        for place, record in enumerate(records)
    ]
    return header, shown


def refusal_of(receipt: Receipt, header: Header) -> str:
    with pytest.raises(ProofInvalid) as caught:
        verify_receipt(receipt, header, sequencer=SEQUENCER)
    return caught.value.code


def test_every_receipt_of_a_block_holds() -> None:
    for count in (1, 2, 3, 8, 13):
        header, shown = block_of(count)
        for receipt in shown:
            verify_receipt(receipt, header, sequencer=SEQUENCER)


@pytest.mark.parametrize(
    "change",
    [
        {"code": int(Code.MARGIN)},
        {"order_id": 1},
        {"filled": 6},
        {"notional": 6},
        {"fee": 0},
        {"arguments": ()},
        {"leg": 1},
        {"index": 0},
        {"leaf": 1},
        {"leaf": COUNT},
        {"height": 8},
        {"path": ()},
        {"transaction_hash": bytes(32)},
    ],
    ids=str,
)
def test_any_changed_field_breaks_the_path(change: dict[str, object]) -> None:
    header, shown = block_of()
    assert refusal_of(replace(shown[0], **change), header) == "PATH"  # type: ignore[arg-type]  # fields by name


def test_missing_path_is_not_trust() -> None:
    header, shown = block_of()
    assert refusal_of(replace(shown[0], path=None), header) == "PATH_MISSING"


def test_header_must_be_signed_by_the_sequencer() -> None:
    header, shown = block_of()
    other = sign_digest(bytes(range(2, 34)), header_digest(header))
    assert refusal_of(shown[0], replace(header, signature=b"")) == "HEADER_UNSIGNED"
    for signature in (bytes(65), other):
        assert refusal_of(shown[0], replace(header, signature=signature)) == "HEADER_SIGNATURE"
    with pytest.raises(ProofInvalid):
        verify_receipt(shown[0], replace(header, signature=b""), sequencer=b"")


@pytest.mark.parametrize("change", [{"height": 8}, {"chain_id": 1}, {"cursor": b"\x01" * 90}])
def test_what_is_signed_cannot_be_changed(change: dict[str, object]) -> None:
    header, shown = block_of()
    assert refusal_of(shown[0], replace(header, **change)) == "HEADER_SIGNATURE"  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("change", [{"time_ms": 1}, {"receipts_count": 4}])
def test_header_says_what_the_cursor_says(change: dict[str, object]) -> None:
    header, shown = block_of()
    assert refusal_of(shown[0], replace(header, **change)) == "HEADER_FIELDS"  # type: ignore[arg-type]  # fields by name


def test_a_cursor_in_the_middle_of_a_block_is_no_receipt() -> None:
    header, shown = block_of(phase=PHASE_DUE)
    assert refusal_of(shown[0], header) == "HEADER_FIELDS"


def test_answer_is_about_what_was_sent() -> None:
    header, shown = block_of()
    sequenced = Sequenced(transaction_hash=HASH, receipts=tuple(shown), header=header)
    verify_sequenced(sequenced, DATA, sequencer=SEQUENCER, chain_id=header.chain_id)
    for broken, data in ((sequenced, b"other"), (replace(sequenced, receipts=()), DATA)):
        with pytest.raises(ProofInvalid):
            verify_sequenced(broken, data, sequencer=SEQUENCER, chain_id=header.chain_id)


def test_a_signature_for_another_chain_promises_nothing() -> None:
    """L1 looks for the deployment's own chain under it, and would find another signer."""
    header, shown = block_of()
    other = replace(header, chain_id=header.chain_id + 1, signature=b"")
    other = replace(other, signature=sign_digest(KEY, header_digest(other)))
    verify_receipt(shown[0], other, sequencer=SEQUENCER)
    sequenced = Sequenced(transaction_hash=HASH, receipts=tuple(shown), header=other)
    chain_id = header.chain_id
    with pytest.raises(ProofInvalid) as caught:
        verify_sequenced(sequenced, DATA, sequencer=SEQUENCER, chain_id=chain_id)
    assert caught.value.code == "HEADER_CHAIN"
    with pytest.raises(ProofInvalid, match="for chain"):
        verify_receipt(shown[0], other, sequencer=SEQUENCER, chain_id=chain_id)


def test_every_code_of_the_exchange_has_words() -> None:
    internal = {"OK", "PUBLISHER", "MESSAGE_TIME", "MESSAGE_OLD"}
    assert {code.name for code in Code} - internal <= set(WORDS)
    assert set(WORDS) <= {code.name for code in Code}


def test_rejection_says_code_words_and_arguments() -> None:
    _, shown = block_of()
    rejected = rejection_of(
        replace(shown[0], code=int(Code.MARGIN), code_name="MARGIN", arguments=(5_000_000, -20))
    )
    assert rejected.code == "MARGIN"
    empty = rejection_of(
        replace(shown[0], code=int(Code.MARGIN), code_name="MARGIN", arguments=(0, 0))
    )
    assert str(empty) == (
        "MARGIN: the sub-account holds nothing; `sextant transfer` moves money into it"
    )
    nobody = replace(shown[0], code=int(Code.HEALTHY), code_name="HEALTHY", arguments=(0, 0))
    assert str(rejection_of(nobody)).startswith("HEALTHY: there is no such portfolio, or it holds")
    assert not show_arguments(nobody)
    somebody = replace(nobody, arguments=(5_000_000, 0))
    assert str(rejection_of(somebody)).startswith("HEALTHY: the portfolio is healthy (equity 5.00")
    assert rejected.retryable
    assert rejected.order_id == 100
    assert "not enough margin (need 5.00 USDC, left after its fee and loss -0.00002 USDC)" in str(
        rejected
    )


def test_prices_are_shown_in_the_markets_unit() -> None:
    _, shown = block_of()
    market = Market(id=1, name="BTC", lot_decimals=4, tick=10)
    receipt = replace(shown[0], code=int(Code.BAND), code_name="BAND", arguments=(6_500_050,))
    assert "worst 65000.5" in str(rejection_of(receipt, market))
    assert "worst 6500050" in str(rejection_of(receipt))
