"""What a challenger keeps on disk, so that a crash costs him only time.

====  ==========================  =============================================
key   rest of the key             value
====  ==========================  =============================================
h     none                        the output up to which the state stands
d     none                        hash of the deployment that it belongs to
s     key of the state            value in the state
c     claim number, output hash   what has to survive of a case (``cases.KeptCase``)
c     ``spent``                   what all calls of the defender cost, in gwei
v     none                        the versions of the rules that L1 listed
====  ==========================  =============================================

The state moves only with what L1 can no longer take back; everything after it
is derived again from L1 at the next start.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol, final

from prover.contract.rules import ContractRules
from prover.derivation import Recover
from prover.outputs import Output, decode_output
from prover.replica import Derived, Replica, genesis_replica
from prover.roots import Roots
from prover.rulesbook import decode_book
from statemachine.errors import StorageCorrupt
from statemachine.merkle.tree import Tree
from statemachine.storage import MemoryStore

SCHEMA: Final = "sextant challenger 1"
HEAD: Final = b"h"
DEPLOYMENT: Final = b"d"
STATE: Final = b"s"
CASE: Final = b"c"
VERSIONS: Final = b"v"


class Batch(Protocol):
    """Writes that are applied whole, or not at all."""

    def put(self, key: bytes, value: bytes) -> None:
        """Write one value."""

    def delete(self, key: bytes) -> None:
        """Delete one value."""


class Disk(Protocol):
    """An ordered key-value store that one process owns."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``."""
        ...

    def put(self, key: bytes, value: bytes, *, sync: bool = False) -> None:
        """Write one value; with ``sync`` it is on disk when this returns."""

    def batch(self, *, sync: bool = False) -> AbstractContextManager[Batch]:
        """Return a batch that is applied when its ``with`` ends."""
        ...

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the pairs with ``start <= key < stop``."""
        ...

    def close(self) -> None:
        """Release the store."""


@final
class Keeper:
    """The durable side of one challenger."""

    def __init__(self, disk: Disk, deployment: ContractRules) -> None:
        """Open what is there; a fresh store starts at genesis.

        Raises
        ------
        StorageCorrupt
            The store belongs to another deployment.
        """
        self.disk = disk
        self.deployment = deployment
        known = disk.get(DEPLOYMENT)
        if known is None:
            self.write_genesis()
        elif known != deployment.hash:
            raise StorageCorrupt(
                f"the datadir belongs to deployment {known.hex()}, L1 has "
                f"{deployment.hash.hex()}; use another --datadir"
            )

    @property
    def head(self) -> Output:
        """The output up to which the state is kept."""
        value = self.disk.get(HEAD)
        if value is None:
            raise StorageCorrupt("the datadir has no head; remove it to derive from L1 again")
        return decode_output(value)

    def write_genesis(self) -> None:
        """Start, or start again, from before the first log entry."""
        replica = genesis_replica(self.deployment.rules, self.deployment.genesis_time_ms)
        if replica.head != self.deployment.genesis:
            raise StorageCorrupt("this program makes another genesis than L1's contract has")
        with self.disk.batch(sync=True) as batch:
            for key, _ in self.disk.scan(STATE, STATE + b"\xff"):
                batch.delete(key)
            for key, value in replica.tree.items():
                batch.put(STATE + key, value)
            batch.put(HEAD, replica.head.encode())
            batch.put(DEPLOYMENT, self.deployment.hash)

    def load(self, recover: Recover | None = None, roots: Roots | None = None) -> Replica:
        """Return a replica of the kept state; its root is checked."""
        items = [(key[1:], value) for key, value in self.disk.scan(STATE, STATE + b"\xff")]
        tree = Tree.from_items(items)
        rules = self.deployment.rules
        book = decode_book(rules, self.disk.get(VERSIONS) or b"")
        return Replica(rules, MemoryStore(items), tree, self.head, recover, book, roots=roots)

    def keep_book(self, book: bytes) -> None:
        """Store the versions of the rules, before anything is judged by them."""
        self.disk.put(VERSIONS, book, sync=True)

    def settle(self, derived: list[Derived]) -> None:
        """Move the state over entries that are final."""
        if not derived:
            return
        writes: dict[bytes, bytes | None] = {}
        for each in derived:
            writes.update(each.writes)
        with self.disk.batch(sync=True) as batch:
            for key, value in writes.items():
                if value is None:
                    batch.delete(STATE + key)
                else:
                    batch.put(STATE + key, value)
            batch.put(HEAD, derived[-1].output.encode())

    def keep_case(self, key: bytes, value: bytes) -> None:
        """Store a case before its next call is sent."""
        self.disk.put(CASE + key, value, sync=True)

    def cases(self) -> dict[bytes, bytes]:
        """Return all cases, and what the defender has spent."""
        return {key[1:]: value for key, value in self.disk.scan(CASE, CASE + b"\xff")}
