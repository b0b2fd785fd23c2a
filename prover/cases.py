"""What a challenger remembers of each claim and of each fault he proves.

A claim is *waiting* until its entry and its parent were judged; then it is
*agreed*, *wrong*, or *doomed* (it builds on a wrong one and dies with it);
the contract finally makes it *final* or *dead*.

A case is a wrong claim in the hands of a defender: the commitment goes out
first, the proof when the commitment is old enough.  Its salt, and what is about
to be sent, are saved before anything is sent, so that a challenger who crashed
opens the commitment that he made before, as soon as that is old enough: however
often he is killed, no life of his begins where the last one did.
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
RETURNED_KEY: Final = b"returned"
"""Likewise, of what came back of them."""


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

    ``closes_at`` is when the claim's window ends (L1 time, ms); ``gas`` is what its proof
    takes; ``held`` says why its next call is not sent; ``key`` is where it is kept;
    ``is_shown`` says that its proof was sent before.
    """

    claim: int
    accusation: Accusation
    payee: bytes
    salt: bytes
    closes_at: int = 0
    stage: Stage = Stage.COMMIT
    block: int = 0
    sending: bool = False
    gas: int = 0
    held: str = ""
    key: bytes = b""
    is_shown: bool = False

    def kept(self, block: int, *, is_proved: bool = False) -> "KeptCase":
        """Return what is to be kept once its commitment was sent, for ``block``."""
        return KeptCase(self.payee, self.salt, self.commitment, block, is_proved)

    def resume(self, kept: "KeptCase") -> None:
        """Go on from what an earlier life has kept.

        A proof that was sent, and whose claim stands all the same, did not find its
        commitment: the case starts over with that.  So it does if a commitment was
        to other evidence than there is now.
        """
        self.is_shown = kept.is_proved
        if kept.commitment == self.commitment and not kept.is_proved:
            self.stage, self.block = Stage.COMMITTED, kept.block

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


@final
@dataclass(frozen=True, slots=True)
class KeptCase:
    """What has to survive a crash.

    Parameters
    ----------
    payee, salt
        What opens the commitment.
    commitment
        What was sent to L1, or is about to be; no bytes: nothing yet.
    block
        The L1 block that has it; before that is known, the first that may.
    is_proved
        Whether the proof was sent as well, or is about to be.
    """

    payee: bytes
    salt: bytes
    commitment: bytes = b""
    block: int = 0
    is_proved: bool = False

    def encode(self) -> bytes:
        """Return its bytes in the store."""
        return pack([2, self.payee, self.salt, self.commitment, self.block, int(self.is_proved)])


def decode_case(data: bytes) -> KeptCase:
    """Return what is kept of a case, or raise ``FrameInvalid``.

    Version 1 kept payee and salt alone: nothing is known of what was sent.
    """
    items = unpack(data)
    if isinstance(items, list) and items[:1] == [1]:
        items = [2, *items[1:], b"", 0, 0]
    version, payee, salt, commitment, block, proved = as_list(items, 6, "case")
    if as_uint(version, 256, "case version") != 2:
        raise FrameInvalid(f"case version: {version} is not known")
    return KeptCase(
        as_bytes(payee, 20, "payee"),
        as_bytes(salt, SALT_BYTES, "salt"),
        b"" if commitment == b"" else as_bytes(commitment, 32, "commitment"),
        as_uint(block, 1 << 63, "block"),
        as_uint(proved, 2, "proved") == 1,
    )


def encode_spent(gwei: int) -> bytes:
    """Return what a defender has spent, or got back, as it is kept."""
    return pack([1, gwei])


def decode_spent(data: bytes | None) -> int:
    """Return the gwei that a defender has spent, or got back, or raise ``FrameInvalid``."""
    if data is None:
        return 0
    version, gwei = as_list(unpack(data), 2, "spent")
    if as_uint(version, 256, "spent version") != 1:
        raise FrameInvalid(f"spent version: {version} is not known")
    return as_uint(gwei, 1 << 63, "spent")
