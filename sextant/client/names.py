"""Addresses and hashes, as people write them."""

from typing import Final

from sextant.errors import BadRequest

ADDRESS_SIZE: Final = 20
HASH_SIZE: Final = 32


def read_address(value: str | bytes) -> bytes:
    """Return a 20-byte address.

    Raises
    ------
    BadRequest
        ``ADDRESS``.
    """
    try:
        address = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value
    except ValueError:
        address = b""
    if len(address) != ADDRESS_SIZE:
        raise BadRequest("ADDRESS", f"{value!r} is no address of 40 hex digits")
    return address


def read_number(value: int, what: str, bits: int = 64) -> int:
    """Return a whole number that a field of ``bits`` holds; ``what`` names it.

    Raises
    ------
    BadRequest
        ``NUMBER``.
    """
    if not 0 <= value < 1 << bits:
        raise BadRequest("NUMBER", f"there is no {what} {value}")
    return value


def read_hash(value: str) -> bytes:
    """Return the 32 bytes of a hash.

    Raises
    ------
    BadRequest
        ``HASH``.
    """
    try:
        found = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != HASH_SIZE:
        raise BadRequest("HASH", f"{value!r} is no hash of 64 hex digits")
    return found
