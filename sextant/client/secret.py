"""A signing key in memory: it shows as ``***`` in every log, traceback and debugger."""

import secrets
from typing import Final, final

from sextant.errors import BadRequest

SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@final
class Secret:
    """A 32-byte private key that does not show itself.

    ``reveal()`` is the only way to the bytes, so that a reader can find
    every place that uses them.
    """

    __slots__ = ("__value",)

    def __init__(self, value: bytes) -> None:
        if len(value) != 32 or not 0 < int.from_bytes(value, "big") < SECP256K1_ORDER:
            raise BadRequest("KEY", "not a secp256k1 private key of 32 bytes")
        self.__value = value

    def reveal(self) -> bytes:
        """Return the key itself, to sign with."""
        return self.__value

    def __repr__(self) -> str:
        """Show nothing."""
        return "***"

    def __reduce__(self) -> str:
        """Refuse to be pickled: a pickle would show the key."""
        raise TypeError("a Secret cannot be pickled")

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return secrets.compare_digest(self.__value, other.reveal())

    def __hash__(self) -> int:
        """Be usable in a set, without saying what is inside."""
        return hash(("Secret", self.__value))
