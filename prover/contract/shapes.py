"""Calls and events are flat: integers and byte strings, in the order of declaration.

So one rule gives the canonical bytes of all of them, ``[kind, field, ...]``,
and another their messages: a message is named like the kind and has fields of
the same names.  What a message carries is checked as the bytes would be.
"""

from dataclasses import fields
from typing import Any, Protocol

from statemachine.errors import FrameInvalid


class Message(Protocol):
    """What is needed of a generated message."""

    def SetInParent(self) -> None:  # noqa: N802  protobuf names it
        """Choose it, though all its fields be zero."""


def values_of(record: Any) -> list[Any]:  # noqa: ANN401  a call or an event of any shape
    """Return a record's fields in the order of their declaration."""
    return [getattr(record, field.name) for field in fields(record)]


def build_record(name: str, shape: type[Any], values: list[Any]) -> Any:  # noqa: ANN401  a shape
    """Return a record of these fields; ``FrameInvalid`` if they do not fit its shape."""
    expected = [field.type for field in fields(shape)]
    if [type(value) for value in values] != expected:
        raise FrameInvalid(f"{name}: not the fields of {shape.__name__}")
    return shape(*values)


def fill_message(message: Message, record: Any) -> None:  # noqa: ANN401  a call or an event
    """Copy a record's fields into the message that stands for it."""
    message.SetInParent()
    for field in fields(record):
        setattr(message, field.name, getattr(record, field.name))


def read_message(message: object, shape: type[Any]) -> list[Any]:
    """Return the fields of ``shape`` that a message carries, in the order of declaration."""
    return [getattr(message, field.name) for field in fields(shape)]
