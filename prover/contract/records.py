"""What the contract stores: one small record per thing, each with its bytes.

Bulk (the bytes of a log entry, the roots of a claim's trace) is call data: the
contract hashes it and forgets it, whoever hosts the contract keeps it.

======  ===========  =====================  ==================================
table   name         key                    record
======  ===========  =====================  ==================================
A       accounts     address 20             :class:`Account`
L       log          index 8                :class:`LogHeader`
I       inbox        index 8                :class:`QueuedItem`
C       claims       number 8               :class:`Claim`
F       commitments  hash 32                number of the block it came in
P       paid         withdrawal index 8     nothing: it is in the table
T       totals       none                   :class:`Totals`
B       holdings     asset 1, address 20    units that an address holds, 8
S       sums         asset 1                :class:`AssetTotals`
======  ===========  =====================  ==================================
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from prover.entry import EntryFacts
from prover.outputs import Output, decode_output
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.inbox import InboxItem, decode_inbox_item

UINT_LIMIT: Final = 1 << 63


@final
class ClaimStatus(IntEnum):
    """Where a claim stands.  ``FINAL`` and the dead ones never change again."""

    PENDING = 1
    FINAL = 2
    CONVICTED = 3
    ORPHANED = 4
    SUPERSEDED = 5

    @property
    def is_dead(self) -> bool:
        """Whether the claim lost: by a fault, its ancestor's, or a sibling."""
        return self >= ClaimStatus.CONVICTED


@final
@dataclass(frozen=True, slots=True)
class Account:
    """What an L1 address holds: gwei of ETH, micro-USDC of the token."""

    eth: int = 0
    token: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.eth, self.token])


@final
@dataclass(frozen=True, slots=True)
class LogHeader:
    """What the contract keeps of a log entry.

    ``time`` in ms, ``block`` the L1 block that carried it; ``inbox_count`` and
    ``inbox_accumulator`` tell the inbox as it stood then.
    """

    index: int
    data_root: bytes
    length: int
    time: int
    block: int
    inbox_count: int
    inbox_accumulator: bytes
    sender: bytes

    @property
    def facts(self) -> EntryFacts:
        """Return the part of it that judges the entry's blocks."""
        return EntryFacts(self.index, self.length, self.data_root, self.time, self.inbox_count)

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack(
            [
                self.index,
                self.data_root,
                self.length,
                self.time,
                self.block,
                self.inbox_count,
                self.inbox_accumulator,
                self.sender,
            ]
        )


@final
@dataclass(frozen=True, slots=True)
class QueuedItem:
    """An inbox item, its index, its L1 block, and the hash of the queue so far."""

    index: int
    item: InboxItem
    block: int
    accumulator: bytes

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.index, self.item.encode(), self.block, self.accumulator])


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """A proposed output.  ``number`` counts claims; 0 is genesis, its own parent."""

    number: int
    parent: int
    output: Output
    proposer: bytes
    time: int
    block: int
    bond: int
    status: ClaimStatus

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack(
            [
                self.number,
                self.parent,
                self.output.encode(),
                self.proposer,
                self.time,
                self.block,
                self.bond,
                int(self.status),
            ]
        )


@final
@dataclass(frozen=True, slots=True)
class Totals:
    """Sums that the balances must agree with, in gwei and micro-USDC.

    ``sequencer_time`` is when the sequencer last appended, in ms.
    """

    eth_minted: int = 0
    eth_bonded: int = 0
    eth_burnt: int = 0
    token_minted: int = 0
    token_escrowed: int = 0
    sequencer_time: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack(
            [
                self.eth_minted,
                self.eth_bonded,
                self.eth_burnt,
                self.token_minted,
                self.token_escrowed,
                self.sequencer_time,
            ]
        )


@final
@dataclass(frozen=True, slots=True)
class AssetTotals:
    """Sums that the holdings of one asset must agree with, in its units."""

    minted: int = 0
    escrowed: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.minted, self.escrowed])


def as_message(value: object, name: str) -> bytes:
    """Return the bytes of a message inside a record; else refuse."""
    if type(value) is not bytes:
        raise FrameInvalid(f"{name}: not bytes")
    return value


def decode_account(data: bytes) -> Account:
    """Return the account that ``data`` encodes, or raise ``FrameInvalid``."""
    eth, token = as_list(unpack(data), 2, "account")
    return Account(as_uint(eth, UINT_LIMIT, "eth"), as_uint(token, UINT_LIMIT, "token"))


def decode_log_header(data: bytes) -> LogHeader:
    """Return the header that ``data`` encodes, or raise ``FrameInvalid``."""
    index, root, length, time, block, count, accumulator, sender = as_list(
        unpack(data), 8, "log header"
    )
    return LogHeader(
        as_uint(index, UINT_LIMIT, "index"),
        as_bytes(root, 32, "data root"),
        as_uint(length, UINT_LIMIT, "length"),
        as_uint(time, UINT_LIMIT, "time"),
        as_uint(block, UINT_LIMIT, "block"),
        as_uint(count, UINT_LIMIT, "inbox count"),
        as_bytes(accumulator, 32, "inbox accumulator"),
        as_bytes(sender, 20, "sender"),
    )


def decode_queued_item(data: bytes) -> QueuedItem:
    """Return the queued item that ``data`` encodes, or raise ``FrameInvalid``."""
    index, item, block, accumulator = as_list(unpack(data), 4, "queued item")
    return QueuedItem(
        as_uint(index, UINT_LIMIT, "index"),
        decode_inbox_item(as_message(item, "item")),
        as_uint(block, UINT_LIMIT, "block"),
        as_bytes(accumulator, 32, "accumulator"),
    )


def decode_claim(data: bytes) -> Claim:
    """Return the claim that ``data`` encodes, or raise ``FrameInvalid``."""
    number, parent, output, proposer, time, block, bond, status = as_list(unpack(data), 8, "claim")
    return Claim(
        as_uint(number, UINT_LIMIT, "number"),
        as_uint(parent, UINT_LIMIT, "parent"),
        decode_output(as_message(output, "output")),
        as_bytes(proposer, 20, "proposer"),
        as_uint(time, UINT_LIMIT, "time"),
        as_uint(block, UINT_LIMIT, "block"),
        as_uint(bond, UINT_LIMIT, "bond"),
        ClaimStatus(as_uint(status, len(ClaimStatus) + 1, "status")),
    )


def decode_totals(data: bytes) -> Totals:
    """Return the totals that ``data`` encodes, or raise ``FrameInvalid``."""
    sums = [as_uint(n, UINT_LIMIT, "total") for n in as_list(unpack(data), 6, "totals")]
    return Totals(*sums)


def decode_asset_totals(data: bytes) -> AssetTotals:
    """Return an asset's totals that ``data`` encodes, or raise ``FrameInvalid``."""
    minted, escrowed = as_list(unpack(data), 2, "asset totals")
    return AssetTotals(
        as_uint(minted, UINT_LIMIT, "minted"), as_uint(escrowed, UINT_LIMIT, "escrowed")
    )
