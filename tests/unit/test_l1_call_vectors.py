"""Each call does to a state what its vector says, and the vectors are those that it does."""

import json
from pathlib import Path
from typing import Any

import pytest

from prover.contract.calls import CallKind, decode_call
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.events import encode_event
from prover.contract.rules import decode_contract_rules
from prover.faults import ClaimFacts, FaultKind, Verdict
from tests import l1_vectors

FILES = sorted((l1_vectors.FOLDER / "calls").glob("*.json"))
ELSEWHERE = {
    # Sales, attesters and the escape are told as stories: ``exits.json``.
    *(kind for kind in CallKind if kind >= CallKind.OFFER_WITHDRAWAL),
}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_call_changes_what_its_vector_says(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text())
    assert case["format"] == l1_vectors.FORMAT

    def judge(kind: FaultKind, facts: ClaimFacts, witness: bytes) -> Verdict:
        del kind, facts, witness
        guilty, segment, root = case["verdict"]
        return Verdict(guilty, "as told", segment, bytes.fromhex(root))

    rules = decode_contract_rules(bytes.fromhex(case["deployment"]))
    pre = {bytes.fromhex(name): bytes.fromhex(value) for name, value in case["pre"].items()}
    contract = Contract(rules, judge, pre.items())
    contract.state.take_changes()
    moment = Moment(case["block"], case["time"], case["gas_price"])
    call = decode_call(bytes.fromhex(case["call"]))
    result = contract.call(bytes.fromhex(case["sender"]), moment, call)
    events = [encode_event(event).hex() for event in result.events]
    told = (case["code"], case["value"], case["gas"], case["events"])
    assert (result.code.name, result.value, result.gas, events) == told
    after = contract.state.items()
    for name, value in case["changes"].items():
        assert after.pop(bytes.fromhex(name), b"").hex() == (value or "")
    changed = {bytes.fromhex(name) for name in case["changes"]}
    assert after == {name: value for name, value in pre.items() if name not in changed}


def test_every_kind_of_call_has_a_vector_in_which_it_succeeds() -> None:
    succeeded = {path.stem.removesuffix("_ok") for path in FILES if path.stem.endswith("_ok")}
    missing = {kind for kind in CallKind if kind.name.lower() not in succeeded}
    assert missing <= ELSEWHERE


def test_the_vectors_are_up_to_date() -> None:
    told = {path.stem: json.loads(path.read_text()) for path in FILES}
    assert told == l1_vectors.call_cases()
