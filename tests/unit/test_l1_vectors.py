"""The contract gives the answers of its golden vectors, and the vectors are those it gives."""

import json
from typing import Any

import pytest

from prover.contract.calls import call_digest, call_hash, decode_call, recover_sender
from prover.contract.codes import ContractCode
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.events import encode_event
from prover.contract.fees import Bid
from prover.contract.rules import decode_contract_rules
from prover.faults import ClaimFacts, FaultKind, Verdict
from tests import l1_vectors
from tests.contract_vectors.cases import FORMAT


def load(name: str) -> dict[str, Any]:
    """Return a file of vectors."""
    content: dict[str, Any] = json.loads((l1_vectors.FOLDER / f"{name}.json").read_text())
    assert content["format"] == FORMAT
    return content


def test_the_contract_answers_as_in_the_story() -> None:
    story = load("story")
    verdicts: list[Verdict] = []

    def judge(kind: FaultKind, facts: ClaimFacts, witness: bytes) -> Verdict:
        del kind, facts, witness
        return verdicts[-1]

    contract = Contract(decode_contract_rules(bytes.fromhex(story["deployment"])), judge)
    for address, eth, token in story["mints"]:
        contract.mint(bytes.fromhex(address), eth, token)
    for address, asset, units in story["asset_mints"]:
        contract.mint_asset(bytes.fromhex(address), asset, units)
    for step in story["steps"]:
        if "verdict" in step:
            guilty, segment, root = step["verdict"]
            verdicts.append(Verdict(guilty, "as told", segment, bytes.fromhex(root)))
        moment = Moment(step["block"], step["time"], step["gas_price"])
        call = decode_call(bytes.fromhex(step["call"]))
        result = contract.call(bytes.fromhex(step["sender"]), moment, call)
        events = [encode_event(event).hex() for event in result.events]
        told = (step["code"], step["value"], step["gas"], step["events"])
        assert (result.code.name, result.value, result.gas, events) == told
    assert contract.state.digest().hex() == story["digest"]


def test_the_story_has_every_kind_of_call() -> None:
    steps = load("story")["steps"]
    succeeded = {type(decode_call(bytes.fromhex(s["call"]))) for s in steps if s["code"] == "OK"}
    assert len(succeeded) == 19
    refusals = {s["code"] for s in steps} - {"OK"}
    assert len(refusals) >= 9
    assert all(ContractCode[name] for name in refusals)


@pytest.mark.parametrize("entry", load("envelopes")["envelopes"])
def test_envelopes_have_the_sender_they_say(entry: dict[str, Any]) -> None:
    whole = load("envelopes")
    call = decode_call(bytes.fromhex(entry["call"]))
    contract = bytes.fromhex(whole["contract"])
    place = whole["l1_chain_id"], contract, entry["nonce"], call
    digest = call_digest(*place, Bid(entry["fee_max"], entry["tip"]))
    assert digest.hex() == entry["digest"]
    sender = recover_sender(digest, bytes.fromhex(entry["signature"]))
    assert sender.hex() == entry["sender"]
    if sender:
        assert call_hash(*place, sender).hex() == entry["hash"]


def test_the_vectors_are_up_to_date() -> None:
    assert load("story") == l1_vectors.tell_story()
    assert load("envelopes") == l1_vectors.sign_envelopes()
