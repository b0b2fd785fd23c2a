"""What is kept of the versions of the exchange's rules."""

from dataclasses import dataclass
from hashlib import sha256
from typing import final

from prover.contract.records.fields import UINT_LIMIT, as_message
from statemachine.codec import as_list, as_uint, pack, unpack


@final
@dataclass(frozen=True, slots=True)
class RulesVersion:
    """Rules of the exchange that L1 knows, and from when on (ms) they may be used.

    ``rules`` are their canonical bytes; ``block`` is the L1 block that scheduled
    them, ``cancelled`` the one that took that back (0: none).  Version 1 are the
    rules of the deployment, of block 0.
    """

    number: int
    starts: int
    rules: bytes
    block: int
    cancelled: int = 0

    @property
    def rules_hash(self) -> bytes:
        """Return what outputs under these rules name: 32 bytes."""
        return sha256(self.rules).digest()

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.number, self.starts, self.rules, self.block, self.cancelled])


def decode_rules_version(data: bytes) -> RulesVersion:
    """Return the version that ``data`` encodes, or raise ``FrameInvalid``."""
    number, starts, rules, block, cancelled = as_list(unpack(data), 5, "rules version")
    return RulesVersion(
        as_uint(number, UINT_LIMIT, "number"),
        as_uint(starts, UINT_LIMIT, "starts"),
        as_message(rules, "rules"),
        as_uint(block, UINT_LIMIT, "block"),
        as_uint(cancelled, UINT_LIMIT, "cancelled"),
    )
