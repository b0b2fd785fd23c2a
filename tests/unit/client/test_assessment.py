"""What the checklist says of a node: who signs its receipts, and whether it tells the time."""

from types import SimpleNamespace
from typing import cast

import pytest

from proto.sextant.v1 import l1_pb2
from sextant.client.assessment import CLOCK_MS_MAX, clock_line, promise_lines
from sextant.client.lines import Level
from sextant.client.models import NodeStatus

SIGNER, OTHER, ROLLUP = b"\x01" * 20, b"\x02" * 20, b"\x03" * 20


def levels(signer: bytes, sequencer: bytes, chain_id: int, rollup: bytes = ROLLUP) -> list[Level]:
    deployment = l1_pb2.L1Deployment(signer=signer, chain_id=7, contract=ROLLUP)
    status = SimpleNamespace(sequencer=sequencer, chain_id=chain_id, rollup=rollup)
    return [line.level for line in promise_lines(cast(NodeStatus, status), deployment)]


@pytest.mark.parametrize(
    ("signer", "sequencer", "chain_id", "level"),
    [
        (SIGNER, SIGNER, 7, Level.OK),
        (SIGNER, OTHER, 7, Level.BAD),
        (SIGNER, SIGNER, 8, Level.BAD),
        (bytes(20), SIGNER, 7, Level.LOOK),
    ],
)
def test_receipts_are_worth_what_l1_punishes(
    signer: bytes, sequencer: bytes, chain_id: int, level: Level
) -> None:
    assert levels(signer, sequencer, chain_id) == [level]


def test_another_contract_is_another_promise() -> None:
    assert levels(SIGNER, SIGNER, 7, OTHER) == [Level.BAD]


def test_a_node_that_signs_nothing_promises_nothing() -> None:
    assert levels(SIGNER, b"", 7) == []


def test_a_node_that_dates_what_is_signed_is_held_against_l1() -> None:
    now = 10 * CLOCK_MS_MAX
    for away in (0, CLOCK_MS_MAX, -CLOCK_MS_MAX):
        assert clock_line(now + away, now).level is Level.OK
    ahead, behind = clock_line(now + CLOCK_MS_MAX + 1, now), clock_line(1, now)
    assert (ahead.level, behind.level) == (Level.BAD, Level.BAD)
    assert "executed then" in ahead.text
    assert "behind" in behind.text
