"""Where state comes from: one small protocol, and its plain in-memory form.

Three providers answer it: LevelDB behind an in-memory index (the node), a
dictionary (here), and a witness of proved values (the L1's verdict).
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from typing import Protocol, final

from statemachine.keys import RANGE_LENGTH


class Store(Protocol):
    """A read-only sorted map of keys to values."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``; ``None`` if it is known to be absent."""
        ...

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` with ``prefix``, if any."""
        ...


def successor(key: bytes) -> bytes:
    """Return the next key of the same width, from which a seek goes on."""
    return (int.from_bytes(key, "big") + 1).to_bytes(len(key), "big")


@final
class MemoryStore:
    """State in a dictionary, with a sorted list of keys per range."""

    __slots__ = ("ranges", "values")

    def __init__(self, items: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Hold ``items``."""
        self.values: dict[bytes, bytes] = dict(items)
        self.ranges: dict[bytes, list[bytes]] = {}
        for key in sorted(self.values):
            length = RANGE_LENGTH.get(key[0], 0)
            if length:
                self.ranges.setdefault(key[:length], []).append(key)

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``, if any."""
        return self.values.get(key)

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` in the range ``prefix``, if any."""
        found = self.ranges.get(prefix)
        if found is None:
            return None
        place = bisect_left(found, start)
        return found[place] if place < len(found) else None

    def apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        """Take writes; ``None`` deletes."""
        values = self.values
        for key, value in writes.items():
            length = RANGE_LENGTH.get(key[0], 0)
            if value is None:
                if values.pop(key, None) is not None and length:
                    found = self.ranges[key[:length]]
                    del found[bisect_left(found, key)]
                    if not found:
                        del self.ranges[key[:length]]
            else:
                if length and key not in values:
                    insort(self.ranges.setdefault(key[:length], []), key)
                values[key] = value
