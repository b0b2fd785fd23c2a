"""What is kept of a claim."""

from dataclasses import dataclass
from enum import IntEnum
from typing import final

from prover.contract.records.fields import UINT_LIMIT, as_message
from prover.outputs import Output, decode_output
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack


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
class Claim:
    """A proposed output.  ``number`` counts claims; 0 is genesis, its own parent.

    ``bond`` is what is still at stake, in gwei: nothing once it was returned or slashed.
    """

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
class Commitment:
    """Who committed to a fault, in which block, and what that cost him in gwei."""

    block: int
    sender: bytes
    fee: int

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.block, self.sender, self.fee])


def decode_commitment(data: bytes) -> Commitment:
    """Return the commitment that ``data`` encodes, or raise ``FrameInvalid``."""
    block, sender, fee = as_list(unpack(data), 3, "commitment")
    return Commitment(
        as_uint(block, UINT_LIMIT, "block"),
        as_bytes(sender, 20, "sender"),
        as_uint(fee, UINT_LIMIT, "fee"),
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
