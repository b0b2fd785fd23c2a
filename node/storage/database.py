"""One LevelDB, owned by one process.

LevelDB admits a single process at a time.  Its own complaint is a bare
"already held"; here the owner leaves a card in the directory, so that the
message can say who holds it.  A schema record refuses stores written by a
newer or foreign program.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, final

import plyvel

from statemachine.errors import SextantError, StorageCorrupt

SCHEMA_KEY: Final = b"!schema"
OWNER_FILE: Final = "OWNER"
BLOOM_BITS: Final = 10
WRITE_BUFFER_BYTES: Final = 16 << 20
LOCK_WAIT_SECONDS: Final = 3.0
"""How long a start waits for a killed predecessor's lock to go."""


class Batch(Protocol):
    """Writes that are applied whole, or not at all, when its ``with`` ends."""

    def put(self, key: bytes, value: bytes) -> None:
        """Write one value."""
        ...

    def delete(self, key: bytes) -> None:
        """Delete one value."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Pairs(Iterator[tuple[bytes, bytes]], Protocol):
    """An open LevelDB iterator."""

    def close(self) -> None:
        """Release what it holds."""
        ...


class Level(Protocol):
    """What is used of an open ``plyvel.DB``, which ships no types."""

    closed: bool

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``."""
        ...

    def put(self, key: bytes, value: bytes, *, sync: bool = False) -> None:
        """Write one value."""
        ...

    def write_batch(self, *, transaction: bool = False, sync: bool = False) -> Batch:
        """Return a batch; a ``transaction`` is dropped when its ``with`` raises."""
        ...

    def iterator(self, *, start: bytes, stop: bytes, reverse: bool) -> Pairs:
        """Return the pairs with ``start <= key < stop``."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...


class StoreHeld(SextantError):
    """Another live process owns the store."""


@final
class Database:
    """An open LevelDB with its schema checked; ``close`` it, or leave a ``with``."""

    def __init__(self, path: Path, schema: str, owner: str = "") -> None:
        """Open or create the store at ``path``.

        ``owner`` says in words who we are, for the message others will read
        (role and port).  Raises ``StoreHeld`` or ``StorageCorrupt``.
        """
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.level = open_level(path)
        card = {"pid": os.getpid(), "owner": owner}
        (path / OWNER_FILE).write_text(json.dumps(card))
        found = self.level.get(SCHEMA_KEY)
        if found is None:
            self.level.put(SCHEMA_KEY, schema.encode(), sync=True)
        elif found != schema.encode():
            self.close()
            raise StorageCorrupt(f"{path}: schema is {found.decode()!r}, expected {schema!r}")

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the store was closed."""
        return bool(self.level.closed)

    def close(self) -> None:
        """Release the store; harmless when repeated."""
        if not self.level.closed:
            (self.path / OWNER_FILE).unlink(missing_ok=True)
            self.level.close()

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``."""
        return self.level.get(key)

    def put(self, key: bytes, value: bytes, *, sync: bool = False) -> None:
        """Write one value; with ``sync`` it is on disk when this returns."""
        self.level.put(key, value, sync=sync)

    def batch(self, *, sync: bool = False) -> Batch:
        """Return a write batch that is applied whole, or not at all."""
        return self.level.write_batch(transaction=True, sync=sync)

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the pairs with ``start <= key < stop`` in key order."""
        with closing(self.level.iterator(start=start, stop=stop, reverse=False)) as pairs:
            yield from pairs

    def last(self, prefix: bytes) -> tuple[bytes, bytes] | None:
        """Return the pair with the greatest key that begins with ``prefix`` and goes on."""
        # plyvel leaves out a key equal to ``start`` when it runs backwards
        start, stop = prefix, after(prefix)
        with closing(self.level.iterator(start=start, stop=stop, reverse=True)) as pairs:
            return next(pairs, None)

    def sync(self) -> None:
        """Make everything written so far durable."""
        self.level.put(b"!sync", b"", sync=True)


def after(prefix: bytes) -> bytes:
    """Return the first key after all those that begin with ``prefix``."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def open_level(path: Path) -> Level:
    """Open LevelDB, waiting a little for a predecessor that was killed just now."""
    until = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            level: Level = plyvel.DB(
                str(path),
                create_if_missing=True,
                bloom_filter_bits=BLOOM_BITS,
                write_buffer_size=WRITE_BUFFER_BYTES,
            )
        except plyvel.CorruptionError as error:
            raise StorageCorrupt(f"{path}: {error}") from error
        except plyvel.IOError as error:
            if "lock" not in str(error).lower():
                raise StorageCorrupt(f"{path}: {error}") from error
            if time.monotonic() > until:
                raise StoreHeld(f"{path} is in use by {holder(path)}") from error
            time.sleep(0.05)
        else:
            return level


def holder(path: Path) -> str:
    """Say in words who holds the store at ``path``."""
    try:
        card = json.loads((path / OWNER_FILE).read_text())
        return f"pid {card['pid']} ({card['owner'] or 'sextant'}); stop it or use another --datadir"
    except (OSError, ValueError, KeyError):
        return "another process; stop it or use another --datadir"
