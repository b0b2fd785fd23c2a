"""Tables in memory, and one journal of what changed in them.

Every record is replaced, never changed in place, through ``put``, which notes
its key and bytes in the journal.  A table is told how names and records become
bytes, and may be given a ``noted``: a function that hears of each record that
is stored, to check it or to keep an index of it.

==========  =================================  ==============================
kind        holds                              its key is the letter and
==========  =================================  ==============================
``Table``   records by name                    the name
``Series``  records by number, without gaps    the number, 8 bytes
``Single``  one record, or ``None``            nothing
==========  =================================  ==============================
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar, final, overload

from statemachine.errors import StorageCorrupt, invariant

NameT = TypeVar("NameT")
RecordT = TypeVar("RecordT")


class Stored(Protocol):
    """A record that says its own bytes."""

    def encode(self) -> bytes:
        """Return the stored bytes."""


StoredT = TypeVar("StoredT", bound=Stored)


@final
@dataclass(frozen=True, slots=True)
class Form(Generic[RecordT]):
    """How a name or a record becomes bytes, and what the bytes were."""

    encode: Callable[[RecordT], bytes]
    decode: Callable[[bytes], RecordT]


NUMBER: Final[Form[int]] = Form(
    lambda number: number.to_bytes(8, "big"), lambda data: int.from_bytes(data, "big")
)
BYTE: Final[Form[int]] = Form(lambda number: bytes([number]), lambda data: data[0])
BYTES: Final[Form[bytes]] = Form(lambda data: data, lambda data: data)
BYTE_AND_BYTES: Final[Form[tuple[int, bytes]]] = Form(
    lambda name: bytes([name[0]]) + name[1], lambda data: (data[0], data[1:])
)
NOTHING: Final[Form[None]] = Form(lambda _: b"", lambda _: None)
"""Of a record that says all by being there."""


def form_of(decode: Callable[[bytes], StoredT]) -> Form[StoredT]:
    """Return the form of a record that says its own bytes."""
    return Form(lambda record: record.encode(), decode)


class Kept(Protocol):
    """What is done with a table, whatever its kind."""

    def stored(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the key and the bytes of each record."""

    def load(self, name: bytes, data: bytes) -> None:
        """Take back a record that was stored under the letter and ``name``."""


@final
class Tables:
    """All tables by their letters, and the journal that they share."""

    def __init__(self) -> None:
        self.journal: dict[bytes, bytes | None] = {}
        self._tables: dict[bytes, Kept] = {}

    def add(self, letter: bytes, table: Kept) -> None:
        """Take a table in."""
        invariant(len(letter) == 1 and letter not in self._tables, f"{letter!r} is one table")
        self._tables[letter] = table

    def take_changes(self) -> dict[bytes, bytes | None]:
        """Return what was stored or dropped since the last call."""
        changes, self.journal = self.journal, {}
        return changes

    def items(self) -> dict[bytes, bytes]:
        """Return every record by its key."""
        return {key: data for table in self._tables.values() for key, data in table.stored()}

    def load(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Fill empty tables with records that were written before.

        Raises
        ------
        StorageCorrupt
            A record belongs to no table, or a numbered one is missing.
        FrameInvalid
            A record does not decode.
        """
        for key, data in sorted(items):
            table = self._tables.get(key[:1])
            if table is None:
                raise StorageCorrupt(f"L1 record of an unknown table: {key[:1]!r}")
            table.load(key[1:], data)
        self.journal.clear()


@final
class Table(Mapping[NameT, RecordT]):
    """Records by name."""

    def __init__(
        self,
        tables: Tables,
        letter: bytes,
        name: Form[NameT],
        record: Form[RecordT],
        noted: Callable[[NameT, RecordT], None] | None = None,
    ) -> None:
        self._letter = letter
        self._name = name
        self._record = record
        self._tables = tables
        self._noted = noted
        self._records: dict[NameT, RecordT] = {}
        tables.add(letter, self)

    def __getitem__(self, name: NameT) -> RecordT:
        return self._records[name]

    def __iter__(self) -> Iterator[NameT]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def put(self, name: NameT, record: RecordT) -> None:
        """Store a record."""
        if self._noted is not None:
            self._noted(name, record)
        self._records[name] = record
        self._tables.journal[self._letter + self._name.encode(name)] = self._record.encode(record)

    def drop(self, name: NameT) -> None:
        """Forget a record."""
        del self._records[name]
        self._tables.journal[self._letter + self._name.encode(name)] = None

    def stored(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the key and the bytes of each record."""
        for name, record in self._records.items():
            yield self._letter + self._name.encode(name), self._record.encode(record)

    def load(self, name: bytes, data: bytes) -> None:
        """Take back a record that was stored before."""
        self.put(self._name.decode(name), self._record.decode(data))


@final
class Series(Sequence[RecordT]):
    """Records by number, from 0, without gaps."""

    def __init__(
        self,
        tables: Tables,
        letter: bytes,
        record: Form[RecordT],
        noted: Callable[[int, RecordT], None] | None = None,
    ) -> None:
        self._letter = letter
        self._record = record
        self._tables = tables
        self._noted = noted
        self._records: list[RecordT] = []
        tables.add(letter, self)

    @overload
    def __getitem__(self, number: int) -> RecordT: ...
    @overload
    def __getitem__(self, number: slice) -> list[RecordT]: ...
    def __getitem__(self, number: int | slice) -> RecordT | list[RecordT]:
        return self._records[number]

    def __len__(self) -> int:
        return len(self._records)

    def put(self, number: int, record: RecordT) -> None:
        """Append a record, or replace the one of that number."""
        invariant(0 <= number <= len(self._records), "a series has no gaps")
        if self._noted is not None:
            self._noted(number, record)
        self._records[number : number + 1] = [record]
        self._tables.journal[self._letter + NUMBER.encode(number)] = self._record.encode(record)

    def stored(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the key and the bytes of each record."""
        for number, record in enumerate(self._records):
            yield self._letter + NUMBER.encode(number), self._record.encode(record)

    def load(self, name: bytes, data: bytes) -> None:
        """Take back the next record; ``StorageCorrupt`` if it is another one."""
        number = len(self._records)
        if NUMBER.decode(name) != number:
            raise StorageCorrupt(f"L1 record {self._letter!r} {number} is missing")
        self.put(number, self._record.decode(data))


@final
class Single(Generic[RecordT]):
    """One record, ``start`` until another is put; only what was put is stored, not ``None``."""

    def __init__(self, tables: Tables, letter: bytes, record: Form[Any], start: RecordT) -> None:
        self._letter = letter
        self._form = record
        self._tables = tables
        self.record = start
        self._is_put = False
        tables.add(letter, self)

    def put(self, record: RecordT) -> None:
        """Store the record; ``None`` drops it."""
        self.record = record
        self._is_put = record is not None
        self._tables.journal[self._letter] = None if record is None else self._form.encode(record)

    def stored(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the key and the bytes of the record, if there is one."""
        if self._is_put:
            yield self._letter, self._form.encode(self.record)

    def load(self, name: bytes, data: bytes) -> None:
        """Take back the record that was stored before."""
        del name
        self.put(self._form.decode(data))
