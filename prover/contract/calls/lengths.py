"""How long the byte strings of a call are: a field's name says it, in every call alike.

Those in ``BULK`` are messages of their own, with limits that their call checks.
"""

from dataclasses import fields
from typing import Any, Final

FIELD_BYTES: Final[dict[str, int]] = {
    "agent": 20,
    "commitment": 32,
    "correct_root": 32,
    "first": 32,
    "first_signature": 65,
    "key": 48,
    "owner": 20,
    "payee": 20,
    "possession": 96,
    "sale": 32,
    "salt": 32,
    "second": 32,
    "second_signature": 65,
    "signature": 65,
}
BULK: Final = frozenset(
    {"aggregate", "cursor", "data", "output", "proof", "rules", "signers", "trace", "witness"}
)


def find_misfit(call: Any) -> str:  # noqa: ANN401  a call of any shape
    """Return what is wrong with the length of a field, or nothing if all of them fit."""
    for field in fields(call):
        need = FIELD_BYTES.get(field.name)
        if need is not None and len(getattr(call, field.name)) != need:
            return f"{field.name} has {len(getattr(call, field.name))} bytes, need {need}"
    return ""
