"""Each call does to a state what its vector says, and the vectors are those that it does."""

import json
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from prover.contract.calls import CALLS, CallKind, decode_call
from prover.contract.codes import ContractCode
from prover.contract.context import Moment
from prover.contract.contract import HANDLERS, Contract
from prover.contract.events import encode_event
from prover.contract.rules import decode_contract_rules
from prover.faults import ClaimFacts, FaultKind, Verdict
from tests import l1_vectors
from tests.contract_vectors.cases import FORMAT
from tests.contract_vectors.reach import COMMON, UNREACHABLE, codes_in, codes_of

FILES = sorted((l1_vectors.FOLDER / "calls").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_call_changes_what_its_vector_says(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text())
    assert case["format"] == FORMAT

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


@pytest.mark.parametrize("kind", CallKind)
def test_a_call_has_a_vector_of_every_code_that_it_can_be_answered_with(kind: CallKind) -> None:
    """Read from the contract's text: a new check has no vector, and is missed here."""
    stems = {path.stem.partition("-")[0] for path in FILES}
    told = {code for code in ContractCode if f"{kind.name}_{code.name}".lower() in stems}
    assert told - COMMON == codes_of(kind)


def test_every_name_is_that_of_a_call_and_a_code() -> None:
    known = {f"{kind.name}_{code.name}".lower() for kind in CallKind for code in ContractCode}
    assert {path.stem.partition("-")[0] for path in FILES} <= known
    assert {code.name.lower() for code in COMMON} <= {
        path.stem.removeprefix("settle_") for path in FILES
    }


@pytest.mark.parametrize(("kind", "code"), UNREACHABLE)
def test_what_has_no_vector_is_still_named_by_its_handler(
    kind: CallKind, code: ContractCode
) -> None:
    handler = HANDLERS[CALLS[kind]]
    assert isinstance(handler, FunctionType)
    assert code in codes_in(handler, set())


def test_the_vectors_are_up_to_date() -> None:
    told = {path.stem: json.loads(path.read_text()) for path in FILES}
    assert told == l1_vectors.call_cases()
