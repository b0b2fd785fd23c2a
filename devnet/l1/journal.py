"""The stub's disk: what a block leaves behind, in one synced write batch.

======  ==========================  ==============================================
table   key                         value
======  ==========================  ==============================================
V       none                        the deployment: which contract this store is of
O       none                        clock offset, whether it mines, where the clock was
                                    stopped
G       none                        base fee of the next block, blocks that leave it
B       number 8                    block: hash, parent, time, base fee, gas used, mints,
                                    hashes of calls, events
R       hash of a call 32           what became of it
E       hash of a call 32           its envelope, whole
D       log index 8                 hash of the call that appended it; nothing once its
                                    bytes were dropped
P       claim 8                     hash of the call that proposed it
U       number 8                    what the block's writes replaced, to take it back
N       address 20                  next nonce
S       key of the contract's       record of the contract
======  ==========================  ==============================================
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, final

from devnet.l1.chain import (
    HEADERS_KEPT_MAX,
    Chain,
    ChainSettings,
    Mined,
    Mint,
    pack_mint,
)
from devnet.l1.mempool import Waiting
from node.storage.database import Database, after
from prover.contract.calls import (
    KINDS,
    Append,
    AppendEmpty,
    Call,
    Envelope,
    Propose,
    decode_envelope,
)
from prover.contract.codes import ContractCode
from prover.contract.context import CallResult
from prover.contract.contract import Contract
from prover.contract.events import Event, decode_event, encode_event
from prover.contract.rules import ContractRules
from prover.faults import VerdictFunction
from prover.l1 import L1Block
from statemachine.codec import pack, unpack
from statemachine.errors import StorageCorrupt

SCHEMA: Final = "sextant l1 stub 2"


@final
@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """What became of a call, as it is kept."""

    hash: bytes
    block: int
    index: int
    sender: bytes
    nonce: int
    kind: str
    code: ContractCode
    message: str
    value: int
    gas: int
    gas_price: int


@final
@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as it is kept; ``gas_price`` is its base fee."""

    block: L1Block
    parent: bytes
    gas_price: int
    gas_used: int
    mints: tuple[Mint, ...]
    calls: tuple[bytes, ...]
    events: tuple[Event, ...]


def number_key(table: bytes, number: int) -> bytes:
    """Return the key of a record that is known by a number."""
    return table + number.to_bytes(8, "big")


def stored_fields(data: bytes, count: int) -> list[Any]:
    """Return the fields of a record that this program wrote."""
    fields = unpack(data)
    if not isinstance(fields, list) or len(fields) != count:
        raise StorageCorrupt(f"L1 record: need {count} fields: {data[:24].hex()}")
    return fields


def writes_of(mined: Mined) -> dict[bytes, bytes | None]:
    """Return everything a block changes on disk."""
    writes: dict[bytes, bytes | None] = {
        number_key(b"B", mined.block.number): encode_block(mined),
    }
    for index, (waiting, result) in enumerate(zip(mined.calls, mined.results, strict=True)):
        writes[b"R" + waiting.hash] = encode_receipt(mined, index, waiting, result)
        writes[b"E" + waiting.hash] = waiting.envelope.encode()
        writes[b"N" + waiting.sender] = (waiting.envelope.nonce + 1).to_bytes(8, "big")
        if result.ok and isinstance(waiting.envelope.call, Append | AppendEmpty):
            writes[number_key(b"D", result.value)] = waiting.hash
        if result.ok and isinstance(waiting.envelope.call, Propose):
            writes[number_key(b"P", result.value)] = waiting.hash
    writes.update((b"S" + key, value) for key, value in mined.changes.items())
    return writes


def encode_block(mined: Mined) -> bytes:
    """Return the stored bytes of a block."""
    return pack(
        [
            mined.block.number,
            mined.block.hash,
            mined.block.time,
            mined.parent,
            mined.gas_price,
            mined.gas_used,
            [pack_mint(mint) for mint in mined.mints],
            [waiting.hash for waiting in mined.calls],
            [encode_event(event) for event in mined.events],
        ]
    )


def encode_receipt(mined: Mined, index: int, waiting: Waiting, result: CallResult) -> bytes:
    """Return the stored bytes of what became of a call."""
    return pack(
        [
            mined.block.number,
            index,
            waiting.sender,
            waiting.envelope.nonce,
            int(KINDS[type(waiting.envelope.call)]),
            int(result.code),
            result.message.encode(),
            result.value,
            result.gas,
            mined.price_of(waiting),
        ]
    )


@final
class Journal:
    """The stub's LevelDB, read and written as records."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def commit(self, mined: Mined, chain: Chain) -> None:
        """Make a block durable, with what is needed to take it back while it may be."""
        writes = writes_of(mined)
        number = mined.block.number
        replaced = [[key, *self._found(key)] for key in writes]
        writes[b"G"] = pack([chain.gas_price, chain.hold_blocks])
        writes[number_key(b"U", number)] = pack(replaced)
        if number >= HEADERS_KEPT_MAX:
            writes[number_key(b"U", number - HEADERS_KEPT_MAX)] = None
        self._write(writes)

    def _found(self, key: bytes) -> list[bytes]:
        """Return the value at ``key`` in a list, or an empty one."""
        value = self.database.get(key)
        return [] if value is None else [value]

    def take_back(self, latest: int, depth: int) -> list[Envelope]:
        """Undo the ``depth`` newest blocks at once; return their calls, oldest first."""
        writes: dict[bytes, bytes | None] = {}
        calls: list[Envelope] = []
        for number in range(latest, latest - depth, -1):
            calls = [*map(self.envelope, self.need_block(number).calls), *calls]
            key = number_key(b"U", number)
            undo = self.database.get(key)
            if undo is None:
                raise StorageCorrupt(f"what L1 block {number} replaced is missing")
            replaced: Any = unpack(undo)
            writes.update((name, found[0] if found else None) for name, *found in replaced)
            writes[key] = None
        self._write(writes)
        return calls

    def save_controls(self, chain: Chain, *, mining: bool) -> None:
        """Make the clock, the base fee and the mining switch durable."""
        controls = [chain.offset_ms, int(mining), chain.stopped_ms]
        self._write({b"O": pack(controls), b"G": pack([chain.gas_price, chain.hold_blocks])})

    def _write(self, writes: dict[bytes, bytes | None]) -> None:
        with self.database.batch(sync=True) as batch:
            for key, value in writes.items():
                if value is None:
                    batch.delete(key)
                else:
                    batch.put(key, value)

    def deployment(self) -> bytes | None:
        """Return the deployment of this store; ``None`` if it is new."""
        return self.database.get(b"V")

    def save_deployment(self, rules: ContractRules) -> None:
        """Bind this store to a deployment."""
        self._write({b"V": rules.encode()})

    def open_chain(
        self, rules: ContractRules, judge: VerdictFunction, settings: ChainSettings
    ) -> tuple[Chain, bool]:
        """Return the chain as it was left, and whether it was mining."""
        items = ((key[1:], value) for key, value in self._table(b"S"))
        last = self.database.last(b"B")
        count = 0 if last is None else int.from_bytes(last[0][1:], "big") + 1
        headers = [self.need_block(n).block for n in range(max(0, count - HEADERS_KEPT_MAX), count)]
        nonces = {key[1:]: int.from_bytes(value, "big") for key, value in self._table(b"N")}
        chain = Chain(Contract(rules, judge, items), settings, headers, nonces)
        fees = self.database.get(b"G")
        if fees is not None:
            chain.gas_price, chain.hold_blocks = stored_fields(fees, 2)
        controls = self.database.get(b"O")
        if controls is None:
            return chain, True
        chain.offset_ms, mining, chain.stopped_ms = stored_fields(controls, 3)
        return chain, bool(mining)

    def _table(self, table: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self.database.scan(table, after(table))

    def block(self, number: int) -> StoredBlock | None:
        """Return a block, or ``None`` if there is none of that number."""
        data = self.database.get(number_key(b"B", number))
        if data is None:
            return None
        fields = stored_fields(data, 9)
        own, hash_, time, parent, gas_price, gas_used, mints, calls, events = fields
        return StoredBlock(
            L1Block(own, hash_, time),
            parent,
            gas_price,
            gas_used,
            tuple(Mint(*mint) for mint in mints),
            tuple(calls),
            tuple(decode_event(event) for event in events),
        )

    def need_block(self, number: int) -> StoredBlock:
        """Return a block that must be there."""
        block = self.block(number)
        if block is None:
            raise StorageCorrupt(f"L1 block {number} is missing")
        return block

    def receipt(self, name: bytes) -> StoredReceipt | None:
        """Return what became of a call, or ``None`` if it is in no block."""
        data = self.database.get(b"R" + name)
        if data is None:
            return None
        fields = stored_fields(data, 10)
        block, index, sender, nonce, kind, code, message, value, gas, gas_price = fields
        names = {int(number): call.__name__ for call, number in KINDS.items()}
        return StoredReceipt(
            name,
            block,
            index,
            sender,
            nonce,
            names[kind],
            ContractCode(code),
            message.decode(),
            value,
            gas,
            gas_price,
        )

    def envelope(self, name: bytes) -> Envelope:
        """Return a call that was mined, whole."""
        data = self.database.get(b"E" + name)
        if data is None:
            raise StorageCorrupt(f"the envelope of call {name.hex()} is missing")
        return decode_envelope(data)

    def prune(self, index: int) -> bool:
        """Drop the bytes of a log entry; return whether it had any."""
        key = number_key(b"D", index)
        name = self.database.get(key)
        if not name:
            return False
        self._write({key: b"", b"E" + name: None})
        return True

    def is_pruned(self, index: int) -> bool:
        """Return whether the bytes of a log entry were dropped."""
        return self.database.get(number_key(b"D", index)) == b""

    def entry_data(self, index: int) -> bytes:
        """Return the bytes of a log entry; nothing if they were dropped."""
        if self.is_pruned(index):
            return b""
        call = self._call_at(b"D", index)
        return call.data if isinstance(call, Append) else b""

    def claim_trace(self, claim: int) -> bytes:
        """Return the roots that came with a claim, joined."""
        call = self._call_at(b"P", claim)
        if not isinstance(call, Propose):
            raise StorageCorrupt(f"claim {claim} was not made by a proposal")
        return call.trace

    def _call_at(self, table: bytes, number: int) -> Call:
        name = self.database.get(number_key(table, number))
        if name is None:
            raise StorageCorrupt(f"L1 record {table!r} {number} is missing")
        return self.envelope(name).call
