"""The journal: what a run changed, and sorted ranges corrected by it.

A record is changed in place and noted once; what changed is taken, encoded, at
the end of each segment.

Ranges answer "what comes first" from the store, corrected by the keys that
this block inserted and deleted.  A store is asked for each range's head once
per head, so a book is read like a sorted list.
"""

from bisect import bisect_left, insort
from typing import final

from statemachine.records import Blob, Record
from statemachine.storage import Store, successor


@final
class Range:
    """One sorted range of keys: the store's, plus what this run inserted, less what it deleted."""

    __slots__ = ("deleted", "head", "inserted", "prefix", "scanned", "store")

    def __init__(self, store: Store, prefix: bytes) -> None:
        """Look at nothing yet."""
        self.store = store
        self.prefix = prefix
        self.inserted: list[bytes] = []
        self.deleted: set[bytes] | None = None  # few ranges lose a key that the store has
        self.head: bytes | None = None
        self.scanned = False

    def first(self) -> bytes | None:
        """Return the first key of the range, if any."""
        if not self.scanned:
            self.head = self.scan(self.prefix if self.head is None else successor(self.head))
            self.scanned = True
        if self.inserted:
            key = self.inserted[0]
            if self.head is None or key < self.head:
                return key
        return self.head

    def scan(self, start: bytes) -> bytes | None:
        """Return the store's first key at or after ``start`` that was not deleted."""
        key = self.store.seek(self.prefix, start)
        while key is not None and self.deleted is not None and key in self.deleted:
            key = self.store.seek(self.prefix, successor(key))
        return key

    def seek(self, start: bytes) -> bytes | None:
        """Return the first key at or after ``start``, if any."""
        key = self.scan(start)
        place = bisect_left(self.inserted, start)
        if place < len(self.inserted) and (key is None or self.inserted[place] < key):
            return self.inserted[place]
        return key

    def insert(self, key: bytes) -> None:
        """Add a key that the range does not have."""
        insort(self.inserted, key)

    def remove(self, key: bytes) -> None:
        """Take out a key that the range has."""
        place = bisect_left(self.inserted, key)
        if place < len(self.inserted) and self.inserted[place] == key:
            del self.inserted[place]
            return
        if self.deleted is None:
            self.deleted = set()
        self.deleted.add(key)
        if self.scanned and key == self.head:
            self.scanned = False


class Journal:
    """Changed records, write-once records and ranges, over a read-only store."""

    __slots__ = ("blobs", "changed", "flushes", "ranges", "store")

    def __init__(self, store: Store, blobs: dict[bytes, Blob | None]) -> None:
        """Start with nothing changed; ``blobs`` are those known already."""
        self.store = store
        self.blobs = blobs
        self.changed: list[Record] = []
        self.ranges: dict[bytes, Range] = {}
        self.flushes: list[dict[bytes, bytes | None]] = []

    def touch(self, record: Record) -> None:
        """Note that a record changed."""
        if not record.dirty:
            record.dirty = True
            self.changed.append(record)

    def take_changes(self) -> dict[bytes, bytes | None]:
        """Return what changed since it was last asked, encoded; ``None`` deletes."""
        writes: dict[bytes, bytes | None] = {}
        for record in self.changed:
            record.dirty = False
            if record.live:
                writes[record.key] = record.encode()
                record.stored = True
            elif record.stored:
                writes[record.key] = None
                record.stored = False
        self.changed = []
        self.flushes.append(writes)
        return writes

    def last_written(self, key: bytes) -> bytes | None:
        """Return what this run last flushed for a key; ``None`` if nothing, or a deletion."""
        for writes in reversed(self.flushes):
            if key in writes:
                return writes[key]
        return None

    def blob(self, key: bytes) -> bytes | None:
        """Return the value of a write-once record, if it exists."""
        if key in self.blobs:
            record = self.blobs[key]
            return None if record is None or not record.live else record.value
        data = self.store.get(key)
        self.blobs[key] = None if data is None else Blob(key, True, data)
        return data

    def add_blob(self, key: bytes, value: bytes) -> None:
        """Add a write-once record whose key is known to be free."""
        record = self.blobs.get(key)
        if record is None:
            record = Blob(key, False, value)
            self.blobs[key] = record
        else:
            record.value = value
            record.live = True
        self.touch(record)

    def remove_blob(self, key: bytes) -> None:
        """Delete a write-once record that exists; it need not have been read."""
        record = self.blobs.get(key)
        if record is None:
            record = Blob(key, True, b"")
            self.blobs[key] = record
        record.live = False
        self.touch(record)

    def range(self, prefix: bytes) -> Range:
        """Return the range with this prefix."""
        found = self.ranges.get(prefix)
        if found is None:
            found = Range(self.store, prefix)
            self.ranges[prefix] = found
        return found
