"""Writes the golden vectors of BLS: ``python -m tests.bls_vectors``.  By the reference backend.

They are part of the protocol: contracts on L1 and attesters agree on them.
"""

import json
from pathlib import Path
from typing import Any

from prover.bls import CURVE_ORDER, ReferenceBls

FILE = Path(__file__).parent / "vectors" / "bls.json"
FORMAT = 1
MESSAGE = b"\x5a" * 32
NOWHERE_KEY = bytes([0xC0]) + bytes(47)
NOWHERE = bytes([0xC0]) + bytes(95)
"""The points at infinity."""


def flipped(data: bytes, bit: int, place: int = 0) -> bytes:
    """Return bytes with one bit flipped."""
    changed = bytearray(data)
    changed[place] ^= bit
    return bytes(changed)


def vectors() -> dict[str, Any]:
    """Return all vectors."""
    bls = ReferenceBls()
    secrets = [1, 2, 3, CURVE_ORDER - 1]
    keys = [bls.key_of(secret) for secret in secrets]
    signatures = [bls.sign(secret, MESSAGE) for secret in secrets]
    three, total = keys[:3], bls.aggregate(signatures[:3])
    proof = bls.prove_possession(1)
    verify = {
        "one": ([keys[0]], signatures[0]),
        "three": (three, total),
        "one key twice": ([keys[0], keys[0]], bls.aggregate([signatures[0], signatures[0]])),
        "a key too few": (three[:2], total),
        "a key too many": (keys, total),
        "no key": ([], total),
        "another message": (three, bls.aggregate([bls.sign(s, b"other") for s in (1, 2, 3)])),
        "a key at infinity": ([NOWHERE_KEY], NOWHERE),
        "a key at infinity beside one": ([keys[0], NOWHERE_KEY], signatures[0]),
        "keys that cancel": ([keys[0], keys[3]], NOWHERE),
        "a signature at infinity": (three, NOWHERE),
        "the signature negated": (three, flipped(total, 0x20)),
        "not compressed": (three, flipped(total, 0x80)),
        "infinity with a sign": (three, bytes([0xE0]) + bytes(95)),
        "infinity with bytes": (three, bytes([0xC0, 1]) + bytes(94)),
        "zeros": (three, bytes(96)),
        "ones": (three, b"\xff" * 96),
        "short": (three, total[:95]),
        "long": (three, total + b"\x00"),
        "not on the curve": (three, flipped(total, 0x01, 95)),
        "a key of zeros": ([bytes(48)], signatures[0]),
        "a short key": ([keys[0][:47]], signatures[0]),
        "a key negated": ([flipped(keys[0], 0x20)], signatures[0]),
        "a key not on the curve": ([flipped(keys[0], 0x01, 47)], signatures[0]),
        "a possession is no signature": ([keys[0]], proof),
    }
    possession = {
        "its own": (keys[0], proof),
        "another key's": (keys[1], proof),
        "at infinity": (NOWHERE_KEY, NOWHERE),
        "a signature is no possession": (keys[0], bls.sign(1, keys[0])),
        "a short key": (keys[0][:47], proof),
        "a short proof": (keys[0], proof[:95]),
        "negated": (keys[0], flipped(proof, 0x20)),
    }
    return {
        "format": FORMAT,
        "keys": [
            {
                "secret": f"{secret:064x}",
                "message": MESSAGE.hex(),
                "key": bls.key_of(secret).hex(),
                "possession": bls.prove_possession(secret).hex(),
                "signature": bls.sign(secret, MESSAGE).hex(),
            }
            for secret in secrets
        ],
        "aggregate": {"signatures": [s.hex() for s in signatures[:3]], "sum": total.hex()},
        "possession": [
            {"name": name, "key": k.hex(), "proof": p.hex(), "valid": bls.is_possessed(k, p)}
            for name, (k, p) in possession.items()
        ],
        "verify": [
            {
                "name": name,
                "keys": [key.hex() for key in ks],
                "message": MESSAGE.hex(),
                "signature": s.hex(),
                "valid": bls.verify(ks, MESSAGE, s),
            }
            for name, (ks, s) in verify.items()
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n")
