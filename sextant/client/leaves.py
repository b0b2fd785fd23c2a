"""A state read leaf by leaf from a node, each leaf checked against a root that L1 has.

The state machine's own functions read it like any store.  What they ask for and
is not known yet is fetched with its proof, and they run again; so no list here
says what a function reads, and the proof that is sent in the end opens exactly it.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, final

from sextant.client.chain import Chain
from sextant.errors import ProofInvalid
from statemachine.errors import invariant
from statemachine.rules import Rules
from statemachine.state import State

Found = TypeVar("Found")
FETCH_MAX: Final = 256
"""Leaves that a node proves at once."""


@final
class LeafUnknown(Exception):
    """A leaf was asked for that is not known yet."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key.hex())
        self.key = key


@final
class KnownLeaves:
    """The leaves that were fetched, as a store; it notes which were read."""

    def __init__(self, values: dict[bytes, bytes | None]) -> None:
        self.values = values
        self.read: dict[bytes, None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``; ask for it if it is not known."""
        if key not in self.values:
            raise LeafUnknown(key)
        self.read[key] = None
        return self.values[key]

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Stop: what is read here lies in single leaves."""
        del start
        invariant(False, f"no range is read here, {prefix.hex()} is one")
        return None


@final
class StateReader:
    """Reads the state after a log entry, under the root of a final claim."""

    def __init__(self, chain: Chain, rules: Rules, log_index: int, root: bytes) -> None:
        self.chain = chain
        self.rules = rules
        self.log_index = log_index
        self.root = root
        self.values: dict[bytes, bytes | None] = {}

    async def fetch(self, keys: Sequence[bytes]) -> None:
        """Learn leaves, each with its proof.

        Raises
        ------
        ProofInvalid
            ``ROOT``: the node proves under another root than L1 has.
        """
        wanted = [key for key in keys if key not in self.values]
        for first in range(0, len(wanted), FETCH_MAX):
            self.values.update((await self.proof(wanted[first : first + FETCH_MAX]))[1])

    async def proof(
        self, keys: Sequence[bytes]
    ) -> tuple[bytes, tuple[tuple[bytes, bytes | None], ...]]:
        """Return the witness of leaves, and their values."""
        proof = await self.chain.proof(keys, log_index=self.log_index)
        if proof.root != self.root:
            raise ProofInvalid(
                "ROOT",
                f"the node proves under {proof.root.hex()[:16]}, L1 has {self.root.hex()[:16]}"
                f" for log entry {self.log_index}",
                advice="ask another follower with --follower",
            )
        return proof.witness, proof.values

    async def read(self, read: Callable[[State], Found]) -> Found:
        """Return what ``read`` finds in the state."""
        return (await self._run(read))[0]

    async def prove(self, read: Callable[[State], object]) -> bytes:
        """Return the witness of all that ``read`` reads."""
        _, keys = await self._run(read)
        return (await self.proof(keys))[0]

    async def _run(self, read: Callable[[State], Found]) -> tuple[Found, list[bytes]]:
        """Return what ``read`` finds, and the keys of all leaves that it read."""
        while True:
            store = KnownLeaves(self.values)
            try:
                return read(State(store, self.rules)), list(store.read)
            except LeafUnknown as unknown:
                await self.fetch([unknown.key])
