"""A BLS backend that is fast and safe from nobody: signatures are hashes, and add up by xor.

It knows the secrets of all keys that it made, so it can check what it signed.
"""

from collections.abc import Sequence
from functools import reduce
from hashlib import sha256

from prover.bls import KEY_BYTES, SIGNATURE_BYTES


class FakeBls:
    """See the module's docstring."""

    def __init__(self) -> None:
        self.secrets: dict[bytes, int] = {}

    def stretch(self, size: int, *parts: bytes) -> bytes:
        return b"".join(sha256(bytes([place]) + b"|".join(parts)).digest() for place in range(3))[
            :size
        ]

    def key_of(self, secret: int) -> bytes:
        key = self.stretch(KEY_BYTES, b"key", secret.to_bytes(32, "big"))
        self.secrets[key] = secret
        return key

    def sign(self, secret: int, message: bytes) -> bytes:
        return self.stretch(SIGNATURE_BYTES, b"sign", secret.to_bytes(32, "big"), message)

    def prove_possession(self, secret: int) -> bytes:
        return self.stretch(SIGNATURE_BYTES, b"own", secret.to_bytes(32, "big"))

    def is_possessed(self, key: bytes, proof: bytes) -> bool:
        return key in self.secrets and self.prove_possession(self.secrets[key]) == proof

    def aggregate(self, signatures: Sequence[bytes]) -> bytes:
        if not signatures:
            raise ValueError("signatures: there is none")
        total = reduce(lambda a, b: a ^ b, (int.from_bytes(one, "big") for one in signatures))
        return total.to_bytes(SIGNATURE_BYTES, "big")

    def verify(self, keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
        if not keys or not all(key in self.secrets for key in keys):
            return False
        expected = self.aggregate([self.sign(self.secrets[key], message) for key in keys])
        return expected == signature
