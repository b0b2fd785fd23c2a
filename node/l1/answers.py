"""What L1 answered, read with suspicion: what makes no sense counts as no answer.

A proxy that cuts, caches or mixes up answers, and an L1 of another version, must not end
a node, nor lead it round in a circle: whatever cannot be read, or is about something else
than what was asked for, is ``L1Unreachable``, and is asked again at the next look.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from prover.l1 import L1Unreachable
from statemachine.errors import FrameInvalid

MessageT = TypeVar("MessageT")
RecordT = TypeVar("RecordT")


def read_answer(
    read: Callable[[MessageT], RecordT], message: MessageT, target: str = "L1"
) -> RecordT:
    """Return the record in a message, or raise ``L1Unreachable``: it holds none."""
    try:
        return read(message)
    except (FrameInvalid, ValueError) as error:
        raise L1Unreachable(f"{target}: its answer cannot be read: {error}") from error


def read_page(
    read: Callable[[MessageT], RecordT],
    messages: Iterable[MessageT],
    number_of: Callable[[RecordT], int],
    first: int,
    target: str,
) -> list[RecordT]:
    """Return the records of a page, if they are those from number ``first`` on.

    Raises
    ------
    L1Unreachable
        One cannot be read, or another one stands in its place: who went on from there
        would never come to an end.
    """
    records = [read_answer(read, message, target) for message in messages]
    for place, record in enumerate(records, first):
        if number_of(record) != place:
            raise L1Unreachable(
                f"{target}: it answers with number {number_of(record)}, {place} was asked for"
            )
    return records
