"""Calls that are all bytes: whatever they carry, they stop nothing, and cost their sender."""

from dataclasses import fields
from typing import Any

import pytest

from prover.contract import bank
from prover.contract.calls import KINDS
from prover.contract.calls.lengths import BULK, FIELD_BYTES
from prover.contract.gas import gas_of
from prover.contract.prices import GAS_CALL_MAX, MARK_GAS, SETTLE_MAX
from tests.l1_worlds import BOND, PROPOSER, SEQUENCER, WINDOW_MS, L1World

BULKY = [(shape, field.name) for shape in KINDS for field in fields(shape) if field.name in BULK]


def swollen(shape: type[Any], bulky: str) -> Any:
    """Return a call whose bytes take all the gas that a call has, or nearly so."""

    def made(size: int) -> Any:
        values = {
            field.name: bytes(FIELD_BYTES.get(field.name, 0)) if field.type is bytes else 0
            for field in fields(shape)
        }
        return shape(**{**values, bulky: bytes(size)})

    low, high = 0, 1 << 20
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if gas_of(made(middle)) <= GAS_CALL_MAX else (low, middle)
    return made(low)


@pytest.mark.parametrize(("shape", "bulky"), BULKY)
def test_a_call_that_is_all_bytes_is_refused_whatever_time_has_settled(
    shape: type[Any], bulky: str
) -> None:
    world = L1World()
    bank.mint(world.state, PROPOSER, SETTLE_MAX * BOND, 0)
    parent = 0
    for _ in range(SETTLE_MAX):
        world.append()
        parent = world.propose(parent)
    world.time += 2 * WINDOW_MS
    call = swollen(shape, bulky)
    assert gas_of(call) > GAS_CALL_MAX - SETTLE_MAX * MARK_GAS
    result = world.call(SEQUENCER, call)
    assert not result.ok
    assert gas_of(call) <= result.gas <= GAS_CALL_MAX
    assert len(world.state.pending) >= SETTLE_MAX - 1, "there was gas for one of them at most"
