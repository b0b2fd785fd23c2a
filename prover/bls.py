"""BLS signatures on BLS12-381: many attesters, one signature of 96 bytes.

The scheme is the IETF's with proof of possession, as Ethereum uses it: keys are points of
G1 (48 bytes), signatures points of G2 (96 bytes), messages are hashed to G2.  Signatures
under one message are added up, and checked against the sum of their keys: that is safe
only for keys whose holders have proved that they hold them.

Two backends give the same answers (``tests/vectors/bls.json``): py-ecc, the reference,
in plain Python, takes seconds for a check; arkworks, optional (``pip install
sextant[bls]``), takes milliseconds.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol, final

KEY_BYTES: Final = 48
SIGNATURE_BYTES: Final = 96
CURVE_ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
SIGNATURE_DOMAIN: Final = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
POSSESSION_DOMAIN: Final = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
FAST_MODULE: Final = "py_arkworks_bls12381"


class Bls(Protocol):
    """What is needed of a backend.  Malformed keys and signatures are never valid."""

    def key_of(self, secret: int) -> bytes:
        """Return the public key of a secret, 1 to ``CURVE_ORDER - 1``."""

    def sign(self, secret: int, message: bytes) -> bytes:
        """Return the signature of a message."""

    def prove_possession(self, secret: int) -> bytes:
        """Return the proof that one holds a key's secret."""

    def is_possessed(self, key: bytes, proof: bytes) -> bool:
        """Return whether ``proof`` shows that somebody holds the secret of ``key``."""

    def aggregate(self, signatures: Sequence[bytes]) -> bytes:
        """Return the sum of valid signatures; ``ValueError`` if there is none, or one is none."""

    def verify(self, keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
        """Return whether every one of ``keys``, proved to be possessed, signed the message."""


def secret_from(seed: bytes) -> int:
    """Return the BLS secret that goes with 32 secret bytes, such as an L1 key."""
    wide = (
        sha256(b"sextant attester 0" + seed).digest()
        + sha256(b"sextant attester 1" + seed).digest()
    )
    return 1 + int.from_bytes(wide, "big") % (CURVE_ORDER - 1)


@final
class ReferenceBls:
    """py-ecc, loaded when it is first needed."""

    @cached_property
    def scheme(self) -> Any:  # noqa: ANN401  the backend's own type
        """The signature scheme; its module takes a second to load."""
        return import_module("py_ecc.bls").G2ProofOfPossession

    def key_of(self, secret: int) -> bytes:
        """Return the public key of a secret."""
        return bytes(self.scheme.SkToPk(secret))

    def sign(self, secret: int, message: bytes) -> bytes:
        """Return the signature of a message."""
        return bytes(self.scheme.Sign(secret, message))

    def prove_possession(self, secret: int) -> bytes:
        """Return the proof that one holds a key's secret."""
        return bytes(self.scheme.PopProve(secret))

    def is_possessed(self, key: bytes, proof: bytes) -> bool:
        """Return whether ``proof`` shows that somebody holds the secret of ``key``."""
        if len(key) != KEY_BYTES or len(proof) != SIGNATURE_BYTES:
            return False
        return bool(self.scheme.KeyValidate(key) and self.scheme.PopVerify(key, proof))

    def aggregate(self, signatures: Sequence[bytes]) -> bytes:
        """Return the sum of signatures."""
        try:
            return bytes(self.scheme.Aggregate(list(signatures)))
        except Exception as error:
            raise ValueError(f"signatures: {error}") from error

    def verify(self, keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
        """Return whether every one of ``keys`` signed the message."""
        if not keys or len(signature) != SIGNATURE_BYTES:
            return False
        if not all(self.scheme.KeyValidate(key) for key in keys):
            return False
        return bool(self.scheme.FastAggregateVerify(list(keys), message, signature))


@final
class FastBls:
    """arkworks, through its points and pairings."""

    def __init__(self) -> None:
        self.curve: Any = import_module(FAST_MODULE)
        self.base: Any = self.curve.G1Point()

    def scalar(self, secret: int) -> Any:  # noqa: ANN401  the backend's own type
        """Return a secret as the backend's number."""
        return self.curve.Scalar.from_be_bytes(secret.to_bytes(32, "big"))

    def hashed(self, message: bytes, domain: bytes) -> Any:  # noqa: ANN401  a point
        """Return a message as a point of G2."""
        return self.curve.G2Point.hash_to_curve(message, domain)

    def key_of(self, secret: int) -> bytes:
        """Return the public key of a secret."""
        return bytes((self.base * self.scalar(secret)).to_compressed_bytes())

    def sign(self, secret: int, message: bytes) -> bytes:
        """Return the signature of a message."""
        point = self.hashed(message, SIGNATURE_DOMAIN) * self.scalar(secret)
        return bytes(point.to_compressed_bytes())

    def prove_possession(self, secret: int) -> bytes:
        """Return the proof that one holds a key's secret."""
        point = self.hashed(self.key_of(secret), POSSESSION_DOMAIN) * self.scalar(secret)
        return bytes(point.to_compressed_bytes())

    def is_possessed(self, key: bytes, proof: bytes) -> bool:
        """Return whether ``proof`` shows that somebody holds the secret of ``key``."""
        return self._check([key], key, proof, POSSESSION_DOMAIN)

    def aggregate(self, signatures: Sequence[bytes]) -> bytes:
        """Return the sum of signatures."""
        points = [self.curve.G2Point.from_compressed_bytes(one) for one in signatures]
        if not points:
            raise ValueError("signatures: there is none")
        total = points[0]
        for point in points[1:]:
            total = total + point
        return bytes(total.to_compressed_bytes())

    def verify(self, keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
        """Return whether every one of ``keys`` signed the message."""
        return self._check(keys, message, signature, SIGNATURE_DOMAIN)

    def _check(
        self, keys: Sequence[bytes], message: bytes, signature: bytes, domain: bytes
    ) -> bool:
        """Return whether ``e(sum of keys, H(message)) = e(base, signature)``."""
        if not keys or len(signature) != SIGNATURE_BYTES:
            return False
        try:
            signed = self.curve.G2Point.from_compressed_bytes(signature)
            points = [self.curve.G1Point.from_compressed_bytes(key) for key in keys]
        except ValueError:
            return False
        nothing = self.curve.G1Point.identity()
        total = nothing
        for point in points:
            total = total + point
        if total == nothing or nothing in points:
            return False
        pairs = [total, -self.base], [self.hashed(message, domain), signed]
        return bool(self.curve.GT.pairing_check(*pairs))


@cache
def default_bls() -> Bls:
    """Return the fastest backend there is."""
    return ReferenceBls() if find_spec(FAST_MODULE) is None else FastBls()
