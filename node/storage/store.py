"""The flat state on disk, and its copy in memory.

The rules read only the copy in memory, sorted where they seek; LevelDB is
the durable form, one write batch behind the journal.  ``height`` says how far
the durable form has come: a start loads it and replays the blocks above.
"""

from collections.abc import Mapping
from typing import Final, final

from node.storage.database import Batch, Database, after
from statemachine.cursor import Cursor, decode_cursor
from statemachine.errors import StorageCorrupt
from statemachine.keys import CURSOR_KEY
from statemachine.storage import MemoryStore

STATE: Final = b"S"
HEIGHT_KEY: Final = b"!height"


@final
class StateStore:
    """Flat state: ``memory`` for the rules, LevelDB to survive."""

    def __init__(self, database: Database) -> None:
        """Load the state that ``database`` holds; empty before ``create``."""
        self.database = database
        self.memory = MemoryStore()
        pairs = {key[1:]: value for key, value in database.scan(STATE, after(STATE))}
        self.memory.apply(pairs)
        self.height = self.stored_height()

    def stored_height(self) -> int:
        """Return the height of the durable state, or -1 if there is none."""
        stored = self.database.get(HEIGHT_KEY)
        return -1 if stored is None else int.from_bytes(stored, "big")

    @property
    def empty(self) -> bool:
        """Whether the state was never created."""
        return self.height < 0

    def create(self, genesis: Mapping[bytes, bytes]) -> None:
        """Write the state of height 0; durable when this returns."""
        with self.database.batch(sync=True) as batch:
            write_state(batch, genesis, 0)
        self.memory.apply(dict(genesis))
        self.height = 0

    def check(self) -> Cursor:
        """Return the cursor, after comparing it with the stored height."""
        data = self.memory.get(CURSOR_KEY)
        if data is None:
            raise StorageCorrupt(f"{self.database.path}: the state has no cursor")
        cursor = decode_cursor(data)
        if cursor.height != self.height:
            raise StorageCorrupt(
                f"{self.database.path}: cursor is at height {cursor.height}, "
                f"the store at {self.height}"
            )
        return cursor


def write_state(batch: Batch, writes: Mapping[bytes, bytes | None], height: int) -> None:
    """Add a block's writes and its height to a LevelDB write batch."""
    for key, value in writes.items():
        if value is None:
            batch.delete(STATE + key)
        else:
            batch.put(STATE + key, value)
    batch.put(HEIGHT_KEY, height.to_bytes(8, "big"))
