"""The bytes of L1's log, kept for the day on which L1 has dropped them.

An entry is the frames of its blocks, and these are archived already; so a
record says only where they are.  An entry that is nothing of the kind (it reads
as one empty frame) is kept whole.

======  =====================  =============================================
prefix  then                   value
======  =====================  =============================================
``D``   index of the entry     0, first height u64, number of blocks u16; or
        u64                    1, the bytes
======  =====================  =============================================
"""

from struct import Struct
from typing import Final, final

from node.storage.database import Batch, Database
from node.storage.journal import Journal, height_key
from prover.entry import encode_entry
from statemachine.errors import invariant

DATA: Final = b"D"
FRAMES: Final = b"\0"
WHOLE: Final = b"\1"
SPAN: Final = Struct(">QH")


@final
class Entries:
    """The entries of one derived chain."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.journal = Journal(database)

    def write(self, batch: Batch, index: int, data: bytes, first: int, frames: list[bytes]) -> None:
        """Add an entry to a write batch; its frames are those of blocks ``first`` on."""
        plain = encode_entry(frames) == data
        value = FRAMES + SPAN.pack(first, len(frames)) if plain else WHOLE + data
        batch.put(height_key(DATA, index), value)

    def delete(self, batch: Batch, index: int) -> None:
        """Add to ``batch`` the removal of an entry that L1 took back."""
        batch.delete(height_key(DATA, index))

    def read(self, index: int) -> bytes | None:
        """Return the bytes of an entry, if it was derived."""
        record = self.database.get(height_key(DATA, index))
        if record is None or record[:1] == WHOLE:
            return None if record is None else record[1:]
        first, count = SPAN.unpack(record[1:])
        frames = []
        for height in range(first, first + count):
            block = self.journal.read(height)
            invariant(block is not None, f"block {height} is kept")
            frames.append(b"" if block is None else block.frame)
        return encode_entry(frames)
