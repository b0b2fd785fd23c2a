"""What a challenger remembers of each claim and of each fault he proves.

A claim is *waiting* until its entry and its parent were judged; then it is
*agreed*, *wrong*, or *doomed* (it builds on a wrong one and dies with it);
the contract finally makes it *final* or *dead*.

A case is a wrong claim in the hands of a defender: the commitment goes out
first, the proof when the commitment is old enough.  Its salt is saved before
anything is sent, so that a challenger who crashed and comes back opens the
commitment that he made before.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from prover.accusation import Accusation, Fault
from prover.contract.calls import ProveFault
from prover.contract.disputes import commitment_to
from prover.l1 import PostedClaim
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid

SALT_BYTES: Final = 32
SPENT_KEY: Final = b"spent"
"""Under which key a defender's fees are kept, beside the secrets of his cases."""


@final
class Standing(StrEnum):
    """What a challenger thinks, or L1 decided, of a claim."""

    WAITING = "waiting"
    AGREED = "agreed"
    WRONG = "wrong"
    DOOMED = "doomed"
    FINAL = "final"
    DEAD = "dead"


@final
class Stage(StrEnum):
    """How far a case has come."""

    COMMIT = "commit"
    COMMITTED = "committed"
    WON = "won"
    LOST = "lost"


@final
@dataclass(slots=True)
class JudgedClaim:
    """A claim, what became of it, and when its window ends (L1 time, ms).

    A re-org may undo what L1 decided about it, until it is ``settled``.
    """

    posted: PostedClaim
    closes_at: int
    standing: Standing = Standing.WAITING
    fault: Fault | None = None
    warned_percent: int = 0
    settled: bool = False

    @property
    def is_decided(self) -> bool:
        """Whether L1 has decided about it."""
        return self.standing in (Standing.FINAL, Standing.DEAD)

    @property
    def output_hash(self) -> bytes:
        """The name of the claimed output."""
        return self.posted.claim.output.hash


@final
@dataclass(slots=True)
class Case:
    """A fault that is being proved.

    ``gas`` is what its proof takes; ``held`` says why its next call is not sent.
    """

    claim: int
    accusation: Accusation
    payee: bytes
    salt: bytes
    stage: Stage = Stage.COMMIT
    block: int = 0
    sending: bool = False
    gas: int = 0
    held: str = ""

    @property
    def commitment(self) -> bytes:
        """What is committed to before the proof is shown."""
        return commitment_to(self.proof)

    @property
    def proof(self) -> ProveFault:
        """The call that convicts."""
        accusation = self.accusation
        return ProveFault(
            int(accusation.kind),
            self.claim,
            accusation.segment,
            accusation.correct_root,
            self.payee,
            self.salt,
            accusation.witness,
        )


def case_key(claim: int, output_hash: bytes) -> bytes:
    """Return under which key the secrets of a case are kept."""
    return claim.to_bytes(8, "big") + output_hash


def encode_secrets(payee: bytes, salt: bytes) -> bytes:
    """Return what has to survive a crash for a commitment to be opened."""
    return pack([1, payee, salt])


def decode_secrets(data: bytes) -> tuple[bytes, bytes]:
    """Return (payee, salt), or raise ``FrameInvalid``."""
    version, payee, salt = as_list(unpack(data), 3, "case")
    if as_uint(version, 256, "case version") != 1:
        raise FrameInvalid(f"case version: {version} is not known")
    return as_bytes(payee, 20, "payee"), as_bytes(salt, SALT_BYTES, "salt")


def encode_spent(gwei: int) -> bytes:
    """Return what a defender has spent, as it is kept."""
    return pack([1, gwei])


def decode_spent(data: bytes | None) -> int:
    """Return the gwei that a defender has spent, or raise ``FrameInvalid``."""
    if data is None:
        return 0
    version, gwei = as_list(unpack(data), 2, "spent")
    if as_uint(version, 256, "spent version") != 1:
        raise FrameInvalid(f"spent version: {version} is not known")
    return as_uint(gwei, 1 << 63, "spent")
