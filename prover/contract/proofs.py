"""Proofs of parts of the state, opened and read at a price.

What a proof costs is counted while it is opened and read, as for a verdict: nodes
and leaves, their hashes and bytes, and a unit of cost for each record that is read
and each further 128 bytes of it.
"""

from collections.abc import Callable
from typing import Final, TypeVar, final

from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context
from prover.contract.prices import verdict_gas
from prover.faults import Work
from prover.verdict import CAUSED_BY_WITNESS, open_state
from statemachine.storage import Store

Found = TypeVar("Found")
UNIT_BYTES: Final = 128
"""Of a record's value that one unit of cost covers."""


@final
class CountedStore:
    """A store that counts what is read of it."""

    def __init__(self, store: Store, work: Work) -> None:
        self.store = store
        self.work = work

    def get(self, key: bytes) -> bytes | None:
        """Return the value at ``key``."""
        value = self.store.get(key)
        self.work.cost += 1 + len(value or b"") // UNIT_BYTES
        return value

    def seek(self, prefix: bytes, start: bytes) -> bytes | None:
        """Return the first key at or after ``start`` within ``prefix``."""
        self.work.cost += 1
        return self.store.seek(prefix, start)


def read_proof(
    context: Context,
    proof: bytes,
    root: bytes,
    code: ContractCode,
    read: Callable[[Store], Found],
) -> Found:
    """Return what ``read`` finds under ``root``; refuse a proof of too little with ``code``.

    Whatever comes of it, the sender pays for what was opened and read.
    """
    most = context.rules.witness_bytes_max
    require(len(proof) <= most, code, f"{len(proof)} bytes, the limit is {most}")
    work = Work(decoded=len(proof))
    try:
        return read(CountedStore(open_state(proof, root, work), work))
    except CAUSED_BY_WITNESS as error:
        raise Refusal(code, f"{type(error).__name__}: {error}") from error
    finally:
        context.meter.charge(verdict_gas(work))
