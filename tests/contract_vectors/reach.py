"""Which codes a call can be answered with: read out of the contract's own text.

A code counts as reachable if the handler names it, or a function of the contract does
that the handler names, and so on.  So a check that is added, and has no vector, is
noticed.
"""

import ast
import inspect
import textwrap
from dataclasses import fields
from types import FunctionType
from typing import Any, Final

from prover.contract.calls import CALLS, CallKind, Settle
from prover.contract.calls.lengths import FIELD_BYTES
from prover.contract.codes import ContractCode
from prover.contract.contract import HANDLERS
from prover.contract.freeze import STOPPED_BY_FREEZE

C: Final = ContractCode
PACKAGE: Final = "prover.contract."
COMMON: Final = frozenset({C.GAS_FUNDS})
"""Of every call; one vector stands for all."""
UNREACHABLE: Final[dict[tuple[CallKind, ContractCode], str]] = {
    (CallKind.BUY_WITHDRAWAL, C.CLAIM_UNKNOWN): "an offer names a claim that there was",
    (CallKind.JOIN_ATTESTERS, C.ATTESTERS_FULL): "a state of 1,024 attesters: a unit test has it",
}
"""What a handler names and no vector shows, and why."""


def codes_in(function: FunctionType, seen: set[FunctionType]) -> set[ContractCode]:
    """Return the codes that a function of the contract names, or one that it calls."""
    if function in seen:
        return set()
    seen.add(function)
    found: set[ContractCode] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "ContractCode":
                found.add(ContractCode[node.attr])
        elif isinstance(node, ast.Name):
            other: Any = function.__globals__.get(node.id)
            if isinstance(other, FunctionType) and other.__module__.startswith(PACKAGE):
                found |= codes_in(other, seen)
    return found


def codes_of(kind: CallKind) -> set[ContractCode]:
    """Return every code that a call of this kind must have a vector of, ``OK`` too."""
    shape = CALLS[kind]
    found = {C.OK}
    if shape is not Settle:
        handler = HANDLERS[shape]
        assert isinstance(handler, FunctionType)
        found |= codes_in(handler, set())
    if shape in STOPPED_BY_FREEZE:
        found.add(C.FROZEN)
    if any(field.name in FIELD_BYTES for field in fields(shape)):
        found.add(C.FIELD_LENGTH)
    return {code for code in found if (kind, code) not in UNREACHABLE}
