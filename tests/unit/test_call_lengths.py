"""Every byte string of every call has its length, whatever else is wrong with the call."""

from dataclasses import fields, replace
from typing import Any

import pytest

from prover.contract.calls import CALLS, CallKind
from prover.contract.calls.lengths import BULK, FIELD_BYTES
from prover.contract.codes import ContractCode
from tests.l1_worlds import USER, L1World


def call_of(shape: type[Any]) -> Any:
    """Return a call of zeros with byte strings of the right lengths."""
    values = [
        0 if field.type is int else bytes(FIELD_BYTES.get(field.name, 0)) for field in fields(shape)
    ]
    return shape(*values)


@pytest.mark.parametrize("kind", CallKind)
def test_a_call_with_a_field_of_another_length_is_refused(kind: CallKind) -> None:
    shape, world = CALLS[kind], L1World()
    whole = call_of(shape)
    assert world.call(USER, whole).code is not ContractCode.FIELD_LENGTH
    for field in fields(shape):
        if field.type is not bytes or field.name in BULK:
            continue
        need = FIELD_BYTES[field.name]
        for size in (0, 1, need - 1, need + 1):
            before = world.state.digest()
            result = world.call(USER, replace(whole, **{field.name: bytes(size)}))
            assert result.code is ContractCode.FIELD_LENGTH
            assert field.name in result.message
            assert f"need {need}" in result.message
            assert world.state.digest() == before
