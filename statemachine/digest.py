"""The hash of the state tree: SHA-256 of byte strings, one after another.

``digest.c`` beside this file is its compiled form, the same function over the same
libcrypto, without the objects that ``hashlib`` makes for each message: a node of the
tree is hashed in a third of the time, and hashing is most of what a root costs.
"""

from hashlib import sha256


def hash_joined(*parts: bytes) -> bytes:
    """Return the SHA-256 of ``parts``, joined."""
    return sha256(b"".join(parts)).digest()
