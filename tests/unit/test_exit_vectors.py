"""The ways out do on L1 what their vectors say; the vectors are those that they do."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from prover.contract.calls import decode_call
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.events import encode_event
from prover.contract.rules import decode_contract_rules
from tests.escape_vectors import FORMAT, digest_of, vectors
from tests.fake_bls import FakeBls
from tests.l1_vectors import FOLDER
from tests.l1_worlds import judge_by_truth

TOLD: dict[str, Any] = json.loads((FOLDER / "exits.json").read_text())


class Believer(FakeBls):
    """Takes every signature for a good one: what is told here is not the signatures."""

    def verify(self, keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
        return bool(keys and message and signature)


@pytest.mark.parametrize("name", ["escape", "attesters", "slash"])
def test_a_story_is_played_as_it_is_told(name: str) -> None:
    story = TOLD[name]
    items = {bytes.fromhex(key): bytes.fromhex(data) for key, data in story["pre"].items()}
    rules = decode_contract_rules(bytes.fromhex(story["deployment"]))
    contract = Contract(rules, judge_by_truth, items.items(), Believer())
    contract.state.take_changes()
    for step in story["steps"]:
        call = decode_call(bytes.fromhex(step["call"]))
        moment = Moment(step["block"], step["time"])
        result = contract.call(bytes.fromhex(step["sender"]), moment, call)
        told = (step["code"], step["value"], step["gas"], step["events"])
        events = [encode_event(event).hex() for event in result.events]
        assert (result.code.name, result.value, result.gas, events) == told
        assert digest_of(contract.state.take_changes()) == step["changes"]
    assert contract.state.digest().hex() == story["end"]


def test_the_vectors_are_up_to_date() -> None:
    assert TOLD["format"] == FORMAT
    assert vectors() == TOLD
