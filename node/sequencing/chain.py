"""The sequencer's disk: one LevelDB with journal, state, archive and roots.

Every method here blocks, and all but the constructor run on one writer
thread, in order: so what a method finds on disk is whole blocks, up to one
height.  A crash leaves at most journal records above the state's height;
:meth:`ChainStore.replay` executes those again.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, final

from node.l1.view import GENESIS_MARK, LogMark
from node.ledger.blocks import PLACES, Archive, write_block, write_roots
from node.ledger.feed import Sequenced
from node.ledger.segments import BLOCK, RESET, message_of
from node.sequencing.forks import EMPTY_FRAME
from node.sequencing.sequencer import Execution, Sequencer
from node.storage.database import Database
from node.storage.journal import REDO, BlockInput, Journal, height_key, pack_segments, write_deltas
from node.storage.store import STATE, StateStore, write_state
from prover.contract.rules import ContractRules
from prover.rulesbook import decode_book
from statemachine.errors import StorageCorrupt, invariant
from statemachine.frame import Frame, decode_frame
from statemachine.genesis import genesis_state

SCHEMA: Final = "sextant-sequencer-1"
DEPLOYMENT_KEY: Final = b"!deployment"
FINAL_KEY: Final = b"!final"
CLAIMS_KEY: Final = b"!claims"
SIGNED_KEY: Final = b"!signed"
VERSIONS_KEY: Final = b"!versions"


def frame_of(source: BlockInput) -> Frame | None:
    """Return the frame of a block; ``None`` if it was executed without one."""
    return None if source.frame == EMPTY_FRAME else decode_frame(source.frame)


@final
class ChainStore:
    """Everything a sequencer keeps, and how it comes back."""

    def __init__(self, path: Path, owner: str, deployment: ContractRules) -> None:
        """Open the store; a new one begins with the deployment's genesis state.

        Raises
        ------
        StorageCorrupt
            It holds the chain of another deployment, or is not consistent.
        """
        self.database = Database(path, SCHEMA, owner)
        self.journal = Journal(self.database)
        self.archive = Archive(self.database)
        self.state = StateStore(self.database)
        self.book = decode_book(deployment.rules, self.database.get(VERSIONS_KEY) or b"")
        known = self.database.get(DEPLOYMENT_KEY)
        if self.state.empty:
            self.database.put(DEPLOYMENT_KEY, deployment.hash)
            self.state.create(genesis_state(deployment.rules, deployment.genesis_time_ms))
        elif known != deployment.hash:
            self.database.close()
            raise StorageCorrupt(
                f"{path}: belongs to deployment {(known or b'').hex()}, "
                f"L1 has {deployment.hash.hex()}; use another --datadir"
            )
        self.check()

    def check(self) -> None:
        """Raise ``StorageCorrupt`` unless state, journal and archive tell of the same chain."""
        cursor = self.state.check()
        if self.journal.head() < cursor.height:
            raise StorageCorrupt(
                f"{self.database.path}: the state is at height {cursor.height}, "
                f"the journal ends at {self.journal.head()}"
            )
        last = self.archive.read(cursor.height) if cursor.height else None
        if last is not None and last.cursor_hash != cursor.hash:
            raise StorageCorrupt(
                f"{self.database.path}: block {cursor.height} was signed over another state"
            )

    def replay(self, core: Sequencer) -> int:
        """Execute the journal's blocks above the state's height; return how many."""
        count = 0
        for source in self.journal.blocks_from(self.state.height + 1):
            execution = core.replay(source, frame_of(source))
            self.write(execution, pack_segments(execution.segments))
            count += 1
        return count

    def commit(self, execution: Execution, durable: Callable[[Execution, bytes], None]) -> None:
        """Make a block durable, say so, then write what follows from it.

        ``durable`` also gets the redo record, for the root worker.
        """
        height = execution.source.height
        invariant(height == self.state.height + 1, f"commit: {height} after {self.state.height}")
        self.journal.append(execution.source)
        redo = pack_segments(execution.segments)
        durable(execution, redo)
        self.write(execution, redo)

    def write(self, execution: Execution, redo: bytes) -> None:
        """Write state, receipts, indices and deltas of a journaled block."""
        height = execution.source.height
        invariant(height == self.state.height + 1, f"write: {height} after {self.state.height}")
        with self.database.batch() as batch:
            write_state(batch, execution.writes, height)
            write_block(batch, execution.block)
            write_deltas(batch, height, redo, execution.undo)
        self.state.height = height

    def write_roots(self, height: int, roots: Sequence[bytes]) -> None:
        """Keep the segment roots of a block."""
        with self.database.batch() as batch:
            write_roots(batch, height, roots)

    def find(self, tx_hash: bytes) -> Sequenced | None:
        """Return the original answer to a transaction, if a written block has it."""
        height = self.archive.height_of(tx_hash)
        block = None if height is None else self.archive.read(height)
        return None if block is None else block.outcome(tx_hash, duplicate=True)

    # Roots

    def root_messages(self, height: int, root: bytes) -> tuple[list[bytes], int]:
        """Return what brings a root worker from ``height`` to the last written block.

        A worker ahead of us, empty, too far behind, or with another ``root``
        gets the whole state at the last height whose roots are known.
        """
        head = self.state.height
        behind = height < head and self.database.get(height_key(REDO, height + 1)) is None
        messages = []
        known = self.archive.roots(height)[-1:] if height >= 0 else []
        if height < 0 or height > head or behind or known not in ([], [root]):
            height = max(self.archive.root_height(), 0)
            messages.append(message_of(RESET, height, pack_segments([self.state_at(height)])))
        for later, redo in self.journal.redo_from(height + 1):
            messages.append(message_of(BLOCK, later, redo))
        return messages, head

    def state_at(self, height: int) -> dict[bytes, bytes | None]:
        """Return the whole flat state as it was after block ``height``."""
        state: dict[bytes, bytes | None] = dict(self.pairs())
        for key, value in self.journal.undo_to(height).items():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        return state

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the written flat state."""
        for key, value in self.database.scan(STATE, bytes([STATE[0] + 1])):
            yield key[1:], value

    # L1

    def final_mark(self) -> LogMark:
        """Return the place up to which L1 has made our blocks final."""
        data = self.database.get(FINAL_KEY)
        if data is None:
            return GENESIS_MARK
        return LogMark(int.from_bytes(data[:8], "big"), int.from_bytes(data[8:], "big"))

    def keep_book(self, book: bytes) -> None:
        """Store what L1 made final about versions of the rules, before a block is made by them."""
        self.database.put(VERSIONS_KEY, book, sync=True)

    @property
    def claims_from(self) -> int:
        """The number of the first claim that still mattered when we last settled."""
        return int.from_bytes(self.database.get(CLAIMS_KEY) or b"", "big")

    def settle(self, mark: LogMark, checkpoint: int, claims_from: int) -> None:
        """Note what L1 made final, and drop what only an undo or a redo would need."""
        self.database.put(
            FINAL_KEY, mark.log_index.to_bytes(8, "big") + mark.height.to_bytes(8, "big")
        )
        self.database.put(CLAIMS_KEY, claims_from.to_bytes(8, "big"))
        self.journal.drop_undo(mark.height)
        self.journal.drop_redo(min(mark.height, checkpoint))

    @property
    def signed_until(self) -> int:
        """The highest block that was ever taken back: up to it, none is signed again."""
        return int.from_bytes(self.database.get(SIGNED_KEY) or b"", "big")

    def rollback(self, height: int) -> list[tuple[bytes, bytes]]:
        """Take back every block above ``height``; return their (transaction, signer) pairs.

        For blocks that L1 can no longer accept: they never happened, but that they
        were signed is not forgotten.
        """
        undo = self.journal.undo_to(height)
        signed = max(self.signed_until, self.state.height)
        taken = []
        with self.database.batch(sync=True) as batch:
            for source in self.journal.blocks_from(height + 1):
                frame = frame_of(source)
                transactions = () if frame is None else frame.transactions
                for item in source.inbox:
                    batch.delete(PLACES + item.hash)
                for transaction, signer in zip(transactions, source.signers, strict=True):
                    taken.append((transaction.data, signer))
                    batch.delete(PLACES + transaction.hash)
            batch.put(SIGNED_KEY, signed.to_bytes(8, "big"))
            write_state(batch, undo, height)
            self.journal.truncate(batch, height)
            self.archive.truncate(batch, height)
        self.state.memory.apply(undo)
        self.state.height = height
        return taken

    def close(self) -> None:
        """Write everything out and release the store."""
        if not self.database.closed:
            self.database.sync()
            self.database.close()
