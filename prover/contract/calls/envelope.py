"""The envelope of a call, which says who asks.

An envelope signs ``sha256(tag | [version, L1 chain id, contract, nonce, call])``
with secp256k1; its sender is the recovered address, so nobody can spend
another's bond.  Nonces of a sender are 0, 1, 2, ...: a call is executed once.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from prover.contract.calls.registry import Call, decode_call, encode_call
from statemachine.codec import as_list, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.identity.signing import recover, sign_digest

ENVELOPE_VERSION: Final = 1
TAG_CALL: Final = b"sextant l1 call\n"


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
