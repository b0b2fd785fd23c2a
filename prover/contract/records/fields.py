"""What the fields of records have in common."""

from typing import Final

from statemachine.errors import FrameInvalid

UINT_LIMIT: Final = 1 << 63


def as_message(value: object, name: str) -> bytes:
    """Return the bytes of a message inside a record; else refuse."""
    if type(value) is not bytes:
        raise FrameInvalid(f"{name}: not bytes")
    return value
