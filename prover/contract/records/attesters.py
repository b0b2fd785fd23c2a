"""What is kept of attesters."""

from dataclasses import dataclass
from typing import Final, final

from prover.contract.records.fields import UINT_LIMIT, as_message
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack

BLS_KEY_BYTES: Final = 48
ATTESTERS_MAX: Final = 1_024
"""Ever, of one deployment."""
SIGNERS_MAX: Final = 256
"""Of one signature: what it takes to slash them has to fit into a call."""


@final
@dataclass(frozen=True, slots=True)
class Attester:
    """Who holds a BLS key, and what he has at stake, in micros.

    ``left_at`` (ms) is when he left, 0 while he attests.  What was slashed or taken
    is no stake any more.
    """

    address: bytes
    key: bytes
    micros: int
    left_at: int = 0

    @property
    def is_active(self) -> bool:
        """Whether he may attest."""
        return self.left_at == 0 and self.micros > 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.address, self.key, self.micros, self.left_at])


@final
@dataclass(frozen=True, slots=True)
class Attestation:
    """Who vouches for an output: the claim, their bitmap, and their stakes at the time.

    ``paid`` micros left the escrow because of it.
    """

    claim: int
    signers: bytes
    weight: int
    paid: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.claim, self.signers, self.weight, self.paid])


@final
@dataclass(frozen=True, slots=True)
class Stakes:
    """Sums over attesters, in micros, and what was paid ahead lately.

    ``active`` of those who attest, ``held`` of all; ``current`` was paid ahead in span
    number ``span`` of two windows' length, ``previous`` in the one before.
    """

    active: int = 0
    held: int = 0
    span: int = 0
    current: int = 0
    previous: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.active, self.held, self.span, self.current, self.previous])


def decode_attester(data: bytes) -> Attester:
    """Return the attester that ``data`` encodes, or raise ``FrameInvalid``."""
    address, key, micros, left_at = as_list(unpack(data), 4, "attester")
    return Attester(
        as_bytes(address, 20, "address"),
        as_bytes(key, BLS_KEY_BYTES, "key"),
        as_uint(micros, UINT_LIMIT, "micros"),
        as_uint(left_at, UINT_LIMIT, "left at"),
    )


def decode_attestation(data: bytes) -> Attestation:
    """Return the attestation that ``data`` encodes, or raise ``FrameInvalid``."""
    claim, signers, weight, paid = as_list(unpack(data), 4, "attestation")
    return Attestation(
        as_uint(claim, UINT_LIMIT, "claim"),
        as_message(signers, "signers"),
        as_uint(weight, UINT_LIMIT, "weight"),
        as_uint(paid, UINT_LIMIT, "paid"),
    )


def decode_stakes(data: bytes) -> Stakes:
    """Return the sums that ``data`` encodes, or raise ``FrameInvalid``."""
    numbers = as_list(unpack(data), 5, "stakes")
    return Stakes(*(as_uint(number, UINT_LIMIT, "stakes") for number in numbers))
