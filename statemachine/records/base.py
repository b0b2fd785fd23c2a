"""What all records share: a version byte, fixed widths, and a place in the journal.

Hot records are slotted, mutable and positional: a block decodes each record
once, changes it in place, and encodes it once at the end of each segment in
which it changed.  Every encoding starts with a version byte; a decoder takes
exactly what the encoder writes.

Money fields take 12 bytes signed (``|x| < 2**95``), sizes, prices and times
8 bytes.  ``portfolio`` is ``account << 8 | sub``.

Records that are encoded for most transactions give ``struct`` the two parts of an
amount, ``qI``: ``amount >> 32`` and ``amount & LOW``.  That is :func:`money` without an
object in between.
"""

from typing import Final, final

from statemachine.errors import StorageCorrupt

RECORD_VERSION: Final = 1
VERSION_BYTE: Final = b"\x01"
LOW: Final = 0xFFFFFFFF
"""The lower 32 bits of an amount."""


def money(value: int) -> bytes:
    """Return a signed amount as 12 bytes."""
    return value.to_bytes(12, "big", signed=True)


def unmoney(data: bytes) -> int:
    """Return the amount that :func:`money` wrote."""
    return int.from_bytes(data, "big", signed=True)


def need(data: bytes, size: int, name: str) -> None:
    """Refuse bytes that are not a record of this size and version."""
    if len(data) != size or data[0] != RECORD_VERSION:
        raise StorageCorrupt(f"not a {name} record of {size} bytes: {data[:24].hex()}")


class Record:
    """A decoded leaf: its key, whether it changed, whether it exists."""

    __slots__ = ("dirty", "key", "live", "stored")

    def __init__(self, key: bytes, stored: bool) -> None:
        """Stand for a leaf; ``stored``: the store, as last flushed, has it."""
        self.key = key
        self.dirty = False
        self.live = True
        self.stored = stored

    def encode(self) -> bytes:
        """Return the canonical bytes of the leaf's value."""
        raise NotImplementedError


@final
class Blob(Record):
    """A record that is written once and never changed: its value is its bytes.

    Accounts (owner), owned-order entries, client ids, due work, withdrawals.
    """

    __slots__ = ("value",)

    def __init__(self, key: bytes, stored: bool, value: bytes) -> None:
        """Hold the encoded ``value``."""
        # As Record does: calling it would be half of what this costs.
        self.key = key
        self.dirty = False
        self.live = True
        self.stored = stored
        self.value = value

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return self.value
