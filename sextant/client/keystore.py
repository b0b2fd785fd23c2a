"""Ethereum keystore v3: a key encrypted under a password.

The format other wallets write and read: scrypt (or PBKDF2) stretches the
password, AES-128-CTR hides the key, a Keccak over both proves the password.
The primitives are hashlib's and pycryptodome's.
"""

import hashlib
import secrets
import uuid
from typing import Any, Final

from Crypto.Cipher import AES
from Crypto.Util import Counter

from sextant.client.secret import Secret
from sextant.errors import KeyUnreadable
from statemachine.identity.keccak import keccak256

SCRYPT_N: Final = 1 << 18
SCRYPT_N_MAX: Final = 1 << 20
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
PBKDF2_ROUNDS_MAX: Final = 10_000_000
DERIVED_BYTES: Final = 32


def seal_keystore(
    key: Secret, password: str, address: bytes, *, work: int = SCRYPT_N
) -> dict[str, Any]:
    """Return a keystore v3 document that holds ``key`` under ``password``."""
    salt, start = secrets.token_bytes(32), secrets.token_bytes(16)
    derived = _stretch(password, salt, work, SCRYPT_R, SCRYPT_P, DERIVED_BYTES)
    ciphertext = _crypt(derived, start, key.reveal())
    return {
        "version": 3,
        "id": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        "address": address.hex(),
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": start.hex()},
            "ciphertext": ciphertext.hex(),
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": DERIVED_BYTES,
                "n": work,
                "r": SCRYPT_R,
                "p": SCRYPT_P,
                "salt": salt.hex(),
            },
            "mac": keccak256(derived[16:32] + ciphertext).hex(),
        },
    }


def open_keystore(document: dict[str, Any], password: str) -> Secret:
    """Return the key in a keystore v3 document.

    Raises
    ------
    KeyUnreadable
        ``KEYSTORE`` for another format, ``PASSWORD`` for a wrong password.
    """
    try:
        crypto = document["crypto"]
        ciphertext = bytes.fromhex(crypto["ciphertext"])
        start = bytes.fromhex(crypto["cipherparams"]["iv"])
        known = (document["version"], crypto["cipher"]) == (3, "aes-128-ctr")
        derived = _derive(crypto["kdf"], crypto["kdfparams"], password) if known else b""
        proof = bytes.fromhex(crypto["mac"])
    except (KeyError, TypeError, ValueError) as error:
        raise KeyUnreadable("KEYSTORE", f"not a keystore v3: {error}") from error
    if len(derived) < DERIVED_BYTES:
        raise KeyUnreadable("KEYSTORE", "only keystore v3 with aes-128-ctr is understood")
    if not secrets.compare_digest(keccak256(derived[16:32] + ciphertext), proof):
        raise KeyUnreadable("PASSWORD", "wrong password", advice="try again")
    return Secret(_crypt(derived, start, ciphertext))


def _derive(name: str, params: dict[str, Any], password: str) -> bytes:
    salt = bytes.fromhex(params["salt"])
    length = int(params["dklen"])
    if name == "scrypt" and int(params["n"]) <= SCRYPT_N_MAX:
        return _stretch(password, salt, int(params["n"]), params["r"], params["p"], length)
    if name == "pbkdf2" and params.get("prf") == "hmac-sha256":
        rounds = int(params["c"])
        if 0 < rounds <= PBKDF2_ROUNDS_MAX:
            return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds, length)
    return b""


def _stretch(password: str, salt: bytes, n: int, r: int, p: int, length: int) -> bytes:
    memory = 128 * r * (n + p + 2)
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=length)


def _crypt(derived: bytes, start: bytes, data: bytes) -> bytes:
    counter = Counter.new(128, initial_value=int.from_bytes(start, "big"))
    return bytes(AES.new(derived[:16], AES.MODE_CTR, counter=counter).encrypt(data))
