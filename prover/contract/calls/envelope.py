"""The envelope of a call, which says who asks, and what he pays for gas at most.

An envelope signs ``sha256(tag | [version, L1 chain id, contract, nonce, most, tip,
call])`` with secp256k1; its sender is the recovered address, so nobody can spend
another's bond.  Nonces of a sender are 0, 1, 2, ...: a call is executed once.

The name of a call leaves out what it bids: raising the bid makes no other call of
it, and whoever waits for it need not know how often that was done.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from prover.contract.calls.registry import Call, decode_call, encode_call
from prover.contract.fees import FREE, Bid
from statemachine.codec import as_list, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.identity.signing import recover, sign_digest

ENVELOPE_VERSION: Final = 2
TAG_CALL: Final = b"sextant l1 call\n"
TAG_NAME: Final = b"sextant l1 call name\n"
U63: Final = 1 << 63


@final
@dataclass(frozen=True, slots=True)
class Envelope:
    """A call, the nonce of its sender, his bid, and the signature over all (65 bytes)."""

    nonce: int
    call: Call
    signature: bytes
    bid: Bid = FREE

    def encode(self) -> bytes:
        """Return the stored bytes."""
        return pack([self.nonce, encode_call(self.call), self.signature, *self.bid])


def decode_envelope(data: bytes) -> Envelope:
    """Return the envelope that ``data`` encodes, or raise ``FrameInvalid``."""
    nonce, call, signature, fee_max, tip = as_list(unpack(data), 5, "envelope")
    if type(nonce) is not int or type(call) is not bytes or type(signature) is not bytes:
        raise FrameInvalid("envelope: fields of the wrong kind")
    return Envelope(nonce, decode_call(call), signature, read_bid(fee_max, tip))


def read_bid(fee_max: object, tip: object) -> Bid:
    """Return a bid, or raise ``FrameInvalid``: it tips no more than it pays."""
    if type(fee_max) is not int or type(tip) is not int or not 0 <= tip <= fee_max < U63:
        raise FrameInvalid(f"bid: need 0 <= tip <= fee_max < 2^63, have {tip!r} and {fee_max!r}")
    return Bid(fee_max, tip)


def call_digest(
    l1_chain_id: int, contract: bytes, nonce: int, call: Call, bid: Bid = FREE
) -> bytes:
    """Return what a sender signs: 32 bytes."""
    message = pack([ENVELOPE_VERSION, l1_chain_id, contract, nonce, *bid, encode_call(call)])
    return sha256(TAG_CALL + message).digest()


def call_hash(l1_chain_id: int, contract: bytes, nonce: int, call: Call, sender: bytes) -> bytes:
    """Return the name of a call: what its sender asks for, and who he is, whatever he bids."""
    message = pack([l1_chain_id, contract, nonce, encode_call(call), sender])
    return sha256(TAG_NAME + message).digest()


def sign_call(
    l1_chain_id: int, contract: bytes, key: bytes, nonce: int, call: Call, bid: Bid = FREE
) -> Envelope:
    """Return the call signed with a secret key of 32 bytes."""
    digest = call_digest(l1_chain_id, contract, nonce, call, bid)
    return Envelope(nonce, call, sign_digest(key, digest), bid)


def recover_sender(digest: bytes, signature: bytes) -> bytes:
    """Return the address that signed, or ``b""`` if the signature is none (or high-s)."""
    return recover(digest, signature)
