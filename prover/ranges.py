"""Ranges of keys as a proof answers them: complete, in order, and with what follows.

Prover and verifier take the same walk.  Over the whole tree it opens what the answer
rests on; over the part of it in a witness it raises ``WitnessIncomplete`` where that is
missing: nothing can be left out of a range, and nothing slipped in.
"""

from dataclasses import dataclass
from typing import Protocol, final

from statemachine.storage import successor


class Ordered(Protocol):
    """A sorted map of keys to values, such as a tree or the part of one in a witness."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``, or ``None``."""
        ...

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` with ``prefix``, if any."""
        ...


@final
@dataclass(frozen=True, slots=True)
class KeyRange:
    """The first ``count`` keys at or after ``start`` that begin with ``prefix``.

    Without a ``start``, from the first key of the range.
    """

    prefix: bytes
    count: int
    start: bytes = b""


@final
@dataclass(frozen=True, slots=True)
class RangeItems:
    """What stands in a range: its items in order, and the key after them, if there is one."""

    items: tuple[tuple[bytes, bytes], ...]
    next: bytes = b""

    @property
    def is_whole(self) -> bool:
        """Whether the range ends here."""
        return not self.next


def read_range(store: Ordered, wanted: KeyRange) -> RangeItems:
    """Return the items of a range, as far as its count goes.

    Raises
    ------
    WitnessIncomplete
        The store is a witness that does not prove the answer.
    """
    items: list[tuple[bytes, bytes]] = []
    key = store.seek(wanted.prefix, wanted.start or wanted.prefix)
    while key is not None and len(items) < wanted.count:
        items.append((key, store.get(key) or b""))
        if key == b"\xff" * len(key):
            return RangeItems(tuple(items))
        key = store.seek(wanted.prefix, successor(key))
    return RangeItems(tuple(items), key or b"")
