"""What is kept of the sequencer's bond."""

from dataclasses import dataclass
from typing import final

from prover.contract.records.fields import UINT_LIMIT
from statemachine.codec import as_list, as_uint, pack, unpack


@final
@dataclass(frozen=True, slots=True)
class SequencerBond:
    """Gwei behind the sequencer's signatures, and when it said that it leaves (ms; 0: not)."""

    amount: int
    left_at: int = 0

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.amount, self.left_at])


def decode_sequencer_bond(data: bytes) -> SequencerBond:
    """Return the bond that ``data`` encodes, or raise ``FrameInvalid``."""
    amount, left_at = as_list(unpack(data), 2, "sequencer bond")
    return SequencerBond(
        as_uint(amount, UINT_LIMIT, "amount"), as_uint(left_at, UINT_LIMIT, "left at")
    )
