"""What may be asked of the contract, and the envelope that says who asks.

Canonical bytes of a call: ``[kind, field, ...]``.  An envelope signs
``sha256(tag | [version, L1 chain id, contract, nonce, call])`` with secp256k1;
its sender is the recovered address, so nobody can spend another's bond.
Nonces of a sender are 0, 1, 2, ...: a call is executed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final, final

from prover.outputs import Output, decode_output
from statemachine.codec import as_list, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.identity.signing import recover, sign_digest

ENVELOPE_VERSION: Final = 1
TAG_CALL: Final = b"sextant l1 call\n"
INT_LIMIT: Final = 1 << 63


@final
class CallKind(IntEnum):
    """Which call it is.  Numbers are never reused."""

    APPEND = 1
    APPEND_EMPTY = 2
    DEPOSIT = 3
    FORCE_WITHDRAW = 4
    PROPOSE = 5
    COMMIT_FAULT = 6
    PROVE_FAULT = 7
    CLAIM_WITHDRAWAL = 8
    SETTLE = 9


@final
@dataclass(frozen=True, slots=True)
class Append:
    """Write log entry ``index``; refused if another one is next."""

    index: int
    data: bytes


@final
@dataclass(frozen=True, slots=True)
class AppendEmpty:
    """Write an empty entry ``index`` while the sequencer is silent: inbox items only."""

    index: int


@final
@dataclass(frozen=True, slots=True)
class Deposit:
    """Put ``amount`` of the sender's into sub-account ``sub`` of ``owner``.

    Micro-USDC, or units of ``asset`` if that is not 0.
    """

    owner: bytes
    sub: int
    amount: int
    asset: int = 0


@final
@dataclass(frozen=True, slots=True)
class ForceWithdraw:
    """Withdraw ``amount`` of the sender's on L2, 0 meaning all that may leave.

    Micro-USDC, or units of ``asset`` if that is not 0.
    """

    sub: int
    amount: int
    asset: int = 0


@final
@dataclass(frozen=True, slots=True)
class Propose:
    """Claim that ``output`` (encoded) follows claim ``parent``, and stake a bond on it.

    ``trace`` is the state roots it commits to, 32 bytes each, joined.
    """

    parent: int
    output: bytes
    trace: bytes


@final
@dataclass(frozen=True, slots=True)
class CommitFault:
    """Store the hash of a fault that will be shown later."""

    commitment: bytes


@final
@dataclass(frozen=True, slots=True)
class ProveFault:
    """Disprove a claim, opening the commitment made before."""

    kind: int
    claim: int
    segment: int
    correct_root: bytes
    payee: bytes
    salt: bytes
    witness: bytes


@final
@dataclass(frozen=True, slots=True)
class ClaimWithdrawal:
    """Pay withdrawal ``index`` to its owner; ``proof`` opens it under a final claim."""

    claim: int
    index: int
    proof: bytes


@final
@dataclass(frozen=True, slots=True)
class Settle:
    """Make claims final whose windows have passed; every call does so first."""


Call = (
    Append
    | AppendEmpty
    | Deposit
    | ForceWithdraw
    | Propose
    | CommitFault
    | ProveFault
    | ClaimWithdrawal
    | Settle
)

CALLS: Final[dict[CallKind, type[Any]]] = {
    CallKind.APPEND: Append,
    CallKind.APPEND_EMPTY: AppendEmpty,
    CallKind.DEPOSIT: Deposit,
    CallKind.FORCE_WITHDRAW: ForceWithdraw,
    CallKind.PROPOSE: Propose,
    CallKind.COMMIT_FAULT: CommitFault,
    CallKind.PROVE_FAULT: ProveFault,
    CallKind.CLAIM_WITHDRAWAL: ClaimWithdrawal,
    CallKind.SETTLE: Settle,
}
KINDS: Final[dict[type[Any], CallKind]] = {call: kind for kind, call in CALLS.items()}


def propose_output(parent: int, output: Output, trace: Sequence[bytes]) -> Propose:
    """Return the call that claims ``output``."""
    return Propose(parent, output.encode(), b"".join(trace))


def proposed_output(call: Propose) -> tuple[Output, list[bytes]]:
    """Return the output and trace of a proposal, or raise ``FrameInvalid``."""
    if len(call.trace) % 32:
        raise FrameInvalid("trace: not a whole number of roots")
    trace = [call.trace[at : at + 32] for at in range(0, len(call.trace), 32)]
    return decode_output(call.output), trace


def encode_call(call: Call) -> bytes:
    """Return the canonical bytes of a call."""
    values = [getattr(call, field.name) for field in fields(call)]
    return pack([int(KINDS[type(call)]), *values])


def decode_call(data: bytes) -> Call:
    """Return the call that ``data`` encodes, or raise ``FrameInvalid``."""
    values = unpack(data)
    if not isinstance(values, list) or not values or values[0] not in list(CallKind):
        raise FrameInvalid("call: its kind is not known")
    return build_call(CallKind(values[0]), values[1:])


def build_call(kind: CallKind, values: list[Any]) -> Call:
    """Return a call of these fields; ``FrameInvalid`` if they do not fit its shape."""
    shape = CALLS[kind]
    expected = [field.type for field in fields(shape)]
    if [type(value) for value in values] != expected:
        raise FrameInvalid(f"call: not the fields of {shape.__name__}")
    if not all(type(v) is bytes or 0 <= v < INT_LIMIT for v in values):
        raise FrameInvalid(f"call: a number of {shape.__name__} is out of range")
    call: Call = shape(*values)
    return call


@final
@dataclass(frozen=True, slots=True)
class Envelope:
    """A call, the nonce of its sender, and the signature over both (65 bytes)."""

    nonce: int
    call: Call
    signature: bytes

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.nonce, encode_call(self.call), self.signature])


def decode_envelope(data: bytes) -> Envelope:
    """Return the envelope that ``data`` encodes, or raise ``FrameInvalid``."""
    nonce, call, signature = as_list(unpack(data), 3, "envelope")
    if type(nonce) is not int or type(call) is not bytes or type(signature) is not bytes:
        raise FrameInvalid("envelope: fields of the wrong kind")
    return Envelope(nonce, decode_call(call), signature)


def call_digest(l1_chain_id: int, contract: bytes, nonce: int, call: Call) -> bytes:
    """Return what a sender signs: 32 bytes."""
    message = pack([ENVELOPE_VERSION, l1_chain_id, contract, nonce, encode_call(call)])
    return sha256(TAG_CALL + message).digest()


def call_hash(digest: bytes, sender: bytes) -> bytes:
    """Return the name of a signed call: what its sender signed, and who it was."""
    return sha256(TAG_CALL + digest + sender).digest()


def sign_call(l1_chain_id: int, contract: bytes, key: bytes, nonce: int, call: Call) -> Envelope:
    """Return the call signed with a secret key of 32 bytes."""
    digest = call_digest(l1_chain_id, contract, nonce, call)
    return Envelope(nonce, call, sign_digest(key, digest))


def recover_sender(digest: bytes, signature: bytes) -> bytes:
    """Return the address that signed, or ``b""`` if the signature is none (or high-s)."""
    return recover(digest, signature)
